//! What a pickle holds, as a tree of plain values.
//!
//! A pickle is a graph: its memo lets a value stand in many places. What stands in one place is moved into the tree;
//! what stands in more is copied, and copies are paid for, so that a small file cannot unfold to a large tree.

use super::arena::{Arena, Node, NodeId, Value};
use super::imports::{Import, torch_name};
use super::{Found, Object};
use crate::checkpoint::tensor::{Layout, Tensor};

/// Real checkpoints nest four deep; a value may be dropped by recursion.
const MAX_DEPTH: usize = 64;

/// `root` as plain values. Its nodes are gone from `arena`.
pub(super) fn object(arena: &mut Arena<'_>, root: Value) -> Found<Object> {
    let mut tree = Tree {
        arena,
        name: String::new(),
    };
    tree.object(
        root,
        Place {
            depth: 0,
            shared: false,
        },
    )
}

/// Where in the tree a value stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// Whether what holds the value stands in several places, and so does the value.
    shared: bool,
}

struct Tree<'t, 'a> {
    arena: &'t mut Arena<'a>,
    /// The keys that lead to where we are.
    name: String,
}

impl<'a> Tree<'_, 'a> {
    fn object(&mut self, value: Value, place: Place) -> Found<Object> {
        match value {
            Value::None => Ok(Object::None),
            Value::Bool(truth) => Ok(Object::Bool(truth)),
            Value::Int(n) => Ok(Object::Int(n)),
            Value::Float(x) => Ok(Object::Float(x)),
            Value::Node(id) => self.node(id, place),
        }
    }

    fn node(&mut self, id: NodeId, place: Place) -> Found<Object> {
        if place.depth >= MAX_DEPTH {
            return Err(format!("its values nest more than {MAX_DEPTH} deep"));
        }
        let inner = Place {
            depth: place.depth + 1,
            shared: place.shared || self.arena.is_shared(id),
        };
        let node = self.take(id, inner.shared)?;
        match node {
            Node::Text(text) => Ok(Object::Text(text.to_owned())),
            Node::Bytes(bytes) => Ok(Object::Bytes(bytes.into_owned())),
            Node::List(values) | Node::Tuple(values) => self.list(values, inner),
            Node::Dict(entries) => self.dict(entries, inner),
            Node::Tensor(layout) => {
                self.arena.pay(self.name.len())?;
                Ok(Object::Tensor(Tensor::new(self.name.clone(), *layout)))
            }
            Node::Import(Import::Dtype(dtype)) => Ok(Object::Text(torch_name(dtype))),
            other => Err(format!(
                "it holds {}, expected plain values and tensors",
                other.kind()
            )),
        }
    }

    /// The node `id`: itself, or a copy when it stands in other places too.
    fn take(&mut self, id: NodeId, shared: bool) -> Found<Node<'a>> {
        if !shared {
            return Ok(std::mem::replace(self.arena.node_mut(id), Node::Gone));
        }
        let of_each = size_of::<Object>();
        let size_bytes = match self.arena.node(id) {
            Node::Text(text) => text.len(),
            Node::Bytes(bytes) => bytes.len(),
            Node::List(values) | Node::Tuple(values) => values.len().saturating_mul(of_each),
            Node::Dict(entries) => entries.len().saturating_mul(2 * of_each),
            _ => size_of::<Layout>(),
        };
        self.arena.pay(size_bytes.saturating_add(of_each))?;
        Ok(self.arena.node(id).clone())
    }

    fn list(&mut self, values: Vec<Value>, place: Place) -> Found<Object> {
        let mut objects = Vec::with_capacity(values.len());
        for value in values {
            objects.push(self.object(value, place)?);
        }
        Ok(Object::List(objects))
    }

    fn dict(&mut self, entries: Vec<(Value, Value)>, place: Place) -> Found<Object> {
        let mut objects = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.object(key, place)?;
            let len = self.name.len();
            if let Object::Text(name) = &key {
                if len > 0 {
                    self.name.push('/');
                }
                self.name.push_str(name);
            }
            let value = self.object(value, place)?;
            self.name.truncate(len);
            objects.push((key, value));
        }
        Ok(Object::Dict(objects))
    }
}
