//! The index on disk: one directory, one generation for vectors, graph, terms and documents together.
//!
//! ```text
//! DIR/xenoglot.json        the manifest: what the index is, and the checksum of every file; written last
//! DIR/segment-000001/      the files of that generation
//! DIR/.building-…/         a generation in the making; it becomes a segment by being renamed, or is thrown away
//! DIR/.lock                held by the one process that writes
//! ```

mod manifest;
mod reader;
mod site;
mod writer;

pub use manifest::Manifest;
pub use writer::{IndexSettings, IndexWriter, WriteTimes};

pub(crate) use reader::Segment;
