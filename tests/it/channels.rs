//! Channels, as subscribers, admins and callers of the REST API see them: pages of a local site, posts of chats where the bot
//! is, and everything that goes wrong with them. On both databases.

mod alone;
mod hours;
mod polite;
mod talk;
mod town;
mod trouble;
mod write;

use serde_json::json;

use crate::support::{Database, House, TOKEN, png};
use town::{Previews, Stands, adds, close, html, new, old, parses, rests, sees};

/// The bot's id.
pub(crate) fn bot() -> i64 {
    TOKEN.split(':').next().expect("a number").parse().expect("a number")
}

#[tokio::test]
async fn posts_are_read_once_and_passed_on() {
    let site = Previews::open().await;
    for database in Database::each().await {
        let posts = [old(104, "The bridge is closed"), old(105, "The bridge is open")];
        site.shows("town", &posts);
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;

        ada.says("https://t.me/town/104").await;
        let added = sees(&ada, "read so far").await;
        assert!(added.contains("*News of town*\n2 posts read so far"), "{added}");
        assert!(added.contains("12400 subscribers") && added.contains("_The bridge is open_"), "{added}");
        let count = "SELECT COUNT(*) FROM channels__feed WHERE status = 'Old'";
        assert_eq!(house.database.number(count).await, 2);

        // What comes from now on is passed on; what was read stays what it is.
        let market = new(106, "The market is on Monday");
        site.shows("town", &[posts[0].clone(), posts[1].clone(), market.clone()]);
        ada.says("/parse").await;
        let post = sees(&ada, "The market is on Monday").await;
        assert_eq!(post, "*News of town*<https://t.me/town/106>\nThe market is on Monday\n[❓ Why]");
        sees(&ada, "Channels read: 1, new posts: 1").await;

        // An edit is followed where the post was passed on.
        site.shows("town", &[posts[0].clone(), posts[1].clone(), market.becomes("The market is on Tuesday")]);
        ada.says("/parse").await;
        let edited = sees(&ada, "Tuesday").await;
        assert!(edited.starts_with("(edited)"), "{edited}");
        sees(&ada, "new posts: 0").await;

        parses(&ada).await;
        let posts = house.database.number("SELECT COUNT(*) FROM channels__posts").await;
        let feed = house.database.number("SELECT COUNT(*) FROM channels__feed").await;
        assert_eq!((posts, feed), (3, 3), "reading again adds nothing");
        close(house, ada).await;
    }
}

#[tokio::test]
async fn what_was_missed_is_read_back_page_by_page() {
    let site = Previews::open().await;
    site.shows("town", &[old(100, "The first")]);
    let house = House::opens(Database::sqlite(), &[site.plugin("")]).await;
    let ada = house.street.town.newcomer("Ada", "en").await;
    adds(&ada, "town").await;
    site.puts("/s/town", Stands::Html(html("town", &[new(105, "e"), new(106, "f")], Some(105))));
    site.puts("/s/town?before=105", Stands::Html(html("town", &[new(103, "c"), new(104, "d")], Some(103))));
    site.puts("/s/town?before=103", Stands::Html(html("town", &[new(101, "a"), new(102, "b")], Some(101))));
    parses(&ada).await;
    let numbers = house.database.texts("SELECT CAST(number AS TEXT) FROM channels__posts ORDER BY version").await;
    assert_eq!(numbers, ["100", "101", "102", "103", "104", "105", "106"]);
    assert_eq!(site.asked("/s/town?before=101"), 0, "what is known is not read again");
    close(house, ada).await;
}

#[tokio::test]
async fn two_readers_share_a_channel_and_not_their_rules() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first")]);
        let house = House::opens(database, &[site.plugin("")]).await;
        let (ada, boris) =
            (house.street.town.newcomer("Ada", "en").await, house.street.town.newcomer("Борис", "ru").await);
        adds(&ada, "town").await;
        boris.says("/add town").await;
        sees(&boris, "Прочитан 1 пост").await;
        write::saves(&ada, "/rules town", "+ flat*").await;
        site.shows("town", &[old(1, "The first"), new(2, "Shoes for sale"), new(3, "Flats to let")]);
        parses(&ada).await;
        sees(&boris, "Flats to let").await;
        rests(&house, &boris).await;
        rests(&house, &ada).await;
        let read = boris.has_read().await.join("\n");
        assert!(read.contains("Shoes for sale"), "{read}");
        let read = ada.has_read().await.join("\n");
        assert!(read.contains("Flats to let") && !read.contains("Shoes for sale"), "{read}");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__posts").await, 3, "stored once");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__feed").await, 6, "for each reader");
        house.closes([ada, boris]).await;
    }
}

#[tokio::test]
async fn links_are_followed_and_their_main_text_kept() {
    let site = Previews::open().await;
    for database in Database::each().await {
        let link = |path: &str| format!("<a href=\"{}\" target=\"_blank\">more</a>", site.site.url(path));
        let posts = [
            old(1, &format!("The mill opens: {}", link("/article/mill"))),
            old(2, &format!("Once more: {}", link("/article/mill#end"))),
            old(3, &format!("Lost: {}", link("/nowhere"))),
        ];
        site.shows("town", &posts);
        let asked = site.asked("/article/mill");
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__pages WHERE status <> 'Due'", 2).await;
        let text = house.database.text("SELECT body FROM channels__pages WHERE status = 'Done'").await;
        assert!(text.contains("the old mill at the river grinds again") && !text.contains("cookies"), "{text}");
        let length = house.database.number("SELECT length FROM channels__pages WHERE status = 'Done'").await;
        assert_eq!(length, text.chars().count() as i64);
        let problem = house.database.text("SELECT problem FROM channels__pages WHERE status = 'Failed'").await;
        assert_eq!(problem, "it answered 404");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__links").await, 3);
        assert_eq!(site.asked("/article/mill"), asked + 1, "a page is fetched once");
        close(house, ada).await;
    }
}

/// Opens a chat of the town with the bot in it; gives the number that the town knows it by.
pub(crate) async fn chat(house: &House, kind: &str, title: &str, owner: i64) -> String {
    let new = json!({"type": kind, "title": title, "members": [owner], "bots": [bot()]});
    let chat = house.street.town.post("/chats", new).await;
    chat["id"].as_str().map_or_else(|| chat["id"].to_string(), str::to_owned)
}

/// Lets somebody forward a post of a channel to the bot.
pub(crate) async fn forwards(house: &House, person: i64, channel: i64) {
    let update = json!({"message": {
        "message_id": 900, "date": 2, "chat": {"id": person, "type": "private", "first_name": "Somebody"},
        "from": {"id": person, "is_bot": false, "first_name": "Somebody"}, "text": "look",
        "forward_origin": {
            "type": "channel", "date": 1, "message_id": 4,
            "chat": {"id": channel, "type": "channel", "title": "Inner Circle"},
        },
    }});
    house.street.town.post(&format!("/bots/{}/updates", bot()), update).await;
}

#[tokio::test]
async fn posts_of_channels_where_the_bot_is_come_by_themselves() {
    let site = Previews::open().await;
    for database in Database::each().await {
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        let ada_id = newest_person(&house).await;
        ada.says("/start").await;
        sees(&ada, "I read Telegram channels for you").await;
        let channel = chat(&house, "channel", "Inner Circle", ada_id).await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__channels WHERE added_by > 0", 1).await;
        let channel_id = house.database.number("SELECT chat_id FROM channels__channels").await;

        // A post that is forwarded by whoever brought the bot there is a subscription.
        forwards(&house, ada_id, channel_id).await;
        sees(&ada, "*Inner Circle*").await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__subscriptions WHERE told = 'Fine'", 1).await;
        let owner = ada.in_chat(&channel);
        let number = owner.says("The password is swordfish").await;
        let passed_on = sees(&ada, "swordfish").await;
        assert!(passed_on.starts_with("*Inner Circle*<https://t.me/c/"), "{passed_on}");
        owner.edits(number, "The password is herring").await;
        let edited = sees(&ada, "herring").await;
        assert!(edited.starts_with("(edited)"), "{edited}");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__feed").await, 1);

        // Anybody else is told that members alone may read it.
        let mallory = house.street.town.newcomer("Mallory", "en").await;
        let mallory_id = newest_person(&house).await;
        mallory.says("/start").await;
        sees(&mallory, "I read Telegram channels for you").await;
        forwards(&house, mallory_id, channel_id).await;
        sees(&mallory, "can be read by its members only").await;
        rests(&house, &ada).await;
        house.closes([ada, mallory]).await;
    }
}

#[tokio::test]
async fn an_album_is_one_post_and_so_is_its_edit() {
    let site = Previews::open().await;
    for database in Database::each().await {
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        let ada_id = newest_person(&house).await;
        ada.says("/start").await;
        sees(&ada, "I read Telegram channels for you").await;
        let channel = chat(&house, "channel", "Inner Circle", ada_id).await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__channels WHERE added_by > 0", 1).await;
        let channel_id = house.database.number("SELECT chat_id FROM channels__channels").await;
        forwards(&house, ada_id, channel_id).await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__subscriptions WHERE told = 'Fine'", 1).await;

        let owner = ada.in_chat(&channel);
        let photos = [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(|color| png(16, color));
        let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
        owner.sends_photos(&photos, "Three views of the mill").await;
        let post = sees(&ada, "Three views of the mill").await;
        assert!(post.starts_with("*Inner Circle*<https://t.me/c/") && post.contains("\n🖼\nThree views"), "{post}");
        let kept = "SELECT kinds || ' ' || CAST((SELECT COUNT(*) FROM channels__posts) AS TEXT) FROM channels__posts";
        assert_eq!(house.database.texts(kept).await, ["photo 1"]);
        let first = house.database.number("SELECT number FROM channels__posts").await;

        // Telegram tells of an edit of one part; only the first one is the post.
        let part = |number: i64, caption: &str| {
            json!({"edited_channel_post": {
                "message_id": number, "date": 2_000_000_000, "edit_date": 2_000_000_001, "media_group_id": "1",
                "chat": {"id": channel_id, "type": "channel", "title": "Inner Circle"}, "caption": caption,
                "photo": [{"file_id": "f", "file_unique_id": "u", "width": 16, "height": 16}],
            }})
        };
        let updates = format!("/bots/{}/updates", bot());
        house.street.town.post(&updates, part(first + 1, "the second view")).await;
        house.street.town.post(&updates, part(first, "Three views of the old mill")).await;
        let edited = sees(&ada, "the old mill").await;
        assert!(edited.starts_with("(edited)"), "{edited}");
        owner.says("And a word").await;
        sees(&ada, "And a word").await;
        assert!(!ada.has_read().await.join("\n").contains("the second view"), "it was passed on as a post of its own");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__posts").await, 2);
        rests(&house, &ada).await;
        house.closes([ada]).await;
    }
}

/// The id of the person who came last.
pub(crate) async fn newest_person(house: &House) -> i64 {
    let state = house.street.town.get("/state").await;
    state["people"].as_array().expect("people").iter().filter_map(|person| person["id"].as_i64()).max().expect("one")
}

#[tokio::test]
async fn a_group_is_read_by_whoever_writes_in_it() {
    let site = Previews::open().await;
    for database in Database::each().await {
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        let id = newest_person(&house).await;
        ada.says("/start").await;
        sees(&ada, "I read Telegram channels for you").await;
        let group = ada.in_chat(&chat(&house, "supergroup", "Gardeners", id).await);
        // Out of privacy mode, or the bot would see nothing.
        house.street.town.put(&format!("/bots/{}", bot()), json!({"reads_all": true})).await;
        let before = house.database.number("SELECT COUNT(*) FROM updates").await;
        group.says("nobody reads this yet").await;
        // The background reader sees it before anybody subscribes.
        house.database.comes_to("SELECT COUNT(*) FROM updates", before + 1).await;
        house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
        group.says("/add").await;
        sees(&group, "*Gardeners*").await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__subscriptions WHERE told = 'Fine'", 1).await;
        group.says("Who has a ladder?").await;
        let post = sees(&ada, "Who has a ladder?").await;
        assert!(post.starts_with("*Gardeners*<") && post.contains(" · Ada\n"), "{post}");
        let kept = house.database.texts("SELECT body FROM channels__posts").await;
        assert_eq!(kept, ["Who has a ladder?"], "what nobody had subscribed to was not kept");
        rests(&house, &ada).await;
        rests(&house, &group).await;
        house.closes([ada, group]).await;
    }
}
