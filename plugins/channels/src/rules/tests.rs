//! Rules as people write them, and what becomes of posts.

use super::*;

/// 2026-11-20T12:00:00Z
const TIME: i64 = 1_795_176_000_000;

fn subject(text: &str) -> Subject<'_> {
    Subject { text, media: &[], links: &[], forwarded: false, service: false, time: TIME }
}

fn rules(text: &str) -> Rules {
    parse(text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn judge(text: &str, subject: &Subject<'_>) -> Verdict {
    judge::judge(&Rules::default(), &rules(text), subject, &Finder::new())
}

fn takes(text: &str, post: &str) -> bool {
    judge(text, &subject(post)).taken
}

#[test]
fn no_rules_take_everything_but_what_telegram_writes() {
    assert!(takes("", "anything"));
    let service = Subject { service: true, ..subject("Channel created") };
    assert!(!judge("", &service).taken);
}

#[test]
fn words_are_whole_words_unless_they_go_on() {
    let post = "Two Flats to let, near the „City Park“";
    let table = [
        ("+ flats", true),
        ("+ flat", false),
        ("+ flat*", true),
        ("+ *lats", true),
        ("+ *lat*", true),
        ("+ city park", true),
        ("+ \"city, park\"", true),
        ("+ park city", false),
        ("+ house, flats", true),
        ("+ flats\n+ park", true),
        ("+ flats\n+ garden", false),
        ("- house", true),
        ("- house, flat*", false),
    ];
    for (rule, expected) in table {
        assert_eq!(takes(rule, post), expected, "{rule}");
    }
}

#[test]
fn words_are_folded_in_every_script() {
    assert!(takes("+ еще", "Ещё одна квартира"));
    assert!(takes("+ КВАРТИР*", "Сдаётся квартира"));
    assert!(takes("+ ש\"ח", "3,500 ש״ח כולל"));
    assert!(takes("+ שלום", "שָׁלוֹם לכולם"));
    assert!(takes("+ don't", "You don’t say"));
    assert!(takes("+ *דירה", "הדירה פנויה"));
}

#[test]
fn expressions_stand_between_slashes() {
    assert!(takes(r"+ /\d[,.]\d rooms?/", "2,5 Rooms"));
    assert!(takes("+ /a{2,3}/, b", "xaax"), "a comma within slashes separates nothing");
    assert!(!takes(r"- /rent(ed)? out/", "It is RENTED out"));
    assert!(takes(r"+ /\p{Cyrillic}/", "мир"));
}

#[test]
fn an_expression_cannot_take_long() {
    let evil = "a".repeat(50_000);
    assert!(!takes("+ /(a*)*b/", &evil));
    let error = |rule: &str| parse(rule).map(|_| ()).map_err(|error| error.problem);
    assert_eq!(error(r"+ /\w{900}/"), Err(Problem::TooHeavy));
    assert_eq!(error(&format!("+ /{}/", "a".repeat(301))), Err(Problem::TooHeavy));
    assert_eq!(error(&format!("+ {}", "a, ".repeat(101))), Err(Problem::TooMuch));
    assert_eq!(error(&"+ a\n".repeat(61)), Err(Problem::TooMuch));
}

#[test]
fn tags_languages_and_lengths_decide() {
    let post = "The old mill at the river is open again #Mill #news";
    let table = [
        ("tags: #mill", true),
        ("tags: mill, other", true),
        ("tags: #other", false),
        ("tags: -#news", false),
        ("tags: #mill, -#ad", true),
        ("lang: en", true),
        ("lang: russian, hebrew", false),
        ("lang: -en", false),
        ("язык: английский", true),
        ("length: 20-100", true),
        ("length: > 100", false),
        ("length: 20+", true),
        ("length: <= 10", false),
    ];
    for (rule, expected) in table {
        assert_eq!(takes(rule, post), expected, "{rule}");
    }
    assert!(!takes("lang: en", "👍"), "no text is in no language");
    assert!(takes("lang: -en", "👍"));
}

#[test]
fn media_decide() {
    let album = Subject { media: &[MediaKind::Video, MediaKind::Photo], ..subject("") };
    let table = [
        ("photo", true),
        ("photos, polls", true),
        ("poll", false),
        ("-video", false),
        ("text", false),
        ("-text", true),
    ];
    for (rule, expected) in table {
        assert_eq!(judge(&format!("media: {rule}"), &album).taken, expected, "{rule}");
    }
    assert!(takes("media: text", "words alone"));
    assert!(!takes("media: photo", "words alone"));
}

#[test]
fn prices_decide_in_their_currency() {
    let post = "Flat, $1,250 a month, or 45 000 ₽";
    let table = [
        ("price: < 1500", true),
        ("price: 1000-1300 usd", true),
        ("price: 1000-1300 rub", false),
        ("price: > 40000 руб", true),
        ("price: <= $1250", true),
        ("price: < $1250", false),
        ("price: 1000+ usd", true),
        ("цена: 40 000–50 000 ₽", true),
        ("price: < 100 eur", false),
    ];
    for (rule, expected) in table {
        assert_eq!(takes(rule, post), expected, "{rule}");
    }
    assert!(!takes("price: < 100", "no price at all"));
}

#[test]
fn forwarded_posts_are_wanted_or_not() {
    let forwarded = Subject { forwarded: true, ..subject("a") };
    assert!(!judge("forwarded: no", &forwarded).taken);
    assert!(judge("forwarded: only", &forwarded).taken);
    assert!(!takes("forwarded: only", "a"));
}

#[test]
fn a_verdict_says_which_line_and_which_part() {
    let verdict =
        judge("+ flat*\n\n// a remark\n- sold, rented\nlang: en", &subject("Two flats at the river, both sold"));
    assert!(!verdict.taken);
    let checks: Vec<_> =
        verdict.checks.iter().map(|check| (check.line, check.passed, check.found.as_deref())).collect();
    assert_eq!(checks[..2], [(1, true, Some("flats")), (4, false, Some("sold"))]);
    assert_eq!(verdict.reason().map(|check| check.source.as_str()), Some("- sold, rented"));
}

#[test]
fn rules_for_all_channels_come_first() {
    let all = rules("- advertisement\nwhen: hourly\ntake: price");
    let own = rules("+ shoes\ntake: phone");
    let post = subject("Advertisement: the best shoes");
    let verdict = judge::judge(&all, &own, &post, &Finder::new());
    assert!(verdict.reason().is_some_and(|check| check.for_all && check.line == 1));
    assert_eq!((own.when(&all), rules("when: now").when(&all)), (When::Hourly, When::Now));
    assert_eq!(own.takes(&all).len(), 2);
}

#[test]
fn fields_are_kept_by_their_names() {
    let rules = rules("take: price, phones, date, link, tag\ntake rooms = /(\\d) rooms/\ntake Street = /at (\\w+)/");
    let links = ["https://example.org/1".to_owned()];
    let post =
        Subject { links: &links, ..subject("3 rooms at Mill Road, $1,250, from 1 December. +44 20 7946 0104 #flat") };
    let none = Rules::default();
    let kept = judge::extract(&rules.takes(&none), &post, &Finder::new());
    let kept: Vec<(&str, &str)> = kept.iter().map(|(name, found)| (name.as_str(), found[0].as_str())).collect();
    assert_eq!(
        kept,
        [
            ("date", "2026-12-01"),
            ("link", "https://example.org/1"),
            ("phone", "+442079460104"),
            ("price", "1250 USD"),
            ("rooms", "3"),
            ("street", "Mill"),
            ("tag", "flat"),
        ]
    );
}

#[test]
fn a_template_may_name_what_a_later_line_keeps() {
    let rules = rules(
        "show: {rooms} rooms for {price}\ntake rooms = /(\\d) rooms/\nreplace: Flat -> House\nreplace: /\\s+/ -> \" \"",
    );
    let shown = rules.show.expect("a template").part.fill(|place| place.into());
    assert_eq!(shown.content, "rooms rooms for price");
    assert_eq!(rules.replace.len(), 2);
}

#[test]
fn what_cannot_be_read_is_named_with_an_example_that_can() {
    let table = [
        ("flats", "flats", Problem::UnknownKey),
        ("colour: red", "colour", Problem::UnknownKey),
        ("+", "", Problem::Empty),
        ("+ ...", "...", Problem::Empty),
        ("+ /(/", "(", Problem::NoRegex),
        ("lang: klingon", "klingon", Problem::UnknownLanguage),
        ("media: smell", "smell", Problem::UnknownMedia),
        ("length: long", "long", Problem::NoRange),
        ("length: 100-50", "100-50", Problem::NoRange),
        ("price: < 5 bananas", "bananas", Problem::NoRange),
        ("price: cheap", "cheap", Problem::NoRange),
        ("take: colour", "colour", Problem::UnknownField),
        ("take price = /x/", "price", Problem::UnknownField),
        ("replace: a b", "a b", Problem::NoArrow),
        ("show: {colour}", "{colour}", Problem::UnknownPlace),
        ("when: tomorrow", "tomorrow", Problem::NoTime),
        ("when: daily 25:00", "25:00", Problem::NoTime),
        ("quiet: 23:00", "23:00", Problem::NoTime),
        ("quiet: 7-7", "7-7", Problem::NoTime),
        ("zone: Mars", "Mars", Problem::NoTime),
        ("forwarded: maybe", "maybe", Problem::NoChoice),
        ("when: now\nwhen: hourly", "when: hourly", Problem::Twice),
    ];
    for (text, piece, problem) in table {
        let error = parse(text).map(|_| ()).expect_err(text);
        assert_eq!((error.piece.as_str(), error.problem), (piece, problem), "{text}");
        assert_eq!(error.line, text.lines().count());
        parse(error.example).unwrap_or_else(|error| panic!("the example is wrong: {error:?}"));
    }
}

#[test]
fn a_line_can_be_put_in_the_place_of_another_one() {
    let text = "+ flat\nкогда: сразу\n- sold";
    assert_eq!(with_line(text, "when", Some("when: hourly")), "+ flat\nwhen: hourly\n- sold");
    assert_eq!(with_line(text, "when", None), "+ flat\n- sold");
    assert_eq!(with_line(text, "media", Some("media: photo")), "+ flat\nкогда: сразу\n- sold\nmedia: photo");
    assert_eq!(with_line("", "media", Some("media: photo")), "media: photo");
    assert_eq!((value_of(text, "when"), value_of(text, "media")), (Some("сразу"), None));
}

#[test]
fn all_of_the_manual_can_be_read() {
    let manual = include_str!("../rules.rs");
    let examples = manual.split("```text\n").nth(1).and_then(|rest| rest.split("//! ```").next()).expect("a manual");
    let lines = examples.lines().map(|line| line.trim_start_matches("//! "));
    let text: Vec<&str> = lines.map(|line| line.split("  ").next().unwrap_or_default()).collect();
    let rules = rules(&text.join("\n"));
    assert_eq!((rules.conditions.len(), rules.take.len(), rules.replace.len()), (8, 3, 1));
    assert!(rules.show.is_some() && rules.when.is_some() && rules.quiet.is_some());
}
