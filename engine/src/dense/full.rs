//! Vectors as they came, which give the scores that are shown.

use std::path::Path;

use half::f16;
use half::slice::HalfFloatSliceExt;
use memmap2::Mmap;

use crate::error::Result;
use crate::mapped;

use super::codes::Codes;
use super::distance::dot;
use super::header::{HEADER, Header, Numbers, check_len};
use super::{VECTORS_F16, VECTORS_F32};

/// Full vectors by ordinal; where none are kept, what codes stand for.
pub(super) enum Full {
    F32(Rows),
    F16(Rows),
    Codes,
}

/// A mapped file and the length of its vectors.
pub(super) struct Rows {
    bytes: Mmap,
    dim: usize,
}

impl Full {
    /// Maps the file in `dir` that belongs to codes with this `header`.
    pub(super) fn open(dir: &Path, header: Header) -> Result<Self> {
        let rows = |file: &str, numbers: Numbers, width: usize| {
            let path = dir.join(file);
            let bytes = mapped::map(&path)?;
            let found = Header::read(&bytes, &path, numbers, header.dim)?;
            check_len(
                &path,
                bytes.len(),
                HEADER + found.n_vectors * header.dim * width,
            )?;
            check_len(
                &path,
                bytes.len(),
                HEADER + header.n_vectors * header.dim * width,
            )?;
            Ok(Rows {
                bytes,
                dim: header.dim,
            })
        };
        match header.full {
            Some(Numbers::F32) => Ok(Self::F32(rows(VECTORS_F32, Numbers::F32, 4)?)),
            Some(Numbers::F16) => Ok(Self::F16(rows(VECTORS_F16, Numbers::F16, 2)?)),
            _ => Ok(Self::Codes),
        }
    }

    pub(super) fn size_bytes(&self) -> usize {
        match self {
            Self::F32(rows) | Self::F16(rows) => rows.bytes.len(),
            Self::Codes => 0,
        }
    }

    /// The inner product of `query` and the vector of `ord`, computed in `scratch` where it is not kept in full.
    pub(super) fn score(
        &self,
        codes: &Codes,
        query: &[f32],
        ord: u32,
        scratch: &mut Vec<f32>,
    ) -> f32 {
        match self {
            Self::F32(rows) => dot(query, rows.row::<f32>(ord)),
            Self::F16(_) | Self::Codes => {
                self.read(codes, ord, scratch);
                dot(query, scratch)
            }
        }
    }

    /// The vector of `ord`, in `row`.
    pub(super) fn read(&self, codes: &Codes, ord: u32, row: &mut Vec<f32>) {
        row.clear();
        match self {
            Self::F32(rows) => row.extend_from_slice(rows.row(ord)),
            Self::F16(rows) => {
                row.resize(rows.dim, 0.0);
                rows.row::<f16>(ord).convert_to_f32_slice(row);
            }
            Self::Codes => row.extend(codes.decode(ord)),
        }
    }
}

impl Rows {
    fn row<T: bytemuck::Pod>(&self, ord: u32) -> &[T] {
        let rows: &[T] = bytemuck::try_cast_slice(&self.bytes[HEADER..]).unwrap_or_default();
        let start = ord as usize * self.dim;
        &rows[start..start + self.dim]
    }
}
