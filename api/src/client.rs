//! Who asks: by the name of a key, or by address.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

/// One who sends requests, as far as the server can tell one from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Whoever holds the key of this name.
    Key(Arc<str>),
    /// Whoever asks from this address.
    Address(IpAddr),
    /// Nobody knows, which is so in tests without a network.
    Unknown,
}

impl Client {
    /// Whoever holds the key `name`.
    pub(crate) fn key(name: &str) -> Self {
        Self::Key(name.into())
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Whoever checked a key has said whose it is.
        if let Some(client) = parts.extensions.get::<Self>() {
            return Ok(client.clone());
        }
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(address.map_or(Self::Unknown, |ConnectInfo(address)| {
            Self::Address(address.ip())
        }))
    }
}
