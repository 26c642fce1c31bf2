//! `xenoglot index`: every way in which documents arrive.

use std::collections::BTreeMap;

use crate::support::{CORPUS, World, document, gzip, zstd};

/// How many documents the index in `index/` has.
#[track_caller]
fn n_docs(world: &World) -> u64 {
    world.serve().get("/health").json()["n_docs"]
        .as_u64()
        .unwrap()
}

/// The language of each document of `ids` in the index in `index/`.
fn languages(world: &World, ids: &[&str]) -> BTreeMap<String, String> {
    let server = world.serve();
    let lang = |id: &&str| {
        let document = server.get(&format!("/v1/documents/{id}")).json();
        (
            (*id).to_owned(),
            document["lang"].as_str().unwrap().to_owned(),
        )
    };
    ids.iter().map(lang).collect()
}

#[track_caller]
fn check(args: &str, prepare: impl FnOnce(&World)) {
    let world = World::new();
    prepare(&world);
    world
        .xenoglot(args)
        .words("--index index")
        .input(CORPUS)
        .succeeds();
    assert_eq!(n_docs(&world), 8, "{args}");
    assert_eq!(
        world.ids("--index index --mode dense --depth 1", "Schach"),
        ["chess-ru"],
        "{args}"
    );
}

#[test]
fn documents_come_from_files_patterns_and_standard_input_packed_or_not() {
    let (head, tail) = CORPUS.split_at(CORPUS.find("{\"id\":\"chess").unwrap());
    check("index corpus.jsonl", |_| {});
    check("index -", |_| {});
    check("index packed.jsonl.gz", |world| {
        world.write("packed.jsonl.gz", gzip(CORPUS));
    });
    check("index packed.jsonl.zst", |world| {
        world.write("packed.jsonl.zst", zstd(CORPUS));
    });
    // Nothing expands a pattern here but the program.
    check("index parts/*.jsonl*", |world| {
        world.write("parts/1.jsonl", head);
        world.write("parts/2.jsonl.gz", gzip(tail));
        world.write("parts/notes.txt", "no document");
    });
    check("index parts/1.jsonl.zst parts/2.jsonl", |world| {
        world.write("parts/1.jsonl.zst", zstd(head));
        world.write("parts/2.jsonl", tail);
    });
}

#[test]
fn packed_documents_may_come_from_standard_input() {
    for packed in [gzip(CORPUS), zstd(CORPUS)] {
        let world = World::new();
        world
            .xenoglot("index - --index index")
            .input(packed)
            .succeeds();
        assert_eq!(n_docs(&world), 8);
    }
}

#[test]
fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
    check("index parts[1].jsonl", |world| {
        world.write("parts[1].jsonl", CORPUS);
    });
}

#[test]
fn beir_is_understood() {
    for format in ["auto", "beir"] {
        let world = World::new();
        let line =
            r#"{"_id":"MED-10","title":"Moon","text":"The moon again.","metadata":{"url":"u"}}"#;
        world.write("beir.jsonl", line);
        world
            .xenoglot("index beir.jsonl --index index --format")
            .arg(format)
            .succeeds();
        let document = world.serve().get("/v1/documents/MED-10").json();
        assert_eq!(
            (&document["title"], &document["meta"]["url"]),
            (&"Moon".into(), &"u".into())
        );
    }
}

#[test]
fn marks_blank_lines_and_foreign_line_ends_do_no_harm() {
    let world = World::new();
    let text = format!(
        "\u{feff}{}\n  \r\n{}",
        CORPUS.replace('\n', "\r\n"),
        document("last", "pan", "es").trim_end()
    );
    world.write("odd.jsonl", text);
    world.xenoglot("index odd.jsonl --index index").succeeds();
    assert_eq!(n_docs(&world), 9);
}

#[test]
fn a_language_is_the_documents_own_else_the_one_given_else_detected() {
    let lines = [
        r#"{"id":"own","text":"Der Mond hebt das Meer zweimal am Tag.","lang":"sw"}"#,
        r#"{"id":"long-code","text":"Mkate huokwa asubuhi.","lang":"swa"}"#,
        r#"{"id":"script","text":"月亮","lang":"zh-Hant"}"#,
        r#"{"id":"none","text":"Warum hebt und senkt sich das Meer zweimal am Tag, und was hat der Mond damit zu tun?"}"#,
        r#"{"id":"null","text":"Почему море поднимается и опускается дважды в день и при чём здесь луна?","lang":null}"#,
        r#"{"id":"greek","text":"Πώς ανεβαίνει και κατεβαίνει η θάλασσα"}"#,
        r#"{"id":"thai","text":"น้ำขึ้นน้ำลงเกิดขึ้นวันละสองครั้ง"}"#,
        r#"{"id":"japanese","text":"海はなぜ一日に二度満ちるのか"}"#,
    ];
    let ids = [
        "own",
        "long-code",
        "script",
        "none",
        "null",
        "greek",
        "thai",
        "japanese",
    ];
    let world = World::new();
    world.write("mixed.jsonl", lines.join("\n"));
    world.xenoglot("index mixed.jsonl --index index").succeeds();
    let detected = languages(&world, &ids);
    let expected = ["sw", "sw", "zh-Hant", "de", "ru", "el", "th", "ja"];
    assert_eq!(
        detected,
        ids.map(str::to_owned)
            .into_iter()
            .zip(expected.map(str::to_owned))
            .collect()
    );

    world
        .xenoglot("index mixed.jsonl --index index --lang tur")
        .succeeds();
    let given = languages(&world, &ids);
    let expected = ["sw", "sw", "zh-Hant", "tr", "tr", "tr", "tr", "tr"];
    assert_eq!(
        given,
        ids.map(str::to_owned)
            .into_iter()
            .zip(expected.map(str::to_owned))
            .collect()
    );
}

#[test]
fn a_document_comes_back_whole() {
    let world = World::indexed();
    let document = world.serve().get("/v1/documents/tides-en").json();
    assert_eq!(
        document["text"],
        "The moon lifts the sea twice a day. Sailors keep a table of its hours."
    );
    assert_eq!(
        (
            &document["title"],
            &document["lang"],
            &document["meta"]["year"]
        ),
        (&"Tides".into(), &"en".into(), &1999.into())
    );
}

#[test]
fn a_second_index_takes_the_place_of_the_first() {
    let world = World::indexed();
    world.write("other.jsonl", document("only", "Ein Brot", "de"));
    world.xenoglot("index other.jsonl --index index").succeeds();
    assert_eq!(world.ids("--index index --mode dense", "bread"), ["only"]);
    // Nothing of the first is left behind, whatever an index is made of.
    let fresh = World::new();
    fresh
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    assert_eq!(
        world.names("index").len(),
        fresh.names("index").len(),
        "{:?}",
        world.names("index")
    );
}

#[test]
fn more_documents_than_a_batch_keep_their_identifiers() {
    let world = World::new();
    let names: Vec<String> = (0..1_500).map(|i| format!("d{i}")).collect();
    let text: String = names
        .iter()
        .map(|id| document(id, &format!("Word{id} and bread"), "en"))
        .collect();
    world
        .xenoglot("index - --index index")
        .input(text)
        .succeeds();
    for i in [0, 511, 512, 1_023, 1_024, 1_499] {
        assert_eq!(
            world.ids(
                "--index index --mode lexical --lang en",
                &format!("wordd{i}")
            ),
            [format!("d{i}")]
        );
    }
}
