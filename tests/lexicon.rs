//! `xenoglot lexicon`: tables learnt from text that the test writes, and looked into.

use serde_json::Value;

use crate::support::{World, gzip, zstd};

/// English and German sentences of six nouns, each often enough to be told apart.
fn parallel() -> String {
    let nouns = [
        ("moon", "Mond"),
        ("sea", "Meer"),
        ("house", "Haus"),
        ("tree", "Baum"),
        ("river", "Fluss"),
        ("bread", "Brot"),
    ];
    let mut text = String::new();
    for (a, x) in nouns {
        for (b, y) in nouns {
            text += &format!("the {a} and the {b}\tder {x} und der {y}\n");
        }
    }
    text
}

/// The best translation of each word.
#[track_caller]
fn best(world: &World, args: &str, text: &str) -> Vec<String> {
    let ran = world
        .xenoglot("lexicon inspect --json")
        .arg(text)
        .words(args)
        .succeeds();
    let best = |word: &Value| {
        word["translations"][0]["terms"][0]
            .as_str()
            .unwrap()
            .to_owned()
    };
    ran.json_lines().iter().map(best).collect()
}

#[test]
fn a_table_is_learnt_both_ways_and_looked_into() {
    let world = World::new();
    world.write("de.tsv", parallel());
    let ran = world
        .xenoglot("lexicon train --parallel de.tsv --source en --target de --out tables")
        .succeeds();
    ran.says("36 pairs of sentences").says("en-de.tsv.zst");
    assert_eq!(world.names("tables"), ["de-en.tsv.zst", "en-de.tsv.zst"]);
    let there = "--lexicon tables --source en --target de";
    assert_eq!(best(&world, there, "moon rivers"), ["mond", "fluss"]);
    let back = "--lexicon tables --source de --target en";
    assert_eq!(
        best(&world, back, "Mond Häuser Xenon"),
        ["moon", "hous", "xenon"]
    );
}

#[test]
fn text_may_come_in_any_packing_order_or_pair_of_files() {
    let world = World::new();
    let text = parallel();
    let reversed: String = text
        .lines()
        .map(|line| {
            let (en, de) = line.split_once('\t').unwrap();
            format!("{de}\t{en}\n")
        })
        .collect();
    let column = |i: usize| -> String {
        let fields = text.lines().map(|line| line.split('\t').nth(i).unwrap());
        fields.map(|field| format!("{field}\n")).collect()
    };
    world.write("plain.tsv", &text);
    world.write("packed.tsv.zst", zstd(text.as_bytes()));
    world.write("packed.tsv.gz", gzip(text.as_bytes()));
    world.write("reversed.tsv", reversed);
    world.write("en.txt", column(0));
    world.write("de.txt", column(1));
    for (out, args) in [
        ("plain", "--parallel plain.tsv"),
        ("zst", "--parallel packed.tsv.zst"),
        ("gz", "--parallel packed.tsv.gz"),
        (
            "reversed",
            "--parallel reversed.tsv --columns target-source",
        ),
        ("lines", "--parallel en.txt:de.txt"),
        ("repeated", "--parallel plain.tsv en.txt:de.txt"),
    ] {
        world
            .xenoglot("lexicon train --source en --target de")
            .words(args)
            .words("--out")
            .arg(out)
            .succeeds();
        assert!(
            world
                .files(out)
                .iter()
                .map(|(_, bytes)| bytes)
                .eq(world.files("plain").iter().map(|(_, bytes)| bytes)),
            "{out}"
        );
    }
}

#[test]
fn dictionaries_and_patapsco_tables_are_looked_into() {
    let world = World::new();
    world.write("en-de.tsv", "heart attack\tHerzinfarkt\nheart\tHerz\n");
    world.write("psq.json", r#"{"flooding": {"наводнение": 0.6}}"#);
    let args = "--source en --target de --lexicon en-de.tsv";
    assert_eq!(best(&world, args, "heart attacks"), ["herzinf"]);
    let args = "--source en --target ru --lexicon en-ru=psq.json";
    assert_eq!(best(&world, args, "floods"), ["наводн"]);
    let ran = world
        .xenoglot("lexicon inspect --lexicon en-de.tsv en-ru=psq.json")
        .succeeds();
    ran.prints("en → de").prints("de → en").prints("en → ru");
}

/// A wrong file: the message names what it has to.
#[track_caller]
fn refused(name: &str, contents: &str, args: &str, expected: &[&str]) {
    let world = World::new();
    world.write(name, contents);
    let ran = world.xenoglot(args).fails();
    for expected in expected {
        assert!(ran.stderr.contains(expected), "{args}: {expected}: {ran}");
    }
}

#[test]
fn a_wrong_line_of_parallel_text_names_file_and_line_and_nothing_is_written() {
    let world = World::new();
    world.write("bad.tsv", "moon\tMond\nsea\n");
    let train = "lexicon train --parallel bad.tsv --source en --target de --out tables";
    world
        .xenoglot(train)
        .fails()
        .says("bad.tsv:2")
        .says("`line`");
    assert!(!world.path("tables").exists());
    refused("bad.tsv", "", train, &["empty"]);
    refused("other.tsv", "", train, &["cannot read bad.tsv"]);
}

#[test]
fn a_wrong_lexicon_names_file_line_and_field() {
    let inspect = |name: &str| format!("lexicon inspect --lexicon {name}");
    for (name, contents, expected) in [
        ("en-de.tsv", "a\tb\nc\n", &["en-de.tsv:2", "`target`"][..]),
        ("en-de.tsv", "a\tb\t-1\n", &["en-de.tsv:1", "`weight`"]),
        ("en-de.tsv", "{}\n", &["en-de.tsv:1", "`header`"]),
        (
            "en-de.json",
            "{\"a\":\n{\"b\": 3}}",
            &["en-de.json:2", "`table`"],
        ),
        ("words.tsv", "a\tb\n", &["words.tsv names no languages"]),
        ("en-de.tsv.zst", "a\tb\n", &["cannot read en-de.tsv.zst"]),
    ] {
        refused(name, contents, &inspect(name), expected);
    }
    refused(
        "en-de.tsv",
        "a\tb\n",
        "lexicon inspect moon --lexicon en-de.tsv --source en --target sw",
        &["no table leads from en to sw"],
    );
}
