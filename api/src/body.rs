//! Request bodies: JSON whose every fault names its field.

use std::fmt::{self, Formatter};
use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use http_body_util::BodyExt;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use crate::server::TooSlow;

/// The largest body of a route that says nothing else: no query needs more.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Documents of one request. What is answered grows with them, however short they are.
const MAX_DOCUMENTS: usize = 100_000;

/// The largest body of a route, in bytes: an extension of its requests.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

/// Documents: an object, an array of them, or JSON lines.
pub(crate) struct Documents {
    /// One JSON text for each document.
    pub(crate) lines: Vec<String>,
    /// Given back when the documents are written.
    _room: Option<OwnedSemaphorePermit>,
}

/// Bytes of any kind.
pub(crate) struct Octets {
    pub(crate) bytes: Vec<u8>,
    /// Given back when they are done with.
    _room: Option<OwnedSemaphorePermit>,
}

impl<S: Send + Sync> FromRequest<S> for Documents {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_lines = has_type(&request, &["application/x-ndjson", "application/jsonl"]);
        if !is_lines && !is_json(&request) {
            let detail = "expected a body of content type application/json or application/x-ndjson";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let Whole { bytes, room: _room } = whole(request).await?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let valid = &bytes[..error.valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            let detail = format!(
                "the body is not UTF-8 from byte {} on, in line {line}",
                valid.len()
            );
            Problem::new(StatusCode::BAD_REQUEST, detail)
        })?;
        if is_lines {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let lines: Vec<&str> = lines.take(MAX_DOCUMENTS + 1).collect();
            check_documents(lines.len())?;
            return Ok(Self {
                lines: lines.into_iter().map(ToOwned::to_owned).collect(),
                _room,
            });
        }
        let lines: Vec<&RawValue> = match text.trim_start().starts_with('[') {
            true => {
                serde_json::from_str::<Elements<'_>>(text)
                    .map_err(not_json)?
                    .0
            }
            false => vec![serde_json::from_str(text).map_err(not_json)?],
        };
        check_documents(lines.len())?;
        Ok(Self {
            lines: lines
                .into_iter()
                .map(|line| line.get().to_owned())
                .collect(),
            _room,
        })
    }
}

/// # Errors
/// When there are more than a request may bring.
fn check_documents(n_documents: usize) -> Result<(), Problem> {
    match n_documents > MAX_DOCUMENTS {
        true => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {MAX_DOCUMENTS} documents; send them in several"),
        )),
        false => Ok(()),
    }
}

/// The elements of an array, as they stand there; of a longer one than may be, the first and one more.
struct Elements<'b>(Vec<&'b RawValue>);

impl<'b> Deserialize<'b> for Elements<'b> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self(Vec::new()))
    }
}

impl<'b> Visitor<'b> for Elements<'b> {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of documents")
    }

    fn visit_seq<A: SeqAccess<'b>>(mut self, mut elements: A) -> Result<Self, A::Error> {
        while self.0.len() <= MAX_DOCUMENTS {
            match elements.next_element()? {
                Some(element) => self.0.push(element),
                None => return Ok(self),
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let Whole { bytes, room: _room } = whole(request).await?;
        Ok(Self { bytes, _room })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            let detail = "expected a body of content type application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        parse(&whole(request).await?.bytes).map(Self)
    }
}

/// A body as it came, and the room that it takes up.
struct Whole {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

/// The whole body. One that says that it is too large is not read at all.
async fn whole(request: Request) -> Result<Whole, Problem> {
    let limit = request.extensions().get().copied();
    let BodyLimit(limit) = limit.unwrap_or(BodyLimit(MAX_BODY_BYTES));
    let room: Option<BodyRoom> = request.extensions().get().cloned();
    let too_large = || {
        let detail = format!("the body is too large, expected {limit} bytes or fewer");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let mut body = request.into_body();
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut whole = Whole {
        bytes: Vec::new(),
        room: None,
    };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match has_cause::<TooSlow>(&error) {
            true => Problem::new(StatusCode::REQUEST_TIMEOUT, TooSlow.to_string()),
            false => Problem::new(StatusCode::BAD_REQUEST, "the body broke off"),
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.bytes.len() + data.len() > limit {
            return Err(too_large());
        }
        if let Some(room) = &room {
            room.grow(&mut whole, data.len())?;
        }
        whole.bytes.extend_from_slice(&data);
    }
    Ok(whole)
}

/// What all bodies together may take up, so that memory is bounded by us and not by how many send at once.
#[derive(Clone)]
pub(crate) struct BodyRoom(Arc<Semaphore>);

impl BodyRoom {
    /// Bytes that one place stands for.
    const PLACE: usize = 1 << 10;

    /// Room for `bytes` in all.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / Self::PLACE)))
    }

    /// Takes room for `more` bytes of `whole`.
    fn grow(&self, whole: &mut Whole, more: usize) -> Result<(), Problem> {
        let taken = whole
            .room
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = (whole.bytes.len() + more).div_ceil(Self::PLACE) - taken;
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let places = Arc::clone(&self.0).try_acquire_many_owned(wanted);
        let Ok(places) = places else {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many large bodies are under way; try again in a moment",
            ));
        };
        match &mut whole.room {
            Some(room) => room.merge(places),
            None => whole.room = Some(places),
        }
        Ok(())
    }
}

fn has_cause<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source())
        .any(<dyn std::error::Error>::is::<E>)
}

fn is_json(request: &Request) -> bool {
    has_type(request, &["application/json"])
}

fn has_type(request: &Request, types: &[&str]) -> bool {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    types.iter().any(|own| essence.eq_ignore_ascii_case(own))
}

fn not_json(error: serde_json::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        format!("the body is not JSON: {error}"),
    )
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(not_json)?;
    if !value.is_object() {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the body is no JSON object",
        ));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner().to_string();
        // A field that is missing or not one of ours has no path: the message quotes it.
        let quoted = cause.split('`').nth(1).unwrap_or("body");
        let field = if path == "." { quoted } else { &path };
        Problem::field(field, cause.as_str())
    })
}
