//! What is refused at start, and in which words.

use guesthouse::config::Config;
use insta::assert_snapshot;

use crate::support::{Database, House, Plugin, Street, fixture_granted, start};

/// Why a host with this plugin does not start.
async fn refusal(plugin: Plugin) -> String {
    refusal_with("", plugin).await
}

async fn refusal_with(limits: &str, plugin: Plugin) -> String {
    let street = Street::opens().await;
    let database = Database::sqlite();
    let error = match start(&street.configuration(&database, limits, &[plugin])).await {
        Ok(_) => panic!("it was started"),
        Err(error) => format!("{error:#}"),
    };
    street.closes().await;
    error
}

#[tokio::test]
async fn a_capability_that_is_not_granted() {
    assert_snapshot!(refusal(fixture_granted("overreach", r#"["chat"]"#)).await, @r#"
    bot `test` was not started: plugin `overreach` imports `guesthouse:plugin/telegram` and `guesthouse:plugin/files`, which its grant does not include
    hint: add { telegram = ["<method>"] }, "files" to bot.plugins.overreach.grant in guesthouse.toml
    "#);
    assert_snapshot!(refusal(fixture_granted("overreach", r#"["chat", "files"]"#)).await, @r#"
    bot `test` was not started: plugin `overreach` imports `guesthouse:plugin/telegram`, which its grant does not include
    hint: add { telegram = ["<method>"] } to bot.plugins.overreach.grant in guesthouse.toml
    "#);
}

#[tokio::test]
async fn a_chat_or_a_method_that_is_not_granted() {
    let grant = r#"["chat", "files", { telegram = ["setMessageReaction"] }]"#;
    let house = House::opens(Database::sqlite(), &[fixture_granted("overreach", grant)]).await;
    let user = house.person(1002);
    user.says("/elsewhere 1003").await;
    assert_snapshot!(user.sees().await, @"refused: the grant does not include the chat `1003`");
    user.says("/raw banChatMember {\"chat_id\":1002,\"user_id\":1002}").await;
    assert_snapshot!(user.sees().await, @"refused: the grant does not list the method `banChatMember`");
    user.says("/fetch nonsense").await;
    assert_snapshot!(user.sees().await, @"refused: Telegram has no such file");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_plugin_that_cannot_say_what_it_is() {
    let grant = r#"["chat"]"#;
    assert_snapshot!(refusal(fixture_granted("describe-trap", grant)).await, @"
    bot `test` was not started: plugin `describe-trap` did not describe itself: it crashed: wasm trap: wasm `unreachable` instruction executed; it said: thread '<unnamed>' (1) panicked at tests/fixtures/describe-trap/src/lib.rs:13:9:
    the fixture panics while it is described
    hint: `describe` may only compute and ask `config` and `log`; it has the limits of a turn
    ");
    // On a busy machine so much computing takes far longer by the clock, which must not end it first.
    assert_snapshot!(refusal_with("cpu_ms = 200\nwall_ms = 60000", fixture_granted("describe-spin", grant)).await, @"
    bot `test` was not started: plugin `describe-spin` did not describe itself: it was stopped: more than 200 ms of computing (limits.cpu_ms)
    hint: `describe` may only compute and ask `config` and `log`; it has the limits of a turn
    ");
}

#[tokio::test]
async fn something_that_is_no_component() {
    let folder = crate::support::folder();
    let mut refusals = Vec::new();
    let whole = guesthouse_fixtures::get("echo").component;
    let cases: [(&str, &[u8]); 4] = [
        ("garbage", b"this is no WebAssembly at all"),
        ("empty", b""),
        ("module", b"\0asm\x01\0\0\0"),
        ("cut", &whole[..whole.len() / 2]),
    ];
    // How long the component is changes with what it does.
    let lengths = regex::Regex::new(r"\d{4,}").expect("a pattern");
    for (name, bytes) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder can be written");
        let refusal = refusal(Plugin::file(name, &path).granted(r#"["chat"]"#)).await;
        let refusal = refusal.replace(&folder.path().display().to_string(), "…");
        refusals.push(lengths.replace_all(&refusal, "N").into_owned());
    }
    refusals.push(refusal(Plugin::file("missing", "nowhere.wasm").granted(r#"["chat"]"#)).await);
    assert_snapshot!(refusals.join("\n\n"), @"
    bot `test` was not started: the source of plugin `garbage` is no WebAssembly, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`

    bot `test` was not started: the source of plugin `empty` is empty, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`

    bot `test` was not started: the source of plugin `module` is a core module, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`

    bot `test` was not started: the component of plugin `cut` does not compile: failed to parse WebAssembly module: wasm component contains an invalid module section: section range N..N is out of bounds (bound = N)
    hint: build it again; a file that was cut short looks like this too

    bot `test` was not started: cannot read `nowhere.wasm`: No such file or directory (os error 2)
    hint: bot.plugins.missing.source is bundled:<name> or the path of a component
    ");
}

#[tokio::test]
async fn a_wrong_token() {
    let street = Street::opens().await;
    let text = street.configuration(&Database::sqlite(), "", &[]).replace("7000000001:test-house", "7000000001:other");
    let error = start(&text).await.err().map(|error| format!("{error:#}")).expect("it was started");
    assert_snapshot!(error, @"
    bot `test` was not started: 401 Unauthorized
    hint: compare the token with the one that @BotFather shows, and api_url with where the bot lives
    ");
    street.closes().await;
}

#[tokio::test]
async fn a_second_host_on_the_same_file() {
    let house = House::opens(Database::sqlite(), &[]).await;
    let text = house.street.configuration(&house.database, "", &[]);
    let error = start(&text).await.err().map(|error| format!("{error:#}")).expect("it was started");
    let folder = house.database.url().replace("sqlite://", "").replace("/house.db", "");
    assert_snapshot!(error.replace(&folder, "…"), @"
    `…/house.db` is in use by another guesthouse
    hint: stop that one, or give this one another file in database.url; several hosts can share a PostgreSQL database
    ");
    house.closes([]).await;
}

#[tokio::test]
async fn settings_that_a_plugin_does_not_know() {
    let grant = r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#;
    assert_snapshot!(refusal(fixture_granted("echo", grant).with("greting = \"hi\"")).await, @"
    bot `test` was not started: plugin `echo` has no setting `greting`
    hint: its settings are `greeting`
    ");
}

#[test]
fn a_secret_in_a_broken_configuration_is_not_repeated() {
    let secret = |name: &str| (name == "BOT_TOKEN").then(|| "123456789:secret".to_owned());
    let path = std::path::Path::new("guesthouse.toml");
    let said = |text: &str| Config::parse(text, path, secret).expect_err("it is broken").to_string();
    for text in [
        "[[bot]]\nname = \"a\"\ntoken = \"${BOT_TOKEN}\n",
        "[[bot]]\nname = \"a\"\ntokn = \"${BOT_TOKEN}\"\n",
        "[[bot]]\nname = \"a\"\ntoken = [\"${BOT_TOKEN}\"]\n",
        "[[bot]]\nname = \"a\"\ntoken = \"${BOT_TOKEN}\"x\n",
        "[[bot]]\nname = \"a\"\ntoken = \"x${BOT_TOKEN}\"\n",
    ] {
        let said = said(text);
        assert!(!said.contains("secret"), "{said}");
        assert!(said.lines().last().is_some_and(|last| last.starts_with("hint: ")), "{said}");
    }
    // One that stands in the file itself, where TOML quotes its line.
    for text in [
        "[[bot]]\nname = \"a\"\ntoken = \"123456789:secret\n",
        "[[bot]]\nname = \"a\"\ntokn = \"123456789:secret\"\n",
        "[[bot]]\nname = \"a\"\ntoken = [\"123456789:secret\"]\n",
        "[[bot]]\nname = \"a\"\ntoken = \"123456789:secret\"x\n",
        "[http]\ntoken = [\"123456789-secret\"]\n",
        "[llm]\nurl = \"http://x\"\nmodel = \"m\"\nkey = 1, \"secret\"\n",
        "[database]\nurl = \"postgres://house:secret@localhost\n",
        "[http]\nlisten = \"127.0.0.1:0\"\ntoken = \"secret\"\n",
        "llm = { url = \"http://x\", key = \"secret\", modle = \"m\" }\n",
        "[[bot]]\nname = \"a\"\ntoken: \"secret\"\n",
        "[http]\ntoken \"secret\"\n",
        "[http]\n\"token\" = [\"secret\"]\n",
        "[http]\n\"token\" = \"secret\"x\n",
        "[http] token = \"secret\"\n",
        "[database]\nurl: \"postgres://house:secret@localhost\"\n",
    ] {
        let said = said(text);
        assert!(!said.contains("secret"), "{said}");
        assert!(said.contains("\nhint: "), "{said}");
    }
    // Digits without quotes are repeated neither where they stand nor as what is of a wrong type.
    assert!(!said("[http]\ntoken = 123456789012345678\n").contains("12345"));
    let empty = said("[http]\ntoken = \n");
    assert!(empty.contains("\n2 | token …\n"), "{empty}");
    assert!(
        said("[bot]\nname = \"a\"\n").ends_with("write [[bot]] with two brackets, and [bot.plugins.NAME] with one")
    );
    assert!(said("[[bot]]\nname = \"a\"\ntoken = ${BOT_TOKEN}\n").ends_with("write \"${NAME}\""));
    assert!(
        said("# ${OTHER}\n[[bot]]\nname = \"${NO}\" # ${OTHER}\ntoken = \"1:a\"\n").contains("line 3 asks for `${NO}`")
    );
}

#[test]
fn what_is_no_configuration_is_shown_with_what_to_write() {
    let path = std::path::Path::new("bots.toml");
    let said = |text: &str| Config::parse(text, path, |_| None).expect_err("it is broken").to_string();
    assert_snapshot!(said("[[bot]]\nname = \"a\"\ntoken = \"1:a\"\nadmin = [7]\n"), @"
    `bots.toml` is not a valid configuration
    TOML parse error at line 4, column 1
      |
    4 | admin = [7]
      | ^^^^^
    unknown field `admin`, expected one of `name`, `token`, `api_url`, `webhook`, `admins`, `timezone`, `plugins`
    hint: guesthouse.example.toml shows every key, where it stands and how it is written
    ");
    // What says it by itself, says it once.
    let said =
        said("[[bot]]\nname = \"a\"\ntoken = \"1:a\"\n[bot.plugins.b]\nsource = \"b\"\ngrant = [\"chat\", \"http\"]\n");
    assert_eq!(said.matches("hint: ").count(), 1, "{said}");
}
