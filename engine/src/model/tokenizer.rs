//! Text → model ids. The one room of the `tokenizers` crate.

mod pair;
mod view;

use serde::Deserialize;
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::utils::truncation::truncate_encodings;
use tokenizers::{
    Encoding, NormalizerWrapper, PostProcessor, TruncationDirection, TruncationParams,
    TruncationStrategy,
};

use crate::error::{Cause, Error, Result};

use super::directory::ModelDir;

pub use pair::{TokenPair, Tokens};

/// A `tokenizer.json` in the format of Hugging Face's tokenizers.
pub(crate) struct Tokenizer {
    /// Without truncation: what it cuts off it does not count.
    inner: tokenizers::Tokenizer,
    limit: Option<Limit>,
}

/// Where texts are cut.
#[derive(Debug, Clone, Copy)]
struct Limit {
    max_tokens: usize,
    cut: Cut,
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
        if inner.get_decoder().is_none() {
            let usual = view::usual_decoder(inner.get_model());
            inner.with_decoder(usual);
        }
        Ok(Self { inner, limit: None })
    }

    /// How many tokens it puts around a text.
    pub(crate) fn n_marks(&self) -> usize {
        let post_processor = self.inner.get_post_processor();
        post_processor.map_or(0, |processor| processor.added_tokens(false))
    }

    /// Cuts every text so that [`ids_with_special`](Self::ids_with_special) gives at most `max_tokens`.
    ///
    /// # Errors
    /// When the special tokens alone are as many.
    pub(crate) fn truncated(mut self, dir: &ModelDir, max_tokens: usize, cut: Cut) -> Result<Self> {
        let n_special = self.n_marks();
        // The library subtracts one from the other without looking.
        if max_tokens <= n_special {
            return Err(Error::Model {
                path: dir.path_of("tokenizer.json"),
                problem: format!(
                    "it adds {n_special} special tokens, and the model reads at most {max_tokens}"
                ),
            });
        }
        self.limit = Some(Limit { max_tokens, cut });
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

    /// How many tokens `text` has, without special ones, cut or not.
    pub(crate) fn n_tokens(&self, text: &str) -> Result<usize> {
        Ok(self.tokens(text)?.len())
    }

    fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        let mut encoding = self.tokens(text)?.0;
        if let Some(Limit { max_tokens, cut }) = self.limit {
            let n_marks = if special { self.n_marks() } else { 0 };
            encoding.truncate(max_tokens - n_marks, 0, cut.direction());
            encoding.take_overflowing();
        }
        if special {
            let whole = self.inner.post_process(encoding, None, true);
            encoding = whole.map_err(|source| Error::Tokenizer { source })?;
        }
        Ok(encoding.get_ids().to_vec())
    }
}

/// How pairs of texts are brought to the length that a model reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PairLength {
    /// What is left for the two texts.
    room: usize,
    cut: Cut,
}

impl Tokenizer {
    /// Pairs of at most `max_tokens` tokens, special ones included.
    ///
    /// # Errors
    /// When the special tokens leave less than one for each text.
    pub(crate) fn pair_length(
        &self,
        dir: &ModelDir,
        max_tokens: usize,
        cut: Cut,
    ) -> Result<PairLength> {
        let post_processor = self.inner.get_post_processor();
        let n_special = post_processor.map_or(0, |processor| processor.added_tokens(true));
        match max_tokens.checked_sub(n_special) {
            Some(room) if room >= 2 => Ok(PairLength { room, cut }),
            _ => Err(Error::Model {
                path: dir.path_of("tokenizer.json"),
                problem: format!(
                    "it adds {n_special} special tokens to a pair of texts, and the model reads at most {max_tokens}"
                ),
            }),
        }
    }

    /// The tokens of `text`, all of them, without special ones.
    pub(crate) fn tokens(&self, text: &str) -> Result<Tokens> {
        let encoding = self.inner.encode_fast(text, false);
        let encoding = encoding.map_err(|source| Error::Tokenizer { source })?;
        Ok(Tokens(encoding))
    }

    /// The pair, whose longer text loses tokens, one after the other, until both fit ("longest first").
    pub(crate) fn pair(
        &self,
        query: &Tokens,
        document: &Tokens,
        length: PairLength,
    ) -> Result<TokenPair> {
        let truncation = TruncationParams {
            max_length: length.room,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
            direction: length.cut.direction(),
        };
        let texts = truncate_encodings(query.0.clone(), Some(document.0.clone()), &truncation);
        match texts.map_err(|source| Error::Tokenizer { source })? {
            (query, Some(document)) => self.joined(query, document),
            (query, None) => self.joined(query, Encoding::default()),
        }
    }

    /// The pairs of the query and each window of the document, which share `stride` tokens with the next, and
    /// never more than half of them. A query that leaves no room has one window, as in [`pair`](Self::pair).
    pub(crate) fn windows(
        &self,
        query: &Tokens,
        document: &Tokens,
        stride: usize,
        length: PairLength,
    ) -> Result<Vec<TokenPair>> {
        let room = length.room.saturating_sub(query.len());
        if document.len() <= room || room == 0 {
            return Ok(vec![self.pair(query, document, length)?]);
        }
        // However little room a query leaves, windows move on.
        let stride = stride.min(room / 2);
        let mut first = document.0.clone();
        first.truncate(room, stride, TruncationDirection::Right);
        let rest = first.take_overflowing();
        let windows = std::iter::once(first).chain(rest);
        windows
            .map(|window| self.joined(query.0.clone(), window))
            .collect()
    }

    fn joined(&self, query: Encoding, document: Encoding) -> Result<TokenPair> {
        let pair = self.inner.post_process(query, Some(document), true);
        let pair = pair.map_err(|source| Error::Tokenizer { source })?;
        let sequences = pair.get_sequence_ids();
        let of_document = sequences.iter().position(|sequence| *sequence == Some(1));
        // An empty document is nothing but what stands around it.
        let after_query = || pair.get_type_ids().iter().position(|kind| *kind == 1);
        Ok(TokenPair {
            n_query: of_document.or_else(after_query).unwrap_or(pair.len()),
            ids: pair.get_ids().to_vec(),
            types: pair.get_type_ids().to_vec(),
        })
    }
}

impl Cut {
    fn direction(self) -> TruncationDirection {
        match self {
            Self::Beginning => TruncationDirection::Left,
            Self::End => TruncationDirection::Right,
        }
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
            let length = tokenizer
                .pair_length(&dir, golden.max_length, Cut::End)
                .unwrap();
            for pair in golden.tokens {
                let [query, document] =
                    [&pair.query, &pair.document].map(|text| tokenizer.tokens(text).unwrap());
                let tokens = tokenizer.pair(&query, &document, length).unwrap();
                assert_eq!(tokens.ids, pair.input_ids, "{family}: {:?}", pair.query);
                // `[CLS] query [SEP]`, or `<s> query </s></s>`.
                let n_special = if family == "bert" { 2 } else { 3 };
                assert!(tokens.n_query <= query.len() + n_special, "{tokens:?}");
            }
        }
    }

    #[test]
    fn windows_cover_a_document_and_overlap() {
        let shared = std::env::var_os("XENOGLOT_SHARED").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
            PathBuf::from,
        );
        let base = shared.join("golden/bert/base");
        let Ok(dir) = ModelDir::open(&base) else {
            println!("skipped: {} is absent", base.display());
            return;
        };
        let tokenizer = Tokenizer::load(&dir).unwrap();
        let length = tokenizer.pair_length(&dir, 24, Cut::End).unwrap();
        let query = tokenizer.tokens("Where do storks nest?").unwrap();
        let document = tokenizer
            .tokens(&"The bridge was finished in 1932. ".repeat(6))
            .unwrap();
        let windows = tokenizer.windows(&query, &document, 3, length).unwrap();
        assert!(windows.len() > 2, "{}", windows.len());
        let room = 24 - 3 - query.len();
        let of_window = |i: usize| &windows[i].ids[windows[i].n_query..windows[i].ids.len() - 1];
        let ids = document.0.get_ids();
        let mut start = 0;
        for i in 0..windows.len() {
            let window = of_window(i);
            assert_eq!(window, &ids[start..start + window.len()], "window {i}");
            assert!(window.len() <= room);
            start += room - 3;
        }
        assert_eq!(of_window(windows.len() - 1).last(), ids.last());
        let short = tokenizer.tokens("Once.").unwrap();
        assert_eq!(
            tokenizer.windows(&query, &short, 3, length).unwrap().len(),
            1
        );
    }
}
