//! What is refused before anything is compiled, and what the compiler refuses. Real plugins are in `tests/`.

use super::*;
use crate::config::Limits;
use crate::model::event::Event;
use crate::sandbox::Sandbox;
use crate::sandbox::rows::tests::Memory;

/// The smallest component: magic, version, layer.
const NOTHING: &[u8] = b"\0asm\x0d\0\x01\0";

fn settings() -> Settings {
    let me = Me { id: 7, username: "notes_bot".into(), name: "Notes".into() };
    Settings { config: BTreeMap::new(), admins: vec![], me }
}

async fn refused(component: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { component_mib: 1, concurrent_turns: 1, ..Limits::default() };
    let sandbox = Sandbox::new(&limits, folder.path()).unwrap();
    let source = Source { name: PluginName::new("notes").unwrap(), component: component.into(), digest: None };
    sandbox.load(source, settings(), &Grant::default()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_file_that_is_no_component() {
    insta::assert_snapshot!(refused(b"\x7fELF").await, @"
    the source of plugin `notes` is no WebAssembly, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`
    ");
    insta::assert_snapshot!(refused(b"\0asm\x01\0\0\0").await, @"
    the source of plugin `notes` is a core module, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`
    ");
    insta::assert_snapshot!(refused(b"").await, @"
    the source of plugin `notes` is empty, not a component
    hint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`
    ");
}

#[tokio::test]
async fn a_component_that_is_too_large() {
    insta::assert_snapshot!(refused(&[0; (1 << 20) + 1]).await, @"
    the component of plugin `notes` has 2 MiB, more than the 1 that are allowed
    hint: raise limits.component_mib in guesthouse.toml, or build it smaller: strip names, optimise for size
    ");
}

#[tokio::test]
async fn a_component_that_was_cut_short() {
    let mut cut = NOTHING.to_vec();
    cut.extend([7, 200, 1, 1]);
    let refused = refused(&cut).await;
    assert!(refused.starts_with("the component of plugin `notes` does not compile: "), "{refused}");
    assert!(refused.ends_with("hint: build it again; a file that was cut short looks like this too"), "{refused}");
}

#[tokio::test]
async fn a_component_that_is_no_plugin() {
    insta::assert_snapshot!(refused(NOTHING).await, @"
    the component of plugin `notes` does not export `describe`; it exports nothing
    hint: build it for the world `guesthouse:plugin/plugin`, in Rust with the crate `guesthouse-plugin`
    ");
}

/// A plugin that asks for no setting in `describe` is compiled once, whatever is set; one that does, for each of them.
#[tokio::test]
async fn what_describe_has_not_asked_for_is_no_reason_to_compile_again() {
    let limits = Limits { concurrent_turns: 1, ..Limits::default() };
    for (fixture, files) in [("dialogue", 1), ("attend", 2)] {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::new(&limits, folder.path()).unwrap();
        let component = guesthouse_fixtures::get(fixture).component;
        let me =
            |me: &str| BTreeMap::from([("me".to_owned(), me.to_owned())]).into_iter().filter(|_| files > 1).collect();
        for (who, admins) in [("ada", vec![]), ("bob", vec![1]), ("ada", vec![])] {
            let name = PluginName::new("guest").unwrap();
            let source = Source { name, component: component.into(), digest: None };
            let settings = Settings { config: me(who), admins, ..settings() };
            let plugin = sandbox.load(source, settings, &Grant::everything()).await.unwrap();
            assert!(plugin.has_snapshot());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), files, "{fixture}");
    }
}

/// Whatever shadows do, every turn that the limits allow finds a place, and the other way round.
#[tokio::test]
async fn a_shadow_takes_nobodys_place() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { concurrent_turns: 1, ..Limits::default() };
    let sandbox = Sandbox::new(&limits, folder.path()).unwrap();
    let component = guesthouse_fixtures::get("dialogue").component;
    let source = || Source { name: PluginName::new("guest").unwrap(), component: component.into(), digest: None };
    let live = sandbox.load(source(), settings(), &Grant::everything()).await.unwrap();
    let shadow = sandbox.for_shadows().load(source(), settings(), &Grant::everything()).await.unwrap();
    let turn = || Turn {
        event: Event::Schedule { name: "tick".into(), due: 0, missed: 0 },
        raw: "".into(),
        processor: None,
        has_next: false,
        others: [].into(),
        now: 0,
        seed: [0; 32],
        origin: None,
        dialogue: None,
    };
    let shared = &sandbox.shared;
    for (busy, runs) in [(&shared.shadows, &live), (&shared.turns, &shadow)] {
        let all = busy.available_permits();
        let _busy = busy.acquire_many(u32::try_from(all).unwrap()).await.unwrap();
        let run = runs.run(turn(), Arc::new(Memory::default()));
        let report = tokio::time::timeout(std::time::Duration::from_secs(20), run).await.expect("it finds a place");
        assert!(report.result.is_ok(), "{report:?}");
    }
}
