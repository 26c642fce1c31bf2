//! What each language gets, in words: the profiles as rows for the documentation.

use unicode_script::Script;

use super::normalize::{Arabic, Cyrillic, Ethiopic, Indic};
use super::profile::{Apostrophe, PROFILES, Profile, UNKNOWN};
use super::{spelt, stop_words};

/// How one language is analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its code: `sw`; `und` for any that has no row of its own.
    pub code: &'static str,
    /// In English.
    pub name: &'static str,
    /// What it is written in: words in other scripts are analysed as another language.
    pub scripts: String,
    /// What its letters undergo beyond NFKC, lower case, and digits in ASCII.
    pub normalization: String,
    /// How its words are found.
    pub segmentation: &'static str,
    /// How the forms of a word are brought together.
    pub stemming: String,
    /// How many words are left out of a query that has others.
    pub n_stop_words: usize,
}

/// A row for each language in the order of their codes, and last the one for all others.
pub fn table() -> Vec<Row> {
    PROFILES.iter().chain([&UNKNOWN]).map(row).collect()
}

fn row(profile: &'static Profile) -> Row {
    Row {
        code: profile.code,
        name: profile.name,
        scripts: scripts(profile),
        normalization: normalization(profile).join("; "),
        segmentation: segmentation(profile),
        stemming: stemming(profile),
        n_stop_words: stop_words::of(profile, |entry| spelt(profile, entry)).len(),
    }
}

fn scripts(profile: &Profile) -> String {
    let [first, second] = profile.scripts;
    match (first, second) {
        (Script::Unknown, _) => "any".to_owned(),
        (Script::Han, Script::Katakana) => "Han, kana".to_owned(),
        (first, second) if first == second => first.full_name().to_owned(),
        (first, second) => format!("{}, {}", first.full_name(), second.full_name()),
    }
}

fn normalization(profile: &Profile) -> Vec<String> {
    let letters = &profile.letters;
    let is = |script| profile.is_own(script);
    let mut parts = Vec::new();
    let mut note = |holds: bool, text: &str| {
        if holds {
            parts.push(text.to_owned());
        }
    };
    let is_unknown = is(Script::Unknown);
    if is(Script::Latin) || is_unknown {
        match letters.latin {
            None => note(true, "all marks stay"),
            Some("") => note(true, "no diacritics"),
            Some(kept) => note(true, &format!("no diacritics but {kept}")),
        }
    }
    match profile.distinct {
        None => {}
        Some("") => note(true, "none in stems"),
        Some(kept) => note(true, &format!("but {kept} in stems")),
    }
    note(letters.dotless_i, "I → ı, İ → i");
    note(letters.vietnamese_tones, "oà = òa");
    note(letters.simplify_hanzi, "traditional → simplified");
    note(is(Script::Greek), "no accents, ς → σ");
    note(is(Script::Hebrew), "no points, final letters → plain");
    if is(Script::Arabic) {
        note(true, "no vowel signs, no tatweel");
        note(true, arabic(letters.arabic));
    }
    if is(Script::Cyrillic) {
        note(true, cyrillic(letters.cyrillic));
    }
    note(letters.ethiopic == Ethiopic::Tigrinya, "ሠ → ሰ, ፀ → ጸ");
    note(
        letters.ethiopic == Ethiopic::Amharic,
        "ሐ ኀ ኸ → ሀ, ሠ → ሰ, ዐ → አ, ፀ → ጸ, ሃ → ሀ, ኣ → አ",
    );
    note(
        letters.indic == Indic::Hindi,
        "no nukta; chandrabindu and a row's own nasal → anusvara",
    );
    note(letters.indic == Indic::Bengali, "ৎ → ত্");
    note(letters.indic == Indic::Malayalam, "chillu → consonant");
    match profile.apostrophe {
        Apostrophe::Join | Apostrophe::Keep => {}
        Apostrophe::Split => note(true, "l'x = l x"),
        Apostrophe::CutTail => note(true, "x'in = x"),
    }
    parts
}

fn arabic(letters: Arabic) -> &'static str {
    match letters {
        Arabic::Standard => "one alef, ى ی → ي, ک → ك",
        Arabic::Persian => "one alef, ي ى → ی, ك → ک, ة ۀ → ه, no hamza; ZWNJ divides",
        Arabic::Urdu => "one alef, ي ى → ی, ك → ک, ه ة → ہ",
        Arabic::Kurdish => "ي ى → ی, ك → ک, ة → ە",
        Arabic::Other => "hamza stays",
    }
}

fn cyrillic(letters: Cyrillic) -> &'static str {
    match letters {
        Cyrillic::Plain => "no stress marks",
        Cyrillic::Io => "no stress marks, ё → е",
        Cyrillic::Macedonian => "no stress marks but in ѓ, ќ",
        Cyrillic::Serbian => "Cyrillic → Latin",
    }
}

fn segmentation(profile: &Profile) -> &'static str {
    match profile.scripts[0] {
        Script::Han => "characters and pairs",
        Script::Hangul => "syllables and pairs",
        Script::Unknown => "as the script's own language",
        Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar => "ICU dictionary",
        _ => "spaces (UAX #29)",
    }
}

fn stemming(profile: &Profile) -> String {
    let snowball = profile
        .stem
        .snowball
        .map(|algorithm| format!("Snowball {}", algorithm.name()));
    let letters = profile.stem.letters.map(|n| format!("first {n} letters"));
    match (snowball, letters) {
        (Some(snowball), Some(letters)) => format!("{snowball}, {letters}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_one_row() {
        let rows = table();
        assert!(rows[..rows.len() - 1].is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(rows.last().map(|row| row.code), Some("und"));
        let codes: crate::language::Lang = "nob".parse().unwrap();
        assert!(rows.iter().any(|row| row.code == codes.code()));
    }
}
