//! Compiles the bundled plugins. The list is all there is to change for another one.

use std::process::ExitCode;

/// What a plugin is called behind `bundled:` in the configuration, and the crate it comes from.
const PLUGINS: &[(&str, &str)] = &[
    ("assistant", "guesthouse-assistant"),
    ("cards", "guesthouse-cards"),
    ("channels", "guesthouse-channels"),
    ("profile", "guesthouse-profile"),
];

fn main() -> ExitCode {
    guesthouse_compile::embed("Bundled", PLUGINS)
}
