//! Which sites a plugin may ask: `{ http = ["t.me", "*.example.org", "https://api.example.org:8443", "*"] }`. Pure.
//!
//! 1. An entry names a host, all hosts below a domain (`*.example.org`, which is not `example.org` itself), or all (`*`).
//! 2. Without `http://` or `https://` it means both; without a port, the usual one of each.
//! 3. Addresses that are not public (`web/address`) are reached only where the operator has said so: the entry is an IP
//!    address, or a host *with its port*. A name alone does not do: whoever owns it could let it point into this network.

use std::net::IpAddr;

use url::{Host, Url};

/// What an entry says of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    Any,
    Below(String),
    Name(String),
    Address(IpAddr),
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Site {
    is_tls: Option<bool>,
    host: Whose,
    port: Option<u16>,
}

/// How far an address may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To public addresses only.
    Public,
    /// Wherever it points: the operator has named it.
    Named,
}

/// The sites that a plugin may ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sites(Vec<Site>);

impl Sites {
    /// Adds an entry as it is written in the configuration, or says what is wrong with it.
    pub fn add(&mut self, entry: &str) -> Result<(), String> {
        let site = Site::read(entry).map_err(|problem| {
            format!(
                "`{entry}` is no site: {problem}\nhint: write a host (\"example.org\"), all below it (\"*.example.org\"), \
                 one with scheme and port (\"http://127.0.0.1:8099\"), or \"*\""
            )
        })?;
        self.0.push(site);
        Ok(())
    }

    /// Whether this address may be asked, and how far it may lead.
    pub fn way(&self, url: &Url) -> Option<Way> {
        self.0.iter().filter_map(|site| site.way(url)).max_by_key(|way| *way == Way::Named)
    }
}

impl Site {
    fn read(entry: &str) -> Result<Self, &'static str> {
        let (is_tls, rest) = match entry.split_once("://") {
            Some(("http", rest)) => (Some(false), rest),
            Some(("https", rest)) => (Some(true), rest),
            Some(_) => return Err("plugins speak http and https only"),
            None => (None, entry),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '\\']) {
            return Err("hosts are granted as a whole, without a path");
        }
        if rest.contains('@') {
            return Err("a name or password does not belong here");
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty() => {
                (host, Some(port.parse().ok().filter(|port| *port > 0).ok_or("there is no such port")?))
            }
            // The last colon may be part of an IPv6 address.
            Some(_) if !rest.ends_with(']') => return Err("that is no port"),
            _ => (rest, None),
        };
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => Whose::Any,
            Some(domain) => match read_host(domain)? {
                Host::Domain(domain) => Whose::Below(domain),
                _ => return Err("nothing is below an IP address"),
            },
            None => match read_host(host)? {
                Host::Domain(name) => Whose::Name(name),
                Host::Ipv4(address) => Whose::Address(address.into()),
                Host::Ipv6(address) => Whose::Address(address.into()),
            },
        };
        Ok(Self { is_tls, host, port })
    }

    fn way(&self, url: &Url) -> Option<Way> {
        let is_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let port = self.port.unwrap_or(if is_tls { 443 } else { 80 });
        if self.is_tls.is_some_and(|only| only != is_tls) || url.port_or_known_default() != Some(port) {
            return None;
        }
        let named = |is_it: bool, has_all: bool| is_it.then_some(if has_all { Way::Named } else { Way::Public });
        match (&self.host, url.host()?) {
            (Whose::Any, _) => Some(Way::Public),
            (Whose::Below(domain), Host::Domain(name)) => {
                let below = plain(name).strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
                named(below, false)
            }
            (Whose::Name(mine), Host::Domain(name)) => named(plain(name) == mine, self.port.is_some()),
            (Whose::Address(mine), Host::Ipv4(address)) => named(*mine == IpAddr::V4(address), true),
            (Whose::Address(mine), Host::Ipv6(address)) => named(*mine == IpAddr::V6(address), true),
            _ => None,
        }
    }
}

/// The host as addresses have it: in lower case, in ASCII, an IP address in its usual form.
fn read_host(host: &str) -> Result<Host, &'static str> {
    if host.contains('*') {
        return Err("`*` stands alone or before the first dot");
    }
    match Host::parse(host).map_err(|_| "that is no host")? {
        Host::Domain(name) if plain(&name).is_empty() => Err("that is no host"),
        Host::Domain(name) => Ok(Host::Domain(plain(&name).to_owned())),
        address => Ok(address),
    }
}

/// Without the dot at the end, with which a name means the same.
fn plain(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(entries: &[&str], url: &str) -> Option<Way> {
        let mut sites = Sites::default();
        entries.iter().for_each(|entry| sites.add(entry).unwrap());
        sites.way(&Url::parse(url).unwrap())
    }

    #[test]
    fn entries_mean_what_they_say() {
        use Way::{Named, Public};
        for (entries, url, expected) in [
            (&["t.me"][..], "https://t.me/s/x", Some(Public)),
            (&["t.me"], "http://t.me/", Some(Public)),
            (&["t.me"], "https://T.ME./", Some(Public)),
            (&["t.me"], "https://t.me:8443/", None),
            (&["t.me"], "https://evil.t.me/", None),
            (&["t.me"], "https://t.me.evil.org/", None),
            (&["t.me"], "https://xt.me/", None),
            (&["t.me"], "https://t.me@evil.org/", None),
            (&["t.me"], "ftp://t.me/", None),
            (&["*.example.org"], "https://a.b.example.org/", Some(Public)),
            (&["*.example.org"], "https://example.org/", None),
            (&["*.example.org"], "https://badexample.org/", None),
            (&["*.example.org:8443"], "https://a.example.org:8443/", Some(Public)),
            (&["*"], "https://anything.net/", Some(Public)),
            (&["*"], "http://anything.net:22/", None),
            (&["*"], "http://127.0.0.1/", Some(Public)),
            (&["http://127.0.0.1:8099"], "http://127.0.0.1:8099/", Some(Named)),
            (&["http://127.0.0.1:8099"], "http://2130706433:8099/", Some(Named)),
            (&["http://127.0.0.1:8099"], "https://127.0.0.1:8099/", None),
            (&["http://127.0.0.1:8099"], "http://127.0.0.1:8098/", None),
            (&["http://127.0.0.1:8099"], "http://127.0.0.2:8099/", None),
            (&["http://127.0.0.1:8099"], "http://[::ffff:127.0.0.1]:8099/", None),
            (&["http://127.0.0.1:8099"], "http://localhost:8099/", None),
            (&["10.0.0.5"], "http://10.0.0.5/", Some(Named)),
            (&["http://[::1]:80"], "http://[0:0::1]/", Some(Named)),
            (&["[::1]:8080"], "http://[::1]:8080/", Some(Named)),
            (&["https://api.example.org:8443"], "https://api.example.org:8443/v1", Some(Named)),
            (&["https://api.example.org"], "https://api.example.org/v1", Some(Public)),
            (&["*", "localhost:80"], "http://localhost/", Some(Named)),
            (&["почта.рф"], "https://xn--80a1acny.xn--p1ai/", Some(Public)),
            (&[], "https://t.me/", None),
        ] {
            assert_eq!(way(entries, url), expected, "{entries:?} {url}");
        }
    }

    #[test]
    fn what_is_no_site_is_refused_with_a_hint() {
        for entry in [
            "",
            "*.",
            "a*.org",
            "*.*",
            "ftp://x.org",
            "https://x.org/path",
            "x.org?",
            "me@x.org",
            "x.org:0",
            "x.org:99999",
            "x.org:http",
            "[::1",
            "*.127.0.0.1",
            "exa mple.org",
            ":80",
        ] {
            let problem = Sites::default().add(entry).unwrap_err();
            assert!(problem.starts_with(&format!("`{entry}` is no site: ")), "{problem}");
            assert!(problem.contains("\nhint: "), "{problem}");
        }
    }
}
