//! A model's files, in a directory or inside the program.

use std::ops::Deref;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::mapped;

/// A directory of Hugging Face's or sentence-transformers' layout.
#[derive(Debug, Clone)]
pub struct ModelDir {
    path: PathBuf,
    place: Place,
    /// The ONNX file that the user named, if any.
    onnx_file: Option<String>,
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
    /// The files whose names begin with `prefix`.
    Embedded {
        files: &'static [EmbeddedFile],
        prefix: String,
    },
}

/// What says that a directory holds a model.
const MARKS: [&str; 2] = ["config.json", "modules.json"];

impl ModelDir {
    /// The directory at `path`, or the one around the ONNX file at `path`.
    ///
    /// # Errors
    /// When there is none, or when it holds neither `config.json` nor `modules.json`.
    pub fn open(path: &Path) -> Result<Self> {
        let not_a_model = |found: &str| Error::NotAModel {
            path: path.to_owned(),
            found: found.to_owned(),
        };
        if !path.exists() {
            return Err(not_a_model("there is nothing at that path"));
        }
        if path.is_file() {
            return Self::around(path).ok_or_else(|| {
                not_a_model(
                    "it is a file, expected a directory, or an .onnx file with config.json or modules.json beside or \
                     above it",
                )
            });
        }
        let dir = Self::on_disk(path);
        if !MARKS.iter().any(|mark| dir.has(mark)) {
            return Err(not_a_model("it has no config.json and no modules.json"));
        }
        Ok(dir)
    }

    /// The model `name` inside the program.
    pub fn embedded(name: &str, files: &'static [EmbeddedFile]) -> Self {
        Self {
            path: PathBuf::from(name),
            place: Place::Embedded {
                files,
                prefix: String::new(),
            },
            onnx_file: None,
        }
    }

    fn on_disk(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            place: Place::Disk,
            onnx_file: None,
        }
    }

    /// The model of the ONNX file at `path`, which lies in the model's directory or in a folder of it.
    fn around(path: &Path) -> Option<Self> {
        if path.extension()? != "onnx" {
            return None;
        }
        let path = std::path::absolute(path).ok()?;
        // A folder of exports may hold a config.json of its own, and only the model's directory has modules.json.
        let dir = MARKS.iter().rev().find_map(|mark| {
            let folders = path.ancestors().skip(1).take(2);
            folders.map(Self::on_disk).find(|dir| dir.has(mark))
        })?;
        let name = path.strip_prefix(&dir.path).ok()?.to_str()?;
        Some(Self {
            onnx_file: Some(name.to_owned()),
            ..dir
        })
    }

    /// The folder `name` of this directory; `""` and `"."` are the directory itself.
    ///
    /// # Errors
    /// When `name` leads out of the directory.
    pub(crate) fn folder(&self, name: &str) -> Result<Self> {
        self.check_inside(name)?;
        let mut folder = self.clone();
        let name = name.trim_start_matches("./");
        if name.is_empty() || name == "." {
            return Ok(folder);
        }
        folder.path.push(name);
        if let Place::Embedded { prefix, .. } = &mut folder.place {
            *prefix = format!("{prefix}{name}/");
        }
        Ok(folder)
    }

    /// Refuses names that a directory from the network might lead astray with.
    pub(crate) fn check_inside(&self, name: &str) -> Result<()> {
        let stays = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if Path::new(name).components().all(stays) {
            return Ok(());
        }
        Err(Error::Model {
            path: self.path.clone(),
            problem: format!("{name:?} leads out of the model's directory"),
        })
    }

    /// The ONNX file that the user named, if any.
    pub(crate) fn onnx_file(&self) -> Option<&str> {
        self.onnx_file.as_deref()
    }

    /// Where the file `name` lies, for messages.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where the file `name` lies on disk, if it does.
    pub(crate) fn on_disk_path(&self, name: &str) -> Option<PathBuf> {
        match self.place {
            Place::Disk => Some(self.path.join(name)),
            Place::Embedded { .. } => None,
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
            Place::Embedded { .. } => self.embedded_bytes(name).is_some(),
        }
    }

    /// The contents of the file `name`.
    pub fn bytes(&self, name: &str) -> Result<Bytes> {
        let bytes = match &self.place {
            Place::Disk if self.has(name) => {
                let map = mapped::map(&self.path.join(name))?;
                Some(Bytes::Mapped(Arc::new(map)))
            }
            Place::Disk => None,
            Place::Embedded { .. } => self.embedded_bytes(name).map(Bytes::Embedded),
        };
        bytes.ok_or_else(|| Error::NotAModel {
            path: self.path.clone(),
            found: format!("it has no {name}"),
        })
    }

    fn embedded_bytes(&self, name: &str) -> Option<&'static [u8]> {
        let Place::Embedded { files, prefix } = &self.place else {
            return None;
        };
        let mut files = files.iter();
        let file = files.find(|file| file.name.strip_prefix(prefix.as_str()) == Some(name))?;
        Some(file.bytes)
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

    /// The file `name`, read as JSON, or what stands for its absence.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        if self.has(name) {
            self.json(name)
        } else {
            Ok(T::default())
        }
    }

    /// A hash over the files `names`: everything that decides what the model computes. Files that are not there do
    /// not count.
    pub(crate) fn fingerprint(&self, names: &[String]) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for name in names.iter().filter(|name| self.has(name)) {
            let bytes = self.bytes(name)?;
            hasher.update(name.as_bytes());
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update_rayon(&bytes);
        }
        Ok(hasher.finalize().to_hex()[..32].to_owned())
    }
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
