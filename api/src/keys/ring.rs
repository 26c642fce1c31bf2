//! The keys that a running server knows, which can be read again.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Key, KeyError, Scope, Secret, find, read_keys};

/// What the key of the environment is called.
const ENVIRONMENT: &str = "environment";

/// The keys of a file, and one of the environment that may do everything. It is never empty.
#[derive(Debug)]
pub struct KeyRing {
    file: Option<PathBuf>,
    environment: Option<Key>,
    keys: RwLock<Arc<[Key]>>,
}

impl KeyRing {
    /// The keys of `file` and of the environment; none where neither is given, which is a server without keys.
    ///
    /// # Errors
    /// When the file cannot be used, or has no keys.
    pub fn open(
        file: Option<PathBuf>,
        environment: Option<&Secret>,
    ) -> Result<Option<Self>, KeyError> {
        if file.is_none() && environment.is_none() {
            return Ok(None);
        }
        let environment = environment
            .map(|secret| Key::new(ENVIRONMENT.into(), [Scope::Admin].into(), None, secret));
        let ring = Self {
            file,
            environment,
            keys: RwLock::new(Arc::new([])),
        };
        ring.reload()?;
        Ok(Some(ring))
    }

    /// Reads the file again; where that fails, or leaves nothing, the keys of before stay.
    pub(crate) fn reload(&self) -> Result<(), KeyError> {
        let mut keys = match &self.file {
            Some(path) => read_keys(path)?,
            None => Vec::new(),
        };
        keys.extend(self.environment.clone());
        if let (true, Some(path)) = (keys.is_empty(), &self.file) {
            return Err(KeyError::Empty { path: path.clone() });
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
        Ok(())
    }

    /// The key that `shown` is.
    pub(crate) fn find(&self, shown: &str) -> Option<Key> {
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        find(&keys, shown).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{add_key, revoke_key};
    use super::*;

    #[test]
    fn a_file_is_read_again_and_a_bad_one_changes_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("keys.toml");
        let secrets = [(); 2].map(|()| Secret::generate().unwrap());
        let keys = [("one", &secrets[0]), ("two", &secrets[1])]
            .map(|(name, secret)| Key::new(name.into(), [Scope::Search].into(), None, secret));
        add_key(&path, &keys[0]).unwrap();
        let ring = KeyRing::open(Some(path.clone()), None).unwrap().unwrap();
        let knows = || [0, 1].map(|i: usize| ring.find(secrets[i].reveal()).is_some());
        add_key(&path, &keys[1]).unwrap();
        assert_eq!(knows(), [true, false]);
        ring.reload().unwrap();
        assert_eq!(knows(), [true, true]);
        revoke_key(&path, "one").unwrap();
        ring.reload().unwrap();
        assert_eq!(knows(), [false, true]);
        for bad in ["", "[[key", "[[key]]\nname = \"x\""] {
            std::fs::write(&path, bad).unwrap();
            assert!(ring.reload().is_err(), "{bad:?}");
            assert_eq!(knows(), [false, true], "{bad:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(ring.reload().is_err());
        assert_eq!(knows(), [false, true]);
    }

    #[test]
    fn the_key_of_the_environment_may_do_everything() {
        let secret = Secret::generate().unwrap();
        let ring = KeyRing::open(None, Some(&secret)).unwrap().unwrap();
        assert!(ring.find(secret.reveal()).unwrap().may(Scope::Admin));
        assert!(KeyRing::open(None, None).unwrap().is_none());
    }
}
