//! BM25 over terms (`tantivy` keeps the postings; the scores are ours).

mod bm25;
mod bounds;
mod clause;
mod contents;
mod directory;
mod feedback;
mod fields;
mod lengths;
mod matching;
mod merge;
mod meta;
mod numbers;
mod part;
mod postings;
mod reading;
mod scorer;
mod single;
mod sought;
mod top;
mod window;
mod writer;

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use serde::{Deserialize, Serialize};

use crate::document::DocOrd;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::query::Query;
use crate::ranking::Ranking;

use bm25::Saturation;
use clause::ClauseField;
use fields::key;
use lengths::Counts;
use postings::{AlternativePostings, ClausePostings, TermPostings};
use scorer::Scorer;
use single::{SingleTerm, Worth};
use sought::{Sought, SoughtTerm, Wanted};
use top::Top;

pub use bm25::Bm25;
pub use feedback::Rm3;

pub(crate) use feedback::{Believed, Expansion};
pub(crate) use merge::merge;
pub(crate) use part::LexicalPart;
pub use reading::Terminology;
pub(crate) use writer::LexicalWriter;

/// What is fixed about terms when an index is made.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LexicalSettings {
    /// How words are weighed where a search does not say.
    pub bm25: Bm25,
    /// Whether words in Latin letters find documents in other scripts, and the reverse.
    pub romanised: bool,
}

/// Why a document was found by its words: a word of the query, and a term of the document that stands for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Match {
    /// As the query has it; the term itself, where feedback looked for it.
    pub word: String,
    /// As the index stores it; several, where a word's translation has several words.
    pub terms: Vec<String>,
    /// How likely the terms are what the word means; 1 for the word itself.
    pub probability: f32,
    /// How often they come in the document.
    pub frequency: f32,
    /// What they add to the score.
    pub score: f32,
}

/// A part, and which of its documents may be found.
#[derive(Clone, Copy)]
pub(crate) struct Searched<'a> {
    pub(crate) part: &'a LexicalPart,
    /// The ordinal of its first document.
    pub(crate) base: u32,
    /// By local ordinal; `None` allows all.
    pub(crate) allowed: Option<&'a FixedBitSet>,
}

/// Parts as one index, searchable by BM25 with statistics of each language's own.
///
/// Statistics are those of all parts together, and of all their documents, also those that may not be found: neither how
/// documents are cut into parts nor a filter changes a score.
pub(crate) struct LexicalIndex<'a> {
    /// In the order of their documents.
    parts: Vec<Searched<'a>>,
    settings: LexicalSettings,
    terminology: &'a Terminology,
    languages: BTreeMap<Lang, Counts>,
}

/// What a query's words are looked for with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weighing<'e> {
    /// How words are weighed; `None` as the index was made.
    pub(crate) bm25: Option<Bm25>,
    /// What is looked for beside them.
    pub(crate) expansion: Option<&'e Expansion>,
}

impl<'a> LexicalIndex<'a> {
    /// `parts` are in the order of their documents.
    pub(crate) fn over(
        parts: Vec<Searched<'a>>,
        settings: LexicalSettings,
        terminology: &'a Terminology,
    ) -> Self {
        let mut languages: BTreeMap<Lang, Counts> = BTreeMap::new();
        for part in parts.iter().map(|searched| searched.part) {
            for lang in part.languages() {
                let counts = part.counts(lang).unwrap_or_default();
                languages.entry(lang).or_default().add_all(counts);
            }
        }
        Self {
            parts,
            settings,
            terminology,
            languages,
        }
    }

    /// Whether words of a query in one language can tell that a document in another answers it.
    pub(crate) fn judges(&self, query: Lang, doc: Lang) -> bool {
        self.terminology.relates(query, doc)
    }

    /// The best `depth` documents that hold a word of `query`, or what stands for it in their language.
    pub(crate) fn search(
        &self,
        query: &Query,
        weighing: Weighing<'_>,
        depth: usize,
    ) -> Result<Ranking> {
        let bm25 = weighing.bm25.unwrap_or(self.settings.bm25);
        if depth == 0 {
            return Ok(Ranking::default());
        }
        let wanted = self.wanted(query, weighing)?;
        let mut top = Top::new(depth);
        for (lang, sought) in &wanted.clauses {
            for at in 0..self.parts.len() {
                let postings = self.postings(at, *lang, sought, &wanted, &bm25);
                let Searched { base, allowed, .. } = self.parts[at];
                top.collect(postings.map_err(failed("search"))?, base, allowed);
            }
        }
        Ok(top.into_ranking())
    }

    /// Why each of `docs` is found, which are given with their languages; the words in the order of the query.
    pub(crate) fn explain(
        &self,
        query: &Query,
        weighing: Weighing<'_>,
        docs: &[(DocOrd, Lang)],
    ) -> Result<Vec<Vec<Match>>> {
        let bm25 = weighing.bm25.unwrap_or(self.settings.bm25);
        let wanted = self.wanted(query, weighing)?;
        let mut explained = Vec::with_capacity(docs.len());
        for (doc, lang) in docs {
            let mut matches = Vec::new();
            let after = self.parts.partition_point(|part| part.base <= doc.0);
            let Some(at) = after.checked_sub(1) else {
                explained.push(matches);
                continue;
            };
            let local = doc.0 - self.parts[at].base;
            for sought in wanted.clauses.get(lang).into_iter().flatten() {
                let postings = self.clause_postings(at, *lang, sought, &wanted, &bm25);
                let Some(mut postings) = postings.map_err(failed("search"))? else {
                    continue;
                };
                if postings.seek(local) == local {
                    matches.extend(matches_of(&sought.clause.word, &mut postings, local));
                }
            }
            explained.push(matches);
        }
        Ok(explained)
    }

    /// What `believed` documents, found by `bm25`, add to the query that they answer.
    pub(crate) fn expansion(
        &self,
        rm3: &Rm3,
        believed: &[Believed<'_>],
        bm25: Option<Bm25>,
    ) -> Result<Expansion> {
        let title_weight = bm25.unwrap_or(self.settings.bm25).title_weight;
        let is_common = |lang, term: &str| {
            let key = key(lang, term);
            let mut df = 0;
            for searched in &self.parts {
                let place = searched.part.find(ClauseField::Terms, &key)?;
                df += place.map_or(0, |place| place.doc_freq);
            }
            let n_docs = self.languages.get(&lang).map_or(0, |counts| counts.n_docs);
            Ok(feedback::is_common(df, n_docs))
        };
        Expansion::new(rm3, believed, title_weight, is_common).map_err(failed("search"))
    }

    fn wanted(&self, query: &Query, weighing: Weighing<'_>) -> Result<Wanted> {
        Wanted::new(self, query, weighing.expansion).map_err(failed("search"))
    }

    /// The postings of the clauses for documents of `lang` in part `at`; none where one that must match cannot.
    fn postings<'s>(
        &'s self,
        at: usize,
        lang: Lang,
        all: &'s [Sought],
        wanted: &Wanted,
        bm25: &Bm25,
    ) -> tantivy::Result<Vec<Scorer<'s>>> {
        let mut found = Vec::with_capacity(all.len());
        for sought in all {
            match self.scorer(at, lang, sought, wanted, bm25)? {
                Some(scorer) => found.push(scorer),
                None if sought.clause.required => return Ok(Vec::new()),
                None => {}
            }
        }
        Ok(found)
    }

    /// What gives documents their scores for one clause; `None` where no document of `lang` in the part holds any of it.
    fn scorer<'s>(
        &'s self,
        at: usize,
        lang: Lang,
        sought: &'s Sought,
        wanted: &Wanted,
        bm25: &Bm25,
    ) -> tantivy::Result<Option<Scorer<'s>>> {
        let clause = &sought.clause;
        let titles_count = clause.field == ClauseField::Terms && bm25.title_weight != 1.0;
        let Some((place, probability)) = sought.only_term(at).filter(|_| !titles_count) else {
            let postings = self.clause_postings(at, lang, sought, wanted, bm25)?;
            return Ok(postings.map(Scorer::Any));
        };
        let part = self.parts[at].part;
        let (postings, blocks) = part.blocks(clause.field, place)?;
        let worth = Worth {
            weight: clause.weight * wanted.idf(sought),
            probability,
            saturation: self.saturation(lang, clause.field, bm25),
        };
        let term = SingleTerm::new(postings, part.lengths(clause.field), blocks, worth);
        Ok(Some(Scorer::Single {
            term: Box::new(term),
            required: clause.required,
        }))
    }

    fn saturation(&self, lang: Lang, field: ClauseField, bm25: &Bm25) -> Saturation {
        let counts = self.languages.get(&lang).copied().unwrap_or_default();
        bm25.saturation(counts.average_length(field, bm25))
    }

    /// The postings of one clause; `None` where no document of `lang` in the part holds any of it.
    fn clause_postings<'s>(
        &'s self,
        at: usize,
        lang: Lang,
        sought: &'s Sought,
        wanted: &Wanted,
        bm25: &Bm25,
    ) -> tantivy::Result<Option<ClausePostings<'s>>> {
        let clause = &sought.clause;
        let mut alternatives = Vec::with_capacity(clause.alternatives.len());
        for (alternative, terms) in clause.alternatives.iter().zip(&sought.alternatives) {
            if let Some(terms) = self.alternative_postings(at, clause.field, terms, bm25)? {
                alternatives.push(AlternativePostings::new(alternative, terms));
            }
        }
        Ok((!alternatives.is_empty()).then(|| ClausePostings {
            alternatives,
            weight: clause.weight * wanted.idf(sought),
            required: clause.required,
            saturation: self.saturation(lang, clause.field, bm25),
            title_weight: match clause.field {
                ClauseField::Terms => bm25.title_weight,
                ClauseField::Romanised => 1.0,
            },
            lengths: self.parts[at].part.lengths(clause.field),
        }))
    }

    /// The postings of terms that must all occur; `None` where one of them stands nowhere in the part.
    fn alternative_postings(
        &self,
        at: usize,
        field: ClauseField,
        terms: &[SoughtTerm],
        bm25: &Bm25,
    ) -> tantivy::Result<Option<Vec<TermPostings>>> {
        let part = self.parts[at].part;
        let mut postings = Vec::with_capacity(terms.len());
        for term in terms {
            let Some(place) = &term.places[at] else {
                return Ok(None);
            };
            let weighed = field == ClauseField::Terms && bm25.title_weight != 1.0;
            postings.push(TermPostings {
                all: part.postings(field, place)?,
                title: match weighed {
                    true => part.title_postings(&term.key)?,
                    false => None,
                },
            });
        }
        Ok((!postings.is_empty()).then_some(postings))
    }
}

/// What `doc`, which `postings` stand at, holds of a clause.
fn matches_of(word: &str, postings: &mut ClausePostings<'_>, doc: u32) -> Vec<Match> {
    let score = postings.score(doc);
    let title_weight = postings.title_weight;
    let mut matches = Vec::new();
    let mut total = 0.0;
    for standing in postings.standing_at(doc) {
        let share = standing.expected_frequency(title_weight);
        total += share;
        matches.push(Match {
            word: word.to_owned(),
            terms: standing.alternative.terms.clone(),
            probability: standing.alternative.probability,
            frequency: standing.frequency(title_weight),
            score: score * share,
        });
    }
    for found in &mut matches {
        found.score /= total.max(f32::MIN_POSITIVE);
    }
    matches
}

fn failed(doing: &'static str) -> impl FnOnce(tantivy::TantivyError) -> Error {
    move |source| Error::Lexical {
        doing,
        source: source.into(),
    }
}

#[cfg(test)]
mod tests;
