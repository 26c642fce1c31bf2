//! Glossaries: terms with their forms in each language, which take the place of what a lexicon would make of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::analyzer::{Analyzer, Word};
use crate::error::{Error, Result};
use crate::language::Lang;

use super::table::TERM;

/// Terms with their forms in each language, read from a TOML file.
///
/// ```toml
/// [[term]]
/// must = true                       # words find nothing without one of the forms; the default is false
/// en = ["heart attack", "myocardial infarction"]
/// de = ["Herzinfarkt", "Myokardinfarkt"]
/// ```
///
/// Several forms of one language are synonyms, and find each other within that language too.
#[derive(Debug, Default)]
pub struct Glossary {
    terms: Vec<Term>,
    /// Per language, which terms have a form of these index terms.
    by_form: HashMap<Lang, Forms>,
}

#[derive(Debug, Default)]
struct Forms {
    terms: HashMap<String, Vec<usize>>,
    /// In index terms.
    longest: usize,
}

#[derive(Debug)]
struct Term {
    must: bool,
    /// Each form as index terms of its language.
    forms: BTreeMap<Lang, Vec<Vec<String>>>,
}

/// Words of a query that are a form of terms in a glossary.
#[derive(Debug)]
pub struct GlossaryMatch<'a> {
    /// Which of the words.
    pub words: Range<usize>,
    terms: Vec<&'a Term>,
}

impl GlossaryMatch<'_> {
    /// Whether a document has to contain one of the forms.
    pub fn must(&self) -> bool {
        self.terms.iter().any(|term| term.must)
    }

    /// What to look for in `target`, each alternative being index terms that belong together; nothing where the glossary
    /// has no form in that language. In the language of the query, the words that matched are among them.
    pub fn forms(&self, target: Lang) -> Vec<Vec<String>> {
        let forms = self
            .terms
            .iter()
            .filter_map(|term| term.forms.get(&target.without_script()));
        let forms: BTreeSet<&Vec<String>> = forms.flatten().collect();
        forms.into_iter().cloned().collect()
    }
}

impl Glossary {
    /// The glossary at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or holds anything but terms with forms.
    pub fn open(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let text = String::from_utf8(text).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .split(|b| *b == b'\n')
                .count();
            let line = line as u64;
            Place { path, line }.malformed("text", "bytes that are no characters", "UTF-8")
        })?;
        let at = |span: Range<usize>| Place {
            path,
            line: 1 + text[..span.start.min(text.len())].matches('\n').count() as u64,
        };
        let file: File = toml::from_str(&text).map_err(|error| {
            at(error.span().unwrap_or_default()).malformed("term", error.message(), TERMS)
        })?;
        let mut glossary = Self::default();
        for entry in file.term {
            let at = at(entry.span());
            glossary.add(Term::of(entry.into_inner(), &at)?);
        }
        Ok(glossary)
    }

    /// Whether it has no terms.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Where `words`, all words of a query of language `lang` in their order, are forms of terms: the longest ones from the
    /// left, none overlapping another.
    pub fn matches(&self, words: &[Word], lang: Lang) -> Vec<GlossaryMatch<'_>> {
        let mut matches = Vec::new();
        let Some(forms) = self.by_form.get(&lang.without_script()) else {
            return matches;
        };
        let mut start = 0;
        while start < words.len() {
            let found = forms.longest_from(&words[start..]);
            if let Some((n_words, terms)) = found {
                matches.push(GlossaryMatch {
                    words: start..start + n_words,
                    terms: terms.iter().map(|term| &self.terms[*term]).collect(),
                });
            }
            start += found.map_or(1, |(n_words, _)| n_words);
        }
        matches
    }

    fn add(&mut self, term: Term) {
        for (lang, forms) in &term.forms {
            let by_form = self.by_form.entry(*lang).or_default();
            for form in forms {
                by_form.longest = by_form.longest.max(form.len());
                let terms = by_form.terms.entry(form.join(TERM)).or_default();
                terms.push(self.terms.len());
            }
        }
        self.terms.push(term);
    }
}

impl Forms {
    /// How many of the first words are a form, as many as can be, and of which terms.
    fn longest_from(&self, words: &[Word]) -> Option<(usize, &[usize])> {
        let mut key = Vec::new();
        let mut longest = None;
        for (i, word) in words.iter().enumerate() {
            key.extend(word.terms.iter().map(String::as_str));
            if key.len() > self.longest {
                break;
            }
            if let Some(terms) = self.terms.get(&key.join(TERM)) {
                longest = Some((i + 1, terms.as_slice()));
            }
        }
        longest
    }
}

impl Term {
    fn of(entry: Entry, at: &Place<'_>) -> Result<Self> {
        let mut term = Self {
            must: entry.must,
            forms: BTreeMap::new(),
        };
        for (code, forms) in entry.forms {
            let not_a_language = |_| at.malformed("language", &code, "a language code");
            let lang: Lang = code.parse().map_err(not_a_language)?;
            let lang = lang.without_script();
            let analyzer = Analyzer::new(lang);
            for form in forms.into_vec() {
                let terms = analyzer.terms(&form);
                if terms.is_empty() {
                    return Err(at.malformed("form", &form, "a word"));
                }
                term.forms.entry(lang).or_default().push(terms);
            }
        }
        if term.forms.values().map(Vec::len).sum::<usize>() < 2 {
            return Err(at.malformed("term", "fewer than two forms", TERMS));
        }
        Ok(term)
    }
}

/// Where an entry stands.
struct Place<'a> {
    path: &'a Path,
    line: u64,
}

impl Place<'_> {
    fn malformed(&self, field: &'static str, got: &str, expected: &'static str) -> Error {
        Error::Malformed {
            path: self.path.to_owned(),
            line: self.line,
            field,
            got: got.to_owned(),
            expected,
        }
    }
}

const TERMS: &str = "[[term]] tables of forms by language, such as en = [\"heart attack\"]";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    term: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    must: bool,
    #[serde(flatten)]
    forms: BTreeMap<String, OneOrMore>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a form, or a list of forms")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(form) => vec![form],
            Self::More(forms) => forms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDICINE: &str = r#"
[[term]]
must = true
en = ["heart attack", "myocardial infarction"]
de = ["Herzinfarkt", "Myokardinfarkt"]
zh = "心脏病"

[[term]]
en = "heart"
de = "Herz"
"#;

    fn open(text: &str) -> Result<Glossary> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("glossary.toml");
        std::fs::write(&path, text).unwrap();
        Glossary::open(&path)
    }

    /// `expected`: the words that matched, whether they must, and their forms in `target`.
    #[track_caller]
    fn check(lang: &str, query: &str, target: &str, expected: &[(Range<usize>, bool, &[&str])]) {
        let glossary = open(MEDICINE).unwrap();
        let lang: Lang = lang.parse().unwrap();
        let words = Analyzer::new(lang).words(query);
        let matches = glossary.matches(&words, lang);
        let found: Vec<_> = matches
            .iter()
            .map(|found| {
                let forms = found.forms(target.parse().unwrap());
                let forms: Vec<String> = forms.iter().map(|form| form.join(" ")).collect();
                (found.words.clone(), found.must(), forms)
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(words, must, forms)| {
                let forms = forms.iter().map(|form| (*form).to_owned()).collect();
                (words.clone(), *must, forms)
            })
            .collect();
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn the_longest_form_wins_and_inflections_match() {
        let forms: &[&str] = &["herzinf", "myokard"];
        check("en", "after heart attacks", "de", &[(1..3, true, forms)]);
        check(
            "en",
            "the heart, the attack",
            "de",
            &[(1..2, false, &["herz"])],
        );
        check("en", "attack", "de", &[]);
        check("zh", "治疗心脏病", "de", &[(4..9, true, forms)]);
        check("fr", "heart attack", "de", &[]);
    }

    #[test]
    fn forms_of_one_language_are_synonyms() {
        let forms: &[&str] = &["heart attack", "myocardi infarct"];
        check("en", "heart attack", "en", &[(0..2, true, forms)]);
        check("en", "heart attack", "fr", &[(0..2, true, &[])]);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let error = open(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }

    #[test]
    fn what_is_no_glossary_names_file_line_and_field() {
        check_error(
            "\n\n[[term]]\nklingon = \"Qapla'\"\nen = \"hi\"",
            "glossary.toml:3: field `language`: got \"klingon\"",
        );
        check_error(
            "[[term]]\nen = \"…\"\nde = \"x\"",
            "field `form`: got \"…\", expected a word",
        );
        check_error("[[term]]\nen = \"moon\"", "fewer than two forms");
        check_error("[[term]]\nen = 7", "a form, or a list of forms");
        check_error("[[term]\nen = 7", "glossary.toml:1: field `term`");
        check_error("[[terms]]\nen = \"a\"", "unknown field `terms`");
    }
}
