//! What language identification sees of a text: the runs of one to five letters in its words, hashed.
//!
//! Shared by the identifier and by what trains it (`training/langid`), which reads this very file.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters of the longest run; the space before and after a word counts as one.
const LONGEST: usize = 5;

/// The words of `text` as the identifier reads them: lower-cased, a space before and after each.
///
/// Digits and punctuation part words, but for an apostrophe after a letter, in any of its forms. Joiners vanish.
pub(crate) fn words(text: &str) -> Vec<char> {
    let mut words = vec![' '];
    for c in text.nfc().flat_map(char::to_lowercase) {
        let last = words[words.len() - 1];
        match c {
            '\u{200c}' | '\u{200d}' => {}
            '\'' | '’' | 'ʻ' | 'ʼ' | '`' if last.is_alphabetic() => words.push('\''),
            _ if c.is_alphabetic() || is_combining_mark(c) => words.push(c),
            _ if last != ' ' => words.push(' '),
            _ => {}
        }
    }
    if words[words.len() - 1] != ' ' {
        words.push(' ');
    }
    words
}

/// Visits the bucket, below 2 to the power of `bits`, of every run of letters that starts at place `at`.
pub(crate) fn for_each_gram(words: &[char], at: usize, bits: u32, mut visit: impl FnMut(usize)) {
    // FNV-1a over code points, its bits stirred once more because the low ones are all that is kept.
    let mut hash = 0x811c_9dc5_u32;
    for (length, c) in (1..=LONGEST).zip(&words[at..]) {
        hash = (hash ^ u32::from(*c)).wrapping_mul(0x0100_0193);
        if *c != ' ' || length > 1 {
            visit((stir(hash) & ((1 << bits) - 1)) as usize);
        }
        if *c == ' ' && length > 1 {
            break;
        }
    }
}

fn stir(hash: u32) -> u32 {
    let hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    hash ^ (hash >> 12)
}
