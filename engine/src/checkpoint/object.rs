//! What a pickle holds, as plain values.

use super::Tensor;

/// A value out of a pickle.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Object {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number, numpy's included.
    Int(i64),
    /// A number, numpy's included.
    Float(f64),
    /// A text; a type of PyTorch is the text of its name, such as `torch.float32`.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list, a tuple or a `torch.Size`.
    List(Vec<Object>),
    /// A mapping, in the file's order.
    Dict(Vec<(Object, Object)>),
    /// A tensor or a parameter.
    Tensor(Tensor),
}

impl Object {
    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Dict(_) => "a mapping",
            Self::Tensor(_) => "a tensor",
        }
    }

    /// What a mapping has under `key`. Of a key that comes twice the last counts, as in Python.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let entries = self.entries()?.iter().rev();
        let mut values = entries.filter(|(name, _)| name.as_text() == Some(key));
        values.next().map(|(_, value)| value)
    }

    /// The keys and values of a mapping.
    pub fn entries(&self) -> Option<&[(Self, Self)]> {
        match self {
            Self::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The values of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// The text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The number, whole ones included.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(x) => Some(*x),
            Self::Int(n) => Some(*n as f64),
            _ => None,
        }
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The tensor.
    pub fn as_tensor(&self) -> Option<&Tensor> {
        match self {
            Self::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }
}
