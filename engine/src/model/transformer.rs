//! Transformer encoders: a backbone in ONNX Runtime, between a tokenizer and pooling.

use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{Array2, ArrayView3};
use ort::value::TensorRef;
use rayon::prelude::*;

use crate::encoder::{Embeddings, Encoder, EncoderSpec, Role};
use crate::error::{Error, Result};

use super::LoadOptions;
use super::directory::ModelDir;
use super::recipe::Recipe;
use super::session::{Lease, Program, Provider, SessionPool};
use super::tokenizer::Tokenizer;
use super::weights::Weights;

/// Names of what a backbone reads and answers; Hugging Face's own.
pub(crate) const INPUT_IDS: &str = "input_ids";
/// See [`INPUT_IDS`].
pub(crate) const MASK: &str = "attention_mask";
/// See [`INPUT_IDS`].
pub(crate) const TOKEN_TYPES: &str = "token_type_ids";
/// See [`INPUT_IDS`].
pub(crate) const HIDDEN: &str = "last_hidden_state";

/// Tokens of a batch on the CPU, padding included. A few hundred already keep its matrix products busy, and more would
/// only bring texts of unlike length together: sorted batches of 8 sentences ran a third faster than batches of 32.
const CPU_BATCH_TOKENS: usize = 384;
/// Tokens of a batch on a GPU, which is idle most of the time below some thousands.
const GPU_BATCH_TOKENS: usize = 16_384;

/// What an architecture makes of a model directory.
pub(crate) struct Backbone {
    /// The graph: from [`INPUT_IDS`], [`MASK`] and, where it has them, [`TOKEN_TYPES`] to [`HIDDEN`].
    pub(crate) model: Vec<u8>,
    /// Numbers per token.
    pub(crate) dim: usize,
    /// The longest text it has positions for, special tokens included.
    pub(crate) max_tokens: usize,
    /// What fills up shorter texts.
    pub(crate) pad_id: i64,
}

/// An encoder over any backbone.
pub(crate) struct TransformerEncoder {
    spec: EncoderSpec,
    tokenizer: Tokenizer,
    recipe: Recipe,
    pool: SessionPool,
    pad_id: i64,
    batch_tokens: usize,
}

/// Texts of one run: where they stood in the request, and how many tokens the longest has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Batch<'a> {
    texts: &'a [usize],
    n_tokens: usize,
}

impl TransformerEncoder {
    /// The encoder in `dir`, whose weights and backbone were read already.
    pub(crate) fn load(
        dir: &ModelDir,
        weights: Weights,
        backbone: Backbone,
        options: &LoadOptions,
    ) -> Result<Self> {
        let recipe = Recipe::load(dir)?;
        let max_tokens = recipe
            .max_tokens
            .map_or(backbone.max_tokens, |n| n.min(backbone.max_tokens));
        let mut files = vec!["config.json", "tokenizer.json", weights.file_name()];
        files.extend(recipe.files.iter().map(String::as_str));
        let spec = EncoderSpec {
            name: dir.name(),
            fingerprint: dir.fingerprint(&files)?,
            dim: backbone.dim,
        };
        let program = Program {
            model: backbone.model,
            weights,
        };
        let pool = SessionPool::new(program, options)?;
        Ok(Self {
            spec,
            tokenizer: Tokenizer::load(dir)?.truncated(dir, max_tokens)?,
            recipe,
            pad_id: backbone.pad_id,
            batch_tokens: match pool.provider() {
                Provider::Cpu => CPU_BATCH_TOKENS,
                Provider::Cuda(_) => GPU_BATCH_TOKENS,
            },
            pool,
        })
    }

    /// One row per text of `batch`, not normalised.
    fn run(
        &self,
        session: &mut Lease<'_>,
        ids: &[Vec<u32>],
        batch: &Batch<'_>,
    ) -> Result<Array2<f32>> {
        let shape = (batch.texts.len(), batch.n_tokens);
        let mut input_ids = Array2::from_elem(shape, self.pad_id);
        let mut mask = Array2::<i64>::zeros(shape);
        for (row, text) in batch.texts.iter().enumerate() {
            for (column, id) in ids[*text].iter().enumerate() {
                input_ids[[row, column]] = i64::from(*id);
                mask[[row, column]] = 1;
            }
        }
        let failed = |source: ort::Error| Error::Runtime {
            doing: "run the model",
            source: source.into(),
        };
        let token_types = Array2::<i64>::zeros(shape);
        let has_token_types = session
            .inputs()
            .iter()
            .any(|input| input.name() == TOKEN_TYPES);
        let mut inputs = ort::inputs![
            INPUT_IDS => tensor(&input_ids).map_err(failed)?,
            MASK => tensor(&mask).map_err(failed)?,
        ];
        if has_token_types {
            let token_types = tensor(&token_types).map_err(failed)?;
            inputs.push((TOKEN_TYPES.into(), token_types.into()));
        }
        let outputs = session.run(inputs).map_err(failed)?;
        let (_, hidden) = outputs[HIDDEN]
            .try_extract_tensor::<f32>()
            .map_err(failed)?;
        let hidden = ArrayView3::from_shape((shape.0, shape.1, self.spec.dim), hidden).map_err(
            |source| Error::Runtime {
                doing: "answer in the shape of the batch",
                source: source.into(),
            },
        )?;
        Ok(self.recipe.pooling.pool(hidden, mask.view()))
    }
}

impl Encoder for TransformerEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        let ids: Vec<Vec<u32>> = texts
            .par_iter()
            .map(|text| {
                self.tokenizer
                    .ids_with_special(&self.recipe.prepare(text, role))
            })
            .collect::<Result<_>>()?;
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let order = longest_first(&lengths);
        let batches = batches(&order, &lengths, self.batch_tokens);

        // Each worker keeps its session until no batch is left; longest batches first, so that none ends alone.
        let next = AtomicUsize::new(0);
        let work = |_| -> Result<Vec<(&Batch<'_>, Array2<f32>)>> {
            let mut session = self.pool.lease()?;
            let mut done = Vec::new();
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push((batch, self.run(&mut session, &ids, batch)?));
            }
            Ok(done)
        };
        let n_workers = self.pool.size().min(batches.len());
        let done: Vec<_> = (0..n_workers)
            .into_par_iter()
            .map(work)
            .collect::<Result<_>>()?;

        let mut rows = Array2::zeros((texts.len(), self.spec.dim));
        for (batch, vectors) in done.into_iter().flatten() {
            for (text, vector) in batch.texts.iter().zip(vectors.rows()) {
                rows.row_mut(*text).assign(&vector);
            }
        }
        Ok(Embeddings::normalized(rows))
    }
}

fn tensor(values: &Array2<i64>) -> ort::Result<TensorRef<'_, i64>> {
    let (n_texts, n_tokens) = values.dim();
    let values = values
        .as_slice()
        .ok_or_else(|| ort::Error::new("an array is not contiguous"))?;
    TensorRef::from_array_view(([n_texts, n_tokens], values))
}

/// The positions of texts, longest first; equals keep their order.
fn longest_first(lengths: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|text| std::cmp::Reverse(lengths[*text]));
    order
}

/// Cuts `order` into runs of at most `max_tokens` tokens, padding included. A text that alone has more is a batch of
/// its own; `order` is longest first, so that the first of a batch decides its width.
fn batches<'a>(order: &'a [usize], lengths: &[usize], max_tokens: usize) -> Vec<Batch<'a>> {
    let mut batches = Vec::new();
    let mut rest = order;
    while let Some(longest) = rest.first() {
        let n_tokens = lengths[*longest].max(1);
        let n_texts = (max_tokens / n_tokens).clamp(1, rest.len());
        let (texts, after) = rest.split_at(n_texts);
        batches.push(Batch { texts, n_tokens });
        rest = after;
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_hold_every_text_once_and_no_more_than_their_budget(
            lengths in prop::collection::vec(0_usize..300, 0..200),
            max_tokens in 1_usize..600,
        ) {
            let order = longest_first(&lengths);
            let batches = batches(&order, &lengths, max_tokens);
            let mut seen: Vec<usize> = batches.iter().flat_map(|batch| batch.texts).copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for batch in &batches {
                prop_assert!(batch.texts.iter().all(|text| lengths[*text] <= batch.n_tokens));
                prop_assert!(batch.texts.len() == 1 || batch.texts.len() * batch.n_tokens <= max_tokens);
            }
        }
    }
}
