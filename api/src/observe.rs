//! What every request leaves behind: a line in the log, numbers in the metrics, a trace. Never its body, what stands behind
//! `?`, or a secret.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::metrics::{InRequest, Metrics};
use crate::traces;

/// The route of a request that none was found for: paths that people try must not become as many series.
const NO_ROUTE: &str = "none";
/// Longer ids of requests, and such with signs that are none of an id, are not the client's to choose.
const MAX_ID_BYTES: usize = 128;

/// The name of the key that a request came with. Whoever checks keys puts it into the answer's extensions.
#[derive(Debug, Clone)]
pub(crate) struct KeyName(pub(crate) Arc<str>);

/// Answers `request`, and tells of it.
pub(crate) async fn observe(
    State(metrics): State<Metrics>,
    request: Request,
    next: Next,
) -> Response {
    let id = request_id(request.headers()).to_owned();
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str);
    let span = tracing::info_span!("request", %method, path, id);
    let trace = traces::span(&method, route, &path, request.headers());
    let told = Told {
        counted: Some(metrics.request(known(&method), route)),
        start: Instant::now(),
        method,
        path,
        id,
    };
    let answering = next.run(request).instrument(trace.clone()).instrument(span);
    let response = answering.await;
    traces::answered(&trace, response.status().as_u16());
    told.answered(&response);
    response
}

/// The id that stands beside all that is logged of a request.
fn request_id(headers: &HeaderMap) -> &str {
    let id = headers.get("x-request-id");
    id.and_then(|id| id.to_str().ok()).unwrap_or_default()
}

/// Takes away an id that the client chose and that nobody wants in a log.
pub(crate) async fn sane_id(mut request: Request) -> Request {
    let id = request_id(request.headers());
    let is_sane =
        |id: &str| id.len() <= MAX_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic());
    if id.is_empty() || !is_sane(id) {
        request.headers_mut().remove("x-request-id");
    }
    request
}

/// A method by its name, where it is one that is known: clients make up others.
fn known(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    let found = known.into_iter().find(|known| method.as_str() == *known);
    found.unwrap_or("other")
}

/// A request of which nothing was told yet. Dropped so, its client went away before the answer.
struct Told {
    counted: Option<InRequest>,
    start: Instant,
    method: Method,
    path: String,
    id: String,
}

impl Told {
    fn answered(mut self, response: &Response) {
        let Some(counted) = self.counted.take() else {
            return;
        };
        let status = response.status().as_u16();
        counted.answered(status, self.start.elapsed());
        let key = response.extensions().get::<KeyName>();
        self.line(status, key.map(|key| &*key.0));
    }

    fn line(&self, status: u16, key: Option<&str>) {
        let Self {
            method, path, id, ..
        } = self;
        let took_ms = self.start.elapsed().as_micros() as f64 / 1e3;
        // Outside of the request's span, which would say half of it again.
        tracing::info!(parent: None, %method, path, status, took_ms, id, key, "answered");
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if self.counted.is_some() {
            self.line(499, None);
        }
    }
}
