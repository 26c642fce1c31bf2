//! Text → model ids. The one room of the `tokenizers` crate.

use crate::error::{Cause, Error, Result};

use super::directory::ModelDir;

/// A `tokenizer.json` in the format of Hugging Face's tokenizers.
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

impl Tokenizer {
    /// Reads `tokenizer.json`. Truncation and padding of the file are switched off: callers say what they want.
    pub(crate) fn load(dir: &ModelDir) -> Result<Self> {
        let library = |source: Cause| Error::ModelLibrary {
            path: dir.path_of("tokenizer.json"),
            doing: "read this tokenizer",
            source,
        };
        let mut inner =
            tokenizers::Tokenizer::from_bytes(&*dir.bytes("tokenizer.json")?).map_err(library)?;
        inner.with_truncation(None).map_err(library)?;
        inner.with_padding(None);
        Ok(Self { inner })
    }

    /// The ids of `text`, without special tokens.
    pub(crate) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .encode_fast(text, false)
            .map_err(|source| Error::Runtime {
                doing: "tokenize a text",
                source,
            })?;
        Ok(encoding.get_ids().to_vec())
    }
}
