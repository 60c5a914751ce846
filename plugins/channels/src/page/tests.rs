//! One test for each kind of post, with pages of our own that have Telegram's structure.

use guesthouse_plugin::EntityKind;

use super::*;

const KINDS: &str = include_str!("../../fixtures/kinds.html");

fn page(html: &str) -> Page {
    match read(html) {
        Reading::Page(page) => page,
        other => panic!("no page: {other:?}"),
    }
}

fn post(number: i64) -> Post {
    page(KINDS).posts.into_iter().find(|post| post.number == number).unwrap_or_else(|| panic!("no post {number}"))
}

/// The only piece of media of a post.
fn media(number: i64) -> Media {
    let media = post(number).media;
    assert_eq!(media.len(), 1, "{media:?}");
    media.into_iter().next().expect("one")
}

fn said(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_page_names_its_channel_and_the_way_back() {
    let kinds = page(KINDS);
    let channel = Channel { name: said("kinds"), title: said("Town & News 👍"), subscribers: Some(12_400) };
    assert_eq!((kinds.channel, kinds.before), (channel, Some(1)));
    // 5 and 6 are parts of the album 4.
    let numbers: Vec<i64> = kinds.posts.iter().map(|post| post.number).collect();
    let expected: Vec<i64> = (1..=32).filter(|number| ![5, 6].contains(number)).collect();
    assert_eq!(numbers, expected);
    assert!(kinds.posts.iter().all(|post| post.channel == "kinds" && post.time == 1_790_848_800_000));
    assert_eq!(page(include_str!("../../fixtures/town-before-104.html")).before, None);
}

#[test]
fn a_service_message_is_one_and_has_no_views() {
    let created = post(1);
    assert_eq!((created.text.content.as_str(), created.service, created.views), ("Channel created", true, None));
    let pinned = post(29);
    assert_eq!((pinned.text.content.as_str(), pinned.service), ("Town News pinned «Market day»", true));
}

#[test]
fn a_text_keeps_its_formatting_and_its_links() {
    let post = post(2);
    assert_eq!(
        post.text.content,
        "Market day\n\nEverything for the garden: tools, plants and a surprise 👍\nAsk @town_helper, read the programme or \
         https://example.org/map!\n#market #рынок"
    );
    let link = "https://example.org/market?day=1&hall=2";
    let parts: Vec<_> = post.text.entities.iter().map(|part| (&part.kind, post.text.part(part))).collect();
    assert_eq!(
        parts,
        [
            (&EntityKind::Bold, "Market day\n\n"),
            (&EntityKind::Italic, "garden"),
            (&EntityKind::Underline, "tools"),
            (&EntityKind::Strikethrough, "plants"),
            (&EntityKind::Spoiler, "a surprise"),
            (&EntityKind::TextLink(link.into()), "the programme"),
        ]
    );
    assert_eq!(post.links, [link, "https://example.org/map"]);
    assert_eq!((post.views, post.edited, post.author), (Some(1_200), false, None));
}

#[test]
fn code_and_quotes_stand_on_their_own_lines() {
    let text = post(30).text;
    assert_eq!(text.content, "Run town --help first:\ntown open\ntown close\nDoors are open\nuntil noon\nBye");
    assert!(text.entities.iter().any(|part| part.kind == EntityKind::Pre(Some("sh".into()))));
    assert!(text.entities.iter().any(|part| part.kind == EntityKind::Blockquote));
}

#[test]
fn an_emoji_alone_is_a_text() {
    assert_eq!(post(32).text.content, "👍");
}

#[test]
fn a_photo_is_in_a_style() {
    let photo = Media { url: said("https://cdn.example.org/file/photo.jpg"), ..Media::of(MediaKind::Photo) };
    assert_eq!(media(3), photo);
    assert_eq!(post(3).text.content, "A new bench in the park\n#park");
}

#[test]
fn an_album_is_one_post_with_one_caption() {
    let album = post(4);
    let kinds: Vec<_> = album.media.iter().map(|media| media.kind).collect();
    assert_eq!(kinds, [MediaKind::Video, MediaKind::Photo, MediaKind::Photo]);
    assert_eq!(album.text.content, "דירה להשכרה, 3 חדרים\n3,500 ש״ח לחודש\n050-000-0001");
}

#[test]
fn videos_are_told_from_gifs_and_from_those_that_are_too_big() {
    let video = media(7);
    assert_eq!((video.kind, video.seconds), (MediaKind::Video, Some(3723)));
    assert_eq!(video.url, said("https://cdn.example.org/file/video.mp4?token=1"));
    assert_eq!(media(8).kind, MediaKind::Gif);
    let big = media(9);
    assert_eq!((big.kind, big.url), (MediaKind::Video, said("https://cdn.example.org/file/big.jpg")));
    assert!(!post(7).hidden && !post(9).hidden, "a player says of itself that it may not be supported");
}

#[test]
fn files_and_music_are_told_apart() {
    let file = media(10);
    assert_eq!((file.kind, file.title, file.detail), (MediaKind::Document, said("Budget 2027.pdf"), said("2.1 MB")));
    let music = media(11);
    assert_eq!(
        (music.kind, music.title, music.detail),
        (MediaKind::Audio, said("March of the mill"), said("The town band"))
    );
}

#[test]
fn voice_and_round_video_have_a_length() {
    assert_eq!((media(12).kind, media(12).seconds), (MediaKind::Voice, Some(1660)));
    assert_eq!((media(13).kind, media(13).seconds), (MediaKind::Round, Some(5)));
}

#[test]
fn stickers_move_or_not() {
    assert_eq!((media(14).kind, media(14).url), (MediaKind::Sticker, said("https://cdn.example.org/file/sticker.tgs")));
    assert_eq!(
        (media(15).kind, media(15).url),
        (MediaKind::Sticker, said("https://cdn.example.org/file/sticker.webp"))
    );
    assert!(!post(14).hidden);
}

#[test]
fn polls_and_quizzes_have_options_and_voters() {
    let poll = media(16);
    assert_eq!(poll.title, said("Where should the fountain stand?"));
    let options = vec![("At the market".to_owned(), 16), ("In the park".to_owned(), 84)];
    assert_eq!(poll.poll, Some(Poll { quiz: false, options, voters: Some(1_100) }));
    let quiz = media(17).poll.expect("a quiz");
    assert!(quiz.quiz && quiz.voters == Some(0));
}

#[test]
fn places_contacts_games_and_invoices_say_what_they_are() {
    assert_eq!((media(18).kind, media(18).detail), (MediaKind::Location, said("51.477928,-0.001545")));
    let contact = media(19);
    assert_eq!(
        (contact.kind, contact.title, contact.detail),
        (MediaKind::Contact, said("Town hall"), said("+44 20 7946 0000"))
    );
    let kinds: Vec<_> = post(31).media.into_iter().map(|media| (media.kind, media.title)).collect();
    assert_eq!(kinds, [(MediaKind::Invoice, said("A ticket")), (MediaKind::Game, said("Chess"))]);
}

#[test]
fn a_forwarded_post_says_from_where() {
    let public = Source { name: "Village Post".into(), url: said("https://t.me/village/203") };
    assert_eq!(post(20).forwarded, Some(public));
    let hidden = post(21);
    assert_eq!(hidden.forwarded, Some(Source { name: "Somebody".into(), url: None }));
    assert_eq!((hidden.via, hidden.text.content.as_str()), (said("via @gif"), ";)"));
}

#[test]
fn a_reply_keeps_its_own_text_apart() {
    let reply = post(22);
    assert_eq!(reply.reply, Some(Reply { number: Some(3), text: "A new bench in the park".into() }));
    assert_eq!(reply.text.content, "It has been painted");
    // As in 2018, with the quoted text in the same class as the own one.
    let old = post(23);
    assert_eq!(old.text.content, "It rains: the market is off");
    assert_eq!(old.reply.map(|reply| reply.number), Some(Some(2)));
    assert_eq!((old.edited, old.author), (true, said("The mayor")));
}

#[test]
fn a_link_preview_is_kept_and_its_link_counted_once() {
    let post = post(24);
    let preview = post.preview.expect("a preview");
    assert_eq!((preview.site, preview.title), (said("Example News"), said("A fountain for the town")));
    assert_eq!(preview.description, said("After a long talkit is decided."));
    assert_eq!(preview.image, said("https://cdn.example.org/file/preview.jpg"));
    assert_eq!(post.links, ["https://news.example.org/fountain"]);
    assert_eq!(self::post(28).links, ["https://petition.example.org/?id=7"], "that of a button");
}

#[test]
fn what_the_page_does_not_show_is_said() {
    // Shown, beside a block for browsers that cannot.
    let shown = post(25);
    assert_eq!((shown.text.content.as_str(), shown.hidden, shown.media.len()), ("🤖 Robots mow the lawn", false, 0));
    assert_eq!((shown.views, shown.author), (Some(8_670_000), said("Ada Mill")));
    let wholly = post(26);
    assert!(wholly.hidden && wholly.text.is_empty());
    assert_eq!(media(26).kind, MediaKind::Unsupported);
    let partly = post(27);
    assert_eq!((partly.hidden, partly.text.content.as_str()), (true, "Only the words are shown"));
}

#[test]
fn a_channel_without_posts_is_a_page() {
    let empty = page(include_str!("../../fixtures/empty.html"));
    assert_eq!((empty.posts.len(), empty.channel.title), (0, said("Nothing yet")));
}

#[test]
fn what_stands_where_there_is_no_preview_is_told_apart() {
    let landing = |html| match read(html) {
        Reading::NoPreview(landing) => Some(landing),
        _ => None,
    };
    assert_eq!(landing(include_str!("../../fixtures/landing-channel.html")), Some(Landing::Channel));
    assert_eq!(landing(include_str!("../../fixtures/landing-group.html")), Some(Landing::Group));
    assert_eq!(landing(include_str!("../../fixtures/landing-bot.html")), Some(Landing::Bot));
    assert_eq!(landing(include_str!("../../fixtures/landing-nobody.html")), Some(Landing::Nobody));
}

#[test]
fn a_page_that_has_changed_raises_the_alarm() {
    let drift = |html: &str| match read(html) {
        Reading::Changed(drift) => Some(drift),
        _ => None,
    };
    assert_eq!(drift(include_str!("../../fixtures/changed-classes.html")), Some(Drift::NoPosts));
    assert_eq!(drift(include_str!("../../fixtures/changed-times.html")), Some(Drift::NoTimes(5, 5)));
    assert_eq!(drift(include_str!("../../fixtures/changed-content.html")), Some(Drift::NoContent(5, 5)));
    assert_eq!(
        drift(&KINDS.replace("data-post=", "data-x=").replace("https://t.me/kinds/", "https://t.me/")),
        Some(Drift::NoNumbers(30, 30))
    );
    assert_eq!(drift("<html><body><h1>502</h1></body></html>"), Some(Drift::UnknownPage));
    assert_eq!(drift(""), Some(Drift::UnknownPage));
}

#[test]
fn a_page_cut_in_half_gives_what_is_whole() {
    // Not on a boundary of characters, as a limit would cut it.
    let bytes = &KINDS.as_bytes()[..KINDS.len() / 2];
    assert!(!page(&String::from_utf8_lossy(bytes)).posts.is_empty());
}
