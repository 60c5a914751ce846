//! What is refused at start, and in which words.

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
    assert_snapshot!(refusal(fixture_granted("overreach", r#"["chat"]"#)).await, @"");
    assert_snapshot!(refusal(fixture_granted("overreach", r#"["chat", "files"]"#)).await, @"");
}

#[tokio::test]
async fn a_chat_or_a_method_that_is_not_granted() {
    let grant = r#"["chat", "files", { telegram = ["setMessageReaction"] }]"#;
    let house = House::opens(Database::sqlite(), &[fixture_granted("overreach", grant)]).await;
    let user = house.person(1002);
    user.says("/elsewhere 1003").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/raw banChatMember {\"chat_id\":1002,\"user_id\":1002}").await;
    assert_snapshot!(user.sees().await, @"");
    user.says("/fetch nonsense").await;
    assert_snapshot!(user.sees().await, @"");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_plugin_that_cannot_say_what_it_is() {
    let grant = r#"["chat"]"#;
    assert_snapshot!(refusal(fixture_granted("describe-trap", grant)).await, @"");
    assert_snapshot!(refusal_with("cpu_ms = 200\nwall_ms = 2000", fixture_granted("describe-spin", grant)).await, @"");
}

#[tokio::test]
async fn something_that_is_no_component() {
    let folder = crate::support::folder();
    let mut refusals = Vec::new();
    let whole = guesthouse_fixtures::get("echo").component;
    let cases: [(&str, &[u8]); 4] =
        [("garbage", b"this is no WebAssembly at all"), ("empty", b""), ("module", b"\0asm\x01\0\0\0"), ("cut", &whole[..whole.len() / 2])];
    for (name, bytes) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder can be written");
        let refusal = refusal(Plugin::from_path(name, &path)).await;
        refusals.push(refusal.replace(&folder.path().display().to_string(), "…"));
    }
    refusals.push(refusal(Plugin::from_path("missing", std::path::Path::new("nowhere.wasm"))).await);
    assert_snapshot!(refusals.join("\n\n"), @"");
}

#[tokio::test]
async fn a_wrong_token() {
    let street = Street::opens().await;
    let text = street.configuration(&Database::sqlite(), "", &[]).replace("7000000001:test-house", "7000000001:other");
    let error = start(&text).await.err().map(|error| format!("{error:#}")).expect("it was started");
    assert_snapshot!(error, @"");
    street.closes().await;
}

#[tokio::test]
async fn a_second_host_on_the_same_file() {
    let house = House::opens(Database::sqlite(), &[]).await;
    let text = house.street.configuration(&house.database, "", &[]);
    let error = start(&text).await.err().map(|error| format!("{error:#}")).expect("it was started");
    let folder = house.database.url().replace("sqlite://", "").replace("/house.db", "");
    assert_snapshot!(error.replace(&folder, "…"), @"");
    house.closes([]).await;
}

#[tokio::test]
async fn settings_that_a_plugin_does_not_know() {
    let grant = r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#;
    assert_snapshot!(refusal(fixture_granted("echo", grant).with("greting = \"hi\"")).await, @"");
}
