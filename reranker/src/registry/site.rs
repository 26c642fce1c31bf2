//! Where an add happens: hidden folders inside the registry, and the lock that keeps others out.
//!
//! The manifest's rename is the moment that counts. Before it, folders change places inside `.adding-ID`, which is made
//! by one rename and from which every step can be taken back; after it, that folder is thrown away.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xenoglot_engine::whole_file;

use crate::error::{Error, Result};
use crate::module::settings;
use crate::stack::ModuleId;

use super::files::{self, write_failed};
use super::manifest::{self, Entry};

/// Begins the name of everything that nobody needs: copies under way, and what is on its way out.
pub(super) const BUILDING: &str = ".building-";
/// Begins the name of an add's folder.
const ADDING: &str = ".adding-";
/// In an add's folder, the module's files until they have their place.
pub(super) const NEW: &str = "new";
/// In an add's folder, what gave way to it, by id.
const BEFORE: &str = "before";
/// In an add's folder, the new module's entry.
const ENTRY: &str = "entry.json";
/// Begins the name of a mark that a module is being removed.
const REMOVING: &str = ".removing-";
const LOCK: &str = ".lock";

/// A claimed registry.
pub(super) struct Site {
    dir: PathBuf,
    entries: Vec<Entry>,
    _lock: File,
}

impl Site {
    /// Makes `dir` ready for an add, keeps other writers out and ends what killed adds began.
    ///
    /// # Errors
    /// When `dir` holds other things than a registry, another process writes it, or the disk fails.
    pub(super) fn claim(dir: &Path) -> Result<Self> {
        if !dir.join(manifest::FILE).exists() && !is_vacant(dir)? {
            return Err(Error::NotARegistry {
                dir: dir.to_owned(),
                found: format!("it holds other files and no {}", manifest::FILE),
            });
        }
        let failed = |source| write_failed(dir, source);
        fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::create(dir.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::RegistryLocked {
                    dir: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let site = Self {
            dir: dir.to_owned(),
            entries: current(dir)?,
            _lock: lock,
        };
        site.tidy()?;
        Ok(site)
    }

    /// What the manifest holds.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A folder to copy into, which is removed unless it is published.
    pub(super) fn building(&self) -> Result<TempDir> {
        let mut builder = tempfile::Builder::new();
        // A temporary folder is its owner's alone; what comes of it is as readable as any new one.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let made = builder.prefix(BUILDING).tempdir_in(&self.dir);
        made.map_err(|source| write_failed(&self.dir, source))
    }

    /// Gives the files in `building` their place, those of `gone` up, and `entries` to the manifest; or changes nothing.
    pub(super) fn publish(
        &self,
        building: TempDir,
        entry: &Entry,
        gone: &[&Entry],
        entries: &[Entry],
    ) -> Result<()> {
        let home = self.dir.join(entry.id.as_str());
        if home.exists() && !gone.iter().any(|gone| gone.id == entry.id) {
            let problem = "it is there, and the manifest has no such module; move it away, or choose another id";
            return Err(settings::problem(&home, problem));
        }
        let adding = self.dir.join(format!("{ADDING}{}", entry.id));
        let done = self
            .move_in(building, &adding, entry, gone)
            .map_err(|source| write_failed(&adding, source))
            .and_then(|()| manifest::write(&self.dir, entries));
        // What cannot be ended now, the next add ends: it costs disk, and no answer.
        let _ = current(&self.dir).and_then(|entries| self.end(&adding, &entries));
        done
    }

    fn move_in(
        &self,
        building: TempDir,
        adding: &Path,
        entry: &Entry,
        gone: &[&Entry],
    ) -> io::Result<()> {
        let before = building.path().join(BEFORE);
        fs::create_dir(&before)?;
        whole_file::write(&building.path().join(ENTRY), BUILDING, |file| {
            Ok(serde_json::to_writer(file, entry)?)
        })?;
        whole_file::sync_directory(building.path())?;
        fs::rename(building.path(), adding)?;
        // Its name is another's now: there is nothing to remove.
        let _ = building.keep();
        for id in gone.iter().map(|gone| gone.id.as_str()) {
            let home = self.dir.join(id);
            if home.exists() {
                fs::rename(home, adding.join(BEFORE).join(id))?;
            }
        }
        fs::rename(adding.join(NEW), self.dir.join(entry.id.as_str()))?;
        whole_file::sync_directory(&adding.join(BEFORE))?;
        whole_file::sync_directory(adding)?;
        whole_file::sync_directory(&self.dir)
    }

    /// Removes the module `id`, and gives `entries`, which are all others, to the manifest; or changes nothing.
    pub(super) fn retire(&self, id: &ModuleId, entries: &[Entry]) -> Result<()> {
        let mark = self.dir.join(format!("{REMOVING}{id}"));
        let marked = fs::create_dir_all(&mark).and_then(|()| whole_file::sync_directory(&self.dir));
        marked.map_err(|source| write_failed(&mark, source))?;
        let done = manifest::write(&self.dir, entries);
        // What cannot be ended now, the next who writes ends: it costs disk, and no answer.
        let _ = current(&self.dir).and_then(|entries| self.end_removal(&mark, &entries));
        done
    }

    /// Ends the removal that `mark` speaks of: the manifest, which holds `entries`, says whether it came to be.
    fn end_removal(&self, mark: &Path, entries: &[Entry]) -> Result<()> {
        let name = mark.file_name().unwrap_or_default().to_string_lossy();
        let id = name.trim_start_matches(REMOVING);
        let home = self.dir.join(id);
        let ended = if home.exists() && !entries.iter().any(|entry| entry.id.as_str() == id) {
            fs::rename(&home, mark.join(id)).and_then(|()| remove(mark))
        } else {
            remove(mark)
        };
        ended.map_err(|source| write_failed(mark, source))
    }

    /// Ends what killed adds and removals began, and removes what they left.
    fn tidy(&self) -> Result<()> {
        for name in files::names(&self.dir)? {
            let path = self.dir.join(&name);
            if name.starts_with(ADDING) {
                self.end(&path, &self.entries)?;
            } else if name.starts_with(REMOVING) {
                self.end_removal(&path, &self.entries)?;
            } else if name.starts_with(BUILDING) {
                remove(&path).map_err(|source| write_failed(&path, source))?;
            }
        }
        Ok(())
    }

    /// Ends the add in the folder `adding`: forwards where the manifest, which holds `entries`, names what it brought,
    /// and backwards elsewhere.
    fn end(&self, adding: &Path, entries: &[Entry]) -> Result<()> {
        if !adding.exists() {
            return Ok(());
        }
        // The same module may be added again: then its entry alone does not tell.
        let is_moved = !adding.join(NEW).exists();
        let ended = if is_moved && entries.contains(&settings::read(&adding.join(ENTRY))?) {
            self.discard(adding)
        } else {
            self.take_back(adding)
        };
        ended.map_err(|source| write_failed(adding, source))
    }

    /// Puts everything back where it was before the add in the folder `adding`. Killed, it can be begun again.
    fn take_back(&self, adding: &Path) -> io::Result<()> {
        let id = adding.file_name().unwrap_or_default().to_string_lossy();
        let home = self.dir.join(id.trim_start_matches(ADDING));
        if !adding.join(NEW).exists() && home.exists() {
            fs::rename(&home, adding.join(NEW))?;
        }
        for before in fs::read_dir(adding.join(BEFORE))? {
            let before = before?;
            fs::rename(before.path(), self.dir.join(before.file_name()))?;
        }
        whole_file::sync_directory(&self.dir)?;
        self.discard(adding)
    }

    /// Removes the folder `adding`, in which nothing is left to end. Half of one would be misread: it loses its name first.
    fn discard(&self, adding: &Path) -> io::Result<()> {
        let name = adding.file_name().unwrap_or_default().to_string_lossy();
        let leaving = self.dir.join(format!("{BUILDING}{name}"));
        fs::rename(adding, &leaving)?;
        remove(&leaving)
    }
}

/// Where adds keep what gave way to them: folders that may hold the files of `id`.
pub(super) fn set_aside(dir: &Path, id: &ModuleId) -> Result<Vec<PathBuf>> {
    let names = files::names(dir)?.into_iter();
    let adds = names.filter(|name| name.starts_with(ADDING));
    let folders = adds.map(|add| dir.join(add).join(BEFORE).join(id.as_str()));
    Ok(folders.filter(|folder| folder.is_dir()).collect())
}

/// What the manifest of `dir` holds, which may not be there yet.
fn current(dir: &Path) -> Result<Vec<Entry>> {
    match dir.join(manifest::FILE).exists() {
        true => manifest::read(dir),
        false => Ok(Vec::new()),
    }
}

/// Whether nothing lies in `dir` but what a killed first add left.
fn is_vacant(dir: &Path) -> Result<bool> {
    if !dir.exists() {
        return Ok(true);
    }
    let names = files::names(dir)?;
    let adds: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_prefix(ADDING))
        .collect();
    let is_ours = |name: &String| {
        let hidden = name == LOCK || name.starts_with(BUILDING) || name.starts_with(ADDING);
        hidden || adds.contains(&name.as_str())
    };
    Ok(names.iter().all(is_ours))
}

fn remove(path: &Path) -> io::Result<()> {
    match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}
