//! Files of every format, together.

use std::path::PathBuf;

use super::*;
use crate::analyzer::Analyzer;
use crate::error::Result;
use crate::language::Lang;

fn lang(code: &str) -> Lang {
    code.parse().unwrap()
}

/// The lexicons in files of these names and contents.
fn open(files: &[(&str, &str)]) -> Result<Lexicons> {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<LexiconFile> = files
        .iter()
        .map(|(name, text)| {
            let (languages, name) = name.split_once('=').unwrap_or(("", name));
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            let file = match languages {
                "" => path.display().to_string(),
                languages => format!("{languages}={}", path.display()),
            };
            file.parse().unwrap()
        })
        .collect();
    Lexicons::open(&files)
}

/// What `query` becomes, phrase by phrase: `terms probability`.
#[track_caller]
fn check(
    files: &[(&str, &str)],
    (source, target): (&str, &str),
    query: &str,
    expected: &[&[&str]],
) {
    let lexicons = open(files).unwrap();
    let translator = lexicons.between(lang(source), lang(target)).unwrap();
    let translated = translator.translate(&Analyzer::new(lang(source)).words(query));
    let translated: Vec<Vec<String>> = translated
        .iter()
        .map(|phrase| {
            let shown = |t: &Translation| format!("{} {}", t.terms.join("+"), t.probability);
            phrase.translations.iter().map(shown).collect()
        })
        .collect();
    assert_eq!(translated, expected, "{query}");
}

const EN_DE: (&str, &str) = (
    "en-de.tsv",
    "moon\tMond\t3\nmoon\tLuna\nheart attack\tHerzinfarkt\nheart\tHerz\n",
);

#[test]
fn a_dictionary_translates_words_and_phrases_both_ways() {
    let moons: &[&str] = &["mond 0.75", "luna 0.25"];
    check(
        &[EN_DE],
        ("en", "de"),
        "moons hearts",
        &[moons, &["herz 1"]],
    );
    check(&[EN_DE], ("en", "de"), "heart attack", &[&["herzinf 1"]]);
    check(
        &[EN_DE],
        ("de", "en"),
        "Herzinfarkt",
        &[&["heart+attack 1"]],
    );
}

#[test]
fn a_word_that_no_table_has_stands_for_itself() {
    check(
        &[EN_DE],
        ("en", "de"),
        "Apollo 11 moon attack",
        &[
            &["apollo 1"],
            &["11 1"],
            &["mond 0.75", "luna 0.25"],
            &["attack 1"],
        ],
    );
}

#[test]
fn a_language_between_stands_in_where_there_is_no_table() {
    let en_fr = ("en-fr.tsv", "moon\tlune\nheart\tcœur\t1\nheart\tâme\t1\n");
    check(
        &[EN_DE, en_fr],
        ("de", "fr"),
        "Mond Herz",
        &[&["lun 1"], &["ame 0.5", "coeur 0.5"]],
    );
    // A table of their own comes first, word by word.
    let de_fr = ("de-fr.tsv", "Herz\tcourage\n");
    check(
        &[EN_DE, en_fr, de_fr],
        ("de", "fr"),
        "Mond Herz",
        &[&["lun 1"], &["courag 1"]],
    );
}

#[test]
fn the_first_table_that_has_a_word_translates_it() {
    let mine = ("mine_en_de.tsv", "# en de\nmoon\tTrabant\n");
    check(
        &[mine, EN_DE],
        ("en", "de"),
        "moon heart",
        &[&["trabant 1"], &["herz 1"]],
    );
}

#[test]
fn patapsco_tables_are_named_or_told_their_languages() {
    let json = "{\"flooding\": {\"наводнение\": 0.6, \"затопление\": 0.3}}";
    let expected: &[&[&str]] = &[&["наводн 0.6666667", "затопл 0.33333334"]];
    for name in ["en-ru.json", "en-ru=rus_psq_table.json"] {
        check(&[(name, json)], ("en", "ru"), "floods", expected);
    }
    let error = open(&[("rus_psq_table.json", json)])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("rus_psq_table.json names no languages"),
        "{error}"
    );
}

#[test]
fn where_there_is_no_way_there_is_no_translator() {
    let lexicons = open(&[EN_DE]).unwrap();
    assert!(lexicons.between(lang("en"), lang("sw")).is_none());
    assert!(lexicons.between(lang("sw"), lang("de")).is_none());
    assert!(lexicons.between(lang("en"), lang("en")).is_none());
    assert!(lexicons.between(lang("en"), lang("de")).is_some());
}

#[test]
fn alternatives_are_cut_at_the_mass_that_matters() {
    let lines: String = (0..40)
        .map(|i| format!("moon\tm{i}\t{}\n", 40 - i))
        .collect();
    let lexicons = open(&[("en-de.tsv", &lines)]).unwrap();
    let translator = lexicons.between(lang("en"), lang("de")).unwrap();
    let words = Analyzer::new(lang("en")).words("moon");
    let translations = translator.translations(&words[0]);
    assert!((2..=8).contains(&translations.len()));
    assert!(translations.iter().map(|t| t.probability).sum::<f32>() <= 1.0 + 1e-6);
}

#[test]
fn a_directory_is_all_of_its_tables() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("en-de.tsv", "moon\tMond"),
        ("en-fr.tsv", "moon\tlune"),
        ("README.md", "#"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let lexicons = Lexicons::open(&[PathBuf::from(dir.path()).into()]).unwrap();
    assert_eq!(lexicons.iter().count(), 4);
    assert!(lexicons.between(lang("fr"), lang("de")).is_some());
}
