//! Stack files: one reranker, written down.
//!
//! ```toml
//! backbone = "mbert"            # a directory, from this file's own
//! registry = "modules"          # where module ids are looked up; without one, they are directories
//! ranking = "rank-en"           # one module or several, from below upwards
//! language = "document"         # none, document, query or both
//! invertible = true
//! skip_layers = []
//! merge = false
//! passages = "first"            # first, or best: the mean of the best windows
//! windows = 1                   # how many of them, and how many tokens neighbours share
//! stride = 32
//! fallback = "nearest"          # nearest, or listed: only what stands below
//! resident = 16                 # compositions in memory
//!
//! [languages]                   # without it, all that the registry has for the backbone
//! de = "lang-de"
//!
//! [fallbacks]
//! gsw = ["de"]
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use xenoglot_engine::Lang;
use xenoglot_engine::model::{Backbone, LoadOptions, ModelDir};

use crate::compose::ComposeOptions;
use crate::composer::{Composer, DEFAULT_RESIDENT};
use crate::cross_encoder::{CrossEncoder, CrossEncoderSettings, Passages};
use crate::error::{Error, Result};
use crate::languages::{LanguageChoice, LanguageModules};
use crate::module::Module;
use crate::nearest::Nearest;
use crate::registry::{Base, Registry};
use crate::stack::ModuleId;

/// How many tokens neighbouring windows share where nobody says otherwise.
const STRIDE: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StackFile {
    backbone: PathBuf,
    registry: Option<PathBuf>,
    #[serde(default)]
    ranking: OneOrMore,
    language: Option<LanguageChoice>,
    #[serde(default = "yes")]
    invertible: bool,
    #[serde(default)]
    skip_layers: Vec<usize>,
    #[serde(default)]
    merge: bool,
    #[serde(default)]
    passages: PassagesKind,
    windows: Option<usize>,
    stride: Option<usize>,
    #[serde(default)]
    fallback: FallbackKind,
    resident: Option<usize>,
    languages: Option<BTreeMap<String, String>>,
    #[serde(default)]
    fallbacks: BTreeMap<Lang, Vec<Lang>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "the name of a module, or a list of names")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PassagesKind {
    #[default]
    First,
    Best,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FallbackKind {
    #[default]
    Nearest,
    Listed,
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

fn yes() -> bool {
    true
}

impl CrossEncoder {
    /// The reranker at `path`: a stack file, or the directory of a cross-encoder that needs no modules.
    ///
    /// # Errors
    /// When there is neither, when the file is malformed or names what is not there, or when a module does not fit.
    pub fn open(path: &Path, options: &LoadOptions) -> Result<Self> {
        Self::open_with(path, options, None)
    }

    /// The same with another choice of language modules than a stack file makes; a directory has none to choose from.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_with(
        path: &Path,
        options: &LoadOptions,
        language: Option<LanguageChoice>,
    ) -> Result<Self> {
        if path.is_dir() {
            let backbone = Arc::new(Backbone::load(&ModelDir::open(path)?, options)?);
            let composer = Composer::new(backbone, BTreeMap::new(), ComposeOptions::default())?;
            let encoder = Self::new(composer, CrossEncoderSettings::default());
            return encoder.prepared();
        }
        let mut file = StackFile::read(path)?;
        file.language = language.or(file.language);
        file.open(path, options)
    }

    /// The files and directories that the reranker at `path` is made of.
    ///
    /// # Errors
    /// When a stack file cannot be read or is malformed.
    pub fn sources(path: &Path) -> Result<Vec<PathBuf>> {
        if path.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        let file = StackFile::read(path)?;
        let dir = path.parent().unwrap_or(Path::new(""));
        let mut sources = vec![path.to_owned(), dir.join(&file.backbone)];
        match &file.registry {
            Some(registry) => sources.push(dir.join(registry)),
            None => {
                let languages = file.languages.iter().flat_map(BTreeMap::values);
                let modules = file.ranking.names().iter().chain(languages);
                sources.extend(modules.map(|module| dir.join(module)));
            }
        }
        Ok(sources)
    }
}

impl StackFile {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|source| Error::StackFile {
            path: path.to_owned(),
            problem: format!("cannot be read: {source}"),
        })?;
        toml::from_str(&text).map_err(|source| Error::StackFile {
            path: path.to_owned(),
            problem: source.to_string().trim_end().to_owned(),
        })
    }

    fn open(self, path: &Path, options: &LoadOptions) -> Result<CrossEncoder> {
        let dir = path.parent().unwrap_or(Path::new(""));
        self.check(path)?;
        let backbone = Backbone::load(&ModelDir::open(&dir.join(&self.backbone))?, options)?;
        let registry = self
            .registry
            .as_ref()
            .map(|registry| Registry::open(&dir.join(registry)));
        let registry = match registry.transpose()? {
            None => None,
            Some(registry) => Some((registry, Base::of(&backbone)?)),
        };
        let mut modules = BTreeMap::new();
        let mut module = |name: &str| -> Result<ModuleId> {
            let id = ModuleId::from(name);
            if !modules.contains_key(&id) {
                let module = match &registry {
                    Some((registry, base)) => {
                        registry.entry(name)?.check_base(base)?;
                        registry.module(name)?
                    }
                    None => Module::load(&dir.join(name))?,
                };
                modules.insert(id.clone(), Arc::new(module));
            }
            Ok(id)
        };
        let ranking: Vec<ModuleId> = self
            .ranking
            .names()
            .iter()
            .map(|name| module(name))
            .collect::<Result<_>>()?;
        let choice = self.language.unwrap_or_default();
        let languages: BTreeMap<Lang, ModuleId> = match (&self.languages, &registry) {
            _ if choice == LanguageChoice::None => BTreeMap::new(),
            (Some(languages), _) => languages
                .iter()
                .map(|(code, name)| Ok((code.parse()?, module(name)?)))
                .collect::<Result<_>>()?,
            (None, Some((registry, base))) => registry
                .languages(&base.fingerprint)
                .into_iter()
                .map(|(lang, id)| Ok((lang, module(id.as_str())?)))
                .collect::<Result<_>>()?,
            (None, None) => BTreeMap::new(),
        };
        let nearest = Nearest {
            own: self.fallbacks.clone(),
            own_only: self.fallback == FallbackKind::Listed,
        };
        let settings = CrossEncoderSettings {
            languages: LanguageModules::new(languages, choice, nearest),
            ranking,
            passages: self.passages(),
        };
        let compose = ComposeOptions {
            invertible: self.invertible,
            skip_layers: self.skip_layers.iter().copied().collect(),
            merge: self.merge,
        };
        let composer = Composer::new(Arc::new(backbone), modules, compose)?
            .with_resident(self.resident.unwrap_or(DEFAULT_RESIDENT));
        CrossEncoder::new(composer, settings).prepared()
    }

    /// Refuses settings that nothing would come of.
    fn check(&self, path: &Path) -> Result<()> {
        let is_first = matches!(self.passages, PassagesKind::First);
        let has_languages = self.registry.is_some() || self.languages.is_some();
        let wants_languages = self
            .language
            .is_some_and(|choice| choice != LanguageChoice::None);
        let problem = if wants_languages && !has_languages {
            "`language` asks for modules, expected `registry` or `[languages]`"
        } else if self.repeated().is_some() {
            "`[languages]` names a language twice, by different codes"
        } else if is_first && (self.windows.is_some() || self.stride.is_some()) {
            "`windows` and `stride` go with `passages = \"best\"`"
        } else if self.windows == Some(0) {
            "`windows` is 0, expected at least 1"
        } else if self.resident == Some(0) {
            "`resident` is 0, expected at least 1"
        } else {
            return Ok(());
        };
        Err(Error::StackFile {
            path: path.to_owned(),
            problem: problem.into(),
        })
    }

    /// A language of `[languages]` that another code means too.
    fn repeated(&self) -> Option<Lang> {
        let mut seen = BTreeSet::new();
        let codes = self.languages.iter().flat_map(BTreeMap::keys);
        let mut langs = codes.filter_map(|code| code.parse::<Lang>().ok());
        langs.find(|lang| !seen.insert(*lang))
    }

    fn passages(&self) -> Passages {
        match self.passages {
            PassagesKind::First => Passages::First,
            PassagesKind::Best => Passages::Best {
                windows: self.windows.unwrap_or(1),
                stride: self.stride.unwrap_or(STRIDE),
            },
        }
    }
}

impl OneOrMore {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::More(names) => names,
        }
    }
}
