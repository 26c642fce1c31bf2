//! RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020): BERT's layers, positions counted from the padding's id,
//! and no kinds of token.

use crate::error::Result;
use crate::model::blocks::Blocks;
use crate::model::layer::{LayerNames, layers};

use super::Trunk;
use super::config::Config;

/// Builds the encoder of `config.json`, with or without `roberta.` before the tensors' names.
///
/// # Errors
/// When the configuration asks for what is not RoBERTa, or when a tensor is missing or misshapen.
pub(crate) fn trunk(blocks: &mut Blocks<'_>) -> Result<Trunk> {
    let config = Config::load(blocks)?;
    let shape = config.shape(1e-5);
    let dim = shape.dim;
    let pad_id = config.pad_token_id.unwrap_or(1);
    let max_tokens = config.max_tokens_after(pad_id.saturating_add(1), blocks)?;
    blocks.set_prefix("roberta.", "embeddings.position_embeddings.weight");

    let batch = blocks.batch(dim);
    let table = |name: &str| format!("embeddings.{name}_embeddings.weight");
    let words = blocks.words(&batch, &table("word"), config.vocab_size, dim)?;
    let positions = [config.max_position_embeddings, dim];
    let positions =
        blocks.positions_after_padding(&batch, &table("position"), positions, pad_id)?;
    let types = [config.type_vocab_size.unwrap_or(1), dim];
    let types = blocks.weight(&table("token_type"), &types)?;
    // Every token is of the first kind.
    let first = blocks.graph.integers(&[0]);
    let first_type = blocks.graph.op("Gather", &[&types, &first]);
    let sum = blocks.graph.op("Add", &[&words, &first_type]);
    let sum = blocks.graph.op("Add", &[&sum, &positions]);
    let embedded = blocks.norm("embeddings.LayerNorm", &sum, dim, shape.epsilon)?;

    let names = (0..config.num_hidden_layers).map(LayerNames::bert);
    Ok(Trunk {
        states: layers(blocks, &batch, names, shape, None, &embedded)?,
        batch,
        dim,
        vocab_size: config.vocab_size,
        max_tokens,
        pad_id,
        n_layers: config.num_hidden_layers,
        n_token_types: 1,
    })
}
