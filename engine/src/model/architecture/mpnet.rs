//! MPNet (Song et al. 2020): RoBERTa's positions, and attention that also heeds the distance between tokens.

use crate::error::Result;
use crate::model::blocks::Blocks;
use crate::model::layer::{LayerNames, layers};

use super::Trunk;
use super::config::Config;

/// Not in `config.json`: positions begin after this id, whatever the padding's is.
const PAD_ID: i64 = 1;
/// Beyond it all distances share a bucket.
const MAX_DISTANCE: f64 = 128.0;
/// Where `config.json` does not say it.
const N_BUCKETS: usize = 32;

/// Builds the encoder of `config.json`, with or without `mpnet.` before the tensors' names.
///
/// # Errors
/// When the configuration asks for what is not MPNet, or when a tensor is missing or misshapen.
pub(crate) fn trunk(blocks: &mut Blocks<'_>) -> Result<Trunk> {
    let config = Config::load(blocks)?;
    let shape = config.shape(1e-12);
    let dim = shape.dim;
    let max_positions = config.max_position_embeddings;
    let max_tokens = config.max_tokens_after(PAD_ID + 1, blocks)?;
    let n_buckets = config.relative_attention_num_buckets.unwrap_or(N_BUCKETS);
    if n_buckets < 4 {
        return Err(blocks.config_problem(format!(
            "`relative_attention_num_buckets` is {n_buckets}, expected at least 4"
        )));
    }
    blocks.set_prefix("mpnet.", "embeddings.position_embeddings.weight");

    let batch = blocks.batch(dim);
    let table = |name: &str| format!("embeddings.{name}_embeddings.weight");
    let words = blocks.words(&batch, &table("word"), config.vocab_size, dim)?;
    let positions = [max_positions, dim];
    let positions =
        blocks.positions_after_padding(&batch, &table("position"), positions, PAD_ID)?;
    let sum = blocks.graph.op("Add", &[&words, &positions]);
    let embedded = blocks.norm("embeddings.LayerNorm", &sum, dim, shape.epsilon)?;

    let name = "encoder.relative_attention_bias.weight";
    let by_bucket = blocks.weight(name, &[n_buckets, shape.n_heads])?;
    let bias = blocks.relative_positions(&batch, &by_bucket, max_tokens, |distance| {
        bucket(distance, n_buckets as i64)
    });
    let names = (0..config.num_hidden_layers).map(names);
    Ok(Trunk {
        states: layers(blocks, &batch, names, shape, Some(&bias), &embedded)?,
        batch,
        dim,
        vocab_size: config.vocab_size,
        max_tokens,
        pad_id: PAD_ID,
        n_layers: config.num_hidden_layers,
        n_token_types: 1,
    })
}

/// The bucket of a distance: half of them for tokens before and half for tokens after; of each half, one bucket per
/// distance while it is small, then ever wider ones (Raffel et al. 2020, §2.1).
fn bucket(distance: i64, n_buckets: i64) -> i64 {
    let half = n_buckets / 2;
    let side = if distance > 0 { half } else { 0 };
    let n_exact = half / 2;
    let steps = distance.abs();
    if steps < n_exact {
        return side + steps;
    }
    // In 32 bits, as in training: the borders between buckets depend on it.
    let range = (MAX_DISTANCE / n_exact as f64).ln() as f32;
    let wide = (steps as f32 / n_exact as f32).ln() / range;
    let wide = n_exact + (wide * (half - n_exact) as f32) as i64;
    side + wide.min(half - 1)
}

fn names(i: usize) -> LayerNames {
    let name = |part: &str| format!("encoder.layer.{i}.{part}");
    LayerNames {
        query: name("attention.attn.q"),
        key: name("attention.attn.k"),
        value: name("attention.attn.v"),
        attention_output: name("attention.attn.o"),
        attention_norm: name("attention.LayerNorm"),
        inside: name("intermediate.dense"),
        outside: name("output.dense"),
        norm: name("output.LayerNorm"),
    }
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn near_distances_have_buckets_of_their_own_and_far_ones_share() {
        let check = |distance, expected| assert_eq!(bucket(distance, 32), expected, "{distance}");
        check(0, 0);
        check(-7, 7);
        check(7, 23);
        check(-8, 8);
        check(-15, 9);
        check(127, 31);
        check(500, 31);
        check(-500, 15);
    }
}
