use super::*;

const TWO_BOTS: &str = r#"# My bots
[database]
url = "sqlite://data/guesthouse.db"   # a file

[[bot]]
name = "main"
token = "${BOT_TOKEN}"
admins = [1, 2]

[bot.plugins.cards]
source = "bundled:cards"
grant = [
    "chat",   # it answers
    "tables",
]
priority = 3

[bot.plugins.cards.config]
page_size = 5
# more of it

# the other one
[[bot]]
name = "other"
token = "${OTHER_TOKEN}"

# that is all
"#;

fn grant(line: &str) -> Array {
    from_line(line).unwrap()
}

fn edited(text: &str, bot: &str, edit: impl Fn(&mut Document) -> anyhow::Result<()>) -> String {
    let mut document = Document::parse(text).unwrap();
    edit(&mut document).unwrap();
    document.text(bot, "notes").unwrap()
}

fn add(text: &str, bot: &str) -> String {
    let settings = [("greeting".to_owned(), "hi \"you\"".to_owned())].into();
    edited(text, bot, |document| document.add(bot, "notes", "plugins/a.wasm", &grant(r#"["chat"]"#), &settings))
}

const SECTION: &str = r#"[bot.plugins.notes]
source = "plugins/a.wasm"
grant = ["chat"]
config = { greeting = 'hi "you"' }
"#;

#[test]
fn a_section_is_added_behind_those_of_its_bot_and_nothing_else_changes() {
    assert_eq!(add(TWO_BOTS, "main"), TWO_BOTS.replace("page_size = 5\n", &format!("page_size = 5\n\n{SECTION}")));
    assert_eq!(add(TWO_BOTS, "other"), format!("{TWO_BOTS}\n{SECTION}"));
    assert_eq!(add("[[bot]]\nname = \"a\"\n", "a"), format!("[[bot]]\nname = \"a\"\n\n{SECTION}"));
}

#[test]
fn what_was_added_is_taken_out_again() {
    for bot in ["main", "other"] {
        assert_eq!(edited(&add(TWO_BOTS, bot), bot, |document| document.remove(bot, "notes")), TWO_BOTS);
    }
}

#[test]
fn what_stands_a_line_apart_stays_when_a_section_goes() {
    let section = "# of old\n\n# of cards\n[bot.plugins.cards]";
    let text = TWO_BOTS.replace("[bot.plugins.cards]", section).replace("# the other one", "\n# the other one");
    let mut document = Document::parse(&text).unwrap();
    document.remove("main", "cards").unwrap();
    let without = document.text("main", "cards").unwrap();
    assert!(without.contains("admins = [1, 2]\n\n# of old\n"), "{without}");
    assert!(!without.contains("of cards") && !without.contains("page_size"), "{without}");
    assert!(without.contains("# the other one\n[[bot]]\n") && without.ends_with("# that is all\n"), "{without}");
}

/// As editors on other systems write it.
#[test]
fn lines_end_as_they_did() {
    let text = TWO_BOTS.replace("[bot.plugins.cards]", "# of old\n\n# of cards\n[bot.plugins.cards]");
    let text = text.replace('\n', "\r\n");
    let mut document = Document::parse(&text).unwrap();
    document.remove("main", "cards").unwrap();
    let without = document.text("main", "cards").unwrap();
    assert_eq!(without.matches('\n').count(), without.matches("\r\n").count());
    assert!(without.contains("admins = [1, 2]\r\n\r\n# of old\r\n") && !without.contains("of cards"), "{without:?}");
    assert_eq!(add(&text, "other"), format!("{text}\r\n{}", SECTION.replace('\n', "\r\n")));
}

#[test]
fn a_section_is_changed_where_it_stands() {
    let mut document = Document::parse(TWO_BOTS).unwrap();
    let mut more = document.section("main", "cards").unwrap().grant;
    more.push(Value::from_iter([("http", grant(r#"["example.org"]"#))]));
    document.change("main", "cards", "plugins/b.wasm", Some(&more)).unwrap();
    document.set("main", "cards", &[("page_size".to_owned(), "7".to_owned())].into()).unwrap();
    let text = document.text("main", "cards").unwrap();
    assert!(text.contains("# it answers") && text.contains("priority = 3") && text.contains("# more of it"), "{text}");
    assert!(text.contains("source = \"plugins/b.wasm\"\n") && text.contains("page_size = \"7\"\n"), "{text}");
    let section = Document::parse(&text).unwrap().section("main", "cards").unwrap();
    assert_eq!(in_one_line(&section.grant), r#"["chat", "tables", { http = ["example.org"] }]"#);
    assert!(meaning(&section.grant).is_ok());
}

#[test]
fn it_is_read() {
    let document = Document::parse(TWO_BOTS).unwrap();
    assert_eq!((document.bots(), document.admins("main")), (vec!["main".into(), "other".into()], vec![1, 2]));
    assert_eq!(document.plugins("main"), ["cards"]);
    let section = document.section("main", "cards").unwrap();
    assert_eq!(
        (section.source.as_str(), in_one_line(&section.grant).as_str()),
        ("bundled:cards", r#"["chat", "tables"]"#)
    );
    assert_eq!(section.settings, [("page_size".to_owned(), "5".to_owned())].into());
    assert!(document.section("other", "cards").is_none());
}

#[test]
fn the_bot_that_is_meant() {
    let chosen = |text: &str, named| {
        choose_bot(&Document::parse(text).unwrap(), named).unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(chosen(TWO_BOTS, Some("other")), "other");
    assert_eq!(chosen(TWO_BOTS, None), "which bot?\nhint: add --bot and one of `main`, `other`");
    assert_eq!(chosen(TWO_BOTS, Some("no")), "the configuration has no bot `no`\nhint: it has `main`, `other`");
    assert_eq!(chosen("[[bot]]\nname = \"a\"\n", None), "a");
    assert_eq!(chosen("", None), "the configuration has no bot\nhint: add a [[bot]] with a name and a token");
}

#[test]
fn forms_that_are_not_edited_are_said_so() {
    let text = "bot = [{ name = \"a\" }]\n";
    let mut document = Document::parse(text).unwrap();
    let error = document.add("a", "notes", "plugins/a.wasm", &grant(r#"["chat"]"#), &BTreeMap::new()).unwrap_err();
    assert!(error.to_string().ends_with(r#"notes = { source = "plugins/a.wasm", grant = ["chat"] }"#), "{error}");
}
