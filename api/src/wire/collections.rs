//! The JSON of collections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xenoglot_engine::Lang;

/// `GET /v1/collections`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionList {
    pub(crate) collections: Vec<CollectionInfo>,
}

/// A collection as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionInfo {
    pub(crate) name: String,
    pub(crate) documents: usize,
    /// How many of them there are in each language.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub(crate) languages: BTreeMap<Lang, usize>,
    /// Bytes on disk.
    pub(crate) size_bytes: u64,
    pub(crate) segments: usize,
    /// Grows with every change that searches can see.
    pub(crate) generation: u64,
    /// Whether this server takes documents.
    pub(crate) writable: bool,
    /// Which encoder made its vectors.
    pub(crate) encoder: String,
    /// Numbers per vector.
    pub(crate) dim: usize,
}

/// `PUT /v1/collections/{collection}`: what is fixed when a collection is made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCollection {
    /// How vectors are kept beside the bytes that are searched first: `fp32`, `fp16`, or not at all (`int8`).
    pub(crate) vectors: Option<String>,
    /// How documents are split before they are encoded; without it, one vector stands for a whole document.
    pub(crate) passages: Option<PassageWindows>,
}

/// Windows of whole sentences.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassageWindows {
    /// How many tokens of the encoder a passage has at most.
    pub(crate) tokens: usize,
    /// How many tokens there are from the beginning of one to that of the next; as many as `tokens` where nobody says.
    pub(crate) stride: Option<usize>,
}
