//! What the program says of itself when something is wrong: who, why, and what to do, once, and in words that fit the command
//! line that was typed.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use crate::support::process::HostProcess;
use crate::support::{CACHE, Database, Street, TOKEN, fixture, fixture_file, folder, until};

/// The program with these words, in a folder, without the variables of a production. The emulator lives in this thread, too,
/// so nobody may stop it meanwhile.
async fn guesthouse(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
    command.args(words).current_dir(folder).env("GUESTHOUSE_LOG", "warn").env_remove("BOT_TOKEN");
    command.output().await.expect("the binary starts")
}

fn complained(output: &Output) -> String {
    assert!(!output.status.success(), "it was to fail");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A configuration with one bot, whose secrets are in the environment, and this section.
fn write(folder: &Path, database: &str, section: &str) {
    let text = format!(
        "[database]\nurl = {database:?}\ncache = {CACHE:?}\n[http]\ntoken = \"${{API_TOKEN_OF_NOBODY}}\"\n\
         [llm]\nurl = \"${{LLM_URL_OF_NOBODY}}\"\nmodel = \"m\"\n\
         [[bot]]\nname = \"main\"\ntoken = \"${{BOT_TOKEN}}\"\napi_url = \"${{API_URL_OF_NOBODY}}\"\n{section}"
    );
    std::fs::write(folder.join("other.toml"), text).expect("the folder can be written");
}

#[tokio::test]
async fn a_check_needs_no_secrets_and_names_the_file_that_was_given() {
    let folder = folder();
    let file = fixture_file("echo").to_string_lossy().into_owned();
    let words = ["plugin", "check", &file, "--config", "other.toml"];
    let section = |grant: &str| format!("[bot.plugins.echo]\nsource = \"it.wasm\"\ngrant = {grant}\n");
    let all = r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#;
    write(folder.path(), "sqlite://house.db", &section(all));
    let output = guesthouse(folder.path(), &words).await;
    let (said, remarks) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "bot `main`, plugin `echo`: it would load\n", "{remarks}");

    // Nor those that are a part of a value.
    let text = std::fs::read_to_string(folder.path().join("other.toml")).expect("it was written");
    let parts = [
        ("\"${API_TOKEN_OF_NOBODY}\"", "\"x-${API_TOKEN_OF_NOBODY}\""),
        ("\"${LLM_URL_OF_NOBODY}\"", "\"http://${LLM_HOST_OF_NOBODY}:${LLM_PORT_OF_NOBODY}/v1\""),
        ("\"${BOT_TOKEN}\"", "\"${BOT_ID_OF_NOBODY}:${BOT_TOKEN}\""),
        (
            "\"${API_URL_OF_NOBODY}\"",
            "\"${API_URL_OF_NOBODY}/bots\"\nwebhook = \"https://bots.example.org/hook/${SECRET_OF_NOBODY}\"",
        ),
    ];
    let text = parts.iter().fold(text, |text, (whole, part)| text.replace(whole, part));
    std::fs::write(folder.path().join("other.toml"), text).expect("the folder can be written");
    let output = guesthouse(folder.path(), &words).await;
    let (said, remarks) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "bot `main`, plugin `echo`: it would load\n", "{remarks}");

    write(folder.path(), "postgres://house:${PASSWORD_OF_NOBODY}@localhost/house", &section(r#"["chat"]"#));
    let complaint = complained(&guesthouse(folder.path(), &words).await);
    assert!(
        complaint.contains("note: database.url asks for a variable that the environment does not have"),
        "{complaint}"
    );
    assert!(complaint.contains(", \"tables\" to bot.plugins.echo.grant in other.toml\n"), "{complaint}");
    assert!(!complaint.contains("guesthouse.toml"), "{complaint}");

    // Who starts the bot needs them.
    let complaint = complained(&guesthouse(folder.path(), &["run", "--config", "other.toml"]).await);
    assert!(
        complaint.starts_with("error: `other.toml` line ") && complaint.contains("_OF_NOBODY}`, which"),
        "{complaint}"
    );
}

#[tokio::test]
async fn a_refused_token_is_said_once() {
    let (street, folder, database) = (Street::opens().await, folder(), Database::sqlite());
    let text = street.configuration(&database, "", &[]).replace(TOKEN, "7000000001:other-secret");
    std::fs::write(folder.path().join("bots.toml"), &text).expect("the folder can be written");
    let complaint = complained(&guesthouse(folder.path(), &["run", "--config", "bots.toml"]).await);
    assert_eq!(
        complaint,
        "error: bot `test` was not started: 401 Unauthorized\n\
         hint: compare the token with the one that @BotFather shows, and api_url with where the bot lives\n"
    );
    // Of several each is named, and the end only says that there is none.
    let second =
        text.split_once("[[bot]]").expect("a bot").1.replace("\"test\"", "\"two\"").replace("7000000001", "8000000001");
    std::fs::write(folder.path().join("bots.toml"), format!("{text}\n[[bot]]{second}")).expect("written");
    let complaint = complained(&guesthouse(folder.path(), &["run", "--config", "bots.toml"]).await);
    assert_eq!(complaint.matches("401 Unauthorized").count(), 2, "{complaint}");
    assert!(complaint.contains("bot `test` was not started: ") && complaint.contains("bot `two` was not started: "));
    assert!(complaint.contains("error: no bot was started\nhint: "), "{complaint}");
    street.closes().await;
}

/// A token that Telegram does not take any more is found out by whoever calls Telegram first, of several who do.
#[tokio::test]
async fn a_token_that_was_taken_back_is_said_once() {
    let (street, folder, database) = (Street::opens().await, folder(), Database::sqlite());
    let path = folder.path().join("bots.toml");
    let text = street.configuration(&database, "", &[fixture("tables")]);
    std::fs::write(&path, &text).expect("the folder can be written");
    let host = HostProcess::starts_from(&path);
    until("it runs", async || host.log().contains("bot `test` runs as")).await;
    until("the menu is told", async || street.town.calls("setMyCommands").await.len() == 1).await;
    host.stops().await;
    // Another plugin, so the menu has to be told anew, too.
    let other = street.configuration(&database, "", &[fixture("echo")]).replace(TOKEN, "7000000001:taken-back");
    std::fs::write(&path, other).expect("the folder can be written");
    let host = HostProcess::starts_from(&path);
    until("it is said", async || host.log().contains("Telegram does not take its token")).await;
    until("the menu was tried", async || host.log().contains("waits for its token to be taken")).await;
    let log = host.log();
    assert_eq!(log.matches("401 Unauthorized").count(), 1, "{log}");
    assert!(log.contains("\nhint: compare the token of [[bot]] `test`"), "{log}");
    host.stops().await;
    street.closes().await;
}

#[tokio::test]
async fn a_telegram_that_does_not_answer_is_named_with_the_reason() {
    let (street, folder, database) = (Street::opens().await, folder(), Database::sqlite());
    let text = street.configuration(&database, "", &[]).replace(&street.address, "127.0.0.1:1");
    let path = folder.path().join("bots.toml");
    std::fs::write(&path, text).expect("the folder can be written");
    let host = HostProcess::starts_from(&path);
    until("it says so", async || host.log().contains("bot `test` waits, Telegram does not answer: not sent: ")).await;
    let log = host.log();
    assert!(log.contains("\nhint: check that this machine reaches `http://127.0.0.1:1`, which is api_url of"), "{log}");
    host.stops().await;
    street.closes().await;
}

#[tokio::test]
async fn the_dev_house_does_not_open_with_what_it_cannot_make_anything_of() {
    let folder = folder();
    let dev = async |words: &[&str]| {
        let words = [&["dev", "--listen", "127.0.0.1:0"], words].concat();
        complained(&guesthouse(folder.path(), &words).await)
    };
    assert_eq!(
        dev(&["--plugin", "nots"]).await,
        "error: there is no plugin at `nots`\n\
         hint: write --plugin and the folder of a project, or its component; `guesthouse plugin new NAME` begins one\n"
    );
    let complaint = dev(&["--set", "page_size=5"]).await;
    assert!(
        complaint.starts_with("error: `--set page_size=5` does not say whose setting that is\nhint: "),
        "{complaint}"
    );
    // It is handed over, so the plugin has a say in it.
    std::fs::create_dir_all(folder.path().join("data")).expect("the folder can be written");
    std::os::unix::fs::symlink(CACHE, folder.path().join("data/cache")).expect("the folder can be written");
    let complaint = dev(&["--set", "cards.page_sise=5"]).await;
    assert!(
        complaint.starts_with("error: bot `dev` was not started: plugin `cards` has no setting `page_sise`\n"),
        "{complaint}"
    );
    // Beside a plugin under work, once that has said what it is called.
    let file = fixture_file("dialogue").to_string_lossy().into_owned();
    let complaint = dev(&["--plugin", &file, "--set", "dialog.page_size=5"]).await;
    let expected = "error: there is no plugin `dialog` to set `page_size` of\n\
                    hint: there are `assistant`, `cards`, `channels`, `dialogue`, `profile`\n";
    assert!(complaint.ends_with(expected), "{complaint}");
    let complaint = dev(&["--plugin", &file, "--set", "cards.page_sise=5"]).await;
    assert!(complaint.contains("error: plugin `cards` has no setting `page_sise`\n"), "{complaint}");
    let complaint = dev(&["--sett", "a"]).await;
    assert!(
        complaint.contains("\nhint: a similar argument exists: '--set'; `guesthouse dev --help` shows"),
        "{complaint}"
    );
}
