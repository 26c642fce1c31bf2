//! One spelling for what readers take for the same characters.

use unicode_normalization::UnicodeNormalization;

use crate::language::Lang;

/// NFKC and lower case; in Turkish and Azerbaijani the two letters I keep apart.
pub(super) fn normalize(text: &str, lang: Lang) -> String {
    let composed = text.nfkc();
    if matches!(lang.primary(), "tr" | "az") {
        composed.flat_map(|c| dotted(c).to_lowercase()).collect()
    } else {
        composed.collect::<String>().to_lowercase()
    }
}

fn dotted(c: char) -> char {
    match c {
        'I' => 'ı',
        'İ' => 'i',
        other => other,
    }
}
