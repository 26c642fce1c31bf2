//! What a document or a query meets on its way through Xenoglot.

mod document;
mod query;
mod ranking;

pub mod language;

mod encoder;
pub mod model;

pub mod input;
mod mapped;

mod fusion;

pub mod eval;

mod error;

pub use document::{DocId, DocOrd, Document, Meta};
pub use encoder::{Embeddings, Encoder, EncoderSpec, HashEncoder, Role};
pub use error::{Cause, Error, Kind, Result};
pub use fusion::Fusion;
pub use language::Lang;
pub use query::{FirstStage, Plan, Query};
pub use ranking::{Candidate, Ranking};
