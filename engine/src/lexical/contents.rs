//! What a part says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::language::Lang;

use super::lengths::Counts;
use super::numbers::Column;

const FILE: &str = "contents.json";

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) n_docs: usize,
    pub(super) languages: BTreeMap<Lang, Counts>,
    pub(super) numbers: Vec<Column>,
}

impl Contents {
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(source) => return Err(Error::Read { path, source }),
        };
        serde_json::from_slice(&text).map_err(|error| Error::Damaged {
            path,
            found: error.to_string(),
            expected: "what was written".into(),
        })
    }

    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        let failed = |source| Error::Write {
            path: path.clone(),
            source,
        };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        std::fs::write(&path, text).map_err(failed)
    }
}
