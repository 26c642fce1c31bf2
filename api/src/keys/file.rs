//! Files of keys: TOML with a `[[key]]` for each, which holds its hash and never the key.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;

use super::{Key, KeyError, Scope};

/// What a hash begins with, so that another way to hash can come later.
const HASH: &str = "blake3:";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    scopes: Vec<String>,
    hash: String,
    collections: Option<BTreeSet<String>>,
}

/// The keys of the file at `path`, in its order.
///
/// # Errors
/// When it cannot be read, or is not what a file of keys should be.
pub fn read_keys(path: &Path) -> Result<Vec<Key>, KeyError> {
    parse(path, &text(path)?)
}

/// Adds `key` to the file at `path`, which need not be there yet. It is replaced at once, so that who reads it meanwhile
/// finds the file of before or after.
///
/// # Errors
/// When there is a key of its name, and when the file cannot be read or written.
pub fn add_key(path: &Path, key: &Key) -> Result<(), KeyError> {
    let before = match path.exists() {
        true => text(path)?,
        false => String::new(),
    };
    if parse(path, &before)?.iter().any(|old| old.name == key.name) {
        return Err(KeyError::Taken {
            path: path.into(),
            name: key.name.clone(),
        });
    }
    let gap = match before.trim_end() {
        "" => "",
        _ => "\n",
    };
    let after = format!("{}{gap}{}", with_line_end(&before), key.to_toml());
    replace(path, &after)
}

/// Takes the key of this name out of the file at `path`.
///
/// # Errors
/// When there is none, and when the file cannot be read or written.
pub fn revoke_key(path: &Path, name: &str) -> Result<(), KeyError> {
    let before = text(path)?;
    let keys = parse(path, &before)?;
    let Some(nth) = keys.iter().position(|key| key.name == name) else {
        return Err(KeyError::Unknown {
            path: path.into(),
            name: name.into(),
        });
    };
    let after = without(&before, nth);
    let mut expected = keys;
    expected.remove(nth);
    // Whoever writes TOML in a way that we do not foresee must not lose another key.
    if parse(path, &after).ok().as_ref() != Some(&expected) {
        return Err(KeyError::Syntax {
            path: path.into(),
            line: 1,
            message: format!(
                "the entry of {name:?} is not where it was expected; remove it by hand"
            ),
        });
    }
    replace(path, &after)
}

impl Key {
    /// Its entry in a file of keys.
    pub fn to_toml(&self) -> String {
        let list = |items: &mut dyn Iterator<Item = &str>| {
            let items: Vec<String> = items.map(quoted).collect();
            format!("[{}]", items.join(", "))
        };
        let mut text = format!("[[key]]\nname = {}\n", quoted(&self.name));
        let scopes = list(&mut self.scopes.iter().map(|scope| scope.name()));
        let _ = writeln!(text, "scopes = {scopes}");
        if let Some(collections) = &self.collections {
            let names = list(&mut collections.iter().map(String::as_str));
            let _ = writeln!(text, "collections = {names}");
        }
        let _ = writeln!(text, "hash = \"{HASH}{}\"", self.hash.to_hex());
        text
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn text(path: &Path) -> Result<String, KeyError> {
    std::fs::read_to_string(path).map_err(|source| KeyError::Read {
        path: path.into(),
        source,
    })
}

fn parse(path: &Path, text: &str) -> Result<Vec<Key>, KeyError> {
    let file: File = toml::from_str(text).map_err(|error| KeyError::Syntax {
        path: path.into(),
        line: error
            .span()
            .map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
        // Without the excerpt of the file that its `Display` has.
        message: error.message().to_owned(),
    })?;
    let mut keys: Vec<Key> = Vec::with_capacity(file.key.len());
    for entry in file.key {
        let key = entry.check(path)?;
        if keys.iter().any(|other| other.name == key.name) {
            return Err(KeyError::Taken {
                path: path.into(),
                name: key.name,
            });
        }
        keys.push(key);
    }
    Ok(keys)
}

impl Entry {
    fn check(self, path: &Path) -> Result<Key, KeyError> {
        let wrong = |field, message: String| KeyError::Field {
            path: path.into(),
            key: self.name.clone(),
            field,
            message,
        };
        let scopes: BTreeSet<Scope> = self
            .scopes
            .iter()
            .map(|scope| scope.parse())
            .collect::<Result<_, _>>()
            .map_err(|message| wrong("scopes", message))?;
        if scopes.is_empty() {
            let message = "got none, expected search, write or admin";
            return Err(wrong("scopes", message.into()));
        }
        if self.collections.as_ref().is_some_and(BTreeSet::is_empty) {
            let message = "got none, expected names; leave it out for all collections";
            return Err(wrong("collections", message.into()));
        }
        // What was got is not told: somebody may have put a key here.
        let hash = self.hash.strip_prefix(HASH);
        let hash = hash.and_then(|hex| blake3::Hash::from_hex(hex).ok());
        let Some(hash) = hash else {
            let message = format!("expected {HASH} and 64 hexadecimal digits");
            return Err(wrong("hash", message));
        };
        Ok(Key {
            name: self.name,
            scopes,
            collections: self.collections,
            hash,
        })
    }
}

/// `text` without its `nth` entry. What stands between it and the next one, a comment say, stays.
fn without(text: &str, nth: usize) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_header = |line: &&str| line.trim_start().starts_with("[[key]]");
    let starts: Vec<usize> = (0..lines.len()).filter(|i| is_header(&lines[*i])).collect();
    let Some(&start) = starts.get(nth) else {
        return text.to_owned();
    };
    let next = starts.get(nth + 1).copied().unwrap_or(lines.len());
    let is_own = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    };
    let last = (start..next).rev().find(|i| is_own(&lines[*i]));
    let mut end = last.map_or(next, |last| last + 1);
    // One empty line of those on either side goes with it.
    if lines.get(end).is_some_and(|line| line.trim().is_empty()) {
        end += 1;
    }
    [&lines[..start], &lines[end..]].concat().concat()
}

fn with_line_end(text: &str) -> String {
    match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}

/// Puts `text` in the place of the file at `path`, readable by its owner alone.
fn replace(path: &Path, text: &str) -> Result<(), KeyError> {
    let written = || {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // It is made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        // Whoever could read it before still can: a service that runs as somebody else, say.
        if let Ok(before) = std::fs::metadata(path) {
            file.as_file().set_permissions(before.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    written().map_err(|source| KeyError::Write {
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;

    fn key(name: &str) -> Key {
        let secret = Secret::generate().unwrap();
        let scopes = [Scope::Search, Scope::Write].into();
        let collections = (name == "limited").then(|| ["a".into(), "b\"c".into()].into());
        Key::new(name.into(), scopes, collections, &secret)
    }

    #[test]
    fn what_is_added_is_read_and_what_is_revoked_is_gone() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("keys.toml");
        let keys = ["plain", "limited", "l'été \"x\"\n"].map(key);
        for key in &keys {
            add_key(&path, key).unwrap();
        }
        assert_eq!(read_keys(&path).unwrap(), keys);
        assert!(matches!(
            add_key(&path, &keys[0]),
            Err(KeyError::Taken { .. })
        ));
        revoke_key(&path, "limited").unwrap();
        assert_eq!(
            read_keys(&path).unwrap(),
            [keys[0].clone(), keys[2].clone()]
        );
        assert!(matches!(
            revoke_key(&path, "limited"),
            Err(KeyError::Unknown { .. })
        ));
        revoke_key(&path, "plain").unwrap();
        revoke_key(&path, &keys[2].name).unwrap();
        assert_eq!(read_keys(&path).unwrap(), []);
    }

    #[test]
    fn comments_stay() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("keys.toml");
        let [one, two] = ["one", "two"].map(key);
        let text = format!(
            "# ours\n\n{}\n# of the newsroom\n{}# end",
            one.to_toml(),
            two.to_toml()
        );
        std::fs::write(&path, text).unwrap();
        revoke_key(&path, "one").unwrap();
        add_key(&path, &one).unwrap();
        let expected = format!(
            "# ours\n\n# of the newsroom\n{}# end\n\n{}",
            two.to_toml(),
            one.to_toml()
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = parse(Path::new("keys.toml"), text).unwrap_err();
        assert_eq!(error.to_string(), format!("keys.toml{expected}"));
    }

    #[test]
    fn a_wrong_entry_is_named() {
        let hash = format!("blake3:{}", "0".repeat(64));
        let entry = |name: &str, scopes: &str, hash: &str| {
            format!("[[key]]\nname = \"{name}\"\nscopes = {scopes}\nhash = \"{hash}\"\n")
        };
        check(
            &entry("a", "[\"read\"]", &hash),
            ": key \"a\": field `scopes`: got \"read\", expected search, write or admin",
        );
        check(
            &entry("a", "[]", &hash),
            ": key \"a\": field `scopes`: got none, expected search, write or admin",
        );
        let twice = entry("a", "[\"admin\"]", &hash).repeat(2);
        check(&twice, ": there is a key \"a\" already");
        let with = |line: &str| format!("{}{line}\n", entry("a", "[\"admin\"]", &hash));
        check(
            &with("collections = []"),
            ": key \"a\": field `collections`: got none, expected names; leave it out for all collections",
        );
        check(
            &with("colour = 1"),
            ":5: unknown field `colour`, expected one of `name`, `scopes`, `hash`, `collections`",
        );
    }

    #[test]
    fn a_key_where_its_hash_should_be_is_not_repeated() {
        let secret = Secret::generate().unwrap();
        let text = format!(
            "[[key]]\nname = \"a\"\nscopes = [\"admin\"]\nhash = \"{}\"\n",
            secret.reveal()
        );
        check(
            &text,
            ": key \"a\": field `hash`: expected blake3: and 64 hexadecimal digits",
        );
    }
}
