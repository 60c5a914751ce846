//! Components from elsewhere: a file, an address of the Web, a registry. What comes is bounded in size and time and is
//! nothing but bytes; whether they are a plugin is the sandbox's to say.
//!
//! It knows who asks as little as `web` does, whose rules are for plugins: here an operator has named the place. What
//! holds for both is that nothing is fetched in the clear from another machine, unless that was asked for.
//! Read on: `web` for addresses, `registry` for registries.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oci_client::Reference;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::{Host, Url};

mod registry;

mod web;

pub use registry::{Artifact, publish};

/// The beginning of a reference to a registry.
const REGISTRY: &str = "oci://";
/// A registry that is meant where none is named; here it has to be named.
const DOCKER: &str = "docker.io";

/// Where a component is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file, by its whole path.
    File(PathBuf),
    /// An address.
    Web(Url),
    /// An artifact of a registry.
    Registry(Reference),
}

/// How much is taken, and how long it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The size of a component in MiB.
    pub mib: u64,
    /// The time for all of it.
    pub time: Duration,
    /// Whether other machines may be asked without TLS.
    pub plain_http: bool,
}

/// Why there is no component.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum FetchError {
    #[error(
        "`{given}` is no place to fetch a plugin from: {problem}\nhint: write a file, https://… or oci://REGISTRY/NAME:TAG"
    )]
    NoPlace { given: String, problem: String },
    #[error(
        "cannot read `{path}`: {reason}\nhint: write the path of a component, such as target/wasm32-wasip2/release/notes.wasm"
    )]
    File { path: PathBuf, reason: String },
    #[error(
        "`{origin}` has more than the {mib} MiB that are allowed\nhint: raise limits.component_mib in the configuration, or build it smaller: strip names, optimise for size"
    )]
    TooLarge { origin: String, mib: u64 },
    #[error("`{origin}` did not come within {seconds} s\nhint: try again, or wait longer with --timeout SECONDS")]
    TooSlow { origin: String, seconds: u64 },
    #[error(
        "`{origin}` would come without TLS, so that anybody on the way could change it\nhint: use https, or --plain-http if the way there is your own"
    )]
    Plain { origin: String },
    #[error(
        "`{origin}` was not fetched: {reason}\nhint: look whether the address is right and can be reached from here"
    )]
    Broken { origin: String, reason: String },
    #[error("`{origin}` does not exist: {reason}\nhint: look at its name and its tag or digest")]
    Missing { origin: String, reason: String },
    #[error(
        "the registry does not let you at `{origin}`\nhint: log in with `docker login {registry}`, or write $DOCKER_CONFIG/config.json by hand"
    )]
    LogIn { origin: String, registry: String },
    #[error(
        "the credentials for `{registry}` cannot be used: {reason}\nhint: log in again with `docker login {registry}`, by name and password or token"
    )]
    Credentials { registry: String, reason: String },
    #[error(
        "`{origin}` is {found}, not a component\nhint: push it with `guesthouse plugin publish`, `wkg oci push` or `oras push … plugin.wasm:application/wasm`"
    )]
    NoComponent { origin: String, found: String },
    #[error(
        "the bytes of `{origin}` are not those of its digest: {reason}\nhint: the registry or the way there is damaged; do not use it"
    )]
    Digest { origin: String, reason: String },
}

impl Origin {
    /// What the operator has written.
    pub fn parse(given: &str) -> Result<Self, FetchError> {
        let refused = |problem: String| Err(FetchError::NoPlace { given: given.to_owned(), problem });
        if let Some(name) = given.strip_prefix(REGISTRY) {
            return match name.parse::<Reference>() {
                // Else a mistyped name would be asked for at a registry that nobody has thought of.
                Ok(reference) if reference.registry() == DOCKER && !name.starts_with(DOCKER) => {
                    refused("it names no registry".into())
                }
                Ok(reference) => Ok(Self::Registry(reference)),
                Err(error) => refused(error.to_string()),
            };
        }
        if let Some((scheme, _)) = given.split_once("://") {
            let url = match Url::parse(given) {
                Ok(url) => url,
                Err(error) => return refused(error.to_string()),
            };
            if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
                return refused(format!("there is no way of fetching by `{scheme}`"));
            }
            if url.password().is_some() || !url.username().is_empty() {
                let problem = "a password would be kept in the lock file".into();
                return Err(FetchError::NoPlace { given: hide_password(url), problem });
            }
            return Ok(Self::Web(url));
        }
        match std::path::absolute(given) {
            Ok(path) => Ok(Self::File(path)),
            Err(error) => refused(error.to_string()),
        }
    }

    /// Whether asking there means asking another machine without TLS.
    fn is_plain(&self) -> bool {
        match self {
            Self::Web(url) => url.scheme() == "http" && !is_loopback(url),
            Self::File(_) | Self::Registry(_) => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Web(url) => write!(f, "{url}"),
            Self::Registry(reference) => write!(f, "{REGISTRY}{}", reference.whole()),
        }
    }
}

/// Fetches a component.
pub async fn fetch(origin: &Origin, bounds: Bounds) -> Result<Vec<u8>, FetchError> {
    if origin.is_plain() && !bounds.plain_http {
        return Err(FetchError::Plain { origin: origin.to_string() });
    }
    within(origin, bounds, async {
        match origin {
            Origin::File(path) => read(path, bounds).await,
            Origin::Web(url) => web::fetch(url, bounds).await,
            Origin::Registry(reference) => registry::pull(reference, bounds).await,
        }
    })
    .await
}

/// The SHA-256 of bytes in hexadecimal digits, as a component is known by.
pub fn digest(bytes: &[u8]) -> String {
    crate::model::hex(&Sha256::digest(bytes))
}

/// Does it within the time.
async fn within<T>(
    origin: &Origin,
    bounds: Bounds,
    work: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    let slow = |_| FetchError::TooSlow { origin: origin.to_string(), seconds: bounds.time.as_secs() };
    tokio::time::timeout(bounds.time, work).await.map_err(slow)?
}

/// A file that grows while it is read, or never ends, ends at the limit.
async fn read(path: &Path, bounds: Bounds) -> Result<Vec<u8>, FetchError> {
    let (file, most) = (path.to_owned(), bounds.bytes());
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(most + 1).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    });
    let refused = |reason: String| FetchError::File { path: path.to_owned(), reason };
    let bytes = reading.await.map_err(|error| refused(error.to_string()))?;
    let bytes = bytes.map_err(|error| refused(error.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(FetchError::TooLarge { origin: Origin::File(path.to_owned()).to_string(), mib: bounds.mib });
    }
    Ok(bytes)
}

impl Bounds {
    /// The size in bytes.
    fn bytes(self) -> u64 {
        self.mib.saturating_mul(1 << 20)
    }
}

/// Whether an address is this machine's own.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn hide_password(mut url: Url) -> String {
    // An address with a host can do without both.
    let _ = (url.set_password(None), url.set_username("…"));
    url.to_string()
}

/// The innermost reason: those around it repeat the address.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_by_how_it_begins() {
        let kept = |given: &str| Origin::parse(given).map(|origin| origin.to_string());
        for same in [
            "/a/notes.wasm",
            "https://example.org/notes.wasm",
            "oci://ghcr.io/ann/notes:0.1.0",
            "oci://localhost:5000/notes:1",
            "oci://docker.io/ann/notes:1",
        ] {
            assert_eq!(kept(same).unwrap(), same);
        }
        let digest = format!("oci://ghcr.io/ann/notes@sha256:{}", "0".repeat(64));
        assert_eq!(kept(&digest).unwrap(), digest);
        assert_eq!(kept("oci://ghcr.io/ann/notes").unwrap(), "oci://ghcr.io/ann/notes:latest");
        assert!(matches!(Origin::parse("notes.wasm").unwrap(), Origin::File(path) if path.is_absolute()));
    }

    #[test]
    fn a_place_that_is_none_is_said_so() {
        let refused = |given: &str| Origin::parse(given).unwrap_err().to_string();
        for (given, problem) in [
            ("oci://notes:1", "it names no registry"),
            ("oci://ghcr.io/Ann/notes", "invalid reference format"),
            ("ftp://example.org/a.wasm", "there is no way of fetching by `ftp`"),
            ("https://ann:secret@example.org/a.wasm", "a password would be kept in the lock file"),
        ] {
            let text = refused(given);
            assert!(text.contains(problem) && text.contains("\nhint: ") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_asked_in_the_clear() {
        let plain = |given: &str| Origin::parse(given).unwrap().is_plain();
        for here in ["http://127.0.0.1:8000/a", "http://localhost/a", "http://[::1]/a", "https://example.org/a"] {
            assert!(!plain(here), "{here}");
        }
        for elsewhere in ["http://example.org/a", "http://10.0.0.5/a", "http://localhost.example.org/a"] {
            assert!(plain(elsewhere), "{elsewhere}");
        }
    }
}
