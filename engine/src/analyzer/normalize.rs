//! One spelling for what the readers of a language take for the same word.
//!
//! Compatibility decomposition, letter by letter what the language asks for, lower case, composition. What comes out
//! stays as it is when it is normalised again.

mod arabic;
mod cyrillic;
mod ethiopic;
mod hanzi;
mod indic;
mod latin;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use super::chars::is_invisible;
use super::profile::Profile;

pub(super) use arabic::Arabic;
pub(super) use cyrillic::Cyrillic;
pub(super) use ethiopic::Ethiopic;
pub(super) use indic::Indic;
pub(super) use latin::fold_diacritics;

/// How letters are folded beyond what holds everywhere; each part speaks of one family of scripts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letters {
    /// Latin letters beside a to z that the language has; every other one loses its marks. `None`: all keep them.
    pub(super) latin: Option<&'static str>,
    /// ı and i are two letters, each with its capital.
    pub(super) dotless_i: bool,
    pub(super) arabic: Arabic,
    pub(super) cyrillic: Cyrillic,
    pub(super) ethiopic: Ethiopic,
    pub(super) indic: Indic,
    /// Traditional characters become simplified ones.
    pub(super) simplify_hanzi: bool,
    /// The tone mark of oà and òa is the same.
    pub(super) vietnamese_tones: bool,
}

impl Letters {
    /// What holds where no language asks for more.
    pub(super) const PLAIN: Self = Self {
        latin: Some(""),
        dotless_i: false,
        arabic: Arabic::Standard,
        cyrillic: Cyrillic::Plain,
        ethiopic: Ethiopic::Keep,
        indic: Indic::Keep,
        simplify_hanzi: false,
        vietnamese_tones: false,
    };
}

/// Writes the normal form of `text`, one token, into `out`.
pub(super) fn normalize(text: &str, profile: &Profile, out: &mut String) {
    out.clear();
    let letters = &profile.letters;
    if text.is_ascii() && !letters.dotless_i {
        out.push_str(text);
        out.make_ascii_lowercase();
        return;
    }
    let mut folded = String::with_capacity(text.len() + 8);
    let mut fold = Fold {
        letters,
        base: ' ',
        out: &mut folded,
    };
    let mut rest = text.nfkd().peekable();
    while let Some(c) = rest.next() {
        if letters.dotless_i && c == 'I' {
            let dotted = rest.next_if_eq(&'\u{307}').is_some();
            fold.push_base(if dotted { 'i' } else { 'ı' });
        } else {
            fold.push(c);
        }
    }
    if letters.vietnamese_tones {
        latin::move_tone(&mut folded);
    }
    let indic = letters.indic;
    if indic != Indic::Keep {
        folded = indic.respell(&folded);
    }
    out.extend(folded.nfc());
}

/// Takes decomposed characters, puts out folded ones.
struct Fold<'a> {
    letters: &'a Letters,
    /// What marks stand on.
    base: char,
    out: &'a mut String,
}

impl Fold<'_> {
    fn push(&mut self, c: char) {
        if is_invisible(c) {
            // Persian's zero-width non-joiner divides a word's parts.
            if c == '\u{200c}' && self.letters.arabic.divides_at_non_joiner() {
                self.out.push(' ');
            }
        } else if is_combining_mark(c) {
            self.out.extend(self.mark(c));
        } else if let Some(digit) = ascii_digit(c) {
            self.push_base(digit);
        } else {
            c.to_lowercase().for_each(|c| {
                if is_combining_mark(c) {
                    self.push(c);
                } else {
                    self.push_folded(c);
                }
            });
        }
    }

    fn push_folded(&mut self, c: char) {
        match c {
            '’' | '‘' | 'ʼ' | 'ʻ' | 'ʹ' | '׳' | '״' => self.push_base('\''),
            'ς' => self.push_base('σ'),
            '\u{5d0}'..='\u{5ea}' => self.push_base(hebrew(c)),
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => {
                if let Some(c) = self.letters.arabic.fold(c) {
                    self.push_base(c);
                }
            }
            '\u{400}'..='\u{52f}' => {
                self.base = c;
                self.letters.cyrillic.fold(c, self.out);
            }
            '\u{1200}'..='\u{137f}' => self.push_base(self.letters.ethiopic.fold(c)),
            '\u{3400}'..='\u{2ffff}' if self.letters.simplify_hanzi => {
                self.push_base(hanzi::simplify(c));
            }
            '\u{80}'..='\u{24f}' | '\u{250}'..='\u{2af}' => {
                self.base = c;
                latin::fold(c, self.letters.latin, self.out);
            }
            _ => self.push_base(c),
        }
    }

    fn push_base(&mut self, c: char) {
        self.base = c;
        self.out.push(c);
    }

    /// The mark that stands for `mark` on the base that went before; none where it makes no other letter of it.
    fn mark(&self, mark: char) -> Option<char> {
        let keeps = match self.base.script() {
            Script::Latin => return latin::mark(self.base, mark, self.letters.latin),
            Script::Greek | Script::Hebrew => false,
            Script::Cyrillic => self.letters.cyrillic.keeps(self.base, mark),
            Script::Arabic => self.letters.arabic.keeps(self.base, mark),
            // Marks of the scripts of India are vowels, and Japanese ones change the consonant.
            _ => true,
        };
        keeps.then_some(mark)
    }
}

/// Letters have one form at the end of a word and another elsewhere; which end it is changes with every prefix.
fn hebrew(c: char) -> char {
    match c {
        'ך' => 'כ',
        'ם' => 'מ',
        'ן' => 'נ',
        'ף' => 'פ',
        'ץ' => 'צ',
        other => other,
    }
}

/// 0 to 9 for the decimal digits of any script.
fn ascii_digit(c: char) -> Option<char> {
    let code = c as u32;
    if code < 0x660 {
        return None;
    }
    let after = ZEROS.partition_point(|zero| *zero <= code);
    let value = code - ZEROS.get(after.checked_sub(1)?)?;
    char::from_digit(value, 10)
}

/// The zeros of Unicode's decimal digits (general category Nd), nine more follow each.
#[rustfmt::skip]
const ZEROS: [u32; 61] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50,
    0x16a60, 0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e950,
];
