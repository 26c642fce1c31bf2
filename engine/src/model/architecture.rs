//! Architectures: configuration and weights become a graph from token ids to token states. One file each.

mod config;

mod bert;
mod distilbert;
mod mpnet;
mod roberta;

use crate::error::Result;

use super::blocks::{Batch, Blocks};
use super::onnx::Value;

/// Builds a backbone from the blocks, whose weights and configuration are at hand.
pub(crate) type Build = fn(&mut Blocks<'_>) -> Result<Backbone>;

/// Every architecture by what `model_type` calls it in `config.json`.
pub(crate) const ARCHITECTURES: &[(&str, Build)] = &[
    ("bert", bert::backbone),
    ("camembert", roberta::backbone),
    ("distilbert", distilbert::backbone),
    ("mpnet", mpnet::backbone),
    ("roberta", roberta::backbone),
    ("xlm-roberta", roberta::backbone),
];

/// The end of a backbone's graph, and what the outside needs to know of it.
pub(crate) struct Backbone {
    /// `[batch, tokens, dim]`, the state of every token after the last layer.
    pub(crate) states: Value,
    /// What it was computed from.
    pub(crate) batch: Batch,
    /// Numbers per token.
    pub(crate) dim: usize,
    /// Ids run from 0 to below this.
    pub(crate) vocab_size: usize,
    /// The longest text it has positions for, special tokens included.
    pub(crate) max_tokens: usize,
    /// What fills up shorter texts.
    pub(crate) pad_id: i64,
}

/// The architecture that `model_type` names, if it is known.
pub(crate) fn find(model_type: &str) -> Option<Build> {
    let known = ARCHITECTURES.iter().find(|(name, _)| *name == model_type);
    known.map(|(_, build)| *build)
}
