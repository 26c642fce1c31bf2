//! Text → terms: what the lexical index stores and what a query looks for.
//!
//! A text is cut into words the way its scripts ask for; a word is normalised and stemmed the way its language asks for.
//! A word in a script that is not the language's own is taken for the language that is most often written in it. The
//! same analyzer must see a document and the queries that are to find it.

mod cache;
mod chars;
mod complex;
mod ideographs;
mod normalize;
mod profile;
pub mod romanise;
mod segment;
mod stem;
mod stop_words;
mod table;
mod word;

use std::cell::Cell;

use unicode_script::{Script, UnicodeScript};

use crate::language::Lang;

pub use table::{Row, table};

use cache::{Cache, Entry};
use profile::Profile;
use segment::Token;

/// The analyzer of one language; cheap to make.
pub struct Analyzer {
    profile: &'static Profile,
}

/// A word of a query. Of a script without spaces that no dictionary cuts, a pair of characters is a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Normalised, not stemmed.
    pub text: String,
    /// As it was written, for the analyzer of another language.
    pub raw: String,
    /// What the index holds for it; usually one.
    pub terms: Vec<String>,
    /// Whether it says too little to be looked for beside other words.
    pub is_stop_word: bool,
}

thread_local! {
    static CACHE: Cell<Option<Cache>> = const { Cell::new(None) };
}

/// What `lang` is written in, by ISO 15924: `Latn`, `Deva`, `Hans`; nothing where that is not known.
pub fn script(lang: Lang) -> Option<&'static str> {
    match lang.primary() {
        "zh" if lang.code().ends_with("-Hant") => Some("Hant"),
        "zh" => Some("Hans"),
        "ja" => Some("Jpan"),
        primary => {
            let profile = Profile::of(primary);
            (profile.code == primary).then(|| profile.scripts[0].short_name())
        }
    }
}

impl Analyzer {
    /// The analyzer of `lang`, whatever script its code names. A language that has none is read as [`Lang::UNKNOWN`]:
    /// its words are normalised and kept whole.
    pub fn new(lang: Lang) -> Self {
        Self {
            profile: Profile::of(lang.primary()),
        }
    }

    /// The terms of `text`, in reading order, stop words among them.
    pub fn terms(&self, text: &str) -> Vec<String> {
        let mut terms = Vec::new();
        self.for_each_term(text, |term| terms.push(term.to_owned()));
        terms
    }

    /// Calls `visit` with each of the [`terms`](Self::terms) of `text`.
    pub fn for_each_term(&self, text: &str, mut visit: impl FnMut(&str)) {
        // Taken out, not borrowed: `visit` may analyse something else.
        let mut cache = CACHE.take().unwrap_or_else(Cache::new);
        let mut folded = String::new();
        segment::for_each_token(text, |token| match token {
            Token::Word(word, script) => {
                let profile = self.profile_of(script);
                cached(&mut cache, profile, word, &mut folded, &mut visit);
            }
            Token::Complex(run, script) => {
                let profile = self.profile_of(script);
                complex::for_each_word(run, |word| {
                    cached(&mut cache, profile, word, &mut folded, &mut visit);
                });
            }
            Token::Ideographs(run, script) => {
                normalize::normalize(run, self.profile_of(script), &mut folded);
                ideographs::for_each_term(&folded, &mut visit);
            }
        });
        CACHE.set(Some(cache));
    }

    /// The words of `text`, a query, in reading order.
    pub fn words(&self, text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        let mut folded = String::new();
        segment::for_each_token(text, |token| match token {
            Token::Word(word, script) => {
                push_words(self.profile_of(script), word, &mut folded, &mut words);
            }
            Token::Complex(run, script) => {
                let profile = self.profile_of(script);
                complex::for_each_word(run, |word| {
                    push_words(profile, word, &mut folded, &mut words);
                });
            }
            Token::Ideographs(run, script) => {
                push_pairs(self.profile_of(script), run, &mut words);
            }
        });
        words
    }

    /// Whether all letters of `text` are of a script that the language is written in.
    pub fn is_own_script(&self, text: &str) -> bool {
        let mut letters = text.chars().filter(|c| c.is_alphabetic());
        letters.all(|c| std::ptr::eq(self.profile_of(c.script()), self.profile))
    }

    /// The profile that words in `script` are read by.
    fn profile_of(&self, script: Script) -> &'static Profile {
        let unknown = std::ptr::eq(self.profile, &profile::UNKNOWN);
        if self.profile.is_own(script)
            || matches!(script, Script::Common | Script::Inherited)
            || (unknown && profile::is_ambiguous(script))
        {
            self.profile
        } else {
            Profile::of_script(script)
        }
    }
}

/// The characters and pairs of `run`, which are their own terms.
fn push_pairs(profile: &'static Profile, run: &str, words: &mut Vec<Word>) {
    let mut folded = String::new();
    normalize::normalize(run, profile, &mut folded);
    let first = words.len();
    ideographs::for_each_term(&folded, |text| {
        words.push(Word {
            text: text.to_owned(),
            raw: text.to_owned(),
            terms: vec![text.to_owned()],
            is_stop_word: is_stop_word(profile, text),
        });
    });
    // Folding mostly changes one character into one; where it does not, nobody knows which was which.
    let mut raw = Vec::new();
    ideographs::for_each_term(run, |text| raw.push(text.to_owned()));
    if raw.len() == words.len() - first {
        for (word, raw) in words[first..].iter_mut().zip(raw) {
            word.raw = raw;
        }
    }
}

fn push_words(profile: &'static Profile, raw: &str, folded: &mut String, words: &mut Vec<Word>) {
    word::for_each_part(profile, raw, folded, |text, term| {
        words.push(Word {
            text: text.to_owned(),
            raw: raw.to_owned(),
            terms: vec![term.to_owned()],
            is_stop_word: is_stop_word(profile, text),
        });
    });
}

fn is_stop_word(profile: &'static Profile, text: &str) -> bool {
    stop_words::of(profile, |entry| spelt(profile, entry)).contains(text)
}

/// The normalised words of `text`, all of which are `profile`'s.
fn spelt(profile: &'static Profile, text: &str) -> Vec<String> {
    let (mut folded, mut parts) = (String::new(), Vec::new());
    segment::for_each_token(text, |token| match token {
        Token::Word(word, _) | Token::Complex(word, _) => {
            word::for_each_part(profile, word, &mut folded, |part, _| {
                parts.push(part.to_owned())
            });
        }
        Token::Ideographs(run, _) => {
            normalize::normalize(run, profile, &mut folded);
            parts.push(folded.clone());
        }
    });
    parts
}

/// Visits the terms of one word, from the cache where it stands there.
fn cached(
    cache: &mut Cache,
    profile: &'static Profile,
    raw: &str,
    folded: &mut String,
    visit: &mut impl FnMut(&str),
) {
    let owner = std::ptr::from_ref(profile).addr();
    match cache.term(owner, raw) {
        Some(Entry::Known(term)) => visit(term),
        Some(Entry::Free(slot)) => {
            let mut terms = Vec::new();
            word::for_each_part(profile, raw, folded, |_, term| terms.push(term.to_owned()));
            if let [term] = terms.as_slice() {
                slot.set(owner, raw, term);
            }
            terms.iter().for_each(|term| visit(term));
        }
        None => word::for_each_part(profile, raw, folded, |_, term| visit(term)),
    }
}

#[cfg(test)]
mod tests;
