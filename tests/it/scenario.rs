//! Scenario files as authors use them: those of bundled plugins and of fixtures hold on both databases, what is wrong is
//! said with its place, and what is seen can be written down.

use std::path::{Path, PathBuf};
use std::process::Command;

use guesthouse::scenario::{Colours, File, Report, Runner, explain, update};

use crate::support::{CACHE, Database, fixture_file, folder};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("host/ lies in the workspace")
}

/// The scenario files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(inside) = std::fs::read_dir(folder.join("scenarios")) else { return vec![] };
    let inside = inside.map(|entry| entry.expect("an entry").path());
    inside.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect()
}

/// One runner for each database that can be had.
async fn runners(plugin: Option<&PathBuf>) -> Vec<(Runner, Option<Database>)> {
    let runner = || Runner::new().keeps_compiled_in(CACHE).plugin(plugin.cloned());
    let mut all = vec![(runner(), None)];
    if let Some(database) = Database::postgres().await {
        all.push((runner().database(Some(database.url())), Some(database)));
    }
    all
}

async fn hold(folder: &Path, plugin: Option<&PathBuf>) -> usize {
    let files = files(folder);
    for (mut runner, _database) in runners(plugin).await {
        for path in &files {
            let file = File::load(path).unwrap_or_else(|problem| panic!("{problem}"));
            let report = runner.run(&file).await.unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
            assert!(report.is_right(), "{}\n{}", path.display(), explain(&report, Colours::Off));
        }
    }
    files.len()
}

#[tokio::test]
async fn scenarios_of_bundled_plugins_hold() {
    for plugin in ["cards", "profile"] {
        assert!(hold(&root().join("plugins").join(plugin), None).await > 0, "{plugin}");
    }
}

#[tokio::test]
async fn scenarios_of_fixtures_hold() {
    let mut count = 0;
    for name in guesthouse_fixtures::NAMES {
        let folder = root().join("tests/fixtures").join(name);
        if !files(&folder).is_empty() {
            count += hold(&folder, Some(&fixture_file(name))).await;
        }
    }
    assert!(count >= 6, "{count} files");
}

/// A scenario with the fixture `echo`, run once on SQLite.
async fn plays(text: &str) -> (File, Result<Report, String>) {
    let file = File::parse(Path::new("a.toml"), text.into()).unwrap_or_else(|problem| panic!("{problem}"));
    let mut runner = Runner::new().keeps_compiled_in(CACHE).plugin(Some(fixture_file("echo")));
    let report = runner.run(&file).await;
    (file, report)
}

const WRONG: &str = r#"# A conversation that is not as expected.
name = "echo"

[[step]]
says = "one\ntwo"   # two lines
sees = ["one\n2"]   # not quite

[[step]]
says = "/gone"

# Nobody said anything.
[[step]]
waits = "1m"
sees = "late"
"#;

#[tokio::test]
async fn what_differs_is_shown_and_can_be_written_down() {
    let (file, report) = plays(WRONG).await;
    let report = report.expect("it runs");
    assert!(!report.is_right());
    let expected = r#"  step 1, line 4: user says "one\ntwo"
  user sees: - as expected, + as it is
      one
    - 2
    + two
  2 more step(s) differ
"#;
    assert_eq!(explain(&report, Colours::Off), expected);
    assert!(explain(&report, Colours::On).contains("\u{1b}[31m- 2\u{1b}[0m"));
    let updated = update(file.text(), &report).expect("it is TOML").expect("something differs");
    let expected = r#"# A conversation that is not as expected.
name = "echo"

[[step]]
says = "one\ntwo"   # two lines
sees = [
    """
one
two""",
]   # not quite

[[step]]
says = "/gone"
sees = ["(deleted)"]

# Nobody said anything.
[[step]]
waits = "1m"
sees = []
"#;
    assert_eq!(updated, expected);
    let (file, report) = plays(&updated).await;
    let report = report.expect("it runs");
    assert!(report.is_right(), "{}", explain(&report, Colours::Off));
    assert_eq!(update(file.text(), &report), Ok(None));
}

#[tokio::test]
async fn what_cannot_be_done_ends_a_scenario() {
    for (steps, expected) in [
        ("[[step]]\npresses = \"Yes\"", "there is no button `Yes`\n  hint: there are none\n"),
        (
            "[[step]]\nsays = \"/ref\"\nsees = [\"to be edited\\n[Press]\"]\n[[step]]\npresses = \"Pres\"",
            "step 2, line 5: user presses \"Pres\"\n  there is no button `Pres`\n  hint: there are `Press`\n",
        ),
        (
            "[[step]]\nedits = \"a\"\nto = \"b\"\n[[step]]\nsays = \"c\"",
            "no message has `a` in it\n  1 step(s) were not done\n",
        ),
        ("[[step]]\nsends = { photo = \"none.png\" }", "`none.png` cannot be read: "),
        ("[[step]]\nsends = { photo = \"red 200\" }", "`red 200` is larger than 147 pixels"),
        ("[[step]]\nwaits = \"until 2020-01-01 10:00\"", "`until 2020-01-01 10:00` has passed already"),
    ] {
        let (_, report) = plays(&format!("name = \"echo\"\n{steps}")).await;
        let shown = explain(&report.expect("it runs"), Colours::Off);
        assert!(shown.contains(expected), "{steps}\n{shown}");
    }
    for (head, expected) in [
        (
            "grant = [\"tables\"]",
            "plugin `echo` imports `guesthouse:plugin/chat` and `guesthouse:plugin/telegram`, which its grant does not include",
        ),
        ("timezone = \"Mars\"", "there is no time zone `Mars`"),
        ("starts = \"soon\"", "`soon` is no date and time"),
        ("[[rows]]\ntable = \"x\"\nrow = {}", "[[rows]] 1: plugin `echo` has no table `x`"),
        ("[config]\nnone = 1", "plugin `echo` has no setting `none`"),
    ] {
        let (_, report) = plays(&format!("name = \"echo\"\n{head}\n[[step]]\nsays = \"a\"")).await;
        let problem = report.expect_err(head);
        assert!(problem.contains(expected), "{head}\n{problem}");
    }
}

#[tokio::test]
async fn a_turn_that_fails_and_an_answer_that_is_missing_are_named() {
    let run = async |plugin: &str, text: &str| {
        let file = File::parse(Path::new("a.toml"), text.into()).unwrap_or_else(|problem| panic!("{problem}"));
        let mut runner = Runner::new().keeps_compiled_in(CACHE).plugin(Some(fixture_file(plugin)));
        explain(&runner.run(&file).await.expect("it runs"), Colours::Off)
    };
    let shown = run("trap", "[[step]]\nsays = \"/trap\"\nsees = [\"done\"]").await;
    assert!(shown.contains("    - done\n  note: a turn of `trap` failed: "), "{shown}");
    let shown = run("fetcher", "[[step]]\nsays = \"/get https://example.org/\"").await;
    assert!(shown.contains("a plugin has asked GET https://example.org/, and no [[http]] answers that"), "{shown}");
    let shown = run("thinker", "[[llm]]\ncontains = \"x\"\ntext = \"y\"\n[[step]]\nsays = \"/ask z\"").await;
    assert!(
        shown.contains("a plugin has asked the language model, and no [[llm]] answers that:\n  Be brief.\n  z"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_conversation() {
    let codes = async |seed: u32| {
        let text = format!(
            "plugin = \"bundled:cards\"\nseed = {seed}\npeople = {{ Ann = {{ admin = true }} }}\n[[step]]\nsays = \
             \"/admin\"\n[[step]]\npresses = \"➕ Add card\"\n[[step]]\nsends = {{ photo = \"red 64\", caption = \
             \"Teapot\" }}\n[[step]]\npresses = \"Skip\"\n[[step]]\npresses = \"Skip\"\n"
        );
        let file = File::parse(Path::new("a.toml"), text).unwrap_or_else(|problem| panic!("{problem}"));
        let report = Runner::new().keeps_compiled_in(CACHE).run(&file).await.expect("it runs");
        report.steps.into_iter().map(|step| step.seen).collect::<Vec<_>>()
    };
    let first = codes(1).await;
    assert!(format!("{first:?}").contains("Teapot"), "{first:?}");
    assert_eq!(first, codes(1).await);
}

/// The binary as an author calls it.
fn guesthouse(arguments: &[&str], at: &Path) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
    command.args(["plugin", "test"]).args(arguments).current_dir(at).env("GUESTHOUSE_TEST_CACHE", CACHE);
    let output = command.output().expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_finds_files_and_ends_with_a_code() {
    let at = folder();
    let plugin = fixture_file("echo").to_string_lossy().into_owned();
    let write = |name: &str, text: &str| {
        let path = at.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be written");
        std::fs::write(path, text).expect("the folder can be written");
    };
    write("tests/b.toml", "[[step]]\nsays = \"a\"\nsees = [\"a\"]\n");
    write("tests/deep/a.toml", "[[step]]\nsays = \"b\" # kept\n");
    write("tests/notes.txt", "no scenario");
    let (code, out, err) = guesthouse(&["tests", "--plugin", &plugin], at.path());
    let expected = "ok    tests/b.toml\nWRONG tests/deep/a.toml\n  step 1, line 1: user says \"b\"\n  user sees: - as \
                    expected, + as it is\n    + b\n1 right, 1 wrong\n";
    assert_eq!((code, out.as_str()), (1, expected), "{err}");
    let (code, out, err) = guesthouse(&["tests", "--plugin", &plugin, "--filter", "b.toml"], at.path());
    assert_eq!((code, out.as_str()), (0, "ok    tests/b.toml\n1 right, 0 wrong\n"), "{err}");
    let (code, out, err) = guesthouse(&["tests", "--plugin", &plugin, "--update"], at.path());
    assert_eq!(
        (code, out.as_str()),
        (0, "ok    tests/b.toml\nwrote tests/deep/a.toml\n2 right, 0 wrong, 1 updated\n"),
        "{err}"
    );
    let written = std::fs::read_to_string(at.path().join("tests/deep/a.toml")).expect("it is there");
    assert_eq!(written, "[[step]]\nsays = \"b\" # kept\nsees = [\"b\"]\n");

    write("wrong.toml", "[[step]]\nsay = \"a\"\n");
    let (code, _, err) = guesthouse(&["wrong.toml"], at.path());
    assert!(code == 1 && err.starts_with("wrong.toml:2: unknown field `say`, expected one of"), "{err}");
    write("alone.toml", "[[step]]\nsays = \"a\"\n");
    let (code, _, err) = guesthouse(&["alone.toml"], at.path());
    assert!(code == 1 && err.starts_with("alone.toml: no plugin is named\nhint: "), "{err}");
    let (code, _, err) = guesthouse(&["nowhere"], at.path());
    assert!(code == 1 && err.starts_with("nowhere: cannot be read"), "{err}");
    assert_eq!(guesthouse(&[], at.path()).0, 2);
    let (code, _, err) = guesthouse(&["alone.toml", "--database", "mysql://x"], at.path());
    assert!(code == 1 && err.contains("--database names no PostgreSQL server\nhint: "), "{err}");
}

/// What is compiled in the folder of a project serves its scenarios, though their bot is another one. Elsewhere nothing is
/// left beside them.
#[test]
fn a_scenario_runs_what_was_compiled_for_the_dev_house() {
    let test = ["test", "a.toml", "--plugin", "echo.wasm"];
    for (commands, compiled) in [(&[&["inspect", "echo.wasm"][..], &test][..], (1, 0)), (&[&test], (0, 1))] {
        let at = folder();
        std::fs::copy(fixture_file("echo"), at.path().join("echo.wasm")).expect("a copy");
        std::fs::write(at.path().join("a.toml"), "[[step]]\nsays = \"a\"\nsees = [\"a\"]\n").expect("written");
        for words in commands {
            let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
            command.arg("plugin").args(*words).current_dir(at.path()).env_remove("GUESTHOUSE_TEST_CACHE");
            let output = command.env("XDG_CACHE_HOME", at.path().join("user")).output().expect("the binary starts");
            assert!(output.status.success(), "{output:?}");
        }
        let files = |folder: &str| std::fs::read_dir(at.path().join(folder)).map_or(0, Iterator::count);
        assert_eq!((files("data/cache"), files("user/guesthouse")), compiled);
    }
}
