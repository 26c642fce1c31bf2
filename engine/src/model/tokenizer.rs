//! Text → model ids. The one room of the `tokenizers` crate.

use serde::Deserialize;
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::{NormalizerWrapper, PostProcessor, TruncationDirection, TruncationParams};

use crate::error::{Cause, Error, Result};

use super::directory::ModelDir;

/// A `tokenizer.json` in the format of Hugging Face's tokenizers.
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

/// The part of `tokenizer.json` that the library does not show.
#[derive(Deserialize)]
struct File {
    model: FileModel,
}

#[derive(Deserialize)]
struct FileModel {
    unk_token: Option<String>,
    unk_id: Option<u32>,
}

/// What a text that is too long loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Beginning,
    End,
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
    pub(crate) fn truncated(mut self, dir: &ModelDir, max_tokens: usize, cut: Cut) -> Result<Self> {
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
            direction: match cut {
                Cut::Beginning => TruncationDirection::Left,
                Cut::End => TruncationDirection::Right,
            },
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

    /// Makes capitals small before anything else is done to a text, except in special tokens.
    ///
    /// # Errors
    /// When the library refuses.
    pub(crate) fn lower_cased(mut self, dir: &ModelDir) -> Result<Self> {
        let lower_case = NormalizerWrapper::from(Lowercase);
        let own = self.inner.get_normalizer().cloned();
        let normalizers = Sequence::new(std::iter::once(lower_case).chain(own).collect());
        self.inner
            .with_normalizer(Some(normalizers))
            .map_err(|source| Error::ModelLibrary {
                path: dir.path_of("tokenizer.json"),
                doing: "lower the case of this tokenizer's texts",
                source,
            })?;
        Ok(self)
    }

    /// Refuses a tokenizer that knows ids from `vocab_size` on: it belongs to another model.
    ///
    /// # Errors
    /// When there is one.
    pub(crate) fn check_ids(&self, dir: &ModelDir, vocab_size: usize) -> Result<()> {
        let vocabulary = self.inner.get_vocab(true);
        let beyond = vocabulary
            .iter()
            .filter(|(_, id)| **id as usize >= vocab_size)
            .min_by_key(|(_, id)| **id);
        match beyond {
            None => Ok(()),
            Some((token, id)) => Err(Error::Model {
                path: dir.path_of("tokenizer.json"),
                problem: format!(
                    "token {token:?} has id {id}, and the model has {vocab_size} tokens: they do not belong together"
                ),
            }),
        }
    }

    /// Refuses a tokenizer that does not know one of `tokens`, which its own settings name: it belongs to another model.
    ///
    /// # Errors
    /// When there is one.
    pub(crate) fn check_knows(&self, dir: &ModelDir, tokens: &[String]) -> Result<()> {
        let is_unknown = |token: &&String| self.inner.token_to_id(token).is_none();
        match tokens.iter().find(is_unknown) {
            None => Ok(()),
            Some(token) => Err(Error::Model {
                path: dir.path_of("tokenizer.json"),
                problem: format!(
                    "it does not know {token:?}, which tokenizer_config.json names: they do not belong together"
                ),
            }),
        }
    }

    /// The id of the token that stands for unknown ones, if there is one.
    pub(crate) fn unknown_id(&self, dir: &ModelDir) -> Result<Option<u32>> {
        let file: File = dir.json("tokenizer.json")?;
        let by_name = file
            .model
            .unk_token
            .map(|token| self.inner.token_to_id(&token));
        Ok(by_name.unwrap_or(file.model.unk_id))
    }

    /// The length of the middle one of all tokens, by length; the lower, rounded down, of two.
    pub(crate) fn median_token_chars(&self) -> usize {
        let vocabulary = self.inner.get_vocab(true);
        let mut lengths: Vec<usize> = vocabulary
            .keys()
            .map(|token| token.chars().count())
            .collect();
        lengths.sort_unstable();
        let n = lengths.len();
        match n {
            0 => 0,
            n if n.is_multiple_of(2) => usize::midpoint(lengths[n / 2 - 1], lengths[n / 2]),
            _ => lengths[n / 2],
        }
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
            .map_err(|source| Error::Tokenizer { source })?;
        Ok(encoding.get_ids().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

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
            let tokenizer = tokenizer
                .truncated(&dir, golden.max_length, Cut::End)
                .unwrap();
            for pair in golden.tokens {
                let texts = (pair.query.as_str(), pair.document.as_str());
                let encoding = tokenizer.inner.encode_fast(texts, true).unwrap();
                assert_eq!(encoding.get_ids(), pair.input_ids, "{family}: {texts:?}");
            }
        }
    }
}
