//! The Web for plugins: a request goes out, its answer comes back, and on no way does it reach what is not the Web's.
//!
//! It knows the model and the configuration, not who asks. One `fetch` is:
//!
//! 1. `request`: what is malformed is refused before anything is asked.
//! 2. The address must be one of the grant's sites, and so must every address that it redirects to, each with its scheme
//!    and port. Redirects are followed here, one by one, because a client that follows them by itself asks nobody.
//! 3. `address`, `resolve`: a name is resolved by the connection's own resolver, which hands on nothing but addresses
//!    that may be connected to. What was checked is what is connected to; there is no second look-up in between.
//! 4. `text`: the body is read up to a limit that counts what came out of the decompression, and decoded if it is text.
//!
//! Two pools: connections to public addresses only, and those to addresses that an operator has named. So a plugin that
//! may not reach an address never finds a connection to it that another one has left open.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::LOCATION;
use reqwest::{Client, Response};
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::config::{Sites, Way};
use crate::model::web::{WebBounds, WebError, WebMethod, WebRequest, WebResponse};

mod address;

mod request;

mod resolve;

mod text;

#[cfg(test)]
mod tests;

use request::Ask;
use resolve::{Lookup, Private, Resolver};

/// Redirects that are followed.
const REDIRECTS: usize = 10;
/// Time for a connection to come about.
const CONNECT: Duration = Duration::from_secs(8);
/// A connection that was idle for so long is closed.
const IDLE: Duration = Duration::from_secs(30);
/// Idle connections to one host.
const IDLE_PER_HOST: usize = 4;
/// Requests under way for one plugin of one bot: sites that are slow keep others of their plugin waiting, nobody else.
const OF_ONE: usize = 16;
/// In this header a gateway reads which address was asked for.
pub const GATEWAY: &str = "guesthouse-url";
/// Requests under way together: a fraction of the sockets that a process may have.
const TOGETHER: usize = 128;

/// The Web as this process reaches it. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Shared>);

struct Shared {
    /// Who is asked instead of every site.
    gateway: Option<Url>,
    public: Client,
    named: Client,
    requests: Semaphore,
}

/// The way to the Web of one plugin of one bot. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    web: Web,
    requests: Arc<Semaphore>,
}

impl Web {
    /// The Web, with names looked up as the operating system does.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::resolved_by(resolve::system(), None)
    }

    /// A Web in which one address answers for every site, for whoever tries a plugin out: it is told in the header
    /// [`GATEWAY`] what was asked for. What a plugin may ask is the same.
    pub fn through(gateway: Url) -> Result<Self, reqwest::Error> {
        Self::resolved_by(resolve::system(), Some(gateway))
    }

    fn resolved_by(lookup: Lookup, gateway: Option<Url>) -> Result<Self, reqwest::Error> {
        let client = |way| {
            Client::builder()
                .user_agent(concat!("guesthouse/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Arc::new(Resolver::new(Arc::clone(&lookup), way)))
                // Every redirect is checked first.
                .redirect(reqwest::redirect::Policy::none())
                // A proxy would look names up by itself and connect to whatever they mean there.
                .no_proxy()
                .referer(false)
                .connect_timeout(CONNECT)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(IDLE_PER_HOST)
                .http1_only()
                .build()
        };
        let (public, named) = (client(Way::Public)?, client(Way::Named)?);
        Ok(Self(Arc::new(Shared { gateway, public, named, requests: Semaphore::new(TOGETHER) })))
    }

    /// A way for one plugin of one bot.
    pub fn fetcher(&self) -> Fetcher {
        Fetcher { web: self.clone(), requests: Arc::new(Semaphore::new(OF_ONE)) }
    }
}

impl Fetcher {
    /// Makes a request to one of these sites.
    pub async fn fetch(&self, request: &WebRequest, sites: &Sites, bounds: WebBounds) -> Result<WebResponse, WebError> {
        let ask = Ask::new(request)?;
        let asked = async {
            // Its plugin's place first: those of one plugin wait for each other, and not in everybody's way.
            let closed = |_| WebError::Unreachable("this host is stopping".into());
            let _own = self.requests.acquire().await.map_err(closed)?;
            let _shared = self.web.0.requests.acquire().await.map_err(closed)?;
            self.follow(ask, sites, bounds.bytes).await
        };
        tokio::time::timeout(bounds.time, asked).await.unwrap_or(Err(WebError::Timeout))
    }

    async fn follow(&self, mut ask: Ask, sites: &Sites, most: u64) -> Result<WebResponse, WebError> {
        for hop in 0..=REDIRECTS {
            let way = permitted(&ask.url, sites, hop > 0)?;
            let client = if way == Way::Named { &self.web.0.named } else { &self.web.0.public };
            let response =
                ask.send(client, self.web.0.gateway.as_ref()).await.map_err(|error| failure(error, hop > 0))?;
            let location = response.headers().get(LOCATION).and_then(|to| std::str::from_utf8(to.as_bytes()).ok());
            match location.filter(|_| request::is_redirect(response.status())) {
                Some(to) => {
                    let to = ask.url.join(to).map_err(|_| {
                        WebError::Unreachable(format!("`{}` redirects to something that is no address", host(&ask.url)))
                    })?;
                    ask.redirected(response.status(), to);
                }
                None => return read(ask, response, most).await,
            }
        }
        Err(WebError::Unreachable(format!("more than {REDIRECTS} redirects")))
    }
}

/// How far this address may lead, if it may be asked at all.
fn permitted(url: &Url, sites: &Sites, is_redirect: bool) -> Result<Way, WebError> {
    let refused = |why: &str| {
        let led = if is_redirect { "a redirect leads to " } else { "" };
        Err(WebError::NotAllowed(format!("{led}`{}`, {why}", origin(url))))
    };
    let Some(way) = sites.way(url) else { return refused("which the grant does not include") };
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    if way == Way::Public && literal.is_some_and(|address| !address::is_public(address)) {
        return refused("which is no public address");
    }
    Ok(way)
}

/// Reads an answer.
async fn read(ask: Ask, mut response: Response, most: u64) -> Result<WebResponse, WebError> {
    let (status, is_head) = (response.status().as_u16(), ask.method == WebMethod::Head);
    let headers = request::answered(response.headers());
    // What says its size needs no reading to be refused; a compressed body does not say it.
    if !is_head && response.content_length().is_some_and(|length| length > most) {
        return Err(WebError::TooLarge(most));
    }
    let mut body = BytesMut::new();
    if !is_head {
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(error, false))? {
            if (body.len() + chunk.len()) as u64 > most {
                return Err(WebError::TooLarge(most));
            }
            body.extend_from_slice(&chunk);
        }
    }
    let kind = headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let body = text::body(kind, body.freeze());
    let mut url = ask.url;
    url.set_fragment(None);
    Ok(WebResponse { status, url: url.into(), headers, body })
}

/// What became of a request that has no answer.
fn failure(error: reqwest::Error, is_redirect: bool) -> WebError {
    let error = error.without_url();
    let mut cause: Option<&dyn Error> = Some(&error);
    let mut said = Vec::new();
    while let Some(inner) = cause {
        if let Some(Private(what)) = inner.downcast_ref() {
            let led = if is_redirect { "a redirect leads to " } else { "" };
            return WebError::NotAllowed(format!("{led}{what}"));
        }
        said.push(inner.to_string());
        cause = inner.source();
    }
    if error.is_timeout() {
        return WebError::Timeout;
    }
    // The outer ones say little more than "error sending request".
    let what = if error.is_decode() || error.is_body() { "the answer is damaged" } else { "no answer" };
    match said.pop() {
        Some(reason) => WebError::Unreachable(format!("{what}: {reason}")),
        None => WebError::Unreachable(what.into()),
    }
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// Scheme, host and port: what a grant is about. A path may hold secrets.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
