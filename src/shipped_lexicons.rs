//! The translation tables that the program carries inside itself.

use xenoglot_engine::Lang;
use xenoglot_engine::lexicon::{Lexicon, Lexicons};

#[cfg(feature = "lexicons")]
macro_rules! with_english {
    ($($lang:literal)*) => {
        &[$((
            $lang,
            include_bytes!(concat!("../models/lexicons/en-", $lang, ".tsv.zst")),
            include_bytes!(concat!("../models/lexicons/", $lang, "-en.tsv.zst")),
        ),)*]
    };
}

/// A language, its table from English and its table into English.
type Shipped = (&'static str, &'static [u8], &'static [u8]);

/// `models/lexicons`, trained by `training/lexicons.sh`.
#[cfg(feature = "lexicons")]
#[rustfmt::skip]
static SHIPPED: &[Shipped] = with_english!(
    "af" "ar" "bg" "bn" "bs" "cs" "cy" "da" "de" "el" "eo" "es" "et" "eu" "fa" "fi" "fr" "ga" "gu" "he" "hi"
    "hr" "hu" "hy" "id" "is" "it" "ja" "ko" "lt" "lv" "mk" "mn" "mr" "ms" "nb" "ne" "nl" "oc" "pa" "pl" "ps"
    "pt" "ro" "ru" "sq" "sr" "sv" "sw" "ta" "te" "th" "tl" "tr" "uk" "vi" "zh" "zu"
);

/// Built without the feature `lexicons`, the program has none.
#[cfg(not(feature = "lexicons"))]
static SHIPPED: &[Shipped] = &[];

/// Tables between English and other languages, and so between any two of them. Each is unpacked when first needed.
pub(crate) fn shipped_lexicons() -> Lexicons {
    let both_ways = SHIPPED.iter().filter_map(|(lang, there, back)| {
        let (english, lang): (Lang, Lang) = ("en".parse().ok()?, lang.parse().ok()?);
        let there = Lexicon::embedded(english, lang, there);
        Some([there, Lexicon::embedded(lang, english, back)])
    });
    Lexicons::new(both_ways.flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_shipped_table_can_be_read_with_todays_analyzers() {
        let lexicons = shipped_lexicons();
        assert_eq!(lexicons.iter().count(), 2 * SHIPPED.len());
        for lexicon in lexicons.iter() {
            lexicon.verify().unwrap();
        }
    }

    #[test]
    fn every_table_of_the_folder_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lexicons");
        let names = std::fs::read_dir(folder).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let found: BTreeSet<String> = names.filter(|name| name.ends_with(".tsv.zst")).collect();
        let shipped = SHIPPED
            .iter()
            .flat_map(|(lang, ..)| [format!("en-{lang}.tsv.zst"), format!("{lang}-en.tsv.zst")]);
        assert_eq!(found, shipped.collect());
    }
}
