//! Architectures: configuration and weights become a graph from token ids to token states. One file each.

mod config;

mod bert;
mod distilbert;
mod mpnet;
mod roberta;

use crate::error::Result;

use super::activation::Activation;
use super::blocks::{Batch, Blocks};
use super::onnx::Value;

/// A family of transformers.
pub(crate) struct Architecture {
    /// What `model_type` calls it in `config.json`.
    pub(crate) name: &'static str,
    pub(crate) build: Build,
    pub(crate) classifier: Classifier,
}

/// Builds a trunk from the blocks, whose weights and configuration are at hand.
pub(crate) type Build = fn(&mut Blocks<'_>) -> Result<Trunk>;

/// How a family's own models for classification end: two linear layers over the first token's state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Classifier {
    pub(crate) inner: &'static str,
    pub(crate) activation: Activation,
    pub(crate) outer: &'static str,
}

const POOLER: Classifier = Classifier {
    inner: "pooler.dense",
    activation: Activation::Tanh,
    outer: "classifier",
};
const DENSE: Classifier = Classifier {
    inner: "classifier.dense",
    activation: Activation::Tanh,
    outer: "classifier.out_proj",
};
const PRE_CLASSIFIER: Classifier = Classifier {
    inner: "pre_classifier",
    activation: Activation::Relu,
    outer: "classifier",
};

/// Every architecture.
pub(crate) const ARCHITECTURES: &[Architecture] = &[
    architecture("bert", bert::trunk, POOLER),
    architecture("camembert", roberta::trunk, DENSE),
    architecture("distilbert", distilbert::trunk, PRE_CLASSIFIER),
    architecture("mpnet", mpnet::trunk, DENSE),
    architecture("roberta", roberta::trunk, DENSE),
    architecture("xlm-roberta", roberta::trunk, DENSE),
];

const fn architecture(name: &'static str, build: Build, classifier: Classifier) -> Architecture {
    Architecture {
        name,
        build,
        classifier,
    }
}

/// A transformer's graph from token ids to token states, and what the outside needs to know of it.
pub(crate) struct Trunk {
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
    /// How many layers it has.
    pub(crate) n_layers: usize,
    /// How many kinds of token it tells apart.
    pub(crate) n_token_types: usize,
}

/// The architecture that `model_type` names, if it is known.
pub(crate) fn find(model_type: &str) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|known| known.name == model_type)
}
