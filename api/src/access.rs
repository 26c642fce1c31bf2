//! Who may ask what. The [`Gate`] stands before every route: it keeps out what browsers are made to send by pages of
//! others ([`browsers`]), and looks whose key a request shows. What a route asks for stands beside it, in the router:
//! [`Needs`].

mod browsers;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::client::Client;
use crate::collections::DEFAULT_COLLECTION;
use crate::keys::{Key, KeyRing, Scope};
use crate::observe::KeyName;
use crate::problem::Problem;

use browsers::Browsers;

/// The other header that keys come in.
const API_KEY: &str = "x-api-key";

/// What a [`Gate`] is made of.
#[derive(Debug, Default)]
pub struct GateOptions {
    /// The keys; without any, everybody may ask everything.
    pub keys: Option<KeyRing>,
    /// Other origins whose pages may ask, such as `https://search.example.org`; `*` is all of them.
    pub cors_origins: Vec<String>,
    /// Whether a server without keys may listen where others reach it, and under any name.
    pub insecure: bool,
}

/// Why a server would be open to more than it should be.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// Others reach the address, and there are no keys.
    #[error(
        "{0} is reached from other machines, and without keys everybody there could read and change what is served: make a key \
         with `xenoglot keys new` and serve with --keys, or listen on 127.0.0.1, or say --insecure if something else keeps \
         others out"
    )]
    Open(SocketAddr),
    /// Every page that somebody opens beside could ask.
    #[error(
        "--cors-origin '*' lets every web page ask, and there are no keys: name the origins, or serve with --keys"
    )]
    EveryOrigin,
    /// An origin is none.
    #[error("--cors-origin: got {0:?}, expected an origin such as https://search.example.org")]
    Origin(String),
}

/// Who may ask what of a server.
#[derive(Debug, Clone)]
pub struct Gate {
    keys: Option<Arc<KeyRing>>,
    browsers: Browsers,
}

impl Gate {
    /// The gate of a server that listens at `address`.
    ///
    /// # Errors
    /// When it would be open to others without keys, and nobody said that it should be.
    pub fn new(options: GateOptions, address: SocketAddr) -> Result<Self, GateError> {
        let is_open = options.keys.is_none();
        if is_open && !options.insecure && !address.ip().is_loopback() {
            return Err(GateError::Open(address));
        }
        let is_guarded = is_open && !options.insecure;
        Ok(Self {
            keys: options.keys.map(Arc::new),
            browsers: Browsers::new(&options.cors_origins, is_guarded)?,
        })
    }

    /// A gate that lets everything through, for who runs the router in a server of their own.
    pub(crate) fn open() -> Self {
        Self {
            keys: None,
            browsers: Browsers::default(),
        }
    }

    pub(crate) fn keys(&self) -> Option<Arc<KeyRing>> {
        self.keys.clone()
    }

    /// Puts itself before every route of `router`.
    pub(crate) fn before(self, router: Router) -> Router {
        let router = match self.keys {
            Some(keys) => router.layer(from_fn_with_state(keys, identify)),
            None => router,
        };
        self.browsers.before(router)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// There are no keys.
    Anyone,
    /// The holder of a key.
    Holder(Arc<Key>),
    /// Somebody without a key.
    Nobody,
    /// Somebody with a key that is none.
    Stranger,
}

impl Caller {
    /// Whether a collection is there for this caller.
    pub(crate) fn sees(&self, collection: &str) -> bool {
        match self {
            Self::Anyone => true,
            Self::Holder(key) => key.is_for(collection),
            Self::Nobody | Self::Stranger => false,
        }
    }

    /// For routes that name collections elsewhere than in their path.
    ///
    /// # Errors
    /// When this caller's key is not for `collection`.
    pub(crate) fn check(&self, collection: &str) -> Result<(), Problem> {
        match self.sees(collection) {
            true => Ok(()),
            false => Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!("this key is not for the collection {collection:?}"),
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Who runs the router without a gate has none of our keys.
        let caller = parts.extensions.get().cloned();
        Ok(caller.unwrap_or(Self::Anyone))
    }
}

/// Looks whose key a request shows; whether that is enough is for the route to say.
async fn identify(State(keys): State<Arc<KeyRing>>, mut request: Request, next: Next) -> Response {
    let caller = match shown(request.headers()) {
        None => Caller::Nobody,
        Some(key) => match keys.find(key) {
            Some(key) => Caller::Holder(Arc::new(key)),
            None => Caller::Stranger,
        },
    };
    if let Caller::Holder(key) = &caller {
        tracing::debug!(key = key.name, "a key was shown");
        // Whose turn it is in a queue goes by keys.
        request.extensions_mut().insert(Client::key(&key.name));
    }
    let name = match &caller {
        Caller::Holder(key) => Some(KeyName((&*key.name).into())),
        _ => None,
    };
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    if let Some(name) = name {
        // For the log's line.
        response.extensions_mut().insert(name);
    }
    response
}

/// The key that a request shows: `Authorization: Bearer KEY`, or `X-API-Key: KEY`.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).map(|value| {
        let value = value.to_str().unwrap_or_default();
        // An empty key comes without the space before it.
        let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    match bearer {
        // Another scheme is somebody else's: a proxy's, perhaps.
        Some(Some(key)) => Some(key),
        _ => headers
            .get(API_KEY)
            .map(|key| key.to_str().unwrap_or_default()),
    }
}

/// What a route asks of a caller's key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    scope: Scope,
    reach: Reach,
}

/// What a request may touch.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reach {
    /// The collection that its path names, or the default one.
    Collection,
    /// Nothing that is anybody's: models, or what a handler checks with [`Caller::check`].
    Nothing,
    /// The server as a whole.
    Server,
}

impl Needs {
    /// `scope` over the collection of the path's `{collection}`, or over the default one.
    pub(crate) fn over_collection(scope: Scope) -> Self {
        let reach = Reach::Collection;
        Self { scope, reach }
    }

    /// `scope`, whatever collections the key is for.
    pub(crate) fn over_none(scope: Scope) -> Self {
        let reach = Reach::Nothing;
        Self { scope, reach }
    }

    /// Admin over everything: keys for some collections are not enough.
    pub(crate) fn over_server() -> Self {
        let (scope, reach) = (Scope::Admin, Reach::Server);
        Self { scope, reach }
    }

    fn check(self, caller: &Caller, params: &RawPathParams) -> Result<(), Refusal> {
        let key = match caller {
            Caller::Anyone => return Ok(()),
            Caller::Nobody => return Err(Refusal::Missing),
            Caller::Stranger => return Err(Refusal::Wrong),
            Caller::Holder(key) => key,
        };
        if !key.may(self.scope) {
            return Err(Refusal::Scope(self.scope));
        }
        match self.reach {
            Reach::Nothing => Ok(()),
            Reach::Server if key.collections.is_none() => Ok(()),
            Reach::Server => Err(Refusal::Server),
            Reach::Collection => {
                let named = params.iter().find(|(name, _)| *name == "collection");
                let name = named.map_or(DEFAULT_COLLECTION, |(_, value)| value);
                caller.check(name).map_err(Refusal::Collection)
            }
        }
    }
}

/// The layer of a route that asks for something: `from_fn_with_state(Needs::…, check)`.
pub(crate) async fn check(
    State(needs): State<Needs>,
    caller: Caller,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let params = match params {
        Ok(params) => params,
        Err(error) => return Problem::new(error.status(), error.body_text()).into_response(),
    };
    match needs.check(&caller, &params) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Why a caller may not.
#[derive(Debug)]
enum Refusal {
    Missing,
    Wrong,
    Scope(Scope),
    Collection(Problem),
    Server,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let forbidden = |detail: String| Problem::new(StatusCode::FORBIDDEN, detail);
        let unauthorized = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, detail);
        let (challenge, problem) = match self {
            Self::Missing => (
                "Bearer realm=\"xenoglot\"",
                unauthorized(
                    "this server asks for a key: send `Authorization: Bearer KEY` or `X-API-Key: KEY`",
                ),
            ),
            Self::Wrong => (
                "Bearer realm=\"xenoglot\", error=\"invalid_token\"",
                unauthorized("this server does not know that key"),
            ),
            Self::Scope(scope) => (
                "Bearer realm=\"xenoglot\", error=\"insufficient_scope\"",
                forbidden(format!("this key lacks the scope `{scope}`")),
            ),
            Self::Collection(problem) => (
                "Bearer realm=\"xenoglot\", error=\"insufficient_scope\"",
                problem,
            ),
            Self::Server => (
                "Bearer realm=\"xenoglot\", error=\"insufficient_scope\"",
                forbidden(
                    "this key is for some collections, and this changes the whole server".into(),
                ),
            ),
        };
        let mut response = problem.into_response();
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
        response
    }
}

#[cfg(test)]
mod tests;
