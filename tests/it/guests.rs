//! What plugins can do, and what they cannot do to anybody else.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Database, House, fixture};

#[tokio::test]
async fn a_guest_writes_in_every_way() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);

    user.says("hello *there* 👋").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/entities").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/photo").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/doc").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/album").await;
    assert_snapshot!(user.sees_all(3).await, @"");
    user.says("/docs").await;
    assert_snapshot!(user.sees_all(2).await, @"");
    user.says("/keyboard").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/nokeyboard").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/place").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/who").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/random").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/fresh").await;
    user.says("/fresh").await;
    assert_snapshot!(user.sees_all(2).await, @"");

    house.closes([user]).await;
}

#[tokio::test]
async fn a_guest_changes_what_it_wrote_in_this_turn_and_in_later_ones() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);

    user.says("/ref").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/again it was edited").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/answer").await;
    assert_snapshot!(user.sees().await, @"");
    assert_eq!(user.last()["reply_to_message"]["text"], "it was edited");
    user.says("/delete").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/photo").await;
    user.sees().await;
    user.says("/recaption another caption").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/swap").await;
    assert_snapshot!(user.sees().await, @"");
    // The person may look before or after the edit; what stays is the edited text.
    user.says("/edit").await;
    let seen = user.sees().await;
    let seen = if seen == "before" { user.sees().await } else { seen };
    assert_snapshot!(seen, @"");

    house.closes([user]).await;
}

#[tokio::test]
async fn buttons_carry_any_data_and_only_the_right_person_may_press() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let (user, other) = (house.person(1002), house.person(1003));
    let group = house
        .street
        .town
        .post("/chats", json!({"type": "supergroup", "title": "Buyers", "members": [1002, 1003], "bots": [7000000001i64]}))
        .await;
    let group = group["id"].to_string();
    let (user_there, other_there) = (user.in_chat(&group), other.in_chat(&group));
    user_there.skips().await;

    user_there.says("/buttons").await;
    loop {
        if user_there.sees().await.starts_with("press") {
            break;
        }
    }
    assert_snapshot!(user_there.presses("Short").await.hears().await, @"");
    assert_snapshot!(user_there.presses("Long").await.hears().await, @"");
    assert_snapshot!(user_there.presses("Mine").await.hears().await, @"");
    assert_snapshot!(other_there.presses("Mine").await.hears().await, @"");
    assert_snapshot!(other_there.presses("Short").await.hears().await, @"");

    user_there.skips().await;
    house.closes([user, other]).await;
}

#[tokio::test]
async fn a_long_text_is_split_and_loses_nothing() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);
    user.says("/long 10000").await;
    let parts = [user.sees().await, user.sees().await, user.sees().await];
    let text: String = parts.iter().map(|part| part.replace(['*'], "").replace("[End]", "")).collect();
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1000);
    assert!(lines.iter().enumerate().all(|(number, line)| *line == format!("line {:04}", number + 1)));
    assert!(parts[2].ends_with("[End]"), "the last part carries the button");
    house.closes([user]).await;
}

#[tokio::test]
async fn the_same_bytes_are_uploaded_once() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);
    user.says("/same").await;
    user.sees().await;
    let first = user.last()["photo"][0]["file_id"].clone();
    user.sees().await;
    assert_eq!(user.last()["photo"][0]["file_id"], first);
    user.says("/photo").await;
    user.sees().await;
    assert_eq!(user.last()["photo"][0]["file_id"], first, "also in a later turn");
    house.closes([user]).await;
}

#[tokio::test]
async fn every_kind_of_update_reaches_a_guest() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);
    let said = user.says("first").await;
    user.sees().await;
    user.edits(said, "second").await;
    assert_snapshot!(user.sees().await, @"");
    user.sends(json!({"from": 1002, "contact": {"phone_number": "+15550100", "first_name": "Shop"}})).await;
    assert_snapshot!(user.sees().await, @"");
    user.sends(json!({"from": 1002, "location": {"latitude": 55.75, "longitude": 37.62}})).await;
    assert_snapshot!(user.sees().await, @"");
    user.sends_document("price list.txt", b"1;2;3", "the list").await;
    assert_snapshot!(user.sees().await, @"");
    user.follows("echo_1").await;
    assert_snapshot!(user.sees().await, @"");
    let sticker = json!({"message_id": 900, "date": 1, "chat": {"id": 1002, "type": "private", "first_name": "Buyer"},
        "from": {"id": 1002, "is_bot": false, "first_name": "Buyer"}, "sticker": {"file_id": "s", "emoji": "👍"}});
    house.street.emulator.world(|world| world.push_raw_update(7000000001, json!({"message": sticker}))).expect("a bot");
    assert_snapshot!(user.sees().await, @"");
    let unknown = json!({"chat": {"id": 1002, "type": "private"}, "from": {"id": 1002}, "what": "nobody knows yet"});
    house.street.emulator.world(|world| world.push_raw_update(7000000001, json!({"something_new": unknown}))).expect("a bot");
    assert_snapshot!(user.sees().await, @"");
    house.closes([user]).await;
}

#[tokio::test]
async fn rows_are_read_and_written_alike_on_both_databases() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let user = house.person(1002);
        let ask = async |text: &str| {
            user.says(text).await;
            user.sees().await
        };
        assert_snapshot!(ask("/own").await, @"");
        assert_snapshot!(ask("/wrong").await, @"");
        ask("/kinds").await;
        assert_snapshot!(ask("/kinds").await, @"");
        for goods in ["pear 3 fruit", "Äpfel 3 Obst", "nut 12", "leek - green", "kale 8 green", "_odd%_ 1 odd"] {
            assert_eq!(ask(&format!("/add {goods}")).await, "added");
        }
        assert_snapshot!(ask("/add pear 4").await, @"");
        assert_snapshot!(ask("/add other 3 fruit").await, @"");
        assert_snapshot!(ask("/find all").await, @"");
        assert_snapshot!(ask("/find below 8").await, @"");
        assert_snapshot!(ask("/find upto 8").await, @"");
        assert_snapshot!(ask("/find othertag green").await, @"");
        assert_snapshot!(ask("/find notag green").await, @"");
        assert_snapshot!(ask("/find contains %").await, @"");
        assert_snapshot!(ask("/find prefix Ä").await, @"");
        assert_snapshot!(ask("/find bargain green 9").await, @"");
        assert_snapshot!(ask("/find notbargain green 9").await, @"");
        assert_snapshot!(ask("/find oneof nut pear nobody").await, @"");
        assert_snapshot!(ask("/page 2 1").await, @"");
        assert_snapshot!(ask("/count").await, @"");
        assert_snapshot!(ask("/price nut 3").await, @"");
        assert_snapshot!(ask("/remove nut").await, @"");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn what_a_turn_has_read_still_holds_when_it_commits() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let (one, two, three) = (house.person(1002), house.person(1003), house.person(1004));
        one.sends_document("wait.txt", b"a file to wait for", "").await;
        let file = house.street.town.get(&format!("/chats/p:7000000001:{}/messages", one.id)).await["messages"][0]["document"]
            ["file_id"]
            .as_str()
            .expect("a file")
            .to_owned();

        // A row: the slow turn has read 0, the quick one commits 1, so the slow one runs again and commits 2.
        one.says("/hit jar").await;
        assert_eq!(one.sees().await, "jar 1");
        house.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        one.says(&format!("/slow_hit jar {file}")).await;
        wait_for_call(&house, "getFile", 1).await;
        two.says("/hit jar").await;
        assert_eq!(two.sees().await, "jar 2");
        house.street.town.recovers().await;
        assert_eq!(one.sees().await, "jar 3", "{}", house.database.url());

        // Write skew: each would leave the other on call.
        for name in ["anna", "boris"] {
            one.says(&format!("/on {name}")).await;
            one.sees().await;
        }
        house.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        two.says(&format!("/off anna {file}")).await;
        three.says(&format!("/off boris {file}")).await;
        wait_for_call(&house, "getFile", 3).await;
        house.street.town.recovers().await;
        let mut answers = [two.sees().await, three.sees().await];
        answers.sort();
        assert!(answers[1] == "somebody has to stay" && answers[0].ends_with("is off call"), "{answers:?}");

        house.closes([one, two, three]).await;
    }
}

async fn wait_for_call(house: &House, method: &str, count: usize) {
    for _ in 0..400 {
        if house.street.town.calls(method).await.len() >= count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{method} was not called {count} times");
}

#[tokio::test]
async fn a_dialogue_survives_a_restart_and_ends_in_time() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("dialogue")]).await;
        let (user, other) = (house.person(1002), house.person(1003));
        user.says("/talk").await;
        assert_eq!(user.sees().await, "what is your name?");
        other.says("hello").await;
        assert_eq!(other.sees().await, "say /talk", "a dialogue is one person's own");
        user.says("Dana").await;
        assert_eq!(user.sees().await, "how old are you, Dana?");
        let house = house.restarts(&[fixture("dialogue")]).await;
        user.says("41").await;
        assert_eq!(user.sees().await, "Dana is 41");
        user.says("/talk 0").await;
        user.sees().await;
        user.says("Dana").await;
        assert_eq!(user.sees().await, "say /talk", "its time was over at once");
        house.closes([user, other]).await;
    }
}

#[tokio::test]
async fn a_guest_that_misbehaves_fails_alone() {
    let guests = [fixture("trap"), fixture("spin"), fixture("memory"), fixture("recurse"), fixture("flood"), fixture("give-up")];
    let limits = "cpu_ms = 300\nwall_ms = 2000\nattempts = 1\nmessages = 5\nrow_writes = 20\nhost_calls = 1000\n";
    let house = House::opens_with(Database::sqlite(), limits, &guests).await;
    let town = &house.street.town;
    let mut victims = Vec::new();
    for (index, attack) in
        ["/trap", "/trap_after_effects", "/spin", "/oom", "/recurse", "/recurse_frames", "/messages 6", "/calls 2000", "/give_up no"]
            .into_iter()
            .enumerate()
    {
        let victim = town.newcomer(&format!("Guest {index}"), "en").await;
        victim.says(attack).await;
        victims.push(victim);
    }
    // While they fail, another chat is served; afterwards their own chats are, too.
    let bystander = house.person(1002);
    bystander.says("/rows 10").await;
    assert_eq!(bystander.sees().await, "10 rows");
    for victim in &victims {
        victim.says("/count").await;
        assert_eq!(victim.sees().await, "10 rows there", "nothing of the failed turn is seen, and the chat goes on");
    }
    bystander.says("/rows 30").await;
    assert_snapshot!(bystander.sees().await, @"");
    bystander.says("/messages 3").await;
    assert_snapshot!(bystander.sees_all(3).await, @"");
    bystander.says("/logs 100000").await;
    assert_eq!(bystander.sees().await, "logged");
    bystander.says("/memory").await;
    let refused = bystander.sees().await;
    assert!(refused.starts_with("refused after "), "{refused}");
    bystander.says("/marks").await;
    assert_eq!(bystander.sees().await, "0 marks, state None");
    let dead = house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 2").await;
    assert_eq!(dead, 9, "each attack is a dead letter with a reason");
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 2 AND reason IS NULL").await, 0);
    victims.push(bystander);
    house.closes(victims).await;
}

#[tokio::test]
async fn a_guest_that_asks_for_it_is_tried_again() {
    let house = House::opens(Database::sqlite(), &[fixture("retry")]).await;
    let user = house.person(1002);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    user.says(&format!("/until {}", now + 500)).await;
    user.says("/ping").await;
    assert_eq!(user.sees_all(2).await, "done: until\n---\ndone: ping", "in order, and each once");
    house.closes([user]).await;
}
