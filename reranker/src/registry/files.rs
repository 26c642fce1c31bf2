//! The files of one module: which they are, their copies and their hashes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use xenoglot_engine::whole_file;

use crate::error::{Error, Result};

use super::manifest::Entry;

/// Every file that may belong to a module: AdapterHub's, PEFT's, composable-sft's, and what is written for people.
pub(super) const KNOWN: [&str; 13] = [
    "adapter_config.json",
    "adapter.safetensors",
    "pytorch_adapter.bin",
    "head_config.json",
    "model_head.safetensors",
    "pytorch_model_head.bin",
    "adapter_model.safetensors",
    "adapter_model.bin",
    "pytorch_diff.bin",
    "README.md",
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
];

/// Copies what belongs to the module in `source` into the new folder `target`, made to last, and returns the hashes.
pub(super) fn copy(source: &Path, target: &Path) -> Result<BTreeMap<String, String>> {
    fs::create_dir(target).map_err(|error| write_failed(target, error))?;
    let mut hashes = BTreeMap::new();
    for name in KNOWN.into_iter().filter(|name| source.join(name).is_file()) {
        let (from, to) = (source.join(name), target.join(name));
        let mut read = File::open(&from).map_err(|error| read_failed(&from, error))?;
        // Not `fs::copy`: a file of somebody's alone becomes as readable as any new one.
        let copied = File::create(&to).and_then(|mut file| {
            io::copy(&mut read, &mut file)?;
            file.sync_all()
        });
        copied.map_err(|error| write_failed(&to, error))?;
        hashes.insert(name.to_owned(), hash(&to)?);
    }
    whole_file::sync_directory(target).map_err(|error| write_failed(target, error))?;
    Ok(hashes)
}

/// One hash for all of `files`.
pub(super) fn hash_of_all(files: &BTreeMap<String, String>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, hash) in files {
        // Names hold no line breaks: two lists never give one text.
        hasher.update(format!("{name}\n{hash}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Every way in which the files in `folder` are not those of `entry`.
pub(super) fn problems(folder: &Path, entry: &Entry) -> Vec<Error> {
    let damaged = |name: &str, found: String, expected: &str| Error::Damaged {
        path: folder.join(name),
        found,
        expected: expected.into(),
    };
    if !folder.is_dir() {
        let expected = "the folder of a module";
        return vec![damaged("", "there is no such directory".into(), expected)];
    }
    let mut problems: Vec<Error> = entry
        .files
        .iter()
        .filter_map(|(name, expected)| {
            let path = folder.join(name);
            if !path.exists() {
                return Some(damaged(name, "no such file".into(), "what was added"));
            }
            match hash(&path) {
                Ok(found) if found == *expected => None,
                Ok(found) => {
                    let expected = format!("checksum {}", short(expected));
                    Some(damaged(
                        name,
                        format!("checksum {}", short(&found)),
                        &expected,
                    ))
                }
                Err(error) => Some(error),
            }
        })
        .collect();
    if hash_of_all(&entry.files) != entry.hash {
        let found = "the manifest's `hash` is not that of `files`".into();
        problems.push(damaged("", found, "them to agree"));
    }
    // A file that was put there later could change what is read: another head, or another library's weights.
    let extra = |name: &&str| !entry.files.contains_key(*name) && folder.join(name).exists();
    let extra = KNOWN.iter().copied().filter(extra);
    problems.extend(extra.map(|name| damaged(name, "a file that was not added".into(), "none")));
    problems
}

/// Every name in `dir`, in order.
pub(super) fn names(dir: &Path) -> Result<Vec<String>> {
    let read = || -> io::Result<Vec<String>> {
        fs::read_dir(dir)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    };
    let mut names = read().map_err(|error| read_failed(dir, error))?;
    names.sort();
    Ok(names)
}

pub(super) fn read_failed(path: &Path, source: io::Error) -> Error {
    let path = path.to_owned();
    xenoglot_engine::Error::Read { path, source }.into()
}

pub(super) fn write_failed(path: &Path, source: io::Error) -> Error {
    let path = path.to_owned();
    xenoglot_engine::Error::Write { path, source }.into()
}

fn hash(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let read = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
    read.map_err(|error| read_failed(path, error))?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
