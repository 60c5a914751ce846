//! The contract only grows: what was built against a released version of it still loads and works, and `wit/` still has all
//! that the released one had, as it was. docs/versions.md has the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::install::Desk;

/// Released versions of `guesthouse:plugin`, the oldest first. One that is not loaded any more is taken out here.
const RELEASED: [&str; 1] = ["0.1.0"];

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/released").join(version)
}

#[tokio::test]
async fn a_component_built_against_each_released_version_loads_and_works() {
    for version in RELEASED {
        let desk = Desk::opens().await;
        let path = folder(version).join("keeper.wasm").canonicalize().expect("it is kept");
        let said = desk.plugin(&["add", &path.to_string_lossy(), "--yes", "--set", "mark=*"]).await.done();
        assert!(said.contains(&format!("  built for   guesthouse:plugin@{version}\n")), "{said}");
        assert!(said.contains("  table       kept: text text, at timestamp, unique text\n"), "{said}");
        let (host, person) = desk.starts();
        person.says("/keep milk").await;
        assert_eq!(person.sees().await, "* milk\n[Clear]");
        person.says("/kept").await;
        assert_eq!(person.sees().await, "1 kept");
        person.says("/ask").await;
        assert_eq!(person.sees().await, "what is your name?");
        person.says("Ada").await;
        assert_eq!(person.sees().await, "hello, Ada");
        person.says("/remind tea").await;
        assert_eq!(person.sees().await, "remember: tea");
        person.says("/keep tea").await;
        assert_eq!(person.sees().await, "* tea\n[Clear]");
        person.presses("Clear").await;
        assert_eq!(person.sees().await, "(edited)\nnothing is kept");
        host.stops().await;
        desk.closes().await;
    }
}

#[tokio::test]
async fn what_a_host_does_not_have_is_refused_in_plain_words() {
    let kept = fs::read(folder("0.1.0").join("keeper.wasm")).expect("it is kept");
    let desk = Desk::opens().await;
    // The same component with other names in it, of the same length.
    let with = async |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut bytes = kept.clone();
        let places = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from.as_bytes()));
        let places: Vec<_> = places.collect();
        assert!(!places.is_empty(), "`{from}` is not in it");
        places.iter().for_each(|at| bytes[*at..at + to.len()].copy_from_slice(to.as_bytes()));
        let path = crate::support::component(&format!("keeper-{}", guesthouse::fetch::digest(&bytes)), &bytes);
        desk.plugin(&["add", &path.to_string_lossy(), "--yes"]).await
    };
    for (from, to, problem) in [
        ("@0.1.0", "@0.2.0", "needs `guesthouse:plugin` 0.2, this host has 0.1\nhint: update guesthouse\n"),
        (
            "@0.1.0",
            "@0.0.9",
            "needs `guesthouse:plugin` 0.0, this host has 0.1\nhint: build the plugin with a current SDK\n",
        ),
        (
            "plugin/random@",
            "plugin/rendom@",
            "imports `guesthouse:plugin/rendom@0.1.0`, which this host does not have\nhint: it was built for a later version \
             of the contract: update guesthouse\n",
        ),
        ("answer-callback", "answer-kallback", "was built for another form of the contract: "),
    ] {
        let error = with(from, to).await.refused();
        assert!(error.contains(problem), "{error}");
    }
    let said = with("@0.1.0", "@0.1.9").await.done();
    assert!(said.contains("  built for   guesthouse:plugin@0.1.9\n"), "{said}");
    let (host, person) = desk.starts();
    person.says("/kept").await;
    assert_eq!(person.sees().await, "0 kept");
    host.stops().await;
    desk.closes().await;
}

#[test]
fn the_contract_has_all_that_was_released_as_it_was() {
    let now = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit"));
    for version in RELEASED {
        let lost = lost(&read(&folder(version).join("wit")), &now);
        assert!(lost.is_empty(), "of guesthouse:plugin@{version}:\n{}\nhint: see docs/versions.md", lost.join("\n"));
    }
}

#[test]
fn what_old_components_would_miss_is_noticed_and_what_is_new_is_not() {
    const OLD: &str = "package a:b@0.1.0;\n/// A world.\nworld w { import i; use i.{r}; export run: func(r: r); }\n\
        interface i {\n  /// A record.\n  record r { a: u8, b: string }\n  variant v { x, y(u8), }\n  f: func(r: r) -> result<_, v>;\n}";
    let lost = |from: &str, to: &str| {
        let changed = OLD.replace(from, to);
        assert!(from.is_empty() || changed != OLD);
        super::released::lost(&items(OLD), &items(&changed))
    };
    for (from, to) in [
        ("record r { a: u8, b: string }", "record r { a: u8, b: string, c: u8 }"),
        ("record r { a: u8, b: string }", "record r { b: string, a: u8 }"),
        ("y(u8)", "y(u8), z"),
        ("f: func(r: r)", "f: func(r: r, more: bool)"),
        ("-> result<_, v>", "-> result<u8, v>"),
        ("f: func", "g: func"),
        ("import i;", ""),
        ("export run: func(r: r);", ""),
        // Old components do not have it.
        ("export run", "export stop: func(); export run"),
        ("interface i", "interface j"),
        ("@0.1.0", "@0.2.0"),
    ] {
        assert_eq!(lost(from, to).len(), 1, "{from} -> {to}: {:?}", lost(from, to));
    }
    for (from, to) in [
        ("", ""),
        ("/// A record.", "/// A record, said better."),
        ("f: func", "@since(version = 0.1.1)\n  g: func();\n  f: func"),
        ("interface i", "interface more { h: func(); }\ninterface i"),
        ("use i.{r};", "use i.{r, v};"),
        ("import i;", "import i; import more;"),
        ("{ a: u8, b: string }", "{\n    a: u8,\n    b: string,\n  }"),
        ("@0.1.0", "@0.1.7"),
    ] {
        assert_eq!(lost(from, to), [""; 0], "{from} -> {to}");
    }
}

/// The items of a package: where they stand, and their texts without comments and spaces.
type Items = BTreeMap<String, BTreeSet<String>>;

fn read(folder: &Path) -> Items {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "wit"));
    let texts: Vec<_> = files.map(|path| fs::read_to_string(path).expect("text")).collect();
    let items = items(&texts.join("\n"));
    assert!(items.len() > 5, "{items:?}");
    items
}

/// What old components would miss.
fn lost(old: &Items, new: &Items) -> Vec<String> {
    let mut lost = Vec::new();
    for (place, items) in old {
        let Some(now) = new.get(place) else {
            lost.push(format!("`{place}` is gone"));
            continue;
        };
        lost.extend(items.difference(now).map(|item| format!("{place}: `{item}` is gone or was changed")));
        let exports = now.difference(items).filter(|item| item.starts_with("export "));
        lost.extend(exports.map(|item| format!("{place}: old components have no `{item}`")));
    }
    lost
}

fn items(text: &str) -> Items {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.starts_with('@'));
    let text = lines.collect::<Vec<_>>().join(" ");
    let mut found = Items::new();
    // The way to the current item, and what is read of it.
    let (mut place, mut item, mut depth) = (String::new(), String::new(), 0);
    for char in text.chars() {
        match char {
            '{' => {
                depth += 1;
                if depth == 1 {
                    place = tidy(&std::mem::take(&mut item));
                    found.entry(place.clone()).or_default();
                    continue;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && char == '}' {
            item.clear();
            continue;
        }
        item.push(char);
        // A block ends by itself, but for the list of a `use`.
        let ends = char == ';' || (char == '}' && !tidy(&item).starts_with("use "));
        if !ends || depth > 1 {
            continue;
        }
        let text = tidy(&std::mem::take(&mut item));
        let place = if depth == 0 { "the package".to_owned() } else { place.clone() };
        let of_place = found.entry(place).or_default();
        match text.strip_prefix("use ").and_then(|used| used.trim_end_matches("};").split_once(".{")) {
            Some((from, names)) => of_place.extend(names.split(',').map(|name| format!("use {from}.{}", name.trim()))),
            // Within 0.1 the last number says only how much there is.
            None => {
                _ = of_place.insert(match text.starts_with("package ") {
                    true => text.rsplit_once('.').map_or(text.clone(), |(name, _)| name.to_owned()),
                    false => text,
                })
            }
        }
    }
    found
}

/// In one line, with one space between words and no comma before a closing brace.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(", }", " }")
}
