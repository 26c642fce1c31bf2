//! BERT (Devlin et al. 2019) as Hugging Face stores it.

use serde::Deserialize;

use crate::error::{Error, Result};

use super::blocks::{BATCH, Batch, Blocks, TOKENS};
use super::directory::ModelDir;
use super::onnx::{Element, Value};
use super::transformer::{Backbone, HIDDEN, INPUT_IDS, MASK, TOKEN_TYPES};
use super::weights::Weights;

#[derive(Deserialize)]
struct Config {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "tiny")]
    layer_norm_eps: f32,
    #[serde(default)]
    pad_token_id: i64,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

fn two() -> usize {
    2
}

fn tiny() -> f32 {
    1e-12
}

/// Builds the encoder of `config.json`, with or without `bert.` before the tensors' names.
///
/// # Errors
/// When the configuration asks for what is not BERT, or when a tensor is missing or misshapen.
pub(crate) fn backbone(dir: &ModelDir, weights: &Weights) -> Result<Backbone> {
    let config: Config = dir.json("config.json")?;
    check(dir, &config)?;
    let prefixes = ["", "bert."];
    let probe = "embeddings.word_embeddings.weight";
    let mut blocks = Blocks::new(weights, &prefixes, probe, config.layer_norm_eps);
    let dims = [BATCH, TOKENS];
    let input_ids = blocks.graph.input(INPUT_IDS, Element::I64, &dims);
    let mask = blocks.graph.input(MASK, Element::I64, &dims);
    let token_types = blocks.graph.input(TOKEN_TYPES, Element::I64, &dims);

    let batch = blocks.batch(&input_ids, &mask, config.hidden_size);
    let embedded = embeddings(&mut blocks, &config, &input_ids, &token_types)?;
    let mut states = blocks.by_token(&batch, &embedded);
    for i in 0..config.num_hidden_layers {
        states = layer(&mut blocks, dir, &config, &batch, i, &states)?;
    }
    let states = blocks.by_text(&batch, &states);
    let dims = [BATCH, TOKENS, "dim"];
    blocks.graph.output(HIDDEN, &states, Element::F32, &dims);
    Ok(Backbone {
        model: blocks.graph.into_model(),
        dim: config.hidden_size,
        max_tokens: config.max_position_embeddings,
        pad_id: config.pad_token_id,
    })
}

fn check(dir: &ModelDir, config: &Config) -> Result<()> {
    let problem = match config.position_embedding_type.as_deref() {
        Some(other) if other != "absolute" => {
            format!("`position_embedding_type` is {other:?}, expected \"absolute\"")
        }
        _ if config.num_attention_heads == 0
            || !config
                .hidden_size
                .is_multiple_of(config.num_attention_heads) =>
        {
            format!(
                "`hidden_size` is {}, expected a multiple of `num_attention_heads` ({})",
                config.hidden_size, config.num_attention_heads
            )
        }
        _ => return Ok(()),
    };
    Err(Error::Model {
        path: dir.path_of("config.json"),
        problem,
    })
}

/// The normalised sum of what a token is, where it stands and to which text of a pair it belongs.
fn embeddings(
    blocks: &mut Blocks<'_>,
    config: &Config,
    input_ids: &Value,
    token_types: &Value,
) -> Result<Value> {
    let dim = config.hidden_size;
    let table = |name: &str| format!("embeddings.{name}_embeddings.weight");
    let words = blocks.weight(&table("word"), &[config.vocab_size, dim])?;
    let positions = blocks.weight(&table("position"), &[config.max_position_embeddings, dim])?;
    let types = blocks.weight(&table("token_type"), &[config.type_vocab_size, dim])?;

    let graph = &mut blocks.graph;
    let words = graph.op("Gather", &[&words, input_ids]);
    let types = graph.op("Gather", &[&types, token_types]);
    let shape = graph.op("Shape", &[input_ids]);
    let (zero, one) = (graph.integers(&[0]), graph.integers(&[1]));
    let n_tokens = graph.op("Gather", &[&shape, &one]);
    let positions = graph.op("Slice", &[&positions, &zero, &n_tokens, &zero]);
    let sum = graph.op("Add", &[&words, &types]);
    let sum = graph.op("Add", &[&sum, &positions]);
    blocks.norm("embeddings.LayerNorm", &sum, dim)
}

/// Attention, then the feed-forward network, each added to what went in and normalised.
fn layer(
    blocks: &mut Blocks<'_>,
    dir: &ModelDir,
    config: &Config,
    batch: &Batch,
    i: usize,
    states: &Value,
) -> Result<Value> {
    let name = |part: &str| format!("encoder.layer.{i}.{part}");
    let (dim, inner) = (config.hidden_size, config.intermediate_size);

    let query = blocks.linear(&name("attention.self.query"), states, dim, dim)?;
    let key = blocks.linear(&name("attention.self.key"), states, dim, dim)?;
    let value = blocks.linear(&name("attention.self.value"), states, dim, dim)?;
    let mixed = blocks.attention(batch, config.num_attention_heads, [&query, &key, &value]);
    let mixed = blocks.linear(&name("attention.output.dense"), &mixed, dim, dim)?;
    let states = blocks.add_and_norm(&name("attention.output.LayerNorm"), &mixed, states, dim)?;

    let inside = blocks.linear(&name("intermediate.dense"), &states, dim, inner)?;
    let inside = blocks.activation(dir, &config.hidden_act, &inside)?;
    let outside = blocks.linear(&name("output.dense"), &inside, inner, dim)?;
    blocks.add_and_norm(&name("output.LayerNorm"), &outside, &states, dim)
}
