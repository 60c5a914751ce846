//! Rules about the sources that a machine can check, each with its reason.

use std::fs;
use std::path::{Path, PathBuf};

use guesthouse::config::{Config, Limits};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("host/ lies in the workspace").to_owned()
}

/// Every Rust file below a folder, with its path from there and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, base: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("target") {
                walk(&path, base, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(base).expect("below").to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    let base = root().join(folder);
    let mut found = Vec::new();
    walk(&base, &base, &mut found);
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The lines that are code: neither comments nor the tests at the end of a file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The module a file belongs to: `store/inbox.rs` and `store.rs` are both `store`.
fn module(path: &str) -> &str {
    path.split(['/', '.']).next().expect("a path has a first part")
}

/// A guard whose patch does not apply any more would be shown to matter no more (`tests/guards/run`).
#[test]
fn guards_can_be_taken_away() {
    let folder = root().join("tests/guards");
    let mut patches: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    patches.retain(|path| path.extension().is_some_and(|ending| ending == "patch"));
    assert!(patches.len() > 20, "{}", patches.len());
    for patch in patches {
        let check =
            std::process::Command::new("git").args(["apply", "--check"]).arg(&patch).current_dir(root()).output();
        let check = check.expect("git");
        assert!(check.status.success(), "{}: {}", patch.display(), String::from_utf8_lossy(&check.stderr));
        let text = fs::read_to_string(&patch).expect("text");
        assert!(text.starts_with("test: --"), "{} names no test", patch.display());
    }
}

#[test]
fn dependencies_go_one_way() {
    const GROUND: [&str; 8] = ["model", "clock", "wake", "config", "schema", "shutdown", "health", "threads"];
    // What each module may use of this crate besides itself. `host` and the commands may use everything.
    let allowed = |module: &str| -> Option<Vec<&str>> {
        let with = |more: &[&'static str]| Some([&GROUND[..], more].concat());
        match module {
            "model" | "clock" | "health" | "schema" | "threads" => Some(vec![]),
            "wake" | "shutdown" => Some(vec!["clock"]),
            "config" => Some(vec!["model"]),
            "store" | "sandbox" | "telegram" | "web" | "llm" | "fetch" => with(&[]),
            "journal" => with(&["sandbox"]),
            "why" => with(&["store"]),
            "delivery" => with(&["store", "telegram"]),
            "intake" => with(&["store", "telegram", "why"]),
            "lane" => with(&["store", "sandbox", "telegram", "web", "llm", "journal"]),
            "http" => with(&["store", "intake", "telegram"]),
            "agenda" => with(&["store"]),
            // Strangers: the host reaches the emulator over HTTP, like Telegram.
            "emulator" => Some(vec!["clock"]),
            _ => None,
        }
    };
    let mut wrong = Vec::new();
    for (path, text) in sources("host/src") {
        let Some(allowed) = allowed(module(&path)) else { continue };
        for (number, line) in code(&text) {
            for used in line.split("crate::").skip(1) {
                let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let is_test = used == "testing" && path.ends_with("/tests.rs");
                if !used.is_empty() && !is_test && used != module(&path) && !allowed.contains(&used) {
                    wrong.push(format!("host/src/{path}:{}: {} must not know {used}", number + 1, module(&path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_engine_is_known_in_one_place() {
    let homes: [(&str, &[&str]); 10] = [
        ("sqlx::", &["store"]),
        ("rusqlite", &["store"]),
        ("wasmtime", &["sandbox"]),
        ("teloxide", &["telegram"]),
        ("axum::", &["emulator", "http", "intake/webhook"]),
        // What plugins make the host ask goes through the checks of one module.
        ("reqwest::", &["telegram", "web", "llm", "emulator", "fetch", "testing"]),
        ("oci_client::", &["fetch"]),
        ("toml_edit::", &["cli/plugin", "scenario"]),
        ("encoding_rs", &["web"]),
        ("jsonschema", &["schema"]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources("host/src") {
        for (number, line) in code(&text) {
            for (engine, homes) in homes {
                let is_home = |home: &&str| *home == module(&path) || path.starts_with(*home);
                if line.contains(engine) && !homes.iter().any(is_home) {
                    wrong.push(format!("host/src/{path}:{}: `{engine}` belongs in {homes:?}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut wrong = Vec::new();
    for folder in ["host/src", "plugins", "tests/it"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            if lines > 500 {
                wrong.push(format!("{folder}/{path} has {lines} lines: split it along what it decides"));
            }
            // `x/tests.rs` says by its name what it is.
            if !text.starts_with("//!") && !path.ends_with("tests.rs") {
                wrong.push(format!("{folder}/{path} does not open with `//!`: say what it decides"));
            }
            if path.ends_with("/mod.rs") {
                wrong.push(format!(
                    "{folder}/{path}: name it after its module, so that an editor's tab says which it is"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fixture_has_a_test() {
    let tests: String = sources("tests/it").into_iter().map(|(_, text)| text).collect();
    let untested: Vec<_> =
        guesthouse_fixtures::NAMES.iter().filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert!(untested.is_empty(), "no test uses the fixtures {untested:?}");
}

#[test]
fn every_column_has_a_comment() {
    for entry in fs::read_dir(root().join("migrations")).expect("the folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("text");
        for (number, line) in text.lines().enumerate() {
            let is_column = line.starts_with("    ") && line.trim_start().starts_with(|c: char| c.is_ascii_lowercase())
                || line.contains("ADD COLUMN");
            assert!(!is_column || line.contains("-- "), "{}:{}: the column has no comment", path.display(), number + 1);
        }
    }
}

#[test]
fn the_example_configuration_loads_and_shows_the_defaults() {
    let path = root().join("guesthouse.example.toml");
    let text = fs::read_to_string(&path).expect("the example");
    let token = |name: &str| (name == "BOT_TOKEN").then(|| "123456789:secret".to_owned());
    let example = Config::parse(&text, &path, token).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(example.limits, Limits::default());
    assert_eq!(example.database, guesthouse::config::Database::default());

    assert_eq!(example.sending.pace(&example.bots[0].api_url), guesthouse::config::Pace::TELEGRAM);
    assert!(!format!("{:?}", example.sending).contains("None"), "the example shows every key of [sending]");
    assert_eq!(example.http, Some(guesthouse::config::Http::default()));
    assert_eq!(example.journal, guesthouse::config::Journal::default());

    let llm = example.llm.as_ref().expect("the example shows [llm]");
    assert_eq!(*llm, guesthouse::config::Llm::new(&llm.url, &llm.model));

    // A key without a default is shown as a comment, and has to be right as well.
    let shown = text.replace("\n# webhook = ", "\nwebhook = ");
    assert_ne!(shown, text, "the example shows a webhook");
    let example = Config::parse(&shown, &path, token).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(example.bots[0].webhook.as_ref().map(guesthouse::config::Webhook::path), Some("/hook/main"));

    let shown = text.replace("\n# key = \"${LLM_KEY}\"", "\nkey = \"sk-1\"");
    assert_ne!(shown, text, "the example shows a key");
    let example = Config::parse(&shown, &path, token).unwrap_or_else(|error| panic!("{error}"));
    assert!(example.llm.is_some_and(|llm| llm.key.is_some()));

    // A key that is missing from the example would be found by nobody.
    let table: toml::Table = text.replace("${BOT_TOKEN}", "1:a").parse().expect("TOML");
    let shown = table["limits"].as_table().expect("a section").len();
    let known = format!("{:?}", Limits::default()).matches(": ").count();
    assert_eq!(shown, known, "the example shows {shown} limits, the program knows {known}");
    let shown = text.replace("\n# token = ", "\ntoken = ").replace("${GUESTHOUSE_API_TOKEN}", "0123456789abcdef");
    let all = Config::parse(&shown, &path, token).unwrap_or_else(|error| panic!("{error}"));
    assert!(all.http.is_some_and(|http| http.token.is_some()), "the example shows the API's token");
    let table: toml::Table = shown.replace("${BOT_TOKEN}", "1:a").parse().expect("TOML");
    let shown = table["http"].as_table().expect("a section").len();
    let known = format!("{:?}", guesthouse::config::Http::default()).matches(": ").count();
    assert_eq!(shown, known, "the example shows {shown} keys of [http], the program knows {known}");

    let shown = table["llm"].as_table().expect("a section").len() + 1;
    let known = format!("{:?}", guesthouse::config::Llm::new("u", "m")).matches(": ").count();
    assert_eq!(shown, known, "the example shows {shown} keys of [llm], the program knows {known}");

    let shown = table["journal"].as_table().expect("a section").len();
    let known = format!("{:?}", guesthouse::config::Journal::default()).matches(": ").count();
    assert_eq!(shown, known, "the example shows {shown} keys of [journal], the program knows {known}");

    // The keys of a plugin that have no value of their own.
    let shown = text.replace("\n# journal = ", "\njournal = ").replace("\n# shadow = ", "\nshadow = ");
    let example = Config::parse(&shown, &path, token).unwrap_or_else(|error| panic!("{error}"));
    let cards = &example.bots[0].plugins["cards"];
    assert_eq!(cards.journal, Some(guesthouse::config::Records::Off));
    assert!(cards.shadow.is_some());

    // The settings shown for the bundled plugin are those that it knows, with their defaults.
    let settings = table["bot"][0]["plugins"]["cards"]["config"].as_table().expect("a section");
    assert!(settings.len() >= 4);
}
