//! What plugins can do, and what they cannot do to anybody else.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Database, House, fixture};

#[tokio::test]
async fn a_guest_writes_in_every_way() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);

    user.says("hello *there* 👋").await;
    assert_snapshot!(user.sees().await, @"hello *there* 👋");
    user.says("/entities").await;
    assert_snapshot!(user.sees().await, @"
    👍 plain *bold* _italic __underlined___ ~gone~ ||hidden|| `code`
    ```fn main() {}```
    ```no language```
    link<https://example.org/> you 👍
    >quoted<
    >folded<
    #tag
    ");
    user.says("/photo").await;
    assert_snapshot!(user.sees().await, @"
    [photo 16x16]
    a picture
    ");
    user.says("/doc").await;
    assert_snapshot!(user.sees().await, @"
    [document notes.txt]
    a file
    ");
    user.says("/album").await;
    assert_snapshot!(user.sees_all(3).await, @"
    [photo 16x16]
    red
    ---
    [photo 16x16]
    ---
    [photo 16x16]
    *blue*
    ");
    user.says("/docs").await;
    assert_snapshot!(user.sees_all(2).await, @"
    [document one.txt]
    one
    ---
    [document two.txt]
    two
    ");
    user.says("/keyboard").await;
    assert_snapshot!(user.sees().await, @"
    choose
    <Yes> <No>
    <Number> <Place>
    ");
    user.says("/nokeyboard").await;
    assert_snapshot!(user.sees().await, @"as before");
    user.says("/place").await;
    assert_snapshot!(user.sees().await, @r#"[location {"latitude":55.75,"longitude":37.62}]"#);
    user.says("/who").await;
    assert_snapshot!(user.sees().await, @"hello, I am Test House (@test_house_bot, 7000000001), admins [1001]");
    user.says("/random").await;
    assert_snapshot!(user.sees().await, @"16 letters, all different: true");
    user.says("/fresh").await;
    user.says("/fresh").await;
    assert_snapshot!(user.sees_all(2).await, @"
    described 1 times, turn 1
    ---
    described 1 times, turn 1
    ");

    house.closes([user]).await;
}

#[tokio::test]
async fn a_guest_changes_what_it_wrote_in_this_turn_and_in_later_ones() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);

    user.says("/ref").await;
    assert_snapshot!(user.sees().await, @"
    to be edited
    [Press]
    ");
    user.says("/again it was edited").await;
    assert_snapshot!(user.sees().await, @"
    (edited)
    it was edited
    ");
    user.says("/answer").await;
    assert_snapshot!(user.sees().await, @"an answer");
    assert_eq!(user.last()["reply_to_message"]["text"], "it was edited");
    user.says("/delete").await;
    assert_snapshot!(user.sees().await, @"(deleted)");
    user.says("/photo").await;
    user.sees().await;
    user.says("/recaption another caption").await;
    assert_snapshot!(user.sees().await, @"
    (edited)
    [photo 16x16]
    another caption
    ");
    user.says("/swap").await;
    assert_snapshot!(user.sees().await, @"
    (edited)
    [photo 16x16]
    swapped
    ");
    // The person may look before or after the edit; what stays is the edited text.
    user.says("/edit").await;
    let seen = user.sees().await;
    let seen = if seen == "before" { user.sees().await } else { seen };
    assert_snapshot!(seen, @"
    (edited)
    *after*
    ");

    house.closes([user]).await;
}

#[tokio::test]
async fn buttons_carry_any_data_and_only_the_right_person_may_press() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let (user, other) = (house.person(1002), house.person(1003));
    let group = house
        .street
        .town
        .post(
            "/chats",
            json!({"type": "supergroup", "title": "Buyers", "members": [1002, 1003], "bots": [7000000001i64]}),
        )
        .await;
    let group = group["id"].as_str().map_or_else(|| group["id"].to_string(), str::to_owned);
    let (user_there, other_there) = (user.in_chat(&group), other.in_chat(&group));
    user_there.skips().await;

    let asks = async || {
        user_there.says("/buttons").await;
        while !user_there.sees().await.contains("[Short]") {}
    };
    asks().await;
    assert_snapshot!(user_there.presses("Short").await.hears().await, @"pressed");
    assert_snapshot!(user_there.sees().await, @"
    (edited)
    Buyer pressed short
    ");
    asks().await;
    assert_snapshot!(user_there.presses("Long").await.hears().await, @"[alert] 3000 bytes");
    asks().await;
    assert_snapshot!(other_there.presses("Mine").await.hears().await, @"Эта кнопка не для вас.");
    assert_snapshot!(user_there.presses("Mine").await.hears().await, @"pressed");
    assert_snapshot!(user_there.sees().await, @"
    (edited)
    Buyer pressed mine
    ");

    house.settles(&user_there).await;
    house.closes([user, other]).await;
}

#[tokio::test]
async fn a_long_text_is_split_and_loses_nothing() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let user = house.person(1002);
    user.says("/long 10000").await;
    let parts = [user.sees().await, user.sees().await, user.sees().await];
    let text = parts.each_ref().map(|part| part.replace('*', "").replace("[End]", "")).join("\n");
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
    assert_snapshot!(user.sees().await, @r#"edited message "second""#);
    user.sends(json!({"from": 1002, "contact": {"phone_number": "+15550100", "first_name": "Shop"}})).await;
    assert_snapshot!(user.sees().await, @"contact +15550100 Shop, no last name, no user");
    user.sends(json!({"from": 1002, "location": {"latitude": 55.75, "longitude": 37.62}})).await;
    assert_snapshot!(user.sees().await, @r#"[location {"latitude":55.75,"longitude":37.62}]"#);
    user.sends_document("price list.txt", b"1;2;3", "the list").await;
    assert_snapshot!(user.sees().await, @"
    [document price list.txt]
    the list
    ");
    user.follows("echo_1").await;
    assert_snapshot!(user.sees().await, @"deep link echo_1");
    let sticker = json!({"message_id": 900, "date": 1, "chat": {"id": 1002, "type": "private", "first_name": "Buyer"},
        "from": {"id": 1002, "is_bot": false, "first_name": "Buyer"}, "sticker": {"file_id": "s", "emoji": "👍"}});
    house.street.emulator.world(|world| world.push_raw_update(7000000001, json!({"message": sticker}))).expect("a bot");
    assert_snapshot!(user.sees().await, @r#"other content {"sticker":{"emoji":"👍","file_id":"s"}}"#);
    let unknown = json!({"chat": {"id": 1002, "type": "private"}, "from": {"id": 1002}, "what": "nobody knows yet"});
    house
        .street
        .emulator
        .world(|world| world.push_raw_update(7000000001, json!({"something_new": unknown})))
        .expect("a bot");
    assert_snapshot!(user.sees().await, @"other something_new");
    house.closes([user]).await;
}

#[tokio::test]
async fn rows_are_read_and_written_alike_on_both_databases() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(read_and_write(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    inserted true, later id larger true
    by price own-a own-b
    incremented 12 17
    twin refused true
    deleted true false
    left 0, 0 more
    =====
    the manifest has no table `bads`
    the table has no column `colour`
    the table has no column `colour`
    the table has no column `colour`
    the table has no column `colour`
    wrong type: `price` is never compared with a text
    bad filter: deeper than 32
    a query returns 1 to 1000 rows, not 0
    wrong type: `name` is no integer column
    wrong type: `name` does not take a text with a NUL character
    there is no row `9223372036854775807`
    there is no row `9223372036854775807`
    wrong type: `name` may not be null
    =====
    now true, before 1 of 1
    =====
    another row has the same `name`
    =====
    another row has the same `price`, `tag`
    =====
    _odd%_ 1 odd
    kale 8 green
    leek - green
    nut 12 -
    pear 3 fruit
    Äpfel 3 Obst
    =====
    _odd%_ 1 odd
    leek - green
    pear 3 fruit
    Äpfel 3 Obst
    =====
    _odd%_ 1 odd
    kale 8 green
    leek - green
    pear 3 fruit
    Äpfel 3 Obst
    =====
    _odd%_ 1 odd
    nut 12 -
    pear 3 fruit
    Äpfel 3 Obst
    =====
    _odd%_ 1 odd
    nut 12 -
    pear 3 fruit
    Äpfel 3 Obst
    =====
    _odd%_ 1 odd
    =====
    Äpfel 3 Obst
    =====
    kale 8 green
    leek - green
    =====
    _odd%_ 1 odd
    nut 12 -
    pear 3 fruit
    Äpfel 3 Obst
    =====
    nut 12 -
    pear 3 fruit
    =====
    _odd%_ 1 odd
    pear 3 fruit
    =====
    6 for 27, 5 below 10 for 15
    =====
    changed
    =====
    removed
    ");
}

async fn read_and_write(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[fixture("tables")]).await;
    let user = house.person(1002);
    let ask = async |text: &str| {
        user.says(text).await;
        user.sees().await
    };
    told.push(ask("/own").await);
    told.push(ask("/wrong").await);
    ask("/kinds").await;
    told.push(ask("/kinds").await);
    for goods in ["pear 3 fruit", "Äpfel 3 Obst", "nut 12", "leek - green", "kale 8 green", "_odd%_ 1 odd"] {
        assert_eq!(ask(&format!("/add {goods}")).await, "added");
    }
    told.push(ask("/add pear 4").await);
    told.push(ask("/add other 3 fruit").await);
    told.push(ask("/find all").await);
    told.push(ask("/find below 8").await);
    told.push(ask("/find upto 8").await);
    told.push(ask("/find othertag green").await);
    told.push(ask("/find notag green").await);
    told.push(ask("/find contains %").await);
    told.push(ask("/find prefix Ä").await);
    told.push(ask("/find bargain green 9").await);
    told.push(ask("/find notbargain green 9").await);
    told.push(ask("/find oneof nut pear nobody").await);
    told.push(ask("/page 2 1").await);
    told.push(ask("/count").await);
    told.push(ask("/price nut 3").await);
    told.push(ask("/remove nut").await);
    house.closes([user]).await;
    told.join("\n=====\n")
}

#[tokio::test]
async fn what_a_turn_has_read_still_holds_when_it_commits() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let (one, two, three) = (house.person(1002), house.person(1003), house.person(1004));
        let file = crate::support::sends_a_file_to_wait_for(&one, &house.database).await;

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
    for _ in 0..2_400 {
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
    let guests =
        [fixture("trap"), fixture("spin"), fixture("memory"), fixture("recurse"), fixture("flood"), fixture("give-up")];
    // What they may compute is enough for the bystander on a slow machine, too.
    let limits = "cpu_ms = 1500\nattempts = 1\nmessages = 5\nrow_writes = 20\nhost_calls = 1000\n";
    let house = House::opens_with(Database::sqlite(), limits, &guests).await;
    let town = &house.street.town;
    let mut victims = Vec::new();
    for (index, attack) in [
        "/trap",
        "/trap_after_effects",
        "/spin",
        "/oom",
        "/recurse",
        "/recurse_frames",
        "/messages 6",
        "/calls 2000",
        "/give_up no",
    ]
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
    assert_snapshot!(bystander.sees().await, @"20 rows, then: more than 20 (limits.row_writes)");
    bystander.says("/messages 3").await;
    assert_snapshot!(bystander.sees_all(3).await, @"
    message 1
    ---
    message 2
    ---
    message 3
    ");
    bystander.says("/logs 900").await;
    assert_eq!(bystander.sees().await, "logged");
    bystander.says("/memory").await;
    let refused = bystander.sees().await;
    assert!(refused.starts_with("refused after "), "{refused}");
    bystander.says("/marks").await;
    assert_eq!(bystander.sees().await, "0 marks, state None");
    // Each attack is a dead letter with a reason.
    house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 9).await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 2 AND reason IS NULL").await, 0);
    victims.push(bystander);
    house.closes(victims).await;
}

#[tokio::test]
async fn a_guest_that_asks_for_it_is_tried_again() {
    let house = House::opens(Database::sqlite(), &[fixture("retry")]).await;
    let user = house.person(1002);
    let now = guesthouse::clock::Clock::system().now();
    user.says(&format!("/until {}", now + 500)).await;
    user.says("/ping").await;
    assert_eq!(user.sees_all(2).await, "done: until\n---\ndone: ping", "in order, and each once");
    house.closes([user]).await;
}
