//! Where a build happens: a hidden directory inside the index, and the lock that keeps others out.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::whole_file;

use super::manifest::{self, Contents, Manifest};
use super::reader::Segment;
use super::writer::TERMS;

/// Begins the name of everything that is not an index yet.
pub(super) const BUILDING: &str = ".building-";
const LOCK: &str = ".lock";

/// A claimed index directory; dropped, it leaves nothing of a build that was not published.
pub(super) struct Site {
    dir: PathBuf,
    building: tempfile::TempDir,
    made_dir: bool,
    _lock: File,
}

impl Site {
    /// Makes `dir` ready for a build and keeps other writers out.
    ///
    /// # Errors
    /// When `dir` holds other things than an index, another process writes it, or the disk fails.
    pub(super) fn claim(dir: &Path) -> Result<Self> {
        let failed = |source| Error::Write {
            path: dir.to_owned(),
            source,
        };
        let made_dir = !dir.exists();
        if !made_dir && !is_index(dir)? && !is_vacant(dir)? {
            return Err(Error::DirectoryInUse {
                dir: dir.to_owned(),
            });
        }
        std::fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::create(dir.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    dir: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        remove_leftovers(dir).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        // A temporary directory is its owner's alone; what it becomes is as readable as any new one.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let building = builder.prefix(BUILDING).tempdir_in(dir).map_err(failed)?;
        Ok(Self {
            dir: dir.to_owned(),
            building,
            made_dir,
            _lock: lock,
        })
    }

    /// The directory to build in.
    pub(super) fn building(&self) -> &Path {
        self.building.path()
    }

    /// Turns the build into the index's next generation, and throws the one before away.
    pub(super) fn publish(&self, contents: Contents) -> Result<Manifest> {
        let generation = match Manifest::read(&self.dir) {
            Ok(previous) => previous.generation.saturating_add(1),
            Err(Error::Read { path, source }) => return Err(Error::Read { path, source }),
            // There is none, or it is to be replaced: a number whose directory is free.
            Err(_) => 1,
        };
        self.tidy_terms().map_err(|source| self.failed(source))?;
        let manifest = Manifest::of(contents, generation, self.building())?;
        // Whatever cannot be opened now must not replace what can.
        Segment::open_files(self.building(), manifest.clone())?;
        self.make_last().map_err(|source| self.failed(source))?;
        let segment = self.dir.join(manifest.segment());
        let rename = || -> io::Result<()> {
            if segment.exists() {
                std::fs::remove_dir_all(&segment)?;
            }
            std::fs::rename(self.building(), &segment)?;
            whole_file::sync_directory(&self.dir)
        };
        rename().map_err(|source| Error::Write {
            path: segment.clone(),
            source,
        })?;
        if let Err(error) = manifest.publish(&self.dir) {
            // Nothing else may be written here while we hold the lock: the segment is ours, and nobody's.
            let _ = std::fs::remove_dir_all(&segment);
            return Err(error);
        }
        // A server that reads the old files keeps them open; what cannot be removed costs disk and no answer.
        if let Err(error) =
            whole_file::sync_directory(&self.dir).and_then(|()| remove_leftovers(&self.dir))
        {
            tracing::warn!(%error, "cannot tidy up after the build");
        }
        Ok(manifest)
    }

    /// tantivy leaves its locks behind, and makes some of its files its user's alone.
    fn tidy_terms(&self) -> io::Result<()> {
        let permissions = std::fs::metadata(self.building().join("vectors.f32"))?.permissions();
        for entry in std::fs::read_dir(self.building().join(TERMS))? {
            let path = entry?.path();
            match path
                .extension()
                .is_some_and(|extension| extension == "lock")
            {
                true => std::fs::remove_file(path)?,
                false => std::fs::set_permissions(path, permissions.clone())?,
            }
        }
        Ok(())
    }

    fn make_last(&self) -> io::Result<()> {
        for path in manifest::files_below(self.building()).map_err(io::Error::other)? {
            File::open(path)?.sync_all()?;
        }
        whole_file::sync_directory(&self.building().join(TERMS))?;
        whole_file::sync_directory(self.building())
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.building().to_owned(),
            source,
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // `TempDir` removes the build; the directory itself goes only if we made it and it never became an index.
        // What cannot be removed here is left to the next build.
        if self.made_dir && !self.dir.join(manifest::FILE).exists() {
            let _ = std::fs::remove_dir_all(self.building());
            let _ = std::fs::remove_file(self.dir.join(LOCK));
            let _ = std::fs::remove_dir(&self.dir);
        }
    }
}

/// Whether `dir` holds an index, be it damaged or of another format: one that a rebuild may replace.
fn is_index(dir: &Path) -> Result<bool> {
    match Manifest::read(dir) {
        Ok(_) | Err(Error::IndexFormat { .. } | Error::Damaged { .. }) => Ok(true),
        Err(Error::NotAnIndex { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether nothing lies in `dir` but what builds left: killed ones, or one whose manifest is beyond reading.
fn is_vacant(dir: &Path) -> Result<bool> {
    let names = entries(dir).map_err(|source| Error::Read {
        path: dir.to_owned(),
        source,
    })?;
    let has_segment = names.iter().any(|name| is_segment(dir, name));
    let is_ours = |name: &String| {
        let manifest = has_segment && name == manifest::FILE;
        manifest || name == LOCK || name.starts_with(BUILDING) || is_segment(dir, name)
    };
    Ok(names.iter().all(is_ours))
}

/// Removes what killed builds left: whatever the manifest does not name. The lock must be held.
fn remove_leftovers(dir: &Path) -> io::Result<()> {
    let current = Manifest::read(dir).ok();
    for name in entries(dir)? {
        let path = dir.join(&name);
        let is_current = current
            .as_ref()
            .is_some_and(|manifest| manifest.segment() == name);
        if name.starts_with(BUILDING) && path.is_file() {
            std::fs::remove_file(path)?;
        } else if name.starts_with(BUILDING)
            || (current.is_some() && !is_current && is_segment(dir, &name))
        {
            std::fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// Whether `name` in `dir` is a directory that a build made.
fn is_segment(dir: &Path, name: &str) -> bool {
    manifest::is_segment_name(name) && dir.join(name).join(TERMS).join("meta.json").is_file()
}

fn entries(dir: &Path) -> io::Result<Vec<String>> {
    std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
