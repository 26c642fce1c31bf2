//! The modules of a server: a registry that changes while it runs.

use std::error::Error;
use std::io::Cursor;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use tempfile::TempDir;
use xenoglot_engine::Kind;
use xenoglot_engine::model::Backbone;
use xenoglot_reranker::Registry;
use xenoglot_reranker::registry::{Base, Entry, NewModule};

use crate::problem::Problem;
use crate::server::ReloadWork;

/// A registry whose modules are added and removed while a server runs.
pub struct Modules {
    /// Its directory.
    pub registry: PathBuf,
    /// The transformer that modules are added over.
    pub backbone: Backbone,
    /// Makes the rerankers anew from what the registry has.
    pub reload: ReloadWork,
}

/// The same, changed by one request at a time.
pub(crate) struct ServedModules {
    modules: Modules,
    changing: Mutex<()>,
}

impl ServedModules {
    pub(crate) fn new(modules: Modules) -> Self {
        Self {
            modules,
            changing: Mutex::default(),
        }
    }

    /// All of them, in the order of their ids.
    pub(crate) fn list(&self) -> Result<Vec<Entry>, Problem> {
        match Registry::open(&self.modules.registry) {
            Ok(registry) => Ok(registry.entries().to_vec()),
            // The first module makes it.
            Err(_) if !self.modules.registry.exists() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the module whose files are in the tar `archive`. `new` says the rest of it.
    ///
    /// # Errors
    /// When the archive cannot be read or holds anything but files and folders, when the registry refuses the module, or when the
    /// server's stacks cannot be made with it: then it is not added.
    pub(crate) fn add(&self, archive: &[u8], new: NewModule) -> Result<Entry, Problem> {
        let unpacked = unpack(archive)?;
        let new = NewModule {
            source: sole_folder(unpacked.path()),
            ..new
        };
        let Modules {
            registry, backbone, ..
        } = &self.modules;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = Registry::add(registry, &new, backbone)?;
        // What it replaced is gone: then the new one stays, and the answer says what is wrong with it.
        let undo = || match new.replace {
            true => Ok(()),
            false => Registry::remove(registry, entry.id.as_str()),
        };
        self.reload(undo)?;
        Ok(entry)
    }

    /// Removes the module `id`.
    ///
    /// # Errors
    /// When there is none, when the disk fails, or when the server's stacks cannot be made without it: then it stays.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Problem> {
        let Modules {
            registry, backbone, ..
        } = &self.modules;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = Registry::open(registry)?;
        let entry = opened.entry(id)?;
        if entry.base.fingerprint != Base::of(backbone)?.fingerprint {
            let detail = format!(
                "{id} was added over {}, which is not the backbone of this server",
                entry.base.name
            );
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        let kept = tempfile::tempdir().map_err(|error| Problem::internal(&error))?;
        for name in entry.files.keys() {
            std::fs::copy(registry.join(id).join(name), kept.path().join(name))
                .map_err(|error| Problem::internal(&error))?;
        }
        let again = NewModule {
            source: kept.path().to_owned(),
            id: Some(id.to_owned()),
            task: entry.task,
            language: entry.language,
            licence: entry.licence.clone(),
            replace: false,
        };
        Registry::remove(registry, id)?;
        self.reload(|| Registry::add(registry, &again, backbone).map(drop))
    }

    /// Makes the rerankers of what the registry has now. Where that cannot be, searches go on with those of before, and `undo` makes
    /// the registry fit them.
    fn reload(&self, undo: impl FnOnce() -> xenoglot_reranker::Result<()>) -> Result<(), Problem> {
        let Err(error) = (self.modules.reload)() else {
            return Ok(());
        };
        undo()?;
        let detail = format!("the server's stacks cannot be made of that: {error}");
        Err(Problem::new(StatusCode::CONFLICT, detail))
    }
}

/// The files in `archive`, in a folder of their own. Nothing of it can lie elsewhere.
fn unpack(archive: &[u8]) -> Result<TempDir, Problem> {
    let not_a_tar = |error: std::io::Error| {
        Problem::field("body", format!("the body cannot be read as a tar: {error}"))
    };
    let unpacked = tempfile::tempdir().map_err(|error| Problem::internal(&error))?;
    let mut archive = tar::Archive::new(Cursor::new(archive));
    let mut n_files = 0;
    for entry in archive.entries().map_err(not_a_tar)? {
        let mut entry = entry.map_err(not_a_tar)?;
        let path = entry.path().map_err(not_a_tar)?.into_owned();
        let kind = entry.header().entry_type();
        let is_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_inside || !(kind.is_file() || kind.is_dir()) {
            let detail = format!(
                "the tar holds {}, expected files and folders inside the module's own",
                path.display()
            );
            return Err(Problem::field("body", detail));
        }
        n_files += usize::from(kind.is_file());
        entry.unpack_in(unpacked.path()).map_err(not_a_tar)?;
    }
    match n_files {
        0 => Err(Problem::field(
            "body",
            "the tar holds no file, expected those of a module",
        )),
        _ => Ok(unpacked),
    }
}

/// The one folder in `dir`, where there is nothing else; `dir` itself elsewhere.
fn sole_folder(dir: &Path) -> PathBuf {
    let entries = std::fs::read_dir(dir).map(|entries| entries.flatten().collect::<Vec<_>>());
    match entries.as_deref() {
        Ok([only]) if only.path().is_dir() => only.path(),
        _ => dir.to_owned(),
    }
}

impl From<xenoglot_reranker::Error> for Problem {
    fn from(error: xenoglot_reranker::Error) -> Self {
        let status = match error.kind() {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Full => StatusCode::INSUFFICIENT_STORAGE,
            Kind::Internal => return Self::internal(&error),
        };
        // A module's own fault is told whole; where it was unpacked is nobody's business.
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            detail = format!("{detail}: {inner}");
            cause = inner.source();
        }
        Self::new(status, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(entries: &[(&str, tar::EntryType)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind) in entries {
            let mut header = tar::Header::new_gnu();
            // Not `set_path`, which refuses what clients may send.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            header.set_size(0);
            header.set_cksum();
            builder.append(&header, std::io::empty()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn nothing_in_a_tar_lies_outside_its_folder() {
        use tar::EntryType::{Directory, Regular, Symlink};
        let unpacked = unpack(&tar(&[("sw", Directory), ("sw/config.json", Regular)])).unwrap();
        assert!(sole_folder(unpacked.path()).join("config.json").exists());
        for bad in [
            &[("../config.json", Regular)][..],
            &[("/etc/config.json", Regular)],
            &[("sw/../../x", Regular)],
            &[("link", Symlink)],
            &[("sw", Directory)],
            &[],
        ] {
            assert_eq!(
                unpack(&tar(bad)).err().map(|problem| problem.status()),
                Some(422),
                "{bad:?}"
            );
        }
        assert!(unpack(b"no tar at all, however long it may be").is_err());
    }
}
