//! What is said in private that is no channel and no rule: each is answered once and briefly, or is left to another plugin.

use serde_json::{Value, json};

use super::town::{Previews, adds, close, old, rests, sees};
use super::{bot, newest_person};
use crate::support::{Database, House, fixture, png};

/// Lets somebody forward something to the bot: what it is, and from where.
async fn forwards(house: &House, person: i64, number: i64, what: &Value, origin: &Value) {
    let mut message = json!({
        "message_id": number, "date": 2, "chat": {"id": person, "type": "private", "first_name": "Ada"},
        "from": {"id": person, "is_bot": false, "first_name": "Ada"}, "forward_origin": origin,
    });
    message.as_object_mut().expect("an object").extend(what.as_object().expect("an object").clone());
    house.street.town.post(&format!("/bots/{}/updates", bot()), json!({ "message": message })).await;
}

#[tokio::test]
async fn albums_and_forwards_are_answered_briefly() {
    let site = Previews::open().await;
    site.shows("town", &[old(1, "The first")]);
    let house = House::opens(Database::sqlite(), &[site.plugin("")]).await;
    let ada = house.street.town.newcomer("Ada", "en").await;
    let id = newest_person(&house).await;
    let help = "I read Telegram channels for you";
    let photos = [16, 17, 18].map(|side| png(side, [255, 0, 0]));
    let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
    ada.sends_photos(&photos, "the sea").await;
    assert!(ada.sees().await.starts_with(help));
    ada.sends_photos(&photos, "").await;

    // What comes from a person is from no channel.
    let person = json!({"type": "hidden_user", "date": 1, "sender_user_name": "Boris"});
    for number in [901, 902] {
        forwards(&house, id, number, &json!({"text": "look"}), &person).await;
        assert_eq!(ada.sees().await, "I see no channel that this was forwarded from. What I can do: /channels");
    }

    // Each picture of an album names the channel; it is read because of the first one, and the others say nothing new.
    let channel = json!({"id": -1_001_234_567_890_i64, "type": "channel", "title": "Town", "username": "town"});
    let channel = json!({"type": "channel", "date": 1, "message_id": 4, "chat": channel});
    let photo =
        json!({"media_group_id": "7", "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]});
    for number in [903, 904, 905] {
        forwards(&house, id, number, &photo, &channel).await;
    }
    sees(&ada, "read so far").await;
    rests(&house, &ada).await;
    let read = ada.has_read().await.join("\n");
    assert!(!read.contains("already"), "{read}");
    ada.says("hello").await;
    assert!(ada.sees().await.starts_with(help));
    close(house, ada).await;
}

#[tokio::test]
async fn rules_that_may_be_written_keep_nobody_from_something_else() {
    let site = Previews::open().await;
    site.shows("town", &[old(1, "Flat to let, $900"), old(2, "Shoes")]);
    let zoe = fixture("attend").named("zoe").with("me = \"zoe\"");
    let house = House::opens(Database::sqlite(), &[site.plugin(""), zoe]).await;
    let ada = house.street.town.newcomer("Ada", "en").await;
    adds(&ada, "town").await;

    // What begins with no rule is for whoever comes next, and so is all that follows.
    ada.says("/rules town").await;
    sees(&ada, "Rules for *News of town*").await;
    ada.says("zoe, is it far?").await;
    assert_eq!(ada.sees().await, "zoe answers: zoe, is it far?");
    ada.says("- shoes").await;
    assert_eq!(ada.sees().await, "zoe is the last: - shoes");
    ada.says("/rules town").await;
    sees(&ada, "Rules for *News of town*").await;
    ada.sends_photos(&[&png(16, [255, 0, 0])], "zoe, look").await;
    assert_eq!(ada.sees().await, "zoe answers: zoe, look");

    // Another command is something else, too.
    ada.says("/rules town").await;
    sees(&ada, "Rules for *News of town*").await;
    ada.says("/list").await;
    sees(&ada, "You read 1 channel").await;
    ada.says("+ flat").await;
    assert_eq!(ada.sees().await, "zoe is the last: + flat");

    // Rules that were tried can be saved, whatever was looked at since.
    ada.says("/rules town").await;
    sees(&ada, "Rules for *News of town*").await;
    ada.says("+ flat").await;
    sees(&ada, "[💾 Save]").await;
    ada.says("/rules").await;
    sees(&ada, "Rules for all channels").await;
    assert_eq!(ada.presses("💾 Save").await.hears().await, "Saved.");
    assert_eq!(house.database.text("SELECT rules FROM channels__subscriptions").await, "+ flat");
    close(house, ada).await;
}
