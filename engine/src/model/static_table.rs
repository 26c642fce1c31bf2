//! Token-table encoders: a text's vector is the mean of its tokens' rows.
//!
//! Three layouts are known:
//!
//! - sentence-transformers' `StaticEmbedding`: `embedding.weight`, `[tokens, dim]`;
//! - model2vec's: `embeddings`, `[rows, dim]`, with `mapping` from tokens to rows and `weights` of tokens where rows
//!   are shared; unknown tokens do not count, and texts are cut at `max_length` of `config.json`;
//! - ours (`model_type` is `static`): the first, where rows may also be 4-bit numbers with one scale each, which is how
//!   the model inside the program stays small: `embedding.weight` is then `[tokens, dim / 2]` bytes, the even column
//!   in the low half of a byte, each half offset by 8, and `embedding.scale` has the scale of each row.

mod table;

use std::collections::HashSet;

use ndarray::{Array2, ArrayViewMut1};
use rayon::prelude::*;
use serde::Deserialize;

use crate::encoder::{Embeddings, Encoder, EncoderSpec, Marks, Role, Token, TokenModel};
use crate::error::{Error, Result};

use super::directory::ModelDir;
use super::golden::TokenIds;
use super::pipeline::Pipeline;
use super::tokenizer::Tokenizer;
use super::weights::Weights;

use table::Table;

/// What model2vec cuts texts at where `config.json` does not say it.
const MODEL2VEC_MAX_TOKENS: usize = 512;

/// A table of tokens.
pub(crate) struct StaticEncoder {
    spec: EncoderSpec,
    tokenizer: Tokenizer,
    pipeline: Pipeline,
    table: Table,
    /// The row of each token, where it is not the token's own.
    mapping: Option<Vec<usize>>,
    /// What each token counts, where not all count the same.
    weights: Option<Vec<f32>>,
    ignored: HashSet<u32>,
    limit: Option<Limit>,
}

/// Where a text is cut.
#[derive(Debug, Clone, Copy)]
struct Limit {
    max_tokens: usize,
    /// So many tokens of usual length: a longer text is not even tokenized.
    max_chars: usize,
}

#[derive(Default, Deserialize)]
struct Config {
    name: Option<String>,
    dim: Option<usize>,
    /// Ids that say nothing: unknown and special tokens.
    #[serde(default)]
    ignored_token_ids: Vec<u32>,
    /// `null` means no limit, and absence the usual one.
    #[serde(default = "usual_limit")]
    max_length: Option<usize>,
}

fn usual_limit() -> Option<usize> {
    Some(MODEL2VEC_MAX_TOKENS)
}

impl StaticEncoder {
    /// Reads `tokenizer.json`, `model.safetensors` and, if it is there, `config.json`.
    ///
    /// # Errors
    /// When a file is missing or malformed, or when the tokenizer knows tokens that the table has no row for.
    pub(crate) fn load(dir: &ModelDir, pipeline: Pipeline) -> Result<Self> {
        let folder = pipeline.folder.clone();
        let config: Config = folder.json_or_default("config.json")?;
        let weights = Weights::open(&folder)?;
        let tokenizer = Tokenizer::load(&folder)?;
        let is_model2vec = weights.has("embeddings");
        let name = if is_model2vec {
            "embeddings"
        } else {
            "embedding.weight"
        };
        let table = Table::load(&weights, name, config.dim)?;
        let mapping = match weights.has("mapping") {
            true => Some(weights.indexes("mapping", table.n_rows)?),
            false => None,
        };
        let n_tokens = mapping.as_ref().map_or(table.n_rows, Vec::len);
        tokenizer.check_ids(&folder, n_tokens)?;
        let mut ignored: HashSet<u32> = config.ignored_token_ids.into_iter().collect();
        let mut limit = None;
        if is_model2vec {
            if config.max_length == Some(0) {
                return Err(Error::Model {
                    path: folder.path_of("config.json"),
                    problem:
                        "field `max_length` leaves no room for text, expected a number above 0"
                            .into(),
                });
            }
            ignored.extend(tokenizer.unknown_id(&folder)?);
            limit = config.max_length.map(|max_tokens| Limit {
                max_tokens,
                max_chars: max_tokens.saturating_mul(tokenizer.median_token_chars()),
            });
        }
        let token_weights = match is_model2vec && weights.has("weights") {
            true => Some(weights.numbers("weights", &[n_tokens])?),
            false => None,
        };
        Ok(Self {
            spec: EncoderSpec {
                name: config.name.unwrap_or_else(|| dir.name()),
                fingerprint: dir.fingerprint(&pipeline.files_with(weights.file_names()))?,
                dim: table.dim,
            },
            tokenizer,
            pipeline,
            mapping,
            weights: token_weights,
            ignored,
            limit,
            table,
        })
    }

    /// Where texts are cut, if they are.
    pub(crate) fn max_tokens(&self) -> Option<usize> {
        self.limit.map(|limit| limit.max_tokens)
    }

    fn add_tokens(&self, text: &str, role: Role, mut sum: ArrayViewMut1<'_, f32>) -> Result<()> {
        for id in self.cut_ids(&self.pipeline.prepare(text, role))? {
            if self.ignored.contains(&id) {
                continue;
            }
            self.add_token(id as usize, &mut sum);
        }
        Ok(())
    }

    fn add_token(&self, token: usize, sum: &mut ArrayViewMut1<'_, f32>) {
        let row = self.mapping.as_ref().map_or(token, |rows| rows[token]);
        let weight = self.weights.as_ref().map_or(1.0, |weights| weights[token]);
        self.table.add_row(row, weight, sum);
    }

    fn cut_ids(&self, text: &str) -> Result<Vec<u32>> {
        let Some(limit) = self.limit else {
            return self.tokenizer.ids(text);
        };
        let end = text.char_indices().nth(limit.max_chars);
        let mut ids = self
            .tokenizer
            .ids(&text[..end.map_or(text.len(), |(end, _)| end)])?;
        ids.truncate(limit.max_tokens);
        Ok(ids)
    }
}

impl Encoder for StaticEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn n_tokens(&self, text: &str) -> Result<usize> {
        self.tokenizer.n_tokens(text)
    }

    fn token_model(&self) -> Option<&dyn TokenModel> {
        Some(self)
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        let mut sums = Array2::<f32>::zeros((texts.len(), self.spec.dim));
        // Sums serve as well as means: both have the same direction, and rows become unit vectors below.
        sums.axis_iter_mut(ndarray::Axis(0))
            .into_par_iter()
            .zip(texts)
            .try_for_each(|(sum, text)| self.add_tokens(text, role, sum))?;
        if !sums.iter().all(|x| x.is_finite()) {
            return Err(Error::NotFinite {
                model: self.spec.name.clone(),
            });
        }
        Ok(Embeddings::normalized(sums))
    }
}

impl TokenModel for StaticEncoder {
    fn max_tokens(&self) -> Option<usize> {
        Self::max_tokens(self)
    }

    fn pooling(&self) -> String {
        "mean".into()
    }

    fn tokens(&self, text: &str, role: Role, marks: Marks) -> Result<Vec<Token>> {
        self.tokenizer
            .view(&self.pipeline.prepare(text, role), marks)
    }

    fn knows(&self, id: u32) -> bool {
        self.tokenizer.knows(id)
    }

    fn text_of(&self, ids: &[u32]) -> Result<String> {
        self.tokenizer.text_of(ids)
    }

    /// The rows of its tokens; those of unknown ones too, which count nothing.
    fn states(&self, text: &str, role: Role) -> Result<Option<Array2<f32>>> {
        let ids = self.cut_ids(&self.pipeline.prepare(text, role))?;
        let mut rows = Array2::<f32>::zeros((ids.len(), self.spec.dim));
        for (mut row, id) in rows.rows_mut().into_iter().zip(ids) {
            self.add_token(id as usize, &mut row);
        }
        Ok(Some(rows))
    }
}

impl TokenIds for StaticEncoder {
    fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.cut_ids(text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        text: String,
        ids: Vec<u32>,
        vector: Vec<f32>,
    }

    fn load(dir: &ModelDir) -> StaticEncoder {
        StaticEncoder::load(dir, Pipeline::load(dir).unwrap()).unwrap()
    }

    fn shipped() -> (ModelDir, Vec<Golden>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/xenoglot-static");
        let dir = ModelDir::open(&path).unwrap();
        let golden = dir.json("golden.json").unwrap();
        (dir, golden)
    }

    #[test]
    fn the_shipped_table_gives_the_ids_and_vectors_that_training_saw() {
        let (dir, golden) = shipped();
        let encoder = load(&dir);
        let texts: Vec<&str> = golden.iter().map(|golden| golden.text.as_str()).collect();
        let embeddings = encoder.encode(&texts, Role::Passage).unwrap();
        for (golden, row) in golden.iter().zip(embeddings.view().rows()) {
            assert_eq!(
                encoder.tokenizer.ids(&golden.text).unwrap(),
                golden.ids,
                "{}",
                golden.text
            );
            for (ours, theirs) in row.iter().zip(&golden.vector) {
                assert!((ours - theirs).abs() < 1e-5, "{}", golden.text);
            }
        }
    }

    #[test]
    fn a_text_without_a_known_token_is_the_zero_vector() {
        let (dir, _) = shipped();
        let embeddings = load(&dir).encode(&["", " "], Role::Query).unwrap();
        assert!(embeddings.view().iter().all(|x| *x == 0.0));
    }
}
