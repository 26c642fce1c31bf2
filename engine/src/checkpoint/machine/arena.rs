//! The values of a pickle while it runs.

use std::borrow::Cow;

use super::Found;
use super::imports::Import;
use super::numpy::NumpyType;
use crate::checkpoint::tensor::Layout;

/// Nine times those of composable-sft's public masks, which keep 7.4 million weights.
const MAX_VALUES: usize = 1 << 26;
/// A hundred times what the tensors and names of XLM-R take.
pub(super) const MAX_NODES: usize = 1 << 20;

/// What lies on the stack: two words, so that long lists of numbers stay small.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Node(NodeId),
}

/// A node's place in its [`Arena`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(usize);

impl Value {
    pub(super) fn node(self) -> Option<NodeId> {
        match self {
            Self::Node(id) => Some(id),
            _ => None,
        }
    }
}

/// A value that lies in the arena, where several others may refer to it.
#[derive(Clone)]
pub(super) enum Node<'a> {
    Text(&'a str),
    Bytes(Cow<'a, [u8]>),
    /// A whole number of more than 64 bits.
    Long(&'a [u8]),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Tensor(Box<Layout>),
    /// Its place among the storages.
    Storage(usize),
    Import(Import),
    NumpyType(NumpyType),
    /// What was moved out, for nothing else refers to it.
    Gone,
}

impl Node<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Long(_) => "a whole number of more than 64 bits",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a mapping",
            Self::Tensor(_) => "a tensor",
            Self::Storage(_) => "a storage",
            Self::Import(_) => "a function or a class",
            Self::NumpyType(_) => "a type of numpy",
            Self::Gone => "nothing",
        }
    }
}

pub(super) struct Arena<'a> {
    nodes: Vec<Node<'a>>,
    /// Whether more than one value may refer to a node: only the memo hands a value out again.
    shared: Vec<bool>,
    n_values: usize,
    copied_bytes_left: usize,
}

impl<'a> Arena<'a> {
    pub(super) fn new(copied_bytes: usize) -> Self {
        Self {
            nodes: Vec::new(),
            shared: Vec::new(),
            n_values: 0,
            copied_bytes_left: copied_bytes,
        }
    }

    pub(super) fn add(&mut self, node: Node<'a>) -> Found<Value> {
        if self.nodes.len() >= MAX_NODES {
            return Err(format!(
                "the pickle holds more than {MAX_NODES} texts, lists and tensors"
            ));
        }
        self.nodes.push(node);
        self.shared.push(false);
        Ok(Value::Node(NodeId(self.nodes.len() - 1)))
    }

    /// Counts a value or a mark that goes onto the stack.
    pub(super) fn count(&mut self) -> Found<()> {
        self.n_values += 1;
        if self.n_values > MAX_VALUES {
            return Err(format!("the pickle holds more than {MAX_VALUES} values"));
        }
        Ok(())
    }

    /// The node that `value` refers to, if it is no plain value.
    pub(super) fn get(&self, value: Value) -> Option<&Node<'a>> {
        value.node().map(|id| self.node(id))
    }

    pub(super) fn node(&self, id: NodeId) -> &Node<'a> {
        self.nodes.get(id.0).unwrap_or(&Node::Gone)
    }

    /// `id` was made by `add`, and nodes are never removed.
    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node<'a> {
        &mut self.nodes[id.0]
    }

    /// Notes that the memo hands `value` out once more.
    pub(super) fn share(&mut self, value: Value) {
        let shared = value.node().and_then(|id| self.shared.get_mut(id.0));
        if let Some(shared) = shared {
            *shared = true;
        }
    }

    pub(super) fn is_shared(&self, id: NodeId) -> bool {
        self.shared.get(id.0).copied().unwrap_or(true)
    }

    /// Pays for a copy of what the file holds once.
    pub(super) fn pay(&mut self, size_bytes: usize) -> Found<()> {
        let left = self.copied_bytes_left.checked_sub(size_bytes);
        self.copied_bytes_left = left
            .ok_or("the pickle unfolds to many times its size, by repeating what it holds once")?;
        Ok(())
    }

    pub(super) fn text(&self, value: Value) -> Found<&'a str> {
        match self.get(value) {
            Some(Node::Text(text)) => Ok(text),
            _ => Err(format!("{} was found, expected a text", self.kind(value))),
        }
    }

    pub(super) fn tuple(&self, value: Value) -> Found<&[Value]> {
        match self.get(value) {
            Some(Node::Tuple(values)) => Ok(values),
            _ => Err(format!("{} was found, expected a tuple", self.kind(value))),
        }
    }

    /// A tuple of few values, as the arguments of a call are.
    pub(super) fn arguments(&self, value: Value) -> Found<Vec<Value>> {
        const MOST: usize = 16;
        let values = self.tuple(value)?;
        if values.len() > MOST {
            return Err(format!(
                "a tuple has {} values, expected at most {MOST}",
                values.len()
            ));
        }
        Ok(values.to_vec())
    }

    /// A tuple of sizes.
    pub(super) fn sizes(&self, value: Value) -> Found<Vec<usize>> {
        let values = self.arguments(value)?;
        values.into_iter().map(|value| self.size(value)).collect()
    }

    pub(super) fn size(&self, value: Value) -> Found<usize> {
        let size = match value {
            Value::Int(n) => usize::try_from(n).ok(),
            _ => None,
        };
        size.ok_or_else(|| match value {
            Value::Int(n) => format!("{n} was found, expected a size"),
            other => format!("{} was found, expected a size", self.kind(other)),
        })
    }

    pub(super) fn kind(&self, value: Value) -> &'static str {
        match value {
            Value::None => "nothing",
            Value::Bool(_) => "a truth value",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Node(id) => self.node(id).kind(),
        }
    }
}
