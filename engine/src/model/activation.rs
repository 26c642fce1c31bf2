//! Activation functions, under the names of the libraries that models come from.

use super::onnx::{Attribute, GraphBuilder, Op, Value};

/// What stands between two linear layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// GELU with the error function (Hendrycks & Gimpel 2016).
    Gelu,
    /// GELU with its approximation by the hyperbolic tangent.
    GeluTanh,
    /// ReLU with a slope of 0.01 below zero.
    LeakyRelu,
    /// The positive part.
    Relu,
    /// The logistic function.
    Sigmoid,
    /// `x · sigmoid(x)`, also called swish.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The one that transformers calls `name` in `hidden_act` and the like.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "linear" => Self::Identity,
            "gelu" | "gelu_python" => Self::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Self::GeluTanh,
            "leaky_relu" => Self::LeakyRelu,
            "relu" => Self::Relu,
            "sigmoid" => Self::Sigmoid,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }

    /// The one of PyTorch's class `name`, whatever the path before it.
    pub fn of_class(name: &str) -> Option<Self> {
        // The path to the class moves between versions of PyTorch, its name does not.
        Some(match name.rsplit('.').next()? {
            "Identity" => Self::Identity,
            "GELU" => Self::Gelu,
            "LeakyReLU" => Self::LeakyRelu,
            "ReLU" => Self::Relu,
            "Sigmoid" => Self::Sigmoid,
            "SiLU" => Self::Silu,
            "Tanh" => Self::Tanh,
            _ => return None,
        })
    }

    /// `states` after it.
    pub(crate) fn append(self, graph: &mut GraphBuilder, states: &Value) -> Value {
        match self {
            Self::Identity => states.clone(),
            Self::Gelu => graph.op("Gelu", &[states]),
            Self::GeluTanh => {
                let tanh = [Attribute::Text("approximate", "tanh")];
                graph.op_with(Op::Onnx("Gelu"), &[states], &tanh)
            }
            Self::LeakyRelu => graph.op("LeakyRelu", &[states]),
            Self::Relu => graph.op("Relu", &[states]),
            Self::Sigmoid => graph.op("Sigmoid", &[states]),
            Self::Silu => {
                let gate = graph.op("Sigmoid", &[states]);
                graph.op("Mul", &[states, &gate])
            }
            Self::Tanh => graph.op("Tanh", &[states]),
        }
    }
}
