//! What authors see: a project that is begun, built, looked at and checked, by the program itself; and that what comes out
//! answers people, in each language.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use guesthouse::clock::Clock;
use insta::assert_snapshot;

use crate::support::{Database, House, Person, Plugin, component, fixture_granted, folder};

/// Where the projects of these tests are built: what they have in common is compiled once.
const PLACE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/author");
/// Where compiled components of all tests are kept.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");

/// The program with these words, in a folder. It reaches no network.
fn guesthouse(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
    command.args(words).current_dir(folder).env("CARGO_NET_OFFLINE", "true").env("GUESTHOUSE_LOG", "warn");
    command.env("CARGO_TARGET_DIR", Path::new(PLACE).join("target")).env_remove("CARGO_ENCODED_RUSTFLAGS");
    command.output().expect("the binary starts")
}

/// What it said where it was to succeed.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", complained(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Begins a project under this name, in the place of the one of an earlier run.
fn project(name: &str, language: &str) -> PathBuf {
    std::fs::create_dir_all(PLACE).expect("the target folder can be written");
    let folder = Path::new(PLACE).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    said(&guesthouse(Path::new(PLACE), &["plugin", "new", name, "--lang", language]));
    folder
}

/// What the template of every language does.
async fn greets(plugin: Plugin) {
    let house = House::opens(Database::sqlite(), &[plugin]).await;
    let user = house.person(1002);
    user.says("/hello").await;
    assert!(user.sees().await.starts_with("Hello, *"), "it greets");
    for count in 1..=2 {
        user.presses("Wave").await;
        assert_eq!(user.sees().await, format!("Waves so far: {count}"));
    }
    house.closes([user]).await;
}

/// The component that a project's folder has, with the grant that it asks for.
fn built(name: &'static str, folder: &Path, grant: &str) -> Plugin {
    let file = folder.join("dist").join(format!("{name}.wasm"));
    let bytes = std::fs::read(&file).expect("it was built");
    let copy = component(&format!("{name}-{}", bytes.len()), &bytes);
    std::fs::copy(&file, &copy).expect("the target folder can be written");
    Plugin::file(name, &copy).granted(grant)
}

#[tokio::test]
async fn a_project_in_rust_is_built_and_answers() {
    let folder = project("begun-in-rust", "rust");
    let output = guesthouse(&folder, &["plugin", "build", "--cache", CACHE]);
    let shown = said(&output);
    assert!(shown.starts_with("./dist/begun-in-rust.wasm: begun-in-rust 0.1.0, "), "{shown}");
    assert!(shown.ends_with("asks for [\"chat\", \"tables\"]\n"), "{shown}");
    assert!(!complained(&output).contains("warning"), "{}", complained(&output));
    greets(built("begun-in-rust", &folder, r#"["chat", "tables"]"#)).await;

    let output = guesthouse(Path::new(PLACE), &["plugin", "new", "begun-in-rust"]);
    assert!(complained(&output).contains("`begun-in-rust` is there already\nhint: "), "{}", complained(&output));

    let source = folder.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).expect("the source");
    std::fs::write(&source, format!("{text}\nfn broken() -> u8 {{ \"text\" }}\n")).expect("written");
    let output = guesthouse(&folder, &["plugin", "build", "--cache", CACHE]);
    let complaint = complained(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint.contains("error[E0308]: mismatched types\n"), "the compiler is heard: {complaint}");
    assert!(complaint.contains("error: `cargo build` failed\nhint: mend what the compiler names"), "{complaint}");
}

/// The list of things to do, as `plugins/examples/todo.toml` tells it.
async fn keeps_a_list(plugin: Plugin) {
    let house = House::opens_at(Clock::manual(1_774_745_990_000), Database::sqlite(), "", &[plugin]).await;
    let (ann, bob) = (house.person(1002), house.person(1003));
    let asks = async |person: &Person, said: &str| {
        // Rows are listed by their ids, and those follow the time.
        house.passes(1).await;
        person.says(said).await;
        person.sees().await
    };
    assert_eq!(asks(&ann, "/todo").await, "Nothing to do.");
    assert_eq!(asks(&ann, "/add").await, "Write what: /add Buy milk");
    assert_eq!(asks(&ann, "/add Buy milk").await, "*To do*\n1. Buy milk\n[✓ Buy milk]");
    let both = "*To do*\n1. Buy milk\n2. Water the 🌵\n[✓ Buy milk]\n[✓ Water the 🌵]";
    assert_eq!(asks(&ann, "/add Water the 🌵").await, both);
    assert_eq!(asks(&bob, "/todo").await, "Nothing to do.");
    ann.presses("✓ Buy milk").await;
    assert!(ann.sees().await.ends_with("*To do*\n1. Water the 🌵\n[✓ Water the 🌵]"));
    assert_eq!(asks(&ann, "/remind soon").await, "Write how many minutes: /remind 10");
    assert_eq!(asks(&ann, "/remind 1").await, "I will remind you in 1 min.");
    house.passes(55).await;
    ann.has_seen_everything().await;
    house.passes_until("SELECT COUNT(*) FROM outbox WHERE body LIKE '%Still to do%' AND state <> 0", 1).await;
    assert_eq!(ann.sees().await, "*Still to do*\n1. Water the 🌵\n[✓ Water the 🌵]");
    house.closes([ann, bob]).await;
}

#[tokio::test]
async fn the_example_in_rust_keeps_a_list() {
    keeps_a_list(fixture_granted("todo", r#"["chat", "tables", "timers"]"#)).await;
}

/// Builds the template and the example of a language with its own tools, and talks to both.
async fn a_language_works(language: &'static str, names: [&'static str; 2], tool: &str) {
    if Command::new(tool).arg("--version").output().is_err() {
        let required = std::env::var_os("GUESTHOUSE_TEST_REQUIRE_LANGUAGES").is_some();
        assert!(!required, "`{tool}` is not installed, and GUESTHOUSE_TEST_REQUIRE_LANGUAGES is set");
        eprintln!("skipped: `{tool}` is not installed");
        return;
    }
    let [hello, todo] = names;
    let folder = project(hello, language);
    let shown = said(&guesthouse(&folder, &["plugin", "build", "--cache", CACHE]));
    assert!(shown.ends_with("asks for [\"chat\", \"tables\"]\n"), "{shown}");
    greets(built(hello, &folder, r#"["chat", "tables"]"#)).await;

    // The same project becomes the example, so that the tools are installed once.
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/examples").join(language).join("src");
    for entry in std::fs::read_dir(&example).expect("the example").flatten() {
        std::fs::copy(entry.path(), folder.join("src").join(entry.file_name())).expect("copied");
    }
    let shown = said(&guesthouse(&folder, &["plugin", "build", "--cache", CACHE]));
    assert!(
        shown.contains(": todo 0.1.0, ") && shown.ends_with("asks for [\"chat\", \"tables\", \"timers\"]\n"),
        "{shown}"
    );
    std::fs::rename(folder.join(format!("dist/{hello}.wasm")), folder.join(format!("dist/{todo}.wasm")))
        .expect("renamed");
    keeps_a_list(built(todo, &folder, r#"["chat", "tables", "timers"]"#)).await;
}

#[tokio::test]
#[ignore = "npm and an unoptimised host take a minute: cargo test -p guesthouse --test it author -- --ignored"]
async fn javascript_works() {
    a_language_works("js", ["begun-in-js", "todo-in-js"], "npm").await;
}

#[tokio::test]
#[ignore = "pip and an unoptimised host take a minute: cargo test -p guesthouse --test it author -- --ignored"]
async fn python_works() {
    a_language_works("python", ["begun-in-python", "todo-in-python"], "python3").await;
}

/// A fixture as a file in a folder.
fn fixture_file(folder: &Path, name: &str) -> String {
    std::fs::write(folder.join("it.wasm"), guesthouse_fixtures::get(name).component).expect("written");
    "it.wasm".into()
}

#[tokio::test]
async fn what_a_component_is_is_said() {
    let folder = folder();
    let file = fixture_file(folder.path(), "desk");
    let shown = said(&guesthouse(folder.path(), &["plugin", "inspect", &file, "--cache", CACHE]));
    let digest = guesthouse_fixtures::get("desk").digest;
    let size = regex::Regex::new(r"\d+ KiB").expect("a pattern");
    let shown = size.replace(&shown, "N KiB").replace(digest, "…");
    assert_snapshot!(shown, @r#"
    desk 0.1.0: Takes notes over HTTP.
      sha256      …
      size        N KiB
      built for   guesthouse:plugin@0.1.0
      asks for    tables: keep rows in the database
      table       notes: user integer, text text, index user
      table       counts: user integer, count integer, unique user
      processor   back
      route       GET /users/{id}/notes: The notes about a user.
      route       POST /users/{id}/notes: Writes a note.
      route       GET /find: Finds notes.
      route       GET /users/me: Nobody in particular.
      route       GET /back: Answered by the processor., in back
      route       POST /users/{id}/count: Counts.
      route       GET /odd/{how}: Answers oddly.
      for free    routes, update
      of WASI     wasi:cli, wasi:io
      turns start from the memory that `describe` leaves behind
      a turn may  compute 2000 ms, last 20000 ms, use 64 MiB
                  send 100 messages, read 10000 rows, write 1000, call the host 10000 times
      file        it.wasm
    "#);

    let shown = said(&guesthouse(folder.path(), &["plugin", "inspect", &file, "--json", "--cache", CACHE]));
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["digest"], digest);
    assert_eq!(shown["size"], guesthouse_fixtures::get("desk").component.len());
    assert_eq!(shown["contract"], "guesthouse:plugin@0.1.0");
    assert_eq!(shown["capabilities"], serde_json::json!(["tables"]));
    assert_eq!(shown["tables"][1]["name"], "counts");
    assert_eq!(shown["limits"]["cpu_ms"], 2000);

    std::fs::write(folder.path().join("text.wasm"), "no WebAssembly").expect("written");
    let output = guesthouse(folder.path(), &["plugin", "inspect", "text.wasm", "--cache", CACHE]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained(&output).contains("is no WebAssembly, not a component\nhint: "), "{}", complained(&output));
}

/// A configuration with one bot, which has this section.
fn configuration(folder: &Path, plugin: &str) {
    let text = format!(
        "[database]\nurl = \"sqlite://house.db\"\ncache = {CACHE:?}\n[[bot]]\nname = \"main\"\ntoken = \"7:x\"\n{plugin}"
    );
    std::fs::write(folder.join("guesthouse.toml"), text).expect("written");
}

#[tokio::test]
async fn a_check_names_everything_that_is_in_the_way() {
    let folder = folder();
    let file = fixture_file(folder.path(), "echo");
    let check = |words: &[&str]| {
        let output = guesthouse(folder.path(), &[&["plugin", "check", &file], words].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &complained(&output))
    };
    configuration(folder.path(), "");
    let (code, shown) = check(&[]);
    assert_eq!(code, Some(1));
    assert_snapshot!(shown, @r#"
    error: no bot has a plugin `echo`
    hint: name the one it stands for with --name, or add below a [[bot]]:
    [bot.plugins.echo]
    source = "it.wasm"
    grant = ["chat", { telegram = ["setMessageReaction"] }, "tables"]
    "#);

    let section = "[bot.plugins.echo]\nsource = \"elsewhere.wasm\"\ngrant = [\"chat\", \"files\"]\n\
                   config = { greting = \"hi\" }\nread = [\"profile.facts\"]\n";
    configuration(folder.path(), section);
    let (code, shown) = check(&[]);
    assert_eq!(code, Some(1));
    assert_snapshot!(shown, @r#"
    bot `main`, plugin `echo`: note: there is no database yet, so its tables would be made anew
    bot `main`, plugin `echo`: note: it may read `profile.facts`, and bot `main` has no plugin `profile`
    bot `main`, plugin `echo`: plugin `echo` imports `guesthouse:plugin/telegram` and `guesthouse:plugin/tables`, which its grant does not include
    hint: add { telegram = ["<method>"] }, "tables" to bot.plugins.echo.grant in guesthouse.toml
    bot `main`, plugin `echo`: plugin `echo` has no setting `greting`
    hint: its settings are `greeting`
    error: it would be refused
    "#);

    let grant = r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#;
    configuration(folder.path(), &format!("[bot.plugins.twin]\nsource = \"it.wasm\"\ngrant = {grant}\n"));
    let (code, shown) = check(&["--name", "twin", "--bot", "main"]);
    assert_eq!(code, Some(0), "{shown}");
    assert_snapshot!(shown, @r#"
    bot `main`, plugin `twin`: it would load
    bot `main`, plugin `twin`: note: there is no database yet, so its tables would be made anew
    bot `main`, plugin `twin`: note: it calls itself `echo`
    "#);
    let (code, shown) = check(&["--bot", "other"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(shown, @r#"
    error: there is no bot `other`
    hint: the configuration has `main`
    "#);
}

/// As if an earlier version of the plugin had declared it.
const THERE: &str = r#"INSERT INTO plugin_tables (plugin, name, declaration) VALUES ('echo', 'remembered',
    '{"name":"remembered","columns":[{"name":"chat","kind":"text","nullable":false}],"unique":[],"indexes":[]}')"#;

#[tokio::test]
async fn a_check_knows_the_tables_that_are_there() {
    let folder = folder();
    let grant = r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#;
    let house = House::opens(Database::sqlite(), &[fixture_granted("desk", r#"["chat", "tables"]"#)]).await;
    // The same name, and a table of that name with other columns.
    house.database.suffers(THERE).await;
    let file = fixture_file(folder.path(), "echo");
    let text = format!(
        "[database]\nurl = {:?}\ncache = {CACHE:?}\n[[bot]]\nname = \"main\"\ntoken = \"7:x\"\n\
         [bot.plugins.echo]\nsource = \"it.wasm\"\ngrant = {grant}\n",
        house.database.url()
    );
    std::fs::write(folder.path().join("guesthouse.toml"), text).expect("written");
    let output = guesthouse(folder.path(), &["plugin", "check", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(complained(&output), @r#"
    bot `main`, plugin `echo`: plugin `echo` cannot have its table `remembered`: column `chat` holds texts, not integers
    hint: declare a new column beside `chat` and fill it in the plugin
    error: it would be refused
    "#);
    house.closes([]).await;
}
