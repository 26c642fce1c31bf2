//! Backbones: frozen transformers that score pairs of texts, and over which modules are laid.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use serde::Deserialize;

use crate::error::{Error, Result};

use super::activation::Activation;
use super::architecture::{self, Architecture};
use super::blocks::{BATCH, Blocks};
use super::composed::{Composed, LOGITS};
use super::directory::ModelDir;
use super::head;
use super::insertions::{Insertions, NOTHING};
use super::onnx::Element;
use super::pipeline::Limits;
use super::session::{Execution, Program, Provider, SessionPool};
use super::shared_weights::SharedWeights;
use super::tokenizer::{Cut, PairLength, TokenPair, Tokenizer, Tokens};
use super::weights::Weights;
use super::{LoadOptions, Precision, known_architectures};

/// Where sentence-transformers says what becomes of a logit.
const CROSS_ENCODER: &str = "config_sentence_transformers.json";

/// Numbers in place of the backbone's, of which every session makes its own copy. Compositions that have more run in one
/// session with all threads.
const MAX_OWN: usize = 1 << 22;

/// A frozen transformer, its tokenizer, and a place to run it with modules.
pub struct Backbone {
    dir: ModelDir,
    architecture: &'static Architecture,
    info: BackboneInfo,
    weights: Arc<SharedWeights>,
    tokenizer: Tokenizer,
    cut: Cut,
    execution: Execution,
    precision: Precision,
    pad_id: i64,
    n_token_types: usize,
    /// What stands before its tensors' names, heads aside.
    prefix: &'static str,
    /// The files that decide what it computes.
    files: Vec<String>,
}

/// What has to fit between a backbone and a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackboneInfo {
    /// What people call it: its directory.
    pub name: String,
    /// What it says of itself: the name on a model hub, or a path.
    pub stated_name: Option<String>,
    /// As `config.json` calls the architecture.
    pub model_type: String,
    /// Numbers per token.
    pub dim: usize,
    /// How many layers it has.
    pub n_layers: usize,
    /// Ids run from 0 to below this.
    pub vocab_size: usize,
    /// The longest pair it reads, special tokens included.
    pub max_tokens: usize,
    /// How many positions it has, for tokens of a prefix too.
    pub n_positions: usize,
    /// What sentence-transformers makes of a single logit where the model says it.
    pub activation: Option<Activation>,
    /// What the two layers of a head for classification are called in its family.
    pub head: [&'static str; 2],
    /// The shapes of its tensors, by their names without the architecture's prefix.
    pub tensors: BTreeMap<String, Vec<usize>>,
}

#[derive(Deserialize)]
struct Config {
    model_type: String,
    _name_or_path: Option<String>,
    /// Since version 4.
    #[serde(default)]
    sentence_transformers: CrossEncoderConfig,
    /// Before it.
    sbert_ce_default_activation_function: Option<String>,
}

/// What sentence-transformers says of a cross-encoder, since version 6 in a file of its own.
#[derive(Default, Deserialize)]
struct CrossEncoderConfig {
    activation_fn: Option<String>,
}

impl Config {
    /// The activation of a single logit, if one is stated that is PyTorch's own: others would have to be run.
    fn activation(&self, dir: &ModelDir) -> Result<Option<Activation>> {
        let newest: CrossEncoderConfig = dir.json_or_default(CROSS_ENCODER)?;
        let stated = newest.activation_fn.as_deref();
        let stated = stated.or(self.sentence_transformers.activation_fn.as_deref());
        let stated = stated.or(self.sbert_ce_default_activation_function.as_deref());
        match stated {
            Some(class) if class.starts_with("torch.") => match Activation::of_class(class) {
                Some(known @ (Activation::Identity | Activation::Sigmoid)) => Ok(Some(known)),
                _ => Err(Error::Model {
                    path: dir.path_of("config.json"),
                    problem: format!(
                        "the activation of the score is {class:?}, expected Identity or Sigmoid"
                    ),
                }),
            },
            Some(class) => {
                tracing::warn!(
                    model = dir.name(),
                    "the activation {class:?} is no part of PyTorch; scores are sigmoids"
                );
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

impl Backbone {
    /// Reads the transformer in `dir`: one that Hugging Face's or sentence-transformers' classes for classification
    /// saved, or one without a head if a module brings it.
    ///
    /// # Errors
    /// When a file is missing or malformed, the architecture is unknown, ONNX Runtime is not found, or the machine cannot
    /// do what `options` ask for.
    pub fn load(dir: &ModelDir, options: &LoadOptions) -> Result<Self> {
        let dir = dir.clone();
        let settings = Limits::load(&dir)?;
        let config: Config = dir.json("config.json")?;
        let Some(architecture) = architecture::find(&config.model_type) else {
            return Err(Error::UnknownArchitecture {
                path: dir.path_of("config.json"),
                given: config.model_type,
                known: known_architectures(),
            });
        };
        let activation = config.activation(&dir)?;
        let execution = Execution::choose(options)?;
        let weights = Weights::open(&dir)?;
        let mut blocks = Blocks::new(
            &dir,
            &weights,
            &NOTHING,
            options.precision,
            execution.lengths(),
        );
        let trunk = (architecture.build)(&mut blocks)?;
        let prefix = blocks.prefix();
        let mut tokenizer = Tokenizer::load(&dir)?;
        tokenizer.check_knows(&dir, &settings.special_tokens)?;
        tokenizer.check_ids(&dir, trunk.vocab_size)?;
        if settings.lower_case {
            tokenizer = tokenizer.lower_cased(&dir)?;
        }
        let max_tokens = settings.max_tokens.unwrap_or(trunk.max_tokens);
        let max_tokens = max_tokens.min(trunk.max_tokens);
        tokenizer.pair_length(&dir, max_tokens, settings.cut)?;
        let mut files: Vec<String> = settings.files.into_iter().map(str::to_owned).collect();
        files.extend(weights.file_names());
        Ok(Self {
            architecture,
            info: BackboneInfo {
                name: dir.name(),
                stated_name: config._name_or_path.filter(|name| !name.is_empty()),
                model_type: config.model_type,
                dim: trunk.dim,
                n_layers: trunk.n_layers,
                vocab_size: trunk.vocab_size,
                max_tokens,
                n_positions: trunk.max_tokens,
                activation,
                head: [architecture.classifier.inner, architecture.classifier.outer],
                tensors: weights.shapes(prefix),
            },
            cut: settings.cut,
            tokenizer,
            weights: Arc::new(SharedWeights::new(weights)),
            execution,
            precision: options.precision,
            pad_id: trunk.pad_id,
            n_token_types: trunk.n_token_types,
            prefix,
            files,
            dir,
        })
    }

    /// What has to fit between it and a module.
    pub fn info(&self) -> &BackboneInfo {
        &self.info
    }

    /// The directory that it was read from.
    pub fn dir(&self) -> &ModelDir {
        &self.dir
    }

    /// A hash over its weights, tokenizer and configuration.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn fingerprint(&self) -> Result<String> {
        self.dir.fingerprint(&self.files)
    }

    /// The tensor `name`, as it was before any module.
    ///
    /// # Errors
    /// When there is none, or when it does not hold numbers.
    pub fn tensor(&self, name: &str) -> Result<ArrayD<f32>> {
        let weights = &self.weights.weights;
        let full = format!("{}{name}", self.prefix);
        let full = if weights.has(&full) { &full } else { name };
        let shape = weights.tensor(full)?.shape.clone();
        let numbers = weights.numbers(full, &shape)?;
        ArrayD::from_shape_vec(IxDyn(&shape), numbers)
            .map_err(|_| weights.problem(format!("tensor `{full}` is cut short")))
    }

    /// The tokens of one text, all of them.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn tokens(&self, text: &str) -> Result<Tokens> {
        self.tokenizer.tokens(text)
    }

    /// The pair of a query and a document, of at most `max_tokens` tokens and as many as the model reads; the longer of
    /// the two loses tokens first.
    ///
    /// # Errors
    /// When so few tokens leave no room for both, or the tokenizer fails.
    pub fn pair(&self, query: &Tokens, document: &Tokens, max_tokens: usize) -> Result<TokenPair> {
        let length = self.pair_length(max_tokens)?;
        self.tokenizer.pair(query, document, length)
    }

    /// The pairs of a query and every window of a document that is too long for one pair; windows share `stride` tokens.
    ///
    /// # Errors
    /// Those of [`pair`](Self::pair).
    pub fn windows(
        &self,
        query: &Tokens,
        document: &Tokens,
        stride: usize,
        max_tokens: usize,
    ) -> Result<Vec<TokenPair>> {
        let length = self.pair_length(max_tokens)?;
        self.tokenizer.windows(query, document, stride, length)
    }

    fn pair_length(&self, max_tokens: usize) -> Result<PairLength> {
        let max_tokens = max_tokens.min(self.info.max_tokens);
        self.tokenizer.pair_length(&self.dir, max_tokens, self.cut)
    }

    /// This backbone with `insertions` laid over it.
    ///
    /// # Errors
    /// When they do not fit, when there is no head, or when ONNX Runtime refuses the graph.
    pub fn compose(&self, insertions: &Insertions) -> Result<Composed> {
        let mut blocks = self.blocks(insertions);
        if insertions.shift >= self.info.n_positions {
            return Err(blocks.insertion_problem(format!(
                "a prefix takes {} positions, and there are {}",
                insertions.shift, self.info.n_positions
            )));
        }
        let trunk = (self.architecture.build)(&mut blocks)?;
        let logits = head::logits(&mut blocks, &trunk, self.architecture.classifier)?;
        blocks.check_all_used()?;
        let mut graph = blocks.graph;
        graph.output(LOGITS, &logits, Element::F32, &[BATCH, "labels"]);
        let program = Program::Graph {
            model: graph.into_model(),
            weights: Arc::clone(&self.weights),
        };
        let own: usize = insertions.tensors.values().map(|tensor| tensor.len()).sum();
        let execution = if own <= MAX_OWN {
            self.execution.clone()
        } else {
            self.execution.in_one_session()
        };
        Ok(Composed {
            pool: SessionPool::new(program, &execution)?,
            execution,
            words: insertions.words.clone(),
            dim: self.info.dim,
            pad_id: self.pad_id,
            n_token_types: self.n_token_types,
            name: self.info.name.clone(),
        })
    }

    /// Whether differences can lie beside its weights, and need not be part of them.
    pub fn runs_sparse(&self) -> bool {
        let in_32_bits = matches!(self.precision, Precision::Fp32 | Precision::Int8);
        in_32_bits && self.execution.provider() == Provider::Cpu
    }

    fn blocks<'a>(&'a self, insertions: &'a Insertions) -> Blocks<'a> {
        Blocks::new(
            &self.dir,
            &self.weights.weights,
            insertions,
            self.precision,
            self.execution.lengths(),
        )
    }
}
