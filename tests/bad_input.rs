//! What bad input gets: a clear message, an exit code that is not 0, and the index that was there.

use crate::support::{Ran, TOY, World, bert, document, gzip, many, token_table, zstd};

/// Indexes over the index of the usual corpus, which must fail and leave that index as it was.
#[track_caller]
fn refused(world: &World, args: &str) -> Ran {
    let before = world.files("index");
    let ran = world.xenoglot(args).words("--index index").fails();
    assert!(
        world.files("index") == before,
        "{args}: the index that was there has changed: {ran}"
    );
    assert_eq!(
        world.ids("--index index --depth 1 --mode dense", "Schach"),
        ["chess-ru"],
        "{args}"
    );
    ran
}

/// A wrong line between right ones: the message names file, line and field, if it is one field that is wrong; where lines
/// may be skipped, this one is counted and listed.
#[track_caller]
fn check_line(line: impl AsRef<[u8]>, field: Option<&str>) {
    let mut corpus = document("good", "Ein Brot", "de").into_bytes();
    corpus.extend(b"\n");
    corpus.extend(line.as_ref());
    corpus.extend(b"\n");
    corpus.extend(document("last", "Der Mond", "de").into_bytes());
    let shown = String::from_utf8_lossy(line.as_ref()).into_owned();
    // The blank line counts: an editor shows it.
    let names_it = |ran: &Ran| {
        let field = field.is_none_or(|field| ran.stderr.contains(&format!("`{field}`")));
        assert!(
            ran.stderr.contains("bad.jsonl:3") && field,
            "{shown}: {ran}"
        );
    };

    let world = World::indexed();
    world.write("bad.jsonl", &corpus);
    for args in ["index bad.jsonl", "index bad.jsonl --on-error stop"] {
        names_it(&refused(&world, args));
    }

    let ran = world
        .xenoglot("index bad.jsonl --index index --on-error skip")
        .succeeds();
    names_it(&ran);
    ran.says("1 skipped").says("2 documents");
    assert_eq!(
        world.ids("--index index --mode dense", "mwezi")[0],
        "last",
        "{shown}"
    );
}

#[test]
fn a_line_that_is_not_json_names_file_and_line() {
    check_line("{\"id\":\"a\",\"text\":\"x\"", None);
    check_line("no json", None);
}

#[test]
fn a_line_that_is_no_object_names_file_and_line() {
    check_line("[\"a\",\"x\"]", None);
}

#[test]
fn a_missing_or_misshapen_id_names_file_line_and_field() {
    check_line(r#"{"text":"x"}"#, Some("id"));
    check_line(r#"{"id":"","text":"x"}"#, Some("id"));
    check_line(r#"{"id":["a"],"text":"x"}"#, Some("id"));
}

#[test]
fn a_missing_or_misshapen_text_names_file_line_and_field() {
    check_line(r#"{"id":"a"}"#, Some("text"));
    check_line(r#"{"id":"a","text":12}"#, Some("text"));
}

#[test]
fn an_empty_text_names_file_line_and_field() {
    check_line(r#"{"id":"a","text":""}"#, Some("text"));
    check_line(r#"{"id":"a","text":" \n\t "}"#, Some("text"));
}

#[test]
fn a_language_that_is_none_names_file_line_and_field() {
    check_line(r#"{"id":"a","text":"x","lang":"klingon"}"#, Some("lang"));
    check_line(r#"{"id":"a","text":"x","lang":7}"#, Some("lang"));
}

#[test]
fn a_title_or_meta_of_another_type_names_file_line_and_field() {
    check_line(r#"{"id":"a","text":"x","title":7}"#, Some("title"));
    check_line(r#"{"id":"a","text":"x","meta":"y"}"#, Some("meta"));
}

#[test]
fn a_duplicate_id_names_file_line_and_field() {
    check_line(r#"{"id":"good","text":"x"}"#, Some("id"));
}

#[test]
fn a_line_that_is_not_utf8_names_file_and_line() {
    check_line(b"{\"id\":\"a\",\"text\":\"f\xfcnf\"}", None);
}

#[test]
fn an_id_that_came_in_another_file_or_long_before_is_a_duplicate() {
    let world = World::indexed();
    world.write("first.jsonl", many("d", 1_200));
    world.write(
        "second.jsonl",
        [
            document("new", "Regen", "de"),
            document("d-3", "Regen", "de"),
        ]
        .concat(),
    );
    refused(&world, "index first.jsonl second.jsonl")
        .says("second.jsonl:2")
        .says("d-3");
    refused(&world, "index second.jsonl second.jsonl")
        .says("second.jsonl:1")
        .says("new");
    let ran = world
        .xenoglot("index first.jsonl second.jsonl --index index --on-error skip")
        .succeeds();
    ran.says("1 skipped").says("1,201 documents");
    // The first one stays.
    assert_ne!(
        world.ids("--index index --mode dense --depth 1", "Regen"),
        ["d-3"]
    );
}

#[test]
fn an_id_whose_first_line_was_skipped_may_come_again() {
    let world = World::new();
    world.write(
        "bad.jsonl",
        "{\"id\":\"a\",\"text\":\"\"}\n{\"id\":\"a\",\"text\":\"Brot\"}\n",
    );
    let ran = world
        .xenoglot("index bad.jsonl --index index --on-error skip")
        .succeeds();
    ran.says("1 skipped").says("1 documents");
}

#[test]
fn every_skipped_line_is_counted_and_listed_at_the_end() {
    let world = World::new();
    let lines: String = (0..40)
        .map(|i| {
            if i % 2 == 0 {
                document(&format!("d{i}"), "Brot", "de")
            } else {
                "{}\n".into()
            }
        })
        .collect();
    world.write("bad.jsonl", lines);
    let ran = world
        .xenoglot("index bad.jsonl corpus.jsonl --index index --on-error skip")
        .succeeds();
    for line in (2..=40).step_by(2) {
        assert!(
            ran.stderr.contains(&format!("bad.jsonl:{line}:")),
            "line {line}: {ran}"
        );
    }
    ran.says("20 skipped").says("28 documents");
}

#[test]
fn a_corpus_without_one_good_document_is_refused() {
    let world = World::indexed();
    world.write("empty.jsonl", "\n");
    world.write("bad.jsonl", "{}\n{}\n");
    refused(&world, "index empty.jsonl").says("empty.jsonl");
    refused(&world, "index bad.jsonl --on-error skip").says("bad.jsonl");
    refused(&world, "index -");
}

#[test]
fn a_packed_file_that_ends_too_early_is_refused_whatever_lines_may_do() {
    let world = World::indexed();
    let text = many("d", 3_000);
    for (name, packed) in [
        ("cut.jsonl.zst", zstd(&text)),
        ("cut.jsonl.gz", gzip(&text)),
    ] {
        for kept in [0, 3, packed.len() / 2, packed.len() - 1] {
            world.write(name, &packed[..kept]);
            for on_error in ["stop", "skip"] {
                refused(&world, &format!("index {name} --on-error {on_error}")).says(name);
            }
        }
    }
}

#[test]
fn a_file_that_is_not_packed_as_its_name_says_is_refused() {
    let world = World::indexed();
    for name in ["plain.jsonl.zst", "plain.jsonl.gz"] {
        world.write(name, document("a", "Brot", "de"));
        refused(&world, &format!("index {name}")).says(name);
    }
}

#[test]
fn a_corpus_that_is_not_there_or_is_a_folder_is_named() {
    let world = World::indexed();
    refused(&world, "index no-such.jsonl").says("no-such.jsonl");
    refused(&world, "index no/such/*.jsonl").says("no/such/*.jsonl");
    refused(&world, "index corpus.jsonl no-such.jsonl").says("no-such.jsonl");
    refused(&world, "index model").says("model");
}

/// Each command that loads a model, over an index that is there.
const USES: [&str; 3] = [
    "index corpus.jsonl --index index",
    "search moon --index index",
    "serve --index index --bind 127.0.0.1:0",
];

#[track_caller]
fn check_model(prepare: impl FnOnce(&World), model: &str, said: &[&str]) {
    let world = World::indexed();
    prepare(&world);
    let before = world.files("index");
    for args in USES {
        let ran = world.xenoglot(args).words("--model").arg(model).fails();
        for said in said {
            assert!(
                ran.stderr.contains(said),
                "{args}: nothing of {said:?}: {ran}"
            );
        }
    }
    assert!(world.files("index") == before, "{model}");
}

#[test]
fn a_missing_model_directory_is_named() {
    check_model(|_| {}, "no-such-model", &["no-such-model"]);
}

#[test]
fn a_directory_that_is_no_model_says_what_it_lacks() {
    check_model(
        |world| drop(world.write("other/notes.txt", "no model")),
        "other",
        &["other", "config.json"],
    );
    check_model(|_| {}, "corpus.jsonl", &["corpus.jsonl"]);
    for lacking in ["tokenizer.json", "model.safetensors"] {
        let remove = |world: &World| {
            token_table(&world.path("half"), TOY);
            std::fs::remove_file(world.path("half").join(lacking)).unwrap();
        };
        check_model(remove, "half", &["half", lacking]);
    }
}

#[test]
fn a_foreign_model_names_its_architecture_and_those_known() {
    let gpt = r#"{"model_type":"gpt2","n_embd":8}"#;
    check_model(
        |world| drop(world.write("gpt/config.json", gpt)),
        "gpt",
        &["gpt", "gpt2", "static", "bert"],
    );
}

#[test]
fn a_damaged_model_names_the_file() {
    for (file, damage) in [
        ("config.json", b"{\"model_type\":".to_vec()),
        ("config.json", b"{\"model_type\":\"bert\"}".to_vec()),
        ("tokenizer.json", b"{\"version\":\"1.0\"}".to_vec()),
        ("model.safetensors", Vec::new()),
        ("model.safetensors", vec![0xff; 64]),
        (
            "model.safetensors",
            std::fs::read(World::new().path("model/model.safetensors")).unwrap()[..200].to_vec(),
        ),
    ] {
        let prepare = |world: &World| {
            token_table(&world.path("damaged"), TOY);
            world.write(&format!("damaged/{file}"), damage);
        };
        check_model(prepare, "damaged", &["damaged", file]);
    }
}

#[test]
fn an_index_of_another_encoder_is_refused_by_name() {
    let world = World::indexed();
    // The same words with other meanings.
    let mut concepts = TOY.to_vec();
    concepts.rotate_left(1);
    token_table(&world.path("another"), &concepts);
    let config = world.read("another/config.json").replace("toy", "another");
    world.write("another/config.json", config);
    let before = world.files("index");
    for args in [
        "search moon --index index",
        "search moon --index index --mode lexical",
        "serve --index index --bind 127.0.0.1:0",
    ] {
        let ran = world.xenoglot(args).words("--model another").fails();
        ran.says("index").says("toy").says("another");
    }
    assert!(world.files("index") == before);
    // Building anew is how to change encoders.
    world
        .xenoglot("index corpus.jsonl --index index --model another")
        .succeeds();
    world
        .xenoglot("search moon --index index --model another")
        .succeeds();
    world
        .xenoglot("search moon --index index --model model")
        .fails()
        .says("another");
}

#[test]
fn an_encoder_of_the_same_name_is_told_apart_by_its_contents() {
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let world = World::indexed();
        token_table(&world.path("edited"), TOY);
        let mut contents = std::fs::read(world.path("edited").join(file)).unwrap();
        match file {
            "config.json" => contents.push(b'\n'),
            "tokenizer.json" => contents.extend(b"\n"),
            // A weight of the last row.
            _ => *contents.last_mut().unwrap() ^= 1,
        }
        world.write(&format!("edited/{file}"), contents);
        world
            .xenoglot("search moon --index index --model edited")
            .fails()
            .says("toy");
    }
}

#[test]
fn a_transformer_without_its_runtime_says_what_to_type() {
    let world = World::indexed();
    bert(&world.path("bert"), TOY);
    for args in USES {
        let ran = world
            .xenoglot(args)
            .words("--model bert")
            .env("XENOGLOT_ORT_DYLIB", "no-such-library.so")
            .fails();
        ran.says("ONNX Runtime")
            .says("no-such-library.so")
            .says("make setup");
    }
    // Token tables and words do not need it.
    for mode in ["dense", "lexical", "hybrid"] {
        let asked = world
            .xenoglot("search moon --index index --json --mode")
            .arg(mode)
            .env("XENOGLOT_ORT_DYLIB", "no-such-library.so");
        assert_eq!(asked.succeeds().json_lines()[0]["id"], "tides-en");
    }
}

#[test]
fn an_index_directory_that_is_none_is_named() {
    let world = World::new();
    world.write("other/notes.txt", "not ours");
    for dir in ["no-such-index", "other", "corpus.jsonl"] {
        for args in [
            "search moon --index",
            "serve --bind 127.0.0.1:0 --index",
            "search --topics corpus.jsonl --run run.trec --index",
        ] {
            world
                .xenoglot(args)
                .arg(dir)
                .fails()
                .says(dir)
                .says("xenoglot index");
        }
    }
}

#[test]
fn an_index_is_not_built_over_what_is_not_one() {
    let world = World::new();
    world.write("other/notes.txt", "not ours");
    world.write("hidden/.profile", "not ours");
    world.write("segments/segment-of-my-thesis.txt", "not ours");
    world.write("manifest/xenoglot.json", "{\"not\":\"ours\"}");
    for dir in ["other", "hidden", "segments", "manifest", "corpus.jsonl"] {
        let before = if world.path(dir).is_dir() {
            world.files(dir)
        } else {
            Vec::new()
        };
        world
            .xenoglot("index corpus.jsonl --index")
            .arg(dir)
            .fails()
            .says(dir);
        let after = if world.path(dir).is_dir() {
            world.files(dir)
        } else {
            Vec::new()
        };
        assert!(before == after, "{dir}");
    }
    world
        .xenoglot("index corpus.jsonl --index corpus.jsonl")
        .fails();
    assert!(world.read("corpus.jsonl").contains("tides-en"));
    // An empty one is as good as none.
    std::fs::create_dir_all(world.path("deep/and/empty")).unwrap();
    world
        .xenoglot("index corpus.jsonl --index deep/and/empty")
        .succeeds();
    world
        .xenoglot("index corpus.jsonl --index deep/and/new")
        .succeeds();
}

#[test]
fn a_build_that_fails_at_first_leaves_nothing() {
    let world = World::new();
    world.write(
        "bad.jsonl",
        [document("a", "Brot", "de"), "{}\n".into()].concat(),
    );
    world.xenoglot("index bad.jsonl --index index").fails();
    assert!(!world.path("index").exists(), "{:?}", world.names("index"));
    world
        .xenoglot("search Brot --index index")
        .fails()
        .says("index");
}

#[test]
fn a_damaged_file_of_an_index_is_refused_by_name() {
    let world = World::indexed();
    let mut n_refused = 0;
    let mut believed = Vec::new();
    for (path, contents) in world
        .files("index")
        .into_iter()
        .filter(|(_, contents)| !contents.is_empty())
    {
        let name = path.file_name().unwrap().to_str().unwrap();
        for (what, damaged) in damages(&contents) {
            std::fs::write(&path, damaged).unwrap();
            let ran = world.xenoglot("search moon --index index").run();
            // A library's own notes beside the index may say what they will, if nobody believes them.
            if name.starts_with('.') && ran.code() == Some(0) {
                continue;
            }
            if ran.code() == Some(1) && ran.stderr.contains(name) {
                n_refused += 1;
            } else {
                believed.push(format!("{name} {what}: {}", ran.stderr));
            }
        }
        std::fs::write(&path, &contents).unwrap();
    }
    assert!(believed.is_empty(), "{}", believed.join("\n"));
    assert!(n_refused >= 24, "{n_refused}");
    world.xenoglot("search moon --index index").succeeds();
}

/// A flipped bit, a lost half, nothing at all.
fn damages(contents: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    let mut flipped = contents.to_vec();
    flipped[contents.len() / 2] ^= 1;
    [
        ("flipped", flipped),
        ("cut", contents[..contents.len() / 2].to_vec()),
        ("emptied", Vec::new()),
    ]
}

#[test]
fn a_missing_file_of_an_index_is_named() {
    let world = World::indexed();
    for (path, contents) in world.files("index") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with('.') || contents.is_empty() {
            continue;
        }
        std::fs::remove_file(&path).unwrap();
        world
            .xenoglot("search moon --index index")
            .fails()
            .says(&name);
        std::fs::write(&path, contents).unwrap();
    }
}

/// Replaces `from` by `to` in the manifest of the index.
#[track_caller]
fn edit_manifest(world: &World, from: &str, to: &str) {
    let manifest = world.read("index/xenoglot.json");
    assert!(manifest.contains(from), "{manifest}");
    world.write("index/xenoglot.json", manifest.replacen(from, to, 1));
}

#[test]
fn a_manifest_that_does_not_fit_its_index_is_refused_by_name() {
    for (from, to) in [
        ("\"n_docs\": 8", "\"n_docs\": 9"),
        ("\"en\": 2", "\"en\": 3"),
        ("\"dim\": 8", "\"dim\": 4"),
    ] {
        let world = World::indexed();
        edit_manifest(&world, from, to);
        let ran = world.xenoglot("search moon --index index").fails();
        assert!(ran.stderr.contains("xenoglot.json"), "{from}: {ran}");
    }
}

#[test]
fn an_index_of_another_format_is_refused_by_name_and_can_be_built_anew() {
    let world = World::indexed();
    edit_manifest(&world, "\"format\": 3", "\"format\": 4096");
    for args in [
        "search moon --index index",
        "serve --index index --bind 127.0.0.1:0",
    ] {
        world.xenoglot(args).fails().says("4096").says("reindex");
    }
    world
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    assert_eq!(
        world.ids("--index index --depth 1 --mode dense", "Schach"),
        ["chess-ru"]
    );
}

#[test]
fn a_damaged_index_can_be_built_anew() {
    let world = World::indexed();
    let n_files = world.files("index").len();
    for i in 0..n_files {
        let (path, contents) = world.files("index").swap_remove(i);
        std::fs::write(&path, &contents[..contents.len() / 2]).unwrap();
        let ran = world.xenoglot("index corpus.jsonl --index index").run();
        assert_eq!(ran.code(), Some(0), "{}: {ran}", path.display());
        assert_eq!(
            world.ids("--index index --depth 1 --mode dense", "Schach"),
            ["chess-ru"],
            "{}",
            path.display()
        );
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let world = World::indexed();
    let server = world.serve();
    let bind = server.address().to_string();
    world
        .xenoglot("serve --index index --bind")
        .arg(&bind)
        .fails()
        .says(&bind);
    assert_eq!(server.get("/health").status, 200);
}
