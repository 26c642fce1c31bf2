//! Encoders through the whole program: the one inside it, and transformers from their directories.

use crate::support::{TOY, World, bert, onnx_runtime, workspace};

#[test]
fn a_transformer_indexes_and_searches_across_languages() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::new();
    bert(&world.path("bert"), TOY);
    let run = |args: &str| {
        world
            .xenoglot(args)
            .env("XENOGLOT_MODEL", "bert")
            .env("XENOGLOT_ORT_DYLIB", &runtime)
    };
    run("index corpus.jsonl --index index").succeeds();
    let found = run("search --index index --mode dense --depth 2 --json --lang sw")
        .arg("mwezi na bahari")
        .succeeds();
    let mut ids: Vec<String> = found
        .json_lines()
        .iter()
        .map(|hit| hit["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    assert_eq!(ids, ["tides-de", "tides-en"]);
    let chess = run("search Schach --index index --mode dense --depth 1 --json").succeeds();
    assert_eq!(chess.json_lines()[0]["id"], "chess-ru");
}

#[test]
fn doctor_names_the_runtime_its_version_and_what_works() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::indexed();
    let found = world
        .xenoglot("doctor --index index")
        .env("XENOGLOT_ORT_DYLIB", &runtime)
        .succeeds();
    found
        .prints("ONNX Runtime")
        .prints(runtime.to_str().unwrap())
        .prints("CPU");
}

#[test]
fn minilm_finds_english_by_meaning() {
    let model = workspace().join("runtime/models/all-MiniLM-L6-v2");
    let Some(runtime) = onnx_runtime().filter(|_| model.is_dir()) else {
        eprintln!("skipped: all-MiniLM-L6-v2 is not here; `make test-model` fetches it");
        return;
    };
    let world = World::new();
    let run = |args: &str| {
        world
            .xenoglot(args)
            .env("XENOGLOT_MODEL", &model)
            .env("XENOGLOT_ORT_DYLIB", &runtime)
    };
    run("index corpus.jsonl --index index")
        .succeeds()
        .says("8 documents");
    let found = run("search --index index --mode dense --depth 1 --json")
        .arg("why do ocean waters rise at certain hours");
    assert_eq!(found.succeeds().json_lines()[0]["id"], "tides-en");
}

#[test]
fn the_encoder_inside_the_program_is_the_directory_in_the_repository() {
    let world = World::new();
    let inside = |args: &str| world.xenoglot(args).without_env("XENOGLOT_MODEL");
    inside("index corpus.jsonl --index index").succeeds();
    inside("search moon --index index").succeeds();
    // An index refuses every encoder but its own.
    let dir = workspace().join("models/xenoglot-static");
    inside("search moon --index index --model")
        .arg(&dir)
        .succeeds();
    inside("search moon --index index --model model").fails();
}

#[test]
fn the_encoder_inside_the_program_is_small() {
    let files = std::fs::read_dir(workspace().join("models/xenoglot-static")).unwrap();
    let size_bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size_bytes <= 20_000_000, "{size_bytes} bytes");
}

#[test]
fn the_model_card_states_data_licences_languages_and_figures() {
    let path = workspace().join("models/xenoglot-static/README.md");
    let card = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let card = card.to_lowercase();
    for said in [
        "data",
        "licence",
        "languages",
        "tatoeba",
        "xquad",
        "ndcg@10",
    ] {
        assert!(card.contains(said), "nothing of {said:?}");
    }
}
