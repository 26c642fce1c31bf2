//! One segment of a collection: documents, terms, vectors and graph that are written once and never change.
//!
//! ```text
//! segment.json                  the inventory: how many documents, and the checksum of every other file; written last
//! documents.*                   the documents, their ids and languages
//! passages                      which vector is which part of which document, where documents are split
//! terms/                        the lexical index
//! vectors.*                     vectors and the graph over them
//! living-000034.bits            which documents were not deleted up to a generation; the manifest says which file counts
//! ```

mod inventory;
mod merge;
mod passages;
mod reader;
mod settings;
mod writer;

pub use settings::IndexSettings;
pub use writer::WriteTimes;

pub(crate) use inventory::{FileEntry, Inventory, Thoroughness};
pub(crate) use merge::merge;
pub(crate) use passages::Passages;
pub(crate) use reader::Segment;
pub(crate) use writer::SegmentWriter;
