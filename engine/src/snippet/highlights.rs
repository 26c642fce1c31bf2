//! Which words of a text stand for the words of a query, in whatever languages.
//!
//! Words are aligned by their vectors, as SimAlign does with its mutual argmax (Jalili Sabet et al. 2020): a word of the text is
//! marked where it is nearest to a word of the query, and that one nearest to it. A word that both share, and one that lexical search
//! found by its tables of translations, need no vector.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

use crate::analyzer::Analyzer;
use crate::encoder::{Embeddings, Encoder, Role};
use crate::error::Result;
use crate::language::Lang;
use crate::query::Query;

/// Words whose vectors are further apart stand for each other by chance. With the encoder of this program, .32 of 1,937 pairs of
/// words that are sentences of Tatoeba and translate each other are as near, and .006 of others.
const MIN_COSINE: f32 = 0.35;
/// A word that comes again, in another form, is marked too.
const NEAR_BEST: f32 = 0.95;
/// Longer queries are documents, and mark everything.
const MAX_QUERY_WORDS: usize = 32;

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(Default::default()));

/// A text to mark.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'t> {
    /// What is shown.
    pub text: &'t str,
    /// Its language.
    pub lang: Lang,
    /// The terms by which lexical search found its document, if it did.
    pub found_by: &'t [String],
}

/// A word of a text.
struct Word<'t> {
    /// In bytes.
    at: Range<usize>,
    text: &'t str,
    terms: Vec<String>,
}

/// For each of `texts`, the words that stand for words of `query`, in reading order and as ranges of bytes. Words that every text has
/// stand for nothing.
///
/// # Errors
/// When the encoder fails.
pub fn highlights(
    encoder: &dyn Encoder,
    query: &Query,
    texts: &[Shown<'_>],
) -> Result<Vec<Vec<Range<usize>>>> {
    let mut asked = words(&query.text, query.lang);
    asked.truncate(MAX_QUERY_WORDS);
    let words: Vec<Vec<Word<'_>>> = texts
        .iter()
        .map(|shown| words(shown.text, shown.lang))
        .collect();
    let vectors = Vectors::of(encoder, asked.iter().chain(words.iter().flatten()))?;
    let texts = texts.iter().zip(&words);
    Ok(texts
        .map(|(shown, words)| marked(&asked, words, shown.found_by, &vectors))
        .collect())
}

/// The words of `text` that say something.
fn words(text: &str, lang: Lang) -> Vec<Word<'_>> {
    let analyzer = Analyzer::new(lang);
    let bounds: Vec<usize> = SEGMENTER.segment_str(text).collect();
    let pieces = bounds.windows(2).map(|ends| ends[0]..ends[1]);
    pieces
        .filter_map(|at| {
            let word = &text[at.clone()];
            let analyzed = analyzer.words(word);
            if analyzed.iter().all(|word| word.is_stop_word) {
                return None;
            }
            Some(Word {
                at,
                text: word,
                terms: analyzed.into_iter().flat_map(|word| word.terms).collect(),
            })
        })
        .collect()
}

/// One vector for each distinct word.
struct Vectors<'t> {
    rows: HashMap<&'t str, usize>,
    embeddings: Embeddings,
}

impl<'t> Vectors<'t> {
    fn of<'w>(encoder: &dyn Encoder, words: impl Iterator<Item = &'w Word<'t>>) -> Result<Self>
    where
        't: 'w,
    {
        let mut rows = HashMap::new();
        let mut distinct = Vec::new();
        for word in words {
            rows.entry(word.text).or_insert_with(|| {
                distinct.push(word.text);
                distinct.len() - 1
            });
        }
        let embeddings = encoder.encode(&distinct, Role::Plain)?;
        Ok(Self { rows, embeddings })
    }

    /// How near two words are: 1 where the index holds the same for both.
    fn nearness(&self, a: &Word<'_>, b: &Word<'_>) -> f32 {
        if a.terms.iter().any(|term| b.terms.contains(term)) {
            return 1.0;
        }
        match (self.rows.get(a.text), self.rows.get(b.text)) {
            (Some(a), Some(b)) => self.embeddings.row(*a).dot(&self.embeddings.row(*b)),
            _ => 0.0,
        }
    }
}

/// Where the words of `text` are that stand for words of `asked`, or have a term in `found_by`; words that stand side by side in a
/// script without spaces become one range.
fn marked(
    asked: &[Word<'_>],
    text: &[Word<'_>],
    found_by: &[String],
    vectors: &Vectors<'_>,
) -> Vec<Range<usize>> {
    let nearness: Vec<Vec<f32>> = text
        .iter()
        .map(|word| {
            let nearness = asked.iter().map(|asked| vectors.nearness(asked, word));
            nearness.collect()
        })
        .collect();
    let best_in_text: Vec<f32> = (0..asked.len())
        .map(|column| nearness.iter().map(|row| row[column]).fold(0.0, f32::max))
        .collect();
    let mut marked: Vec<Range<usize>> = Vec::new();
    for (word, row) in text.iter().zip(&nearness) {
        let best = row.iter().copied().fold(0.0, f32::max);
        let stands_for_one = row.iter().zip(&best_in_text).any(|(near, best_in_text)| {
            *near == best && *near >= MIN_COSINE && *near >= NEAR_BEST * best_in_text
        });
        let is_found = word.terms.iter().any(|term| found_by.contains(term));
        if !stands_for_one && !is_found {
            continue;
        }
        match marked.last_mut() {
            Some(last) if last.end == word.at.start => last.end = word.at.end,
            _ => marked.push(word.at.clone()),
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::HashEncoder;

    #[track_caller]
    fn check(query: (&str, &str), text: (&str, &str), expected: &[&str]) {
        check_found(query, text, &[], expected);
    }

    #[track_caller]
    fn check_found(
        query: (&str, &str),
        text: (&str, &str),
        found_by: &[String],
        expected: &[&str],
    ) {
        let query = Query {
            text: query.0.into(),
            lang: query.1.parse().unwrap(),
        };
        let shown = Shown {
            text: text.0,
            lang: text.1.parse().unwrap(),
            found_by,
        };
        let found = highlights(&HashEncoder::new(256), &query, &[shown]).unwrap();
        let words: Vec<&str> = found[0].iter().map(|at| &text.0[at.clone()]).collect();
        assert_eq!(words, expected, "{}", text.0);
    }

    #[test]
    fn words_of_the_query_are_marked_in_whatever_form() {
        check(
            ("rising seas", "en"),
            ("The sea rises, and the sea falls.", "en"),
            &["sea", "rises", "sea"],
        );
        check(("the", "en"), ("The sea.", "en"), &[]);
        check(("", "en"), ("The sea.", "en"), &[]);
        check(("sea", "en"), ("", "en"), &[]);
    }

    #[test]
    fn words_that_are_spelt_nearly_alike_are_near_to_an_encoder_of_spelling() {
        check(
            ("international organisation", "en"),
            ("Una organisación internacional.", "es"),
            &["organisación", "internacional"],
        );
    }

    #[test]
    fn what_lexical_search_found_is_marked() {
        let terms = Analyzer::new("de".parse().unwrap()).terms("Meer");
        check_found(("sea", "en"), ("Das Meer steigt.", "de"), &terms, &["Meer"]);
    }

    #[test]
    fn scripts_without_spaces_have_words_too() {
        check(("月", "ja"), ("海と月と星。", "ja"), &["月"]);
    }
}
