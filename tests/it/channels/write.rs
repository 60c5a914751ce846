//! Rules in a chat: written, tried, saved; and why a post came or did not.

use guesthouse::clock::Clock;

use super::town::{Previews, adds, close, new, old, parses, rests, sees};
use crate::support::{Database, House, Person};

/// Writes rules and saves them.
pub(super) async fn saves(person: &Person, command: &str, rules: &str) {
    person.says(command).await;
    sees(person, "[✏️ Write]").await;
    person.presses("✏️ Write").await.hears().await;
    sees(person, "Send me the rules").await;
    person.says(rules).await;
    sees(person, "[💾 Save]").await;
    assert_eq!(person.presses("💾 Save").await.hears().await, "Saved.");
    sees(person, "[✏️ Write]").await;
}

#[tokio::test]
async fn rules_are_tried_before_they_are_saved() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "Flat to let, $900"), old(2, "Flat to let, $2,000"), old(3, "Shoes")]);
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        ada.says("/rules @town").await;
        let none = ada.sees().await;
        assert!(none.starts_with("Rules for *News of town*\n\nNone yet: everything is passed on."), "{none}");
        ada.presses("✏️ Write").await.hears().await;
        sees(&ada, "Send me the rules").await;

        // What cannot be read names its line and what would be right, and the next message is another try.
        ada.says("+ flat\nprice: < cheap").await;
        let wrong = sees(&ada, "❌").await;
        assert_eq!(
            wrong,
            "❌ Line 2: “cheap” is no number or range.\n\nRight would be: `price: 500-1500 usd`\n[Cancel]"
        );
        ada.says("+ flat\nprice: < 1000").await;
        let trial = sees(&ada, "Of the last 3 posts").await;
        assert!(trial.contains("Of the last 3 posts 1 would be passed on:"), "{trial}");
        assert!(
            trial.contains("❌ Shoes — _+ flat_\n❌ Flat to let, $2,000 — _price: < 1000_\n✅ Flat to let, $900"),
            "{trial}"
        );
        assert_eq!(house.database.text("SELECT rules FROM channels__subscriptions").await, "", "not yet");
        assert_eq!(ada.presses("💾 Save").await.hears().await, "Saved.");
        sees(&ada, "price: < 1000").await;
        assert_eq!(house.database.text("SELECT rules FROM channels__subscriptions").await, "+ flat\nprice: < 1000");

        // A button changes one line of them.
        ada.presses("🖼 Media").await.hears().await;
        sees(&ada, "[text] [photo]").await;
        ada.presses("photo").await.hears().await;
        let trial = sees(&ada, "media: photo").await;
        assert!(trial.contains("0 would be passed on"), "{trial}");
        ada.presses("Cancel").await.hears().await;
        let kept = sees(&ada, "price: < 1000").await;
        assert!(!kept.contains("media: photo"), "{kept}");
        close(house, ada).await;
    }
}

#[tokio::test]
async fn a_post_says_why_it_came_and_why_not() {
    let site = Previews::open().await;
    site.shows("town", &[old(1, "The first")]);
    let house = House::opens(Database::sqlite(), &[site.plugin("")]).await;
    let ada = house.street.town.newcomer("Ada", "en").await;
    adds(&ada, "town").await;
    saves(&ada, "/rules", "- sold\ntake: price, phone").await;
    saves(&ada, "/rules town", "+ flat*\nshow: {price} {currency}: {text}").await;
    let posts = [old(1, "The first"), new(2, "Flat, $900, +44 20 7946 0104"), new(3, "Flats, all sold")];
    site.shows("town", &posts);
    ada.says("/parse").await;
    let shown = sees(&ada, "$900").await;
    assert_eq!(shown, "900 USD: Flat, $900, +44 20 7946 0104\n[❓ Why]");
    sees(&ada, "Channels read").await;
    ada.presses("❓ Why").await.hears().await;
    let why = sees(&ada, "It was passed on").await;
    assert!(why.contains("✅ `- sold` (for all channels)\n✅ `+ flat*` — found: Flat"), "{why}");
    assert!(why.contains("_phone: _+442079460104\n_price: _900 USD"), "{why}");

    ada.says("/why").await;
    let left = sees(&ada, "Left out last").await;
    assert!(left.contains("1. Flats, all sold — _- sold_"), "{left}");
    ada.presses("1").await.hears().await;
    let why = sees(&ada, "It was left out").await;
    assert!(why.contains("❌ `- sold` (for all channels) — found: sold\n✅ `+ flat*` — found: Flats"), "{why}");
    ada.says("/why https://t.me/town/1").await;
    sees(&ada, "It is older than your subscription.").await;
    ada.says("/why https://t.me/town/99").await;
    sees(&ada, "I have not read this post for you.").await;

    let columns = "SELECT CAST(price AS TEXT) || ' ' || currency || ' ' || phone FROM channels__feed WHERE number = 2";
    assert_eq!(house.database.text(columns).await, "900.0 USD +442079460104");
    parses(&ada).await;
    close(house, ada).await;
}

#[tokio::test]
async fn a_digest_gathers_what_came_until_its_time() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first")]);
        // Two minutes before a full hour.
        let hour = 3_600_000;
        let clock = Clock::manual((Clock::system().now() / hour + 1) * hour - 120_000);
        let house = House::opens_at(clock, database, "", &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        saves(&ada, "/rules", "when: hourly\n- nothing").await;
        site.shows("town", &[old(1, "The first"), new(2, "The second"), new(3, "The third")]);
        parses(&ada).await;
        let waiting = "SELECT COUNT(*) FROM channels__feed WHERE status = 'Due' AND digest = 1";
        assert_eq!(house.database.number(waiting).await, 2);
        rests(&house, &ada).await;
        assert!(!ada.has_read().await.join("\n").contains("The second"));
        house.passes_until("SELECT COUNT(*) FROM channels__feed WHERE status = 'Sent'", 2).await;
        let digest = sees(&ada, "📰").await;
        assert!(digest.starts_with("📰 2 new posts\n\n*News of town*<https://t.me/town/2>\nThe second"), "{digest}");
        assert!(digest.contains("The third"), "{digest}");
        close(house, ada).await;
    }
}

#[tokio::test]
async fn a_paused_channel_is_silent_and_a_removed_one_is_gone() {
    let site = Previews::open().await;
    site.shows("town", &[old(1, "The first")]);
    let house = House::opens(Database::sqlite(), &[site.plugin("")]).await;
    let ada = house.street.town.newcomer("Ada", "en").await;
    adds(&ada, "town").await;
    ada.says("/pause town").await;
    sees(&ada, "paused").await;
    site.shows("town", &[old(1, "The first"), new(2, "In between")]);
    ada.says("/parse").await;
    sees(&ada, "You read no channel from outside").await;
    ada.says("/list").await;
    assert_eq!(ada.sees().await, "You read 1 channel:\n[⏸ News of town]\n[⚙️ Rules for all]");
    ada.presses("⏸ News of town").await.hears().await;
    sees(&ada, "[▶️ Go on]").await;
    ada.presses("▶️ Go on").await.hears().await;
    sees(&ada, "[⏸ Pause]").await;
    ada.presses("🗑 Remove").await.hears().await;
    sees(&ada, "Stop reading *News of town*?").await;
    ada.presses("Yes").await.hears().await;
    sees(&ada, "removed").await;
    assert_eq!(house.database.number("SELECT readers FROM channels__channels").await, 0);
    ada.says("/list").await;
    sees(&ada, "You read no channel yet").await;
    close(house, ada).await;
}

/// Who has seen the rules and writes new ones at once need not look for a button first.
#[tokio::test]
async fn what_is_written_after_the_rules_were_shown_is_taken_as_rules() {
    let site = Previews::open().await;
    site.shows("town", &[old(1, "Flat to let, $900"), old(2, "Shoes")]);
    site.shows("shop", &[old(1, "Shoes")]);
    let house = House::opens(Database::sqlite(), &[site.plugin("")]).await;
    let ada = house.street.town.newcomer("Ada", "en").await;
    adds(&ada, "town").await;
    ada.says("/rules town").await;
    sees(&ada, "Rules for *News of town*").await;
    ada.says("+ flat\nprice: < cheap").await;
    sees(&ada, "❌ Line 2").await;
    ada.says("+ flat").await;
    let trial = sees(&ada, "Of the last 2 posts").await;
    assert!(trial.contains("1 would be passed on:"), "{trial}");
    assert_eq!(ada.presses("💾 Save").await.hears().await, "Saved.");
    assert_eq!(house.database.text("SELECT rules FROM channels__subscriptions").await, "+ flat");
    sees(&ada, "[✏️ Write]").await;

    // What is no rule is answered with what a rule looks like, once; then nobody waits for rules any more.
    ada.says("/rules town").await;
    sees(&ada, "Rules for *News of town*").await;
    ada.says("flats only").await;
    assert_eq!(
        ada.sees().await,
        "❌ Line 1: no rule begins with “flats only”.\n\nRight would be: `+ flat*, apartment`\n[✏️ Write]"
    );
    ada.presses("✏️ Write").await.hears().await;
    sees(&ada, "Send me the rules").await;
    ada.presses("Cancel").await.hears().await;
    sees(&ada, "+ flat").await;
    ada.says("- shoes").await;
    rests(&house, &ada).await;
    assert!(!ada.has_read().await.last().is_some_and(|last| last.contains("shoes")), "nobody has asked for rules");

    // A channel is a channel all the same.
    ada.says("/rules").await;
    sees(&ada, "Rules for all channels").await;
    adds(&ada, "shop").await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__subscriptions").await, 2);
    assert_eq!(house.database.text("SELECT rules FROM channels__subscribers").await, "");
    close(house, ada).await;
}
