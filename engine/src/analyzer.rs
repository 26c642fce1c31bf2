//! Text → terms: what the lexical index stores and what a query looks for.
//!
//! A text is normalised, cut into words the way its scripts ask for, and stemmed the way its language asks for.
//! The same analyzer must see a document and the queries that are to find it.

mod normalize;
mod segment;
mod stem;

use crate::language::Lang;

use stem::Stem;

/// The analyzer of one language; cheap to make.
pub struct Analyzer {
    lang: Lang,
    stem: Stem,
}

impl Analyzer {
    /// The analyzer of `lang`. A language without a stemmer, [`Lang::UNKNOWN`] among them, keeps its words whole.
    pub fn new(lang: Lang) -> Self {
        Self {
            lang,
            stem: Stem::of(lang),
        }
    }

    /// The terms of `text`, in reading order.
    pub fn terms(&self, text: &str) -> Vec<String> {
        let text = normalize::normalize(text, self.lang);
        let mut terms = Vec::new();
        segment::for_each_word(&text, |word| terms.push(self.stem.apply(word)));
        terms
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(lang: &str, text: &str, expected: &[&str]) {
        let lang: Lang = lang.parse().unwrap();
        assert_eq!(Analyzer::new(lang).terms(text), expected, "{lang}: {text}");
    }

    #[test]
    fn words_are_folded_and_stemmed_by_language() {
        check(
            "en",
            "The Tides, rising & falling!",
            &["the", "tide", "rise", "fall"],
        );
        check("de", "Häuser", &["haus"]);
        check("und", "Häuser ＡＢＣ", &["häuser", "abc"]);
    }

    #[test]
    fn dotless_i_is_turkish_alone() {
        check("az", "ISPARTA İzmir", &["ısparta", "izmir"]);
        check("und", "ISPARTA", &["isparta"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut() {
        check("zh", "月亮与潮汐", &["月亮", "亮与", "与潮", "潮汐"]);
        check("ja", "茶", &["茶"]);
        check("ko", "지진은 왜", &["지진", "진은", "왜"]);
        check("th", "แมวกินปลา", &["แมว", "กิน", "ปลา"]);
    }

    #[test]
    fn words_with_vowel_signs_stay_whole() {
        check("hi", "ज्वार-भाटा", &["ज्वार", "भाटा"]);
    }

    #[test]
    fn mixed_scripts_are_cut_where_the_script_changes() {
        check("zh", "使用GPS定位", &["使用", "gps", "定位"]);
    }

    proptest! {
        #[test]
        fn no_string_makes_an_analyzer_panic_or_an_empty_term(text in "\\PC{0,40}", lang in prop::sample::select(vec!["en", "tr", "ar", "zh", "th", "ta", "el", "und"])) {
            let lang: Lang = lang.parse().unwrap();
            prop_assert!(Analyzer::new(lang).terms(&text).iter().all(|term| !term.is_empty()));
        }
    }
}
