//! The collections of a server, by name: opened, made and deleted while others are searched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use xenoglot_engine::{
    Collection, Encoder, Error, IndexSettings, LiveOptions, Manifest, Rerankers, Result, Searcher,
    Terminology,
};

use crate::problem::Problem;

/// The collection of requests that name none, and of a server over one index.
pub const DEFAULT_COLLECTION: &str = "default";

const MAX_NAME_CHARS: usize = 64;
/// How long searches under way may keep a collection from being deleted.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is about to be removed; no collection can be called so.
const DELETED: &str = ".deleted-";

/// Where collections lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// One index, which is the collection `default`.
    Index(PathBuf),
    /// A folder of indexes, each a collection of its folder's name.
    Folder(PathBuf),
}

/// What searches of every collection share.
#[derive(Clone)]
pub struct Tools {
    /// Makes the vectors of queries and documents.
    pub encoder: Arc<dyn Encoder>,
    /// What candidates may be reranked by.
    pub rerankers: Rerankers,
    /// What words mean in other languages.
    pub terminology: Arc<Terminology>,
    /// How collections are kept while they are written; nothing where they are only read.
    pub live: Option<LiveOptions>,
}

/// The collections of a server.
pub(crate) struct Collections {
    home: Home,
    tools: Tools,
    open: RwLock<BTreeMap<String, Arc<Searcher>>>,
    /// Held by whoever makes or deletes one.
    changing: Mutex<()>,
    /// The one that is about to be deleted.
    closing: RwLock<Option<String>>,
}

impl Collections {
    /// Opens all that there are in `home`.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub(crate) fn open(home: Home, tools: Tools) -> Result<Self> {
        let mut open = BTreeMap::new();
        match &home {
            Home::Index(dir) => {
                open.insert(DEFAULT_COLLECTION.to_owned(), Arc::new(tools.open(dir)?));
            }
            Home::Folder(folder) => {
                for (name, dir) in indexes(folder)? {
                    open.insert(name, Arc::new(tools.open(&dir)?));
                }
            }
        }
        Ok(Self {
            home,
            tools,
            open: RwLock::new(open),
            changing: Mutex::default(),
            closing: RwLock::default(),
        })
    }

    /// The collection `name`.
    ///
    /// # Errors
    /// 404 when there is none, 409 while it is being deleted.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Searcher>, Problem> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(name).cloned().ok_or_else(|| self.missing(name))
    }

    /// All of them, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(String, Arc<Searcher>)> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.iter()
            .map(|(name, searcher)| (name.clone(), Arc::clone(searcher)))
            .collect()
    }

    /// Makes an empty collection.
    ///
    /// # Errors
    /// When `name` is taken or cannot be one, when the settings are out of range, when this server makes none, or the disk fails.
    pub(crate) fn create(
        &self,
        name: &str,
        settings: impl FnOnce(IndexSettings) -> IndexSettings,
    ) -> Result<Arc<Searcher>, Problem> {
        let folder = self.changeable()?;
        check_name(name)?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = folder.join(name);
        if self.get(name).is_ok() || dir.exists() {
            let detail = format!("there is a collection {name:?} already");
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        let usual = IndexSettings::new(self.tools.encoder.spec().clone());
        Collection::create(&dir, settings(usual))?;
        let searcher = Arc::new(self.tools.open(&dir)?);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(name.to_owned(), Arc::clone(&searcher));
        Ok(searcher)
    }

    /// Deletes the collection `name`, once nobody searches it any more.
    ///
    /// # Errors
    /// When there is none, when searches of it do not end, when this server deletes none, or the disk fails.
    pub(crate) fn delete(&self, name: &str) -> Result<(), Problem> {
        let folder = self.changeable()?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let removed = {
            let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
            let removed = open.remove(name).ok_or_else(|| unknown(name))?;
            self.close(Some(name));
            removed
        };
        let deleted = self.delete_closed(folder, name, removed);
        self.close(None);
        deleted
    }

    fn delete_closed(
        &self,
        folder: &Path,
        name: &str,
        removed: Arc<Searcher>,
    ) -> Result<(), Problem> {
        // Its writer has to end before the name is free: a new collection of this name would share the folder with it.
        match sole_owner(removed) {
            Ok(searcher) => drop(searcher),
            Err(searcher) => {
                let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
                open.insert(name.to_owned(), searcher);
                let detail =
                    format!("the collection {name:?} is being searched or written; try again");
                return Err(Problem::new(StatusCode::CONFLICT, detail));
            }
        }
        // One rename: a server that is killed now has it no more, and removes the rest when it starts again.
        let (dir, doomed) = (folder.join(name), folder.join(format!("{DELETED}{name}")));
        std::fs::rename(&dir, &doomed)
            .and_then(|()| std::fs::remove_dir_all(&doomed))
            .map_err(|source| Error::Write { path: dir, source }.into())
    }

    fn close(&self, name: Option<&str>) {
        let mut closing = self.closing.write().unwrap_or_else(PoisonError::into_inner);
        *closing = name.map(ToOwned::to_owned);
    }

    /// Why there is no `name`.
    fn missing(&self, name: &str) -> Problem {
        let closing = self.closing.read().unwrap_or_else(PoisonError::into_inner);
        match closing.as_deref() == Some(name) {
            true => Problem::new(
                StatusCode::CONFLICT,
                format!("the collection {name:?} is being deleted"),
            ),
            false => unknown(name),
        }
    }

    /// The folder in which collections are made and deleted.
    fn changeable(&self) -> Result<&Path, Problem> {
        let why = match (&self.home, &self.tools.live) {
            (Home::Folder(folder), Some(_)) => return Ok(folder),
            (Home::Folder(_), None) => "this server only reads; start it with --writable",
            (Home::Index(_), _) => "this server has one index; start it with --collections DIR",
        };
        Err(Problem::new(StatusCode::FORBIDDEN, why))
    }
}

impl Tools {
    fn open(&self, dir: &Path) -> Result<Searcher> {
        let encoder = Arc::clone(&self.encoder);
        let searcher = match self.live {
            None => Searcher::open(dir, encoder)?,
            Some(options) => {
                let collection = Collection::open(dir, encoder.spec(), options)?;
                Searcher::live(Arc::new(collection), encoder)
            }
        };
        Ok(searcher
            .with_rerankers(self.rerankers.clone())
            .with_terminology(Arc::clone(&self.terminology)))
    }
}

/// The indexes in `folder`, which is made where there is none; what was about to be removed is.
fn indexes(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let failed = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let dir = entry.map_err(failed)?.path();
        let Some(name) = dir.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.starts_with(DELETED) {
            std::fs::remove_dir_all(&dir).map_err(failed)?;
        } else if is_name(name) {
            match Manifest::read(&dir) {
                Err(Error::NotAnIndex { .. }) => {}
                read => {
                    read?;
                    found.push((name.to_owned(), dir));
                }
            }
        }
    }
    Ok(found)
}

/// `searcher` itself, once nobody else has it; not for longer than [`PATIENCE`].
fn sole_owner(mut searcher: Arc<Searcher>) -> std::result::Result<Searcher, Arc<Searcher>> {
    let until = Instant::now() + PATIENCE;
    loop {
        searcher = match Arc::try_unwrap(searcher) {
            Ok(searcher) => return Ok(searcher),
            Err(shared) if Instant::now() >= until => return Err(shared),
            Err(shared) => shared,
        };
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn unknown(name: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("there is no collection {name:?}"),
    )
}

fn check_name(name: &str) -> Result<(), Problem> {
    match is_name(name) {
        true => Ok(()),
        false => Err(Problem::field(
            "collection",
            format!(
                "{name:?} cannot be a collection's name, expected 1 to {MAX_NAME_CHARS} of a-z, 0-9, - and _, the first a letter or a number"
            ),
        )),
    }
}

/// Whether `name` may be a folder's: no name means another place.
fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= MAX_NAME_CHARS
        && name.starts_with(is_letter)
        && name.chars().all(|c| is_letter(c) || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_folder_of_its_own() {
        for name in ["a", "news-2024", "0_x", &"a".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "-a",
            "_a",
            "A",
            "é",
            "a b",
            "a\0",
            &"a".repeat(65),
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
