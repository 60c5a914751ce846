//! Texts and what Telegram makes of them.

use super::*;

/// The entities in one line: `kind[text]`.
fn shown(text: &Formatted) -> String {
    let entities = text.entities.iter().map(|entity| {
        let detail = match &entity.detail {
            Detail::None => String::new(),
            Detail::Url(text) | Detail::Language(text) | Detail::Emoji(text) => format!("={text}"),
            Detail::User(id) => format!("={id}"),
        };
        format!("{}[{}]{detail}", entity.kind, text.slice(entity))
    });
    entities.collect::<Vec<_>>().join(" ")
}

fn typed(text: &str) -> String {
    shown(&Formatted::typed(text))
}

fn parsed(mode: ParseMode, text: &str) -> String {
    match Formatted::parse(text, mode) {
        Ok(text) => format!("{} | {}", text.text, shown(&text)),
        Err(error) => error.description,
    }
}

#[test]
fn what_people_type() {
    for (text, expected) in [
        ("/start", "bot_command[/start]"),
        ("/start@my_bot payload", "bot_command[/start@my_bot]"),
        ("see /help, or /a/b and 1/2", "bot_command[/help]"),
        ("hi @somebody and @ab", "mention[@somebody]"),
        ("#תג #тег #1 a#b", "hashtag[#תג] hashtag[#тег]"),
        ("$USD $usd", "cashtag[$USD]"),
        ("https://example.org/a_(b)?c=d#e.", "url[https://example.org/a_(b)?c=d#e]"),
        ("(t.me/my_bot?start=x)", "url[t.me/my_bot?start=x]"),
        ("look at example.com, now", "url[example.com]"),
        ("http://127.0.0.1:8080/x and localhost", "url[http://127.0.0.1:8080/x]"),
        ("write to a.b@example.com!", "email[a.b@example.com]"),
        ("no.entity here, e.g. this", ""),
        ("tg://resolve?domain=x", "url[tg://resolve?domain=x]"),
        ("привет", ""),
    ] {
        assert_eq!(typed(text), expected, "{text}");
    }
}

#[test]
fn offsets_are_utf16_units() {
    let text = Formatted::typed("  😀 /go  ");
    assert_eq!(text.text, "😀 /go");
    assert_eq!((text.entities[0].offset, text.entities[0].length), (3, 3));
}

#[test]
fn html() {
    let html = |text| parsed(ParseMode::Html, text);
    assert_eq!(html("<b>bold <i>both</i></b> &lt;&amp;&#x41; &c"), "bold both <&A &c | bold[bold both] italic[both]");
    assert_eq!(html("<pre><code class=\"language-rs\">fn</code></pre>"), "fn | pre[fn]=rs");
    assert_eq!(html("<code class=\"language-rs\">fn</code>"), "fn | code[fn]");
    assert_eq!(
        html("<a href='https://example.org?a=1&amp;b=2'>x</a>"),
        "x | text_link[x]=https://example.org/?a=1&b=2"
    );
    assert_eq!(html("<a href=\"tg://user?id=7\">x</a>"), "x | text_mention[x]=7");
    assert_eq!(html("<blockquote expandable>q</blockquote>"), "q | expandable_blockquote[q]");
    assert_eq!(html("<span class=\"tg-spoiler\">s</span>"), "s | spoiler[s]");
    assert_eq!(
        html("<b>see https://example.org ok</b>"),
        concat!("see https://example.org ok | bold[see https://example.org ok] ", "url[https://example.org]")
    );
    for (text, error) in [
        ("<abac>", "Unsupported start tag \"abac\" at byte offset 0"),
        ("я<abac", "Unclosed start tag at byte offset 2"),
        ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
        ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
    ] {
        assert_eq!(html(text), format!("Bad Request: can't parse entities: {error}"), "{text}");
    }
}

#[test]
fn markdown_v2() {
    let v2 = |text| parsed(ParseMode::MarkdownV2, text);
    assert_eq!(
        v2("*bold _italic ~strike~_* __u__ ||s||"),
        concat!(
            "bold italic strike u s | bold[bold italic strike] italic[italic strike] ",
            "strikethrough[strike] underline[u] spoiler[s]"
        )
    );
    assert_eq!(v2("1\\.5 \\\\ `a\\`b`"), "1.5 \\ a`b | code[a`b]");
    assert_eq!(v2("```rs\nfn a() {}\n```"), "fn a() {} | pre[fn a() {}]=rs");
    assert_eq!(v2("[x](https://example.org/\\))"), "x | text_link[x]=https://example.org/)");
    assert_eq!(v2(">a\n>b\nc"), "a\nb\nc | blockquote[a\nb\n]");
    assert_eq!(v2(">a\n>b||"), "a\nb | expandable_blockquote[a\nb]");
    assert_eq!(v2("![👍](tg://emoji?id=5)"), "👍 | custom_emoji[👍]=5");
    for (text, error) in [
        ("a.b", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("🏟 🏟_abacaba", "Can't find end of Italic entity at byte offset 9"),
        ("🏟 🏟_abac * asd ", "Can't find end of Bold entity at byte offset 15"),
        ("🏟 🏟_abac * asd _", "Can't find end of Italic entity at byte offset 21"),
        ("🏟 🏟`", "Can't find end of Code entity at byte offset 9"),
        ("🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"),
        ("🏟 🏟__🏟 🏟_", "Can't find end of Italic entity at byte offset 20"),
        ("🏟 🏟_🏟 🏟__", "Can't find end of Underline entity at byte offset 19"),
    ] {
        assert_eq!(v2(text), format!("Bad Request: can't parse entities: {error}"), "{text}");
    }
}

#[test]
fn old_markdown() {
    let old = |text| parsed(ParseMode::Markdown, text);
    assert_eq!(
        old("*a.b* _c_ `d` [e](example.org) \\_ ."),
        "a.b c d e _ . | bold[a.b] italic[c] code[d] text_link[e]=http://example.org/"
    );
    assert_eq!(old("```\nx\n``` y"), "x\n y | pre[x\n]");
    let error = "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 2";
    assert_eq!(old("a *b"), error);
}

#[test]
fn given_entities_are_checked() {
    let given = |text: &str, entity: &str| {
        let entity = serde_json::from_str(entity).unwrap();
        Formatted::with_entities(text, &[entity]).map(|text| shown(&text)).map_err(|error| error.description)
    };
    assert_eq!(given("  hello  ", r#"{"type":"bold","offset":2,"length":5}"#), Ok("bold[hello]".into()));
    assert_eq!(given("/a", r#"{"type":"url","offset":0,"length":2}"#), Ok("bot_command[/a]".into()));
    let cut = given("Tap /start now", r#"{"type":"italic","offset":9,"length":3}"#);
    assert_eq!(cut, Ok("bot_command[/start] italic[t] italic[ n]".into()));
    for (entity, error) in [
        (
            r#"{"type":"bold","offset":0,"length":100}"#,
            "entity beginning at UTF-16 offset 0 ends after the end of the text",
        ),
        (r#"{"type":"bold","offset":100,"length":1}"#, "entity begins after the end of the text at UTF-16 offset 100"),
        (r#"{"type":"bold","offset":1,"length":1}"#, "entity begins in a middle of a UTF-16 symbol"),
        (r#"{"type":"new","offset":0,"length":1}"#, "can't parse MessageEntity: Unsupported type specified"),
        (r#"{"type":"bold","offset":-1,"length":1}"#, "can't parse MessageEntity"),
    ] {
        let answer = given("😀ab", entity).unwrap_err();
        assert!(answer.starts_with(&format!("Bad Request: {error}")), "{answer}");
    }
}
