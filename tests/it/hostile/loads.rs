//! Components that are refused when they are loaded, each in words that name the plugin, the cause and the repair.
//! Those that no toolchain would make are written as text.

use crate::support::{Database, House, Plugin, Street, fixture, start};

/// Why a host with this component does not start, without the words that every refusal begins with.
async fn refusal(limits: &str, component: &[u8]) -> String {
    let folder = crate::support::folder();
    let path = folder.path().join("bad.wasm");
    std::fs::write(&path, component).expect("the folder can be written");
    let street = Street::opens().await;
    let plugin = Plugin::file("bad", &path).granted(r#"["chat"]"#);
    let error = match start(&street.configuration(&Database::sqlite(), limits, &[plugin])).await {
        Ok(_) => panic!("it was started"),
        Err(error) => format!("{error:#}"),
    };
    street.closes().await;
    let (_, reason) = error.split_once("bot `test` was not started: ").expect("a refusal");
    reason.to_owned()
}

/// A component of one core module that exports what a plugin has to, whatever its types are.
fn plugin(module: &str) -> String {
    format!(
        r#"(component
            (core module $m {module} (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (export "describe" (func $f))
            (export "handle" (func $f)))"#
    )
}

/// The same with an import before it.
fn importing(import: &str) -> String {
    plugin("").replacen("(component", &format!("(component (import \"{import}\" (instance))"), 1)
}

async fn refused(text: &str) -> String {
    let component = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    refusal("cpu_ms = 200\nwall_ms = 2000", &component).await
}

#[tokio::test]
async fn another_world_or_another_version() {
    assert_eq!(
        refused(
            r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
                (func (export "run") (canon lift (core func $i "f"))))"#
        )
        .await,
        "the component of plugin `bad` does not export `describe`; it exports `run`\n\
         hint: build it for the world `guesthouse:plugin/plugin`, in Rust with the crate `guesthouse-plugin`"
    );
    assert_eq!(
        refused(&plugin("").replace(r#"(export "handle" (func $f))"#, "")).await,
        "the component of plugin `bad` does not export `handle`; it exports `describe`\n\
         hint: build it for the world `guesthouse:plugin/plugin`, in Rust with the crate `guesthouse-plugin`"
    );
    assert_eq!(
        refused(&importing("guesthouse:plugin/chat@0.2.0")).await,
        "plugin `bad` needs `guesthouse:plugin` 0.2, this host has 0.1\nhint: update guesthouse"
    );
    assert_eq!(
        refused(&importing("guesthouse:plugin/chat@0.0.3")).await,
        "plugin `bad` needs `guesthouse:plugin` 0.0, this host has 0.1\nhint: build the plugin with a current SDK"
    );
}

#[tokio::test]
async fn what_this_host_does_not_have() {
    for (import, hint) in [
        (
            "wasi:http/outgoing-handler@0.2.3",
            "plugins reach no network by themselves; build it without, in JavaScript with `--disable http fetch-event`",
        ),
        ("wasi:sockets/tcp@0.3.0", "this host has WASI 0.2: build it for wasm32-wasip2"),
        ("guesthouse:plugin/shell@0.1.0", "it was built for a later version of the contract: update guesthouse"),
        ("acme:rockets/launch@1.0.0", "plugins import `guesthouse:plugin` and WASI 0.2, nothing else"),
    ] {
        assert_eq!(
            refused(&importing(import)).await,
            format!("plugin `bad` imports `{import}`, which this host does not have\nhint: {hint}")
        );
    }
}

#[tokio::test]
async fn more_than_one_component_may_be() {
    let big = vec![0; (1 << 20) + 1];
    assert_eq!(
        refusal("component_mib = 1", &big).await,
        "the component of plugin `bad` has 2 MiB, more than the 1 that are allowed\n\
         hint: raise limits.component_mib in guesthouse.toml, or build it smaller: strip names, optimise for size"
    );
    let whole = guesthouse_fixtures::get("trap").component;
    let many = |module: &str, count: usize| {
        let modules = format!("(core module $n {module})") + &"(core instance (instantiate $n))".repeat(count);
        plugin("").replacen("(component", &format!("(component {modules}"), 1)
    };
    // What is refused, and a word of the reason.
    let cases: Vec<(String, &str)> = vec![
        (plugin("(memory 1025)"), "memory"),
        (many("(memory 1)", 3), "memor"),
        (plugin("(table 20001 funcref)"), "table"),
        (many("(table 1 funcref)", 9), "table"),
        (many("", 40), "instance"),
        (plugin("(memory 1) (memory 1)"), "memor"),
        (plugin("(memory 1 1 shared)"), "thread"),
        (plugin("(memory i64 1)"), "64"),
        (plugin("(type (struct (field i32)))"), "gc"),
        (plugin("(tag)"), "exceptions"),
        (plugin("(func (return_call 0))"), "tail"),
    ];
    for (text, word) in cases {
        let reason = refused(&text).await;
        assert!(reason.starts_with("the component of plugin `bad` does not compile: "), "{text}: {reason}");
        assert!(reason.contains(word), "{text}: {reason}");
        assert!(reason.contains("\nhint: "), "{text}: {reason}");
    }
    let garbled: Vec<u8> =
        whole.iter().enumerate().map(|(at, byte)| if at % 997 == 996 { !byte } else { *byte }).collect();
    let reason = refusal("", &garbled).await;
    assert!(reason.starts_with("the component of plugin `bad` does not compile: "), "{reason}");
}

/// Code that would run before the first call never does: names and types are compared before anything is instantiated.
#[tokio::test]
async fn nothing_runs_of_a_component_of_another_form() {
    for module in ["(func $s (loop $l (br $l))) (start $s)", "(func $s unreachable) (start $s)"] {
        let reason = refused(&plugin(module)).await;
        let form = "plugin `bad` was built for another form of the contract: type-checking export func `describe`";
        assert!(reason.starts_with(form), "{module}: {reason}");
        assert!(reason.ends_with("\nhint: build it again with the `wit` folder of this version"), "{reason}");
    }
    let other = refused(&importing("guesthouse:plugin/log@0.1.0")).await;
    assert!(other.starts_with("plugin `bad` was built for another form of the contract: "), "{other}");
}

/// Few functions that take the compiler long, within every limit of size: loops after loops, in all of which the same
/// many values are alive.
fn bomb() -> Vec<u8> {
    const VALUES: usize = 400;
    const LOOPS: usize = 3_000;
    let step = |number: usize| {
        let (to, from) = (1 + number % VALUES, 1 + number * 7 % VALUES);
        format!(
            "(loop $l (local.set {to} (i32.add (local.get {from}) (local.get {to}))) (br_if $l (local.get {from})))"
        )
    };
    let body: String = (0..LOOPS).map(step).collect();
    let sum: String =
        (1..=VALUES).map(|value| format!("(local.set 0 (i32.xor (local.get 0) (local.get {value})))")).collect();
    let function =
        format!("(func (param i32) (result i32) (local {}) {body} {sum} (local.get 0))", "i32 ".repeat(VALUES));
    wat::parse_str(plugin(&function.repeat(4))).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_component_that_compiles_for_ever_holds_nobody_up() {
    let reason = refusal("compile_s = 1", &bomb()).await;
    assert_eq!(
        reason,
        "compiling plugin `bad` took longer than 1 s\n\
         hint: raise limits.compile_s in guesthouse.toml; a Python or JavaScript guest takes long once, then it is cached"
    );
}

#[tokio::test]
async fn a_bot_whose_plugin_is_refused_stops_no_other_bot() {
    let folder = crate::support::folder();
    let path = folder.path().join("bad.wasm");
    std::fs::write(&path, b"this is no WebAssembly at all").expect("the folder can be written");
    let street = Street::opens().await;
    street.has_bot("7000000009:other", "other_bot").await;
    let database = Database::sqlite();
    let text = street.configuration(&database, "", &[fixture("trap")]);
    let text = street.and_bot(&text, "other", "7000000009:other", &[Plugin::file("bad", &path)]);
    let house = House::opens_on(street, database, &text).await;
    super::serves_others(&house.person(1002)).await;
    house.closes([]).await;
}
