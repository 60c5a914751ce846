//! What goes wrong with pages, and the REST API: nobody's answer waits for a page, and nobody is left in the dark.

use serde_json::{Value, json};

use super::town::{Previews, Stands, adds, close, new, old, parses, rests, sees};
use crate::support::{Database, House, Street};

const NOBODY: &str = include_str!("../../../plugins/channels/fixtures/landing-nobody.html");
const GROUP: &str = include_str!("../../../plugins/channels/fixtures/landing-group.html");
const QUIET: &str = include_str!("../../../plugins/channels/fixtures/landing-channel.html");
const CHANGED: &str = include_str!("../../../plugins/channels/fixtures/changed-classes.html");

/// The bearer token of the REST API.
const KEY: &str = "a-token-that-nobody-guesses";

#[tokio::test]
async fn what_cannot_be_read_is_said_to_whoever_asked() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.puts("/s/nobody_here", Stands::Html(NOBODY.into()));
        site.puts("/s/gardeners", Stands::Html(GROUP.into()));
        site.puts("/s/quiet_one", Stands::Html(QUIET.into()));
        site.puts("/s/broken", Stands::Status(502));
        site.puts("/s/endless", Stands::Endless);
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        for (name, words) in [
            ("nobody_here", "there is no public channel with this name"),
            ("nowhere", "there is no public channel with this name"),
            ("gardeners", "is a group. Add me to it"),
            ("quiet_one", "shows no preview on the Web"),
            ("broken", "cannot be read at the moment"),
            ("endless", "its page is too large for me"),
        ] {
            ada.says(&format!("/add {name}")).await;
            sees(&ada, words).await;
        }
        ada.says("/add two words").await;
        sees(&ada, "is not the name of a channel").await;
        ada.says("https://t.me/+AbCdEfGh").await;
        sees(&ada, "can be read by its members only").await;
        close(house, ada).await;
    }
}

#[tokio::test]
async fn a_page_that_goes_away_is_told_once_and_not_at_the_first_time() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first")]);
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        let told = async || {
            let read = ada.has_read().await;
            read.iter().filter(|text| text.contains("there is no public channel with this name")).count()
        };
        site.puts("/s/town", Stands::Status(404));
        parses(&ada).await;
        assert_eq!(told().await, 0, "it may come back");
        ada.says("/parse").await;
        sees(&ada, "there is no public channel with this name").await;
        let done = sees(&ada, "Could not be read: 1").await;
        assert!(done.contains("⚠️ Channels read: 0, new posts: 0."), "{done}");
        parses(&ada).await;
        assert_eq!(told().await, 1);
        let stands = "SELECT state || ' ' || problem || ' ' || CAST(failures AS TEXT) FROM channels__channels";
        assert_eq!(house.database.text(stands).await, "Nobody there is no such page 3");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__posts").await, 1, "what was read stays");
        close(house, ada).await;
    }
}

#[tokio::test]
async fn a_changed_page_raises_the_alarm_instead_of_silence() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first")]);
        let house = House::opens(database, &[site.plugin("")]).await;
        let (ada, admin) = (house.street.town.newcomer("Ada", "en").await, house.admin());
        admin.says("/stats").await;
        rests(&house, &admin).await;
        adds(&ada, "town").await;

        site.puts("/s/town", Stands::Html(CHANGED.into()));
        ada.says("/parse").await;
        sees(&ada, "Telegram has changed its pages").await;
        let alarm = sees(&admin, "🚨").await;
        assert!(alarm.contains("The preview page of @town has changed"), "{alarm}");
        assert!(alarm.contains("it has blocks for posts, but no post was found in them"), "{alarm}");
        // Once a day, however often it is read.
        parses(&ada).await;
        rests(&house, &admin).await;
        admin.says("/stats").await;
        let stats = sees(&admin, "All users").await;
        assert!(stats.contains("Channels in trouble: 1") && stats.contains("⚠️ @town"), "{stats}");

        site.shows("town", &[old(1, "The first"), new(2, "Back again")]);
        ada.says("/parse").await;
        sees(&ada, "can be read again").await;
        rests(&house, &ada).await;
        assert!(ada.has_read().await.join("\n").contains("Back again"));
        rests(&house, &admin).await;
        house.closes([ada, admin]).await;
    }
}

#[tokio::test]
async fn a_slow_page_keeps_nobody_waiting() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.puts("/s/slow", Stands::Slow);
        site.shows("town", &[old(1, "The first")]);
        // As long as a page may take: on a slow disk all that is said meanwhile has to be done before that.
        let house = House::opens(database, &[site.plugin("timeout_ms = \"15000\"")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        let asked = site.asked("/s/slow");
        ada.says("/add slow").await;
        sees(&ada, "I am reading it now").await;
        while site.asked("/s/slow") == asked {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        // While that page hangs, the bot answers, and other channels are read.
        ada.says("/list").await;
        sees(&ada, "[⏳ @slow]").await;
        adds(&ada, "town").await;
        assert_eq!(house.database.number("SELECT failures FROM channels__channels WHERE name = 'slow'").await, 0);
        sees(&ada, "*@slow* cannot be read at the moment").await;
        close(house, ada).await;
    }
}

/// Asks the REST API.
async fn ask(house: &House, post: bool, path: &str) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/api/test/channels{path}", house.url());
    let request = if post { http.post(url) } else { http.get(url) };
    let answer = request.bearer_auth(KEY).send().await.expect("the host answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn channels_are_read_over_http() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first"), old(2, "The second")]);
        let street = Street::opens().await;
        let http = format!("[http]\nlisten = \"127.0.0.1:0\"\ntoken = {KEY:?}");
        let text = street.configuration(&database, &http, &[site.plugin("")]);
        let house = House::opens_on(street, database, &text).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        let id = super::newest_person(&house).await;
        assert_eq!(ask(&house, true, &format!("/users/{id}/parse")).await.0, 404);
        adds(&ada, "town").await;

        site.shows("town", &[old(1, "The first"), old(2, "The second"), new(3, "The third")]);
        let (status, answer) = ask(&house, true, &format!("/users/{id}/parse")).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["telegram_id"], id);
        assert_eq!((&answer["posts_added"], &answer["status"]), (&json!(1), &json!("success")));
        sees(&ada, "The third").await;
        // The number of the row does as well.
        let row = answer["user_id"].clone();
        let (_, again) = ask(&house, true, &format!("/users/{row}/parse")).await;
        assert_eq!((&again["telegram_id"], &again["posts_added"]), (&json!(id), &json!(0)));

        let (status, posts) = ask(&house, false, &format!("/users/{id}/posts?limit=2")).await;
        assert_eq!((status, &posts["total"]), (200, &json!(3)), "{posts}");
        let items = posts["items"].as_array().expect("items");
        assert_eq!(items.len(), 2);
        let first = &items[0];
        assert_eq!(
            (&first["text"], &first["status"], &first["channel"]),
            (&json!("The third"), &json!("Sent"), &json!("town"))
        );
        let (_, rest) = ask(&house, false, &format!("/users/{id}/posts?limit=2&offset=2")).await;
        assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));

        site.shows("town", &[old(1, "The first"), old(2, "The second"), new(3, "The third"), new(4, "The fourth")]);
        let (status, all) = ask(&house, true, "/parse-all").await;
        assert_eq!((status, all), (200, json!({"status": "success", "users": 1, "channels": 1})));
        sees(&ada, "The fourth").await;
        close(house, ada).await;
    }
}
