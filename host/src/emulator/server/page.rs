//! The web chat: a few files embedded in the binary, the headers that keep everything else out, and who may use it and the
//! web API: pages that this server itself has given out, under a name that is its own.
//!
//! A browser sends what it reaches under a stranger's name to that stranger's page, and a name may lead anywhere at any
//! time (DNS rebinding). So only names are taken that nobody else can give out: IP addresses, `localhost`, and what the
//! operator wrote after `--listen`. Bots are no browsers and may call the Bot API by any name.

use std::net::IpAddr;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Face;

/// Nothing from outside; pictures may also be made by the page itself.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal: $kind:expr),* $(,)?) => {
        [$(($name, $kind, include_str!(concat!("../web/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = &files! {
    "index.html": HTML,
    "style.css": CSS,
    "chat.css": CSS,
    "actions.js": SCRIPT,
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "attach.js": SCRIPT,
    "chat.js": SCRIPT,
    "commands.js": SCRIPT,
    "composer.js": SCRIPT,
    "dom.js": SCRIPT,
    "format.js": SCRIPT,
    "keyboards.js": SCRIPT,
    "links.js": SCRIPT,
    "notices.js": SCRIPT,
    "live-worker.js": SCRIPT,
    "live.js": SCRIPT,
    "media.js": SCRIPT,
    "message.js": SCRIPT,
    "people.js": SCRIPT,
    "room.js": SCRIPT,
    "route.js": SCRIPT,
    "sidebar.js": SCRIPT,
    "store.js": SCRIPT,
    "stream.js": SCRIPT,
    "text.js": SCRIPT,
    "ui.js": SCRIPT,
    "viewer.js": SCRIPT,
};

pub(super) fn routes(face: Face) -> Router {
    let page = Router::new().route("/", get(async || file("index.html"))).route("/{name}", get(named));
    page.layer(axum::middleware::from_fn_with_state(face, known_host)).layer(axum::middleware::map_response(guarded))
}

async fn named(Path(name): Path<String>) -> Response {
    file(&name)
}

fn file(name: &str) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => {
            // They change with the binary, and a stale script against a new server is a riddle.
            let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")];
            (headers, *text).into_response()
        }
        None => (StatusCode::NOT_FOUND, "there is nothing here; the chat is at /").into_response(),
    }
}

/// Adds the headers that every page and every answer of the web API carries, where the handler set none of its own.
pub(super) async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Refuses requests that came here under a name which is not this server's.
pub(super) async fn known_host(State(face): State<Face>, request: Request, next: Next) -> Response {
    // A request without a name is no browser's.
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let own = face.emulator.0.name.get().map(String::as_str);
    if host.is_some_and(|host| !is_own_name(host, own)) {
        let text = "{\"error\":\"this server is not called that; open it as http://127.0.0.1 or http://localhost with its \
                    port, or start it with the name after --listen\"}";
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/json")], text).into_response();
    }
    next.run(request).await
}

/// Whether nobody else can make this name lead here.
fn is_own_name(host: &str, own: Option<&str>) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    address.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || own.is_some_and(|own| !own.is_empty() && own.eq_ignore_ascii_case(&name))
}

/// Refuses requests that another site's page makes through the person's browser.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        let text = r#"{"error":"this API is for its own page; other sites may not use it"}"#;
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/json")], text).into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let from = origin.as_ref().and_then(|origin| origin.authority()).map(|authority| authority.as_str());
    // An origin of `null` is foreign, too.
    from.is_none() || from != host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/emulator/web");
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".js") || name.ends_with(".css") || name.ends_with(".html"))
            .collect();
        names.sort();
        let mut served: Vec<_> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        served.sort();
        assert_eq!(served, names, "list the files of emulator/web in server/page.rs");
    }

    #[test]
    fn only_names_that_nobody_can_give_out_are_its_own() {
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "192.168.1.5:8080",
            "[::1]:8080",
            "localhost:8080",
            "LocalHost.",
            "a.localhost",
        ] {
            assert!(is_own_name(host, None), "{host}");
        }
        for host in [
            "",
            "example.org",
            "example.org:8080",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "a b",
            "[::1",
            "mylocalhost",
        ] {
            assert!(!is_own_name(host, Some("")), "{host}");
        }
        assert!(is_own_name("DevBox.local:8080", Some("devbox.local")));
        assert!(!is_own_name("devbox.local:8080", Some("other.local")));
    }

    #[test]
    fn other_sites_are_foreign() {
        let headers = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            headers
        };
        assert!(!is_foreign(&headers(None)) && !is_foreign(&headers(Some("http://127.0.0.1:8080"))));
        for origin in ["http://127.0.0.1:8081", "https://example.org", "null", "http://127.0.0.1"] {
            assert!(is_foreign(&headers(Some(origin))), "{origin}");
        }
    }
}
