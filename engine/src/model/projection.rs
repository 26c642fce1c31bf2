//! What may follow pooling: layers that turn one vector per text into another.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

use super::activation::Activation;
use super::directory::ModelDir;
use super::onnx::{Attribute, GraphBuilder, Op, Value};
use super::weights::Weights;

/// sentence-transformers' `Dense`: a linear layer and an activation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dense {
    config: PathBuf,
    /// `[out, in]`, row after row.
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    n_in: usize,
    pub(crate) n_out: usize,
    activation: Activation,
}

#[derive(Deserialize)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
    module_input_name: Option<String>,
    module_output_name: Option<String>,
}

fn yes() -> bool {
    true
}

impl Dense {
    /// Reads `config.json` and `model.safetensors` of the module's folder.
    pub(crate) fn load(folder: &ModelDir) -> Result<Self> {
        let config: DenseConfig = folder.json("config.json")?;
        let problem = |problem: String| Error::Model {
            path: folder.path_of("config.json"),
            problem,
        };
        let class = config.activation_function.as_deref().unwrap_or("Tanh");
        let Some(activation) = Activation::of_class(class) else {
            return Err(problem(format!(
                "`activation_function` is {class:?}, expected Identity, GELU, LeakyReLU, ReLU, Sigmoid, SiLU or Tanh"
            )));
        };
        let on_texts = |name: &Option<String>| {
            name.as_deref()
                .is_none_or(|name| name == "sentence_embedding")
        };
        if config.use_residual
            || !on_texts(&config.module_input_name)
            || !on_texts(&config.module_output_name)
        {
            return Err(problem(
                "a Dense module with a residual, or on anything but the sentence's vector, is not known".into(),
            ));
        }
        let weights = Weights::open(folder)?;
        let (n_in, n_out) = (config.in_features, config.out_features);
        Ok(Self {
            config: folder.path_of("config.json"),
            weight: weights.numbers("linear.weight", &[n_out, n_in])?,
            bias: match config.bias {
                true => Some(weights.numbers("linear.bias", &[n_out])?),
                false => None,
            },
            n_in,
            n_out,
            activation,
        })
    }

    /// `vectors` (`[batch, n_in]`) after the layer, `[batch, n_out]`.
    pub(crate) fn append(&self, graph: &mut GraphBuilder, vectors: &Value) -> Value {
        let weight = graph.numbers(&[self.n_out, self.n_in], &self.weight);
        let bias = match &self.bias {
            Some(bias) => graph.numbers(&[self.n_out], bias),
            None => Value::none(),
        };
        let transposed = [Attribute::Int("transB", 1)];
        let inputs = [vectors, &weight, &bias];
        let vectors = graph.op_with(Op::Onnx("Gemm"), &inputs, &transposed);
        self.activation.append(graph, &vectors)
    }

    /// Refuses vectors of another size than the layer reads.
    pub(crate) fn check(&self, dim: usize) -> Result<()> {
        expect_dim(&self.config, "in_features", self.n_in, dim)
    }
}

/// sentence-transformers' `LayerNorm`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerNorm {
    config: PathBuf,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Deserialize)]
struct LayerNormConfig {
    dimension: usize,
}

impl LayerNorm {
    /// Reads `config.json` and `model.safetensors` of the module's folder.
    pub(crate) fn load(folder: &ModelDir) -> Result<Self> {
        let LayerNormConfig { dimension } = folder.json("config.json")?;
        let weights = Weights::open(folder)?;
        Ok(Self {
            config: folder.path_of("config.json"),
            weight: weights.numbers("norm.weight", &[dimension])?,
            bias: weights.numbers("norm.bias", &[dimension])?,
        })
    }

    /// `vectors` (`[batch, dim]`) after the layer.
    pub(crate) fn append(&self, graph: &mut GraphBuilder, vectors: &Value) -> Value {
        let dim = [self.weight.len()];
        let weight = graph.numbers(&dim, &self.weight);
        let bias = graph.numbers(&dim, &self.bias);
        // PyTorch's default; the module has no setting for it.
        let epsilon = [Attribute::Float("epsilon", 1e-5)];
        let op = Op::Onnx("LayerNormalization");
        graph.op_with(op, &[vectors, &weight, &bias], &epsilon)
    }

    /// Refuses vectors of another size than the layer reads.
    pub(crate) fn check(&self, dim: usize) -> Result<()> {
        expect_dim(&self.config, "dimension", self.weight.len(), dim)
    }
}

fn expect_dim(config: &Path, field: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Model {
        path: config.to_owned(),
        problem: format!(
            "`{field}` is {found}, expected {expected}: what the module before it gives"
        ),
    })
}
