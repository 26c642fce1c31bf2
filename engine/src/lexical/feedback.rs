//! What the best documents say beside the query's words: RM3 (Lavrenko & Croft 2001; Abdul-Jaleel et al. 2004).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analyzer::Analyzer;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::language::Lang;

use super::clause::{Alternative, Clause, ClauseField, Source};

/// In so few documents no term is common, however few there are.
const MIN_COMMON: u32 = 10;
/// Of the documents of its language a common term stands in more than one in so many.
const COMMON: usize = 10;
/// Shorter terms say nothing by themselves: letters, and the single characters that stand beside pairs.
const MIN_CHARS: usize = 2;
/// What a word that must stand in an answer weighs at least: no document is found for what it has of weight 0.
const LEAST_WEIGHT: f32 = 1e-6;

/// Pseudo-relevance feedback: the best documents are taken to answer the query, and what they say is looked for too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rm3 {
    /// How many documents are believed.
    pub docs: usize,
    /// How many terms are taken from them, in each of their languages.
    pub terms: usize,
    /// How much the query's own words count beside these terms, from 0 to 1.
    pub original_weight: f32,
}

impl Default for Rm3 {
    /// Ten documents, ten terms, half and half, as the field's baselines have it (Yang, Fang & Lin 2017, Anserini).
    fn default() -> Self {
        Self {
            docs: 10,
            terms: 10,
            original_weight: 0.5,
        }
    }
}

impl Rm3 {
    /// # Errors
    /// When a number is out of its range.
    pub fn check(&self) -> Result<()> {
        for (name, got) in [("docs", self.docs), ("terms", self.terms)] {
            if !(1..=1_000).contains(&got) {
                return Err(Error::Setting {
                    name,
                    got: got.to_string(),
                    expected: "a number from 1 to 1000",
                });
            }
        }
        if !(0.0..=1.0).contains(&self.original_weight) {
            return Err(Error::Setting {
                name: "original_weight",
                got: self.original_weight.to_string(),
                expected: "a number from 0 to 1",
            });
        }
        Ok(())
    }
}

/// A document that is believed, and how much.
pub(crate) struct Believed<'d> {
    pub(crate) doc: &'d Document,
    /// Its score, above 0.
    pub(crate) score: f32,
}

/// Terms that are looked for beside the query's words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expansion {
    original_weight: f32,
    /// In each language the most probable first; their probabilities add up to 1.
    terms: BTreeMap<Lang, Vec<(String, f32)>>,
}

impl Expansion {
    /// What `believed` documents say: in each language a relevance model, Σ P(term | document) · P(document | query), of
    /// the terms that `is_common` does not leave out.
    ///
    /// Every language has a model of its own, because its terms find nothing elsewhere: in one for all, a language whose
    /// documents happen to lead would be given nearly all the weight, and lead more.
    pub(super) fn new(
        rm3: &Rm3,
        believed: &[Believed<'_>],
        title_weight: f32,
        is_common: impl Fn(Lang, &str) -> tantivy::Result<bool>,
    ) -> tantivy::Result<Self> {
        let mut models: BTreeMap<Lang, BTreeMap<String, f64>> = BTreeMap::new();
        for Believed { doc, score } in believed {
            let mut counts: BTreeMap<String, f64> = BTreeMap::new();
            count(&mut counts, doc.lang, &doc.title, f64::from(title_weight));
            count(&mut counts, doc.lang, &doc.text, 1.0);
            let length: f64 = counts.values().sum();
            let model = models.entry(doc.lang).or_default();
            for (term, frequency) in counts {
                *model.entry(term).or_default() += f64::from(*score) * frequency / length;
            }
        }
        let mut terms = BTreeMap::new();
        for (lang, model) in models {
            let mut ranked: Vec<(String, f64)> =
                model.into_iter().filter(|(_, p)| *p > 0.0).collect();
            // Stable: equals stay in the order of their spelling.
            ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
            let mut kept = Vec::with_capacity(rm3.terms.min(ranked.len()));
            for (term, probability) in ranked {
                if kept.len() == rm3.terms {
                    break;
                }
                if !is_common(lang, &term)? {
                    kept.push((term, probability));
                }
            }
            let total: f64 = kept.iter().map(|(_, probability)| probability).sum();
            let share = |(term, probability): (String, f64)| (term, (probability / total) as f32);
            terms.insert(lang, kept.into_iter().map(share).collect());
        }
        Ok(Self {
            original_weight: rm3.original_weight,
            terms,
        })
    }

    /// `clauses`, the query's for documents of `lang`, and the terms beside them, which weigh together what those lost.
    ///
    /// Where no document of `lang` was believed the query stands as it was.
    pub(super) fn apply(&self, clauses: &mut Vec<Clause>, lang: Lang) {
        let terms = match self.terms.get(&lang) {
            Some(terms) if !terms.is_empty() => terms,
            _ => return,
        };
        let total: f32 = clauses.iter().map(|clause| clause.weight).sum();
        for clause in clauses.iter_mut() {
            clause.weight *= self.original_weight;
            if clause.required {
                clause.weight = clause.weight.max(LEAST_WEIGHT);
            }
        }
        let added = (1.0 - self.original_weight) * total;
        if added > 0.0 {
            clauses.extend(terms.iter().map(|(term, probability)| Clause {
                word: term.clone(),
                source: Source::Feedback,
                field: ClauseField::Terms,
                weight: added * probability,
                required: false,
                alternatives: vec![Alternative::certain(term.clone())],
            }));
        }
    }
}

/// Adds to `counts` how often the terms of `text` come that may say what it is about, each time worth `weight`.
fn count(counts: &mut BTreeMap<String, f64>, lang: Lang, text: &str, weight: f64) {
    if weight <= 0.0 {
        return;
    }
    for word in Analyzer::new(lang).words(text) {
        for term in word.terms {
            let says_something = !word.is_stop_word
                && term.chars().count() >= MIN_CHARS
                && term.chars().any(char::is_alphabetic);
            if says_something {
                *counts.entry(term).or_default() += weight;
            }
        }
    }
}

/// Whether a term that stands in `df` of `n_docs` documents tells none of them from the others.
pub(super) fn is_common(df: u32, n_docs: usize) -> bool {
    df > MIN_COMMON && df as usize > n_docs / COMMON
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(lang: &str, title: &str, text: &str) -> Document {
        Document {
            id: "x".into(),
            lang: lang.parse().unwrap(),
            title: title.into(),
            text: text.into(),
            meta: Default::default(),
        }
    }

    #[track_caller]
    fn check(
        rm3: Rm3,
        title_weight: f32,
        docs: &[(Document, f32)],
        common: &str,
        expected: &[(&str, &[(&str, f32)])],
    ) {
        let believed: Vec<Believed<'_>> = docs
            .iter()
            .map(|(doc, score)| Believed { doc, score: *score })
            .collect();
        let expansion =
            Expansion::new(&rm3, &believed, title_weight, |_, term| Ok(term == common)).unwrap();
        assert_eq!(expansion.terms.len(), expected.len());
        for ((lang, terms), (code, expected)) in expansion.terms.iter().zip(expected) {
            assert_eq!(lang.code(), *code);
            let names = |terms: &[(String, f32)]| {
                let names = terms.iter().map(|(term, _)| term.clone());
                names.collect::<Vec<_>>()
            };
            let wanted: Vec<_> = expected.iter().map(|(term, _)| *term).collect();
            assert_eq!(names(terms), wanted);
            for ((term, got), (_, p)) in terms.iter().zip(*expected) {
                assert!((got - p).abs() < 1e-6, "{term}: {got} is not {p}");
            }
        }
    }

    #[test]
    fn a_relevance_model_is_what_documents_say_by_how_well_they_answer() {
        let rm3 = Rm3 {
            terms: 3,
            ..Rm3::default()
        };
        let docs = [
            (document("qya", "", "mond flut flut see"), 3.0),
            (document("qya", "", "mond wal"), 1.0),
        ];
        // flut: 3 · 2/4; mond: 3 · 1/4 + 1 · 1/2; see: 3 · 1/4; wal: 1 · 1/2.
        let two_lists = [
            ("flut", 1.5 / 3.5),
            ("mond", 1.25 / 3.5),
            ("see", 0.75 / 3.5),
        ];
        check(rm3, 1.0, &docs, "", &[("qya", &two_lists)]);
        let rest = [
            ("flut", 1.5 / 2.75),
            ("see", 0.75 / 2.75),
            ("wal", 0.5 / 2.75),
        ];
        check(rm3, 1.0, &docs, "mond", &[("qya", &rest)]);
    }

    #[test]
    fn a_title_counts_as_text_as_often_as_the_index_says() {
        let docs = [(document("qya", "hai", "wal"), 2.0)];
        let rm3 = Rm3::default();
        check(
            rm3,
            3.0,
            &docs,
            "",
            &[("qya", &[("hai", 0.75), ("wal", 0.25)])],
        );
        check(rm3, 0.0, &docs, "", &[("qya", &[("wal", 1.0)])]);
    }

    #[test]
    fn every_language_has_a_model_of_its_own() {
        let docs = [
            (document("en", "", "The tide of 1953, a tide."), 9.0),
            (document("zh", "", "海水"), 1.0),
        ];
        check(
            Rm3::default(),
            1.0,
            &docs,
            "",
            &[("en", &[("tide", 1.0)]), ("zh", &[("海水", 1.0)])],
        );
    }

    #[test]
    fn a_common_term_stands_in_more_than_a_tenth_of_many_documents() {
        for (df, n_docs, expected) in [
            (8, 9, false),
            (11, 30, true),
            (11, 200, false),
            (21, 200, true),
        ] {
            assert_eq!(is_common(df, n_docs), expected, "{df} of {n_docs}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let check = |docs, terms, original_weight| {
            Rm3 {
                docs,
                terms,
                original_weight,
            }
            .check()
            .is_ok()
        };
        assert!(check(1, 1, 0.0) && check(1_000, 1_000, 1.0));
        assert!(!check(0, 10, 0.5) && !check(10, 0, 0.5) && !check(10, 1_001, 0.5));
        assert!(!check(10, 10, 1.1) && !check(10, 10, f32::NAN));
    }
}
