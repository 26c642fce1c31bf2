//! What transformers are built from: the blocks that one architecture shares with the next.
//!
//! Token states are kept as `[batch × tokens, dim]`, so that every linear layer is one `Gemm` that reads its weight
//! as it lies in the file (`[out, in]`); only attention looks at them as `[batch, tokens, dim]`. Attention and
//! normalised sums are ONNX Runtime's fused operators: its optimiser does not find them by itself.

use crate::error::{Error, Result};

use super::directory::ModelDir;
use super::onnx::{Attribute, Element, GraphBuilder, Op, Value};
use super::weights::Weights;

/// The names of the two dimensions that change from run to run.
pub(crate) const BATCH: &str = "batch";
/// See [`BATCH`].
pub(crate) const TOKENS: &str = "tokens";

/// A graph under construction, with the weights it reads.
pub(crate) struct Blocks<'a> {
    pub(crate) graph: GraphBuilder,
    weights: &'a Weights,
    /// What stands before every tensor's name.
    prefix: &'static str,
    epsilon: f32,
}

/// What attention needs to know of a batch.
pub(crate) struct Batch {
    /// `[batch, tokens]`, 1 for text and 0 for padding.
    mask: Value,
    /// The shape `[batch, tokens, dim]`.
    by_text: Value,
    /// The shape `[batch × tokens, dim]`.
    by_token: Value,
}

impl<'a> Blocks<'a> {
    /// A graph whose tensors are called `prefix` + name, for the first of `prefixes` under which `probe` is there.
    pub(crate) fn new(
        weights: &'a Weights,
        prefixes: &[&'static str],
        probe: &str,
        epsilon: f32,
    ) -> Self {
        let prefix = prefixes
            .iter()
            .find(|prefix| weights.has(&format!("{prefix}{probe}")));
        Self {
            graph: GraphBuilder::new(),
            weights,
            // Without any, the error about the first missing tensor has its plain name.
            prefix: prefix.copied().unwrap_or(""),
            epsilon,
        }
    }

    /// The tensor `name`, behind the prefix.
    pub(crate) fn weight(&mut self, name: &str, shape: &[usize]) -> Result<Value> {
        let name = format!("{}{name}", self.prefix);
        self.graph.weight(self.weights, &name, shape)
    }

    /// Looks at `input_ids` and `attention_mask`, both `[batch, tokens]`.
    pub(crate) fn batch(&mut self, input_ids: &Value, attention_mask: &Value, dim: usize) -> Batch {
        let mask = self.graph.cast(attention_mask, Element::I32);
        let shape = self.graph.op("Shape", &[input_ids]);
        let dim = dim as i64;
        let dims = self.graph.integers(&[dim]);
        let concat = Op::Onnx("Concat");
        let by_text = self
            .graph
            .op_with(concat, &[&shape, &dims], &[Attribute::Int("axis", 0)]);
        let by_token = self.graph.integers(&[-1, dim]);
        Batch {
            mask,
            by_text,
            by_token,
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

    /// `states · weightᵀ + bias`.
    pub(crate) fn linear(
        &mut self,
        name: &str,
        states: &Value,
        from: usize,
        to: usize,
    ) -> Result<Value> {
        let weight = self.weight(&format!("{name}.weight"), &[to, from])?;
        let bias = self.weight(&format!("{name}.bias"), &[to])?;
        let transposed = [Attribute::Int("transB", 1)];
        Ok(self
            .graph
            .op_with(Op::Onnx("Gemm"), &[states, &weight, &bias], &transposed))
    }

    /// Layer normalisation.
    pub(crate) fn norm(&mut self, name: &str, states: &Value, dim: usize) -> Result<Value> {
        let weight = self.weight(&format!("{name}.weight"), &[dim])?;
        let bias = self.weight(&format!("{name}.bias"), &[dim])?;
        let epsilon = [Attribute::Float("epsilon", self.epsilon)];
        let op = Op::Onnx("LayerNormalization");
        Ok(self.graph.op_with(op, &[states, &weight, &bias], &epsilon))
    }

    /// Layer normalisation of `states + skipped`.
    pub(crate) fn add_and_norm(
        &mut self,
        name: &str,
        states: &Value,
        skipped: &Value,
        dim: usize,
    ) -> Result<Value> {
        let weight = self.weight(&format!("{name}.weight"), &[dim])?;
        let bias = self.weight(&format!("{name}.bias"), &[dim])?;
        let epsilon = [Attribute::Float("epsilon", self.epsilon)];
        let op = Op::Contrib("SkipLayerNormalization");
        let inputs = [states, skipped, &weight, &bias];
        Ok(self.graph.op_with(op, &inputs, &epsilon))
    }

    /// Attention of every token to every token of the same text, all given and returned by token.
    pub(crate) fn attention(
        &mut self,
        batch: &Batch,
        n_heads: usize,
        [query, key, value]: [&Value; 3],
    ) -> Value {
        let query = self.by_text(batch, query);
        let key = self.by_text(batch, key);
        let value = self.by_text(batch, value);
        let no_bias = Value::none();
        let mixed = self.graph.op_with(
            Op::Contrib("MultiHeadAttention"),
            &[&query, &key, &value, &no_bias, &batch.mask],
            &[Attribute::Int("num_heads", n_heads as i64)],
        );
        self.by_token(batch, &mixed)
    }

    /// The activation that `config.json` calls `name`.
    ///
    /// # Errors
    /// When nobody here knows it.
    pub(crate) fn activation(
        &mut self,
        dir: &ModelDir,
        name: &str,
        states: &Value,
    ) -> Result<Value> {
        let gelu = Op::Onnx("Gelu");
        Ok(match name {
            "gelu" | "gelu_python" => self.graph.op_with(gelu, &[states], &[]),
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => {
                let tanh = [Attribute::Text("approximate", "tanh")];
                self.graph.op_with(gelu, &[states], &tanh)
            }
            "relu" => self.graph.op("Relu", &[states]),
            "tanh" => self.graph.op("Tanh", &[states]),
            "silu" | "swish" => {
                let gate = self.graph.op("Sigmoid", &[states]);
                self.graph.op("Mul", &[states, &gate])
            }
            other => {
                return Err(Error::Model {
                    path: dir.path_of("config.json"),
                    problem: format!(
                        "`hidden_act` is {other:?}, expected gelu, gelu_new, relu, silu or tanh"
                    ),
                });
            }
        })
    }
}
