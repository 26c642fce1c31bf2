//! Models: a directory of configuration, tokenizer and weights becomes an [`Encoder`].
//!
//! A [`ModelDir`] is read in four steps. Its *pipeline* (`modules.json`) says what surrounds the body. Its *route* says
//! how the body runs: token tables in plain Rust; transformers in ONNX Runtime, which has its only room here, as a
//! graph that an *architecture* builds out of shared blocks, or else as the ONNX file that lies in the directory. A
//! *network* runs that, and the encoder around it tokenizes, batches and keeps order. Last, the directory's own
//! examples are computed again (*golden*), so that no model is wrong in silence.

mod directory;
mod tokenizer;
mod weights;

mod pipeline;
mod pooling;
mod projection;

mod onnx;

mod activation;
pub mod insertions;
mod sparse;

mod blocks;
mod head;
mod layer;

mod architecture;

mod runtime;
mod session;
mod shared_weights;

mod batching;
mod network;
mod onnx_file;

mod backbone;
mod composed;
mod static_table;
mod transformer;

mod golden;
mod inspect;
mod truncated;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Deserialize;

pub use activation::Activation;
pub use backbone::{Backbone, BackboneInfo};
pub use composed::{Candidate, Composed};
pub use directory::{EmbeddedFile, ModelDir};
pub use inspect::{ModelCard, inspect};
pub use runtime::{ProviderStatus, RuntimeInfo, RuntimeSearch, info, locate};
pub use tokenizer::{TokenPair, Tokens};
pub use truncated::TruncatedEncoder;

use crate::encoder::Encoder;
use crate::error::{Error, Result};

use architecture::{ARCHITECTURES, Build};
use golden::TokenIds;
use network::{Graph, Network};
use pipeline::{Body, Pipeline};
use session::Execution;
use static_table::StaticEncoder;
use transformer::{StatesSource, TransformerEncoder};

/// Where and how a model runs.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Which processor runs it.
    pub device: Device,
    /// What numbers a transformer is computed with.
    pub precision: Precision,
    /// How many numbers of every vector are kept, from the first on; without it, all.
    pub dimensions: Option<NonZeroUsize>,
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

/// What numbers a transformer is computed with. Vectors come out as 32-bit numbers in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32-bit floating point.
    #[default]
    Fp32,
    /// 16-bit floating point, for GPUs.
    Fp16,
    /// 16-bit floating point of the range of 32 bits, for GPUs.
    Bf16,
    /// 8-bit integers in linear layers, scaled as the model runs, for CPUs.
    Int8,
}

impl Precision {
    /// Every precision.
    pub const ALL: [Self; 4] = [Self::Fp32, Self::Fp16, Self::Bf16, Self::Int8];

    /// What a command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }
}

/// The way on which a model's body runs.
enum Route {
    TokenTable,
    /// A graph that an architecture builds.
    Graph(Build),
    /// The ONNX file of this name.
    OnnxFile(String),
}

/// The part of `config.json` that says who reads the rest.
#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    model_type: String,
}

/// Loads the encoder in `dir`.
///
/// # Errors
/// When a file is missing or malformed; when the architecture is unknown and there is no ONNX file; when the model
/// disagrees with its own examples; when a transformer finds no ONNX Runtime; or when `options` ask for what the model
/// or the machine cannot do.
pub fn load(dir: &ModelDir, options: &LoadOptions) -> Result<Arc<dyn Encoder>> {
    let pipeline = Pipeline::load(dir)?;
    let route = Route::of(dir, &pipeline, options.precision)?;
    if !matches!(route, Route::TokenTable) {
        for note in pipeline.notes() {
            tracing::warn!(model = dir.name(), "{note}");
        }
    }
    match route {
        Route::TokenTable => {
            if options.precision != Precision::Fp32 {
                tracing::warn!("a token table has its own numbers; the precision changes nothing");
            }
            let encoder = StaticEncoder::load(dir, pipeline)?;
            finished(dir, encoder, options, Precision::Fp32)
        }
        Route::Graph(build) => load_graph(dir, pipeline, build, options),
        Route::OnnxFile(name) => load_onnx_file(dir, pipeline, &name, options),
    }
}

fn load_graph(
    dir: &ModelDir,
    pipeline: Pipeline,
    build: Build,
    options: &LoadOptions,
) -> Result<Arc<dyn Encoder>> {
    let execution = Execution::choose(options)?;
    let graph = Graph::build(&pipeline, build, options.precision, execution.lengths())?;
    let fingerprint = dir.fingerprint(&pipeline.files_with(graph.weights.file_names()))?;
    let network = Network::of_graph(graph, &execution)?;
    let encoder = TransformerEncoder::new(dir.name(), pipeline, network, &execution, fingerprint)?
        .with_states(StatesSource {
            build,
            precision: options.precision,
            execution,
        });
    finished(dir, encoder, options, options.precision)
}

fn load_onnx_file(
    dir: &ModelDir,
    pipeline: Pipeline,
    name: &str,
    options: &LoadOptions,
) -> Result<Arc<dyn Encoder>> {
    let precision = onnx_file::precision(name);
    if options.precision != Precision::Fp32 && options.precision != precision {
        return Err(Error::Model {
            path: dir.path_of(name),
            problem: format!(
                "an ONNX file has its own numbers, {} by its name; expected no other precision",
                precision.name()
            ),
        });
    }
    let mut files = pipeline.files_with(Vec::new());
    files.extend(onnx_file::with_data(name));
    let fingerprint = dir.fingerprint(&files)?;
    let execution = Execution::choose(&LoadOptions {
        precision,
        ..options.clone()
    })?;
    let network = Network::of_onnx_file(dir, name, &pipeline, &execution)?;
    let encoder = TransformerEncoder::new(dir.name(), pipeline, network, &execution, fingerprint)?;
    finished(dir, encoder, options, precision)
}

/// `encoder`, once it agrees with its examples.
fn finished(
    dir: &ModelDir,
    encoder: impl TokenIds + 'static,
    options: &LoadOptions,
    precision: Precision,
) -> Result<Arc<dyn Encoder>> {
    golden::check(dir, &encoder, precision)?;
    let encoder = Arc::new(encoder);
    match options.dimensions {
        None => Ok(encoder),
        Some(dim) => Ok(Arc::new(TruncatedEncoder::new(encoder, dim)?)),
    }
}

impl Route {
    fn of(dir: &ModelDir, pipeline: &Pipeline, precision: Precision) -> Result<Self> {
        if let Some(name) = dir.onnx_file() {
            return Ok(Self::OnnxFile(name.to_owned()));
        }
        let folder = &pipeline.folder;
        let config: Config = folder.json_or_default("config.json")?;
        let model_type = config.model_type.as_str();
        if pipeline.body == Body::TokenTable || TOKEN_TABLES.contains(&model_type) {
            return Ok(Self::TokenTable);
        }
        let build = architecture::find(model_type).map(|known| known.build);
        if let Some(build) = build.filter(|_| weights::exist(folder)) {
            return Ok(Self::Graph(build));
        }
        match (onnx_file::find(dir, precision)?, build) {
            (Some(file), _) => Ok(Self::OnnxFile(file)),
            // The weights are what is missing.
            (None, Some(build)) => Ok(Self::Graph(build)),
            (None, None) => Err(Error::UnknownArchitecture {
                path: folder.path_of("config.json"),
                given: config.model_type,
                known: known_architectures(),
            }),
        }
    }
}

/// What token tables call themselves: ours and model2vec's.
const TOKEN_TABLES: [&str; 2] = ["static", "model2vec"];

fn known_architectures() -> String {
    let transformers = ARCHITECTURES.iter().map(|known| known.name);
    let mut known: Vec<&str> = TOKEN_TABLES.into_iter().chain(transformers).collect();
    known.sort_unstable();
    known.join(", ")
}
