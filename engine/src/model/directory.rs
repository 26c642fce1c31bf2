//! A model's files, in a directory or inside the program.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::mapped;

/// A Hugging Face style model directory.
#[derive(Debug, Clone)]
pub struct ModelDir {
    path: PathBuf,
    place: Place,
}

/// A file of a model that the program carries inside itself.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedFile {
    /// Its name in the directory.
    pub name: &'static str,
    /// Its contents.
    pub bytes: &'static [u8],
}

#[derive(Debug, Clone)]
enum Place {
    Disk,
    Embedded(&'static [EmbeddedFile]),
}

impl ModelDir {
    /// The directory at `path`.
    ///
    /// # Errors
    /// When it is no directory or holds no `config.json`.
    pub fn open(path: &Path) -> Result<Self> {
        let not_a_model = |found: &str| Error::NotAModel {
            path: path.to_owned(),
            found: found.to_owned(),
        };
        if !path.exists() {
            return Err(not_a_model("there is nothing at that path"));
        }
        if !path.is_dir() {
            return Err(not_a_model("it is a file, expected a directory"));
        }
        if !path.join("config.json").is_file() {
            return Err(not_a_model("it has no config.json"));
        }
        Ok(Self {
            path: path.to_owned(),
            place: Place::Disk,
        })
    }

    /// The model `name` inside the program.
    pub fn embedded(name: &str, files: &'static [EmbeddedFile]) -> Self {
        Self {
            path: PathBuf::from(name),
            place: Place::Embedded(files),
        }
    }

    /// Where the file `name` lies, for messages.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where the files lie, if they lie on disk.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self.place {
            Place::Disk => Some(&self.path),
            Place::Embedded(_) => None,
        }
    }

    /// The last part of the path: what people call the model.
    pub fn name(&self) -> String {
        let full = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        full.file_name()
            .unwrap_or(full.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    /// Whether the file `name` is there.
    pub fn has(&self, name: &str) -> bool {
        match &self.place {
            Place::Disk => self.path.join(name).is_file(),
            Place::Embedded(files) => files.iter().any(|file| file.name == name),
        }
    }

    /// The contents of the file `name`.
    pub fn bytes(&self, name: &str) -> Result<Bytes> {
        match &self.place {
            Place::Disk => Ok(Bytes::Mapped(Arc::new(mapped::map(&self.path.join(name))?))),
            Place::Embedded(files) => match files.iter().find(|file| file.name == name) {
                Some(file) => Ok(Bytes::Embedded(file.bytes)),
                None => Err(Error::NotAModel {
                    path: self.path.clone(),
                    found: format!("it has no {name}"),
                }),
            },
        }
    }

    /// The file `name`, read as JSON.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let bytes = self.bytes(name)?;
        serde_json::from_slice(&bytes).map_err(|source| Error::ModelLibrary {
            path: self.path_of(name),
            doing: "read this JSON",
            source: source.into(),
        })
    }

    /// What `config.json` says of the architecture.
    pub(crate) fn config(&self) -> Result<Architecture> {
        self.json("config.json")
    }

    /// A hash over the files `names`: everything that decides what the model computes. Files that are not there
    /// count as empty.
    pub(crate) fn fingerprint(&self, names: &[&str]) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for name in names {
            let bytes = if self.has(name) {
                self.bytes(name)?
            } else {
                Bytes::Embedded(&[])
            };
            hasher.update(name.as_bytes());
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update_rayon(&bytes);
        }
        Ok(hasher.finalize().to_hex()[..32].to_owned())
    }
}

/// The part of `config.json` that says which loader reads the rest.
#[derive(Debug, Deserialize)]
pub(crate) struct Architecture {
    pub(crate) model_type: String,
}

/// A file's contents, shared and never copied.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// Inside the program.
    Embedded(&'static [u8]),
    /// On disk.
    Mapped(Arc<Mmap>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Embedded(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}
