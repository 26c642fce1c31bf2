//! Numbers of numpy, which come as the name of a type and bytes.

use half::f16;

use super::arena::{Node, NodeId, Value};
use super::{Found, Machine, quoted};

/// A type of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumpyType {
    /// `i`, `u`, `f` or `b`.
    kind: char,
    size_bytes: usize,
    big_endian: bool,
}

impl Machine<'_> {
    /// The type that numpy calls `name`.
    pub(super) fn numpy_dtype(&mut self, name: Value) -> Found<Value> {
        let name = self.arena.text(name)?;
        let (kind, size_bytes) = match name {
            "b1" => ('b', 1),
            "i1" => ('i', 1),
            "i2" => ('i', 2),
            "i4" => ('i', 4),
            "i8" => ('i', 8),
            "u1" => ('u', 1),
            "u2" => ('u', 2),
            "u4" => ('u', 4),
            "u8" => ('u', 8),
            "f2" => ('f', 2),
            "f4" => ('f', 4),
            "f8" => ('f', 8),
            other => {
                let name = quoted(other);
                return Err(format!("it holds numpy's type {name}, expected numbers"));
            }
        };
        self.arena.add(Node::NumpyType(NumpyType {
            kind,
            size_bytes,
            big_endian: false,
        }))
    }

    /// The state of a type says its byte order, and else what only types of several numbers need.
    pub(super) fn numpy_byte_order(&mut self, id: NodeId, state: Value) -> Found<()> {
        let state = self.arena.arguments(state)?;
        let order = state.get(1).copied().unwrap_or(Value::None);
        let big = self.arena.text(order)? == ">";
        if let Node::NumpyType(dtype) = self.arena.node_mut(id) {
            dtype.big_endian = big;
        }
        Ok(())
    }

    /// The number of type `dtype` in `bytes`.
    pub(super) fn numpy_scalar(&mut self, dtype: Value, bytes: Value) -> Found<Value> {
        let Some(Node::NumpyType(dtype)) = self.arena.get(dtype) else {
            let kind = self.arena.kind(dtype);
            return Err(format!("a number of numpy is of {kind}, expected a type"));
        };
        let Some(Node::Bytes(bytes)) = self.arena.get(bytes) else {
            let kind = self.arena.kind(bytes);
            return Err(format!("a number of numpy is {kind}, expected bytes"));
        };
        dtype.read(bytes)
    }

    /// The bytes that a text of Latin-1 stands for, which is how protocol 2 writes bytes.
    pub(super) fn encode(&mut self, text: Value, encoding: Value) -> Found<Value> {
        let encoding = self.arena.text(encoding)?;
        if encoding != "latin1" {
            let encoding = quoted(encoding);
            return Err(format!(
                "bytes are encoded as {encoding}, expected `latin1`"
            ));
        }
        let text = self.arena.text(text)?;
        self.arena.pay(text.len())?;
        let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
        let bytes = bytes.map_err(|_| "a text of bytes has characters beyond Latin-1")?;
        self.arena.add(Node::Bytes(bytes.into()))
    }
}

impl NumpyType {
    fn read(self, bytes: &[u8]) -> Found<Value> {
        if self.big_endian {
            return Err("a number of numpy has its highest byte first, expected the lowest".into());
        }
        if bytes.len() != self.size_bytes {
            let (found, expected) = (bytes.len(), self.size_bytes);
            return Err(format!(
                "a number of numpy has {found} bytes, expected {expected}"
            ));
        }
        let is_negative = self.kind == 'i' && bytes.last().is_some_and(|high| *high >= 0x80);
        let mut whole = [if is_negative { 0xff } else { 0 }; 8];
        for (slot, byte) in whole.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        let bits = u64::from_le_bytes(whole);
        Ok(match (self.kind, self.size_bytes) {
            ('b', _) => Value::Bool(bits != 0),
            ('f', 2) => Value::Float(f16::from_bits(bits as u16).into()),
            ('f', 4) => Value::Float(f32::from_bits(bits as u32).into()),
            ('f', _) => Value::Float(f64::from_bits(bits)),
            ('u', _) => {
                let n = i64::try_from(bits);
                Value::Int(n.map_err(|_| format!("{bits} was found, expected at most 63 bits"))?)
            }
            _ => Value::Int(bits.cast_signed()),
        })
    }
}
