//! Pickles that PyTorch wrote, in either of its two formats.

use std::ops::Range;
use std::path::Path;

use ndarray::ArrayD;

use crate::error::Result;

use super::archive::Archive;
use super::file::{self, Content, File, Form, quoted};
use super::machine::{Limits, Program};
use super::{Found, Object, Tensor, legacy};

/// Any pickle that PyTorch wrote, as plain values.
pub struct Pickle {
    file: File,
    root: Object,
}

impl Pickle {
    /// The pickle at `path`.
    ///
    /// # Errors
    /// When PyTorch did not write the file, when it is damaged, or when it asks for more than plain values and tensors.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(path, Content::open(path)?)
    }

    /// The pickle in `bytes`; messages call it `path`.
    ///
    /// # Errors
    /// As [`Pickle::open`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        Self::read(path, Content::Owned(bytes))
    }

    pub(super) fn read(path: &Path, content: Content) -> Result<Self> {
        let (root, storages) = parse(&content).map_err(|problem| file::problem(path, problem))?;
        Ok(Self {
            file: File::new(path, content, storages),
            root,
        })
    }

    pub(super) fn into_parts(self) -> (File, Object) {
        (self.file, self.root)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// What it holds.
    pub fn root(&self) -> &Object {
        &self.root
    }

    /// The numbers of `tensor`, which is one of this pickle's, copied row by row and turned into 32 bits.
    ///
    /// # Errors
    /// When one of them is not finite in 32 bits.
    pub fn numbers(&self, tensor: &Tensor) -> Result<ArrayD<f32>> {
        self.file.numbers(tensor)
    }
}

/// What `bytes` hold, and where the storages of its tensors lie.
fn parse(bytes: &[u8]) -> Found<(Object, Vec<Range<usize>>)> {
    match Form::of(bytes)? {
        Form::Safetensors => Err("it is a safetensors file, expected a pickle of PyTorch".into()),
        Form::Legacy => legacy::read(bytes),
        Form::Archive => read_archive(bytes),
    }
}

fn read_archive(bytes: &[u8]) -> Found<(Object, Vec<Range<usize>>)> {
    let archive = Archive::open(bytes)?;
    let place = archive.place("data.pkl").and_then(|at| bytes.get(at));
    let pickle = place.unwrap_or_default();
    let program = Program::run(pickle, 0, Limits::of_file(bytes.len()))?;
    if program.end() != pickle.len() {
        let behind = pickle.len() - program.end();
        return Err(format!(
            "{behind} bytes lie behind the end of its pickle, expected none"
        ));
    }
    let (root, storages) = program.into_object()?;
    let mut places = Vec::with_capacity(storages.len());
    for storage in storages {
        let (key, expected) = (quoted(storage.key), storage.size_bytes);
        let place = archive.place(&format!("data/{}", storage.key));
        let place = place.ok_or_else(|| format!("its storage {key} is missing"))?;
        if place.len() != expected {
            let found = place.len();
            return Err(format!(
                "its storage {key} has {found} bytes, expected {expected}"
            ));
        }
        places.push(place);
    }
    Ok((root, places))
}
