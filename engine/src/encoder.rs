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
