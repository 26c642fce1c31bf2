//! What a browser may be made to do by a page that is not ours: nothing, unless that page's origin was named.
//!
//! A server without keys trusts whoever reaches it, and a browser on the same machine reaches it on behalf of every page
//! that it has open. So such a server answers to names of this machine alone (a page can have its own name point here: DNS
//! rebinding), and takes no request that another page began.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::problem::Problem;

use super::{API_KEY, GateError};

/// Seconds that a browser may remember what it was allowed.
const PREFLIGHT_AGE: std::time::Duration = std::time::Duration::from_secs(3600);
/// Pages of ours load what is ours and nothing else, and stand in no frame.
const PAGE_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                           frame-ancestors 'none'";
/// What is no page does nothing at all, should a browser show it.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// What is asked of requests that browsers send.
#[derive(Debug, Clone, Default)]
pub(super) struct Browsers {
    /// Origins that may ask.
    origins: Vec<String>,
    /// Whether names and origins are looked at.
    is_guarded: bool,
}

impl Browsers {
    pub(super) fn new(origins: &[String], is_guarded: bool) -> Result<Self, GateError> {
        if is_guarded && origins.iter().any(|origin| origin == "*") {
            return Err(GateError::EveryOrigin);
        }
        let wrong = |origin: &&String| *origin != "*" && !is_origin(origin);
        if let Some(origin) = origins.iter().find(wrong) {
            return Err(GateError::Origin(origin.clone()));
        }
        Ok(Self {
            origins: origins.to_vec(),
            is_guarded,
        })
    }

    pub(super) fn before(self, mut router: Router) -> Router {
        if self.is_guarded {
            let mut layer = CsrfLayer::new();
            for origin in &self.origins {
                // They were looked at when they came.
                layer = layer.clone().add_trusted_origin(origin).unwrap_or(layer);
            }
            router = router
                .layer(layer.with_rejection_response(|_: ProtectionError| foreign_page()))
                .layer(from_fn(check_host));
        }
        if !self.origins.is_empty() {
            router = router.layer(self.cors());
        }
        router.layer(from_fn(harden))
    }

    fn cors(&self) -> CorsLayer {
        let origins = match self.origins.iter().any(|origin| origin == "*") {
            true => AllowOrigin::any(),
            false => {
                let values = self.origins.iter();
                AllowOrigin::list(values.filter_map(|origin| HeaderValue::from_str(origin).ok()))
            }
        };
        let api_key = HeaderName::from_static(API_KEY);
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, api_key])
            .expose_headers([header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
            .max_age(PREFLIGHT_AGE)
    }
}

fn foreign_page() -> Response {
    Problem::new(
        StatusCode::FORBIDDEN,
        "a page of another origin sent this, and the server has no keys: name the origin with --cors-origin",
    )
    .into_response()
}

/// Refuses requests to names that are not this machine's own.
async fn check_host(request: Request, next: Next) -> Response {
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => {
            let host = request.headers().get(header::HOST);
            // What is no text is no name of ours either.
            host.map(|host| host.to_str().unwrap_or("?"))
        }
    };
    match named {
        Some(authority) if !is_local(authority) => Problem::new(
            StatusCode::FORBIDDEN,
            "this server has no keys, and so answers to 127.0.0.1 and localhost alone, not to the name in `Host`: ask it there, \
             or serve with --keys or --insecure",
        )
        .into_response(),
        // Nobody but an old program without a page leaves it out.
        _ => next.run(request).await,
    }
}

/// Whether `authority` (a host, with or without a port) names this machine to itself.
fn is_local(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let address: Result<std::net::IpAddr, _> = host.parse();
    match address {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// A scheme, a host and perhaps a port, as browsers write them.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(is_plain) && rest == rest.to_ascii_lowercase()
    })
}

/// Tells browsers to take every answer for what it says it is, and no more.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_page = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, policy),
    ] {
        // A page that knows better has said so.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_local_and_no_others() {
        for (authority, expected) in [
            ("127.0.0.1:8080", true),
            ("127.8.8.8", true),
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("localhost.", true),
            ("demo.localhost:80", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]:8080", true),
            ("", false),
            ("?", false),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("notlocalhost", false),
            ("192.168.0.7:8080", false),
            ("0.0.0.0:8080", false),
            ("[2001:db8::1]", false),
        ] {
            assert_eq!(is_local(authority), expected, "{authority:?}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for (text, expected) in [
            ("https://search.example.org", true),
            ("http://localhost:3000", true),
            ("http://[::1]:3000", true),
            ("https://search.example.org/", false),
            ("https://Search.example.org", false),
            ("search.example.org", false),
            ("https://", false),
            ("ftp://a", false),
            ("null", false),
        ] {
            assert_eq!(is_origin(text), expected, "{text}");
        }
    }
}
