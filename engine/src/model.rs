//! Models: a directory of configuration, tokenizer and weights becomes an [`Encoder`].
//!
//! A model is loaded by what its `config.json` calls itself (`model_type`). Token tables run in plain Rust;
//! transformers run in ONNX Runtime, which has its only room here. [`locate`] finds it; each architecture is one file
//! that builds its graph out of shared blocks; `TransformerEncoder` is the same for all of them.

mod directory;
mod tokenizer;
mod weights;

mod static_table;

mod runtime;
mod session;

mod onnx;

mod blocks;

mod bert;

mod transformer;

mod pooling;
mod recipe;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

pub use directory::{EmbeddedFile, ModelDir};
pub use runtime::{ProviderStatus, RuntimeInfo, RuntimeSearch, info, locate};

use crate::encoder::Encoder;
use crate::error::{Error, Result};

use static_table::StaticEncoder;
use transformer::{Backbone, TransformerEncoder};
use weights::Weights;

/// What `model_type` may say.
const KNOWN_ARCHITECTURES: &str = "static, bert";

/// Where and how a model runs.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Which processor runs it.
    pub device: Device,
    /// How many threads it may use on the CPU; without it, one per core.
    pub threads: Option<NonZeroUsize>,
    /// Where ONNX Runtime may lie. Token tables do not need it.
    pub runtime: RuntimeSearch,
}

/// Which processor runs a transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The first GPU if it works, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of this number; the CPU, after a warning that says why, if it does not work.
    Cuda(u32),
}

/// Loads the encoder in `dir`.
///
/// # Errors
/// When a file is missing or malformed, when the architecture is unknown, or when a transformer finds no ONNX
/// Runtime.
pub fn load(dir: &ModelDir, options: &LoadOptions) -> Result<Box<dyn Encoder>> {
    let config = dir.config()?;
    match config.model_type.as_str() {
        "static" => Ok(Box::new(StaticEncoder::load(dir)?)),
        "bert" => transformer(dir, options, bert::backbone),
        other => Err(Error::UnknownArchitecture {
            path: dir.path_of("config.json"),
            given: other.to_owned(),
            known: KNOWN_ARCHITECTURES.to_owned(),
        }),
    }
}

fn transformer(
    dir: &ModelDir,
    options: &LoadOptions,
    backbone: impl Fn(&ModelDir, &Weights) -> Result<Backbone>,
) -> Result<Box<dyn Encoder>> {
    let weights = Weights::open(dir)?;
    let backbone = backbone(dir, &weights)?;
    let encoder = TransformerEncoder::load(dir, weights, backbone, options)?;
    Ok(Box::new(encoder))
}
