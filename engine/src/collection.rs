//! A collection: documents that can be searched while they are written.
//!
//! ```text
//! DIR/xenoglot.json        the manifest: which segments there are, and which of their documents live; renamed into place
//! DIR/segment-000012/      a segment: documents, terms, vectors and graph, written once
//! DIR/log-…                writes that are in no segment yet, in the order in which they were acknowledged
//! DIR/.building-…/         a segment in the making; it becomes one by being renamed, or is thrown away
//! DIR/.lock                held by the one process that writes
//! ```
//!
//! A write is acknowledged once the log has it. About once a second what the log gained becomes a segment of its own and a
//! new generation of the manifest; neighbouring segments are merged behind the scenes. One manifest names vectors, terms and
//! documents together, so that they cannot disagree, and a search sees one manifest from its beginning to its end.

mod buffer;
mod bulk;
mod commit;
mod live;
mod log;
mod manifest;
mod merging;
mod record;
mod site;
pub(crate) mod snapshot;
mod transfer;

#[cfg(test)]
mod tests;

pub use buffer::{Outcome, Write};
pub use bulk::IndexWriter;
pub use live::{Collection, LiveOptions};
pub use manifest::Manifest;
pub use transfer::{SegmentFacts, export, facts, import, verify};

pub(crate) use snapshot::Snapshot;
