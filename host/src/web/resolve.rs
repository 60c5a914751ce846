//! From a name to the addresses that a connection may be made to. The pool's connector asks this and nobody else, so an
//! address that is not handed on here is not connected to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::address;
use crate::config::Way;

/// Where addresses come from.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// As the operating system does it.
pub(super) fn system() -> Lookup {
    Arc::new(|name| async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) }.boxed())
}

/// A name has no address that may be connected to.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Private(pub(super) String);

/// The resolver of one pool.
pub(super) struct Resolver {
    lookup: Lookup,
    way: Way,
}

impl Resolver {
    pub(super) fn new(lookup: Lookup, way: Way) -> Self {
        Self { lookup, way }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (name, way) = (name.as_str().to_owned(), self.way);
        let lookup = (self.lookup)(name.clone());
        Box::pin(async move {
            let mut addresses = lookup.await?;
            let found = addresses.len();
            // Of a name with addresses of both kinds, those that are public are as good as if the others were not there.
            addresses.retain(|address| way == Way::Named || address::is_public(address.ip()));
            if found > 0 && addresses.is_empty() {
                return Err(Private(format!("`{name}`, which has no public address")).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
