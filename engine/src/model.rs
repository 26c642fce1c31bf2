//! Models: a directory of configuration, tokenizer and weights becomes an [`Encoder`].
//!
//! A model is loaded by what its `config.json` calls itself (`model_type`). Token tables run in plain Rust;
//! transformers run in ONNX Runtime, which has its only room here.

mod directory;
mod tokenizer;
mod weights;

mod static_table;

pub use directory::{EmbeddedFile, ModelDir};

use crate::encoder::Encoder;
use crate::error::{Error, Result};

/// What `model_type` may say.
const KNOWN_ARCHITECTURES: &str = "static";

/// Loads the encoder in `dir`.
///
/// # Errors
/// When a file is missing or malformed, when the architecture is unknown, or when a transformer finds no ONNX
/// Runtime.
pub fn load(dir: &ModelDir) -> Result<Box<dyn Encoder>> {
    let config = dir.config()?;
    match config.model_type.as_str() {
        "static" => Ok(Box::new(static_table::StaticEncoder::load(dir)?)),
        other => Err(Error::UnknownArchitecture {
            path: dir.path_of("config.json"),
            given: other.to_owned(),
            known: KNOWN_ARCHITECTURES.to_owned(),
        }),
    }
}
