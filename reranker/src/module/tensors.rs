//! The tensors of one file, taken out one by one, so that what is left over is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ndarray::{ArcArray1, ArcArray2, ArrayD, Ix1, Ix2};
use xenoglot_engine::checkpoint::Checkpoint;

use crate::error::{Error, Result};

use super::settings;

/// What architectures put before the names of their tensors.
const PREFIXES: [&str; 4] = ["bert", "distilbert", "mpnet", "roberta"];

/// What libraries put before these again.
const WRAPPERS: [&str; 2] = ["base_model.model.", "base_model."];

/// Tensors by their names without the architecture's prefix.
pub(super) struct Tensors {
    path: PathBuf,
    file: Checkpoint,
    /// The keys in the file of those that nobody took yet.
    keys: BTreeMap<String, String>,
    /// The architectures' prefixes that were there.
    prefixes: BTreeSet<&'static str>,
}

impl Tensors {
    /// Those of the first of `files` that lies in `dir`; `rename` is given every name without its prefix.
    ///
    /// # Errors
    /// When there is none of these files, or two keys become one name.
    pub(super) fn open(
        dir: &Path,
        files: &[&str],
        rename: impl Fn(&str) -> String,
    ) -> Result<Self> {
        let mut paths = files.iter().map(|file| dir.join(file));
        let Some(path) = paths.find(|path| path.is_file()) else {
            let expected = files.join("` or `");
            return Err(settings::problem(
                dir,
                format!("no weights, expected `{expected}`"),
            ));
        };
        let file = Checkpoint::open(&path)?;
        let (mut keys, mut prefixes) = (BTreeMap::new(), BTreeSet::new());
        for key in file.names() {
            let (prefix, name) = bare(key);
            prefixes.extend(prefix);
            if let Some(other) = keys.insert(rename(name), key.to_owned()) {
                let twice = format!("`{other}` and `{key}` are one tensor, expected it once");
                return Err(settings::problem(&path, twice));
            }
        }
        Ok(Self {
            path,
            file,
            keys,
            prefixes,
        })
    }

    /// The architecture's prefix, where all names that have one agree.
    pub(super) fn prefix(&self) -> Option<String> {
        let mut prefixes = self.prefixes.iter();
        let first = prefixes.next()?;
        prefixes.next().is_none().then(|| (*first).to_owned())
    }

    /// The names that nobody took yet.
    pub(super) fn names(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// Whether `name` is there and nobody took it yet.
    pub(super) fn has(&self, name: &str) -> bool {
        self.keys.contains_key(name)
    }

    /// The shape of `name`, if it is there and nobody took it yet.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.file.shape(self.keys.get(name)?)
    }

    /// What the file calls `name`, without what a library puts before it.
    pub(super) fn full_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.keys.get(name).map_or(name, |key| unwrapped(key))
    }

    /// Takes `name`, whatever its shape.
    pub(super) fn any(&mut self, name: &str) -> Result<ArrayD<f32>> {
        let numbers = self.peek(name)?;
        self.keys.remove(name);
        Ok(numbers)
    }

    /// The numbers of `name`, which stay to be taken.
    pub(super) fn peek(&self, name: &str) -> Result<ArrayD<f32>> {
        match self.keys.get(name) {
            Some(key) => Ok(self.file.numbers(key)?),
            None => Err(self.problem(format!("tensor `{name}` is missing"))),
        }
    }

    /// Takes the matrix `name` of this shape; `None` stands for any size.
    pub(super) fn matrix(
        &mut self,
        name: &str,
        shape: [Option<usize>; 2],
    ) -> Result<ArcArray2<f32>> {
        let numbers = self.shaped(name, &shape)?.into_dimensionality::<Ix2>();
        let numbers = numbers.map_err(|error| self.problem(error.to_string()))?;
        Ok(numbers.into_shared())
    }

    /// Takes the vector `name` of this length; `None` stands for any.
    pub(super) fn vector(&mut self, name: &str, length: Option<usize>) -> Result<ArcArray1<f32>> {
        let numbers = self.shaped(name, &[length])?.into_dimensionality::<Ix1>();
        let numbers = numbers.map_err(|error| self.problem(error.to_string()))?;
        Ok(numbers.into_shared())
    }

    /// Takes the column `name`, `[length, 1]`, as a vector.
    pub(super) fn column(&mut self, name: &str, length: Option<usize>) -> Result<ArcArray1<f32>> {
        Ok(self.matrix(name, [length, Some(1)])?.column(0).to_shared())
    }

    fn shaped(&mut self, name: &str, shape: &[Option<usize>]) -> Result<ArrayD<f32>> {
        let expected = words(shape);
        let Some(found) = self.shape(name) else {
            let missing = format!("tensor `{name}` is missing, expected {expected}");
            return Err(self.problem(missing));
        };
        let pairs = || found.iter().zip(shape);
        let agree = found.len() == shape.len()
            && pairs().all(|(found, expected)| expected.is_none_or(|size| size == *found));
        if !agree || found.contains(&0) {
            let key = self.keys.get(name).map_or(name, String::as_str);
            return Err(self.problem(format!("tensor `{key}` is {found:?}, expected {expected}")));
        }
        self.any(name)
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// When something is; `expected` says in words what belongs there.
    pub(super) fn finish(self, expected: &str) -> Result<()> {
        match self.keys.values().next() {
            Some(key) => {
                Err(self.problem(format!("tensor `{key}` is unknown, expected {expected}")))
            }
            None => Ok(()),
        }
    }

    /// What is wrong with the file.
    pub(super) fn problem(&self, problem: impl Into<String>) -> Error {
        settings::problem(&self.path, problem)
    }
}

/// The architecture's prefix of `key`, and what follows it and a library's wrappers.
pub(super) fn bare(key: &str) -> (Option<&'static str>, &str) {
    let name = unwrapped(key);
    let rest = |prefix: &str| name.strip_prefix(prefix)?.strip_prefix('.');
    let mut found = PREFIXES
        .iter()
        .filter_map(|prefix| Some((Some(*prefix), rest(prefix)?)));
    found.next().unwrap_or((None, name))
}

fn unwrapped(key: &str) -> &str {
    let mut rest = WRAPPERS
        .iter()
        .filter_map(|wrapper| key.strip_prefix(wrapper));
    rest.next().unwrap_or(key)
}

/// Whether `name` belongs to a head for classification, or to the pooler below it.
pub(super) fn is_head(name: &str) -> bool {
    let head = name.split('.').next().unwrap_or_default();
    ["classifier", "pre_classifier", "score", "pooler"].contains(&head)
}

/// Whether `name` belongs to a head that predicts words.
pub(super) fn is_word_head(name: &str) -> bool {
    let head = name.split('.').next().unwrap_or_default();
    [
        "cls",
        "lm_head",
        "vocab_layer_norm",
        "vocab_projector",
        "vocab_transform",
    ]
    .contains(&head)
}

fn words(shape: &[Option<usize>]) -> String {
    let word = |size: &Option<usize>| size.map_or("_".to_owned(), |size| size.to_string());
    format!(
        "[{}]",
        shape.iter().map(word).collect::<Vec<_>>().join(", ")
    )
}
