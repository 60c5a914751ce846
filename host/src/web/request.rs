//! What may be asked, how a redirect changes it, and what of an answer's headers is handed on. Pure rules, but for the
//! one call that sends.
//!
//! 1. Headers about the connection are the host's. So is the way to say who asks: an address with a password in it would
//!    carry it into logs.
//! 2. After a redirect with 303, or with 301 or 302 of a POST, the next request is a GET without a body, as browsers do it.
//! 3. To another origin go nothing but headers of which it is known that they hold no secret.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;

use crate::model::web::{WebError, WebMethod, WebRequest};

/// Longest address.
const ADDRESS: usize = 8 << 10;
/// Largest body that is sent.
const BODY: usize = 1 << 20;
/// Most headers, and what they may have together, both ways.
const HEADERS: usize = 64;
const HEADER_BYTES: usize = 32 << 10;

/// Headers that are the host's.
const HOSTS: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "accept-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-connection",
    "proxy-authorization",
];
/// Headers that may go to another origin.
const HARMLESS: [&str; 6] = ["accept", "accept-language", "user-agent", "range", "if-modified-since", "cache-control"];
/// Headers about a body, which go with it to where it goes.
const ABOUT_BODY: [&str; 3] = ["content-type", "content-language", "content-encoding"];

/// A request that is about to be made.
pub(super) struct Ask {
    pub(super) method: WebMethod,
    pub(super) url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Ask {
    /// The first request, or what is wrong with it.
    pub(super) fn new(request: &WebRequest) -> Result<Self, WebError> {
        let bad = |what: String| Err(WebError::BadRequest(what));
        if request.url.len() > ADDRESS {
            return bad(format!("the address is longer than {ADDRESS} bytes"));
        }
        let url = match Url::parse(&request.url) {
            Ok(url) => url,
            Err(error) => return bad(format!("that is no address: {error}")),
        };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return bad(format!("`{}:` is neither http nor https", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad("the address has a name or password in it: send the header `authorization`".into());
        }
        let body = request.body.clone().filter(|body| !body.is_empty());
        if let Some(body) = body.as_ref().filter(|body| body.len() > BODY) {
            return bad(format!("the body has {} bytes, and at most {BODY} are sent", body.len()));
        }
        let size: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if request.headers.len() > HEADERS || size > HEADER_BYTES {
            return bad(format!("more than {HEADERS} headers or {HEADER_BYTES} bytes of them"));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
                return bad(format!("`{}` is no name of a header", name.escape_debug()));
            };
            if HOSTS.contains(&known.as_str()) {
                return bad(format!("the header `{known}` is the host's to set"));
            }
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
                return bad(format!("the header `{known}` has characters that no header may have"));
            };
            headers.append(known, value);
        }
        Ok(Self { method: request.method, url, headers, body })
    }

    /// Makes the request.
    pub(super) async fn send(&self, client: &Client, gateway: Option<&Url>) -> Result<Response, reqwest::Error> {
        let method = match self.method {
            WebMethod::Get => Method::GET,
            WebMethod::Head => Method::HEAD,
            WebMethod::Post => Method::POST,
            WebMethod::Put => Method::PUT,
            WebMethod::Patch => Method::PATCH,
            WebMethod::Delete => Method::DELETE,
        };
        let mut request = client.request(method, gateway.unwrap_or(&self.url).clone()).headers(self.headers.clone());
        if gateway.is_some() {
            request = request.header(super::GATEWAY, self.url.as_str());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        request.send().await
    }

    /// Turns it into the request that follows a redirect.
    pub(super) fn redirected(&mut self, status: StatusCode, mut to: Url) {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != WebMethod::Head,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == WebMethod::Post,
            _ => false,
        };
        if becomes_get {
            (self.method, self.body) = (WebMethod::Get, None);
        }
        let (is_elsewhere, has_body) = (to.origin() != self.url.origin(), self.body.is_some());
        let gone: Vec<_> = self.headers.keys().cloned().collect();
        for name in gone {
            let about_body = ABOUT_BODY.contains(&name.as_str());
            if (about_body && !has_body) || (is_elsewhere && !about_body && !HARMLESS.contains(&name.as_str())) {
                self.headers.remove(name);
            }
        }
        // A site that redirects cannot make this host log in somewhere. These fail for addresses without a host only.
        let _ = (to.set_username(""), to.set_password(None));
        self.url = to;
    }
}

/// Whether an answer with a `location` is to be followed.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The headers of an answer as a plugin sees them.
pub(super) fn answered(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut left = HEADER_BYTES;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let all = headers.iter().filter(|(name, _)| **name != SET_COOKIE);
    all.take(HEADERS)
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .take_while(|(name, value)| {
            let fits = left.checked_sub(name.len() + value.len());
            left = fits.unwrap_or(0);
            fits.is_some()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, headers: &[(&str, &str)]) -> WebRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = Some(Bytes::from_static(b"x"));
        WebRequest { method: WebMethod::Post, url: url.into(), headers, body, timeout_ms: None, max_bytes: None }
    }

    fn problem(url: &str, headers: &[(&str, &str)]) -> String {
        match Ask::new(&request(url, headers)) {
            Ok(_) => String::new(),
            Err(WebError::BadRequest(problem)) => problem,
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        assert_eq!(problem("https://example.org/", &[("x-key", "1"), ("X-Key", "2")]), "");
        assert_eq!(problem("example.org", &[]), "that is no address: relative URL without a base");
        assert_eq!(problem("file:///etc/passwd", &[]), "`file:` is neither http nor https");
        assert!(problem("https://me:secret@example.org/", &[]).starts_with("the address has a name or password"));
        assert_eq!(problem("https://x.org/", &[("Host", "y.org")]), "the header `host` is the host's to set");
        assert_eq!(problem("https://x.org/", &[("a b", "c")]), "`a b` is no name of a header");
        assert_eq!(
            problem("https://x.org/", &[("a", "b\r\nhost: y.org")]),
            "the header `a` has characters that no header may have"
        );
        assert_eq!(problem("https://x.org/", &[("a", "b"); 65]), "more than 64 headers or 32768 bytes of them");
    }

    #[test]
    fn secrets_stay_with_their_origin() {
        const SENT: [(&str, &str); 5] = [
            ("authorization", "Bearer s3cr3t"),
            ("x-api-key", "s3cr3t"),
            ("cookie", "a=s3cr3t"),
            ("accept", "text/html"),
            ("content-type", "text/plain"),
        ];
        for (status, to, method, headers) in [
            (307, "https://x.org/b", WebMethod::Post, 5),
            (308, "https://x.org:8443/b", WebMethod::Post, 2),
            (307, "http://x.org/b", WebMethod::Post, 2),
            (302, "https://x.org/b", WebMethod::Get, 4),
            (303, "https://evil.org/b", WebMethod::Get, 1),
            (301, "https://me:pw@evil.org/b", WebMethod::Get, 1),
        ] {
            let mut ask = Ask::new(&request("https://x.org/a", &SENT)).unwrap();
            ask.redirected(StatusCode::from_u16(status).unwrap(), Url::parse(to).unwrap());
            assert_eq!((ask.method, ask.headers.len()), (method, headers), "{status} {to}");
            assert_eq!(ask.body.is_some(), method == WebMethod::Post, "{status} {to}");
            assert!(!ask.url.as_str().contains("pw"), "{}", ask.url);
        }
    }

    #[test]
    fn cookies_are_left_out_of_an_answer() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("a=b"));
        headers.append("x-a", HeaderValue::from_static("1"));
        headers.append("x-a", HeaderValue::from_bytes(b"\xff").unwrap());
        let one = |value: &str| ("x-a".to_owned(), value.to_owned());
        assert_eq!(answered(&headers), [one("1"), one("\u{fffd}")]);
        headers.insert("x-long", HeaderValue::from_str(&"x".repeat(HEADER_BYTES)).unwrap());
        assert!(answered(&headers).iter().all(|(name, _)| name != "x-long"));
    }
}
