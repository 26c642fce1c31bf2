//! The aligner on languages made up for it.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::lexicon::{LexiconFile, Lexicons};

fn settings() -> TrainSettings {
    TrainSettings {
        source: "en".parse().unwrap(),
        target: "sw".parse().unwrap(),
        columns: Columns::SourceTarget,
        n_iterations: 5,
        top: 8,
        min_probability: 0.02,
        min_count: 0.5,
    }
}

fn train_on(text: &str, settings: &TrainSettings) -> Result<Trained> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text.tsv");
    std::fs::write(&path, text).unwrap();
    train(&[ParallelFile::Columns(path)], settings, |_| {})
}

/// Sentences of words `s0`… and their translations word by word, `t0`…, every other one in reverse order.
fn made_up(n_words: usize, n_sentences: usize) -> String {
    let mut text = String::new();
    let mut seed = 1u64;
    for i in 0..n_sentences {
        let words: Vec<usize> = (0..3 + i % 5)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (seed >> 33) as usize % n_words
            })
            .collect();
        let source: Vec<String> = words.iter().map(|word| format!("s{word}")).collect();
        let mut target: Vec<String> = words.iter().map(|word| format!("t{word}")).collect();
        if i % 2 == 1 {
            target.reverse();
        }
        writeln!(text, "{}\t{}", source.join(" "), target.join(" ")).unwrap();
    }
    text
}

#[test]
fn a_made_up_dictionary_is_recovered_both_ways() {
    let trained = train_on(&made_up(40, 400), &settings()).unwrap();
    for ((_, table), (from, to)) in trained.tables.iter().zip([("s", "t"), ("t", "s")]) {
        for word in 0..40 {
            let (source, target) = (format!("{from}{word}"), format!("{to}{word}"));
            let best = table.get(&source).next();
            assert!(
                best.is_some_and(|(found, p)| found == target && p > 0.9),
                "{source}: {best:?}"
            );
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let text = made_up(60, 2_000);
    let on_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        pool.install(|| train_on(&text, &settings()).unwrap().tables)
    };
    assert_eq!(on_threads(1), on_threads(4));
}

#[test]
fn tables_are_saved_and_opened() {
    let dir = tempfile::tempdir().unwrap();
    let trained = train_on(&made_up(20, 200), &settings()).unwrap();
    let written = trained.save(&dir.path().join("new")).unwrap();
    let files: Vec<LexiconFile> = written
        .iter()
        .map(|table| table.path.clone().into())
        .collect();
    let lexicons = Lexicons::open(&files).unwrap();
    let n_translations: Vec<usize> = lexicons
        .iter()
        .map(|lexicon| lexicon.n_translations())
        .collect();
    assert_eq!(
        n_translations,
        [written[0].n_translations, written[1].n_translations]
    );
    assert!(files[0].path.ends_with("new/en-sw.tsv.zst"));
    assert!(files[1].path.ends_with("new/sw-en.tsv.zst"));
}

#[test]
fn repeated_empty_and_long_pairs_are_counted_and_left_out() {
    let long = "a ".repeat(101);
    let text = format!("moon\tmwezi\nmoon\tmwezi\nmoon\t…\nmoon\t{long}\n");
    let trained = train_on(&text, &settings()).unwrap();
    assert_eq!(trained.n_sentences, 1);
    let skipped = Skipped {
        repeated: 1,
        empty: 1,
        long: 1,
    };
    assert_eq!(trained.skipped, skipped);
}

#[test]
fn columns_may_be_the_other_way_round() {
    let settings = TrainSettings {
        columns: Columns::TargetSource,
        ..settings()
    };
    let trained = train_on("mwezi\tmoon\n", &settings).unwrap();
    assert_eq!(trained.tables[0].1.text(), "moon\tmwezi\t1\n");
}

#[test]
fn files_of_lines_belong_together() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = |target: &str| {
        let paths = (write("en.txt", "moon\n\nsea\n"), write("sw.txt", target));
        [format!("{}:{}", paths.0.display(), paths.1.display())
            .parse()
            .unwrap()]
    };
    let trained = train(&files("mwezi\n\nbahari\n"), &settings(), |_| {}).unwrap();
    assert_eq!(
        trained.tables[0].1.text(),
        "moon\tmwezi\t1\nsea\tbahari\t1\n"
    );
    let error = train(&files("mwezi\n\n"), &settings(), |_| {})
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("en.txt:3: field `line`: got \"sea\""),
        "{error}"
    );
}

#[test]
fn what_is_no_pair_names_file_and_line() {
    for text in ["moon\tmwezi\nsea\n", "moon\tmwezi\na\tb\tc\n"] {
        let error = train_on(text, &settings()).unwrap_err().to_string();
        assert!(error.contains("text.tsv:2: field `line`"), "{error}");
    }
    let error = train_on("…\t…\n", &settings()).unwrap_err().to_string();
    assert!(error.starts_with("the parallel text is empty"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_probabilities_that_sum_to_more_than_1(
        lines in prop::collection::vec(("[a-e]( [a-e]){0,4}", "[v-z]( [v-z]){0,4}"), 1..20),
    ) {
        let text: String = lines.iter().map(|(s, t)| format!("{s}\t{t}\n")).collect();
        let trained = train_on(&text, &settings()).unwrap();
        for (_, table) in &trained.tables {
            for line in table.text().lines() {
                let source = line.split('\t').next().unwrap();
                let sum: f32 = table.get(source).map(|(_, p)| p).sum();
                prop_assert!(sum <= 1.0 + 1e-5, "{line}");
            }
        }
    }
}
