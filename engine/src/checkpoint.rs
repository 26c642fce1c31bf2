//! Checkpoints: tensors as PyTorch and safetensors leave them in files, read without running anything.
//!
//! A pickle is a program for a small machine that may import and call whatever Python can. Ours knows the opcodes that
//! PyTorch and numpy write and a table of the names they import, each of which stands for code of our own; anything else
//! is refused by name. Numbers stay where they lie in the mapped file until they are asked for, and what is kept of a
//! file is bounded by its size.

mod archive;
mod file;
mod legacy;
mod machine;
mod object;
mod pickle;
mod tensor;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use ndarray::ArrayD;
use safetensors::SafeTensors;

use crate::error::{Error, Result};
use file::{Content, File, Form};
use tensor::Layout;

pub use object::Object;
pub use pickle::Pickle;
pub use tensor::{Dtype, Tensor};

/// What a part of a file holds, or a sentence about what is wrong with it.
type Found<T> = std::result::Result<T, String>;

/// The named tensors of one file: of safetensors, or a pickle of PyTorch whose root maps names to tensors.
pub struct Checkpoint {
    file: File,
    tensors: BTreeMap<String, Tensor>,
}

impl Checkpoint {
    /// The checkpoint at `path`, told apart by content and not by the file's name.
    ///
    /// # Errors
    /// When the file is neither format, damaged, or asks for more than tensors by name.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(path, Content::open(path)?)
    }

    /// The checkpoint in `bytes`; messages call it `path`.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        Self::read(path, Content::Owned(bytes))
    }

    fn read(path: &Path, content: Content) -> Result<Self> {
        let form = Form::of(&content).map_err(|problem| file::problem(path, problem))?;
        if form == Form::Safetensors {
            return Self::read_safetensors(path, content);
        }
        let (file, root) = Pickle::read(path, content)?.into_parts();
        let tensors = named_tensors(root).map_err(|problem| file.problem(problem))?;
        Ok(Self { file, tensors })
    }

    fn read_safetensors(path: &Path, content: Content) -> Result<Self> {
        let parsed = SafeTensors::deserialize(&content).map_err(|source| Error::ModelLibrary {
            path: path.to_owned(),
            doing: "read these weights",
            source: source.into(),
        })?;
        let mut places = Vec::new();
        let mut tensors = BTreeMap::new();
        for (name, view) in parsed.iter() {
            let problem =
                |problem| file::problem(path, format!("tensor {}: {problem}", file::quoted(name)));
            let dtype = Dtype::of_safetensors(view.dtype()).map_err(problem)?;
            let layout = Layout::contiguous(dtype, view.shape(), places.len()).map_err(problem)?;
            let start = view.data().as_ptr() as usize - content.as_ptr() as usize;
            places.push(start..start + view.data().len());
            tensors.insert(name.to_owned(), Tensor::new(name.to_owned(), layout));
        }
        let file = File::new(path, content, places);
        Ok(Self { file, tensors })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of the tensor `name`, if there is one.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(Tensor::shape)
    }

    /// The numbers of the tensor `name`, copied row by row and turned into 32 bits.
    ///
    /// # Errors
    /// When it is missing, or when one of its numbers is not finite in 32 bits.
    pub fn numbers(&self, name: &str) -> Result<ArrayD<f32>> {
        let tensor = self.tensors.get(name).ok_or_else(|| {
            let problem = format!("tensor {} is missing", file::quoted(name));
            self.file.problem(problem)
        })?;
        self.file.numbers(tensor)
    }

    /// Where the values of the tensor `name` lie in the file, and their type, if it is contiguous.
    pub(crate) fn place(&self, name: &str) -> Option<(Dtype, Range<usize>)> {
        let tensor = self.tensors.get(name)?;
        Some((tensor.dtype(), self.file.place(tensor)?))
    }
}

fn named_tensors(root: Object) -> Found<BTreeMap<String, Tensor>> {
    let kind = root.kind();
    let Object::Dict(entries) = root else {
        return Err(format!("it holds {kind}, expected tensors by name"));
    };
    let mut tensors = BTreeMap::new();
    for (key, value) in entries {
        let kind = key.kind();
        let Object::Text(name) = key else {
            return Err(format!("it names a tensor by {kind}, expected a text"));
        };
        let kind = value.kind();
        let Object::Tensor(tensor) = value else {
            let name = file::quoted(&name);
            return Err(format!("it holds {kind} as {name}, expected a tensor"));
        };
        let quoted = file::quoted(&name);
        if tensors.insert(name, tensor).is_some() {
            return Err(format!("tensor {quoted} comes twice"));
        }
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests;
