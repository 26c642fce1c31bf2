//! The JSON of documents.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use xenoglot_engine::{Lang, Meta};

/// A document as it is sent; `read_document` reads it and says what is wrong with it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "its schema is what it is for")]
pub(crate) struct DocumentLine {
    id: String,
    title: Option<String>,
    text: String,
    /// Detected where nobody says.
    lang: Option<String>,
    /// Keywords, numbers, dates and switches to filter by; see docs/filters.md.
    #[schema(value_type = Option<Object>)]
    meta: Option<Value>,
}

/// `GET /v1/documents/{id}`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentResponse {
    pub(crate) id: String,
    #[schema(value_type = String)]
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Meta::is_empty")]
    #[schema(value_type = Object)]
    pub(crate) meta: Meta,
}

/// The answer to `POST /v1/documents`.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct WriteResponse {
    /// Documents that were not there before.
    pub(crate) created: usize,
    /// Documents that took the place of others.
    pub(crate) updated: usize,
    /// Lines that were not understood; all others are written.
    pub(crate) failed: usize,
    /// One for each line, in their order.
    pub(crate) results: Vec<LineResult>,
}

/// What came of one document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LineResult {
    Written {
        line: usize,
        id: String,
        status: &'static str,
    },
    Failed {
        line: usize,
        status: &'static str,
        field: &'static str,
        error: String,
    },
}

/// `POST /v1/documents/delete`: by id, or by filter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteRequest {
    pub(crate) ids: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    pub(crate) filter: Option<Value>,
}

/// What became of documents that were to be deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeleteResponse {
    pub(crate) deleted: usize,
    /// Ids that there was no document of.
    pub(crate) missing: usize,
}

/// The query string of requests that write.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteOptions {
    /// Whether searches must find it all before the answer comes.
    #[serde(default)]
    pub(crate) refresh: bool,
}
