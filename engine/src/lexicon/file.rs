//! Files of translations, whichever of the formats they are in.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::input::{open_lines, open_text};
use crate::language::Lang;

use super::lexicons::Lexicon;
use super::{dictionary, patapsco, trained};

/// A file of translations, or a directory of such files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconFile {
    /// Where it is.
    pub path: PathBuf,
    /// Source and target, where neither the file nor its name says.
    pub languages: Option<(Lang, Lang)>,
}

impl From<PathBuf> for LexiconFile {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            languages: None,
        }
    }
}

impl FromStr for LexiconFile {
    type Err = Infallible;

    /// Reads `FILE`, and `en-de=FILE`.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = text.split_once('=').and_then(|(languages, path)| {
            let languages = Some(pair(languages)?);
            let path = path.into();
            Some(Self { path, languages })
        });
        Ok(named.unwrap_or_else(|| PathBuf::from(text).into()))
    }
}

impl LexiconFile {
    /// What the file, or every file of the directory in the order of their names, holds.
    pub(super) fn open(&self) -> Result<Vec<Lexicon>> {
        if !self.path.is_dir() {
            return self.open_file(&self.path);
        }
        let cannot_read = |source| Error::Read {
            path: self.path.clone(),
            source,
        };
        let entries = std::fs::read_dir(&self.path).map_err(cannot_read)?;
        let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut paths = paths.map_err(cannot_read)?;
        // Model cards and licences lie beside tables.
        paths.retain(|path| matches!(format_name(path), "tsv" | "json"));
        paths.sort();
        let lexicons: Result<Vec<_>> = paths.iter().map(|path| self.open_file(path)).collect();
        Ok(lexicons?.into_iter().flatten().collect())
    }

    fn open_file(&self, path: &Path) -> Result<Vec<Lexicon>> {
        let languages = || {
            let languages = self.languages.or_else(|| pair(stem(path)));
            languages.ok_or_else(|| Error::LexiconLanguages {
                path: path.to_owned(),
            })
        };
        if format_name(path) == "json" {
            let languages = languages()?;
            let table = patapsco::read(path, open_text(path)?, languages)?;
            return Ok(vec![Lexicon::new(languages, table)]);
        }
        let mut lines = open_lines(path)?;
        let first = lines.next_line()?.map(|line| line.text.to_owned());
        let first = first.unwrap_or_default();
        if first.starts_with('{') {
            let (header, table) = trained::read(path, open_lines(path)?)?;
            return Ok(vec![Lexicon::new((header.source, header.target), table)]);
        }
        let (source, target) = dictionary::languages(&first).map_or_else(languages, Ok)?;
        let (there, back) = dictionary::read(&mut open_lines(path)?, source, target)?;
        Ok(vec![
            Lexicon::new((source, target), there),
            Lexicon::new((target, source), back),
        ])
    }
}

/// The extension, that of a compression aside; empty where there is none.
fn format_name(path: &Path) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The name without its extensions.
fn stem(path: &Path) -> &str {
    let name = file_name(path);
    name.split('.').next().unwrap_or(name)
}

/// The name without the extension of a compression.
fn file_name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let packed = [".zst", ".gz"];
    let mut packed = packed.iter().filter_map(|end| name.strip_suffix(end));
    packed.next().unwrap_or(name)
}

/// The languages of `en-de`, `en_de` or `en-zh-Hant`.
fn pair(text: &str) -> Option<(Lang, Lang)> {
    let cuts = text.match_indices(['-', '_']);
    let mut pairs = cuts
        .filter_map(|(cut, _)| Some((whole_code(&text[..cut])?, whole_code(&text[cut + 1..])?)));
    pairs.next()
}

/// The language of a code without more behind it than a script: `psq_table` is none, though `psq` is.
fn whole_code(text: &str) -> Option<Lang> {
    let lang: Lang = text.parse().ok()?;
    let n_subtags = |code: &str| code.split(['-', '_']).count();
    (n_subtags(text) == n_subtags(lang.code())).then_some(lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, path: &str, languages: Option<(&str, &str)>) {
        let languages = languages.map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
        let path = path.into();
        assert_eq!(
            given.parse(),
            Ok(LexiconFile { path, languages }),
            "{given}"
        );
    }

    #[test]
    fn languages_may_stand_before_the_path() {
        check("en-ru=psq.json", "psq.json", Some(("en", "ru")));
        check("en_zh-Hant=a=b.tsv", "a=b.tsv", Some(("en", "zh-Hant")));
        check("dir/en-ru.json", "dir/en-ru.json", None);
        check("color=red.tsv", "color=red.tsv", None);
    }

    #[test]
    fn languages_may_be_the_name() {
        for (name, expected) in [
            ("d/en-de.tsv", Some(("en", "de"))),
            ("en-de.tsv.zst", Some(("en", "de"))),
            ("zh-Hant-en.json.gz", Some(("zh-Hant", "en"))),
            ("rus_psq_table.json", None),
            ("glossary.tsv", None),
        ] {
            let expected = expected.map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
            assert_eq!(pair(stem(Path::new(name))), expected, "{name}");
        }
    }
}
