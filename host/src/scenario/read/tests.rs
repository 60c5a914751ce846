//! What is wrong with a file, and where.

use super::*;

fn parse(text: &str) -> Result<File, String> {
    File::parse(Path::new("a.toml"), text.into()).map_err(|problem| problem.to_string())
}

fn problem(text: &str) -> String {
    parse(text).map(|file| format!("{file:?}")).unwrap_err()
}

#[test]
fn a_step_without_a_person_is_done_by_the_one_before() {
    let file = parse(
        r#"
[people]
Ann = { admin = true }
Bob = { language = "ru" }

[[step]]
who = "Bob"
says = "a"

[[step]]
says = "b"

[[step]]
waits = "10m"

[[step]]
who = "Ann"
presses = "c"
"#,
    )
    .unwrap();
    let who: Vec<_> = file.steps.iter().map(|step| (step.line, step.who.as_deref().unwrap())).collect();
    assert_eq!(who, [(6, "Bob"), (10, "Bob"), (13, "Bob"), (16, "Ann")]);
    let file = parse("[[step]]\nsays = \"a\"").unwrap();
    assert_eq!(file.steps[0].who.as_deref(), Some("user"));
    let alone = parse("people = { Eve = {} }\nstep = [{ says = \"a\" },\n{ says = \"b\" }]").unwrap();
    assert_eq!(alone.steps[1].who.as_deref(), Some("Eve"));
    assert_eq!(alone.steps[1].line, 3);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, expected) in [
        ("plugin = 1", "a.toml:1: invalid type: integer `1`, expected a string"),
        ("\n\nplugni = \"x\"", "a.toml:3: unknown field `plugni`, expected one of"),
        ("[[step]]\nsays = \"a\"\n[[step]]\nsayz = \"b\"", "a.toml:4: unknown field `sayz`"),
        (
            "[[step]]\nsays = \"a\"\nsees = 5",
            "a.toml:3: invalid type: integer `5`, expected a text, a list of texts, or",
        ),
        ("[step]\nsays = \"a\"", "hint: steps are a list: write [[step]] with two brackets"),
        ("[[steps]]\nsays = \"a\"", "hint: every step begins with [[step]]"),
        ("\n[[step]]\nsees = []", "a.toml:2: step 1: nothing happens in it\nhint: write one of says"),
        ("[[step]]\nsays = \"a\"\npresses = \"b\"", "a.toml:1: step 1: `says` and `presses` are two steps"),
        ("[[step]]\nsays = \"a\"\nunder = \"b\"", "`under` does not belong to `says`\nhint: it stands with presses"),
        ("[[step]]\nwho = \"Bob\"\nsays = \"a\"", "there is no person `Bob`\nhint: the people are `admin`, `user`"),
        ("[[step]]\nin = \"Club\"\nsays = \"a\"", "there is no group or channel `Club`"),
        ("people = { A = {}, B = {} }\n[[step]]\nsays = \"a\"", "nobody does it"),
        ("[[step]]\nrequests = \"users\"", "`users` is no request"),
        ("[[step]]\nsends = { caption = \"x\" }", "what is sent is not clear"),
        ("[[step]]\nsays = \"a\"\nsees = { Bob = [] }", "`sees` names `Bob`"),
        ("[[step]]\nedits = \"a\"", "it is not said into what"),
        ("[[step]]\nposts = \"a\"", "it is not said where"),
        ("[chats.Club]\npeople = []", "nobody is in the chat `Club`"),
        ("[[llm]]\ncontains = \"x\"", "the answer of the language model to `x` is not clear"),
        ("[[http]]\nurl = \"u\"\nafter = \"soon\"", "`soon`, after which `u` answers, is no span of time"),
        ("[[dialogues]]\nwho = \"Bob\"\nstep = \"x\"", "[[dialogues]]: there is no person `Bob`"),
        ("[[dialogues]]\nwho = \"user\"\nin = \"Club\"\nstep = \"x\"", "there is no group or channel `Club`"),
        ("people = { bot = {} }", "a person cannot be called `bot`"),
    ] {
        let problem = problem(text);
        assert!(problem.contains(expected), "{text}\n--- is\n{problem}\n--- not\n{expected}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let text = r#"plugin = "bundled:cards"
grant = ["chat", { http = ["*"] }]
seed = 7

[people.Ann]
admin = true

[[rows]]
table = "cards"

[rows.row]
code = "A"

[[dialogues]]
who = "Ann"
step = "name"

[[llm]]
text = "yes"

[[step]]
says = "/start"
sees = { Ann = ["hello"] }
"#;
    let scenario: Scenario = toml::from_str(text).unwrap();
    let written = toml::to_string_pretty(&scenario).unwrap();
    assert_eq!(toml::from_str::<Scenario>(&written).unwrap(), scenario, "{written}");
}
