//! Writes, and those that are in no segment yet.

use std::collections::HashMap;

use crate::document::DocId;
use crate::ingest::Embedded;

/// One change to a collection.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// A document, in the place of the one with its id, if there is one.
    Put(Embedded),
    /// No document of this id.
    Delete(DocId),
}

impl Write {
    pub(super) fn id(&self) -> &DocId {
        match self {
            Self::Put(put) => &put.doc.id,
            Self::Delete(id) => id,
        }
    }

    /// What it takes in memory, about.
    pub(super) fn size_bytes(&self) -> usize {
        match self {
            Self::Put(put) => {
                let text = put.doc.text.len() + put.doc.title.len();
                text + size_of_val(put.vectors.view().as_slice().unwrap_or_default()) + 512
            }
            Self::Delete(id) => id.0.len() + 128,
        }
    }
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is a document that was not there before.
    Created,
    /// A document took the place of another.
    Updated,
    /// A document is gone.
    Deleted,
    /// There was no document to delete.
    Missing,
}

/// Writes in their order.
#[derive(Default, Clone)]
pub(super) struct Buffer {
    writes: Vec<Write>,
    /// The last write of each document.
    last: HashMap<DocId, usize>,
    /// What they take in memory, about.
    pub(super) size_bytes: usize,
}

impl Buffer {
    pub(super) fn add(&mut self, write: Write) {
        self.size_bytes += write.size_bytes();
        self.last.insert(write.id().clone(), self.writes.len());
        self.writes.push(write);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether the document will be there; `None` where nothing was written of it.
    pub(super) fn has(&self, id: &DocId) -> Option<bool> {
        let last = self.last.get(id)?;
        Some(matches!(self.writes[*last], Write::Put(_)))
    }

    /// The documents that were written or deleted.
    pub(super) fn ids(&self) -> impl Iterator<Item = &DocId> {
        self.last.keys()
    }

    /// The documents that are there in the end, in the order of their last writes.
    pub(super) fn puts(&self) -> impl Iterator<Item = &Embedded> {
        let writes = self.writes.iter().enumerate();
        writes.filter_map(|(at, write)| match write {
            Write::Put(put) if self.last.get(&put.doc.id) == Some(&at) => Some(put),
            _ => None,
        })
    }

    /// All writes, in their order.
    pub(super) fn into_writes(self) -> Vec<Write> {
        self.writes
    }
}
