//! API keys: what one may do, where they are kept, and which one a request shows.
//!
//! A key is 256 random bits that we draw, so a plain hash keeps it: there is no word list to try against it, and nothing is
//! gained by making the hash slow. [`file`] reads and writes the files that hold hashes.

mod file;
mod ring;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use file::{add_key, read_keys, revoke_key};
pub use ring::KeyRing;

/// What a key begins with, so that a person, and a program that looks for secrets, sees what it is.
const PREFIX: &str = "xenoglot_";
/// The fewest characters of a key that somebody else made: as many as 128 bits have in hexadecimal.
const MIN_GIVEN_CHARS: usize = 32;

/// What a key lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Search, read documents, embed, rerank, analyze.
    Search,
    /// Add and delete documents. It does not let its holder read, so that whoever feeds an index need not see it.
    Write,
    /// Everything: the other two, and to create and delete collections, take snapshots, change modules, and read metrics.
    Admin,
}

impl Scope {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Search, Self::Write, Self::Admin]
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| format!("got {text:?}, expected search, write or admin"))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key itself, which is shown once and never written down by us.
pub struct Secret(String);

impl Secret {
    /// A new one, of 256 random bits.
    ///
    /// # Errors
    /// When the system has no random bits to give.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits).map_err(KeyError::Random)?;
        let hex: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(format!("{PREFIX}{hex}")))
    }

    /// One that somebody else made. Its hash is kept in memory alone, but requests can still be tried against it.
    ///
    /// # Errors
    /// When it is short enough to be guessed.
    pub fn given(text: &str) -> Result<Self, KeyError> {
        match text.chars().count() {
            n if n < MIN_GIVEN_CHARS => Err(KeyError::Short(n)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The key, for the eyes of its holder.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> blake3::Hash {
        blake3::hash(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key as it is kept: what it may do, and its hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// What its owner calls it; no two of a file have the same.
    pub name: String,
    /// What it lets its holder do.
    pub scopes: BTreeSet<Scope>,
    /// The collections that it is for; all, where there are none here.
    pub collections: Option<BTreeSet<String>>,
    hash: blake3::Hash,
}

impl Key {
    /// `secret`, with what it may do.
    pub fn new(
        name: String,
        scopes: BTreeSet<Scope>,
        collections: Option<BTreeSet<String>>,
        secret: &Secret,
    ) -> Self {
        Self {
            name,
            scopes,
            collections,
            hash: secret.hash(),
        }
    }

    /// Whether it lets its holder do what asks for `scope`.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&Scope::Admin) || self.scopes.contains(&scope)
    }

    /// Whether it is for `collection`.
    pub(crate) fn is_for(&self, collection: &str) -> bool {
        let of = self.collections.as_ref();
        of.is_none_or(|names| names.contains(collection))
    }
}

/// The one of `keys` that `shown` is. All are compared, each in constant time, so that how long it takes says nothing of how
/// near a guess came, or which key it was.
fn find<'k>(keys: &'k [Key], shown: &str) -> Option<&'k Key> {
    let shown = blake3::hash(shown.as_bytes());
    let mut found = None;
    for key in keys {
        // `blake3::Hash` compares in constant time.
        if key.hash == shown {
            found = Some(key);
        }
    }
    found
}

/// Why keys cannot be used. It never holds one.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}:{line}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A field of a key is wrong.
    #[error("{path}: key {key:?}: field `{field}`: {message}")]
    Field {
        /// The file.
        path: PathBuf,
        /// The key's name.
        key: String,
        /// The field.
        field: &'static str,
        /// What was got, and what was expected.
        message: String,
    },
    /// There is a key of this name.
    #[error("{path}: there is a key {name:?} already")]
    Taken {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// There is no key of this name.
    #[error("{path}: there is no key {name:?}")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A file has no key, which would leave the server open to all or to none.
    #[error("{path}: there is no key in it; `xenoglot keys new` makes one")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A key could be guessed.
    #[error(
        "a key of {0} characters can be guessed, expected {MIN_GIVEN_CHARS} or more; `xenoglot keys new` makes one"
    )]
    Short(usize),
    /// The system has no random bits.
    #[error("the system has no random bits to make a key of")]
    Random(#[source] getrandom::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, scopes: &[Scope], secret: &Secret) -> Key {
        Key::new(name.into(), scopes.iter().copied().collect(), None, secret)
    }

    #[test]
    fn a_new_key_is_256_bits_that_nobody_had_before() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        let digits = one.reveal().strip_prefix(PREFIX).unwrap();
        assert_eq!(digits.len(), 64);
        assert!(digits.chars().all(|digit| digit.is_ascii_hexdigit()));
    }

    #[test]
    fn a_secret_shows_itself_to_nobody_who_prints_it() {
        let secret = Secret::generate().unwrap();
        let key = key("a", &[Scope::Search], &secret);
        for printed in [format!("{secret:?}"), format!("{key:?}")] {
            assert!(!printed.contains(secret.reveal()), "{printed}");
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        assert!(matches!(Secret::given("hunter2"), Err(KeyError::Short(7))));
        assert!(Secret::given(&"x".repeat(MIN_GIVEN_CHARS)).is_ok());
    }

    #[test]
    fn admin_is_everything_and_write_is_not_search() {
        let secret = Secret::generate().unwrap();
        for (scopes, scope, expected) in [
            (&[Scope::Search][..], Scope::Search, true),
            (&[Scope::Search], Scope::Write, false),
            (&[Scope::Search], Scope::Admin, false),
            (&[Scope::Write], Scope::Search, false),
            (&[Scope::Write], Scope::Write, true),
            (&[Scope::Search, Scope::Write], Scope::Admin, false),
            (&[Scope::Admin], Scope::Search, true),
            (&[Scope::Admin], Scope::Write, true),
        ] {
            let key = key("a", scopes, &secret);
            assert_eq!(key.may(scope), expected, "{scopes:?} {scope}");
        }
    }

    #[test]
    fn a_key_is_found_by_all_of_its_characters() {
        let secrets = [Secret::generate().unwrap(), Secret::generate().unwrap()];
        let keys = [
            key("one", &[Scope::Search], &secrets[0]),
            key("two", &[Scope::Search], &secrets[1]),
        ];
        let name = |shown: &str| find(&keys, shown).map(|key| key.name.as_str());
        assert_eq!(name(secrets[0].reveal()), Some("one"));
        assert_eq!(name(secrets[1].reveal()), Some("two"));
        let shown = secrets[1].reveal();
        for wrong in ["", PREFIX, &shown[..shown.len() - 1], &format!("{shown} ")] {
            assert_eq!(name(wrong), None, "{wrong:?}");
        }
    }
}
