//! What lies in a segment, and whether it is still what was written.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::language::Lang;
use crate::mapped;
use crate::whole_file;

/// The file that says what a segment is.
const FILE: &str = "segment.json";

/// Files up to this size are compared with their checksums whenever an index is opened. Larger ones would make opening
/// take as long as reading everything.
const ALWAYS_COMPARED_BYTES: u64 = 1 << 20;

/// How much of an index is read to see whether it is what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// The size of every file, and the checksums of small ones.
    Quick,
    /// The checksum of every file.
    Full,
}

/// What lies in a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inventory {
    /// Documents, deleted ones among them.
    pub(crate) n_docs: usize,
    pub(crate) n_vectors: usize,
    pub(crate) languages: BTreeMap<Lang, usize>,
    files: Vec<FileEntry>,
}

/// A file as it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    /// Below the directory of its owner.
    pub(crate) path: String,
    pub(crate) size_bytes: u64,
    blake3: String,
}

impl Inventory {
    /// Takes stock of `dir`, makes every file in it last, and writes the inventory, whose own entry comes back.
    pub(super) fn write(
        dir: &Path,
        n_docs: usize,
        n_vectors: usize,
        languages: BTreeMap<Lang, usize>,
    ) -> Result<(Self, FileEntry)> {
        let mut files = Vec::new();
        for path in files_below(dir)? {
            let file = std::fs::File::open(&path);
            let synced = file.and_then(|file| whole_file::sync_file(&file, &path));
            synced.map_err(|source| Error::Write {
                path: path.clone(),
                source,
            })?;
            files.push(FileEntry::of(dir, &path)?);
        }
        let inventory = Self {
            n_docs,
            n_vectors,
            languages,
            files,
        };
        let path = dir.join(FILE);
        let write = || {
            whole_file::write(&path, ".segment-", |file| {
                serde_json::to_writer_pretty(&mut *file, &inventory)?;
                file.write_all(b"\n")
            })?;
            for directory in directories_of(&inventory.files) {
                whole_file::sync_directory(&dir.join(directory))?;
            }
            whole_file::sync_directory(dir)
        };
        write().map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })?;
        let entry = FileEntry::of(dir, &path)?;
        Ok((inventory, entry))
    }

    /// The inventory of the segment in `dir`, which must be what `entry` says, and all its files as they were written, as
    /// far as `thoroughness` goes.
    pub(super) fn open(dir: &Path, entry: &FileEntry, thoroughness: Thoroughness) -> Result<Self> {
        entry.compare(dir, Thoroughness::Full)?;
        let path = dir.join(FILE);
        let text = std::fs::read(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        let inventory: Self = serde_json::from_slice(&text).map_err(|error| Error::Damaged {
            path,
            found: error.to_string(),
            expected: "an inventory".into(),
        })?;
        inventory.compare(dir, thoroughness)?;
        Ok(inventory)
    }

    /// Compares every file in `dir` with what was written.
    pub(crate) fn compare(&self, dir: &Path, thoroughness: Thoroughness) -> Result<()> {
        let mut files = self.files.iter();
        files.try_for_each(|file| file.compare(dir, thoroughness))
    }

    /// Bytes on disk, all files together.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }

    /// The files, below the segment's directory.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter().map(|file| file.path.as_str());
        files.chain(std::iter::once(FILE))
    }
}

impl FileEntry {
    /// The entry of the file at `path`, which lies below `dir`.
    pub(crate) fn of(dir: &Path, path: &Path) -> Result<Self> {
        let name = path.strip_prefix(dir).unwrap_or(path).to_string_lossy();
        let (size_bytes, blake3) = checksum(path)?;
        Ok(Self {
            path: name.replace('\\', "/"),
            size_bytes,
            blake3,
        })
    }

    /// Compares the file below `dir` with what was written.
    ///
    /// # Errors
    /// [`Error::Damaged`], naming the file.
    pub(crate) fn compare(&self, dir: &Path, thoroughness: Thoroughness) -> Result<()> {
        // The name is joined to a path that is read.
        let plain = |part| matches!(part, Component::Normal(_));
        if !Path::new(&self.path).components().all(plain) {
            return Err(Error::Damaged {
                path: dir.to_owned(),
                found: format!("file {:?}", self.path),
                expected: "names of files in it".into(),
            });
        }
        let path = dir.join(&self.path);
        let damaged = |found: String, expected: String| Error::Damaged {
            path: path.clone(),
            found,
            expected,
        };
        let size_bytes = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(damaged("no such file".into(), "what was written".into()));
            }
            Err(source) => return Err(Error::Read { path, source }),
        };
        if size_bytes != self.size_bytes {
            let expected = format!("{} bytes", self.size_bytes);
            return Err(damaged(format!("{size_bytes} bytes"), expected));
        }
        if thoroughness == Thoroughness::Quick && size_bytes > ALWAYS_COMPARED_BYTES {
            return Ok(());
        }
        let (_, blake3) = checksum(&path)?;
        if blake3 != self.blake3 {
            let short = |hash: &str| {
                format!(
                    "{size_bytes} bytes with checksum {}",
                    hash.get(..12).unwrap_or(hash)
                )
            };
            return Err(damaged(short(&blake3), short(&self.blake3)));
        }
        Ok(())
    }
}

/// Every file below `dir`, in the order of their names.
fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
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

/// The directories that `files` lie in, below that of their owner.
fn directories_of(files: &[FileEntry]) -> Vec<&Path> {
    let parents = files
        .iter()
        .filter_map(|file| Path::new(&file.path).parent());
    let mut directories: Vec<&Path> = parents.filter(|dir| !dir.as_os_str().is_empty()).collect();
    directories.sort();
    directories.dedup();
    directories
}

fn checksum(path: &Path) -> Result<(u64, String)> {
    let bytes = mapped::map(path)?;
    let hash = blake3::Hasher::new().update_rayon(&bytes).finalize();
    Ok((bytes.len() as u64, hash.to_hex().to_string()))
}
