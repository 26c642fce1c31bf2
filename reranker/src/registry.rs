//! A registry: a directory of modules, each with what it is for and the hashes of its files.
//!
//! ```text
//! DIR/registry.json   the manifest, renamed into place last
//! DIR/ID/             the files of a module, as they were published
//! DIR/.adding-ID/     an add that is under way, or was killed: what it moves in, and what it moved aside
//! DIR/.removing-ID/   a mark that a module is being removed
//! DIR/.building-…/    an add's copies before that, and what is on its way out
//! DIR/.lock           held by the one process that writes
//! ```

mod add;
mod files;
mod manifest;
mod site;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use xenoglot_engine::Lang;
use xenoglot_engine::model::Backbone;

use crate::error::{Error, Result};
use crate::module::{Module, settings};
use crate::stack::ModuleId;

pub use add::NewModule;
pub use manifest::{Base, Entry, Task};

use site::Site;

/// The modules of a directory, as its manifest listed them when it was opened.
#[derive(Debug, Clone)]
pub struct Registry {
    dir: PathBuf,
    entries: Vec<Entry>,
}

impl Registry {
    /// Opens the registry in `dir`. No module is read yet.
    ///
    /// # Errors
    /// When there is none, when it is of another format, or when its manifest is malformed.
    pub fn open(dir: &Path) -> Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            entries: manifest::read(dir)?,
        })
    }

    /// Copies a module into the registry in `dir`, which is made if need be, for use over `backbone`.
    ///
    /// Killed at any instant, it leaves the registry as it was or with the module, and what else it leaves the next add
    /// removes. To replace is to throw away: the module of that id, and the one of that language over that base.
    ///
    /// # Errors
    /// When the module cannot be read or does not fit, when its id or its language is taken, when another process
    /// writes the registry, or when the disk fails.
    pub fn add(dir: &Path, new: &NewModule, backbone: &Backbone) -> Result<Entry> {
        add::add(dir, new, &Base::of(backbone)?, backbone.info())
    }

    /// Removes the module `id` from the registry in `dir`. Killed at any instant, it leaves the registry with the module or without.
    ///
    /// # Errors
    /// When there is no such module, when another process writes the registry, or when the disk fails.
    pub fn remove(dir: &Path, id: &str) -> Result<()> {
        Self::open(dir)?.entry(id)?;
        let site = Site::claim(dir)?;
        let (gone, stay): (Vec<Entry>, Vec<Entry>) =
            (site.entries().iter().cloned()).partition(|entry| entry.id.as_str() == id);
        match gone.first() {
            Some(gone) => site.retire(&gone.id, &stay),
            None => Err(Error::UnknownModule { id: id.to_owned() }),
        }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every module, in the order of their ids.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The module `id`, as the manifest has it.
    ///
    /// # Errors
    /// When there is none.
    pub fn entry(&self, id: &str) -> Result<&Entry> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.id.as_str() == id);
        entry.ok_or_else(|| Error::UnknownModule { id: id.to_owned() })
    }

    /// The module `id`, read after every file was compared with its hash.
    ///
    /// # Errors
    /// When there is none, when a file is not what was added, or when it cannot be read.
    pub fn module(&self, id: &str) -> Result<Module> {
        Module::load(&self.folder(self.entry(id)?)?)
    }

    /// The language modules for the backbone of this fingerprint, one per language.
    pub fn languages(&self, fingerprint: &str) -> BTreeMap<Lang, ModuleId> {
        let of_base = |entry: &&Entry| entry.base.fingerprint == fingerprint;
        let entries = self.entries.iter().filter(of_base);
        let languages = entries.filter(|entry| entry.task == Task::Language);
        languages
            .filter_map(|entry| Some((entry.language?, entry.id.clone())))
            .collect()
    }

    /// Everything that is wrong, by module: files that are not what was added, modules that cannot be read, folders
    /// that no module has.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn verify(&self) -> Result<Vec<(ModuleId, Error)>> {
        let mut problems = Vec::new();
        for entry in &self.entries {
            let found = match self.module(entry.id.as_str()) {
                Ok(_) => Vec::new(),
                Err(Error::Damaged { .. }) => files::problems(&self.home(entry), entry),
                Err(error) => vec![error],
            };
            problems.extend(found.into_iter().map(|error| (entry.id.clone(), error)));
        }
        let known: BTreeSet<&str> = self.entries.iter().map(|entry| entry.id.as_str()).collect();
        for name in files::names(&self.dir)? {
            let path = self.dir.join(&name);
            if path.is_dir() && !name.starts_with('.') && !known.contains(name.as_str()) {
                let problem = settings::problem(&path, "the manifest has no such module");
                problems.push((ModuleId::from(name.as_str()), problem));
            }
        }
        Ok(problems)
    }

    /// Where the files of `entry` lie when nobody is replacing them.
    fn home(&self, entry: &Entry) -> PathBuf {
        self.dir.join(entry.id.as_str())
    }

    /// Where the files of `entry` lie, every one compared with its hash.
    fn folder(&self, entry: &Entry) -> Result<PathBuf> {
        let home = self.home(entry);
        let Some(problem) = files::problems(&home, entry).into_iter().next() else {
            return Ok(home);
        };
        // An add that replaces it may be under way, or was killed before the manifest: what it moved aside still counts.
        let mut aside = site::set_aside(&self.dir, &entry.id)?.into_iter();
        let whole = aside.find(|folder| files::problems(folder, entry).is_empty());
        whole.ok_or(problem)
    }
}
