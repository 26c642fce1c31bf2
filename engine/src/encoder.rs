//! Text → vector: the door that every model goes through.

use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Turns texts into vectors whose inner product says how alike the texts are.
pub trait Encoder: Send + Sync {
    /// Which encoder this is; an index remembers it and refuses another.
    fn spec(&self) -> &EncoderSpec;

    /// One row per text, in the order of `texts`.
    ///
    /// # Errors
    /// When the model cannot run; never because of what a text says.
    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings>;

    /// How many tokens the model makes of `text`, without those that begin and end every text.
    ///
    /// # Errors
    /// When the tokenizer fails.
    fn n_tokens(&self, text: &str) -> Result<usize>;

    /// How many tokens of a call keep it busy: more gain nothing, and make others wait for longer.
    fn call_tokens(&self) -> usize {
        16_384
    }

    /// What it sees of a text before that is one vector, where it can tell.
    fn token_model(&self) -> Option<&dyn TokenModel> {
        None
    }
}

/// What an encoder sees of a text before that is one vector.
pub trait TokenModel: Send + Sync {
    /// How many tokens of a text it reads, its prompt included and [`Marks`] not; longer texts are cut. Without it, all.
    fn max_tokens(&self) -> Option<usize>;

    /// How the vectors of tokens become one, by the names of sentence-transformers.
    fn pooling(&self) -> String;

    /// The tokens of `text`, all of them, with the prompt of `role` before them.
    ///
    /// # Errors
    /// When the tokenizer fails.
    fn tokens(&self, text: &str, role: Role, marks: Marks) -> Result<Vec<Token>>;

    /// Whether there is a token of this id.
    fn knows(&self, id: u32) -> bool;

    /// The text of which `ids` are the tokens, as far as a tokenizer can be read backwards; marks are left out.
    ///
    /// # Errors
    /// When the tokenizer fails.
    fn text_of(&self, ids: &[u32]) -> Result<String>;

    /// The vectors of the tokens that it reads of `text`, marks among them, `[tokens, dim]`, as they are before they become
    /// one; nothing where the model does not show them.
    ///
    /// # Errors
    /// When the model cannot run.
    fn states(&self, text: &str, role: Role) -> Result<Option<Array2<f32>>>;
}

/// Whether the tokens that a model puts around a text are among its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// They are.
    With,
    /// The text alone.
    Without,
}

/// A piece of a text as a model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its row in the model.
    pub id: u32,
    /// What the text says there; the token's own name where it is no part of the text.
    pub text: String,
    /// From which character of the text to which; nothing for a mark.
    pub span: Option<(usize, usize)>,
}

/// Whether a text asks or answers; some models want a different prompt before each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A query.
    Query,
    /// A document or a passage of one.
    Passage,
    /// Neither: the model sees the text as it stands, without a prompt.
    Plain,
}

/// The identity of an encoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderSpec {
    /// For people.
    pub name: String,
    /// A hash over everything that decides the vectors: weights, tokenizer and configuration.
    pub fingerprint: String,
    /// Numbers per vector.
    pub dim: usize,
}

/// Vectors of texts: one row per text, each of unit length, or zero for a text in which the model sees nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings(Array2<f32>);

impl Embeddings {
    /// Scales every row of `[texts, dim]` to unit length; a zero row, or one with a number that is not finite,
    /// becomes zero.
    pub fn normalized(mut rows: Array2<f32>) -> Self {
        for mut row in rows.rows_mut() {
            let norm = row
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum::<f64>()
                .sqrt();
            let scale = if norm.is_finite() && norm > f64::from(f32::MIN_POSITIVE) {
                1.0 / norm
            } else {
                0.0
            };
            row.mapv_inplace(|x| {
                if scale > 0.0 {
                    (f64::from(x) * scale) as f32
                } else {
                    0.0
                }
            });
        }
        Self(rows)
    }

    /// Rows that are of unit length already, as they came out of [`Embeddings::view`].
    pub(crate) fn of_unit_rows(rows: Array2<f32>) -> Self {
        Self(rows)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.0.nrows()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.nrows() == 0
    }

    /// Numbers per vector.
    pub fn dim(&self) -> usize {
        self.0.ncols()
    }

    /// The vector of text `i`.
    pub fn row(&self, i: usize) -> ArrayView1<'_, f32> {
        self.0.row(i)
    }

    /// The rows of all of `parts`, which have the same length, one part after the other.
    ///
    /// # Panics
    /// Never, for vectors of one encoder: theirs have one length.
    #[expect(clippy::expect_used, reason = "the callers' promise")]
    pub fn joined(parts: &[Self]) -> Self {
        let parts: Vec<ArrayView2<'_, f32>> = parts.iter().map(Self::view).collect();
        Self(ndarray::concatenate(ndarray::Axis(0), &parts).expect("vectors of one encoder"))
    }

    /// The vectors of the texts at `rows`, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self(self.0.select(ndarray::Axis(0), rows))
    }

    /// The first `dim` numbers of every row, at unit length again: what is left of models whose vectors were trained
    /// to be cut (Kusupati et al. 2022, "Matryoshka Representation Learning").
    pub fn truncated(&self, dim: usize) -> Self {
        let dim = dim.min(self.dim());
        Self::normalized(self.0.slice(ndarray::s![.., ..dim]).to_owned())
    }

    /// All vectors, `[texts, dim]`.
    pub fn view(&self) -> ArrayView2<'_, f32> {
        self.0.view()
    }
}

/// An encoder that needs no model: hashed character trigrams of the lower-cased text.
///
/// It knows no meaning, so that it finds only what shares spelling, but it is an encoder in every other respect;
/// doctests and tests run on it.
#[derive(Debug, Clone)]
pub struct HashEncoder {
    spec: EncoderSpec,
}

impl HashEncoder {
    /// An encoder of `dim` numbers per text.
    pub fn new(dim: usize) -> Self {
        let spec = EncoderSpec {
            name: "hash".into(),
            fingerprint: format!("hash-trigrams-{dim}"),
            dim,
        };
        Self { spec }
    }
}

impl Encoder for HashEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    /// Words between spaces.
    fn n_tokens(&self, text: &str) -> Result<usize> {
        Ok(text.split_whitespace().count())
    }

    fn encode(&self, texts: &[&str], _role: Role) -> Result<Embeddings> {
        let mut rows = Array2::<f32>::zeros((texts.len(), self.spec.dim));
        for (mut row, text) in rows.rows_mut().into_iter().zip(texts) {
            let chars: Vec<char> = text.to_lowercase().chars().collect();
            for trigram in chars.windows(3) {
                let text: String = trigram.iter().collect();
                let hash = blake3::hash(text.as_bytes());
                let [a, b, c, d, sign, ..] = *hash.as_bytes();
                let column = u32::from_le_bytes([a, b, c, d]) as usize % self.spec.dim;
                row[column] += if sign & 1 == 0 { 1.0 } else { -1.0 };
            }
        }
        Ok(Embeddings::normalized(rows))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_have_unit_length_and_hopeless_rows_are_zero() {
        let rows = Embeddings::normalized(array![[3.0, 4.0], [0.0, 0.0], [f32::NAN, 1.0]]);
        assert_eq!(rows.view(), array![[0.6, 0.8], [0.0, 0.0], [0.0, 0.0]]);
    }
}
