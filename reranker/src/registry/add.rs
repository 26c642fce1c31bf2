//! A module is added.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xenoglot_engine::Lang;
use xenoglot_engine::model::BackboneInfo;

use crate::error::{Error, Result};
use crate::module::Module;
use crate::stack::ModuleId;

use super::files;
use super::manifest::{self, Base, Entry, Task};
use super::site::{self, Site};

/// A module to add.
#[derive(Debug, Clone)]
pub struct NewModule {
    /// Its directory, as it was published.
    pub source: PathBuf,
    /// What to call it; the directory's name in lower case where nobody says.
    pub id: Option<String>,
    /// What it was trained for.
    pub task: Task,
    /// Its language; a language module has one.
    pub language: Option<Lang>,
    /// Under which terms it was published.
    pub licence: Option<String>,
    /// Whether it may take the place of others.
    pub replace: bool,
}

impl NewModule {
    /// What it will be called.
    ///
    /// # Errors
    /// When that cannot be an id.
    fn module_id(&self) -> Result<ModuleId> {
        if let Some(id) = &self.id {
            return manifest::id(id);
        }
        // `.` and `..` have no name of their own.
        let path = self.source.canonicalize();
        let path = path.as_deref().unwrap_or(&self.source);
        let name = path.file_name().unwrap_or(path.as_os_str());
        manifest::id(&name.to_string_lossy().to_lowercase())
    }

    /// What the manifest will say of it.
    fn entry(
        &self,
        id: ModuleId,
        module: &Module,
        base: &Base,
        files: BTreeMap<String, String>,
    ) -> Entry {
        Entry {
            id,
            kind: module.kind().to_owned(),
            task: self.task,
            language: self.language,
            licence: self.licence.clone(),
            base: base.clone(),
            parameters: module.n_parameters(),
            hash: files::hash_of_all(&files),
            files,
        }
    }
}

/// Copies `new` into the registry in `dir`, for use over the backbone `base`.
pub(super) fn add(dir: &Path, new: &NewModule, base: &Base, info: &BackboneInfo) -> Result<Entry> {
    let id = new.module_id()?;
    if new.task == Task::Language && new.language.is_none() {
        return Err(Error::NoLanguage { id: id.to_string() });
    }
    Module::load(&new.source)?.fits(info)?;
    let site = Site::claim(dir)?;
    let (stay, go): (Vec<&Entry>, Vec<&Entry>) = site
        .entries()
        .iter()
        .partition(|entry| !gives_way(entry, &id, new, base));
    if let (Some(taken), false) = (go.first(), new.replace) {
        return Err(taken_by(taken, &id));
    }
    let building = site.building()?;
    let folder = building.path().join(site::NEW);
    let files = files::copy(&new.source, &folder)?;
    // What cannot be read now must not replace what can.
    let module = Module::load(&folder)?;
    let entry = new.entry(id, &module, base, files);
    let mut entries: Vec<Entry> = stay.into_iter().cloned().collect();
    entries.push(entry.clone());
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    site.publish(building, &entry, &go, &entries)?;
    Ok(entry)
}

/// Whether `entry` and a `new` module of this id cannot both be.
fn gives_way(entry: &Entry, id: &ModuleId, new: &NewModule, base: &Base) -> bool {
    let both_languages = entry.task == Task::Language && new.task == Task::Language;
    let one_base = entry.base.fingerprint == base.fingerprint;
    entry.id == *id || (both_languages && one_base && entry.language == new.language)
}

fn taken_by(entry: &Entry, id: &ModuleId) -> Error {
    match entry.language {
        Some(language) if entry.id != *id => Error::KnownLanguage {
            language: language.to_string(),
            base: entry.base.name.clone(),
            id: entry.id.to_string(),
        },
        _ => Error::KnownModule { id: id.to_string() },
    }
}
