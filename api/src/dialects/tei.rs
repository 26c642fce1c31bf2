//! Routes of text-embeddings-inference.

pub(super) mod embed;
pub(super) mod info;
pub(super) mod rerank;
pub(super) mod tokens;

use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xenoglot_engine::Role;

use crate::problem::Problem;

use super::refused;
use super::texts::TooLong;

/// What went wrong, as its clients read it.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorResponse {
    error: String,
    error_type: ErrorType,
}

/// What kind of wrong.
#[derive(Clone, Copy, Serialize, ToSchema)]
enum ErrorType {
    Unhealthy,
    Backend,
    Overloaded,
    Validation,
    Tokenizer,
    Empty,
}

/// A [`Problem`], about to be said in this dialect.
pub(super) struct Failure {
    problem: Problem,
    kind: ErrorType,
    status: u16,
}

impl Failure {
    /// `field` has nothing in it.
    fn empty(field: &str) -> Self {
        let problem = Problem::field(field, format!("`{field}` cannot be empty"));
        Self {
            kind: ErrorType::Empty,
            status: 400,
            problem,
        }
    }

    /// The model cannot do what is asked.
    fn backend(detail: String) -> Self {
        Self {
            kind: ErrorType::Backend,
            status: 424,
            problem: Problem::field("model", detail),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let (kind, status) = match problem.status() {
            429 => (ErrorType::Overloaded, 429),
            503 => (ErrorType::Unhealthy, 503),
            // There, a model that fails is a dependency that failed.
            500 | 504 => (ErrorType::Backend, 424),
            422 if is_of_token_ids(&problem) => (ErrorType::Tokenizer, 422),
            status => (ErrorType::Validation, status),
        };
        Self {
            problem,
            kind,
            status,
        }
    }
}

/// Only token ids are named by two positions.
fn is_of_token_ids(problem: &Problem) -> bool {
    let field = problem.named_field().unwrap_or_default();
    field.matches('[').count() == 2
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = ErrorResponse {
            error: self.problem.detail().to_owned(),
            error_type: self.kind,
        };
        refused(&self.problem, self.status, &body)
    }
}

/// What a text that is too long loses.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub(super) enum TruncationDirection {
    #[serde(rename = "left", alias = "Left")]
    Left,
    #[default]
    #[serde(rename = "right", alias = "Right")]
    Right,
}

/// What becomes of long texts: they are cut unless the request says that they may not be.
fn too_long(truncate: Option<bool>, direction: Option<TruncationDirection>) -> TooLong {
    match (truncate, direction.unwrap_or_default()) {
        (Some(false), _) => TooLong::Refuse,
        (_, TruncationDirection::Left) => TooLong::CutBeginning,
        (_, TruncationDirection::Right) => TooLong::CutEnd,
    }
}

/// # Errors
/// When the prompt has another name.
fn role(field: &'static str, prompt_name: Option<&str>) -> Result<Role, Problem> {
    match prompt_name {
        None => Ok(Role::Plain),
        Some("query") => Ok(Role::Query),
        Some("document" | "passage" | "corpus") => Ok(Role::Passage),
        Some(name) => Err(Problem::field(
            field,
            format!("unknown prompt {name:?}, expected query, document, passage or corpus"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn every_problem_has_its_kind() {
        let check = |problem: Problem, status: u16, kind: &str| {
            let failure = Failure::from(problem);
            let said = serde_json::to_value(failure.kind).unwrap();
            assert_eq!((failure.status, said), (status, kind.into()));
            assert_eq!(failure.into_response().status().as_u16(), status);
        };
        let of = |status: StatusCode| Problem::new(status, "so it is");
        let soon = Duration::from_millis(1_200);
        check(Problem::too_many("full", soon), 429, "Overloaded");
        check(of(StatusCode::INTERNAL_SERVER_ERROR), 424, "Backend");
        check(of(StatusCode::GATEWAY_TIMEOUT), 424, "Backend");
        check(of(StatusCode::SERVICE_UNAVAILABLE), 503, "Unhealthy");
        check(of(StatusCode::UNSUPPORTED_MEDIA_TYPE), 415, "Validation");
        check(Problem::field("inputs[0][1]", "no token"), 422, "Tokenizer");
        let full = Failure::from(Problem::too_many("full", soon)).into_response();
        assert_eq!(full.headers()["retry-after"], "2");
    }
}
