//! Pairs of a query and a document, a JSON object a line.

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use xenoglot_engine::input::{Line, Lines, open_lines, read_lines};

/// A pair to score.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) query: String,
    pub(super) document: String,
    /// Modules of its own, from the backbone upwards.
    pub(super) modules: Option<Vec<String>>,
}

/// A file of pairs that is read more than once.
pub(super) struct PairsFile {
    path: PathBuf,
    /// What a stream held.
    kept: Option<File>,
}

/// The pairs of a file, in its order.
pub(super) struct Pairs(Lines);

impl PairsFile {
    /// The file or stream at `path`, or standard input for `-`.
    ///
    /// # Errors
    /// When a stream cannot be kept.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let is_stdin = path == Path::new("-");
        let is_stream = path
            .metadata()
            .is_ok_and(|at| !at.is_file() && !at.is_dir());
        if !is_stdin && !is_stream {
            return Ok(Self {
                path: path.to_owned(),
                kept: None,
            });
        }
        let name: &Path = if is_stdin {
            Path::new("standard input")
        } else {
            path
        };
        // A stream can be read but once.
        let keep = || -> io::Result<File> {
            let mut kept = tempfile::tempfile()?;
            if is_stdin {
                io::copy(&mut io::stdin().lock(), &mut kept)?;
            } else {
                io::copy(&mut File::open(path)?, &mut kept)?;
            }
            Ok(kept)
        };
        let doing = || format!("cannot keep what {} holds", name.display());
        Ok(Self {
            kept: Some(keep().with_context(doing)?),
            path: name.to_owned(),
        })
    }

    /// Reads it from the beginning.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn read(&self) -> Result<Pairs> {
        let Some(kept) = &self.kept else {
            return Ok(Pairs(open_lines(&self.path)?));
        };
        let mut again = kept.try_clone().context("cannot read the pairs again")?;
        again.rewind().context("cannot read the pairs again")?;
        Ok(Pairs(read_lines(&self.path, again)?))
    }
}

impl Pairs {
    /// The next pair, or nothing at the end. Blank lines are skipped.
    ///
    /// # Errors
    /// When reading fails or a line is malformed.
    pub(super) fn next_pair(&mut self) -> xenoglot_engine::Result<Option<Pair>> {
        self.0.next_line()?.map(pair).transpose()
    }
}

fn pair(line: Line<'_>) -> xenoglot_engine::Result<Pair> {
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(line.text) else {
        let expected = "a JSON object with `query` and `document`";
        return Err(line.malformed("line", line.text, expected));
    };
    let text = |field: &'static str| match fields.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(line.malformed(field, &other.to_string(), "a string")),
        None => Err(line.malformed(field, line.text, "a string under this name")),
    };
    let names = |list: &Value| -> Option<Vec<String>> {
        let names = list.as_array()?.iter();
        names.map(|name| Some(name.as_str()?.to_owned())).collect()
    };
    let near = ["module", "stack", "split"];
    if let Some(field) = near.into_iter().find(|field| fields.contains_key(*field)) {
        return Err(line.malformed(field, line.text, "a pair's own stack under `modules`"));
    }
    Ok(Pair {
        query: text("query")?,
        document: text("document")?,
        modules: match fields.get("modules") {
            None | Some(Value::Null) => None,
            Some(list) => Some(names(list).ok_or_else(|| {
                line.malformed("modules", &list.to_string(), "a list of module directories")
            })?),
        },
    })
}
