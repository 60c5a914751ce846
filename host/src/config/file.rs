//! Which file the operator writes: hints name it. A program works with one configuration, so its name is said once, by the
//! command line; where nobody has said it, it is that which is looked for without `--config`.

use std::path::Path;
use std::sync::OnceLock;

/// Where a configuration is looked for.
pub const USUAL: &str = "guesthouse.toml";

static IN_USE: OnceLock<String> = OnceLock::new();

/// Says which file this program works with. What was said first holds.
pub fn is_at(path: &Path) {
    // A second word would be from the same command line.
    let _ = IN_USE.set(path.display().to_string());
}

/// The file, as the operator has named it.
pub fn name() -> &'static str {
    IN_USE.get().map_or(USUAL, String::as_str)
}
