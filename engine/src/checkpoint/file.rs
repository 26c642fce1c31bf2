//! A file whose tensors lie where they lie, and what its first bytes say it is.

use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use ndarray::ArrayD;

use crate::error::{Error, Result};
use crate::mapped;

use super::{Found, Tensor};

/// A file's bytes.
pub(super) enum Content {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Content {
    pub(super) fn open(path: &Path) -> Result<Self> {
        mapped::map(path).map(Self::Mapped)
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// How a checkpoint is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Safetensors,
    /// PyTorch since 1.6: a zip archive.
    Archive,
    /// PyTorch before 1.6: pickles, one behind the other.
    Legacy,
}

impl Form {
    /// What the first bytes of a file say.
    pub(super) fn of(bytes: &[u8]) -> Found<Self> {
        const EXPECTED: &str = "expected safetensors or what PyTorch's `torch.save` writes";
        // The header of safetensors is JSON behind its length. No archive of PyTorch and no pickle has `{` there.
        if bytes.get(8) == Some(&b'{') {
            return Ok(Self::Safetensors);
        }
        if bytes.starts_with(b"PK") {
            return Ok(Self::Archive);
        }
        if bytes.first() == Some(&0x80) {
            return Ok(Self::Legacy);
        }
        if bytes.get(257..262) == Some(b"ustar") {
            return Err(format!(
                "it is a tar file of PyTorch before 0.1.10, {EXPECTED}"
            ));
        }
        if bytes.starts_with(b"version https://git-lfs") {
            return Err(
                "it is a pointer of git-lfs, expected the file that `git lfs pull` fetches".into(),
            );
        }
        if bytes.is_empty() {
            return Err(format!("it is empty, {EXPECTED}"));
        }
        Err(format!("it begins like no checkpoint, {EXPECTED}"))
    }
}

/// A file and where in it the storages lie that tensors are views of.
pub(super) struct File {
    path: PathBuf,
    content: Content,
    storages: Vec<Range<usize>>,
}

impl File {
    pub(super) fn new(path: &Path, content: Content, storages: Vec<Range<usize>>) -> Self {
        Self {
            path: path.to_owned(),
            content,
            storages,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error about this file.
    pub(super) fn problem(&self, problem: String) -> Error {
        self::problem(&self.path, problem)
    }

    /// The numbers of `tensor`, row by row.
    pub(super) fn numbers(&self, tensor: &Tensor) -> Result<ArrayD<f32>> {
        let about = |problem| {
            let name = quoted(tensor.name());
            self.problem(format!("tensor {name} {problem}"))
        };
        let outside = || about("lies outside of this file".to_owned());
        let place = self.storages.get(tensor.layout().storage);
        let bytes = place.and_then(|place| self.content.get(place.clone()));
        let numbers = tensor.layout().read(bytes.ok_or_else(outside)?);
        let numbers = numbers.ok_or_else(outside)?;
        if let Some(at) = numbers.iter().position(|x| !x.is_finite()) {
            return Err(about(format!(
                "holds a number that is not finite in 32 bits, at {at} of its values"
            )));
        }
        ArrayD::from_shape_vec(tensor.shape(), numbers).map_err(|_| {
            about(format!(
                "has shape {:?}, which is too large",
                tensor.shape()
            ))
        })
    }

    /// Where the values of `tensor` lie, if it is contiguous.
    pub(super) fn place(&self, tensor: &Tensor) -> Option<Range<usize>> {
        let storage = self.storages.get(tensor.layout().storage)?;
        let within = tensor.layout().contiguous_bytes()?;
        let place =
            storage.start.checked_add(within.start)?..storage.start.checked_add(within.end)?;
        (place.end <= storage.end).then_some(place)
    }
}

/// An error about the file at `path`.
pub(super) fn problem(path: &Path, problem: String) -> Error {
    Error::Model {
        path: path.to_owned(),
        problem,
    }
}

/// A name out of a file, fit for a message: short, and without control characters.
pub(super) fn quoted(name: &str) -> String {
    const LONGEST: usize = 120;
    let mut shown: String = name
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
