//! A segment, opened.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dense::DenseIndex;
use crate::error::{Error, Result};
use crate::lexical::LexicalPart;
use crate::store::DocStore;

use super::inventory::{FileEntry, Inventory, Thoroughness};
use super::passages::Passages;
use super::settings::IndexSettings;
use super::writer::TERMS;

/// The parts of one segment.
pub(crate) struct Segment {
    pub(crate) dir: PathBuf,
    pub(crate) inventory: Inventory,
    pub(crate) documents: DocStore,
    pub(crate) terms: LexicalPart,
    pub(crate) dense: DenseIndex,
    /// Where documents are split.
    pub(crate) passages: Option<Passages>,
    /// Whether its files go when nobody reads them any more.
    doomed: AtomicBool,
}

impl Segment {
    /// Opens the segment in `dir`, whose inventory is what `entry` says; small files are compared with their checksums.
    pub(crate) fn open(dir: &Path, entry: &FileEntry, settings: &IndexSettings) -> Result<Self> {
        let inventory = Inventory::open(dir, entry, Thoroughness::Quick)?;
        let documents = DocStore::open(dir)?;
        let disagree = |found: String| Error::Damaged {
            path: dir.to_owned(),
            found,
            expected: format!(
                "{} documents and {} vectors",
                inventory.n_docs, inventory.n_vectors
            ),
        };
        if documents.len() != inventory.n_docs {
            return Err(disagree(format!("{} documents", documents.len())));
        }
        let dense = DenseIndex::open(dir, settings.encoder.dim)?;
        if dense.n_vectors() != inventory.n_vectors {
            return Err(disagree(format!("{} vectors", dense.n_vectors())));
        }
        Ok(Self {
            terms: LexicalPart::open(&dir.join(TERMS), documents.languages())?,
            passages: match settings.passages {
                Some(_) => Some(Passages::open(dir, inventory.n_vectors)?),
                None => None,
            },
            dir: dir.to_owned(),
            inventory,
            documents,
            dense,
            doomed: AtomicBool::new(false),
        })
    }

    /// Removes the files once nobody reads them any more. No manifest may name them.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    /// The directory of the lexical index.
    pub(super) fn terms_dir(&self) -> PathBuf {
        self.dir.join(TERMS)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Relaxed)
            && let Err(error) = std::fs::remove_dir_all(&self.dir)
        {
            // The next writer tries again.
            tracing::warn!(%error, dir = %self.dir.display(), "cannot remove a segment that nobody needs");
        }
    }
}
