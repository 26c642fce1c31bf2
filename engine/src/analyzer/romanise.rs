//! Keys that a text in its own script and the same words in Latin letters have in common.
//!
//! A word is romanised letter by letter and then folded, by rules of its language's script, until the habits of those
//! who type it in Latin letters meet: `ts` and `c`, `sh` and `š`, long and short vowels. What is Latin already is folded
//! alone. Chinese becomes pairs of syllables, however the query cuts its pinyin. Limits: `docs/romanisation.md`.

mod fold;
mod pinyin;

use any_ascii::any_ascii_char;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use crate::language::Lang;

use super::complex::SEGMENTER;
use fold::Fold;

/// Longer words are no words, and nobody spells them in another script.
const MAX_WORD_BYTES: usize = 512;
/// Dictionaries take memory in proportion to what they are given at once.
const MAX_PIECE_BYTES: usize = 1 << 16;

/// The keys of `text` in reading order, ASCII letters and digits.
///
/// `lang` is the language of the documents: a query is folded as they are, whatever script it is in. Mostly one key a
/// word; a word of vowels alone has none where vowels are not told apart.
pub fn keys(text: &str, lang: Lang) -> Vec<String> {
    let text: String = text.nfkc().collect();
    match lang.primary() {
        "zh" => chinese(&text),
        "ja" => {
            // Chinese readings, all that a table of characters can offer, are not what a Japanese reader types.
            let without_kanji = |word: &&str| !word.chars().any(|c| c.script() == Script::Han);
            folded(words(&text).filter(without_kanji), Fold::of(lang))
        }
        "ar" => folded(words(&text).map(without_article), Fold::of(lang)),
        "he" | "yi" => folded(words(&without_vav(&text)), Fold::of(lang)),
        _ => folded(words(&text), Fold::of(lang)),
    }
}

fn folded<'t>(words: impl Iterator<Item = &'t str>, fold: &Fold) -> Vec<String> {
    words
        .map(|word| fold.apply(&ascii(word)))
        .filter(|key| !key.is_empty())
        .collect()
}

/// Adjacent syllables in pairs, for there are some four hundred of them and ten times as many characters; words that
/// are no pinyin, and numbers, stand for themselves.
fn chinese(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut chain: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first.script() {
            Script::Han => first.len_utf8(),
            _ => rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len()),
        };
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        let romanised = match kind(first) {
            Kind::Space => continue,
            Kind::Mark => String::new(),
            Kind::Han | Kind::Word => ascii(piece),
        };
        if kind(first) == Kind::Han && !romanised.is_empty() {
            chain.push(romanised);
        } else if let Some(syllables) = pinyin::syllables(&romanised) {
            chain.extend(syllables.map(pinyin::without_umlaut));
        } else {
            pair(&mut chain, &mut keys);
            keys.extend((!romanised.is_empty()).then_some(romanised));
        }
    }
    pair(&mut chain, &mut keys);
    keys
}

/// What Chinese text is made of. The apostrophe in `Xi'an` only parts syllables, as space does.
#[derive(PartialEq, Eq)]
enum Kind {
    Han,
    Word,
    Space,
    Mark,
}

fn kind(c: char) -> Kind {
    match c {
        _ if c.script() == Script::Han => Kind::Han,
        _ if c.is_alphanumeric() => Kind::Word,
        '\'' | '’' => Kind::Space,
        _ if c.is_whitespace() => Kind::Space,
        _ => Kind::Mark,
    }
}

/// Moves the pairs of `chain` to `keys`; a lone syllable stands for itself.
fn pair(chain: &mut Vec<String>, keys: &mut Vec<String>) {
    match chain.len() {
        0 => {}
        1 => keys.append(chain),
        _ => keys.extend(chain.windows(2).map(|pair| pair.concat())),
    }
    chain.clear();
}

/// The words of `text`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = pieces(text).flat_map(|piece| {
        let mut start = 0;
        SEGMENTER.segment_str(piece).map(move |end| {
            let word = &piece[start..end];
            start = end;
            word
        })
    });
    words.filter(|word| word.len() <= MAX_WORD_BYTES && word.chars().any(char::is_alphanumeric))
}

/// `text` in pieces that a segmenter takes at once: lines, cut at spaces where they are longer than [`MAX_PIECE_BYTES`].
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let mut rest = line;
        std::iter::from_fn(move || {
            let end = if rest.len() <= MAX_PIECE_BYTES {
                rest.len()
            } else {
                let most = rest.floor_char_boundary(MAX_PIECE_BYTES);
                let space = rest[..most].rfind(char::is_whitespace);
                space.filter(|at| *at > 0).unwrap_or(most)
            };
            let (piece, tail) = rest.split_at(end);
            rest = tail;
            (!piece.is_empty()).then_some(piece)
        })
    })
}

/// `word` without the Arabic article, which is written to the noun in Arabic and apart, or not at all, in Latin letters.
fn without_article(word: &str) -> &str {
    let bare = ["ال", "al", "el", "Al", "El"]
        .iter()
        .find_map(|article| word.strip_prefix(article));
    bare.filter(|bare| bare.chars().count() >= 3)
        .unwrap_or(word)
}

/// `text` without the Hebrew letter vav inside words, where it is a vowel more often than not.
fn without_vav(text: &str) -> String {
    let mut inside = false;
    let is_kept = |c: &char| !std::mem::replace(&mut inside, c.is_alphabetic()) || *c != 'ו';
    text.chars().filter(is_kept).collect()
}

/// The letters and digits of `word` in ASCII, lower case.
fn ascii(word: &str) -> String {
    let mut romanised = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        // Thai marks the letters that are not spoken.
        if letters.next_if_eq(&'\u{e4c}').is_some() {
            continue;
        }
        if c.is_ascii() {
            romanised.push(c);
            continue;
        }
        romanised.push_str(any_ascii_char(c));
        // An unwritten vowel keeps two letters from being read as one, such as the k and s of Pakistan.
        if letters.peek().is_some_and(|next| may_part(c, *next)) {
            romanised.push('a');
        }
    }
    romanised.retain(|c| c.is_ascii_alphanumeric());
    romanised.make_ascii_lowercase();
    romanised
}

/// Whether a vowel that is not written may stand between two characters: in the scripts from Hebrew to Sinhala, unless
/// a sign says that there is none, or belongs to the letter before it.
fn may_part(c: char, next: char) -> bool {
    let leaves_vowels_out = |c| ('\u{590}'..='\u{dff}').contains(&c);
    let joins = |c| {
        matches!(c, '\u{dca}') || (c >= '\u{900}' && matches!(u32::from(c) & 0x7f, 0x3c | 0x4d))
    };
    leaves_vowels_out(c) && leaves_vowels_out(next) && !joins(c) && !joins(next)
}

#[cfg(test)]
mod tests;
