//! How a query is read for documents of one language.

use std::collections::HashMap;

use crate::analyzer::{Analyzer, Word, romanise};
use crate::language::Lang;
use crate::lexicon::{Glossary, Lexicons};
use crate::query::Query;

use super::clause::{Alternative, Clause, ClauseField, Source};

/// A query of more different words is a document; every one of them is a list of postings to read.
const MAX_CLAUSES: usize = 1_024;

/// Shorter keys of another language's words are met by chance: English questions meet 209 of 240 Arabic paragraphs with
/// them, and 8 without, for an nDCG@10 of .179 and .202.
const MIN_FOREIGN_KEY: usize = 3;

/// What stands for a word in other languages, and beside it in its own.
#[derive(Debug, Default)]
pub struct Terminology {
    /// Tables of translations.
    pub lexicons: Lexicons,
    /// Terms with all their forms.
    pub glossary: Glossary,
}

impl Terminology {
    /// Whether words of `query` can tell that a document of `doc` answers: they are of one language, they can be
    /// translated, or nobody knows better.
    pub(super) fn relates(&self, query: Lang, doc: Lang) -> bool {
        let unknown = query == Lang::UNKNOWN || doc == Lang::UNKNOWN;
        unknown || query.primary() == doc.primary() || self.lexicons.between(query, doc).is_some()
    }
}

/// A query's words, once for all languages of an index.
pub(super) struct Reading<'q> {
    query: &'q Query,
    terminology: &'q Terminology,
    /// As the query's own language reads them; empty where nobody knows that language.
    words: Vec<Word>,
}

impl<'q> Reading<'q> {
    pub(super) fn new(query: &'q Query, terminology: &'q Terminology) -> Self {
        let words = match query.lang {
            Lang::UNKNOWN => Vec::new(),
            lang => Analyzer::new(lang).words(&query.text),
        };
        Self {
            query,
            terminology,
            words,
        }
    }

    /// What to look for in documents of `lang`.
    ///
    /// A query whose language is unknown, as most single words are, is read as every language would read it. Words of
    /// another language are translated; where no table translates, they stand for themselves, as names and numbers do.
    pub(super) fn clauses(&self, lang: Lang) -> Vec<Clause> {
        if self.query.lang == Lang::UNKNOWN {
            let words = Analyzer::new(lang).words(&self.query.text);
            return self.clauses_of(&words, lang, lang);
        }
        self.clauses_of(&self.words, self.query.lang, lang)
    }

    /// Whether the query is, or may be, in `lang`.
    pub(super) fn may_be_in(&self, lang: Lang) -> bool {
        let own = self.query.lang;
        own == Lang::UNKNOWN || own.primary() == lang.primary()
    }

    /// What to look for where documents of `lang` are searched in Latin letters: keys of `words`, or of the whole query
    /// where they are all of it.
    pub(super) fn romanised(&self, words: Option<&str>, lang: Lang) -> Vec<Clause> {
        let mut clauses = Clauses::default();
        let text = words.unwrap_or(&self.query.text);
        let least = if self.may_be_in(lang) {
            1
        } else {
            MIN_FOREIGN_KEY
        };
        let keys = romanise::keys(text, lang).into_iter();
        for key in keys.filter(|key| key.len() >= least) {
            let alternatives = vec![Alternative::certain(key.clone())];
            clauses.push(key, ClauseField::Romanised, alternatives, false);
        }
        clauses.list
    }

    fn clauses_of(&self, words: &[Word], from: Lang, to: Lang) -> Vec<Clause> {
        let mut clauses = Clauses::default();
        let mut matches = self.terminology.glossary.matches(words, from);
        matches.retain(|found| !found.forms(to).is_empty());
        // A query that says nothing but "to be or not to be" means it.
        let is_all_stop_words = matches.is_empty() && words.iter().all(|word| word.is_stop_word);
        let mut start = 0;
        for found in matches {
            self.add_words(&mut clauses, &words[start..found.words.start], from, to);
            start = found.words.end;
            let forms = found.forms(to).into_iter().map(|terms| Alternative {
                terms,
                probability: 1.0,
            });
            let word = joined(&words[found.words.clone()]);
            clauses.push(word, ClauseField::Terms, forms.collect(), found.must());
        }
        match is_all_stop_words {
            true => words
                .iter()
                .for_each(|word| clauses.push_each(word, &word.terms)),
            false => self.add_words(&mut clauses, &words[start..], from, to),
        }
        clauses.list
    }

    /// What consecutive words of the query mean, stop words left out.
    fn add_words(&self, clauses: &mut Clauses, words: &[Word], from: Lang, to: Lang) {
        let content = words.iter().filter(|word| !word.is_stop_word);
        if from.primary() == to.primary() {
            content.for_each(|word| clauses.push_each(word, &word.terms));
        } else if let Some(translator) = self.terminology.lexicons.between(from, to) {
            for translated in translator.translate(words) {
                let alternatives = translated.translations.into_iter().map(|translation| {
                    let (terms, probability) = (translation.terms, translation.probability);
                    Alternative { terms, probability }
                });
                let word = joined(&words[translated.words]);
                clauses.push(word, ClauseField::Terms, alternatives.collect(), false);
            }
        } else {
            let analyzer = Analyzer::new(to);
            content.for_each(|word| clauses.push_each(word, &analyzer.terms(&word.raw)));
        }
    }
}

/// Clauses of one field, each once.
#[derive(Default)]
struct Clauses {
    list: Vec<Clause>,
    /// Where in `list` a clause of these alternatives' terms is.
    places: HashMap<(bool, Vec<Vec<String>>), usize>,
}

impl Clauses {
    /// A clause for each of a word's `terms`: a document that holds some of them is found by those.
    fn push_each(&mut self, word: &Word, terms: &[String]) {
        for term in terms {
            let alternatives = vec![Alternative::certain(term.clone())];
            self.push(word.text.clone(), ClauseField::Terms, alternatives, false);
        }
    }

    /// Adds a clause; one that is there already weighs once more.
    fn push(
        &mut self,
        word: String,
        field: ClauseField,
        alternatives: Vec<Alternative>,
        required: bool,
    ) {
        let terms = alternatives
            .iter()
            .map(|alternative| alternative.terms.clone());
        let key = (required, terms.collect());
        if let Some(place) = self.places.get(&key) {
            self.list[*place].weight += 1.0;
        } else if self.list.len() < MAX_CLAUSES {
            self.places.insert(key, self.list.len());
            self.list.push(Clause {
                word,
                source: Source::Query,
                field,
                weight: 1.0,
                required,
                alternatives,
            });
        }
    }
}

/// Words as they are shown.
fn joined(words: &[Word]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    words.join(" ")
}
