//! A model's own examples: texts and what they became where the model was made.
//!
//! A model can be wrong in silence: a tokenizer of another version, a tensor that was exported twice. A directory may
//! therefore carry `golden.json`, a list of `{"text", "vector"}` with, if you like, `"ids"` (token ids as the model
//! reads them) and `"role"` (`"query"` or `"passage"`, whose prompt then stands before the text). Loading a model
//! computes them again and refuses one that disagrees.

use ndarray::{Array1, ArrayView1};
use serde::Deserialize;

use crate::encoder::{Encoder, Role};
use crate::error::{Error, Result};

use super::Precision;
use super::directory::ModelDir;

/// What the file is called.
pub(crate) const GOLDEN: &str = "golden.json";

#[derive(Deserialize)]
struct Golden {
    text: String,
    role: Option<GoldenRole>,
    ids: Option<Vec<u32>>,
    vector: Vec<f32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GoldenRole {
    Query,
    Passage,
}

/// An encoder that can say which ids it reads.
pub(crate) trait TokenIds: Encoder {
    /// The ids of `text`, without a prompt.
    fn token_ids(&self, text: &str) -> Result<Vec<u32>>;
}

/// Compares `encoder` with the examples in `dir`, if there are any.
///
/// # Errors
/// When it tokenizes a text otherwise, or gives it another vector, allowing for what `precision` costs.
pub(crate) fn check(dir: &ModelDir, encoder: &impl TokenIds, precision: Precision) -> Result<()> {
    if !dir.has(GOLDEN) {
        return Ok(());
    }
    for golden in dir.json::<Vec<Golden>>(GOLDEN)? {
        let problem = |problem: String| Error::Model {
            path: dir.path_of(GOLDEN),
            problem: format!("{problem} for the text {:?}", shortened(&golden.text)),
        };
        if let Some(expected) = &golden.ids {
            let ids = encoder.token_ids(&golden.text)?;
            if ids != *expected {
                return Err(problem(format!(
                    "the model reads the tokens {ids:?}, expected {expected:?}"
                )));
            }
        }
        let role = match golden.role {
            None => Role::Plain,
            Some(GoldenRole::Query) => Role::Query,
            Some(GoldenRole::Passage) => Role::Passage,
        };
        let embeddings = encoder.encode(&[golden.text.as_str()], role)?;
        let vector = embeddings.row(0);
        if vector.len() != golden.vector.len() {
            return Err(problem(format!(
                "the model gives {} numbers, expected {}",
                vector.len(),
                golden.vector.len()
            )));
        }
        let cosine = cosine(vector, &golden.vector);
        let expected = least_cosine(precision);
        // A vector without a number for a cosine is not near enough either.
        if cosine.is_nan() || cosine < expected {
            return Err(problem(format!(
                "the model gives a vector at cosine {cosine:.5} to the stated one, expected at least {expected}"
            )));
        }
    }
    Ok(())
}

/// How near a vector has to come: what was measured for each precision (`docs/models.md`), with room to spare.
fn least_cosine(precision: Precision) -> f64 {
    match precision {
        Precision::Fp32 => 0.9999,
        Precision::Fp16 => 0.999,
        Precision::Bf16 => 0.99,
        Precision::Int8 => 0.9,
    }
}

/// The cosine between two vectors; 1 between two without length, and 0 where one has some.
fn cosine(a: ArrayView1<'_, f32>, b: &[f32]) -> f64 {
    let a = a.mapv(f64::from);
    let b: Array1<f64> = b.iter().copied().map(f64::from).collect();
    match (a.dot(&a) * b.dot(&b)).sqrt() {
        0.0 if a.dot(&a) == b.dot(&b) => 1.0,
        0.0 => 0.0,
        lengths => a.dot(&b) / lengths,
    }
}

fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
