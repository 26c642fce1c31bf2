//! ONNX graphs, written in Rust.
//!
//! [`messages`] are the protocol buffers of the format, as far as a graph for inference needs them; [`GraphBuilder`]
//! strings operators together. Values of weights stay in the safetensors file: a graph says where they lie in it.

mod graph;
mod messages;

pub(crate) use graph::{Attribute, Element, GraphBuilder, Model, Numbers, Op, Outside, Value};
