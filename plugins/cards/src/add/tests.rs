//! Answers in the order in which people give them, and in every other.

use guesthouse_plugin::{Chat, ChatKind, Document, File, Photo, Text};

use super::*;

fn file(id: &str) -> File {
    File { id: id.into(), unique_id: id.into(), size: Some(1000) }
}

fn with(content: Content, text: &str, album: Option<&str>) -> Message {
    Message {
        id: 1,
        chat: Chat { id: 7, kind: ChatKind::Private, title: "Ada".into(), username: None },
        sender: None,
        sender_chat: None,
        date: 0,
        edited: None,
        topic: None,
        reply_to: None,
        album: album.map(Into::into),
        forwarded: false,
        text: Text::from(text),
        content,
    }
}

fn photo(id: &str, caption: &str, album: Option<&str>) -> Message {
    with(Content::Photo(Photo { file: file(id), width: 800, height: 600 }), caption, album)
}

fn document(id: &str, mime_type: &str) -> Message {
    let document = Document { file: file(id), name: None, mime_type: Some(mime_type.into()) };
    with(Content::Document(document), "", None)
}

fn words(text: &str) -> Message {
    with(Content::Text, text, None)
}

fn draft() -> Draft {
    Draft {
        id: 1,
        until: 0,
        step: Step::Photo,
        photo: None,
        name: None,
        description: None,
        packaged: None,
        album: None,
        refused: None,
        prompt: None,
    }
}

fn is(id: &str) -> Option<Picture> {
    Some(Picture::Photo(id.into()))
}

#[test]
fn the_four_answers_make_a_card() {
    let mut draft = draft();
    assert_eq!(take(&mut draft, &photo("a", "", None)), Taken::Next(None));
    assert_eq!(draft.step, Step::Name);
    assert_eq!(take(&mut draft, &words("  The \n Dragon ")), Taken::Next(None));
    assert_eq!(take(&mut draft, &words("Breathes fire.\n\nTwice. ")), Taken::Next(None));
    assert!(!draft.is_complete());
    assert_eq!(take(&mut draft, &photo("b", "ignored", None)), Taken::Next(None));
    assert!(draft.is_complete());
    assert_eq!((draft.photo, draft.packaged), (is("a"), is("b")));
    assert_eq!(draft.name.as_deref(), Some("The Dragon"));
    assert_eq!(draft.description.as_deref(), Some("Breathes fire.\n\nTwice."));
}

#[test]
fn a_wrong_kind_of_answer_changes_nothing() {
    let sticker = with(Content::Other(r#"{"sticker":{"emoji":"🐉"}}"#.into()), "", None);
    let plain = |key| Taken::Again(Remark::Plain(key));
    let mut draft = draft();
    let before = draft.clone();
    for (message, key) in [
        (words("Dragon"), "not-a-photo"),
        (sticker.clone(), "not-a-photo"),
        (document("x", "application/pdf"), "not-a-picture-file"),
        (document("x", "image/svg+xml"), "not-a-picture-file"),
    ] {
        assert_eq!(take(&mut draft, &message), plain(key));
        assert_eq!(draft, before);
    }
    take(&mut draft, &photo("a", "", None));
    assert_eq!(take(&mut draft, &photo("b", "", None)), plain("not-a-name"));
    assert_eq!(take(&mut draft, &sticker), plain("not-a-name"));
    assert_eq!(take(&mut draft, &words("/foo")), plain("no-such-command"));
    assert_eq!(take(&mut draft, &words("\u{202e} \n")), plain("not-a-name"));
    take(&mut draft, &words("Dragon"));
    assert_eq!(take(&mut draft, &sticker), plain("not-a-description"));
    assert_eq!(draft.step, Step::Description);
}

#[test]
fn what_is_too_long_is_said_with_its_length() {
    let mut draft = draft();
    take(&mut draft, &photo("a", "", None));
    let too_long = |key, count, limit| Taken::Again(Remark::TooLong(key, count, limit));
    assert_eq!(take(&mut draft, &words(&"n".repeat(101))), too_long("name-too-long", 101, 100));
    assert_eq!(take(&mut draft, &words(&"😀".repeat(51))), too_long("name-too-long", 102, 100));
    assert_eq!(take(&mut draft, &words(&"n".repeat(100))), Taken::Next(None));
    assert_eq!(take(&mut draft, &words(&"d".repeat(801))), too_long("description-too-long", 801, 800));
    assert_eq!(take(&mut draft, &words(&"d".repeat(800))), Taken::Next(None));
}

#[test]
fn a_caption_is_the_name() {
    let mut first = draft();
    assert_eq!(
        take(&mut first, &photo("a", "Dragon", None)),
        Taken::Next(Some(Remark::Named("name-from-caption", "Dragon".into())))
    );
    assert_eq!(first.step, Step::Description);
    let mut second = draft();
    assert_eq!(
        take(&mut second, &photo("a", &"n".repeat(200), None)),
        Taken::Next(Some(Remark::TooLong("caption-too-long", 200, 100)))
    );
    assert_eq!(second.step, Step::Name);
}

#[test]
fn an_album_is_taken_in_order() {
    let mut draft = draft();
    assert_eq!(take(&mut draft, &photo("a", "", Some("A"))), Taken::Next(None));
    assert_eq!(take(&mut draft, &photo("b", "", Some("A"))), Taken::AlsoPackaged);
    assert_eq!(take(&mut draft, &photo("c", "", Some("A"))), Taken::TooMany);
    assert_eq!(draft.step, Step::Name);
    take(&mut draft, &words("Dragon"));
    assert!(!draft.is_complete(), "the description is still due");
    take(&mut draft, &words("Fire"));
    assert!(draft.is_complete(), "the packaged photo came with the album");
    assert_eq!((draft.photo, draft.packaged), (is("a"), is("b")));
}

#[test]
fn an_album_that_comes_late_completes_the_card() {
    let mut draft = draft();
    take(&mut draft, &photo("a", "Dragon", Some("A")));
    take(&mut draft, &words("Fire"));
    assert_eq!(draft.step, Step::Packaged);
    assert_eq!(take(&mut draft, &photo("b", "", Some("A"))), Taken::AlsoPackaged);
    assert!(draft.is_complete());
}

#[test]
fn an_album_that_is_no_answer_is_refused_once() {
    let mut draft = draft();
    take(&mut draft, &photo("a", "", None));
    assert_eq!(take(&mut draft, &photo("b", "", Some("B"))), Taken::Again(Remark::Plain("not-a-name")));
    draft.refused = Some("B".into());
    assert_eq!(take(&mut draft, &photo("c", "", Some("B"))), Taken::Ignored);
    assert_eq!(take(&mut draft, &photo("d", "", Some("D"))), Taken::Again(Remark::Plain("not-a-name")));
}

#[test]
fn pictures_may_come_as_files() {
    let mut draft = draft();
    take(&mut draft, &document("a", "image/png"));
    assert_eq!(draft.photo, Some(Picture::Document("a".into())));
}

#[test]
fn marks_that_turn_text_about_are_left_out() {
    assert_eq!(name("a\u{202e}b\u{2066}c"), Ok("abc".to_owned()));
    assert_eq!(name("👨\u{200d}👩"), Ok("👨\u{200d}👩".to_owned()), "a joiner is part of the picture");
    assert_eq!(description("one\u{0}\r\ntwo"), Ok("one\ntwo".to_owned()));
}

#[test]
fn a_name_that_nobody_can_see_is_none() {
    let none = Err(Remark::Plain("not-a-name"));
    for text in [
        "\u{200b}",
        "\u{3164}",
        "\u{2800} \u{200d}",
        "\u{ad}\u{34f}",
        "\u{115f}\u{1160}\u{ffa0}",
        "\u{fe0f}\u{e0041}",
        "",
    ] {
        assert_eq!(name(text), none, "{text:?}");
        assert_eq!(description(text), Err(Remark::Plain("not-a-description")), "{text:?}");
    }
    for text in ["a\u{200b}", "❤\u{fe0f}", "한", "."] {
        assert_eq!(name(text), Ok(text.to_owned()));
    }
}

#[test]
fn a_file_is_looked_at_where_a_picture_is_due() {
    let mut draft = draft();
    let of = |album: Option<&str>| photo("a", "", album);
    assert!(draft.awaits_picture(&of(None)) && draft.awaits_picture(&of(Some("A"))));
    (draft.step, draft.album) = (Step::Name, Some("A".into()));
    assert!(!draft.awaits_picture(&of(None)) && !draft.awaits_picture(&of(Some("B"))));
    assert!(draft.awaits_picture(&of(Some("A"))), "the second picture of the album");
    (draft.step, draft.refused) = (Step::Packaged, Some("A".into()));
    assert!(!draft.awaits_picture(&of(Some("A"))), "refused already");
}
