//! The opcodes that make values, fill them and remember them.

use super::arena::{MAX_NODES, Node, Value};
use super::opcodes::*;
use super::{Found, Machine, underflow};

impl Machine<'_> {
    pub(super) fn number(&mut self, opcode: u8) -> Found<Value> {
        Ok(match opcode {
            NEWTRUE => Value::Bool(true),
            NEWFALSE => Value::Bool(false),
            BININT => Value::Int(i32::from_le_bytes(self.reader.array()?).into()),
            BININT1 => Value::Int(self.reader.byte()?.into()),
            BININT2 => Value::Int(u16::from_le_bytes(self.reader.array()?).into()),
            BINFLOAT => Value::Float(f64::from_be_bytes(self.reader.array()?)),
            LONG1 => self.long(1)?,
            LONG4 => self.long(4)?,
            _ => Value::None,
        })
    }

    fn long(&mut self, len_bytes: usize) -> Found<Value> {
        let bytes = self.reader.counted(len_bytes)?;
        if bytes.len() > 8 {
            return self.arena.add(Node::Long(bytes));
        }
        // The highest bit is the sign, and fills the bytes that are not written.
        let fill = bytes
            .last()
            .map_or(0, |high| if *high >= 0x80 { 0xff } else { 0 });
        let mut whole = [fill; 8];
        for (slot, byte) in whole.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        Ok(Value::Int(i64::from_le_bytes(whole)))
    }

    pub(super) fn text_or_bytes(&mut self, opcode: u8) -> Found<()> {
        let len_bytes = match opcode {
            SHORT_BINUNICODE | SHORT_BINSTRING | SHORT_BINBYTES => 1,
            BINUNICODE | BINSTRING | BINBYTES => 4,
            _ => 8,
        };
        let bytes = self.reader.counted(len_bytes)?;
        let node = match opcode {
            BINBYTES | SHORT_BINBYTES | BINBYTES8 | BYTEARRAY8 => Node::Bytes(bytes.into()),
            _ => Node::Text(std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")?),
        };
        self.push_node(node)
    }

    pub(super) fn tuple(&mut self, len: usize) -> Found<()> {
        let start = self
            .stack
            .len()
            .checked_sub(len)
            .filter(|start| *start >= self.floor());
        let values = self.stack.split_off(start.ok_or_else(underflow)?);
        self.push_node(Node::Tuple(values))
    }

    pub(super) fn tuple_since_mark(&mut self) -> Found<()> {
        let values = self.since_mark()?;
        self.push_node(Node::Tuple(values))
    }

    pub(super) fn append(&mut self, many: bool) -> Found<()> {
        let values = if many {
            self.since_mark()?
        } else {
            vec![self.pop()?]
        };
        match self.top_node()? {
            Node::List(list) => list.extend(values),
            other => return Err(format!("it appends to {}, expected a list", other.kind())),
        }
        Ok(())
    }

    pub(super) fn set_items(&mut self, many: bool) -> Found<()> {
        let values = if many {
            self.since_mark()?
        } else {
            let value = self.pop()?;
            vec![self.pop()?, value]
        };
        let (pairs, rest) = values.as_chunks();
        if !rest.is_empty() {
            return Err("it sets a key of a mapping without a value".into());
        }
        match self.top_node()? {
            Node::Dict(dict) => dict.extend(pairs.iter().map(|[key, value]| (*key, *value))),
            other => {
                return Err(format!(
                    "it sets keys of {}, expected a mapping",
                    other.kind()
                ));
            }
        }
        Ok(())
    }

    pub(super) fn put(&mut self, opcode: u8) -> Found<()> {
        let key = match opcode {
            BINPUT => self.reader.byte()?.into(),
            LONG_BINPUT => u32::from_le_bytes(self.reader.array()?),
            _ => self.memo.len() as u32,
        };
        let value = self.top()?;
        if self.memo.len() >= MAX_NODES {
            return Err(format!("it remembers more than {MAX_NODES} values"));
        }
        self.memo.insert(key, value);
        Ok(())
    }

    pub(super) fn get(&mut self, opcode: u8) -> Found<()> {
        let key = match opcode {
            BINGET => self.reader.byte()?.into(),
            _ => u32::from_le_bytes(self.reader.array()?),
        };
        let value = self.memo.get(&key).copied();
        let value = value.ok_or_else(|| format!("it recalls {key}, which it never remembered"))?;
        self.arena.share(value);
        self.push(value)
    }
}
