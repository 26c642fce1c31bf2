//! The JSON of what a server says of itself.

use serde::Serialize;
use utoipa::ToSchema;

/// `GET /health`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) status: &'static str,
    pub(crate) version: &'static str,
    pub(crate) n_docs: usize,
    pub(crate) collections: usize,
    pub(crate) encoder: String,
}

/// `GET /v1/stacks`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StackList {
    /// What candidates may be reranked by.
    pub(crate) stacks: Vec<String>,
    /// The one of requests that name none.
    pub(crate) default: String,
}

/// `POST /v1/reload`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// What was read again, such as `keys`.
    pub(crate) reloaded: Vec<&'static str>,
}
