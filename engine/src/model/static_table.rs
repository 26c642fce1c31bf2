//! Token-table encoders: a text's vector is the mean of its tokens' rows.
//!
//! The layout is that of sentence-transformers' `StaticEmbedding` (`embedding.weight`, `[tokens, dim]`), and beside
//! floating-point rows it knows rows of 4-bit numbers with one scale each, which is how the model inside the program
//! stays small: `embedding.weight` is then `[tokens, dim / 2]` bytes, the even column in the low half of a byte, each
//! half offset by 8, and `embedding.scale` has the scale of each row.

use std::collections::HashSet;
use std::ops::Range;

use half::f16;
use ndarray::{Array2, ArrayViewMut1};
use rayon::prelude::*;
use safetensors::Dtype;
use serde::Deserialize;

use crate::encoder::{Embeddings, Encoder, EncoderSpec, Role};
use crate::error::Result;

use super::directory::{Bytes, ModelDir};
use super::tokenizer::Tokenizer;
use super::weights::{Tensor, Weights};

/// A multilingual token table.
pub(crate) struct StaticEncoder {
    spec: EncoderSpec,
    tokenizer: Tokenizer,
    table: Table,
    ignored: HashSet<u32>,
}

#[derive(Deserialize)]
struct Config {
    name: Option<String>,
    dim: usize,
    /// Ids that say nothing: unknown and special tokens.
    #[serde(default)]
    ignored_token_ids: Vec<u32>,
}

impl StaticEncoder {
    /// Reads `config.json`, `tokenizer.json` and `model.safetensors`.
    pub(crate) fn load(dir: &ModelDir) -> Result<Self> {
        let config: Config = dir.json("config.json")?;
        let table = Table::load(dir, config.dim)?;
        Ok(Self {
            spec: EncoderSpec {
                name: config.name.unwrap_or_else(|| dir.name()),
                fingerprint: dir.fingerprint(&[
                    "config.json",
                    "tokenizer.json",
                    "model.safetensors",
                ])?,
                dim: config.dim,
            },
            tokenizer: Tokenizer::load(dir)?,
            table,
            ignored: config.ignored_token_ids.into_iter().collect(),
        })
    }

    fn add_tokens(&self, text: &str, mut sum: ArrayViewMut1<'_, f32>) -> Result<()> {
        for id in self.tokenizer.ids(text)? {
            if !self.ignored.contains(&id) {
                self.table.add_row(id as usize, &mut sum);
            }
        }
        Ok(())
    }
}

impl Encoder for StaticEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode(&self, texts: &[&str], _role: Role) -> Result<Embeddings> {
        let mut sums = Array2::<f32>::zeros((texts.len(), self.spec.dim));
        // Sums serve as well as means: both have the same direction, and rows become unit vectors below.
        sums.axis_iter_mut(ndarray::Axis(0))
            .into_par_iter()
            .zip(texts)
            .try_for_each(|(sum, text)| self.add_tokens(text, sum))?;
        Ok(Embeddings::normalized(sums))
    }
}

/// Rows of numbers, left as they lie in the file.
struct Table {
    bytes: Bytes,
    rows: Range<usize>,
    n_rows: usize,
    format: RowFormat,
}

enum RowFormat {
    F32,
    F16,
    /// Two numbers a byte, and the scale of each row.
    Packed4 {
        scales: Vec<f32>,
    },
}

impl Table {
    fn load(dir: &ModelDir, dim: usize) -> Result<Self> {
        let weights = Weights::open(dir)?;
        let weight = weights.tensor("embedding.weight")?;
        let (format, columns) = match weight.dtype {
            Dtype::F32 => (RowFormat::F32, dim),
            Dtype::F16 => (RowFormat::F16, dim),
            Dtype::U8 if dim.is_multiple_of(2) => (
                RowFormat::Packed4 {
                    scales: scales(&weights)?,
                },
                dim / 2,
            ),
            other => {
                let problem = format!(
                    "tensor `embedding.weight` is {other:?}, expected F32, F16 or U8 (4-bit pairs)"
                );
                return Err(weights.problem(problem));
            }
        };
        let n_rows = rows_of(&weights, &weight, columns)?;
        if let RowFormat::Packed4 { scales } = &format
            && scales.len() != n_rows
        {
            let problem = format!(
                "tensor `embedding.scale` has {} values, expected {n_rows}",
                scales.len()
            );
            return Err(weights.problem(problem));
        }
        Ok(Self {
            bytes: weights.bytes().clone(),
            rows: weight.range,
            n_rows,
            format,
        })
    }

    /// Adds row `id` to `sum`. A tokenizer may know more tokens than the table: those add nothing.
    fn add_row(&self, id: usize, sum: &mut ArrayViewMut1<'_, f32>) {
        if id >= self.n_rows {
            return;
        }
        let rows = &self.bytes[self.rows.clone()];
        let width = rows.len() / self.n_rows;
        let row = &rows[id * width..(id + 1) * width];
        match &self.format {
            RowFormat::F32 => {
                for (sum, bytes) in sum.iter_mut().zip(row.as_chunks::<4>().0) {
                    *sum += f32::from_le_bytes(*bytes);
                }
            }
            RowFormat::F16 => {
                for (sum, bytes) in sum.iter_mut().zip(row.as_chunks::<2>().0) {
                    *sum += f16::from_le_bytes(*bytes).to_f32();
                }
            }
            RowFormat::Packed4 { scales } => {
                let Some(sum) = sum.as_slice_mut() else {
                    return;
                };
                let scale = scales[id];
                for (sum, &pair) in sum.as_chunks_mut::<2>().0.iter_mut().zip(row) {
                    sum[0] += scale * f32::from((pair & 0x0f) as i8 - 8);
                    sum[1] += scale * f32::from((pair >> 4) as i8 - 8);
                }
            }
        }
    }
}

fn rows_of(weights: &Weights, weight: &Tensor, columns: usize) -> Result<usize> {
    match weight.shape[..] {
        [n_rows, n_columns] if n_rows > 0 && n_columns == columns => Ok(n_rows),
        _ => Err(weights.problem(format!(
            "tensor `embedding.weight` has shape {:?}, expected [tokens, {columns}]",
            weight.shape
        ))),
    }
}

fn scales(weights: &Weights) -> Result<Vec<f32>> {
    let scale = weights.tensor("embedding.scale")?;
    if scale.dtype != Dtype::F16 {
        return Err(weights.problem(format!(
            "tensor `embedding.scale` is {:?}, expected F16",
            scale.dtype
        )));
    }
    let bytes = &weights.bytes()[scale.range];
    Ok(bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| f16::from_le_bytes(*pair).to_f32())
        .collect())
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

    fn shipped() -> (ModelDir, Vec<Golden>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/xenoglot-static");
        let dir = ModelDir::open(&path).unwrap();
        let golden = dir.json("golden.json").unwrap();
        (dir, golden)
    }

    #[test]
    fn the_shipped_table_gives_the_ids_and_vectors_that_training_saw() {
        let (dir, golden) = shipped();
        let encoder = StaticEncoder::load(&dir).unwrap();
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
        let embeddings = StaticEncoder::load(&dir)
            .unwrap()
            .encode(&["", " "], Role::Query)
            .unwrap();
        assert!(embeddings.view().iter().all(|x| *x == 0.0));
    }
}
