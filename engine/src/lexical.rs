//! BM25 over terms (`tantivy` keeps the postings; the scores are ours).

mod bm25;
mod clause;
mod feedback;
mod fields;
mod part;
mod postings;
mod read_only;
mod reading;
mod top;
mod writer;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::analyzer::Analyzer;
use crate::document::DocOrd;
use crate::error::{Error, Result};
use crate::language::Lang;
use crate::query::Query;
use crate::ranking::Ranking;

use bm25::idf;
use clause::{Clause, ClauseField, Source};
use fields::key;
use part::Part;
use postings::{AlternativePostings, ClausePostings, TermPostings};
use reading::{Reading, Terminology};
use top::Top;

pub use bm25::Bm25;
pub use feedback::Rm3;

pub(crate) use feedback::{Believed, Expansion};
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

/// Terms of every document, searchable by BM25 with statistics of each language's own.
pub(crate) struct LexicalIndex {
    part: Part,
    settings: LexicalSettings,
    pub(crate) terminology: Terminology,
}

/// What a query looks for, language by language.
#[derive(Default)]
struct Wanted {
    clauses: BTreeMap<Lang, Vec<Clause>>,
    /// How many documents hold a word, or what stands for it, and how many there are in the languages where any does.
    frequencies: HashMap<Counted, (f32, usize)>,
}

/// What is counted together in all languages: a word, where it is looked for, and where it comes from.
type Counted = (Source, ClauseField, String);

/// What a query's words are looked for with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weighing<'e> {
    /// How words are weighed; `None` as the index was made.
    pub(crate) bm25: Option<Bm25>,
    /// What is looked for beside them.
    pub(crate) expansion: Option<&'e Expansion>,
}

impl Wanted {
    /// How rare the clause's word is in the languages where it stands, all together.
    ///
    /// Every language counts its own documents, and one in which nobody says the word does not make it rare. Were a word
    /// weighed by one language at a time, its documents in a small language, where no word can be rare, would lie
    /// below all those in a large one.
    fn idf(&self, clause: &Clause) -> f32 {
        let counted = self.frequencies.get(&counted(clause));
        let (df, n_docs) = counted.copied().unwrap_or_default();
        idf(n_docs, df)
    }
}

fn counted(clause: &Clause) -> Counted {
    (clause.source, clause.field, clause.word.clone())
}

impl LexicalIndex {
    /// Opens the index in `dir`; document `i` is in `languages[i]`.
    pub(crate) fn open(dir: &Path, languages: &[Lang], settings: LexicalSettings) -> Result<Self> {
        let part = Part::open(dir, languages).map_err(failed("be opened"))?;
        Ok(Self {
            part,
            settings,
            terminology: Terminology::default(),
        })
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
        let wanted = self
            .wanted(query, weighing.expansion)
            .map_err(failed("search"))?;
        let mut top = Top::new(depth);
        for lang in wanted.clauses.keys() {
            let postings = self.postings(*lang, &wanted, &bm25);
            top.collect(postings.map_err(failed("search"))?);
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
        let wanted = self
            .wanted(query, weighing.expansion)
            .map_err(failed("search"))?;
        let mut explained = Vec::with_capacity(docs.len());
        for (doc, lang) in docs {
            let mut matches = Vec::new();
            for clause in wanted.clauses.get(lang).into_iter().flatten() {
                let postings = self.clause_postings(*lang, clause, &wanted, &bm25);
                let Some(mut postings) = postings.map_err(failed("search"))? else {
                    continue;
                };
                if postings.seek(doc.0) == doc.0 {
                    matches.extend(matches_of(&clause.word, &mut postings, *doc));
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
            let terms = ClauseField::Terms;
            let df = self.part.document_frequency(terms, &key(lang, term))?;
            Ok(feedback::is_common(df, self.part.counts(lang).n_docs))
        };
        Expansion::new(rm3, believed, title_weight, is_common).map_err(failed("search"))
    }

    /// What to look for in every language, and what it weighs.
    fn wanted(&self, query: &Query, expansion: Option<&Expansion>) -> tantivy::Result<Wanted> {
        let reading = Reading::new(query, &self.terminology);
        let mut wanted = Wanted::default();
        for lang in self.part.languages() {
            let mut clauses = self.clauses(&reading, lang)?;
            if let Some(expansion) = expansion {
                expansion.apply(&mut clauses, lang);
            }
            for clause in &clauses {
                let df = self.document_frequency(clause, lang)?;
                if df > 0.0 {
                    let (sum, n_docs) = wanted.frequencies.entry(counted(clause)).or_default();
                    *sum += df;
                    *n_docs += self.part.counts(lang).n_docs;
                }
            }
            wanted.clauses.insert(lang, clauses);
        }
        Ok(wanted)
    }

    /// What to look for in documents of `lang`: the words, and beside them, if the index has such, the romanised keys of
    /// those that do not stand there, or are in another script than the language's.
    fn clauses(&self, reading: &Reading<'_>, lang: Lang) -> tantivy::Result<Vec<Clause>> {
        let mut clauses = reading.clauses(lang);
        if !self.settings.romanised {
            return Ok(clauses);
        }
        let analyzer = Analyzer::new(lang);
        let mut words: Vec<&str> = Vec::new();
        let mut all = true;
        for clause in &clauses {
            // One document in which somebody wrote a word in Latin letters does not make it a word of the language.
            let is_foreign = reading.may_be_in(lang) && !analyzer.is_own_script(&clause.word);
            if is_foreign || self.document_frequency(clause, lang)? == 0.0 {
                words.extend(std::iter::repeat_n(
                    clause.word.as_str(),
                    clause.weight as usize,
                ));
            } else {
                all = false;
            }
        }
        let words = words.join(" ");
        clauses.extend(reading.romanised((!all).then_some(words.as_str()), lang));
        Ok(clauses)
    }

    /// How many documents of `lang` hold `clause`, its alternatives weighed by their probabilities; 0 where none does.
    fn document_frequency(&self, clause: &Clause, lang: Lang) -> tantivy::Result<f32> {
        let mut df = 0.0;
        for alternative in &clause.alternatives {
            let mut least = u32::MAX;
            for term in &alternative.terms {
                least = least.min(
                    self.part
                        .document_frequency(clause.field, &key(lang, term))?,
                );
            }
            if !alternative.terms.is_empty() {
                df += alternative.probability * least as f32;
            }
        }
        Ok(df)
    }

    /// The postings of the clauses for documents of `lang`; none where one that must match cannot.
    fn postings<'a>(
        &'a self,
        lang: Lang,
        wanted: &'a Wanted,
        bm25: &Bm25,
    ) -> tantivy::Result<Vec<ClausePostings<'a>>> {
        let mut found = Vec::new();
        for clause in wanted.clauses.get(&lang).into_iter().flatten() {
            match self.clause_postings(lang, clause, wanted, bm25)? {
                Some(postings) => found.push(postings),
                None if clause.required => return Ok(Vec::new()),
                None => {}
            }
        }
        Ok(found)
    }

    /// The postings of one clause; `None` where no document of `lang` holds any of it.
    fn clause_postings<'a>(
        &'a self,
        lang: Lang,
        clause: &'a Clause,
        wanted: &Wanted,
        bm25: &Bm25,
    ) -> tantivy::Result<Option<ClausePostings<'a>>> {
        let counts = self.part.counts(lang);
        let mut alternatives = Vec::with_capacity(clause.alternatives.len());
        for alternative in &clause.alternatives {
            let keys: Vec<String> = alternative
                .terms
                .iter()
                .map(|term| key(lang, term))
                .collect();
            let Some(terms) = self.alternative_postings(clause.field, &keys, bm25)? else {
                continue;
            };
            alternatives.push(AlternativePostings::new(alternative, terms));
        }
        Ok((!alternatives.is_empty()).then(|| ClausePostings {
            alternatives,
            weight: clause.weight * wanted.idf(clause),
            required: clause.required,
            saturation: bm25.saturation(counts.average_length(clause.field, bm25)),
            title_weight: match clause.field {
                ClauseField::Terms => bm25.title_weight,
                ClauseField::Romanised => 1.0,
            },
            lengths: self.part.lengths(clause.field),
        }))
    }

    /// The postings of terms that must all occur; `None` where one of them stands nowhere.
    fn alternative_postings(
        &self,
        field: ClauseField,
        keys: &[String],
        bm25: &Bm25,
    ) -> tantivy::Result<Option<Vec<TermPostings>>> {
        let mut terms = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(all) = self.part.postings(field, key)? else {
                return Ok(None);
            };
            let weighed = field == ClauseField::Terms && bm25.title_weight != 1.0;
            let title = if weighed {
                self.part.title_postings(key)?
            } else {
                None
            };
            terms.push(TermPostings { all, title });
        }
        Ok((!terms.is_empty()).then_some(terms))
    }
}

/// What `doc`, which `postings` stand at, holds of a clause.
fn matches_of(word: &str, postings: &mut ClausePostings<'_>, doc: DocOrd) -> Vec<Match> {
    let score = postings.score(doc.0);
    let title_weight = postings.title_weight;
    let mut matches = Vec::new();
    let mut total = 0.0;
    for standing in postings.standing_at(doc.0) {
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
