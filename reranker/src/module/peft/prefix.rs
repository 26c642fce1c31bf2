//! Prefix tuning (Li & Liang 2021).

use crate::error::Result;
use crate::module::tensors::Tensors;
use crate::module::{Content, Prefixes, prefixes};

use super::config::PrefixConfig;

/// Takes the prefix of the configuration. Where it was computed by a network, the file holds what came out.
///
/// The library hands it to the backbone as keys and values of tokens that came before, so a text's positions begin
/// after them.
pub(super) fn read(tensors: &mut Tensors, config: &PrefixConfig) -> Result<Content> {
    if let Some(n) = config.num_transformer_submodules.filter(|n| *n != 1) {
        return Err(tensors.problem(format!(
            "`num_transformer_submodules` is {n}, expected 1: an encoder"
        )));
    }
    let width = 2 * config.num_layers * config.token_dim;
    let shape = [Some(config.num_virtual_tokens), Some(width)];
    let table = tensors.matrix("prompt_embeddings", shape)?;
    let layers = prefixes::of_layers(&table, config.token_dim);
    Ok(Content::Prefixes(Prefixes {
        layers: layers.map_err(|problem| tensors.problem(problem))?,
        shift: config.num_virtual_tokens,
    }))
}
