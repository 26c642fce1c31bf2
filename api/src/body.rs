//! Request bodies: JSON whose every fault names its field.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::problem::Problem;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

/// Documents: an object, an array of them, or JSON lines.
pub(crate) struct Documents {
    /// One JSON text for each document.
    pub(crate) lines: Vec<String>,
}

impl<S: Send + Sync> FromRequest<S> for Documents {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_lines = has_type(&request, &["application/x-ndjson", "application/jsonl"]);
        if !is_lines && !is_json(&request) {
            let detail = "expected a body of content type application/json or application/x-ndjson";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = bytes(request, state).await?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let detail = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
            Problem::new(StatusCode::BAD_REQUEST, detail)
        })?;
        if is_lines {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            return Ok(Self {
                lines: lines.map(ToOwned::to_owned).collect(),
            });
        }
        let lines: Vec<&RawValue> = match text.trim_start().starts_with('[') {
            true => serde_json::from_str(text).map_err(not_json)?,
            false => vec![serde_json::from_str(text).map_err(not_json)?],
        };
        Ok(Self {
            lines: lines
                .into_iter()
                .map(|line| line.get().to_owned())
                .collect(),
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            let detail = "expected a body of content type application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        parse(&bytes(request, state).await?).map(Self)
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))
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
