//! What people mistype, change afterwards, send under a false name, or send two of.

use super::{add_card, cards, last_code, sees_at_last};
use crate::support::{Database, House, png};

#[tokio::test]
async fn slips_of_admins_are_answered_and_nothing_wrong_is_taken() {
    for database in Database::each().await {
        let house = House::opens(database, &[cards()]).await;
        let admin = house.admin();
        admin.says("/admin").await;
        admin.sees().await;
        admin.presses("➕ Add card").await.hears().await;
        admin.sees().await;
        admin.sends_document("false.png", b"random bytes that call themselves a picture", "").await;
        assert_eq!(
            admin.sees().await,
            "This file is not a picture. I take JPEG, PNG, WebP and HEIC.\n\nSend the photo of the card.\n[Cancel]"
        );
        admin.sends_document("real.png", &png(64, [200, 0, 0]), "").await;
        let asked = "Send the name of the card, up to 100 characters.\n[Cancel]";
        assert_eq!(admin.sees().await, asked);
        admin.says("\u{3164}").await;
        assert_eq!(admin.sees().await, format!("I need a name in writing here.\n\n{asked}"), "nobody can see it");
        let name = admin.says("Ambre").await;
        let asked = "Send a description, up to 800 characters, or skip it.\n[Skip] [Cancel]";
        assert_eq!(admin.sees().await, asked);
        admin.edits(name, "Amber").await;
        let remark = "A change to a message does not count. Please send what you mean as a new message.";
        assert_eq!(admin.sees().await, format!("{remark}\n\n{asked}"));
        admin.presses("Skip").await.hears().await;
        admin.sees().await;
        admin.presses("Skip").await.hears().await;
        sees_at_last(&admin, "has been added").await;
        assert_eq!(house.database.text("SELECT name FROM cards__cards").await, "Ambre");

        // The same where a card is changed.
        admin.presses("Open the card").await.hears().await;
        sees_at_last(&admin, "[Edit]").await;
        admin.presses("Edit").await.hears().await;
        sees_at_last(&admin, "shall be changed?").await;
        admin.presses("Photo").await.hears().await;
        let asked = sees_at_last(&admin, "send the new photo").await;
        let asked = asked.trim_start_matches("(edited)\n");
        admin.edits(name, "Amber").await;
        assert_eq!(admin.sees().await, format!("{remark}\n\n{asked}"));
        admin.sends_document("false.png", b"random bytes again", "").await;
        let refused = "This file is not a picture. I take JPEG, PNG, WebP and HEIC.";
        assert_eq!(admin.sees().await, format!("{refused}\n\n{asked}"));
        admin.sends_photos(&[&png(64, [0, 0, 200])], "").await;
        assert_eq!(admin.sees().await, "Saved.");
        sees_at_last(&admin, "[Edit]").await;
        // Outside of a dialogue a change of something else says nothing.
        admin.edits(name, "Ambergris").await;
        admin.says("hello").await;
        assert!(admin.sees().await.starts_with("To check a card, send me its code"));
        house.closes([admin]).await;
    }
}

#[tokio::test]
async fn a_corrected_code_is_checked_and_so_are_two_at_once() {
    for database in Database::each().await {
        let house = House::opens(database, &[cards()]).await;
        let (admin, buyer) = (house.admin(), house.person(1002));
        add_card(&admin, "Amber").await;
        let one = last_code(&house).await;
        add_card(&admin, "Jade").await;
        let two = last_code(&house).await;

        let typo = buyer.says(&one[..19]).await;
        assert!(buyer.sees().await.starts_with("⚠️ This is not a complete code"));
        buyer.edits(typo, &one).await;
        let answer = buyer.sees().await;
        assert!(answer.contains("✅ *Amber*") && answer.contains("This is the first check"), "{answer}");
        // It was counted; another change of the same message is no other check.
        buyer.edits(typo, &format!("please: {one}")).await;
        buyer.says(&format!("{one}\n{two} and {one} again")).await;
        let answers = [buyer.sees().await, buyer.sees().await];
        assert!(answers[0].contains("✅ *Amber*") && answers[0].contains("Checked 2 times"), "{answers:?}");
        assert!(answers[1].contains("✅ *Jade*") && answers[1].contains("This is the first check"), "{answers:?}");
        buyer.says("hello").await;
        assert!(buyer.sees().await.starts_with("To check a card, send me its code"), "and nothing else was answered");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM cards__checks").await, 3);
        house.closes([admin, buyer]).await;
    }
}

#[tokio::test]
async fn a_picture_without_a_code_is_answered_where_nobody_else_would() {
    let house = House::opens(Database::sqlite(), &[cards()]).await;
    let buyer = house.person(1002);
    let red = png(64, [200, 0, 0]);
    buyer.sends_photos(&[&red], "").await;
    assert!(buyer.sees().await.starts_with("I see no QR code on this picture."));
    buyer.sends_document("red.png", &red, "").await;
    assert!(buyer.sees().await.starts_with("I see no QR code on this picture."));
    buyer.sends_document("broken.png", b"random bytes that call themselves a picture", "").await;
    assert!(buyer.sees().await.starts_with("I cannot read this picture."));
    buyer.sends_document("large.png", &vec![7; 6 << 20], "").await;
    assert!(buyer.sees().await.starts_with("This picture is too large for me."));
    buyer.sends_document("notes.txt", b"notes", "").await;
    assert!(buyer.sees().await.starts_with("This file is not a picture."));
    house.closes([buyer]).await;
}
