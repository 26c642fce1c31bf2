//! The directory of a collection: the lock that keeps other writers out, and hidden directories where segments are made.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::whole_file;

use super::log;
use super::manifest::{self, Manifest, segment_name};

/// Begins the name of everything that is not an index yet.
pub(super) const BUILDING: &str = ".building-";
const LOCK: &str = ".lock";

/// A claimed index directory.
pub(super) struct Site {
    dir: PathBuf,
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
        let site = Self {
            dir: dir.to_owned(),
            made_dir,
            _lock: lock,
        };
        site.remove_leftovers().map_err(failed)?;
        Ok(site)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A new directory to make a segment in; dropped, it leaves nothing.
    pub(super) fn building(&self) -> Result<TempDir> {
        let building = building_in(&self.dir);
        building.map_err(|source| Error::Write {
            path: self.dir.clone(),
            source,
        })
    }

    /// Makes what lies in `building` segment `number`, whose directory comes back.
    pub(super) fn install(&self, building: &TempDir, number: u64) -> Result<PathBuf> {
        let segment = self.dir.join(segment_name(number));
        let rename = || {
            // Of a generation that was never published.
            if segment.exists() {
                std::fs::remove_dir_all(&segment)?;
            }
            std::fs::rename(building.path(), &segment)?;
            whole_file::sync_directory(&self.dir)
        };
        match rename() {
            Ok(()) => Ok(segment),
            Err(source) => Err(Error::Write {
                path: segment,
                source,
            }),
        }
    }

    /// A number that no segment in the directory has, nor any that `manifest` is still to make.
    pub(super) fn free_number(&self, manifest: &Manifest) -> Result<u64> {
        let names = entries(&self.dir).map_err(|source| Error::Read {
            path: self.dir.clone(),
            source,
        })?;
        let numbers = names
            .iter()
            .filter_map(|name| name.strip_prefix("segment-")?.parse::<u64>().ok());
        let after = numbers.max().map_or(1, |number| number.saturating_add(1));
        Ok(after.max(manifest.next_segment))
    }

    /// Removes what killed writers left: whatever the manifest does not name.
    pub(super) fn remove_leftovers(&self) -> io::Result<()> {
        let current = Manifest::read(&self.dir).ok();
        for name in entries(&self.dir)? {
            let path = self.dir.join(&name);
            let entry = current.as_ref().and_then(|manifest| {
                let mut segments = manifest.segments.iter();
                segments.find(|entry| entry.dir_name() == name)
            });
            if let Some(entry) = entry {
                let living = entry.living.as_ref().map(|file| file.path.as_str());
                remove_stale(&path, living)?;
            } else if name.starts_with(BUILDING) && path.is_file() {
                std::fs::remove_file(path)?;
            } else if name.starts_with(BUILDING)
                || (current.is_some() && is_segment(&self.dir, &name))
            {
                std::fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }
}

/// A new hidden directory in `dir`; dropped, it leaves nothing.
pub(super) fn building_in(dir: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    // A temporary directory is its owner's alone; what it becomes is as readable as any new one.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.prefix(BUILDING).tempdir_in(dir)
}

/// Removes from the segment in `dir` all sets of living documents but the one called `living`, and what was being written.
pub(super) fn remove_stale(dir: &Path, living: Option<&str>) -> io::Result<()> {
    for name in entries(dir)? {
        let is_set = name.starts_with("living-") && living != Some(&*name);
        if is_set || name.starts_with(BUILDING) {
            std::fs::remove_file(dir.join(name))?;
        }
    }
    Ok(())
}

impl Drop for Site {
    fn drop(&mut self) {
        // The directory goes only if we made it and it never became an index. What cannot be removed here is left to the
        // next writer.
        if self.made_dir && !self.dir.join(manifest::FILE).exists() {
            let _ = self.remove_leftovers();
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
pub(super) fn is_vacant(dir: &Path) -> Result<bool> {
    let names = entries(dir).map_err(|source| Error::Read {
        path: dir.to_owned(),
        source,
    })?;
    let has_segment = names.iter().any(|name| is_segment(dir, name));
    let is_ours = |name: &String| {
        let manifest = has_segment && name == manifest::FILE;
        let hidden = name == LOCK || name.starts_with(BUILDING);
        manifest || hidden || is_segment(dir, name) || log::first_of(name).is_some()
    };
    Ok(names.iter().all(is_ours))
}

/// Whether `name` in `dir` is a directory that a build made.
fn is_segment(dir: &Path, name: &str) -> bool {
    manifest::is_segment_name(name) && dir.join(name).join("terms").join("meta.json").is_file()
}

fn entries(dir: &Path) -> io::Result<Vec<String>> {
    std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
