//! From a file: what is written, what runs, and what no longer runs once somebody has changed it.

use super::{Desk, file};
use crate::support::process::HostProcess;

#[tokio::test]
async fn a_file_is_installed_pinned_and_runs() {
    let desk = Desk::opens().await;
    let (path, digest) = file("give-up");
    let before = desk.text();
    let said = desk.plugin(&["add", &path, "--name", "guest", "--yes"]).await.done();
    for part in [
        "give-up 0.1.0: Fails for good.\n",
        &format!("  sha256      {digest}\n"),
        "  built for   guesthouse:plugin@0.1.0\n",
        "  asks for    chat: write to the chats that it is spoken to in\n",
        "  command     /ping: Answer\n",
        "`guest` 0.1.0 is installed for bot `test`, with the grant [\"chat\"].\nA host that runs goes on with what it has loaded",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }

    // The section stands at the end, and no other line has moved.
    assert_eq!(
        desk.text(),
        format!("{before}\n[bot.plugins.guest]\nsource = \"plugins/{digest}.wasm\"\ngrant = [\"chat\"]\n")
    );
    assert_eq!(
        std::fs::read(desk.stored(digest)).expect("it is stored"),
        guesthouse_fixtures::get("give-up").component
    );
    let lock = desk.lock();
    let pin = &lock["plugin"][0];
    let says = |key: &str| pin[key].as_str().unwrap_or_default();
    assert_eq!((says("bot"), says("name"), says("digest")), ("test", "guest", digest));
    assert_eq!((says("source"), says("version"), says("package")), (path.as_str(), "0.1.0", "0.1.0"));
    assert_eq!((says("grant"), pin["capabilities"].as_array().map(Vec::len)), ("[\"chat\"]", Some(1)));
    assert!(says("added").ends_with('Z'), "{pin}");

    desk.runs(&["check"]).await.done();
    desk.talks("/ping", "pong").await;
    let list = desk.plugin(&["list"]).await.done();
    let row: Vec<_> = list.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(row, ["test", "guest", "0.1.0", &digest[..12], &path, "-", "installed"]);
    desk.closes().await;
}

// The emulator answers from this process while the end of another one is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_than_the_pinned_ones_are_never_loaded() {
    let desk = Desk::opens().await;
    let (path, digest) = file("give-up");
    desk.plugin(&["add", &path, "--name", "guest", "--yes"]).await.done();
    // A component that would load as well as the pinned one.
    let other = guesthouse_fixtures::get("retry");
    std::fs::write(desk.stored(digest), other.component).expect("the folder can be written");
    let refusal = format!("has sha256 {}, pinned is {digest}\nhint: `guesthouse plugin upgrade guest` ", other.digest);
    let checked = desk.runs(&["check"]).await.refused();
    assert!(checked.contains(&refusal), "{checked}");
    let refused = HostProcess::starts_from(&desk.config()).refuses().await;
    assert!(refused.contains(&refusal), "{refused}");
    let list = desk.plugin(&["list", "--json"]).await.done();
    assert!(list.contains("was changed: its sha256 is"), "{list}");

    // So is a configuration that names another file.
    let kept = desk.text();
    std::fs::write(desk.config(), kept.replace(&format!("plugins/{digest}.wasm"), &file("retry").0)).expect("a file");
    let checked = desk.runs(&["check"]).await.refused();
    assert!(checked.contains(&refusal), "{checked}");
    std::fs::write(desk.config(), kept).expect("a file");

    // What the hint says repairs it.
    let said = desk.plugin(&["upgrade", "guest"]).await.done();
    assert_eq!(said, "`guest` of bot `test` is 0.1.0 already; its file is whole.\n");
    desk.talks("/ping", "pong").await;

    // A lock file that cannot be read pins nothing silently.
    std::fs::write(desk.folder.path().join("guesthouse.lock"), "nonsense").expect("a file");
    let checked = desk.runs(&["check"]).await.refused();
    assert!(checked.contains("guesthouse.lock` cannot be used"), "{checked}");
    desk.closes().await;
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_and_leaves_nothing_behind() {
    let desk = Desk::opens().await;
    let whole = guesthouse_fixtures::get("echo").component;
    let path = |name: &str, bytes: &[u8]| {
        let path = desk.folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder can be written");
        path.to_string_lossy().into_owned()
    };
    let cases = [
        (
            path("garbage.wasm", b"no WebAssembly at all"),
            "the source of plugin `garbage` is no WebAssembly, not a component",
        ),
        (path("module.wasm", b"\0asm\x01\0\0\0"), "is a core module, not a component"),
        (path("cut.wasm", &whole[..whole.len() / 2]), "the component of plugin `cut` does not compile"),
        (path("large.wasm", &vec![0; (1 << 20) + 1]), "has more than the 1 MiB that are allowed"),
        ("/dev/zero".to_owned(), "`/dev/zero` has more than the 1 MiB that are allowed"),
        ("nowhere.wasm".to_owned(), "cannot read `…/nowhere.wasm`: No such file"),
        (file("describe-trap").0, "did not describe itself: it crashed"),
    ];
    for (source, reason) in cases {
        let error = desk.refuses(&["add", &source, "--yes"]).await;
        assert!(error.contains(reason), "{error}");
    }
    let error = desk.refuses(&["add", &file("echo").0, "--yes", "--grant", "telegram=x", "--set", "greting=hi"]).await;
    assert!(error.contains("plugin `echo` has no setting `greting`\nhint: its settings are `greeting`"), "{error}");
    let error = desk.refuses(&["add", &file("give-up").0, "--yes", "--name", "Guest"]).await;
    assert!(error.contains("`Guest` is not a name for a plugin"), "{error}");
    let error = desk.refuses(&["add", &file("give-up").0, "--yes", "--sha256", &"0".repeat(64)]).await;
    assert!(error.contains(&format!("has sha256 {}, not 0000", file("give-up").1)), "{error}");
    desk.closes().await;
}
