//! How many terms each document has.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::mapped;

use super::bm25::Bm25;
use super::clause::ClauseField;

const FILE: &str = "lengths";
const LENGTH_BYTES: usize = 4;
const COLUMNS: usize = 3;

/// The terms of one document.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Length {
    pub(super) terms: u32,
    /// Those of them in the title.
    pub(super) title: u32,
    pub(super) romanised: u32,
}

/// What the documents of one language add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) n_docs: usize,
    n_terms: u64,
    n_title_terms: u64,
    n_romanised: u64,
}

impl Counts {
    pub(super) fn add(&mut self, length: Length) {
        self.n_docs += 1;
        self.n_terms += u64::from(length.terms);
        self.n_title_terms += u64::from(length.title);
        self.n_romanised += u64::from(length.romanised);
    }

    /// Adds the documents of another part.
    pub(super) fn add_all(&mut self, other: Counts) {
        self.n_docs += other.n_docs;
        self.n_terms += other.n_terms;
        self.n_title_terms += other.n_title_terms;
        self.n_romanised += other.n_romanised;
    }

    /// The mean length of a document as `bm25` counts it.
    pub(super) fn average_length(&self, field: ClauseField, bm25: &Bm25) -> f64 {
        let total = match field {
            ClauseField::Terms => {
                self.n_terms as f64
                    + (f64::from(bm25.title_weight) - 1.0) * self.n_title_terms as f64
            }
            ClauseField::Romanised => self.n_romanised as f64,
        };
        total / self.n_docs.max(1) as f64
    }
}

/// The lengths of a part's documents, column by column in a file.
pub(super) struct LengthTable {
    bytes: Mmap,
    n_docs: usize,
}

impl LengthTable {
    pub(super) fn open(dir: &Path, n_docs: usize) -> Result<Self> {
        let path = dir.join(FILE);
        let bytes = mapped::map(&path)?;
        if bytes.len() != n_docs.saturating_mul(COLUMNS * LENGTH_BYTES) {
            return Err(Error::Damaged {
                path,
                found: format!("{} bytes", bytes.len()),
                expected: format!("lengths of {n_docs} documents"),
            });
        }
        Ok(Self { bytes, n_docs })
    }

    /// Writes a file in `dir`; `lengths[i]` is of document `i`.
    pub(super) fn write(dir: &Path, lengths: &[Length]) -> Result<()> {
        let path = dir.join(FILE);
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create_new(&path)?);
            let columns: [fn(&Length) -> u32; COLUMNS] = [
                |length| length.terms,
                |length| length.title,
                |length| length.romanised,
            ];
            for column in columns {
                for length in lengths {
                    file.write_all(&column(length).to_le_bytes())?;
                }
            }
            file.flush()
        };
        write().map_err(|source| Error::Write { path, source })
    }

    pub(super) fn get(&self, doc: usize) -> Length {
        let at = |column| at(self.column(column), doc);
        Length {
            terms: at(0),
            title: at(1),
            romanised: at(2),
        }
    }

    /// What clauses in `field` count.
    pub(super) fn of(&self, field: ClauseField) -> Lengths<'_> {
        match field {
            ClauseField::Terms => Lengths {
                all: self.column(0),
                title: self.column(1),
            },
            ClauseField::Romanised => Lengths {
                all: self.column(2),
                title: &[],
            },
        }
    }

    fn column(&self, column: usize) -> &[[u8; LENGTH_BYTES]] {
        let start = column * self.n_docs;
        let all = self.bytes.as_chunks().0;
        all.get(start..start + self.n_docs).unwrap_or_default()
    }
}

/// How many terms each document has in one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths<'a> {
    /// In title and text.
    all: &'a [[u8; LENGTH_BYTES]],
    /// In the title.
    title: &'a [[u8; LENGTH_BYTES]],
}

impl Lengths<'_> {
    /// The length of `doc`.
    pub(super) fn of(&self, doc: u32) -> u32 {
        at(self.all, doc as usize)
    }

    /// The length of `doc` where a title's terms count `title_weight` times.
    pub(super) fn weighed(&self, doc: u32, title_weight: f32) -> f32 {
        let length = self.of(doc) as f32;
        if title_weight == 1.0 {
            return length;
        }
        length + (title_weight - 1.0) * at(self.title, doc as usize) as f32
    }
}

fn at(column: &[[u8; LENGTH_BYTES]], doc: usize) -> u32 {
    column
        .get(doc)
        .map_or(0, |length| u32::from_le_bytes(*length))
}
