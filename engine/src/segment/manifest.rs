//! What an index says of itself.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dense::HnswParams;
use crate::encoder::EncoderSpec;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::lexical::LexicalSettings;
use crate::mapped;
use crate::whole_file;

use super::site::BUILDING;

pub(super) const FILE: &str = "xenoglot.json";
const MAGIC: &str = "xenoglot-index";
/// Raised whenever files change their meaning; an index of another format is refused by name.
const FORMAT: u32 = 2;

/// What an index is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    magic: String,
    format: u32,
    /// Counts commits to this directory, from 1.
    pub generation: u64,
    segment: String,
    /// How many documents there are.
    pub n_docs: usize,
    /// How many documents there are in each language.
    pub languages: BTreeMap<Lang, usize>,
    /// Which encoder made the vectors.
    pub encoder: EncoderSpec,
    /// How the graph was built.
    pub hnsw: HnswParams,
    /// How words are weighed, and what is stored of them.
    pub lexical: LexicalSettings,
    files: Vec<FileEntry>,
    /// Over everything above.
    checksum: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FileEntry {
    path: String,
    size_bytes: u64,
    blake3: String,
}

/// What a writer knows when it is done.
pub(super) struct Contents {
    pub(super) n_docs: usize,
    pub(super) languages: BTreeMap<Lang, usize>,
    pub(super) encoder: EncoderSpec,
    pub(super) hnsw: HnswParams,
    pub(super) lexical: LexicalSettings,
}

impl Manifest {
    /// Reads the manifest of the index in `dir`.
    ///
    /// # Errors
    /// When there is none, or it is of a format that this program does not read.
    pub fn read(dir: &Path) -> Result<Self> {
        let not_an_index = |found: &str| Error::NotAnIndex {
            dir: dir.to_owned(),
            found: found.to_owned(),
        };
        let path = dir.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(_) if !dir.exists() => return Err(not_an_index("there is no such directory")),
            Err(_) if !dir.is_dir() => return Err(not_an_index("it is a file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(not_an_index(&format!("it has no {FILE}")));
            }
            Err(source) => return Err(Error::Read { path, source }),
        };
        #[derive(Deserialize)]
        struct Head {
            magic: String,
            format: u32,
        }
        let Ok(head) = serde_json::from_slice::<Head>(&text) else {
            return Err(not_an_index(&format!(
                "its {FILE} says nothing of an index"
            )));
        };
        if head.magic != MAGIC {
            return Err(not_an_index(&format!("its {FILE} is of `{}`", head.magic)));
        }
        if head.format != FORMAT {
            return Err(Error::IndexFormat {
                dir: dir.to_owned(),
                found: head.format,
                expected: FORMAT,
            });
        }
        let damaged = |found: String| Error::Damaged {
            path: path.clone(),
            found,
            expected: "a manifest".into(),
        };
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.checksum != manifest.own_checksum() {
            return Err(damaged("other contents than were written".into()));
        }
        // These names are joined to paths that are read, and removed.
        if manifest.segment != segment_name(manifest.generation) {
            return Err(damaged(format!("segment {:?}", manifest.segment)));
        }
        let is_plain = |file: &FileEntry| {
            Path::new(&file.path)
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
        };
        if let Some(file) = manifest.files.iter().find(|file| !is_plain(file)) {
            return Err(damaged(format!("file {:?}", file.path)));
        }
        Ok(manifest)
    }

    /// The manifest of the files that lie in `building`, to be renamed to generation `generation`.
    pub(super) fn of(contents: Contents, generation: u64, building: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for path in files_below(building)? {
            let name = path
                .strip_prefix(building)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            let (size_bytes, blake3) = checksum(&path)?;
            files.push(FileEntry {
                path: name,
                size_bytes,
                blake3,
            });
        }
        let mut manifest = Self {
            magic: MAGIC.into(),
            format: FORMAT,
            generation,
            segment: segment_name(generation),
            n_docs: contents.n_docs,
            languages: contents.languages,
            encoder: contents.encoder,
            hnsw: contents.hnsw,
            lexical: contents.lexical,
            files,
            checksum: String::new(),
        };
        manifest.checksum = manifest.own_checksum();
        Ok(manifest)
    }

    fn own_checksum(&self) -> String {
        let rest = Self {
            checksum: String::new(),
            ..self.clone()
        };
        // A structure of strings and numbers always becomes JSON; were it not so, no manifest would ever be read.
        let json = serde_json::to_vec(&rest).unwrap_or_default();
        blake3::hash(&json).to_hex().to_string()
    }

    /// Makes this the manifest of the index in `dir`, in one step.
    pub(super) fn publish(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        let written = whole_file::write(&path, BUILDING, |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            file.write_all(b"\n")
        });
        written.map_err(|source| Error::Write { path, source })
    }

    /// The directory of this generation's files, inside the index.
    pub(super) fn segment(&self) -> &str {
        &self.segment
    }

    /// Compares every file of the index in `dir` with its checksum.
    ///
    /// # Errors
    /// [`Error::Damaged`], naming the first file that is not what was written.
    pub fn verify(&self, dir: &Path) -> Result<()> {
        for file in &self.files {
            let path = dir.join(&self.segment).join(&file.path);
            let missing = || Error::Damaged {
                path: path.clone(),
                found: "no such file".into(),
                expected: "what was written".into(),
            };
            if !path.exists() {
                return Err(missing());
            }
            let (size_bytes, blake3) = checksum(&path)?;
            if (size_bytes, &blake3) != (file.size_bytes, &file.blake3) {
                return Err(Error::Damaged {
                    path,
                    found: format!(
                        "{size_bytes} bytes with checksum {}",
                        blake3.chars().take(12).collect::<String>()
                    ),
                    expected: format!(
                        "{} bytes with checksum {}",
                        file.size_bytes,
                        file.blake3.chars().take(12).collect::<String>()
                    ),
                });
            }
        }
        Ok(())
    }

    /// Bytes on disk, all files together.
    pub fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }
}

/// The directory of a generation's files.
fn segment_name(generation: u64) -> String {
    format!("segment-{generation:06}")
}

/// Whether a directory called `name` may be a generation's.
pub(super) fn is_segment_name(name: &str) -> bool {
    let generation = name
        .strip_prefix("segment-")
        .and_then(|digits| digits.parse().ok());
    generation.is_some_and(|generation| segment_name(generation) == name)
}

/// Every file below `dir`, in the order of their names.
pub(super) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Read {
        path: dir.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn checksum(path: &Path) -> Result<(u64, String)> {
    let bytes = mapped::map(path)?;
    let hash = blake3::Hasher::new().update_rayon(&bytes).finalize();
    Ok((bytes.len() as u64, hash.to_hex().to_string()))
}
