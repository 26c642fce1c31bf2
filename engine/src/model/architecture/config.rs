//! What BERT and its kin say in `config.json`, under the names that they share.

use serde::Deserialize;

use crate::error::Result;
use crate::model::blocks::Blocks;
use crate::model::layer::LayerShape;

#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    pub(super) pad_token_id: Option<i64>,
    position_embedding_type: Option<String>,
    pub(super) relative_attention_num_buckets: Option<usize>,
    is_decoder: Option<bool>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// When it asks for what none of the kin is built with here: other positions, a decoder, heads that do not share the
    /// numbers evenly.
    pub(super) fn load(blocks: &Blocks<'_>) -> Result<Self> {
        let config: Self = blocks.config()?;
        if let Some(other) = &config.position_embedding_type
            && other != "absolute"
        {
            return Err(blocks.config_problem(format!(
                "`position_embedding_type` is {other:?}, expected \"absolute\""
            )));
        }
        if config.is_decoder == Some(true) {
            return Err(blocks.config_problem("`is_decoder` is true, expected an encoder".into()));
        }
        if let Some(epsilon) = config.layer_norm_eps.filter(|x| !x.is_finite() || *x < 0.0) {
            return Err(blocks.config_problem(format!(
                "`layer_norm_eps` is {epsilon}, expected a small number above 0"
            )));
        }
        config.shape(0.0).check(blocks)?;
        Ok(config)
    }

    /// The sizes of the layers; `epsilon` is the architecture's own where the file states none.
    pub(super) fn shape(&self, epsilon: f32) -> LayerShape<'_> {
        LayerShape {
            dim: self.hidden_size,
            inner: self.intermediate_size,
            n_heads: self.num_attention_heads,
            activation: &self.hidden_act,
            epsilon: self.layer_norm_eps.unwrap_or(epsilon),
        }
    }

    /// How many tokens there are positions for if the first `n_unused` rows are none.
    ///
    /// # Errors
    /// When all of them are.
    pub(super) fn max_tokens_after(&self, n_unused: i64, blocks: &Blocks<'_>) -> Result<usize> {
        let n_unused = usize::try_from(n_unused).unwrap_or(usize::MAX);
        let left = self.max_position_embeddings.checked_sub(n_unused);
        left.filter(|n| *n > 0).ok_or_else(|| {
            blocks.config_problem(format!(
                "`max_position_embeddings` is {}, expected more than {n_unused}, the id of the padding and one",
                self.max_position_embeddings
            ))
        })
    }
}
