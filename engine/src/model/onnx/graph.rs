//! Operators, strung together.

use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayD;
use prost::Message;
use safetensors::Dtype;

use crate::error::Result;
use crate::model::sparse::{DOMAIN, MATRICES, SPARSE_LINEAR, SparseMatrix};
use crate::model::weights::{Tensor, Weights};

use super::messages::{
    AttributeProto, AttributeType, DataLocation, DataType, DimensionProto, GraphProto, ModelProto,
    NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};

/// `Gelu` and the `Shape` of a part need 20.
const OPSET: i64 = 20;
/// The format's version of that time.
const IR_VERSION: i64 = 9;
/// Operators that ONNX Runtime adds to the standard ones.
const CONTRIB: &str = "com.microsoft";

/// A tensor of the graph, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Value(String);

impl Value {
    /// Stands where an operator's optional input is left out.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }
}

/// What a tensor is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    F32,
    F16,
    Bf16,
    I8,
    I32,
    I64,
    Bool,
}

impl Element {
    fn data_type(self) -> DataType {
        match self {
            Self::F32 => DataType::Float,
            Self::F16 => DataType::Float16,
            Self::Bf16 => DataType::Bfloat16,
            Self::I8 => DataType::Int8,
            Self::I32 => DataType::Int32,
            Self::I64 => DataType::Int64,
            Self::Bool => DataType::Bool,
        }
    }

    /// As the attribute `to` of a `Cast`.
    pub(crate) fn code(self) -> i64 {
        i64::from(self.data_type() as i32)
    }
}

/// An operator's name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    /// Of the ONNX standard.
    Onnx(&'static str),
    /// Of ONNX Runtime's own set.
    Contrib(&'static str),
    /// Of ours.
    Own(&'static str),
}

/// An operator's named setting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
    Float(&'a str, f32),
    Text(&'a str, &'a str),
}

/// A finished graph: the bytes of an ONNX file, and the numbers that it names without holding them.
pub(crate) struct Model {
    pub(crate) bytes: Vec<u8>,
    pub(crate) outside: Vec<Outside>,
    /// What each sparse operator multiplies with.
    pub(crate) sparse: Vec<Vec<Arc<SparseMatrix>>>,
}

/// Numbers that a graph names without holding them.
pub(crate) struct Outside {
    pub(crate) name: String,
    pub(crate) numbers: Numbers,
}

/// Where such numbers are.
pub(crate) enum Numbers {
    /// In a file of the weights, whose 32-bit numbers are used as they lie there.
    Weight(Tensor),
    /// In memory, read where they lie by every session.
    Shared(Arc<ArrayD<f32>>),
}

/// A graph under construction. The same calls give the same bytes.
#[derive(Default)]
pub(crate) struct GraphBuilder {
    graph: GraphProto,
    outside: Vec<Outside>,
    sparse: Vec<Vec<Arc<SparseMatrix>>>,
}

impl GraphBuilder {
    /// An empty graph.
    pub(crate) fn new() -> Self {
        let graph = GraphProto {
            name: "xenoglot".into(),
            ..GraphProto::default()
        };
        Self {
            graph,
            outside: Vec::new(),
            sparse: Vec::new(),
        }
    }

    /// A tensor that every run hands in; `dims` names its dimensions.
    pub(crate) fn input(&mut self, name: &str, element: Element, dims: &[&str]) -> Value {
        self.graph.input.push(value_info(name, element, dims));
        Value(name.to_owned())
    }

    /// [`input`](Self::input), the first time that `name` is asked for.
    pub(crate) fn input_once(&mut self, name: &str, element: Element, dims: &[&str]) -> Value {
        if self.graph.input.iter().any(|input| input.name == name) {
            return Value(name.to_owned());
        }
        self.input(name, element, dims)
    }

    /// Gives `value` a name that every run answers under.
    pub(crate) fn output(&mut self, name: &str, value: &Value, element: Element, dims: &[&str]) {
        self.graph.node.push(NodeProto {
            input: vec![value.0.clone()],
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: "Identity".into(),
            ..NodeProto::default()
        });
        self.graph.output.push(value_info(name, element, dims));
    }

    /// The tensor `name` of `weights`, of shape `shape`, as numbers of type `element`.
    ///
    /// # Errors
    /// Those of [`Weights::checked`].
    pub(crate) fn weight(
        &mut self,
        weights: &Weights,
        name: &str,
        shape: &[usize],
        element: Element,
    ) -> Result<Value> {
        let tensor = weights.checked(name, shape)?;
        let stored = match tensor.dtype {
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::Bf16,
            _ => Element::F32,
        };
        let place = (
            weights.shard(tensor).location().to_owned(),
            tensor.range.clone(),
        );
        self.external(name, stored, shape, place);
        if stored == Element::F32 && element == Element::F32 {
            self.outside.push(Outside {
                name: name.to_owned(),
                numbers: Numbers::Weight(tensor.clone()),
            });
        }
        let value = Value(name.to_owned());
        Ok(if stored == element {
            value
        } else {
            // Done once, when a session is made: the input is constant.
            self.cast(&value, element)
        })
    }

    /// `values`, read where they lie by every session.
    pub(crate) fn shared(&mut self, values: Arc<ArrayD<f32>>) -> Value {
        let name = format!("array_{}", self.outside.len());
        let place = (name.clone(), 0..values.len() * size_of::<f32>());
        self.external(&name, Element::F32, values.shape(), place);
        self.outside.push(Outside {
            name: name.clone(),
            numbers: Numbers::Shared(values),
        });
        Value(name)
    }

    /// Names a tensor that lies in the file of `place`, at those bytes.
    fn external(
        &mut self,
        name: &str,
        element: Element,
        shape: &[usize],
        (file, range): (String, Range<usize>),
    ) {
        let entry = |key: &str, value: String| StringStringEntryProto {
            key: key.to_owned(),
            value,
        };
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().map(|n| *n as i64).collect(),
            data_type: element.data_type() as i32,
            name: name.to_owned(),
            external_data: vec![
                entry("location", file),
                entry("offset", range.start.to_string()),
                entry("length", range.len().to_string()),
            ],
            data_location: DataLocation::External as i32,
            ..TensorProto::default()
        });
    }

    /// A row of integers.
    pub(crate) fn integers(&mut self, values: &[i64]) -> Value {
        let bytes = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.constant(Element::I64, &[values.len()], bytes)
    }

    /// A tensor of 32-bit numbers inside the graph.
    pub(crate) fn numbers(&mut self, shape: &[usize], values: &[f32]) -> Value {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(Element::F32, shape, bytes)
    }

    /// A tensor inside the graph; `bytes` are its values, little end first.
    pub(crate) fn constant(&mut self, element: Element, shape: &[usize], bytes: Vec<u8>) -> Value {
        let name = format!("constant_{}", self.graph.initializer.len());
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().map(|n| *n as i64).collect(),
            data_type: element.data_type() as i32,
            name: name.clone(),
            raw_data: bytes,
            ..TensorProto::default()
        });
        Value(name)
    }

    /// `value` in another type.
    pub(crate) fn cast(&mut self, value: &Value, to: Element) -> Value {
        self.op_with(
            Op::Onnx("Cast"),
            &[value],
            &[Attribute::Int("to", to.code())],
        )
    }

    /// The one output of a standard operator without attributes.
    pub(crate) fn op(&mut self, op: &'static str, inputs: &[&Value]) -> Value {
        self.op_with(Op::Onnx(op), inputs, &[])
    }

    /// The first output of an operator.
    pub(crate) fn op_with(
        &mut self,
        op: Op,
        inputs: &[&Value],
        attributes: &[Attribute<'_>],
    ) -> Value {
        let [value] = self.node(op, inputs, attributes);
        value
    }

    /// The first `N` outputs of a standard operator.
    pub(crate) fn op_outputs<const N: usize>(
        &mut self,
        op: &'static str,
        inputs: &[&Value],
        attributes: &[Attribute<'_>],
    ) -> [Value; N] {
        self.node(Op::Onnx(op), inputs, attributes)
    }

    /// `answers` with the products of `states` and each of `matrices` added.
    pub(crate) fn sparse_linear(
        &mut self,
        answers: &Value,
        states: &Value,
        matrices: Vec<Arc<SparseMatrix>>,
    ) -> Value {
        let number = [Attribute::Int(MATRICES, self.sparse.len() as i64)];
        self.sparse.push(matrices);
        self.op_with(Op::Own(SPARSE_LINEAR), &[answers, states], &number)
    }

    fn node<const N: usize>(
        &mut self,
        op: Op,
        inputs: &[&Value],
        attributes: &[Attribute<'_>],
    ) -> [Value; N] {
        let (op_type, domain) = match op {
            Op::Onnx(name) => (name, ""),
            Op::Contrib(name) => (name, CONTRIB),
            Op::Own(name) => (name, DOMAIN),
        };
        let name = format!("{op_type}_{}", self.graph.node.len());
        let outputs = std::array::from_fn(|i| match i {
            0 => Value(name.clone()),
            _ => Value(format!("{name}.{i}")),
        });
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: outputs
                .iter()
                .map(|value: &Value| value.0.clone())
                .collect(),
            name,
            op_type: op_type.to_owned(),
            attribute: attributes.iter().map(attribute).collect(),
            domain: domain.to_owned(),
        });
        outputs
    }

    /// The whole graph.
    pub(crate) fn into_model(self) -> Model {
        let set = |domain: &str, version| OperatorSetIdProto {
            domain: domain.to_owned(),
            version,
        };
        let mut opset_import = vec![set("", OPSET), set(CONTRIB, 1)];
        if !self.sparse.is_empty() {
            opset_import.push(set(DOMAIN, 1));
        }
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "xenoglot".into(),
            graph: Some(self.graph),
            opset_import,
        };
        Model {
            bytes: model.encode_to_vec(),
            outside: self.outside,
            sparse: self.sparse,
        }
    }
}

fn value_info(name: &str, element: Element, dims: &[&str]) -> ValueInfoProto {
    let dim = dims.iter().map(|name| DimensionProto {
        dim_param: (*name).to_owned(),
    });
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: element.data_type() as i32,
                shape: Some(TensorShapeProto { dim: dim.collect() }),
            }),
        }),
    }
}

fn attribute(attribute: &Attribute<'_>) -> AttributeProto {
    let base = |name: &str, r#type: AttributeType| AttributeProto {
        name: name.to_owned(),
        r#type: r#type as i32,
        ..AttributeProto::default()
    };
    match *attribute {
        Attribute::Int(name, i) => AttributeProto {
            i,
            ..base(name, AttributeType::Int)
        },
        Attribute::Ints(name, ints) => AttributeProto {
            ints: ints.to_vec(),
            ..base(name, AttributeType::Ints)
        },
        Attribute::Float(name, f) => AttributeProto {
            f,
            ..base(name, AttributeType::Float)
        },
        Attribute::Text(name, text) => AttributeProto {
            s: text.as_bytes().to_vec(),
            ..base(name, AttributeType::String)
        },
    }
}
