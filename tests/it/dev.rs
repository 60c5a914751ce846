//! The dev house as its README promises it: whoever kills it and starts it again finds everything where it was.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::cards::{add_card, same, sees_at_last};
use crate::support::{Person, Town, folder, until};

/// The dev house in a process of its own.
struct DevHouse {
    child: Child,
    town: Town,
    address: String,
}

impl DevHouse {
    fn opens(data: &Path) -> Self {
        // Compiled plugins are shared by all tests; making one anew is not what is tested here.
        if !data.join("cache").exists() {
            let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
            std::fs::create_dir_all(&shared).expect("the target folder can be written");
            std::os::unix::fs::symlink(shared, data.join("cache")).expect("the folder can be written");
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_guesthouse"))
            .args(["dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(data.join("log")).expect("the folder can be written"))
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it was asked for");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it is");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        Self { town: Town::new(address), address: address.to_owned(), child }
    }

    fn person(&self, id: i64) -> Person {
        self.town.person(id)
    }

    /// What the API says to who brings the token that lies in the folder.
    async fn api(&self, data: &Path, path: &str) -> (u16, serde_json::Value) {
        let token = std::fs::read_to_string(data.join("api-token")).expect("the token is there");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = http.get(format!("http://{}{path}", self.address)).bearer_auth(token).send().await;
        let answer = answer.expect("the house answers");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn menu(&self, person: i64) -> Vec<String> {
        let menu = self.town.get(&format!("/chats/p:7000000001:{person}/commands?person={person}")).await;
        let commands = menu["commands"].as_array().expect("commands").iter();
        commands.map(|command| command["command"].as_str().expect("a name").to_owned()).collect()
    }

    /// `kill -9`.
    fn dies(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it has ended");
    }

    /// A soft end.
    fn stops(mut self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(status.expect("`kill` exists").success());
        assert!(self.child.wait().expect("it has ended").success());
    }
}

impl Drop for DevHouse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the file on the disk holds a text.
async fn is_kept(data: &Path, text: &str) {
    let file = data.join("telegram.json");
    until(text, async || std::fs::read_to_string(&file).is_ok_and(|kept| kept.contains(text))).await;
}

/// Checks the card and says what the person sees.
async fn check(person: &Person, code: &str) -> String {
    person.skips().await;
    person.says(code).await;
    // The profile introduces itself to whoever it has not met.
    loop {
        let seen = same(&person.sees().await);
        if seen.contains("Amber") {
            return seen;
        }
    }
}

#[tokio::test]
async fn a_killed_dev_house_has_forgotten_nothing() {
    let data = folder();
    let house = DevHouse::opens(data.path());
    let (admin, buyer) = (house.person(1001), house.person(1002));
    add_card(&admin, "Amber").await;
    let read = admin.has_read().await;
    let history = house.town.get("/chats/p:7000000001:1001/messages").await;
    let link = history["messages"].to_string();
    let code = link.split("verify_").nth(1).expect("the link of the card").chars().take(20).collect::<String>();
    assert!(check(&buyer, &code).await.starts_with("[photo]\n✅ *Amber*\n\nThis is the first check of this card."));
    // The menu is told in the background, so it may come later than answers.
    until("the admins' menu", async || house.menu(1001).await.contains(&"admin".to_owned())).await;
    let menu = house.menu(1001).await;
    assert!(menu.contains(&"admin".to_owned()), "{menu:?}");
    let newcomer = house.town.post("/people", json!({"first_name": "Newcomer"})).await["id"].as_i64().expect("an id");
    is_kept(data.path(), "This is the first check").await;
    is_kept(data.path(), "Newcomer").await;
    house.dies();

    let house = DevHouse::opens(data.path());
    let (admin, buyer) = (house.person(1001), house.person(1002));
    assert_eq!(house.menu(1001).await, menu);
    let token = std::fs::read_to_string(data.path().join("api-token")).expect("a token");
    let (status, users) = house.api(data.path(), "/api/users").await;
    assert_eq!((status, users["items"][0]["user_id"].as_i64()), (200, Some(1001)), "the API is on the same address");
    let (_, plugins) = house.api(data.path(), "/api/plugins").await;
    assert!(plugins["items"].as_array().is_some_and(|all| all.iter().any(|plugin| plugin["name"] == "cards")));
    assert_eq!(admin.has_read().await, read, "the chat is as it was");
    assert!(check(&buyer, &code).await.starts_with("[photo]\n✅ *Amber*\n\nChecked 2 times, first on DATE UTC."));
    assert!(!house.town.picture(&buyer.last()).await.is_empty(), "the picture can be seen");
    let newcomer = house.person(newcomer);
    assert!(check(&newcomer, &code).await.contains("Checked 3 times"), "who came later is still there");
    // The last word before a soft end is kept, however short the time was.
    let last = buyer.says("and goodbye").await;
    house.stops();

    let house = DevHouse::opens(data.path());
    assert_eq!(std::fs::read_to_string(data.path().join("api-token")).expect("a token"), token, "it stays");
    let buyer = house.person(1002);
    let said = house.town.get("/chats/p:7000000001:1002/messages").await;
    let said = said["messages"].as_array().expect("messages").iter().find(|message| message["message_id"] == last);
    assert_eq!(said.expect("the last word")["text"], "and goodbye");
    buyer.settles().await;
    assert!(buyer.says("/help").await > last, "numbers go on");
    sees_at_last(&buyer, "How to check a card:").await;
    house.stops();
}

#[tokio::test]
async fn that_there_is_no_model_is_said_once_and_what_to_do() {
    let data = folder();
    let house = DevHouse::opens(data.path());
    let log = std::fs::read_to_string(data.path().join("log")).expect("it was written");
    let lines: Vec<_> = log.lines().collect();
    let said: Vec<_> = (0..lines.len()).filter(|line| lines[*line].contains("language model")).collect();
    let [said] = said[..] else { panic!("{log}") };
    assert!(lines[said].contains("`assistant`, `profile` of bot `dev` may ask a language model"), "{}", lines[said]);
    assert!(lines[said + 1].starts_with("hint: start it with --llm-url and --llm-model"), "{}", lines[said + 1]);
    house.stops();
}

#[tokio::test]
async fn a_telegram_that_cannot_be_read_is_put_aside() {
    let data = folder();
    std::fs::write(data.path().join("telegram.json"), "{\"version\": 1, \"people\"")
        .expect("the folder can be written");
    let house = DevHouse::opens(data.path());
    let buyer = house.person(1002);
    buyer.says("/help").await;
    sees_at_last(&buyer, "How to check a card:").await;
    house.stops();
    let names: Vec<_> =
        std::fs::read_dir(data.path()).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(names.iter().any(|name| name.to_string_lossy().ends_with(".aside")), "{names:?}");
}
