//! A component from an address. Redirects are followed, but never from TLS to none.

use bytes::BytesMut;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use url::Url;

use super::{Bounds, FetchError, Origin, is_loopback, reason};

/// Redirects that are followed: release pages have two or three.
const REDIRECTS: usize = 5;

/// Fetches what is there.
pub(super) async fn fetch(url: &Url, bounds: Bounds) -> Result<Vec<u8>, FetchError> {
    let origin = || Origin::Web(url.clone()).to_string();
    let broken = |error: reqwest::Error| FetchError::Broken { origin: origin(), reason: reason(&error) };
    let client = client(bounds.plain_http, url.scheme() == "http").build().map_err(broken)?;
    let mut answer = client.get(url.clone()).send().await.map_err(broken)?;
    let status = answer.status();
    if status == StatusCode::NOT_FOUND || status == StatusCode::GONE {
        return Err(FetchError::Missing { origin: origin(), reason: status.to_string() });
    }
    if status != StatusCode::OK {
        return Err(FetchError::Broken { origin: origin(), reason: format!("the site answers {status}") });
    }
    let mut bytes = BytesMut::new();
    while let Some(more) = answer.chunk().await.map_err(broken)? {
        if (bytes.len() + more.len()) as u64 > bounds.bytes() {
            return Err(FetchError::TooLarge { origin: origin(), mib: bounds.mib });
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes.into())
}

/// A client that goes without TLS only where it began without, and then to this machine alone, unless anywhere will do.
fn client(anywhere: bool, began_plain: bool) -> reqwest::ClientBuilder {
    let policy = Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS {
            return attempt.error("it is redirected again and again");
        }
        let may_be_plain = began_plain && (anywhere || is_loopback(attempt.url()));
        if attempt.url().scheme() == "https" || may_be_plain {
            return attempt.follow();
        }
        attempt.error("it is redirected to where there is no TLS")
    });
    Client::builder().user_agent(concat!("guesthouse/", env!("CARGO_PKG_VERSION"))).redirect(policy)
}
