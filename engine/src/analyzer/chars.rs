//! What a character is to the cutting of words: a class by table, filled page by page as texts need it.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// What a character does where words are cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Stands between words.
    Other,
    /// Of a script that puts something between its words.
    Letter,
    Digit,
    /// Belongs to the character before it: combining marks, and characters that do not show.
    Mark,
    /// Inside a word between two letters, outside of it elsewhere: apostrophes, the Catalan dot, Hebrew gershayim.
    Joiner,
    /// Inside a number between two digits; between single letters, of an acronym.
    Point,
    /// Han and kana: written without spaces, and no boundary is certain.
    Ideograph,
    Hangul,
    /// Thai, Lao, Khmer, Burmese: written without spaces, and cut by a model.
    Complex,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Class {
    pub(super) kind: Kind,
    pub(super) script: Script,
}

const PAGE: usize = 256;
static PAGES: [OnceLock<Box<[Class; PAGE]>>; 0x11_0000 / PAGE] =
    [const { OnceLock::new() }; 0x11_0000 / PAGE];

/// The class of `c`. Looking the script up costs ten times as much as this table, hence the table.
pub(super) fn class(c: char) -> Class {
    let code = c as usize;
    let page = PAGES[code / PAGE].get_or_init(|| {
        let first = (code / PAGE * PAGE) as u32;
        let class_at = |i| char::from_u32(first + i as u32).map_or(OTHER, classify);
        Box::new(std::array::from_fn(class_at))
    });
    page[code % PAGE]
}

const OTHER: Class = Class {
    kind: Kind::Other,
    script: Script::Common,
};

fn classify(c: char) -> Class {
    let script = c.script();
    let kind = match c {
        _ if is_invisible(c) => Kind::Mark,
        // Arabic's tatweel stretches the letter before it.
        'ـ' => Kind::Mark,
        // The prolonged sound mark and the half-width voicing marks belong to no script and to the middle of words.
        'ー' | 'ｰ' | 'ﾞ' | 'ﾟ' => Kind::Ideograph,
        '·' | '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | 'ʹ' | '＇' | '׳' | '״' => Kind::Joiner,
        '.' | ',' | '．' | '，' | '٫' | '٬' => Kind::Point,
        // "Xbox™" is not a word "xboxtm".
        '™' | '℠' => Kind::Other,
        _ if is_complex(script) && (c.is_alphabetic() || is_combining_mark(c)) => Kind::Complex,
        _ if is_combining_mark(c) => Kind::Mark,
        _ if !c.is_alphanumeric() => return compatible(c),
        _ if c.is_numeric() && script != Script::Han => Kind::Digit,
        _ => match script {
            Script::Han | Script::Hiragana | Script::Katakana => Kind::Ideograph,
            Script::Hangul => Kind::Hangul,
            _ => Kind::Letter,
        },
    };
    Class { kind, script }
}

/// Squared words and unit signs (㌔, ㎏, ㈱) are symbols that NFKC spells out: they are what they spell.
fn compatible(c: char) -> Class {
    let spelt = std::iter::once(c)
        .nfkc()
        .find(|part| part.is_alphanumeric());
    spelt.filter(|part| *part != c).map_or(OTHER, classify)
}

fn is_complex(script: Script) -> bool {
    matches!(
        script,
        Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar
    )
}

/// Characters without a glyph that stand inside words: soft hyphen, joiners, direction marks, variation selectors, fillers.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
