//! Errors as problem details (RFC 9457), naming the field that is wrong.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use xenoglot_engine::Kind;

/// What went wrong, as a client is told. Causes inside the server go to the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// When to try again.
    #[serde(skip)]
    retry_after: Option<Duration>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            retry_after: None,
        }
    }

    /// The value of `field` cannot be used.
    pub(crate) fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// Too much is asked at once; it may be asked again after so long.
    pub(crate) fn too_many(detail: impl Into<String>, after: Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
        }
    }

    /// The value of `field` is larger than anybody may send.
    pub(crate) fn too_large(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        }
    }

    /// The time that the request gave was over before its work began.
    pub(crate) fn out_of_time(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, detail)
    }

    /// The status that it is answered with.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The field whose value cannot be used.
    pub(crate) fn named_field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// When it may be asked again, in whole seconds, where there is a point in it.
    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        self.retry_after
            .map(|after| after.as_secs_f64().ceil() as u64)
    }

    /// Something broke here: `cause` is logged, and the client learns no more than that.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server failed; its log says why",
        )
    }
}

/// # Errors
/// When `given`, the value of `field`, is not from 1 to `max`.
pub(crate) fn in_range(field: &str, given: usize, max: usize) -> Result<(), Problem> {
    if (1..=max).contains(&given) {
        return Ok(());
    }
    Err(Problem::field(
        field,
        format!("{field} is {given}, expected 1 to {max}"),
    ))
}

impl From<xenoglot_engine::Error> for Problem {
    fn from(error: xenoglot_engine::Error) -> Self {
        let status = match error.kind() {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Unavailable => {
                return Self {
                    retry_after: Some(Duration::from_secs(1)),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
                };
            }
            Kind::Full => {
                tracing::error!(error = &error as &dyn std::error::Error, "the disk is full");
                let detail = "the disk is full; of many documents, the first may have been written";
                return Self::new(StatusCode::INSUFFICIENT_STORAGE, detail);
            }
            Kind::Internal => return Self::internal(&error),
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
