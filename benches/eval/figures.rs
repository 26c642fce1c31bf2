//! Figures that must not drift.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Figures are kept to four decimals; the same come out of every run on every machine but for rounding.
const TOLERANCE: f64 = 0.0005;

/// Measured values by what they are of, such as (system, query language, document language).
pub(crate) struct Figures {
    columns: &'static [&'static str],
    values: BTreeMap<Vec<String>, f64>,
}

impl Figures {
    /// No figure yet; `columns` name a figure's key, and its value last.
    pub(crate) fn new(columns: &'static [&'static str]) -> Self {
        Self {
            columns,
            values: BTreeMap::new(),
        }
    }

    /// The figures in `path`.
    pub(crate) fn read(path: &Path, columns: &'static [&'static str]) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut figures = Self::new(columns);
        for (line, at) in text.lines().zip(1..).skip(1) {
            let expected = || format!("{}:{at}: expected {}", path.display(), columns.join(", "));
            let fields: Vec<&str> = line.split('\t').collect();
            let Some((value, key)) = fields.split_last() else {
                bail!(expected())
            };
            if fields.len() != columns.len() {
                bail!(expected());
            }
            figures.insert(key, value.parse().with_context(expected)?);
        }
        Ok(figures)
    }

    pub(crate) fn insert(&mut self, key: &[&str], value: f64) {
        let key = key.iter().map(|part| (*part).to_owned()).collect();
        self.values.insert(key, value);
    }

    pub(crate) fn get(&self, key: &[&str]) -> Option<f64> {
        let key: Vec<String> = key.iter().map(|part| (*part).to_owned()).collect();
        self.values.get(&key).copied()
    }

    /// The first part of every key, each once.
    pub(crate) fn first_keys(&self) -> impl Iterator<Item = &str> {
        let mut keys: Vec<&str> = self.values.keys().map(|key| key[0].as_str()).collect();
        keys.dedup();
        keys.into_iter()
    }

    /// The first two parts of every key, each pair once.
    pub(crate) fn first_two_keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let keys = self.values.keys();
        let mut keys: Vec<(&str, &str)> =
            keys.map(|key| (key[0].as_str(), key[1].as_str())).collect();
        keys.dedup();
        keys.into_iter()
    }

    /// The mean over the keys that `keep` keeps, if there is one.
    pub(crate) fn mean(&self, keep: impl Fn(&[String]) -> bool) -> Option<f64> {
        let kept = self.values.iter().filter(|(key, _)| keep(key));
        let (n, sum) = kept.fold((0u32, 0.0), |(n, sum), (_, value)| (n + 1, sum + value));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// Keeps the figures in `path` where `args` say `--write`; else fails when one is not what was kept there. What other
    /// arguments ask for is compared with nothing.
    pub(crate) fn write_or_compare(&self, path: &Path, args: &[String]) -> Result<()> {
        match args.iter().any(|arg| arg == "--write") {
            true => self.write(path),
            false if args.is_empty() => self.compare(&Self::read(path, self.columns)?),
            false => Ok(()),
        }
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut text = self.columns.join("\t") + "\n";
        for (key, value) in &self.values {
            text += &format!("{}\t{value:.4}\n", key.join("\t"));
        }
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn compare(&self, expected: &Self) -> Result<()> {
        let drifted: Vec<String> = expected
            .values
            .iter()
            .filter_map(|(key, expected)| {
                let measured = self.values.get(key);
                let near = |value: &f64| (value - expected).abs() <= TOLERANCE;
                (!measured.is_some_and(near)).then(|| {
                    let key = key.join(" ");
                    format!("{key}: expected {expected:.4}, measured {measured:.4?}")
                })
            })
            .collect();
        match drifted.is_empty() {
            true => Ok(()),
            false => bail!("{} figures drifted:\n{}", drifted.len(), drifted.join("\n")),
        }
    }
}
