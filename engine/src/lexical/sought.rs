//! What a query looks for, language by language, and where it stands in each part.

use std::collections::{BTreeMap, HashMap};

use tantivy::postings::TermInfo;

use crate::analyzer::Analyzer;
use crate::language::Lang;
use crate::query::Query;

use super::bm25::idf;
use super::clause::{Clause, ClauseField, Source};
use super::feedback::Expansion;
use super::fields::key;
use super::lengths::Counts;
use super::reading::Reading;
use super::{LexicalIndex, Searched};

/// What a query looks for.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) clauses: BTreeMap<Lang, Vec<Sought>>,
    /// How many documents hold a word, or what stands for it, and how many there are in the languages where any does.
    frequencies: HashMap<Counted, (f32, usize)>,
}

/// What is counted together in all languages: a word, where it is looked for, and where it comes from.
type Counted = (Source, ClauseField, String);

/// A clause for documents of one language.
pub(super) struct Sought {
    pub(super) clause: Clause,
    /// The terms of each alternative.
    pub(super) alternatives: Vec<Vec<SoughtTerm>>,
    /// How many documents of the language hold it, its alternatives weighed by their probabilities.
    df: f32,
}

/// A term of one language.
pub(super) struct SoughtTerm {
    pub(super) key: String,
    /// Where each part has it.
    pub(super) places: Vec<Option<TermInfo>>,
}

impl SoughtTerm {
    fn new(
        parts: &[Searched<'_>],
        field: ClauseField,
        lang: Lang,
        term: &str,
    ) -> tantivy::Result<Self> {
        let key = key(lang, term);
        let place = |searched: &Searched<'_>| match searched.part.counts(lang) {
            Some(_) => searched.part.find(field, &key),
            None => Ok(None),
        };
        let places = parts.iter().map(place).collect::<tantivy::Result<_>>()?;
        Ok(Self { key, places })
    }

    fn df(&self) -> u32 {
        let places = self.places.iter().flatten();
        places.map(|place| place.doc_freq).sum()
    }
}

impl Sought {
    fn new(parts: &[Searched<'_>], clause: Clause, lang: Lang) -> tantivy::Result<Self> {
        let mut df = 0.0;
        let mut alternatives = Vec::with_capacity(clause.alternatives.len());
        for alternative in &clause.alternatives {
            let terms = alternative.terms.iter();
            let terms = terms.map(|term| SoughtTerm::new(parts, clause.field, lang, term));
            let terms: Vec<SoughtTerm> = terms.collect::<tantivy::Result<_>>()?;
            let least = terms.iter().map(SoughtTerm::df).min();
            df += alternative.probability * least.unwrap_or(0) as f32;
            alternatives.push(terms);
        }
        Ok(Self {
            clause,
            alternatives,
            df,
        })
    }

    /// The term, and its probability, where part `at` holds a single one of the clause's, which stands for itself.
    pub(super) fn only_term(&self, at: usize) -> Option<(&TermInfo, f32)> {
        let alternatives = self.clause.alternatives.iter().zip(&self.alternatives);
        let mut held = alternatives.filter(|(_, terms)| {
            !terms.is_empty() && terms.iter().all(|term| term.places[at].is_some())
        });
        let (alternative, terms) = held.next()?;
        match (held.next(), &terms[..]) {
            (None, [only]) if alternative.probability > 0.0 => {
                Some((only.places[at].as_ref()?, alternative.probability))
            }
            _ => None,
        }
    }

    fn counted(&self) -> Counted {
        let clause = &self.clause;
        (clause.source, clause.field, clause.word.clone())
    }
}

impl Wanted {
    /// What to look for in every language of `index`, and what it weighs.
    pub(super) fn new(
        index: &LexicalIndex<'_>,
        query: &Query,
        expansion: Option<&Expansion>,
    ) -> tantivy::Result<Self> {
        let reading = Reading::new(query, index.terminology);
        let mut wanted = Self::default();
        for (lang, counts) in &index.languages {
            let sought = sought(index, &reading, *lang, expansion)?;
            wanted.count(&sought, counts);
            wanted.clauses.insert(*lang, sought);
        }
        Ok(wanted)
    }

    fn count(&mut self, sought: &[Sought], counts: &Counts) {
        for sought in sought.iter().filter(|sought| sought.df > 0.0) {
            let (sum, n_docs) = self.frequencies.entry(sought.counted()).or_default();
            *sum += sought.df;
            *n_docs += counts.n_docs;
        }
    }

    /// How rare the clause's word is in the languages where it stands, all together.
    ///
    /// Every language counts its own documents, and one in which nobody says the word does not make it rare. Were a word
    /// weighed by one language at a time, its documents in a small language, where no word can be rare, would lie
    /// below all those in a large one.
    pub(super) fn idf(&self, sought: &Sought) -> f32 {
        let counted = self.frequencies.get(&sought.counted());
        let (df, n_docs) = counted.copied().unwrap_or_default();
        idf(n_docs, df)
    }
}

/// What to look for in documents of `lang`: the words, and beside them, if the index has such, the romanised keys of
/// those that do not stand there, or are in another script than the language's; and what feedback adds.
fn sought(
    index: &LexicalIndex<'_>,
    reading: &Reading<'_>,
    lang: Lang,
    expansion: Option<&Expansion>,
) -> tantivy::Result<Vec<Sought>> {
    let find = |clause| Sought::new(&index.parts, clause, lang);
    let mut clauses = reading.clauses(lang);
    if index.settings.romanised {
        clauses.extend(romanised(index, reading, lang, &clauses)?);
    }
    if let Some(expansion) = expansion {
        expansion.apply(&mut clauses, lang);
    }
    clauses.into_iter().map(find).collect()
}

fn romanised(
    index: &LexicalIndex<'_>,
    reading: &Reading<'_>,
    lang: Lang,
    clauses: &[Clause],
) -> tantivy::Result<Vec<Clause>> {
    let analyzer = Analyzer::new(lang);
    let mut words: Vec<&str> = Vec::new();
    let mut all = true;
    for clause in clauses {
        // One document in which somebody wrote a word in Latin letters does not make it a word of the language.
        let is_foreign = reading.may_be_in(lang) && !analyzer.is_own_script(&clause.word);
        if is_foreign || Sought::new(&index.parts, clause.clone(), lang)?.df == 0.0 {
            let times = clause.weight as usize;
            words.extend(std::iter::repeat_n(clause.word.as_str(), times));
        } else {
            all = false;
        }
    }
    let words = words.join(" ");
    Ok(reading.romanised((!all).then_some(words.as_str()), lang))
}
