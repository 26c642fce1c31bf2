//! What the imported names do when they are called: our own code, and no other.

use super::arena::{Node, Value};
use super::imports::Import;
use super::{Dtype, Found, Machine, Storage, quoted};
use crate::checkpoint::tensor::Layout;

impl<'a> Machine<'a> {
    /// Calls what the stack holds below its arguments.
    pub(super) fn reduce(&mut self) -> Found<()> {
        let arguments = self.pop()?;
        let arguments = self.arena.arguments(arguments)?;
        let callee = self.pop()?;
        let Some(Node::Import(import)) = self.arena.get(callee) else {
            let kind = self.arena.kind(callee);
            return Err(format!("it calls {kind}, expected a function"));
        };
        let value = self.call(*import, &arguments)?;
        self.push(value)
    }

    fn call(&mut self, import: Import, arguments: &[Value]) -> Found<Value> {
        match (import, arguments) {
            (Import::OrderedDict, []) => self.arena.add(Node::Dict(Vec::new())),
            (Import::Size, [sizes]) => self.size_of(*sizes),
            (Import::RebuildTensor, [storage, offset, shape, strides])
            | (Import::RebuildTensorV2, [storage, offset, shape, strides, _, _])
            | (Import::RebuildTensorV2, [storage, offset, shape, strides, _, _, _]) => {
                self.tensor([*storage, *offset, *shape, *strides], None)
            }
            (Import::RebuildTensorV3, [storage, offset, shape, strides, _, _, dtype])
            | (Import::RebuildTensorV3, [storage, offset, shape, strides, _, _, dtype, _]) => {
                self.tensor([*storage, *offset, *shape, *strides], Some(*dtype))
            }
            (Import::RebuildParameter, [tensor, _, _]) => self.parameter(*tensor),
            (Import::NumpyDtype, [name, ..]) => self.numpy_dtype(*name),
            (Import::NumpyScalar, [dtype, bytes]) => self.numpy_scalar(*dtype, *bytes),
            (Import::Encode, [text, encoding]) => self.encode(*text, *encoding),
            _ => {
                let n = arguments.len();
                Err(format!(
                    "it calls {import:?} with {n} arguments, which it cannot take"
                ))
            }
        }
    }

    /// Gives the object on top of the stack its state.
    pub(super) fn build(&mut self) -> Found<()> {
        let state = self.pop()?;
        let top = self.top()?;
        match (top, self.arena.get(top)) {
            // Modules leave `_metadata`, versions of themselves, on a state dict.
            (_, Some(Node::Dict(_))) => Ok(()),
            (Value::Node(id), Some(Node::NumpyType(_))) => self.numpy_byte_order(id, state),
            _ => {
                let kind = self.arena.kind(top);
                Err(format!("it gives a state to {kind}, which has none"))
            }
        }
    }

    /// A size is the tuple it is made of: tuples never change.
    fn size_of(&mut self, sizes: Value) -> Found<Value> {
        self.arena.tuple(sizes)?;
        // The arguments, which hold it too, may be recalled.
        self.arena.share(sizes);
        Ok(sizes)
    }

    /// A parameter is the tensor it wraps.
    fn parameter(&mut self, tensor: Value) -> Found<Value> {
        let Some(Node::Tensor(_)) = self.arena.get(tensor) else {
            let kind = self.arena.kind(tensor);
            return Err(format!("a parameter wraps {kind}, expected a tensor"));
        };
        self.arena.share(tensor);
        Ok(tensor)
    }

    fn tensor(&mut self, parts: [Value; 4], dtype: Option<Value>) -> Found<Value> {
        let [storage, offset, shape, strides] = parts;
        let Some(Node::Storage(index)) = self.arena.get(storage) else {
            let kind = self.arena.kind(storage);
            return Err(format!("a tensor lies in {kind}, expected a storage"));
        };
        let index = *index;
        let storage = self
            .storages
            .get(index)
            .copied()
            .ok_or("a storage is missing")?;
        let dtype = match dtype.map(|dtype| self.arena.get(dtype)) {
            None => storage.dtype,
            Some(Some(Node::Import(Import::Dtype(dtype)))) => Some(*dtype),
            Some(_) => None,
        };
        let layout = Layout {
            dtype: dtype.ok_or("the type of a tensor's numbers is not known")?,
            shape: self.arena.sizes(shape)?,
            strides: self.arena.sizes(strides)?,
            offset: self.arena.size(offset)?,
            storage: index,
        };
        check_inside(&layout, &storage)?;
        let left = self.numbers_left.checked_sub(layout.n_numbers()?);
        self.numbers_left = left.ok_or("its tensors unfold to many times the size of the file")?;
        self.arena.add(Node::Tensor(Box::new(layout)))
    }

    /// Turns what a file calls a storage into one.
    pub(super) fn persistent(&mut self) -> Found<()> {
        let id = self.pop()?;
        let parts = self.arena.arguments(id)?;
        let [kind, class, key, _, count, ref view @ ..] = parts[..] else {
            let n = parts.len();
            return Err(format!("a storage is named by {n} values, expected 5 or 6"));
        };
        let kind = self.arena.text(kind)?;
        if kind != "storage" {
            return Err(format!(
                "it names {} of its file, expected `storage`",
                quoted(kind)
            ));
        }
        if !matches!(view, [] | [Value::None]) {
            return Err("a storage is a part of another, which PyTorch no longer writes".into());
        }
        let Some(Node::Import(Import::Storage(dtype))) = self.arena.get(class) else {
            let kind = self.arena.kind(class);
            return Err(format!("a storage is of {kind}, expected its class"));
        };
        let (key, count) = (self.arena.text(key)?, self.arena.size(count)?);
        let index = self.storage(key, *dtype, count)?;
        self.push_node(Node::Storage(index))
    }

    fn storage(&mut self, key: &'a str, dtype: Option<Dtype>, count: usize) -> Found<usize> {
        if let Some(index) = self.storage_of_key.get(key) {
            let known = self.storages.get(*index);
            if known.is_some_and(|known| (known.dtype, known.count) == (dtype, count)) {
                return Ok(*index);
            }
            return Err(format!(
                "the storage {} comes with two types or sizes",
                quoted(key)
            ));
        }
        let size_bytes = count.checked_mul(dtype.map_or(1, Dtype::size));
        let storage = Storage {
            key,
            dtype,
            count,
            size_bytes: size_bytes
                .ok_or_else(|| format!("the storage {} is too large", quoted(key)))?,
        };
        let index = self.storages.len();
        self.storages.push(storage);
        self.storage_of_key.insert(key, index);
        Ok(index)
    }
}

fn check_inside(layout: &Layout, storage: &Storage<'_>) -> Found<()> {
    let extent = layout.extent()?;
    if extent <= storage.size_bytes {
        return Ok(());
    }
    let Layout {
        shape,
        strides,
        offset,
        ..
    } = layout;
    let (key, size_bytes) = (quoted(storage.key), storage.size_bytes);
    Err(format!(
        "a tensor of shape {shape:?} and strides {strides:?} from {offset} on takes {extent} bytes, and its storage \
         {key} has {size_bytes}"
    ))
}
