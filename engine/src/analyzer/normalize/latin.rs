//! Latin letters with marks: another letter in one language, an accent that is often left out in the next.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, is_combining_mark};
use unicode_script::{Script, UnicodeScript};

/// Writes `c`, lower case, or what stands for it where it is no letter of the language's own.
pub(super) fn fold(c: char, alphabet: Option<&str>, out: &mut String) {
    if alphabet.is_none_or(|letters| letters.contains(c)) {
        out.push(c);
        return;
    }
    out.push_str(match c {
        'ß' => "ss",
        'æ' | 'ǽ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' | 'ɖ' | 'ɗ' => "d",
        'ł' => "l",
        'þ' => "th",
        'ħ' | 'ɦ' => "h",
        'ı' | 'ɨ' => "i",
        'ŋ' | 'ɲ' => "n",
        'ƙ' => "k",
        'ɓ' => "b",
        'ƴ' => "y",
        'ɛ' => "e",
        'ɔ' => "o",
        'ŧ' => "t",
        'ɣ' => "g",
        other => return out.push(other),
    });
}

/// The mark that stands on `base` for `mark`; none where the two are no letter of the alphabet.
pub(super) fn mark(base: char, mark: char, alphabet: Option<&str>) -> Option<char> {
    let Some(letters) = alphabet else {
        return Some(mark);
    };
    let is_letter = |mark| compose(base, mark).is_some_and(|composed| letters.contains(composed));
    // Romanian's comma below was long typed as a cedilla.
    let as_typed = if mark == '\u{327}' && letters.contains('ș') {
        '\u{326}'
    } else {
        mark
    };
    is_letter(as_typed).then_some(as_typed)
}

/// Takes the marks off the Latin letters of `word` but for those in `alphabet`.
pub(in crate::analyzer) fn fold_diacritics(word: &str, alphabet: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    let mut base = ' ';
    for c in word.nfd() {
        if !is_combining_mark(c) {
            base = c;
            fold(c, Some(alphabet), &mut folded);
        } else if base.script() == Script::Latin {
            folded.extend(mark(base, c, Some(alphabet)));
        } else {
            folded.push(c);
        }
    }
    folded.nfc().collect()
}

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Puts the tone of a decomposed Vietnamese syllable in -oa, -oe or -uy where the newer spelling has it: hòa → hoà.
pub(super) fn move_tone(syllable: &mut String) {
    let mut back = syllable.chars().rev();
    let (Some(last), Some(tone), Some(first)) = (back.next(), back.next(), back.next()) else {
        return;
    };
    if TONES.contains(&tone) && matches!((first, last), ('o', 'a' | 'e') | ('u', 'y')) {
        let start = syllable.len() - last.len_utf8() - tone.len_utf8();
        // In "quý" and "quỳ" the u belongs to the consonant, and nobody writes the tone on it.
        syllable.truncate(start);
        syllable.extend([last, tone]);
    }
}
