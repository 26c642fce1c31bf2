//! Texts as tokens, for those who want to see them, and back.

use tokenizers::decoders::wordpiece::WordPiece;
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::{DecoderWrapper, Encoding, ModelWrapper};

use crate::encoder::{Marks, Token};
use crate::error::{Cause, Error, Result};

use super::Tokenizer;

impl Tokenizer {
    /// The tokens of `text`, whatever its length.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub(crate) fn view(&self, text: &str, marks: Marks) -> Result<Vec<Token>> {
        let failed = |source: Cause| Error::Tokenizer { source };
        let mut encoding = self
            .inner
            .encode_char_offsets(text, false)
            .map_err(failed)?;
        if marks == Marks::With {
            encoding = self
                .inner
                .post_process(encoding, None, true)
                .map_err(failed)?;
        }
        Ok(tokens(text, &encoding))
    }

    /// Whether there is a token of this id.
    pub(crate) fn knows(&self, id: u32) -> bool {
        self.inner.id_to_token(id).is_some()
    }

    /// The text that `ids` stand for.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub(crate) fn text_of(&self, ids: &[u32]) -> Result<String> {
        let text = self.inner.decode(ids, true);
        text.map_err(|source| Error::Tokenizer { source })
    }
}

/// How tokens of `model` become text where the file does not say it: by the marks of words that such models use.
pub(super) fn usual_decoder(model: &ModelWrapper) -> Option<DecoderWrapper> {
    match model {
        ModelWrapper::WordPiece(_) => Some(WordPiece::default().into()),
        ModelWrapper::Unigram(_) => Some(Metaspace::default().into()),
        ModelWrapper::BPE(_) | ModelWrapper::WordLevel(_) => None,
    }
}

fn tokens(text: &str, encoding: &Encoding) -> Vec<Token> {
    // Where each character begins, and where the last one ends.
    let ends = text.char_indices().map(|(at, _)| at);
    let places: Vec<usize> = ends.chain([text.len()]).collect();
    let marks = encoding.get_special_tokens_mask();
    let pieces = encoding.get_ids().iter().zip(encoding.get_tokens());
    let pieces = pieces.zip(encoding.get_offsets()).zip(marks);
    pieces
        .map(|(((id, name), (start, end)), mark)| {
            let place = (places.get(*start), places.get(*end));
            let said = match place {
                (Some(start), Some(end)) if *mark == 0 => text.get(*start..*end),
                _ => None,
            };
            Token {
                id: *id,
                text: said.unwrap_or(name).to_owned(),
                span: said.map(|_| (*start, *end)),
            }
        })
        .collect()
}
