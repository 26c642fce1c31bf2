use proptest::prelude::*;

use super::profile::PROFILES;
use super::*;

fn analyzer(lang: &str) -> Analyzer {
    Analyzer::new(lang.parse().unwrap())
}

#[track_caller]
fn check(lang: &str, text: &str, expected: &[&str]) {
    assert_eq!(analyzer(lang).terms(text), expected, "{lang}: {text}");
}

#[test]
fn words_are_folded_and_stemmed_by_language() {
    check(
        "en",
        "The Tides, rising & falling!",
        &["the", "tide", "rise", "fall"],
    );
    check("de", "Häuser", &["haus"]);
    check("und", "Häuser ＡＢＣ", &["hauser", "abc"]);
}

#[test]
fn dotless_i_is_turkish_alone() {
    check("az", "ISPARTA İzmir", &["ıspar", "izmir"]);
    check("und", "ISPARTA İzmir", &["isparta", "izmir"]);
}

#[test]
fn scripts_without_spaces_are_cut() {
    check(
        "zh",
        "月亮与潮汐",
        &["月", "月亮", "亮", "亮与", "与", "与潮", "潮", "潮汐", "汐"],
    );
    check("ja", "茶", &["茶"]);
    check("ko", "지진은 왜", &["지", "지진", "진", "진은", "은", "왜"]);
    check("th", "แมวกินปลา", &["แมว", "กิน", "ปลา"]);
}

#[test]
fn words_with_vowel_signs_stay_whole() {
    check("hi", "ज्वार-भाटा", &["ज्वार", "भाट"]);
}

#[test]
fn a_word_in_another_script_is_another_languages() {
    check(
        "zh",
        "使用GPS定位",
        &["使", "使用", "用", "gps", "定", "定位", "位"],
    );
    check("ar", "الGPS", &["ال", "gps"]);
    check("en", "the word книгами", &["the", "word", "книг"]);
    check("th", "running แมว", &["run", "แมว"]);
}

#[test]
fn spellings_that_readers_take_for_one_have_the_same_terms() {
    for (lang, one, other) in [
        ("ar", "أحمد إلى آخر مُحَمَّد كـــتاب", "احمد الى اخر محمد كتاب"),
        ("ar", "١٩٩٩", "1999"),
        ("fa", "كتاب علي ۱۳۹۹", "کتاب علی 1399"),
        ("fa", "کتاب\u{200c}ها", "کتاب ها"),
        ("ur", "كتاب ۲", "کتاب 2"),
        ("he", "שָׁלוֹם", "שלום"),
        ("hi", "हिन्दी फ़िल्म चाँद १२", "हिंदी फिल्म चांद 12"),
        ("bn", "ড়\u{200c} ১৯", "ড\u{9bc} 19"),
        ("ml", "അവൻ", "അവന\u{d4d}\u{200d}"),
        ("am", "ሠላም ዓለም", "ሰላም አለም"),
        ("el", "Αθήνα ΌΡΟΣ όρος", "ΑΘΗΝΑ ορος ΟΡΟΣ"),
        ("ru", "ёлка мо\u{301}ре", "елка море"),
        ("sr", "Београд Ђоковић љубав", "Beograd Đoković ljubav"),
        ("de", "Straße Bäume", "STRASSE Baeume"),
        ("tr", "Türkiye'nin ISIĞI", "türkiye ısığı"),
        ("ro", "şi ţară", "și țară"),
        ("vi", "hòa thúy", "hoà thuý"),
        ("vi", "Ho\u{300}a", "hòa"),
        ("fr", "l’été élève", "l ete eleve"),
        ("it", "dell'arte", "dell arte"),
        ("es", "canción", "cancion"),
        (
            "en",
            "naïve café co\u{ad}operate U.S.A. 1,000",
            "naive cafe cooperate usa 1000",
        ),
        ("en", "ﬁnal women’s", "final women's"),
        ("zh", "電腦與網路", "电脑与网路"),
        ("zh-Hant", "電腦", "电脑"),
        ("ja", "ﾃﾞｰﾀ ㌔", "データ キロ"),
        ("ko", "한국", "\u{1112}\u{1161}\u{11ab}국"),
        ("uk", "м’ята", "м'ята"),
    ] {
        let terms = |text| analyzer(lang).terms(text);
        assert_eq!(terms(one), terms(other), "{lang}: {one} | {other}");
    }
}

#[test]
fn letters_that_make_another_word_stay() {
    for (lang, one, other) in [
        ("sv", "får", "far"),
        ("es", "año", "ano"),
        ("vi", "ma", "má"),
        ("tr", "ısı", "isi"),
        ("uk", "їжак", "іжак"),
        ("mn", "өдөр", "одор"),
    ] {
        let terms = |text| analyzer(lang).terms(text);
        assert_ne!(terms(one), terms(other), "{lang}: {one} | {other}");
    }
}

#[test]
fn points_and_apostrophes_stay_inside_words() {
    check(
        "en",
        "3.14 e.g. example.com snake_case it's",
        &["3.14", "e.g", "exampl", "com", "snake", "case", "it"],
    );
    check("und", "'tis rock'n'roll.", &["tis", "rocknroll"]);
    check("ca", "col·legi", &["colleg"]);
}

#[test]
fn a_query_knows_its_stop_words() {
    let words = analyzer("en").words("What are the tides?");
    let stop: Vec<_> = words
        .iter()
        .map(|word| (word.text.as_str(), word.is_stop_word))
        .collect();
    assert_eq!(
        stop,
        [
            ("what", true),
            ("are", true),
            ("the", true),
            ("tides", false)
        ]
    );
    assert_eq!(words[3].terms, ["tide"]);
    assert!(analyzer("fr").words("d'où")[0].is_stop_word);
    assert!(analyzer("zh").words("的")[0].is_stop_word);
}

#[test]
fn what_a_visitor_analyses_disturbs_nothing() {
    let mut nested = Vec::new();
    analyzer("en").for_each_term("tides rising", |term| {
        nested.extend(analyzer("de").terms(term))
    });
    assert_eq!(nested, ["tid", "ris"]);
}

#[test]
fn huge_inputs_end_soon_with_terms_that_an_index_takes() {
    for (lang, piece, n) in [
        ("en", "x", 10_000_000),
        ("und", "e\u{301}", 1_000_000),
        ("en", "a\u{301}\u{323}", 1_000_000),
        ("th", "แมวกินปลา", 40_000),
        ("zh", "月", 300_000),
        ("ar", "\u{fdfa}", 300_000),
        ("tr", "I\u{307}", 300_000),
        ("en", "'", 1_000_000),
        ("en", "1,", 1_000_000),
        ("en", "a.", 1_000_000),
    ] {
        let text = piece.repeat(n);
        analyzer(lang).for_each_term(&text, |term| {
            assert!(term.len() < 65_530, "{lang}: {piece}")
        });
    }
}

fn any_language() -> impl Strategy<Value = &'static Profile> {
    let profiles = PROFILES.iter().chain([&profile::UNKNOWN]);
    prop::sample::select(profiles.collect::<Vec<_>>())
}

/// Strings in which the scripts, marks and points that the rules speak of come often.
fn any_text() -> impl Strategy<Value = String> {
    let blocks = "[ '’.,·0-9A-Za-zÀ-ɏ\u{300}-\u{345}α-ώἀ-ῼЀ-ӿ\u{591}-ת\u{600}-ۿ\u{901}-\u{97f}\u{980}-\u{9fe}\u{d00}-\u{d7f}ก-๛\u{1780}-\u{17dd}\u{1000}-\u{104f}ሀ-፼ぁ-ヿ一-二가-각ﬀ-\u{feff}！-ﾟ\u{200b}-\u{200f}㌀-㏿\u{ad}]{0,30}";
    prop_oneof![
        proptest::string::string_regex(blocks).unwrap(),
        "\\PC{0,40}"
    ]
}

proptest! {
    #[test]
    fn no_string_makes_an_analyzer_panic_or_an_empty_term(text in any_text(), profile in any_language()) {
        let analyzer = Analyzer { profile };
        let terms = analyzer.terms(&text);
        prop_assert!(terms.iter().all(|term| !term.is_empty()));
        let words = analyzer.words(&text);
        prop_assert!(words.iter().all(|word| !word.text.is_empty()));
        let of_words: Vec<String> = words.into_iter().flat_map(|word| word.terms).collect();
        prop_assert_eq!(terms, of_words);
    }

    #[test]
    fn what_is_normal_stays_as_it_is(text in any_text(), profile in any_language()) {
        let (mut once, mut twice) = (String::new(), String::new());
        normalize::normalize(&text, profile, &mut once);
        normalize::normalize(&once, profile, &mut twice);
        prop_assert_eq!(once, twice);
    }
}
