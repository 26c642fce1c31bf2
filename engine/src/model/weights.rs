//! Tensors of a `model.safetensors`, left where they lie.

use std::ops::Range;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use crate::error::{Error, Result};

use super::directory::{Bytes, ModelDir};

/// A safetensors file whose header was checked.
pub(crate) struct Weights {
    dir: ModelDir,
    file: &'static str,
    bytes: Bytes,
    on_disk: Option<OnDisk>,
}

/// Where other libraries find the file.
struct OnDisk {
    folder: String,
    name: String,
}

/// One tensor of the file.
pub(crate) struct Tensor {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Where its values lie in the file.
    pub(crate) range: Range<usize>,
}

impl Weights {
    /// Opens `model.safetensors`.
    pub(crate) fn open(dir: &ModelDir) -> Result<Self> {
        let file = "model.safetensors";
        let weights = Self {
            dir: dir.clone(),
            file,
            bytes: dir.bytes(file)?,
            on_disk: dir.folder().and_then(|folder| resolve(&folder.join(file))),
        };
        weights.parsed()?;
        Ok(weights)
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What the file is called.
    pub(crate) fn file_name(&self) -> &'static str {
        self.file
    }

    /// What a graph calls the file that its tensors lie in.
    pub(crate) fn location(&self) -> &str {
        self.on_disk.as_ref().map_or(self.file, |file| &file.name)
    }

    /// The folder that holds [`location`](Self::location), if the file lies on disk under a name that can be told.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.on_disk.as_ref().map(|file| file.folder.as_str())
    }

    /// Whether there is a tensor `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.parsed()
            .is_ok_and(|parsed| parsed.tensor(name).is_ok())
    }

    /// The tensor `name`.
    pub(crate) fn tensor(&self, name: &str) -> Result<Tensor> {
        let parsed = self.parsed()?;
        let view = parsed
            .tensor(name)
            .map_err(|_| self.problem(format!("tensor `{name}` is missing")))?;
        let start = view.data().as_ptr() as usize - self.bytes.as_ptr() as usize;
        Ok(Tensor {
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            range: start..start + view.data().len(),
        })
    }

    /// An error about this file.
    pub(crate) fn problem(&self, problem: String) -> Error {
        Error::Model {
            path: self.dir.path_of(self.file),
            problem,
        }
    }

    fn parsed(&self) -> Result<SafeTensors<'_>> {
        SafeTensors::deserialize(&self.bytes).map_err(|source| Error::ModelLibrary {
            path: self.dir.path_of(self.file),
            doing: "read these weights",
            source: source.into(),
        })
    }
}

/// The file that `path` leads to. ONNX Runtime follows no link out of the folder it is told, and in the cache of the
/// model hub every file is such a link.
fn resolve(path: &Path) -> Option<OnDisk> {
    let real = path.canonicalize().ok()?;
    Some(OnDisk {
        folder: real.parent()?.to_str()?.to_owned(),
        name: real.file_name()?.to_str()?.to_owned(),
    })
}
