//! The profile plugin, as people see it: what is kept of them, how they change it, and that nobody waits for it.

use guesthouse::clock::Clock;
use insta::assert_snapshot;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{BOT, Database, House, Person, cards, fixture, png, profile};

mod alone;

mod groups;

mod model;

const FACTS: &str = "SELECT COUNT(*) FROM profile__facts";
const STATEMENTS: &str = "SELECT COUNT(*) FROM profile__statements";

/// Every row that the plugin keeps.
const ROWS: &str = "SELECT (SELECT COUNT(*) FROM profile__facts) + (SELECT COUNT(*) FROM profile__statements) \
    + (SELECT COUNT(*) FROM profile__history) + (SELECT COUNT(*) FROM profile__weeks) + (SELECT COUNT(*) FROM profile__lines) \
    + (SELECT COUNT(*) FROM profile__people) + (SELECT COUNT(*) FROM profile__switches)";

/// The mark that somebody was forgotten.
const MARKS: &str = "SELECT COUNT(*) FROM profile__forgotten";

/// Days replaced by a word.
fn same(text: &str) -> String {
    Regex::new(r"\d{4}-\d\d-\d\d").expect("a pattern").replace_all(text, "DAY").into_owned()
}

/// What somebody looks at next with these words in it.
async fn sees_at_last(person: &Person, words: &str) -> String {
    loop {
        let seen = same(&person.sees().await);
        if seen.contains(words) {
            return seen;
        }
    }
}

/// A house whose clock is moved by hand.
async fn opens(database: Database) -> House {
    House::opens_at(Clock::manual(Clock::system().now()), database, "", &[profile()]).await
}

/// Lets somebody tell things, and waits until so many facts are known.
async fn tells(house: &House, person: &Person, texts: &[&str], facts: i64) {
    for text in texts {
        person.says(text).await;
    }
    house.passes_until(FACTS, facts).await;
}

#[tokio::test]
async fn what_people_tell_is_kept_shown_corrected_and_deleted() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(tell_show_and_change(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    I read along: what you tell about yourself here (your name, city, work, family, interests …) I write down, together with your words, and each week your mood and topics. Only you get to see it from me; the people who run this bot can read it.

    /profile – see, correct and delete it
    /profile off – I stop reading in this chat
    /forget – I delete everything
    =====
    I have no answer to that. /profile shows what I know about you.
    =====
    I heard: Language: Russian; E-mail: dan@example.com. /profile shows all that I know about you.
    =====
    I heard: City: Haifa. /profile shows all that I know about you.
    =====
    *What I know about you*

    Name: *Dan*
    “I'm Dan”, DAY

    City: *Haifa*
    “I moved to Haifa”, DAY

    Language: *Russian*
    “I speak Russian”, DAY

    Interest: *chess*
    “I live in Berlin and I love chess”, DAY

    E-mail: *dan@example.com*
    “my email is dan@example.com”, DAY

    *This week*
    Messages: 4, mood: good
    Topics: chess
    Open questions:
    • where can one play chess here?

    _Press a line to see where it comes from, to correct it or to delete it._
    [Name: Dan]
    [City: Haifa]
    [Language: Russian]
    [Interest: chess]
    [E-mail: dan@example.com]
    [📄 As a file] [🗑 Forget everything]
    =====
    (edited)
    City: *Haifa*
    “I moved to Haifa”, DAY

    Said once, on DAY.
    I am 90 % sure.
    Before: Berlin, until DAY
    [✏️ Correct] [🗑 Delete]
    [« Back]
    =====
    City: send the right value, for example Haifa
    [Cancel]
    =====
    I cannot read that as: City. For example: Haifa
    [Cancel]
    =====
    Corrected.
    =====
    Deleted.
    =====
    (edited)
    *What I know about you*

    Name: *Dan*
    “I'm Dan”, DAY

    City: *Tel Aviv*
    _as you corrected it_

    Language: *Russian*
    “I speak Russian”, DAY

    E-mail: *dan@example.com*
    “my email is dan@example.com”, DAY

    *This week*
    Messages: 6, mood: good
    Topics: chess
    Open questions:
    • where can one play chess here?

    _Press a line to see where it comes from, to correct it or to delete it._
    [Name: Dan]
    [City: Tel Aviv]
    [Language: Russian]
    [E-mail: dan@example.com]
    [📄 As a file] [🗑 Forget everything]
    =====
    I heard: Family: brother. /profile shows all that I know about you.
    ");
}

/// Between plugins that both leave a message to the other one, somebody answers.
#[tokio::test]
async fn whoever_is_alone_with_the_bot_is_answered() {
    for database in Database::each().await {
        let house = House::opens(database, &[cards(), profile()]).await;
        let user = house.person(1002);
        user.says("hello").await;
        assert!(user.sees().await.starts_with("I read along: "), "the consent is the first answer");
        user.says("hello").await;
        assert_eq!(user.sees().await, "I have no answer to that. /profile shows what I know about you.");
        // An album is answered once where it says something, and not for each picture.
        let photos = [16, 17, 18].map(|side| png(side, [255, 0, 0]));
        let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
        user.sends_photos(&photos, "").await;
        user.sends_photos(&photos, "the sea").await;
        assert_eq!(user.sees().await, "I have no answer to that. /profile shows what I know about you.");
        user.says("I live in Haifa").await;
        assert_eq!(user.sees().await, "I heard: City: Haifa. /profile shows all that I know about you.");
        // What is not read is not heard.
        user.says("/profile off").await;
        sees_at_last(&user, "I do not read along in this chat any more").await;
        user.says("I live in Oslo").await;
        assert_eq!(user.sees().await, "I have no answer to that. /profile shows what I know about you.");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn in_a_group_nobody_is_told_that_there_is_no_answer() {
    let house = opens(Database::sqlite()).await;
    let club = groups::group(&house, &[1002]).await;
    let user = house.person(1002).in_chat(&club);
    user.says("I live in Berlin").await;
    assert!(user.sees().await.starts_with("I read along: "));
    house.passes_until(FACTS, 1).await;
    user.says("hello").await;
    user.says("I moved to Haifa").await;
    house.passes_until("SELECT COUNT(*) FROM profile__history", 1).await;
    house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
    house.closes([user]).await;
}

async fn tell_show_and_change(database: Database) -> String {
    let mut told = Vec::new();
    let house = opens(database).await;
    let user = house.person(1002);
    tells(&house, &user, &["Hi! I'm Dan, I live in Berlin and I love chess"], 3).await;
    told.push(user.sees().await);
    tells(&house, &user, &["where can one play chess here?", "I speak Russian. my email is dan@example.com"], 5).await;
    // Nobody else is there to answer.
    told.push(user.sees().await);
    told.push(user.sees().await);
    // A contradiction: the later word holds, and the earlier one is remembered.
    user.says("I moved to Haifa").await;
    house.passes_until("SELECT COUNT(*) FROM profile__history", 1).await;
    told.push(user.sees().await);
    house.database.comes_to("SELECT COALESCE(MAX(messages), 0) FROM profile__weeks", 4).await;
    user.says("/profile").await;
    told.push(same(&user.sees().await));
    user.presses("City: Haifa").await.hears().await;
    told.push(same(&user.sees().await));

    user.presses("✏️ Correct").await.hears().await;
    told.push(user.sees().await);
    user.says("???").await;
    told.push(user.sees().await);
    user.says("Tel Aviv").await;
    told.push(user.sees().await);
    sees_at_last(&user, "Tel Aviv").await;
    user.presses("Interest: chess").await.hears().await;
    user.sees().await;
    told.push(user.presses("🗑 Delete").await.hears().await);
    told.push(same(&user.sees().await));
    assert_eq!(house.database.number("SELECT COUNT(*) FROM profile__statements WHERE field = 'interest'").await, 0);

    // The dialogue is over: what follows is talk again.
    tells(&house, &user, &["my brother is a pilot"], 5).await;
    told.push(user.sees().await);
    house.closes([user]).await;
    told.join("\n=====\n")
}

#[tokio::test]
async fn everybody_is_told_in_their_language() {
    let house = House::opens(Database::sqlite(), &[profile()]).await;
    let (russian, hebrew) = (house.person(1003), house.person(1004));
    russian.says("привет").await;
    assert!(russian.sees().await.starts_with("Я читаю сообщения"));
    hebrew.says("שלום").await;
    assert!(hebrew.sees().await.starts_with("אני קורא את ההודעות"));
    russian.says("/profile").await;
    assert!(russian.sees().await.starts_with("*Что я о вас знаю*\n\nПока ничего."));
    hebrew.says("/forget").await;
    assert!(hebrew.sees().await.contains("[🗑 למחוק הכול]"));
    house.closes([russian, hebrew]).await;
}

#[tokio::test]
async fn who_turns_it_off_is_not_read() {
    for database in Database::each().await {
        let house = opens(database).await;
        let user = house.person(1002);
        user.says("/profile off").await;
        sees_at_last(&user, "I do not read along in this chat any more").await;
        user.says("I live in Berlin").await;
        user.says("/profile maybe").await;
        sees_at_last(&user, "In this chat: /profile off").await;
        house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
        assert_eq!(house.database.number(STATEMENTS).await, 0);
        user.says("/profile on").await;
        sees_at_last(&user, "I read along again").await;
        user.says("I live in Haifa").await;
        house.database.comes_to(STATEMENTS, 1).await;
        house.passes_until(FACTS, 1).await;
        house.settles(&user).await;
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn an_edited_message_says_what_it_says_now() {
    let house = opens(Database::sqlite()).await;
    let user = house.person(1002);
    let message = user.says("I live in Berlin").await;
    user.sees().await;
    house.passes_until(FACTS, 1).await;
    user.edits(message, "I live in Haifa").await;
    house.passes_until("SELECT COUNT(*) FROM profile__facts WHERE value = 'Haifa'", 1).await;
    assert_eq!(house.database.number(FACTS).await, 1);
    assert_eq!(house.database.number(STATEMENTS).await, 1);
    house.closes([user]).await;
}

#[tokio::test]
async fn an_export_holds_everything() {
    let house = opens(Database::sqlite()).await;
    let user = house.person(1002);
    tells(&house, &user, &["I am a nurse. how do I get to the sea?"], 1).await;
    user.sees().await;
    house.database.comes_to("SELECT COUNT(*) FROM profile__weeks", 1).await;
    user.says("/export").await;
    assert_eq!(user.sees().await, "[document profile.json]");
    let id = user.last()["document"]["file_id"].as_str().expect("an id").to_owned();
    let file = house.street.town.get(&format!("/files/{id}")).await;
    let values = |list: &str, key: &str| {
        let rows = file[list].as_array().expect("a list").iter();
        rows.map(|row| row[key].clone()).collect::<Vec<_>>()
    };
    assert_eq!(file["user_id"], 1002);
    assert_eq!(values("facts", "value"), ["nurse"]);
    assert_eq!(values("statements", "quote"), ["I am a nurse"]);
    assert_eq!(values("weeks", "questions"), [json!([{"text": "how do I get to the sea?", "chat": 1002}])]);
    assert_eq!(values("person", "told"), [Value::Bool(true)]);
    house.closes([user]).await;
}

#[tokio::test]
async fn forgetting_leaves_no_row_and_nothing_of_others_goes() {
    for database in Database::each().await {
        let house = opens(database).await;
        let (user, other) = (house.person(1002), house.person(1003));
        tells(&house, &user, &["I'm Dan, I live in Berlin", "I moved to Haifa. is it far?"], 2).await;
        house.passes_until("SELECT COUNT(*) FROM profile__history", 1).await;
        other.says("живу в Москве").await;
        house.passes_until(FACTS, 3).await;
        house.database.comes_to("SELECT CAST(COALESCE(SUM(messages), 0) AS BIGINT) FROM profile__weeks", 3).await;

        user.says("/forget").await;
        sees_at_last(&user, "Shall I delete everything").await;
        user.presses("🗑 Delete everything").await.hears().await;
        sees_at_last(&user, "Everything is deleted").await;
        let left = house.database.texts("SELECT CAST(user_id AS TEXT) FROM profile__facts").await;
        assert_eq!(left, ["1003"]);
        let own = "SELECT (SELECT COUNT(*) FROM profile__statements WHERE user_id = 1002) \
            + (SELECT COUNT(*) FROM profile__history WHERE user_id = 1002) + (SELECT COUNT(*) FROM profile__people WHERE user_id = 1002) \
            + (SELECT COUNT(*) FROM profile__weeks WHERE user_id = 1002) + (SELECT COUNT(*) FROM profile__lines WHERE user_id = 1002)";
        assert_eq!(house.database.number(own).await, 0);
        // The mark outlasts what was under way, and no more.
        assert_eq!(house.database.number(MARKS).await, 1);
        house.passes_until("SELECT -COUNT(*) FROM profile__forgotten", 0).await;

        other.says("/forget").await;
        sees_at_last(&other, "Удалить всё").await;
        other.presses("🗑 Удалить всё").await.hears().await;
        house.passes_until("SELECT -COUNT(*) FROM profile__forgotten", 0).await;
        assert_eq!(house.database.number(ROWS).await, 0);
        house.settles(&user).await;
        house.settles(&other).await;
        house.closes([user, other]).await;
    }
}
