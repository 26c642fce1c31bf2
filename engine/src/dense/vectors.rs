//! A file of vectors, one after another, mapped into memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::encoder::Embeddings;
use crate::error::{Error, Result};
use crate::mapped;

/// Vectors by ordinal.
pub(super) struct Vectors {
    bytes: Mmap,
    dim: usize,
}

impl Vectors {
    /// Maps the file at `path`, of vectors of `dim` numbers.
    pub(super) fn open(path: &Path, dim: usize) -> Result<Self> {
        let bytes = mapped::map(path)?;
        let width = dim * size_of::<f32>();
        let whole = if width == 0 {
            bytes.is_empty()
        } else {
            bytes.len().is_multiple_of(width)
        };
        if !whole || bytemuck::try_cast_slice::<u8, f32>(&bytes).is_err() {
            return Err(Error::Damaged {
                path: path.to_owned(),
                found: format!("{} bytes", bytes.len()),
                expected: format!("a multiple of {width}"),
            });
        }
        Ok(Self { bytes, dim })
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// How many vectors there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / (self.dim.max(1) * size_of::<f32>())
    }

    /// The vector of `ord`, which must lie below `len`.
    pub(super) fn row(&self, ord: u32) -> &[f32] {
        let numbers: &[f32] = bytemuck::cast_slice(&self.bytes);
        let start = ord as usize * self.dim;
        &numbers[start..start + self.dim]
    }
}

/// Writes a file of vectors.
pub(crate) struct VectorWriter {
    path: PathBuf,
    file: BufWriter<File>,
    dim: usize,
}

impl VectorWriter {
    pub(super) fn create(path: &Path, dim: usize) -> Result<Self> {
        let file = File::create_new(path).map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            dim,
        })
    }

    /// Adds one vector per row.
    pub(crate) fn add(&mut self, embeddings: &Embeddings) -> Result<()> {
        if embeddings.dim() != self.dim {
            return Err(Error::Setting {
                name: "the dimension of the vectors",
                got: embeddings.dim().to_string(),
                expected: "the dimension of the index's encoder",
            });
        }
        for row in embeddings.view().rows() {
            let bytes: Vec<u8> = row.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.file.write_all(&bytes).map_err(|source| Error::Write {
                path: self.path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Writes everything to disk.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.file.flush().map_err(|source| Error::Write {
            path: self.path,
            source,
        })
    }
}
