use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(detect(text).lang.code(), expected, "{text}");
}

fn langs(codes: &str) -> Vec<Lang> {
    codes
        .split_whitespace()
        .map(|code| code.parse().unwrap())
        .collect()
}

#[test]
fn scripts_of_one_language_decide() {
    check("วัคซีนทำงานอย่างไร", "th");
    check("お茶の歴史", "ja");
    check("茶的历史", "zh");
    check("지진은 왜 일어나는가", "ko");
    check("Πώς λειτουργεί η πυξίδα;", "el");
}

#[test]
fn sentences_are_told_apart_within_a_script() {
    check(
        "Why does the sea rise and fall twice a day, and what has the moon to do with it?",
        "en",
    );
    check(
        "Warum hebt und senkt sich das Meer zweimal am Tag, und was hat der Mond damit zu tun?",
        "de",
    );
    check(
        "Почему море поднимается и опускается дважды в день и при чём здесь луна?",
        "ru",
    );
    check(
        "چرا دریا روزی دو بار بالا و پایین می‌رود و ماه چه نقشی در این کار دارد؟",
        "fa",
    );
    check("Me ya sa teku ke tashi da sauka sau biyu a rana?", "ha");
    check(
        "Kwa nini bahari hupanda na kushuka mara mbili kwa siku?",
        "sw",
    );
    check("Зошто морето се крева и спушта двапати на ден?", "mk");
    check("Чаму мора двойчы на дзень падымаецца і апускаецца?", "be");
    check("समुद्र दिन में दो बार क्यों चढ़ता और उतरता है?", "hi");
    check("समुद्राला दिवसातून दोनदा भरती का येते?", "mr");
    check("ባሕር በቀን ሁለት ጊዜ ለምን ይነሳል?", "am");
}

#[test]
fn short_questions_are_told_apart_where_they_say_enough() {
    check("how do migrating birds find their way", "en");
    check("¿por qué el polen provoca estornudos?", "es");
    check("history of tea", "en");
}

#[test]
fn a_language_in_two_scripts_is_one() {
    check("Зашто се море диже и спушта двапут на дан?", "sr");
    check(
        "Volim da čitam knjige o istoriji i da putujem po svetu kad god imam vremena.",
        "sr",
    );
}

#[test]
fn what_says_nothing_is_unknown() {
    check("", "und");
    check("42 + 7", "und");
    check("Obama", "und");
    check("marea alta", "und");
    check("🌍🌎🌏", "und");
    check("\u{301}", "und");
}

#[test]
fn other_scripts_romanised_are_in_no_language() {
    check(
        "mujhe kal subah dilli jana hai aur shaam ko wapas aana hai",
        "und",
    );
    check(
        "pochemu more podnimaetsya i opuskaetsya dvazhdy v den",
        "und",
    );
}

#[test]
fn a_closed_list_has_the_answer_or_another_script() {
    let check = |codes: &str, text: &str, expected: &str| {
        let found = Detector::among(&langs(codes)).detect(text);
        assert_eq!(found.lang.code(), expected, "{codes}: {text}");
    };
    check("en de fr", "Einstein war in Bern", "de");
    check("en de fr", "茶的历史", "und");
    check("en", "Warum hebt und senkt sich das Meer?", "en");
    check("en zh-Hant", "茶的历史", "zh-Hant");
    check("en ja", "東京", "ja");
    check("en sr-Latn", "Volim da čitam knjige o istoriji", "sr-Latn");
    check("", "Volim da čitam knjige o istoriji", "und");
}

#[test]
fn a_favoured_language_wins_close_races_and_no_others() {
    let check = |codes: &str, text: &str, expected: &str| {
        let found = Detector::favouring(&langs(codes)).detect(text);
        assert_eq!(found.lang.code(), expected, "{codes}: {text}");
    };
    check("", "marea alta en la costa", "und");
    check("es en", "marea alta en la costa", "es");
    check("pt en", "guerra mundial", "pt");
    check("en", "Warum hebt und senkt sich das Meer?", "de");
    check("en ja", "東京", "ja");
    check("en", "東京", "zh");
}

#[test]
fn what_was_given_is_certain() {
    let given = Detector::new().given_or_detected(Some(langs("sw")[0]), "history of tea");
    assert_eq!((given.lang.code(), given.confidence), ("sw", 1.0));
}

proptest! {
    #[test]
    fn any_text_gets_an_answer_with_a_confidence(text in "\\PC{0,40}") {
        let listed = langs("en sr-Latn zh-Hant ar");
        for detector in [Detector::new(), Detector::favouring(&listed), Detector::among(&listed)] {
            let found = detector.detect(&text);
            prop_assert!((0.0..=1.0).contains(&found.confidence));
            prop_assert_eq!(found.lang == Lang::UNKNOWN, found.confidence == 0.0);
            prop_assert!(detector.prior != Prior::Only || found.lang == Lang::UNKNOWN || listed.contains(&found.lang));
        }
    }
}
