//! A component from an address. Redirects are followed, but never from TLS to none.

use bytes::BytesMut;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use url::Url;

use super::{Bounds, FetchError, Origin, reason};

/// Redirects that are followed: release pages have two or three.
const REDIRECTS: usize = 5;

/// Fetches what is there.
pub(super) async fn fetch(url: &Url, bounds: Bounds) -> Result<Vec<u8>, FetchError> {
    let origin = || Origin::Web(url.clone());
    let broken = |error: reqwest::Error| FetchError::Broken { origin: origin(), reason: reason(&error) };
    let client = client(url.scheme() == "http").build().map_err(broken)?;
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

/// A client that goes without TLS only where it began without.
fn client(plain: bool) -> reqwest::ClientBuilder {
    let policy = Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS {
            return attempt.error("it is redirected again and again");
        }
        if attempt.url().scheme() == "https" || plain {
            return attempt.follow();
        }
        attempt.error("it is redirected to where there is no TLS")
    });
    Client::builder().user_agent(concat!("guesthouse/", env!("CARGO_PKG_VERSION"))).redirect(policy)
}
