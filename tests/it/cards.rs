//! The card bot, as an admin and as buyers see it, in three languages and on both databases.

use insta::assert_snapshot;
use regex::Regex;

use crate::support::{ADMIN, Database, House, Person, cards, png};

mod slips;

/// A message with what differs from run to run replaced: codes, links, times, file sizes.
pub(crate) fn same(text: &str) -> String {
    let replace = |text: &str, pattern: &str, by: &str| {
        Regex::new(pattern).expect("a pattern").replace_all(text, by).into_owned()
    };
    // Marks that keep names of another direction together; they are invisible, so they are shown.
    let text = text.replace(['\u{2066}', '\u{2067}', '\u{2068}'], "⟨").replace('\u{2069}', "⟩");
    let text = replace(&text, r"verify_[0-9A-Za-z-]+", "verify_CODE");
    let text = replace(&text, r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){4}\b", "CODE");
    let text = replace(&text, r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE");
    let text = replace(&text, r"\d\d\.\d\d\.\d{4},? \d\d:\d\d", "DATE");
    replace(&text, r"\[photo \d+x\d+\]", "[photo]")
}

/// Somebody who does not look at what is different each time.
pub(crate) trait Reads {
    async fn reads(&self) -> String;
}

impl Reads for Person {
    async fn reads(&self) -> String {
        same(&self.sees().await)
    }
}

/// The code of the card that was added last.
pub(crate) async fn last_code(house: &House) -> String {
    house.database.text("SELECT code FROM cards__cards ORDER BY id DESC LIMIT 1").await
}

/// Looks until something with these words comes, and says what that is. In a house with more plugins others may say
/// something first.
pub(crate) async fn sees_at_last(person: &Person, words: &str) -> String {
    loop {
        let seen = person.sees().await;
        if seen.contains(words) {
            return seen;
        }
    }
}

/// Lets the admin add a card without a description or a second photo; nothing is left unread.
pub(crate) async fn add_card(admin: &Person, name: &str) {
    admin.says("/admin").await;
    sees_at_last(admin, "Add card").await;
    admin.presses("➕ Add card").await.hears().await;
    sees_at_last(admin, "Send the photo").await;
    admin.sends_photos(&[&png(64, [200, 0, 0])], name).await;
    sees_at_last(admin, "description").await;
    admin.presses("Skip").await.hears().await;
    sees_at_last(admin, "packaged").await;
    admin.presses("Skip").await.hears().await;
    sees_at_last(admin, "has been added").await;
    admin.settles().await;
}

#[tokio::test]
async fn a_card_is_added_and_checked() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(add_and_check(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    *Cards*
    [➕ Add card]
    [📇 My cards]
    [📊 Statistics]
    =====
    Send the photo of the card.
    [Cancel]
    =====
    Send the name of the card, up to 100 characters.
    [Cancel]
    =====
    Send a description, up to 800 characters, or skip it.
    [Skip] [Cancel]
    =====
    Send a photo of the packaged card, or skip it.
    [Skip] [Cancel]
    =====
    [photo]
    ✅ *Amber necklace* has been added.
    Baltic amber, 45 cm
    With a photo of the packaged card.

    Code: `CODE`
    https://t.me/test_house_bot?start=verify_CODE
    [Share -> https://t.me/share/url?url=Check%20the%20card%20%E2%80%9CAmber%20necklace%E2%80%9D%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE]
    [QR code for printing] [Open the card]
    [➕ Add card]
    =====
    [photo]
    The card
    ---
    [photo]
    Packaged
    ---
    ✅ *Amber necklace*

    Baltic amber, 45 cm

    This is the first check of this card.
    [Share -> https://t.me/share/url?url=Check%20the%20card%20%E2%80%9CAmber%20necklace%E2%80%9D%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE]
    =====
    [photo]
    The card
    ---
    [photo]
    Packaged
    ---
    ✅ *Amber necklace*

    Baltic amber, 45 cm

    Checked 2 times, first on DATE UTC.
    [Share -> https://t.me/share/url?url=Check%20the%20card%20%E2%80%9CAmber%20necklace%E2%80%9D%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE]
    ");
}

async fn add_and_check(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[cards()]).await;
    let (admin, buyer) = (house.admin(), house.person(1002));

    admin.says("/admin").await;
    told.push(admin.reads().await);
    admin.presses("➕ Add card").await.hears().await;
    told.push(admin.reads().await);
    admin.sends_photos(&[&png(64, [200, 0, 0])], "").await;
    told.push(admin.reads().await);
    admin.says("Amber necklace").await;
    told.push(admin.reads().await);
    admin.says("Baltic amber, 45 cm").await;
    told.push(admin.reads().await);
    admin.sends_photos(&[&png(64, [0, 0, 200])], "").await;
    told.push(admin.reads().await);
    let qr = house.street.town.picture(&admin.last()).await;
    admin.settles().await;

    let code = last_code(&house).await;
    buyer.follows(&format!("verify_{}", code.replace('-', ""))).await;
    told.push(same(&buyer.sees_all(3).await));
    buyer.says(&code.to_lowercase()).await;
    told.push(same(&buyer.sees_all(3).await));
    buyer.says(&format!("/verify {code}")).await;
    assert!(buyer.sees_all(3).await.contains("Checked 3 times"));
    buyer.sends_photos(&[&qr], "").await;
    let seen = buyer.sees_all(3).await;
    assert!(seen.contains("Checked 4 times"), "the code was read from the picture: {seen}");

    assert_eq!(house.database.number("SELECT COUNT(*) FROM cards__checks").await, 4);
    assert_eq!(house.database.number("SELECT checks FROM cards__cards").await, 4);
    house.closes([admin, buyer]).await;
    told.join("\n=====\n")
}

#[tokio::test]
async fn everybody_reads_their_own_language() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(read_in_three_languages(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    Здравствуйте! Я *Test House* и проверяю карты.

    Отсканируйте QR-код на этикетке, пришлите мне его фото или напишите код, который стоит под ним. Я покажу, как должна выглядеть карта и сколько раз её уже проверяли.
    =====
    [photo]
    ✅ *Amber*

    Это первая проверка этой карты.
    [Поделиться -> https://t.me/share/url?url=%D0%9F%D1%80%D0%BE%D0%B2%D0%B5%D1%80%D1%8C%D1%82%D0%B5%20%D0%BA%D0%B0%D1%80%D1%82%D1%83%20%C2%ABAmber%C2%BB%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE]
    =====
    [photo]
    ✅ *Amber*

    Проверена 2 раза, впервые DATE UTC.
    [Поделиться -> https://t.me/share/url?url=%D0%9F%D1%80%D0%BE%D0%B2%D0%B5%D1%80%D1%8C%D1%82%D0%B5%20%D0%BA%D0%B0%D1%80%D1%82%D1%83%20%C2%ABAmber%C2%BB%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE]
    =====
    Чтобы проверить карту, пришлите её код или фото QR-кода. Подробнее: /help
    =====
    שלום! אני ⟨*Test House*⟩, ואני בודק קלפים.

    סרקו את קוד ה-QR שעל התווית, שלחו לי תמונה שלו, או כתבו את הקוד שמתחתיו. אראה לכם איך הקלף אמור להיראות וכמה פעמים כבר נבדק.
    =====
    [photo]
    ✅ ⟨*Amber*⟩

    נבדק 3 פעמים, לראשונה ב־⟨DATE UTC⟩.
    [שיתוף -> https://t.me/share/url?url=%D7%91%D7%93%D7%A7%D7%95%20%D7%90%D7%AA%20%D7%94%D7%A7%D7%9C%D7%A3%20%E2%80%9E%E2%81%A8Amber%E2%81%A9%E2%80%9D%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE]
    =====
    זה רק למנהלי הבוט.
    =====
    /start Начать
    /verify Проверить карту по коду
    /help Как это работает
    =====
    /start Start
    /verify Check a card by its code
    /help How it works
    /admin Manage the cards
    /cancel Stop what was begun
    ");
}

async fn read_in_three_languages(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[cards()]).await;
    let (admin, russian, hebrew) = (house.admin(), house.person(1003), house.person(1004));
    add_card(&admin, "Amber").await;
    let code = last_code(&house).await;

    russian.says("/start").await;
    told.push(russian.reads().await);
    russian.says(&code).await;
    told.push(russian.reads().await);
    russian.says(&code).await;
    told.push(russian.reads().await);
    russian.says("AAAA").await;
    told.push(russian.reads().await);
    hebrew.says("/start").await;
    told.push(hebrew.reads().await);
    hebrew.says(&code).await;
    told.push(hebrew.reads().await);
    hebrew.says("/admin").await;
    told.push(hebrew.reads().await);

    let menu =
        house.street.town.get(&format!("/chats/p:7000000001:{}/commands?person={}", russian.id, russian.id)).await;
    told.push(menu_of(&menu));
    let menu = house.street.town.get(&format!("/chats/p:7000000001:{ADMIN}/commands?person={ADMIN}")).await;
    told.push(menu_of(&menu));
    house.closes([admin, russian, hebrew]).await;
    told.join("\n=====\n")
}

fn menu_of(menu: &serde_json::Value) -> String {
    let commands = menu["commands"].as_array().expect("commands").iter();
    let line = |command: &serde_json::Value| {
        format!(
            "/{} {}",
            command["command"].as_str().unwrap_or_default(),
            command["description"].as_str().unwrap_or_default()
        )
    };
    commands.map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn adding_survives_mistakes_restarts_and_another_admin() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(make_mistakes(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    I need a photo here.

    Send the photo of the card.
    [Cancel]
    =====
    This file is not a picture. I take JPEG, PNG, WebP and HEIC.

    Send the photo of the card.
    [Cancel]
    =====
    Send the name of the card, up to 100 characters.
    [Cancel]
    =====
    I need a name in writing here.

    Send the name of the card, up to 100 characters.
    [Cancel]
    =====
    This name has 101 characters; it may have 100.

    Send the name of the card, up to 100 characters.
    [Cancel]
    =====
    Send a description, up to 800 characters, or skip it.
    [Skip] [Cancel]
    =====
    Cancelled.
    [« Menu]
    =====
    There is nothing to cancel.
    ");
}

async fn make_mistakes(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[cards()]).await;
    let admin = house.admin();
    admin.says("/admin").await;
    admin.sees().await;
    admin.presses("➕ Add card").await.hears().await;
    admin.sees().await;
    admin.says("a text where a photo is due").await;
    told.push(admin.reads().await);
    admin.sends_document("list.txt", b"1;2;3", "").await;
    told.push(admin.reads().await);
    admin.sends_document("photo.png", &png(64, [9, 9, 9]), "").await;
    told.push(admin.reads().await);
    admin.sends_photos(&[&png(64, [9, 9, 9])], "").await;
    told.push(admin.reads().await);
    admin.says(&"x".repeat(101)).await;
    told.push(admin.reads().await);

    let house = house.restarts(&[cards()]).await;
    admin.says("Ring").await;
    told.push(admin.reads().await);
    admin.says("/cancel").await;
    told.push(admin.reads().await);
    admin.says("/cancel").await;
    told.push(admin.reads().await);
    assert_eq!(house.database.number("SELECT COUNT(*) FROM cards__cards").await, 0);

    // An album: the first picture is the card, the second one shows it packaged.
    admin.says("/admin").await;
    admin.sees().await;
    admin.presses("➕ Add card").await.hears().await;
    admin.sees().await;
    admin.sends_photos(&[&png(64, [1, 1, 1]), &png(64, [2, 2, 2])], "Twins").await;
    sees_at_last(&admin, "I took both photos").await;
    admin.presses("Skip").await.hears().await;
    admin.settles().await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM cards__cards WHERE packaged IS NOT NULL").await, 1);
    house.closes([admin]).await;
    told.join("\n=====\n")
}

#[tokio::test]
async fn cards_are_listed_changed_and_counted() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(list_change_and_count(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    (edited)
    *📊 Statistics*

    Cards: 4
    Active: 4
    Checks: 3
    Checks today: 3
    Checks in the last 7 days: 3

    *Checked most*
    1. Four – 3 checks

    _Days begin at 00:00 UTC; the 7 days include today._
    [« Menu]
    =====
    (edited)
    4 active cards
    Page 1 of 2
    [Four]
    [Three]
    [Two]
    [Next ›]
    [« Menu]
    =====
    (edited)
    4 active cards
    Page 2 of 2
    [One]
    [‹ Previous]
    [« Menu]
    =====
    (edited)
    *Four*

    Code: `CODE`
    https://t.me/test_house_bot?start=verify_CODE

    Checked 3 times by 1 person, first on DATE UTC.
    Added on DATE UTC by Admin.
    [Photos] [QR code]
    [Edit] [Checks]
    [Share -> https://t.me/share/url?url=Check%20the%20card%20%E2%80%9CFour%E2%80%9D%3A%0Ahttps%3A%2F%2Ft.me%2Ftest_house_bot%3Fstart%3Dverify_CODE] [Deactivate]
    [📇 My cards]
    =====
    (edited)
    *Four*: 3 checks

    DATE UTC
    Buyer · `1002` @buyer

    DATE UTC
    Buyer · `1002` @buyer

    DATE UTC
    Buyer · `1002` @buyer
    [« Back]
    =====
    (edited)
    What of *Four* shall be changed?
    [Name] [Description]
    [Photo] [Packaged photo]
    [« Back]
    =====
    (edited)
    *Four*: send the new name, up to 100 characters.
    [Cancel]
    =====
    (edited)
    Deactivate *Fourth*? Whoever checks it will only see that it is no longer active.
    [Deactivate] [« Back]
    =====
    ⛔ The card with this code is no longer active. Please contact the seller.
    =====
    (edited)
    Reactivate *Fourth*? It can be checked again then.
    [Reactivate] [« Back]
    ");
}

async fn list_change_and_count(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[cards().with("page_size = 3")]).await;
    let (admin, buyer) = (house.admin(), house.person(1002));
    for name in ["One", "Two", "Three", "Four"] {
        add_card(&admin, name).await;
    }
    let code = last_code(&house).await;
    for _ in 0..3 {
        buyer.says(&code).await;
        buyer.sees().await;
    }
    admin.says("/admin").await;
    admin.sees().await;
    admin.presses("📊 Statistics").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("« Menu").await.hears().await;
    admin.sees().await;
    admin.presses("📇 My cards").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("Next ›").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("‹ Previous").await.hears().await;
    admin.sees().await;
    admin.presses("Four").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("Checks").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("« Back").await.hears().await;
    admin.sees().await;
    admin.presses("Edit").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("Name").await.hears().await;
    told.push(admin.reads().await);
    admin.says("Fourth").await;
    sees_at_last(&admin, "[Edit]").await;
    buyer.says(&code).await;
    assert!(buyer.sees().await.contains("Fourth"));

    admin.presses("Deactivate").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("Deactivate").await.hears().await;
    admin.settles().await;
    buyer.says(&code).await;
    told.push(buyer.reads().await);
    admin.presses("Reactivate").await.hears().await;
    told.push(admin.reads().await);
    admin.presses("Reactivate").await.hears().await;
    admin.settles().await;
    buyer.says(&code).await;
    assert!(buyer.sees().await.contains("Checked 5 times"), "a check of a deactivated card is not counted");
    house.closes([admin, buyer]).await;
    told.join("\n=====\n")
}
