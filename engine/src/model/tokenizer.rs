//! Text → model ids. The one room of the `tokenizers` crate.

use tokenizers::{PostProcessor, TruncationParams};

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

    /// Cuts every text so that [`ids_with_special`](Self::ids_with_special) gives at most `max_tokens`.
    ///
    /// # Errors
    /// When the special tokens alone are as many.
    pub(crate) fn truncated(mut self, dir: &ModelDir, max_tokens: usize) -> Result<Self> {
        let post_processor = self.inner.get_post_processor();
        let n_special = post_processor.map_or(0, |processor| processor.added_tokens(false));
        // The library subtracts one from the other without looking.
        if max_tokens <= n_special {
            return Err(Error::Model {
                path: dir.path_of("tokenizer.json"),
                problem: format!(
                    "it adds {n_special} special tokens, and the model reads at most {max_tokens}"
                ),
            });
        }
        let truncation = TruncationParams {
            max_length: max_tokens,
            ..TruncationParams::default()
        };
        self.inner
            .with_truncation(Some(truncation))
            .map_err(|source| Error::ModelLibrary {
                path: dir.path_of("tokenizer.json"),
                doing: "truncate texts with this tokenizer",
                source,
            })?;
        Ok(self)
    }

    /// The ids of `text`, without special tokens.
    pub(crate) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        self.encode(text, false)
    }

    /// The ids of `text`, between the special tokens that the model expects.
    pub(crate) fn ids_with_special(&self, text: &str) -> Result<Vec<u32>> {
        self.encode(text, true)
    }

    fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .encode_fast(text, special)
            .map_err(|source| Error::Runtime {
                doing: "tokenize a text",
                source,
            })?;
        Ok(encoding.get_ids().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        max_length: usize,
        tokens: Vec<Pair>,
    }

    #[derive(Deserialize)]
    struct Pair {
        query: String,
        document: String,
        input_ids: Vec<u32>,
    }

    #[test]
    fn ids_of_pairs_agree_with_transformers() {
        let shared = std::env::var_os("XENOGLOT_SHARED").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
            PathBuf::from,
        );
        for family in ["bert", "xlmr"] {
            let path = shared.join("golden").join(family);
            let Ok(expected) = fs::read(path.join("expected.json")) else {
                println!("skipped: {} is absent", path.display());
                continue;
            };
            let golden: Golden = serde_json::from_slice(&expected).unwrap();
            let dir = ModelDir::open(&path.join("base")).unwrap();
            let tokenizer = Tokenizer::load(&dir).unwrap();
            let tokenizer = tokenizer.truncated(&dir, golden.max_length).unwrap();
            for pair in golden.tokens {
                let texts = (pair.query.as_str(), pair.document.as_str());
                let encoding = tokenizer.inner.encode_fast(texts, true).unwrap();
                assert_eq!(encoding.get_ids(), pair.input_ids, "{family}: {texts:?}");
            }
        }
    }
}
