//! The layer that BERT and its kin share: attention, then a feed-forward network, each added to what went in and
//! normalised (Vaswani et al. 2017; normalisation after the sum, as in Devlin et al. 2019).

use crate::error::Result;

use super::blocks::{Attention, Batch, Blocks, Part, SubLayer};
use super::onnx::Value;

/// Sizes that all layers of a model have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerShape<'a> {
    /// Numbers per token.
    pub(crate) dim: usize,
    /// Numbers per token inside the feed-forward network.
    pub(crate) inner: usize,
    pub(crate) n_heads: usize,
    /// As `config.json` calls it.
    pub(crate) activation: &'a str,
    /// Added to a variance before it is divided by.
    pub(crate) epsilon: f32,
}

/// What one layer's tensors are called, without `.weight` and `.bias`.
pub(crate) struct LayerNames {
    pub(crate) query: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) attention_output: String,
    pub(crate) attention_norm: String,
    pub(crate) inside: String,
    pub(crate) outside: String,
    pub(crate) norm: String,
}

impl LayerNames {
    /// The names of layer `i` in BERT, RoBERTa and XLM-R.
    pub(crate) fn bert(i: usize) -> Self {
        let name = |part: &str| format!("encoder.layer.{i}.{part}");
        Self {
            query: name("attention.self.query"),
            key: name("attention.self.key"),
            value: name("attention.self.value"),
            attention_output: name("attention.output.dense"),
            attention_norm: name("attention.output.LayerNorm"),
            inside: name("intermediate.dense"),
            outside: name("output.dense"),
            norm: name("output.LayerNorm"),
        }
    }
}

impl LayerShape<'_> {
    /// Refuses heads that do not share the numbers evenly.
    pub(crate) fn check(&self, blocks: &Blocks<'_>) -> Result<()> {
        if self.n_heads > 0 && self.dim > 0 && self.dim.is_multiple_of(self.n_heads) {
            return Ok(());
        }
        Err(blocks.config_problem(format!(
            "the hidden size is {}, expected a multiple of the number of attention heads ({})",
            self.dim, self.n_heads
        )))
    }
}

/// Token states after the layers called `names`, one after the other; `embedded` and what comes back are
/// `[batch, tokens, dim]`, and `bias` is added to the attention of each layer.
pub(crate) fn layers(
    blocks: &mut Blocks<'_>,
    batch: &Batch,
    names: impl Iterator<Item = LayerNames>,
    shape: LayerShape<'_>,
    bias: Option<&Value>,
    embedded: &Value,
) -> Result<Value> {
    let embedded = blocks.inverted(embedded, shape.dim)?;
    let mut states = blocks.by_token(batch, &embedded);
    for (i, names) in names.enumerate() {
        states = layer(blocks, batch, (i, &names), shape, bias, &states)?;
    }
    Ok(blocks.by_text(batch, &states))
}

/// `states` after layer `i`, by token; `bias` is added to the attention.
fn layer(
    blocks: &mut Blocks<'_>,
    batch: &Batch,
    (i, names): (usize, &LayerNames),
    shape: LayerShape<'_>,
    bias: Option<&Value>,
    states: &Value,
) -> Result<Value> {
    let LayerShape { dim, inner, .. } = shape;
    let query = blocks.linear(&names.query, states, [dim, dim])?;
    let key = blocks.linear(&names.key, states, [dim, dim])?;
    let value = blocks.linear(&names.value, states, [dim, dim])?;
    let attention = Attention {
        layer: i,
        n_heads: shape.n_heads,
        query: &query,
        key: &key,
        value: &value,
        bias,
    };
    let mixed = blocks.attention(batch, &attention)?;
    let attended = SubLayer {
        layer: i,
        part: Part::Attention,
        norm: &names.attention_norm,
        output: blocks.linear(&names.attention_output, &mixed, [dim, dim])?,
        input: states.clone(),
    };
    let states = blocks.sub_layer(batch, shape, &attended)?;

    let inside = blocks.linear(&names.inside, &states, [inner, dim])?;
    let inside = blocks.activation(shape.activation, &inside)?;
    let fed_forward = SubLayer {
        layer: i,
        part: Part::FeedForward,
        norm: &names.norm,
        output: blocks.linear(&names.outside, &inside, [dim, inner])?,
        input: states,
    };
    blocks.sub_layer(batch, shape, &fed_forward)
}
