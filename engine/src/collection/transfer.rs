//! Collections as files: checked, copied while they are written, and taken in again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::language::Lang;
use crate::segment::Thoroughness;
use crate::whole_file;

use super::live::Collection;
use super::log;
use super::manifest::{FILE, Manifest, write_living};
use super::site::{BUILDING, Site, building_in, is_vacant, remove_stale};
use super::snapshot::Snapshot;

/// What a segment is, as a person is told.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SegmentFacts {
    /// The name of its directory.
    pub name: String,
    /// Documents that live.
    pub n_docs: usize,
    /// Documents that were deleted and take up room still.
    pub n_deleted: usize,
    /// Vectors, of deleted documents too.
    pub n_vectors: usize,
    /// Documents that live, by language.
    pub languages: BTreeMap<Lang, usize>,
    /// Bytes on disk.
    pub size_bytes: u64,
}

/// Reads every byte of the index in `dir`, and compares it with its checksum. Comes back with the segments, and how many records
/// of the log are in none of them.
///
/// # Errors
/// [`Error::Damaged`], naming the first file that is not what was written.
pub fn verify(dir: &Path) -> Result<(Vec<SegmentFacts>, u64)> {
    let snapshot = Snapshot::open(dir)?;
    for part in &snapshot.parts {
        let segment = &part.segment;
        segment
            .inventory
            .compare(&segment.dir, Thoroughness::Full)?;
    }
    let logged = snapshot.manifest.logged;
    let replayed = log::replay(dir, logged, |_, _| Ok(()))?;
    Ok((snapshot.facts(), replayed.next - 1 - logged))
}

/// The manifest of the index in `dir`, and the segments that it names.
///
/// # Errors
/// When there is no index, or what was looked at to open it is damaged.
pub fn facts(dir: &Path) -> Result<(Manifest, Vec<SegmentFacts>)> {
    let snapshot = Snapshot::open(dir)?;
    Ok((snapshot.manifest.clone(), snapshot.facts()))
}

impl Snapshot {
    /// What the segments are.
    pub(crate) fn facts(&self) -> Vec<SegmentFacts> {
        let entries = self.manifest.segments.iter();
        let facts = entries.zip(&self.parts).map(|(entry, part)| {
            let inventory = &part.segment.inventory;
            SegmentFacts {
                name: entry.dir_name(),
                n_docs: entry.n_docs(),
                n_deleted: inventory.n_docs - entry.n_docs(),
                n_vectors: inventory.n_vectors,
                languages: entry.languages.clone(),
                size_bytes: entry.size_bytes,
            }
        });
        facts.collect()
    }

    /// Copies the index into the empty directory `to`. The files of this snapshot stay while it is held, whatever is written.
    fn copy(&self, to: &Path) -> Result<()> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Write { path, source }
        };
        let mut manifest = self.manifest.clone();
        for (entry, part) in manifest.segments.iter_mut().zip(&self.parts) {
            let dir = to.join(entry.dir_name());
            for name in part.segment.inventory.paths() {
                let (from, to) = (part.segment.dir.join(name), dir.join(name));
                if let Some(parent) = to.parent() {
                    std::fs::create_dir_all(parent).map_err(failed(parent))?;
                }
                copy_file(&from, &to)?;
            }
            // Which documents live may have changed on disk since.
            entry.living = match &part.living {
                Some(living) => Some(write_living(&dir, manifest.generation, living)?),
                None => None,
            };
            whole_file::sync_directory(&dir).map_err(failed(&dir))?;
        }
        manifest.publish(to)
    }

    /// Puts a copy of the index at `to`, which must not exist: a directory, or a file of tar where the name ends so. It appears
    /// whole or not at all.
    fn export(&self, to: &Path) -> Result<()> {
        let failed = |source| Error::Write {
            path: to.to_owned(),
            source,
        };
        if to.exists() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        if is_tar(to) {
            let mut failure = None;
            let written = whole_file::write(to, BUILDING, |file| {
                self.write_tar(file).map_err(|error| {
                    failure = Some(error);
                    io::ErrorKind::Other.into()
                })
            });
            return written.map_err(|source| failure.unwrap_or_else(|| failed(source)));
        }
        let parent = parent_of(to);
        let building = building_in(parent).map_err(failed)?;
        self.copy(building.path())?;
        std::fs::rename(building.path(), to).map_err(failed)?;
        whole_file::sync_directory(parent).map_err(failed)
    }

    /// Writes the index as a tar to `out`.
    pub(crate) fn write_tar(&self, out: &mut dyn Write) -> Result<()> {
        let failed = |source| Error::Write {
            path: PathBuf::from("snapshot.tar"),
            source,
        };
        let mut tar = tar::Builder::new(out);
        let mut manifest = self.manifest.clone();
        let scratch = tempfile::tempdir().map_err(failed)?;
        for (entry, part) in manifest.segments.iter_mut().zip(&self.parts) {
            let name = entry.dir_name();
            for path in part.segment.inventory.paths() {
                let from = part.segment.dir.join(path);
                tar.append_path_with_name(from, Path::new(&name).join(path))
                    .map_err(failed)?;
            }
            entry.living = match &part.living {
                Some(living) => {
                    let file = write_living(scratch.path(), manifest.generation, living)?;
                    let from = scratch.path().join(&file.path);
                    tar.append_path_with_name(&from, Path::new(&name).join(&file.path))
                        .map_err(failed)?;
                    remove_stale(scratch.path(), None).map_err(failed)?;
                    Some(file)
                }
                None => None,
            };
        }
        manifest.publish(scratch.path())?;
        tar.append_path_with_name(scratch.path().join(FILE), FILE)
            .and_then(|()| tar.finish())
            .map_err(failed)
    }
}

impl Collection {
    /// Puts a copy of the collection as it is now at `to`, which must not exist: a directory, or a tar where the name ends so.
    /// Writes go on meanwhile.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn export(&self, to: &Path) -> Result<()> {
        self.refresh()?;
        self.snapshot().export(to)
    }
}

/// Puts a copy of the index in `dir` at `to`, as [`Collection::export`] does, while another process may be writing it.
///
/// # Errors
/// When there is no index in `dir`, or the disk fails or is full.
pub fn export(dir: &Path, to: &Path) -> Result<()> {
    loop {
        let snapshot = Snapshot::open(dir)?;
        match snapshot.export(to) {
            // The other process merged what was being copied.
            Err(_) if Manifest::read(dir)?.generation != snapshot.manifest.generation => {}
            done => return done,
        }
    }
}

/// Makes the index that was exported to `from`, a directory or a file of tar, the index in `dir`, which must be new or empty.
///
/// # Errors
/// When any byte of `from` is not what was exported, or the disk fails; `dir` is then as it was.
pub fn import(from: &Path, dir: &Path) -> Result<Manifest> {
    let failed = |source| Error::Write {
        path: dir.to_owned(),
        source,
    };
    if dir.exists() && (!is_vacant(dir)? || Manifest::read(dir).is_ok()) {
        return Err(Error::DirectoryInUse {
            dir: dir.to_owned(),
        });
    }
    let site = Site::claim(dir)?;
    let building = site.building()?;
    if from.is_dir() {
        Snapshot::open(from)?.copy(building.path())?;
    } else {
        unpack(from, building.path())?;
    }
    let (_, n_waiting) = verify(building.path())?;
    let manifest = Manifest::read(building.path())?;
    if n_waiting > 0 {
        return Err(Error::NotASnapshot {
            path: from.to_owned(),
            found: "it has a log".into(),
        });
    }
    for entry in &manifest.segments {
        let name = entry.dir_name();
        std::fs::rename(building.path().join(&name), dir.join(&name)).map_err(failed)?;
    }
    whole_file::sync_directory(dir).map_err(failed)?;
    // From here on it is an index.
    std::fs::rename(building.path().join(FILE), dir.join(FILE))
        .and_then(|()| whole_file::sync_directory(dir))
        .map_err(failed)?;
    Ok(manifest)
}

/// Unpacks the files of the tar at `from` into `to`.
fn unpack(from: &Path, to: &Path) -> Result<()> {
    let bad = |found: String| Error::NotASnapshot {
        path: from.to_owned(),
        found,
    };
    let read = |source| Error::Read {
        path: from.to_owned(),
        source,
    };
    let file = File::open(from).map_err(read)?;
    let mut tar = tar::Archive::new(io::BufReader::new(file));
    for entry in tar.entries().map_err(|error| bad(error.to_string()))? {
        let mut entry = entry.map_err(|error| bad(error.to_string()))?;
        let kind = entry.header().entry_type();
        if !kind.is_file() && !kind.is_dir() {
            return Err(bad(format!("it holds a {kind:?}")));
        }
        // Refuses names that lead out of `to`.
        let unpacked = entry.unpack_in(to);
        if !unpacked.map_err(|error| bad(error.to_string()))? {
            return Err(bad("it holds a name that leads elsewhere".into()));
        }
    }
    sync_below(to).map_err(|source| Error::Write {
        path: to.to_owned(),
        source,
    })
}

fn sync_below(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_below(&path)?;
        } else {
            whole_file::sync_file(&File::open(&path)?, &path)?;
        }
    }
    whole_file::sync_directory(dir)
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let mut input = File::open(from).map_err(|source| Error::Read {
        path: from.to_owned(),
        source,
    })?;
    let mut copy = || {
        let mut output = File::create_new(to)?;
        io::copy(&mut input, &mut output)?;
        whole_file::sync_file(&output, to)
    };
    copy().map_err(|source| Error::Write {
        path: to.to_owned(),
        source,
    })
}

fn is_tar(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tar")
}

fn parent_of(path: &Path) -> &Path {
    let parent = path.parent();
    let named = parent.filter(|parent| !parent.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}
