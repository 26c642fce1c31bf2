//! What an index says of itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::dense::HnswParams;
use crate::encoder::EncoderSpec;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::mapped;

pub(super) const FILE: &str = "xenoglot.json";
const MAGIC: &str = "xenoglot-index";
/// Raised whenever files change their meaning; an index of another format is refused by name.
const FORMAT: u32 = 1;

/// What an index is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    magic: String,
    format: u32,
    /// Counts commits to this directory, from 1.
    pub generation: u64,
    /// The directory of this generation's files, inside the index.
    pub(super) segment: String,
    /// How many documents there are.
    pub n_docs: usize,
    /// How many documents there are in each language.
    pub languages: BTreeMap<Lang, usize>,
    /// Which encoder made the vectors.
    pub encoder: EncoderSpec,
    /// How the graph was built.
    pub hnsw: HnswParams,
    files: Vec<FileEntry>,
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
        serde_json::from_slice(&text).map_err(|error| Error::Damaged {
            path,
            found: error.to_string(),
            expected: "a manifest".into(),
        })
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
        Ok(Self {
            magic: MAGIC.into(),
            format: FORMAT,
            generation,
            segment: format!("segment-{generation:06}"),
            n_docs: contents.n_docs,
            languages: contents.languages,
            encoder: contents.encoder,
            hnsw: contents.hnsw,
            files,
        })
    }

    /// Makes this the manifest of the index in `dir`, in one step.
    pub(super) fn publish(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        let publish = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            sync_directory(dir)
        };
        publish().map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })
    }

    /// Compares every file with its checksum.
    pub(super) fn verify(&self, dir: &Path) -> Result<()> {
        for file in &self.files {
            let path = dir.join(&self.segment).join(&file.path);
            let (size_bytes, blake3) = checksum(&path)?;
            if (size_bytes, &blake3) != (file.size_bytes, &file.blake3) {
                return Err(Error::Damaged {
                    path,
                    found: format!("{size_bytes} bytes with checksum {}", &blake3[..12]),
                    expected: format!(
                        "{} bytes with checksum {}",
                        file.size_bytes,
                        &file.blake3[..12.min(file.blake3.len())]
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

/// Every file below `dir`, in the order of their names.
pub(super) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Read {
        path: dir.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if !(name.starts_with('.') || name.ends_with(".lock")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// So that a rename survives a power cut.
pub(super) fn sync_directory(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

fn checksum(path: &Path) -> Result<(u64, String)> {
    let bytes = mapped::map(path)?;
    let hash = blake3::Hasher::new().update_rayon(&bytes).finalize();
    Ok((bytes.len() as u64, hash.to_hex().to_string()))
}
