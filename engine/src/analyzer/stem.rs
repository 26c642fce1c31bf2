//! Word forms → stems, where Snowball has a stemmer.

use rust_stemmers::{Algorithm, Stemmer};

use crate::language::Lang;

/// The stemmer of a language, or none.
pub(super) struct Stem(Option<Stemmer>);

impl Stem {
    pub(super) fn of(lang: Lang) -> Self {
        let algorithm = match lang.primary() {
            "ar" => Algorithm::Arabic,
            "da" => Algorithm::Danish,
            "nl" => Algorithm::Dutch,
            "en" => Algorithm::English,
            "fi" => Algorithm::Finnish,
            "fr" => Algorithm::French,
            "de" => Algorithm::German,
            "el" => Algorithm::Greek,
            "hu" => Algorithm::Hungarian,
            "it" => Algorithm::Italian,
            "nb" | "nn" => Algorithm::Norwegian,
            "pt" => Algorithm::Portuguese,
            "ro" => Algorithm::Romanian,
            "ru" => Algorithm::Russian,
            "es" => Algorithm::Spanish,
            "sv" => Algorithm::Swedish,
            "ta" => Algorithm::Tamil,
            "tr" => Algorithm::Turkish,
            _ => return Self(None),
        };
        Self(Some(Stemmer::create(algorithm)))
    }

    /// The stem of `word`; the word itself where stemming would leave nothing.
    pub(super) fn apply(&self, word: &str) -> String {
        let stem = self.0.as_ref().map(|stemmer| stemmer.stem(word));
        match stem {
            Some(stem) if !stem.is_empty() => stem.into_owned(),
            _ => word.to_owned(),
        }
    }
}
