//! The pickle machine: a fixed table of opcodes over a stack of plain values. Nothing is imported and nothing is called
//! but what [`imports`] lists.

mod opcodes;
mod reader;

mod arena;
mod values;

mod calls;
mod imports;
mod numpy;

mod tree;

use std::collections::HashMap;

use super::file::quoted;
use super::{Dtype, Found, Object};
use arena::{Arena, Node, Value};
use opcodes::*;
use reader::Reader;

/// What a pickle may ask for in all, so that memory stays in proportion to the file.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of copies of what the file holds once.
    copied_bytes: usize,
    /// Numbers of all tensors together, which may share their storages.
    numbers: usize,
}

impl Limits {
    /// Those of a file of `size_bytes`. A real checkpoint copies a few names, and stores a number in two bytes or four.
    pub(super) fn of_file(size_bytes: usize) -> Self {
        Self {
            copied_bytes: size_bytes
                .saturating_mul(16)
                .saturating_add(1 << 20)
                .min(1 << 30),
            numbers: size_bytes.saturating_mul(16),
        }
    }
}

/// A storage that a pickle names.
#[derive(Clone, Copy)]
pub(super) struct Storage<'a> {
    pub(super) key: &'a str,
    /// None for bytes, whose tensors say themselves what they are.
    dtype: Option<Dtype>,
    /// In numbers of its type.
    pub(super) count: usize,
    pub(super) size_bytes: usize,
}

/// A pickle that ran to its end.
pub(super) struct Program<'a> {
    root: Value,
    arena: Arena<'a>,
    storages: Vec<Storage<'a>>,
    end: usize,
}

impl<'a> Program<'a> {
    /// Runs the pickle in `bytes` that begins at `at`.
    pub(super) fn run(bytes: &'a [u8], at: usize, limits: Limits) -> Found<Self> {
        let mut machine = Machine {
            reader: Reader::new(bytes, at),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            arena: Arena::new(limits.copied_bytes),
            storages: Vec::new(),
            storage_of_key: HashMap::new(),
            numbers_left: limits.numbers,
        };
        if !bytes.get(at..).unwrap_or_default().starts_with(&[PROTO]) {
            return Err("it begins like no pickle of protocol 2 to 5".into());
        }
        loop {
            let at = machine.reader.at();
            let step = machine
                .reader
                .byte()
                .and_then(|opcode| machine.step(opcode));
            let stopped = step.map_err(|problem| format!("{problem} (byte {at} of the pickle)"))?;
            if let Some(root) = stopped {
                return Ok(Self {
                    root,
                    end: machine.reader.at(),
                    arena: machine.arena,
                    storages: machine.storages,
                });
            }
        }
    }

    /// Where in its bytes the pickle ends.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The whole number of more than 64 bits that it holds, the lowest byte first.
    pub(super) fn long(&self) -> Option<&'a [u8]> {
        match self.arena.get(self.root) {
            Some(Node::Long(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// What it holds, as plain values, and the storages of the tensors in it.
    pub(super) fn into_object(mut self) -> Found<(Object, Vec<Storage<'a>>)> {
        let object = tree::object(&mut self.arena, self.root)?;
        Ok((object, self.storages))
    }
}

struct Machine<'a> {
    reader: Reader<'a>,
    stack: Vec<Value>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    arena: Arena<'a>,
    storages: Vec<Storage<'a>>,
    storage_of_key: HashMap<&'a str, usize>,
    numbers_left: usize,
}

impl<'a> Machine<'a> {
    /// Does what `opcode` says; the value that the pickle stops with, when it does.
    fn step(&mut self, opcode: u8) -> Found<Option<Value>> {
        match opcode {
            STOP => return self.stop().map(Some),
            PROTO => self.protocol()?,
            FRAME => self.frame()?,
            NONE | NEWTRUE | NEWFALSE | BININT | BININT1 | BININT2 | LONG1 | LONG4 | BINFLOAT => {
                let value = self.number(opcode)?;
                self.push(value)?;
            }
            BINUNICODE | SHORT_BINUNICODE | BINUNICODE8 | BINSTRING | SHORT_BINSTRING
            | BINBYTES | SHORT_BINBYTES | BINBYTES8 | BYTEARRAY8 => self.text_or_bytes(opcode)?,
            EMPTY_LIST => self.push_node(Node::List(Vec::new()))?,
            EMPTY_DICT => self.push_node(Node::Dict(Vec::new()))?,
            EMPTY_TUPLE => self.push_node(Node::Tuple(Vec::new()))?,
            TUPLE => self.tuple_since_mark()?,
            TUPLE1 => self.tuple(1)?,
            TUPLE2 => self.tuple(2)?,
            TUPLE3 => self.tuple(3)?,
            MARK => self.mark()?,
            POP => drop(self.pop()?),
            POP_MARK => drop(self.since_mark()?),
            APPEND | APPENDS => self.append(opcode == APPENDS)?,
            SETITEM | SETITEMS => self.set_items(opcode == SETITEMS)?,
            BINPUT | LONG_BINPUT | MEMOIZE => self.put(opcode)?,
            BINGET | LONG_BINGET => self.get(opcode)?,
            GLOBAL | STACK_GLOBAL | INST => self.import(opcode)?,
            REDUCE | NEWOBJ => self.reduce()?,
            BUILD => self.build()?,
            BINPERSID => self.persistent()?,
            other => return Err(refusal(other)),
        }
        Ok(None)
    }

    fn stop(&mut self) -> Found<Value> {
        let root = self.pop()?;
        if !self.stack.is_empty() || !self.marks.is_empty() {
            return Err("it stops with values left over".into());
        }
        Ok(root)
    }

    fn protocol(&mut self) -> Found<()> {
        match self.reader.byte()? {
            2..=5 => Ok(()),
            other => Err(format!(
                "it is a pickle of protocol {other}, expected 2 to 5"
            )),
        }
    }

    fn frame(&mut self) -> Found<()> {
        let len = u64::from_le_bytes(self.reader.array()?);
        if len > self.reader.n_left() as u64 {
            return Err("a frame reaches beyond the end; it may be cut short".into());
        }
        Ok(())
    }

    fn import(&mut self, opcode: u8) -> Found<()> {
        let (module, name) = if opcode == STACK_GLOBAL {
            let name = self.pop()?;
            let module = self.pop()?;
            (self.arena.text(module)?, self.arena.text(name)?)
        } else {
            (self.reader.line()?, self.reader.line()?)
        };
        let import = imports::find(module, name).ok_or_else(|| {
            let asked = quoted(&format!("{module}.{name}"));
            format!("the pickle asks for {asked}, which is not among what a checkpoint needs")
        })?;
        if opcode == INST {
            return Err(refusal(INST));
        }
        self.push_node(Node::Import(import))
    }

    /// The lowest the stack may shrink to: what is below a mark belongs to another value.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn push(&mut self, value: Value) -> Found<()> {
        self.arena.count()?;
        self.stack.push(value);
        Ok(())
    }

    fn mark(&mut self) -> Found<()> {
        self.arena.count()?;
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn push_node(&mut self, node: Node<'a>) -> Found<()> {
        let value = self.arena.add(node)?;
        self.push(value)
    }

    fn pop(&mut self) -> Found<Value> {
        if self.stack.len() <= self.floor() {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    fn top(&self) -> Found<Value> {
        let values = self.stack.get(self.floor()..).unwrap_or_default();
        values.last().copied().ok_or_else(underflow)
    }

    fn top_node(&mut self) -> Found<&mut Node<'a>> {
        let top = self.top()?;
        let id = top
            .node()
            .ok_or("it fills a plain value, expected a list or a mapping")?;
        Ok(self.arena.node_mut(id))
    }

    fn since_mark(&mut self) -> Found<Vec<Value>> {
        let mark = self
            .marks
            .pop()
            .ok_or("it goes back to a mark that it never set")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }
}

fn underflow() -> String {
    "it takes more values from its stack than it put there".into()
}
