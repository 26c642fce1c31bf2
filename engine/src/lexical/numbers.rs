//! Numbers and dates of documents' fields, sorted, so that a range is a slice.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::{Bound, Range};
use std::path::Path;

use fixedbitset::FixedBitSet;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::filter::Kind;
use crate::mapped;

const FILE: &str = "numbers";
const KEY_BYTES: usize = 8;
const DOC_BYTES: usize = 4;

/// A field's numbers, or its dates: `len` keys in order, then the documents that they belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Column {
    name: String,
    kind: Kind,
    /// Where it begins in the file.
    start: usize,
    len: usize,
}

/// The columns of one part.
pub(super) struct Numbers {
    bytes: Mmap,
    columns: BTreeMap<(Kind, String), Column>,
}

impl Numbers {
    /// Opens what [`NumbersWriter`] wrote to `dir`.
    pub(super) fn open(dir: &Path, columns: Vec<Column>) -> Result<Self> {
        let path = dir.join(FILE);
        let bytes = mapped::map(&path)?;
        let n_bytes: usize = columns
            .iter()
            .map(|column| column.len.saturating_mul(KEY_BYTES + DOC_BYTES))
            .fold(0, usize::saturating_add);
        if n_bytes != bytes.len() {
            return Err(Error::Damaged {
                path,
                found: format!("{} bytes", bytes.len()),
                expected: format!("{n_bytes}"),
            });
        }
        let columns = columns
            .into_iter()
            .map(|column| ((column.kind, column.name.clone()), column));
        Ok(Self {
            bytes,
            columns: columns.collect(),
        })
    }

    /// Adds the documents to `found` whose field has a key in the range.
    pub(super) fn find(
        &self,
        kind: Kind,
        name: &str,
        (low, high): (Bound<u64>, Bound<u64>),
        found: &mut FixedBitSet,
    ) {
        let Some(column) = self.columns.get(&(kind, name.to_owned())) else {
            return;
        };
        let (keys, docs) = self.entries(column);
        let before = |key: &[u8; KEY_BYTES], bound, inclusive| {
            let key = u64::from_le_bytes(*key);
            match bound {
                Bound::Included(bound) => key < bound || (inclusive && key == bound),
                Bound::Excluded(bound) => key < bound || (!inclusive && key == bound),
                Bound::Unbounded => inclusive,
            }
        };
        let first = keys.partition_point(|key| before(key, low, false));
        let end = keys.partition_point(|key| before(key, high, true));
        for doc in docs.get(first..end).into_iter().flatten() {
            let doc = u32::from_le_bytes(*doc) as usize;
            if doc < found.len() {
                found.insert(doc);
            }
        }
    }

    /// Every key with its field and document.
    pub(super) fn all(&self) -> impl Iterator<Item = (&(Kind, String), u64, u32)> {
        self.columns.iter().flat_map(|(field, column)| {
            let (keys, docs) = self.entries(column);
            let pairs = keys.iter().zip(docs);
            pairs.map(move |(key, doc)| (field, u64::from_le_bytes(*key), u32::from_le_bytes(*doc)))
        })
    }

    fn entries(&self, column: &Column) -> (&[[u8; KEY_BYTES]], &[[u8; DOC_BYTES]]) {
        let bytes = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
        let middle = column.start.saturating_add(column.len * KEY_BYTES);
        let end = middle.saturating_add(column.len * DOC_BYTES);
        let keys = bytes(column.start..middle).as_chunks().0;
        (keys, bytes(middle..end).as_chunks().0)
    }
}

/// Gathers numbers, in memory until they are written.
#[derive(Default)]
pub(super) struct NumbersWriter(BTreeMap<(Kind, String), Vec<(u64, u32)>>);

impl NumbersWriter {
    pub(super) fn add(&mut self, kind: Kind, name: &str, key: u64, doc: u32) {
        self.0
            .entry((kind, name.to_owned()))
            .or_default()
            .push((key, doc));
    }

    /// Bytes in memory, about.
    pub(super) fn size_bytes(&self) -> usize {
        self.0
            .values()
            .map(|entries| entries.capacity() * size_of::<(u64, u32)>())
            .sum()
    }

    /// Writes a file in `dir`; says what its columns are.
    pub(super) fn write(self, dir: &Path) -> Result<Vec<Column>> {
        let path = dir.join(FILE);
        let mut columns = Vec::with_capacity(self.0.len());
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create_new(&path)?);
            let mut start = 0;
            for ((kind, name), mut entries) in self.0 {
                entries.sort_unstable();
                for (key, _) in &entries {
                    file.write_all(&key.to_le_bytes())?;
                }
                for (_, doc) in &entries {
                    file.write_all(&doc.to_le_bytes())?;
                }
                let len = entries.len();
                columns.push(Column {
                    name,
                    kind,
                    start,
                    len,
                });
                start += len * (KEY_BYTES + DOC_BYTES);
            }
            file.flush()
        };
        match write() {
            Ok(()) => Ok(columns),
            Err(source) => Err(Error::Write { path, source }),
        }
    }
}
