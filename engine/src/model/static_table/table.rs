//! Rows of numbers, left as they lie in their file.

use std::ops::Range;

use half::f16;
use ndarray::ArrayViewMut1;
use safetensors::Dtype;

use crate::error::Result;
use crate::model::directory::Bytes;
use crate::model::weights::Weights;

/// A matrix of one row per token.
pub(super) struct Table {
    bytes: Bytes,
    range: Range<usize>,
    pub(super) n_rows: usize,
    /// Numbers per row.
    pub(super) dim: usize,
    format: RowFormat,
}

enum RowFormat {
    F32,
    F16,
    I8,
    /// Two numbers a byte, and the scale of each row.
    Packed4 {
        scales: Vec<f32>,
    },
}

impl Table {
    /// The tensor `name`, whose rows have `stated_dim` numbers if that is stated.
    ///
    /// # Errors
    /// When it is missing, misshapen, or made of numbers that are not known or not finite.
    pub(super) fn load(weights: &Weights, name: &str, stated_dim: Option<usize>) -> Result<Self> {
        let tensor = weights.tensor(name)?;
        let &[n_rows, n_columns] = &tensor.shape[..] else {
            return Err(weights.problem(format!(
                "tensor `{name}` has shape {:?}, expected [tokens, dim]",
                tensor.shape
            )));
        };
        let format = match tensor.dtype {
            Dtype::F32 => RowFormat::F32,
            Dtype::F16 => RowFormat::F16,
            Dtype::I8 => RowFormat::I8,
            Dtype::U8 => RowFormat::Packed4 {
                scales: weights.numbers("embedding.scale", &[n_rows])?,
            },
            other => {
                return Err(weights.problem(format!(
                    "tensor `{name}` is {other:?}, expected F32, F16, I8 or U8 (4-bit pairs)"
                )));
            }
        };
        if matches!(format, RowFormat::F32 | RowFormat::F16) {
            weights.checked(name, &tensor.shape)?;
        }
        let dim = match format {
            RowFormat::Packed4 { .. } => 2 * n_columns,
            _ => n_columns,
        };
        if n_rows == 0 || dim == 0 || stated_dim.is_some_and(|stated| stated != dim) {
            return Err(weights.problem(format!(
                "tensor `{name}` has {n_rows} rows of {dim} numbers, expected rows of {}",
                stated_dim.map_or_else(|| "some".into(), |stated| stated.to_string())
            )));
        }
        Ok(Self {
            bytes: weights.shard(tensor).bytes.clone(),
            range: tensor.range.clone(),
            n_rows,
            dim,
            format,
        })
    }

    /// Adds row `row`, times `weight`, to `sum`.
    pub(super) fn add_row(&self, row: usize, weight: f32, sum: &mut ArrayViewMut1<'_, f32>) {
        let rows = &self.bytes[self.range.clone()];
        let width = rows.len() / self.n_rows;
        let bytes = &rows[row * width..(row + 1) * width];
        match &self.format {
            RowFormat::F32 => {
                for (sum, x) in sum.iter_mut().zip(bytes.as_chunks().0) {
                    *sum += weight * f32::from_le_bytes(*x);
                }
            }
            RowFormat::F16 => {
                for (sum, x) in sum.iter_mut().zip(bytes.as_chunks().0) {
                    *sum += weight * f16::from_le_bytes(*x).to_f32();
                }
            }
            RowFormat::I8 => {
                for (sum, x) in sum.iter_mut().zip(bytes) {
                    *sum += weight * f32::from(x.cast_signed());
                }
            }
            RowFormat::Packed4 { scales } => {
                let Some(sum) = sum.as_slice_mut() else {
                    return;
                };
                let scale = weight * scales[row];
                for (sum, &pair) in sum.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
                    sum[0] += scale * f32::from((pair & 0x0f) as i8 - 8);
                    sum[1] += scale * f32::from((pair >> 4) as i8 - 8);
                }
            }
        }
    }
}
