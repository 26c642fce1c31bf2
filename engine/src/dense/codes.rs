//! Vectors of one byte a number, which searches walk by: a quarter of the memory that has to be moved.
//!
//! A code is a number of the vector divided by the vector's own scale (its largest number, over 127), rounded, plus 128.
//! The file is a header, the rows, each padded to a multiple of [`BLOCK`], and the scales. Scales lie apart, because a
//! row of 384 numbers then is six lines of the cache, and all scales of 100,000 vectors stay in the cache by themselves.

use std::path::Path;

use memmap2::Mmap;

use crate::error::Result;
use crate::mapped;

use super::distance::{BLOCK, dot_bytes, prefetch};
use super::header::{HEADER, Header, Numbers, check_len};

/// What is added to a rounded number, so that it is stored unsigned.
const SHIFT: i32 = 128;

/// Codes by ordinal.
pub(super) struct Codes {
    bytes: Mmap,
    header: Header,
    stride: usize,
}

impl Codes {
    /// Maps the file at `path`, of vectors of `dim` numbers.
    pub(super) fn open(path: &Path, dim: usize) -> Result<Self> {
        let bytes = mapped::map(path)?;
        let header = Header::read(&bytes, path, Numbers::Codes, dim)?;
        let stride = stride(dim);
        let expected = HEADER + header.n_vectors * (stride + size_of::<f32>());
        check_len(path, bytes.len(), expected)?;
        Ok(Self {
            bytes,
            header,
            stride,
        })
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    pub(super) fn len(&self) -> usize {
        self.header.n_vectors
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The code of `ord`, padded; `ord` must lie below `len`, here and below.
    pub(super) fn row(&self, ord: u32) -> &[u8] {
        let start = HEADER + ord as usize * self.stride;
        &self.bytes[start..start + self.stride]
    }

    /// What a code's numbers are multiplied by.
    pub(super) fn scale(&self, ord: u32) -> f32 {
        let scales = HEADER + self.header.n_vectors * self.stride;
        let scales: &[f32] = bytemuck::try_cast_slice(&self.bytes[scales..]).unwrap_or_default();
        scales[ord as usize]
    }

    /// The inner product of the vectors behind `probe` and the code of `ord`.
    pub(super) fn score(&self, probe: &Probe, ord: u32) -> f32 {
        let product = dot_bytes(&probe.code, self.row(ord)) - probe.shift;
        product as f32 * (probe.scale * self.scale(ord))
    }

    /// The scores of `ords`, one after another, in `scores`.
    pub(super) fn scores(&self, probe: &Probe, ords: &[u32], scores: &mut Vec<f32>) {
        scores.clear();
        for &ord in ords {
            prefetch(self.row(ord));
        }
        scores.extend(ords.iter().map(|ord| self.score(probe, *ord)));
    }

    /// The vector that the code of `ord` stands for.
    pub(super) fn decode(&self, ord: u32) -> impl Iterator<Item = f32> {
        let scale = self.scale(ord);
        let number = move |code: &u8| (i32::from(*code) - SHIFT) as f32 * scale;
        self.row(ord)[..self.header.dim].iter().map(number)
    }
}

/// How many bytes the codes of `dim` numbers take.
pub(super) fn stride(dim: usize) -> usize {
    dim.next_multiple_of(BLOCK)
}

/// Writes the code of `vector` into `code`, of the stride's length, and returns its scale.
pub(super) fn encode(vector: &[f32], code: &mut [u8]) -> f32 {
    let scale = vector.iter().fold(0.0f32, |max, x| max.max(x.abs())) / 127.0;
    // A zero vector has a scale of zero, and so has every score of it.
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    code.fill(SHIFT as u8);
    for (code, x) in code.iter_mut().zip(vector) {
        *code = ((x * inverse).round() as i32)
            .clamp(-127, 127)
            .wrapping_add(SHIFT) as u8;
    }
    scale
}

/// A vector that others are compared with.
#[derive(Debug, Clone, Default)]
pub(super) struct Probe {
    /// Signed, where rows are unsigned.
    code: Vec<i8>,
    /// How much larger products are because rows are shifted.
    shift: i32,
    scale: f32,
}

impl Probe {
    /// A query.
    pub(super) fn new(query: &[f32]) -> Self {
        let mut code = vec![0; stride(query.len())];
        let scale = encode(query, &mut code);
        let mut probe = Self::default();
        probe.set(&code, scale);
        probe
    }

    /// Becomes the vector of `ord`.
    pub(super) fn load(&mut self, codes: &Codes, ord: u32) {
        self.set(codes.row(ord), codes.scale(ord));
    }

    fn set(&mut self, code: &[u8], scale: f32) {
        self.code.clear();
        self.code
            .extend(code.iter().map(|code| code.wrapping_sub(SHIFT as u8) as i8));
        let sum: i32 = self.code.iter().map(|x| i32::from(*x)).sum();
        self.shift = SHIFT * sum;
        self.scale = scale;
    }
}
