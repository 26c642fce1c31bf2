//! Word forms → stems: Snowball's stemmers, and cutting words short.
//!
//! Where no stemmer is published, and after one that leaves endings on or meets compounds, the first letters stand for
//! the word. That this works as well as a lemmatiser is known of Turkish (Can et al. 2008, at 408,000 documents); for
//! the others it was measured, and where it did not pay it is not done: `docs/languages.md` has the figures.

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;

/// How the forms of a word are brought together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stem {
    pub(super) snowball: Option<Algorithm>,
    /// How many letters are left, vowel signs and other marks not counted.
    pub(super) letters: Option<usize>,
}

/// Longer words are not stemmed: Snowball copies the word at each step, and no ending matters in them.
const MAX_BYTES: usize = 128;

impl Stem {
    /// Every form for itself.
    pub(super) const NONE: Self = Self {
        snowball: None,
        letters: None,
    };

    /// The stem of `word`; the word itself where stemming would leave nothing.
    pub(super) fn apply(self, word: &str) -> Cow<'_, str> {
        let stem = match self.snowball {
            Some(algorithm) if word.len() <= MAX_BYTES => Stemmer::new(algorithm).stem(word),
            _ => Cow::Borrowed(word),
        };
        let stem = if stem.is_empty() {
            Cow::Borrowed(word)
        } else {
            stem
        };
        match self.letters {
            // Half of a number is another number.
            Some(n) if !word.starts_with(|c: char| c.is_numeric()) => cut(stem, n),
            _ => stem,
        }
    }
}

fn cut(stem: Cow<'_, str>, n: usize) -> Cow<'_, str> {
    let mut letters = stem.char_indices().filter(|(_, c)| !is_combining_mark(*c));
    let Some((end, _)) = letters.nth(n) else {
        return stem;
    };
    match stem {
        Cow::Borrowed(stem) => Cow::Borrowed(&stem[..end]),
        Cow::Owned(mut stem) => {
            stem.truncate(end);
            Cow::Owned(stem)
        }
    }
}
