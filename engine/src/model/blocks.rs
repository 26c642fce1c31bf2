//! What transformers are built from: the blocks that one architecture shares with the next.
//!
//! Token states are kept as `[batch × tokens, dim]`, so that every linear layer is one `Gemm` that reads its weight
//! as it lies in the file (`[out, in]`); only attention looks at them as `[batch, tokens, dim]`. It is ONNX Runtime's
//! fused operator, which its optimiser does not find by itself.

mod adapters;
mod bank;
mod embeddings;
mod int8;
mod invertible;
mod linear;
mod prefix;

use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

use super::Precision;
use super::activation::Activation;
use super::directory::ModelDir;
use super::insertions::{Head, Insertions};
use super::onnx::{Attribute, Element, GraphBuilder, Op, Value};
use super::weights::Weights;

pub(crate) use adapters::{Part, SubLayer};
pub(crate) use bank::Side;

/// The names of the two dimensions that change from run to run.
pub(crate) const BATCH: &str = "batch";
/// See [`BATCH`].
pub(crate) const TOKENS: &str = "tokens";

/// Names of what a backbone reads; Hugging Face's own.
pub(crate) const INPUT_IDS: &str = "input_ids";
/// See [`INPUT_IDS`].
pub(crate) const MASK: &str = "attention_mask";
/// See [`INPUT_IDS`].
pub(crate) const TOKEN_TYPES: &str = "token_type_ids";

/// Which tokens are the document's: 1, and 0 for the query's.
pub(crate) const IS_DOCUMENT: &str = "is_document";
/// What modules add to the vectors of a run's words.
pub(crate) const WORD_CHANGES: &str = "word_changes";

/// How texts of a batch come to have one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lengths {
    /// They have it: attention needs no mask, and ONNX Runtime's CPU kernel takes a faster way without one.
    Equal,
    /// Shorter texts are filled up with padding.
    Padded,
}

/// A graph under construction, with the model that it is made from.
pub(crate) struct Blocks<'a> {
    pub(crate) graph: GraphBuilder,
    dir: &'a ModelDir,
    weights: &'a Weights,
    insertions: &'a Insertions,
    /// Tensors that are part of the graph already, by their names without the prefix.
    loaded: HashMap<String, Value>,
    /// The tensors and linear layers of the insertions that found their place.
    used: HashSet<String>,
    precision: Precision,
    lengths: Lengths,
    /// What stands before every tensor's name.
    prefix: &'static str,
    /// States that were turned into 8-bit numbers already: these, their scale and their zero.
    quantized: HashMap<Value, [Value; 3]>,
}

/// What the layers need to know of a batch.
pub(crate) struct Batch {
    /// `[batch, tokens]`.
    pub(crate) input_ids: Value,
    /// `[batch, tokens]`, 1 for text and 0 for padding.
    pub(crate) attention_mask: Value,
    /// The same in 32 bits, as attention wants it, where there is padding.
    mask: Option<Value>,
    /// The number of tokens of the longest text, as a row of one.
    n_tokens: Value,
    /// The shape `[batch, tokens, dim]`.
    by_text: Value,
    /// The shape `[batch × tokens, dim]`.
    by_token: Value,
    /// The shape `[batch, tokens]`.
    by_place: Value,
}

/// What attention is given.
pub(crate) struct Attention<'a> {
    /// Which layer's it is.
    pub(crate) layer: usize,
    pub(crate) n_heads: usize,
    /// By token.
    pub(crate) query: &'a Value,
    pub(crate) key: &'a Value,
    pub(crate) value: &'a Value,
    /// `[1, heads, tokens, tokens]`, added to how much each token heeds each.
    pub(crate) bias: Option<&'a Value>,
}

impl<'a> Blocks<'a> {
    /// An empty graph for the model in `dir`, over which `insertions` are laid.
    pub(crate) fn new(
        dir: &'a ModelDir,
        weights: &'a Weights,
        insertions: &'a Insertions,
        precision: Precision,
        lengths: Lengths,
    ) -> Self {
        Self {
            graph: GraphBuilder::new(),
            dir,
            weights,
            insertions,
            loaded: HashMap::new(),
            used: HashSet::new(),
            precision,
            lengths,
            prefix: "",
            quantized: HashMap::new(),
        }
    }

    /// What `config.json` says.
    pub(crate) fn config<T: DeserializeOwned>(&self) -> Result<T> {
        self.dir.json("config.json")
    }

    /// An error about `config.json`.
    pub(crate) fn config_problem(&self, problem: String) -> Error {
        Error::Model {
            path: self.dir.path_of("config.json"),
            problem,
        }
    }

    /// From here on tensors are called `prefix` + name, or just their name where no `prefix` + `probe` is found, so
    /// that the error about the first missing tensor has its plain name.
    pub(crate) fn set_prefix(&mut self, prefix: &'static str, probe: &str) {
        if self.weights.has(&format!("{prefix}{probe}")) {
            self.prefix = prefix;
        }
    }

    /// An error about what is laid over the model.
    pub(crate) fn insertion_problem(&self, problem: String) -> Error {
        Error::Insertion {
            model: self.dir.name(),
            problem,
        }
    }

    /// The head that modules bring, if any.
    pub(crate) fn own_head(&self) -> Option<&'a Head> {
        self.insertions.head.as_ref()
    }

    /// Refuses insertions that found no place in the graph.
    ///
    /// # Errors
    /// When there is one.
    pub(crate) fn check_all_used(&self) -> Result<()> {
        let Insertions {
            tensors, linears, ..
        } = self.insertions;
        let mut names = tensors.keys().chain(linears.keys());
        match names.find(|name| !self.used.contains(*name)) {
            None => Ok(()),
            Some(name) => Err(self.insertion_problem(format!("it has no `{name}`"))),
        }
    }

    /// What the file calls the tensor `name`: heads stand outside the prefix.
    fn full_name(&self, name: &str) -> String {
        let full = format!("{}{name}", self.prefix);
        if !self.weights.has(&full) && self.weights.has(name) {
            return name.to_owned();
        }
        full
    }

    /// See [`set_prefix`](Self::set_prefix).
    pub(crate) fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// The tensor `name`, behind the prefix, in the numbers that the model is computed with.
    pub(crate) fn weight(&mut self, name: &str, shape: &[usize]) -> Result<Value> {
        if let Some(value) = self.loaded.get(name) {
            return Ok(value.clone());
        }
        let value = self.load(name, shape)?;
        self.loaded.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    fn load(&mut self, name: &str, shape: &[usize]) -> Result<Value> {
        let insertions = self.insertions;
        if let Some(own) = insertions.tensors.get(name) {
            self.used.insert(name.to_owned());
            self.check_own_shape(name, own.shape(), shape)?;
            return Ok(self.private(own));
        }
        let name = self.full_name(name);
        let element = self.element();
        self.graph.weight(self.weights, &name, shape, element)
    }

    fn check_own_shape(&self, name: &str, found: &[usize], expected: &[usize]) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        Err(self.insertion_problem(format!(
            "tensor `{name}` of a module has shape {found:?}, expected {expected:?}"
        )))
    }

    /// What the model is computed with where it is not in integers.
    fn element(&self) -> Element {
        match self.precision {
            Precision::Fp32 | Precision::Int8 => Element::F32,
            Precision::Fp16 => Element::F16,
            Precision::Bf16 => Element::Bf16,
        }
    }

    /// Constants of 32-bit numbers in those that the model is computed with.
    pub(crate) fn in_precision(&mut self, constant: &Value) -> Value {
        match self.element() {
            Element::F32 => constant.clone(),
            element => self.graph.cast(constant, element),
        }
    }

    /// The numbers of the tensor `name`, behind the prefix.
    pub(crate) fn numbers(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let insertions = self.insertions;
        if let Some(own) = insertions.tensors.get(name) {
            self.used.insert(name.to_owned());
            self.check_own_shape(name, own.shape(), shape)?;
            return Ok(own.iter().copied().collect());
        }
        self.weights.numbers(&self.full_name(name), shape)
    }

    /// The shape of the tensor `name`, behind the prefix, if there is one.
    pub(crate) fn shape_of(&self, name: &str) -> Option<&[usize]> {
        if let Some(own) = self.insertions.tensors.get(name) {
            return Some(own.shape());
        }
        let tensor = self.weights.tensor(&self.full_name(name));
        tensor.ok().map(|tensor| &tensor.shape[..])
    }

    /// The inputs of a run: [`INPUT_IDS`] and [`MASK`], for states of `dim` numbers.
    pub(crate) fn batch(&mut self, dim: usize) -> Batch {
        let graph = &mut self.graph;
        let input_ids = graph.input(INPUT_IDS, Element::I64, &[BATCH, TOKENS]);
        let attention_mask = graph.input(MASK, Element::I64, &[BATCH, TOKENS]);
        let mask = match self.lengths {
            Lengths::Equal => None,
            Lengths::Padded => Some(graph.cast(&attention_mask, Element::I32)),
        };
        let shape = graph.op("Shape", &[&input_ids]);
        let dim = dim as i64;
        let dims = graph.integers(&[dim]);
        let axis = [Attribute::Int("axis", 0)];
        let by_text = graph.op_with(Op::Onnx("Concat"), &[&shape, &dims], &axis);
        let by_token = graph.integers(&[-1, dim]);
        let one = graph.integers(&[1]);
        let n_tokens = graph.op("Gather", &[&shape, &one]);
        Batch {
            input_ids,
            attention_mask,
            mask,
            n_tokens,
            by_text,
            by_token,
            by_place: shape,
        }
    }

    /// `states` as `[batch × tokens, dim]`.
    pub(crate) fn by_token(&mut self, batch: &Batch, states: &Value) -> Value {
        self.graph.op("Reshape", &[states, &batch.by_token])
    }

    /// `states` as `[batch, tokens, dim]`.
    pub(crate) fn by_text(&mut self, batch: &Batch, states: &Value) -> Value {
        self.graph.op("Reshape", &[states, &batch.by_text])
    }

    /// Layer normalisation.
    pub(crate) fn norm(
        &mut self,
        name: &str,
        states: &Value,
        dim: usize,
        epsilon: f32,
    ) -> Result<Value> {
        let [weight, bias] = self.norm_weights(name, dim)?;
        let epsilon = [Attribute::Float("epsilon", epsilon)];
        let op = Op::Onnx("LayerNormalization");
        Ok(self.graph.op_with(op, &[states, &weight, &bias], &epsilon))
    }

    /// Layer normalisation of `states + skipped`.
    pub(crate) fn add_and_norm(
        &mut self,
        name: &str,
        [states, skipped]: [&Value; 2],
        dim: usize,
        epsilon: f32,
    ) -> Result<Value> {
        // ONNX Runtime has one operator for both, which takes seven times as long on the CPU as the two.
        let sum = self.graph.op("Add", &[states, skipped]);
        self.norm(name, &sum, dim, epsilon)
    }

    fn norm_weights(&mut self, name: &str, dim: usize) -> Result<[Value; 2]> {
        // Checkpoints from before PyTorch had the layer keep the names of the paper.
        let old = format!("{name}.gamma");
        let parts = if self.shape_of(&old).is_some() {
            ["gamma", "beta"]
        } else {
            ["weight", "bias"]
        };
        let [weight, bias] = parts.map(|part| format!("{name}.{part}"));
        Ok([self.weight(&weight, &[dim])?, self.weight(&bias, &[dim])?])
    }

    /// Attention of every token to every token of the same text, all given and returned by token.
    ///
    /// # Errors
    /// When a prefix does not fit.
    pub(crate) fn attention(&mut self, batch: &Batch, attention: &Attention<'_>) -> Result<Value> {
        let [query, key, value] = [attention.query, attention.key, attention.value]
            .map(|states| self.by_text(batch, states));
        let none = Value::none();
        let mask = batch.mask.clone().unwrap_or_else(Value::none);
        let bias = attention.bias.unwrap_or(&none);
        let [key, value, mask] = self.with_prefix(batch, attention, [key, value, mask])?;
        let inputs = [&query, &key, &value, &none, &mask, bias];
        let mixed = self.graph.op_with(
            Op::Contrib("MultiHeadAttention"),
            &inputs,
            &[Attribute::Int("num_heads", attention.n_heads as i64)],
        );
        Ok(self.by_token(batch, &mixed))
    }

    /// The activation that `config.json` calls `name`.
    ///
    /// # Errors
    /// When nobody here knows it.
    pub(crate) fn activation(&mut self, name: &str, states: &Value) -> Result<Value> {
        let Some(activation) = Activation::named(name) else {
            return Err(self.config_problem(format!(
                "the activation is {name:?}, expected gelu, gelu_new, relu, silu or tanh"
            )));
        };
        Ok(activation.append(&mut self.graph, states))
    }
}
