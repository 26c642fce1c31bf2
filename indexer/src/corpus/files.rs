//! What was typed → files.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use xenoglot_engine as engine;

use crate::error::{Error, Result};

/// The standard input, as an argument.
pub(super) const STDIN: &str = "-";

/// The files that `input` names: a path, a folder or a pattern.
pub(super) fn named(input: &str) -> Result<Vec<PathBuf>> {
    let path = Path::new(input);
    if input == STDIN || path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if path.is_dir() {
        let mut files = Vec::new();
        collect(path, &mut files).map_err(|source| engine::Error::Read {
            path: path.to_owned(),
            source,
        })?;
        return some(files, input);
    }
    // Whatever else is there, such as a pipe.
    if path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    matching(input)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    let paths = glob::glob(pattern).map_err(|source| Error::Pattern {
        pattern: pattern.to_owned(),
        source,
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| engine::Error::Read {
            path: error.path().to_owned(),
            source: error.into(),
        })?;
        if path.is_file() {
            files.push(path);
        }
    }
    some(files, pattern)
}

fn some(files: Vec<PathBuf>, input: &str) -> Result<Vec<PathBuf>> {
    if files.is_empty() {
        let pattern = input.to_owned();
        return Err(Error::NoMatch { pattern });
    }
    Ok(files)
}

/// Adds the files of `folder` and of the folders in it. A folder behind a link is left out: it may lead back here.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = std::fs::read_dir(folder)?;
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if is_hidden || path.extension() == Some(OsStr::new("dtd")) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_all_that_is_below_it_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b/2", "b/1", "a", "c.dtd", ".hidden", "b/.git/config"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let files = named(dir.path().to_str().unwrap()).unwrap();
        let names = ["a", "b/1", "b/2"].map(|name| dir.path().join(name));
        assert_eq!(files, names);
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        let error = named(dir.path().join("empty").to_str().unwrap()).unwrap_err();
        assert!(error.to_string().ends_with("matches no file"), "{error}");
    }
}
