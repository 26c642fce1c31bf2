//! What a registry says of its modules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xenoglot_engine::model::Backbone;
use xenoglot_engine::{Lang, whole_file};

use crate::error::{Error, Result};
use crate::module::settings;
use crate::stack::ModuleId;

use super::files;
use super::site::BUILDING;

pub(super) const FILE: &str = "registry.json";
/// Raised whenever fields change their meaning; a registry of another format is refused by name.
const FORMAT: u32 = 1;
/// Enough of a fingerprint to tell backbones apart by eye.
const SHORT: usize = 8;

/// A module of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is called; its folder, too.
    #[serde(serialize_with = "write_id", deserialize_with = "read_id")]
    pub id: ModuleId,
    /// What kind of module it is, in words.
    pub kind: String,
    /// What it was trained for.
    pub task: Task,
    /// Of a language module, its language; of a ranking module, the one it was trained in, if it is for that alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    /// Under which terms it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The backbone that it was added for.
    pub base: Base,
    /// How many numbers were trained.
    pub parameters: usize,
    /// Over the names and hashes of all files.
    pub hash: String,
    /// BLAKE3 of every file, by its name.
    #[serde(deserialize_with = "read_files")]
    pub files: BTreeMap<String, String>,
}

/// What a module was trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// To read a language.
    Language,
    /// To rank.
    Ranking,
}

/// A backbone, as a registry remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// What people call it: its directory.
    pub name: String,
    /// A hash over its weights, tokenizer and configuration: what decides.
    pub fingerprint: String,
    /// As `config.json` calls the architecture.
    pub model_type: String,
    /// Numbers per token.
    pub dim: usize,
    /// How many layers it has.
    pub n_layers: usize,
    /// Ids run from 0 to below this.
    pub vocab_size: usize,
}

#[derive(Serialize, Deserialize)]
struct Manifest<T> {
    format: u32,
    modules: T,
}

#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 2] = [Self::Language, Self::Ranking];

    /// What files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Ranking => "ranking",
        }
    }
}

impl Base {
    /// What a registry remembers of `backbone`, whose files are read for it.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of(backbone: &Backbone) -> Result<Self> {
        let info = backbone.info();
        Ok(Self {
            name: info.name.clone(),
            fingerprint: backbone.fingerprint()?,
            model_type: info.model_type.clone(),
            dim: info.dim,
            n_layers: info.n_layers,
            vocab_size: info.vocab_size,
        })
    }

    /// The first characters of the fingerprint.
    pub fn short_fingerprint(&self) -> &str {
        self.fingerprint.get(..SHORT).unwrap_or(&self.fingerprint)
    }
}

impl Entry {
    /// Checks that the module was added for `base`.
    ///
    /// # Errors
    /// [`Error::WrongBackbone`] when it was added for another.
    pub fn check_base(&self, base: &Base) -> Result<()> {
        if self.base.fingerprint == base.fingerprint {
            return Ok(());
        }
        let fingerprint = |base: &Base| format!("(fingerprint {})", base.short_fingerprint());
        Err(Error::WrongBackbone {
            module: self.id.to_string(),
            made_for: format!("{} {}", self.base.name, fingerprint(&self.base)),
            backbone: base.name.clone(),
            given: format!("another {}", fingerprint(base)),
        })
    }
}

/// The modules of the registry in `dir`, in the order of their ids.
pub(super) fn read(dir: &Path) -> Result<Vec<Entry>> {
    let path = dir.join(FILE);
    if !path.exists() {
        let found = match dir.is_dir() {
            true => format!("it has no {FILE}"),
            false => "there is no such directory".into(),
        };
        return Err(Error::NotARegistry {
            dir: dir.to_owned(),
            found,
        });
    }
    let head: Head = settings::read(&path)?;
    if head.format != FORMAT {
        return Err(Error::RegistryFormat {
            path,
            found: head.format,
            expected: FORMAT,
        });
    }
    let manifest: Manifest<Vec<Entry>> = settings::read(&path)?;
    let mut entries = manifest.modules;
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    match contradiction(&entries) {
        Some(problem) => Err(settings::problem(&path, problem)),
        None => Ok(entries),
    }
}

/// Makes `entries` the manifest of the registry in `dir`, in one step.
pub(super) fn write(dir: &Path, entries: &[Entry]) -> Result<()> {
    let path = dir.join(FILE);
    let manifest = Manifest {
        format: FORMAT,
        modules: entries,
    };
    let written = whole_file::write(&path, BUILDING, |file| {
        serde_json::to_writer_pretty(&mut *file, &manifest)?;
        file.write_all(b"\n")
    });
    written.map_err(|source| files::write_failed(&path, source))?;
    whole_file::sync_directory(dir).map_err(|source| files::write_failed(dir, source))
}

/// What `entries`, in the order of their ids, cannot all be.
fn contradiction(entries: &[Entry]) -> Option<String> {
    let mut places = BTreeSet::new();
    let (mut ids, mut entries) = (BTreeSet::new(), entries.iter());
    entries.find_map(|entry| {
        let id = &entry.id;
        if !ids.insert(id) {
            return Some(format!("field `modules`: id `{id}` comes twice"));
        }
        match (entry.task, entry.language) {
            (Task::Language, None) => Some(format!(
                "field `modules`: `{id}` is a language module, expected `language`"
            )),
            (Task::Language, Some(lang)) if !places.insert((&entry.base.fingerprint, lang)) => {
                let twice = "expected one language module per language and base";
                Some(format!(
                    "field `modules`: `{id}` is another for `{lang}`, {twice}"
                ))
            }
            _ => None,
        }
    })
}

/// The id that `text` is.
///
/// # Errors
/// [`Error::ModuleId`] when it cannot be one: ids become paths.
pub(super) fn id(text: &str) -> Result<ModuleId> {
    let is_plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ['.', '_', '-'].contains(&c);
    let is_id = !text.is_empty() && !text.starts_with('.') && text.chars().all(is_plain);
    match is_id && text != FILE {
        true => Ok(text.into()),
        false => Err(Error::ModuleId { id: text.into() }),
    }
}

fn write_id<S: Serializer>(id: &ModuleId, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(id.as_str())
}

fn read_id<'de, D: Deserializer<'de>>(from: D) -> Result<ModuleId, D::Error> {
    id(&String::deserialize(from)?).map_err(de::Error::custom)
}

/// Their names become paths.
fn read_files<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let found = BTreeMap::<String, String>::deserialize(from)?;
    match found
        .keys()
        .find(|name| !files::KNOWN.contains(&name.as_str()))
    {
        Some(name) => Err(de::Error::custom(format!(
            "{name:?} is no file of a module, known are {}",
            files::KNOWN.join(", ")
        ))),
        None => Ok(found),
    }
}
