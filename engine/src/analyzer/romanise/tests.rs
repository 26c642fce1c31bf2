use proptest::prelude::*;

use super::*;

/// Every spelling has the same keys, and some.
#[track_caller]
fn meet(lang: &str, native: &str, spellings: &[&str]) {
    let lang: Lang = lang.parse().unwrap();
    let expected = keys(native, lang);
    assert!(!expected.is_empty(), "{native}");
    for spelling in spellings {
        assert_eq!(
            keys(spelling, lang),
            expected,
            "{lang}: {native} {spelling}"
        );
    }
}

#[test]
fn cyrillic_meets_the_ways_to_type_it() {
    meet("ru", "Хрущёв", &["Khrushchev", "Hruščev", "Hruschev"]);
    meet("ru", "жизнь", &["zhizn", "žizn'"]);
    meet("ru", "цена", &["tsena", "cena", "czena"]);
    meet("uk", "Володимир", &["Volodymyr", "Volodimir"]);
    meet("sr", "администрацији", &["administraciji"]);
    meet("kk", "жұмыс", &["zhumys", "jumys", "žūmys"]);
    meet("tt", "әни", &["äni", "eni"]);
    meet("mn", "Жонсон", &["Jonson", "Zhonson"]);
}

#[test]
fn greek_meets_what_it_sounds_and_what_it_looks_like() {
    meet("el", "ευχαριστώ", &["eucharisto", "eyxaristw", "efxaristo"]);
    meet("el", "ψυχή", &["psychi", "psixi", "4yxh"]);
    meet("el", "Κένεντι", &["Kenenti", "Kenendi", "kenedi"]);
}

#[test]
fn scripts_without_vowels_meet_spellings_with_them() {
    meet("ar", "القاهرة", &["alqahirah", "Alqahera", "qahira"]);
    meet("ar", "حبيبي", &["habibi", "7abibi"]);
    meet("fa", "اصفهان", &["Esfahan", "Isfahan"]);
    meet("fa", "خانه", &["khaneh", "khane", "xane"]);
    meet("ur", "پاکستان", &["Pakistan"]);
    meet("he", "שלום", &["shalom"]);
    meet("he", "ישראל", &["Israel", "Yisrael"]);
}

#[test]
fn brahmic_scripts_meet_spellings_with_and_without_silent_vowels() {
    meet(
        "hi",
        "प्रशासन",
        &["prashasan", "prashāsana", "praśāsana", "prashaasan"],
    );
    meet("hi", "हिंदी", &["hindi", "hindee", "himdi"]);
    meet("bn", "জনসন", &["janasan"]);
    meet("ta", "சென்னை", &["chennai", "sennai"]);
    meet("te", "ఆంధ్ర", &["andhra"]);
    meet("kn", "ಲಿಂಡನ್", &["lindan"]);
    meet("pa", "ਪੰਜਾਬੀ", &["panjabi"]);
    meet("gu", "ગુજરાતી", &["gujarati", "gujaraatee"]);
    meet("ml", "മലയാളം", &["malayalam", "malayaalam"]);
    meet("si", "පාලනය", &["palanaya", "paalanaya"]);
}

#[test]
fn georgian_armenian_ethiopic_and_thai_meet_their_usual_spelling() {
    meet("ka", "ქართული", &["kartuli"]);
    meet("hy", "խորհրդատու", &["khorhrdatu", "xorhrdatu"]);
    meet("am", "ሊንደን", &["linden", "lindän"]);
    meet("th", "ประเทศ", &["prathet", "prates"]);
}

#[test]
fn east_asian_scripts_meet_their_usual_spelling() {
    meet("ko", "서울 대통령", &["seoul daetonglyeong"]);
    meet("ja", "さくら", &["sakura"]);
    meet(
        "zh",
        "中国女儿",
        &["zhongguo nver", "Zhong guo nü er", "zhōngguó nǚ'ér"],
    );
    meet("zh-Hant", "中國，2023", &["zhongguo 2023"]);
}

#[test]
fn chinese_syllables_are_paired_and_other_words_stand_alone() {
    let zh = "zh".parse().unwrap();
    assert_eq!(keys("用GPS定位，好", zh), ["yong", "gps", "dingwei", "hao"]);
}

#[test]
fn kanji_have_no_reading() {
    assert_eq!(
        keys("東京タワー", "ja".parse().unwrap()),
        keys("tawa", "ja".parse().unwrap())
    );
}

const LANGUAGES: [&str; 14] = [
    "und", "ru", "uk", "el", "ar", "fa", "he", "hi", "ta", "th", "am", "ko", "ja", "zh",
];

proptest! {
    #[test]
    fn keys_are_ascii_and_never_empty(text in "\\PC{0,40}", lang in prop::sample::select(&LANGUAGES[..])) {
        for key in keys(&text, lang.parse().unwrap()) {
            prop_assert!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        }
    }

    #[test]
    fn a_word_and_its_romanisation_have_the_same_key(word in "[а-яё]{1,12}|[α-ω]{1,12}|[ա-ֆ]{1,12}|[ა-ჰ]{1,12}", lang in prop::sample::select(vec!["ru", "el", "hy", "ka"])) {
        let lang: Lang = lang.parse().unwrap();
        prop_assert_eq!(keys(&word, lang), keys(&ascii(&word), lang));
    }
}
