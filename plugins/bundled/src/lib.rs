//! The plugins that Guesthouse brings along, as components. `build.rs` compiles them and has the list.

/// A plugin that comes with the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// What it is called behind `bundled:` in the configuration.
    pub name: &'static str,
    /// The component.
    pub component: &'static [u8],
    /// The SHA-256 of the component, in lower-case hexadecimal.
    pub digest: &'static str,
}

static ALL: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// All of them.
pub fn all() -> &'static [Bundled] {
    ALL
}

/// The one of that name.
pub fn get(name: &str) -> Option<&'static Bundled> {
    ALL.iter().find(|bundled| bundled.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_is_a_component_of_its_name() {
        for bundled in all() {
            assert_eq!(get(bundled.name), Some(bundled));
            // What tells a component from a core module is the layer, the second half of the version.
            assert!(bundled.component.starts_with(b"\0asm\x0d\0\x01\0"), "{}", bundled.name);
            assert_eq!(bundled.digest.len(), 64);
        }
        assert!(get("cards").is_some() && get("profile").is_some());
        assert!(get("nothing").is_none());
    }
}
