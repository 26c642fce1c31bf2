//! What a word of a query may stand for in another language.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::analyzer::{Analyzer, Word};
use crate::language::Lang;

use super::lexicons::Lexicon;
use super::table::TERM;

/// The share of a word's translations, likeliest first, that is looked for: the cumulative probability of Darwish & Oard
/// (2003). nDCG@10 over ten pairs of XQuAD is .648 at 0.8, and .651 or .652 from 0.9 to 1.
const MASS: f32 = 0.97;

/// Less likely translations are noise of the alignment. The same measure is .637 at 0.1, .648 at 0.05, .652 here and .654 at
/// 0.01.
const MIN_PROBABILITY: f32 = 0.02;

/// Every alternative is a list of postings to read. The same measure is .580 with the best one alone, .643 with 3, .652
/// with 5, .653 with 8, .652 with 12.
const MAX_ALTERNATIVES: usize = 8;

/// Index terms that a word may stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Translation {
    /// All of them must occur; usually one.
    pub terms: Vec<String>,
    /// Given the word; those of all its translations sum to at most 1.
    pub probability: f32,
}

/// Consecutive words of a query, and what they stand for together.
#[derive(Debug, Clone, PartialEq)]
pub struct Translated {
    /// Which of the words; usually one.
    pub words: Range<usize>,
    /// Best first.
    pub translations: Vec<Translation>,
}

/// Translates words of one language into index terms of another.
pub struct Translator<'a> {
    /// The better ones first.
    ways: Vec<Way<'a>>,
    target: Analyzer,
}

/// How to come from one language to another.
pub(super) enum Way<'a> {
    /// The first of these tables that has the word.
    Direct(Vec<&'a Lexicon>),
    /// Through a third language.
    Through {
        first: Vec<&'a Lexicon>,
        second: Vec<&'a Lexicon>,
    },
}

impl<'a> Translator<'a> {
    pub(super) fn new(ways: Vec<Way<'a>>, target: Lang) -> Self {
        Self {
            ways,
            target: Analyzer::new(target),
        }
    }

    /// The translations of a query: the longest phrases that a table has, and the words between them; stop words only
    /// within phrases.
    pub fn translate(&self, words: &[Word]) -> Vec<Translated> {
        let mut translated = Vec::new();
        let mut start = 0;
        while start < words.len() {
            let longest = self.longest_phrase().min(words.len() - start);
            let phrases = (2..=longest).rev().map(|n| start..start + n);
            let phrase = phrases
                .map(|words_of| (words_of.clone(), self.look_up(&key(&words[words_of]))))
                .find(|(_, translations)| !translations.is_empty());
            let (words_of, translations) =
                phrase.unwrap_or_else(|| (start..start + 1, self.translations(&words[start])));
            start = words_of.end;
            if words_of.len() == 1 && words[words_of.start].is_stop_word {
                continue;
            }
            translated.push(Translated {
                words: words_of,
                translations,
            });
        }
        translated
    }

    /// The translations of one word, best first.
    ///
    /// A word that no table has stands for itself, as names and numbers do.
    pub fn translations(&self, word: &Word) -> Vec<Translation> {
        let mut translations = self.look_up(&key(std::slice::from_ref(word)));
        if translations.is_empty() && word.terms.len() > 1 {
            translations = self.mixed(&word.terms);
        }
        if translations.is_empty() {
            let terms = self.target.terms(&word.raw);
            translations.extend((!terms.is_empty()).then_some(Translation {
                terms,
                probability: 1.0,
            }));
        }
        translations
    }

    /// The translations of each of a word's terms, every term being as likely as the next.
    fn mixed(&self, terms: &[String]) -> Vec<Translation> {
        let mut sums: BTreeMap<Vec<String>, f32> = BTreeMap::new();
        for translation in terms.iter().flat_map(|term| self.look_up(term)) {
            *sums.entry(translation.terms).or_default() +=
                translation.probability / terms.len() as f32;
        }
        let translations = sums.into_iter();
        best(translations.map(|(terms, probability)| Translation { terms, probability }))
    }

    fn look_up(&self, key: &str) -> Vec<Translation> {
        let mut found = self.ways.iter().map(|way| way.look_up(key));
        let found = found.find(|found| !found.is_empty()).unwrap_or_default();
        best(found.into_iter().map(|(target, probability)| Translation {
            terms: target.split(TERM).map(str::to_owned).collect(),
            probability,
        }))
    }

    fn longest_phrase(&self) -> usize {
        let first = self.ways.iter().flat_map(|way| way.first());
        first
            .map(|lexicon| lexicon.longest_source())
            .max()
            .unwrap_or(1)
    }
}

impl Way<'_> {
    /// Whether no table begins it, or none ends it.
    pub(super) fn is_blocked(&self) -> bool {
        match self {
            Self::Direct(tables) => tables.is_empty(),
            Self::Through { first, second } => first.is_empty() || second.is_empty(),
        }
    }

    /// The tables that a source word is looked up in.
    fn first(&self) -> &[&Lexicon] {
        match self {
            Self::Direct(first) | Self::Through { first, .. } => first,
        }
    }

    /// Every translation that the way leads to, in no order.
    fn look_up(&self, key: &str) -> Vec<(String, f32)> {
        let owned = |(target, probability): (&str, f32)| (target.to_owned(), probability);
        match self {
            Self::Direct(tables) => first_with(tables, key).map(owned).collect(),
            Self::Through { first, second } => {
                let mut sums: BTreeMap<&str, f32> = BTreeMap::new();
                for (between, p) in first_with(first, key) {
                    for (target, q) in first_with(second, between) {
                        *sums.entry(target).or_default() += p * q;
                    }
                }
                sums.into_iter().map(owned).collect()
            }
        }
    }
}

/// The translations in the first of `tables` that has the word.
fn first_with<'a>(
    tables: &[&'a Lexicon],
    key: &'a str,
) -> impl Iterator<Item = (&'a str, f32)> + 'a {
    let mut found = tables
        .iter()
        .map(|lexicon| lexicon.table().get(key).peekable());
    let found = found.find_map(|mut found| found.peek().is_some().then_some(found));
    found.into_iter().flatten()
}

/// The likeliest of `translations`, as far as the constants above go, in place of them all.
fn best(translations: impl Iterator<Item = Translation>) -> Vec<Translation> {
    let mut best: Vec<Translation> = translations.collect();
    best.sort_by(|a, b| {
        let by_probability = b.probability.total_cmp(&a.probability);
        by_probability.then_with(|| a.terms.cmp(&b.terms))
    });
    let whole: f32 = best.iter().map(|translation| translation.probability).sum();
    let mut sum = 0.0;
    let kept = best.iter().enumerate().take_while(|(i, translation)| {
        // The best one stays, however unsure.
        let is_wanted =
            sum < MASS * whole && (*i == 0 || translation.probability >= MIN_PROBABILITY);
        sum += translation.probability;
        is_wanted
    });
    let n_kept = kept.count().min(MAX_ALTERNATIVES);
    best.truncate(n_kept);
    // A word that has lost half of its mass is no rarer for it: BM25 would take it for twice as telling.
    let kept: f32 = best.iter().map(|translation| translation.probability).sum();
    for translation in &mut best {
        translation.probability /= kept;
    }
    best
}

/// What a table calls these words.
fn key(words: &[Word]) -> String {
    let terms: Vec<&str> = words
        .iter()
        .flat_map(|word| &word.terms)
        .map(String::as_str)
        .collect();
    terms.join(TERM)
}
