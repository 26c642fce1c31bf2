//! BERT (Devlin et al. 2019) as Hugging Face stores it.

use crate::error::Result;
use crate::model::blocks::{BATCH, Blocks, TOKEN_TYPES, TOKENS};
use crate::model::layer::{LayerNames, layers};
use crate::model::onnx::Element;

use super::Trunk;
use super::config::Config;

/// Builds the encoder of `config.json`, with or without `bert.` before the tensors' names.
///
/// # Errors
/// When the configuration asks for what is not BERT, or when a tensor is missing or misshapen.
pub(crate) fn trunk(blocks: &mut Blocks<'_>) -> Result<Trunk> {
    let config = Config::load(blocks)?;
    let shape = config.shape(1e-12);
    let dim = shape.dim;
    blocks.set_prefix("bert.", "embeddings.position_embeddings.weight");

    let batch = blocks.batch(dim);
    let token_types = [BATCH, TOKENS];
    let token_types = blocks.graph.input(TOKEN_TYPES, Element::I64, &token_types);
    let table = |name: &str| format!("embeddings.{name}_embeddings.weight");
    let words = blocks.words(&batch, &table("word"), config.vocab_size, dim)?;
    let positions = [config.max_position_embeddings, dim];
    let positions = blocks.positions(&batch, &table("position"), positions)?;
    let n_token_types = config.type_vocab_size.unwrap_or(2);
    let types = blocks.weight(&table("token_type"), &[n_token_types, dim])?;
    let types = blocks.graph.op("Gather", &[&types, &token_types]);
    let sum = blocks.graph.op("Add", &[&words, &types]);
    let sum = blocks.graph.op("Add", &[&sum, &positions]);
    let embedded = blocks.norm("embeddings.LayerNorm", &sum, dim, shape.epsilon)?;

    let names = (0..config.num_hidden_layers).map(LayerNames::bert);
    Ok(Trunk {
        states: layers(blocks, &batch, names, shape, None, &embedded)?,
        batch,
        dim,
        vocab_size: config.vocab_size,
        max_tokens: config.max_position_embeddings,
        pad_id: config.pad_token_id.unwrap_or(0),
        n_layers: config.num_hidden_layers,
        n_token_types,
    })
}
