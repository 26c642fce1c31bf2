//! From token ids to vectors: a graph of ours or an ONNX file, with the steps of a pipeline after it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{Array1, Array2, Array3, ArrayView2};
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::TensorRef;
use serde::Deserialize;

use crate::error::{Error, Result};

use super::Precision;
use super::architecture::Build;
use super::blocks::{BATCH, Blocks, INPUT_IDS, Lengths, MASK, TOKEN_TYPES, TOKENS};
use super::directory::ModelDir;
use super::insertions::NOTHING;
use super::onnx::{Element, GraphBuilder, Model};
use super::onnx_file::{self, Output};
use super::pipeline::Pipeline;
use super::session::{Execution, Lease, Program, SessionPool};
use super::shared_weights::SharedWeights;
use super::weights::Weights;

/// What graphs of ours answer: `[batch, dim]`.
const VECTORS: &str = "sentence_embedding";
/// What the steps read that follow an ONNX file: `[batch, tokens, dim]`.
const STATES: &str = "last_hidden_state";
/// What most models read, for files that do not say.
const USUAL_MAX_TOKENS: usize = 512;

/// What fits into a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Numbers per vector.
    pub(crate) dim: usize,
    /// Tokens per text, special ones included.
    pub(crate) max_tokens: usize,
    /// Ids run from 0 to below this, if that is known.
    pub(crate) vocab_size: Option<usize>,
    /// What fills up shorter texts.
    pub(crate) pad_id: i64,
}

/// A graph of ours with its weights.
pub(crate) struct Graph {
    pub(crate) model: Model,
    pub(crate) weights: Weights,
    lengths: Lengths,
    pub(crate) limits: Limits,
}

/// What a graph answers with.
#[derive(Clone, Copy)]
enum Answer {
    /// A vector for each text.
    Vectors,
    /// A vector for each token of one text.
    States,
}

/// A network that runs.
pub(crate) struct Network {
    body: SessionPool,
    /// What to read of the body's answer.
    output: String,
    /// The steps after a body that answers with states.
    steps: Option<SessionPool>,
    /// What batches it runs.
    pub(crate) lengths: Lengths,
    pub(crate) limits: Limits,
}

/// Sessions for as long as a worker needs them.
pub(crate) struct Worker<'a> {
    network: &'a Network,
    body: Lease<'a>,
    steps: Option<Lease<'a>>,
}

impl Graph {
    /// The architecture that `build` knows, with the steps of `pipeline` after it.
    ///
    /// # Errors
    /// When the model is not whole.
    pub(crate) fn build(
        pipeline: &Pipeline,
        build: Build,
        precision: Precision,
        lengths: Lengths,
    ) -> Result<Self> {
        Self::answering(Answer::Vectors, pipeline, build, precision, lengths)
    }

    /// The same architecture without the steps: for one text it answers with a row for each token, in place of one for
    /// each text.
    ///
    /// # Errors
    /// When the model is not whole.
    pub(crate) fn states(
        pipeline: &Pipeline,
        build: Build,
        precision: Precision,
        lengths: Lengths,
    ) -> Result<Self> {
        Self::answering(Answer::States, pipeline, build, precision, lengths)
    }

    fn answering(
        answer: Answer,
        pipeline: &Pipeline,
        build: Build,
        precision: Precision,
        lengths: Lengths,
    ) -> Result<Self> {
        let dir = &pipeline.folder;
        let weights = Weights::open(dir)?;
        let mut blocks = Blocks::new(dir, &weights, &NOTHING, precision, lengths);
        let trunk = build(&mut blocks)?;
        let mut graph = blocks.graph;
        let states = graph.cast(&trunk.states, Element::F32);
        let (vectors, dim) = match answer {
            Answer::Vectors => {
                let mask = &trunk.batch.attention_mask;
                let vectors = pipeline.append(&mut graph, &states, mask, trunk.dim)?;
                (vectors, pipeline.dim_after(trunk.dim))
            }
            Answer::States => {
                let batch = graph.integers(&[0]);
                (graph.op("Squeeze", &[&states, &batch]), trunk.dim)
            }
        };
        graph.output(VECTORS, &vectors, Element::F32, &[BATCH, "dim"]);
        let max_tokens = pipeline.max_tokens.unwrap_or(trunk.max_tokens);
        check_pad_id(dir, trunk.pad_id, trunk.vocab_size)?;
        Ok(Self {
            model: graph.into_model(),
            weights,
            lengths,
            limits: Limits {
                dim,
                max_tokens: max_tokens.min(trunk.max_tokens),
                vocab_size: Some(trunk.vocab_size),
                pad_id: trunk.pad_id,
            },
        })
    }
}

/// Refuses padding that the model has no row for.
fn check_pad_id(dir: &ModelDir, pad_id: i64, vocab_size: usize) -> Result<()> {
    if usize::try_from(pad_id).is_ok_and(|id| id < vocab_size) {
        return Ok(());
    }
    Err(Error::Model {
        path: dir.path_of("config.json"),
        problem: format!(
            "`pad_token_id` is {pad_id}, expected one of the {vocab_size} tokens' ids"
        ),
    })
}

/// What `config.json` says beside an ONNX file, where it says it.
#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    model_type: String,
    #[serde(alias = "dim")]
    hidden_size: Option<usize>,
    vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    pad_token_id: Option<i64>,
}

impl Config {
    /// How many tokens there are positions for.
    fn max_tokens(&self) -> Option<usize> {
        let counted_from_padding = ["camembert", "mpnet", "roberta", "xlm-roberta"];
        let n_unused = if counted_from_padding.contains(&self.model_type.as_str()) {
            usize::try_from(self.pad_token_id.unwrap_or(1)).unwrap_or(0) + 1
        } else {
            0
        };
        Some(self.max_position_embeddings?.saturating_sub(n_unused))
    }
}

impl Network {
    /// Makes `graph` run.
    ///
    /// # Errors
    /// When ONNX Runtime refuses it.
    pub(crate) fn of_graph(graph: Graph, execution: &Execution) -> Result<Self> {
        let program = Program::Graph {
            model: graph.model,
            weights: Arc::new(SharedWeights::new(graph.weights)),
        };
        Ok(Self {
            body: SessionPool::new(program, execution)?,
            output: VECTORS.into(),
            steps: None,
            lengths: graph.lengths,
            limits: graph.limits,
        })
    }

    /// Makes the ONNX file `name` of `dir` run, with the steps of `pipeline` after it unless it holds them.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the file, or when it is no encoder.
    pub(crate) fn of_onnx_file(
        dir: &ModelDir,
        name: &str,
        pipeline: &Pipeline,
        execution: &Execution,
    ) -> Result<Self> {
        let config: Config = pipeline.folder.json_or_default("config.json")?;
        let body = SessionPool::new(Program::File(onnx_file::path(dir, name)?), execution)?;
        let (output, dim) = onnx_file::output(dir, name, &body.lease()?)?;
        let Some(dim) = dim.or(config.hidden_size) else {
            return Err(Error::Model {
                path: pipeline.folder.path_of("config.json"),
                problem: "field `hidden_size` is missing, and the ONNX file does not say it".into(),
            });
        };
        let (output, steps, dim) = match output {
            Output::Vectors(name) => (name, None, dim),
            Output::States(name) => {
                let mut graph = GraphBuilder::new();
                let states = graph.input(STATES, Element::F32, &[BATCH, TOKENS, "dim"]);
                let mask = graph.input(MASK, Element::I64, &[BATCH, TOKENS]);
                let vectors = pipeline.append(&mut graph, &states, &mask, dim)?;
                graph.output(VECTORS, &vectors, Element::F32, &[BATCH, "dim"]);
                let program = Program::Graph {
                    model: graph.into_model(),
                    weights: Arc::new(SharedWeights::new(Weights::none(dir))),
                };
                let steps = SessionPool::new(program, execution)?;
                (name, Some(steps), pipeline.dim_after(dim))
            }
        };
        let pad_id = config.pad_token_id.unwrap_or(0);
        if let Some(vocab_size) = config.vocab_size {
            check_pad_id(&pipeline.folder, pad_id, vocab_size)?;
        }
        let stated = [pipeline.max_tokens, config.max_tokens()];
        let max_tokens = stated.into_iter().flatten().min();
        Ok(Self {
            body,
            output,
            steps,
            lengths: Lengths::Padded,
            limits: Limits {
                dim,
                max_tokens: max_tokens.unwrap_or(USUAL_MAX_TOKENS),
                vocab_size: config.vocab_size,
                pad_id,
            },
        })
    }

    /// Sessions to run batches in. Waits while all of them are leased.
    pub(crate) fn worker(&self) -> Result<Worker<'_>> {
        Ok(Worker {
            network: self,
            body: self.body.lease()?,
            steps: self.steps.as_ref().map(SessionPool::lease).transpose()?,
        })
    }
}

impl Worker<'_> {
    /// One row per text, `[batch, dim]`, not normalised.
    ///
    /// `input_ids` and `mask` are `[batch, tokens]`; `mask` is 1 for text and 0 for padding.
    pub(crate) fn run(
        &mut self,
        input_ids: &Array2<i64>,
        mask: &Array2<i64>,
    ) -> Result<Array2<f32>> {
        let kinds = Array2::<i64>::zeros(input_ids.dim());
        let inputs = HashMap::from([
            (INPUT_IDS, Input::Places(input_ids)),
            (MASK, Input::Places(mask)),
            (TOKEN_TYPES, Input::Places(&kinds)),
        ]);
        let Some(steps) = &mut self.steps else {
            return answer(&mut self.body, &inputs, &self.network.output);
        };
        let mut run = || -> ort::Result<Array2<f32>> {
            let inputs = chosen(&self.body, &inputs)?;
            let outputs = self.body.run(inputs)?;
            let states = &outputs[self.network.output.as_str()];
            let outputs = steps.run(ort::inputs![STATES => states, MASK => tensor(mask)?])?;
            rows(&outputs, VECTORS)
        };
        run().map_err(failed)
    }
}

/// What a run is given.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// `[batch, tokens]`.
    Places(&'a Array2<i64>),
    /// `[batch]`.
    Texts(&'a Array1<i64>),
    /// `[batch, tokens, dim]`.
    States(&'a Array3<f32>),
}

/// What `session` answers under the name `output`, `[batch, …]`; of `inputs` it is given those that it reads.
///
/// # Errors
/// When ONNX Runtime fails.
pub(crate) fn answer(
    session: &mut Session,
    inputs: &HashMap<&str, Input<'_>>,
    output: &str,
) -> Result<Array2<f32>> {
    let mut run = || {
        let inputs = chosen(session, inputs)?;
        rows(&session.run(inputs)?, output)
    };
    run().map_err(failed)
}

fn failed(source: ort::Error) -> Error {
    Error::Runtime {
        doing: "run the model",
        source: source.into(),
    }
}

type NamedValues<'a> = Vec<(Cow<'a, str>, SessionInputValue<'a>)>;

/// Those of `inputs` that `session` reads.
fn chosen<'a>(
    session: &Session,
    inputs: &HashMap<&str, Input<'a>>,
) -> ort::Result<NamedValues<'a>> {
    let mut values: NamedValues<'a> = Vec::new();
    for input in session.inputs() {
        let name = input.name();
        let value = match inputs.get(name) {
            Some(Input::Places(values)) => tensor(values)?.into(),
            Some(Input::Texts(values)) => TensorRef::from_array_view((
                [values.len()],
                values.as_slice().ok_or_else(not_contiguous)?,
            ))?
            .into(),
            Some(Input::States(values)) => {
                let (n_texts, n_tokens, dim) = values.dim();
                let numbers = values.as_slice().ok_or_else(not_contiguous)?;
                TensorRef::from_array_view(([n_texts, n_tokens, dim], numbers))?.into()
            }
            None => return Err(ort::Error::new(format!("nothing is given to `{name}`"))),
        };
        values.push((name.to_owned().into(), value));
    }
    Ok(values)
}

fn not_contiguous() -> ort::Error {
    ort::Error::new("an array is not contiguous")
}

fn rows(outputs: &SessionOutputs<'_>, name: &str) -> ort::Result<Array2<f32>> {
    let (shape, values) = outputs[name].try_extract_tensor::<f32>()?;
    let [n_rows, n_columns] = shape[..] else {
        return Err(ort::Error::new("the answer is no matrix"));
    };
    let shape = (n_rows as usize, n_columns as usize);
    let rows = ArrayView2::from_shape(shape, values);
    Ok(rows
        .map_err(|problem| ort::Error::new(problem.to_string()))?
        .to_owned())
}

fn tensor(values: &Array2<i64>) -> ort::Result<TensorRef<'_, i64>> {
    let (n_texts, n_tokens) = values.dim();
    let values = values.as_slice().ok_or_else(not_contiguous)?;
    TensorRef::from_array_view(([n_texts, n_tokens], values))
}
