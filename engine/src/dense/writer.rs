//! Writing vectors: codes, and beside them full vectors.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use half::f16;
use half::slice::HalfFloatSliceExt;

use fixedbitset::FixedBitSet;

use crate::encoder::Embeddings;
use crate::error::{Error, Result};

use super::codes::{encode, stride};
use super::header::{HEADER, Header, Numbers};
use super::params::VectorPrecision;
use super::{CODES, DenseIndex, MAX_VECTORS, VECTORS_F16, VECTORS_F32};

/// Writes the vectors of a segment.
pub(crate) struct VectorWriter {
    codes: Output,
    full: Option<(Output, Numbers)>,
    dim: usize,
    /// One per vector: they are written when all are known.
    scales: Vec<f32>,
    code: Vec<u8>,
}

struct Output {
    path: PathBuf,
    file: BufWriter<File>,
}

impl VectorWriter {
    /// Begins the files of vectors of `dim` numbers in `dir`.
    pub(crate) fn create(dir: &Path, dim: usize, precision: VectorPrecision) -> Result<Self> {
        let full = match precision {
            VectorPrecision::F32 => Some((Output::create(dir.join(VECTORS_F32))?, Numbers::F32)),
            VectorPrecision::F16 => Some((Output::create(dir.join(VECTORS_F16))?, Numbers::F16)),
            VectorPrecision::I8 => None,
        };
        Ok(Self {
            codes: Output::create(dir.join(CODES))?,
            full,
            dim,
            scales: Vec::new(),
            code: vec![0; stride(dim)],
        })
    }

    /// Adds one vector per row.
    pub(crate) fn add(&mut self, embeddings: &Embeddings) -> Result<()> {
        self.check_dim(embeddings.dim())?;
        for row in embeddings.view().rows() {
            let row: Vec<f32> = row.to_vec();
            let scale = encode(&row, &mut self.code);
            self.codes.write(&self.code)?;
            self.push(scale)?;
            self.add_full(&row)?;
        }
        Ok(())
    }

    /// Adds the vectors of another index, those in `keep` or all, in their order. Codes are copied, not made again.
    pub(super) fn add_rows(&mut self, from: &DenseIndex, keep: Option<&FixedBitSet>) -> Result<()> {
        self.check_dim(from.dim())?;
        let mut row = Vec::new();
        for ord in 0..from.n_vectors() as u32 {
            if keep.is_some_and(|keep| !keep.contains(ord as usize)) {
                continue;
            }
            self.codes.write(from.codes.row(ord))?;
            self.push(from.codes.scale(ord))?;
            from.full.read(&from.codes, ord, &mut row);
            self.add_full(&row)?;
        }
        Ok(())
    }

    /// Writes everything to disk.
    pub(crate) fn commit(mut self) -> Result<()> {
        let header = |numbers, full| Header {
            numbers,
            dim: self.dim,
            n_vectors: self.scales.len(),
            full,
        };
        let scales: Vec<u8> = self.scales.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.codes.write(&scales)?;
        let kind = self.full.as_ref().map(|(_, numbers)| *numbers);
        self.codes.commit(header(Numbers::Codes, kind))?;
        if let Some((mut output, numbers)) = self.full {
            output.commit(Header {
                numbers,
                dim: self.dim,
                n_vectors: self.scales.len(),
                full: None,
            })?;
        }
        Ok(())
    }

    fn add_full(&mut self, row: &[f32]) -> Result<()> {
        match &mut self.full {
            Some((output, Numbers::F16)) => {
                let mut halves = vec![f16::ZERO; row.len()];
                halves.convert_from_f32_slice(row);
                output.write(bytemuck::cast_slice(&halves))
            }
            Some((output, _)) => output.write(bytemuck::cast_slice(row)),
            None => Ok(()),
        }
    }

    fn push(&mut self, scale: f32) -> Result<()> {
        if self.scales.len() >= MAX_VECTORS as usize {
            return Err(Error::Setting {
                name: "the number of vectors in a segment",
                got: format!("more than {MAX_VECTORS}"),
                expected: "fewer than 2³¹",
            });
        }
        self.scales.push(scale);
        Ok(())
    }

    fn check_dim(&self, dim: usize) -> Result<()> {
        if dim == self.dim {
            return Ok(());
        }
        Err(Error::Setting {
            name: "the dimension of the vectors",
            got: dim.to_string(),
            expected: "the dimension of the index's encoder",
        })
    }
}

impl Output {
    /// Makes the file at `path`, with room for its header.
    fn create(path: PathBuf) -> Result<Self> {
        match File::create_new(&path) {
            Ok(file) => {
                let mut output = Self {
                    file: BufWriter::with_capacity(1 << 16, file),
                    path,
                };
                output.write(&[0; HEADER])?;
                Ok(output)
            }
            Err(source) => Err(Error::Write { path, source }),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|source| Error::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// The header comes last: a file that was not finished has none.
    fn commit(&mut self, header: Header) -> Result<()> {
        let write = || -> std::io::Result<()> {
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&header.to_bytes())?;
            self.file.flush()
        };
        let mut write = write;
        write().map_err(|source| Error::Write {
            path: self.path.clone(),
            source,
        })
    }
}
