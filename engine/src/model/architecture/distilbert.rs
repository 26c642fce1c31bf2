//! DistilBERT (Sanh et al. 2019): BERT's layers under other names, without kinds of token.

use serde::Deserialize;

use crate::error::Result;
use crate::model::blocks::Blocks;
use crate::model::layer::{LayerNames, LayerShape, layers};

use super::Trunk;

/// Not in `config.json`.
const EPSILON: f32 = 1e-12;

#[derive(Deserialize)]
struct Config {
    vocab_size: usize,
    dim: usize,
    n_layers: usize,
    n_heads: usize,
    hidden_dim: usize,
    activation: String,
    max_position_embeddings: usize,
    #[serde(default)]
    pad_token_id: i64,
}

/// Builds the encoder of `config.json`, with or without `distilbert.` before the tensors' names.
///
/// # Errors
/// When a tensor is missing or misshapen.
pub(crate) fn trunk(blocks: &mut Blocks<'_>) -> Result<Trunk> {
    let config: Config = blocks.config()?;
    let shape = LayerShape {
        dim: config.dim,
        inner: config.hidden_dim,
        n_heads: config.n_heads,
        activation: &config.activation,
        epsilon: EPSILON,
    };
    shape.check(blocks)?;
    let dim = shape.dim;
    blocks.set_prefix("distilbert.", "embeddings.position_embeddings.weight");

    let batch = blocks.batch(dim);
    let table = |name: &str| format!("embeddings.{name}_embeddings.weight");
    let words = blocks.words(&batch, &table("word"), config.vocab_size, dim)?;
    let positions = [config.max_position_embeddings, dim];
    let positions = blocks.positions(&batch, &table("position"), positions)?;
    let sum = blocks.graph.op("Add", &[&words, &positions]);
    let embedded = blocks.norm("embeddings.LayerNorm", &sum, dim, EPSILON)?;

    let names = (0..config.n_layers).map(names);
    Ok(Trunk {
        states: layers(blocks, &batch, names, shape, None, &embedded)?,
        batch,
        dim,
        vocab_size: config.vocab_size,
        max_tokens: config.max_position_embeddings,
        pad_id: config.pad_token_id,
        n_layers: config.n_layers,
        n_token_types: 1,
    })
}

fn names(i: usize) -> LayerNames {
    let name = |part: &str| format!("transformer.layer.{i}.{part}");
    LayerNames {
        query: name("attention.q_lin"),
        key: name("attention.k_lin"),
        value: name("attention.v_lin"),
        attention_output: name("attention.out_lin"),
        attention_norm: name("sa_layer_norm"),
        inside: name("ffn.lin1"),
        outside: name("ffn.lin2"),
        norm: name("output_layer_norm"),
    }
}
