//! Encoders through the whole program: the one inside it, and transformers from their directories.

use crate::support::{TOY, World, Xenoglot, bert, onnx_runtime, workspace};

/// Runs the program in a world whose model is a BERT; nothing where ONNX Runtime is absent.
fn with_bert() -> Option<impl Fn(&str) -> Xenoglot> {
    let runtime = onnx_runtime()?;
    let world = World::new();
    bert(&world.path("bert"), TOY);
    Some(move |args: &str| {
        world
            .xenoglot(args)
            .env("XENOGLOT_MODEL", "bert")
            .env("XENOGLOT_ORT_DYLIB", &runtime)
    })
}

#[test]
fn a_transformer_indexes_and_searches_across_languages() {
    let Some(run) = with_bert() else {
        return;
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

/// Where the tiny models lie.
fn fixture(name: &str) -> std::path::PathBuf {
    workspace().join("tests/fixtures/models").join(name)
}

#[test]
fn inspect_says_what_a_model_is_and_how_it_would_be_loaded() {
    let world = World::new();
    let inspect = |name: &str| {
        let run = world.xenoglot("model inspect").arg(fixture(name));
        run.without_env("XENOGLOT_MODEL").succeeds()
    };
    inspect("xlmr-dense")
        .prints("xlm-roberta")
        .prints("as a graph built here")
        .prints("12")
        .prints("38")
        .prints("pooling: mean, dense: 12 numbers, unit length");
    inspect("prompts").prints("query: ").prints("passage: ");
    inspect("ofa").prints("there is no modules.json");
    inspect("onnx-only").prints("from the ONNX file onnx/model.onnx");
    inspect("static-st").prints("without ONNX Runtime");
    let run = world.xenoglot("model inspect --json").arg(fixture("mpnet"));
    let card = run.succeeds().json_lines().remove(0);
    assert_eq!(card["architecture"], "mpnet");
    assert_eq!(card["route"], "graph");
    assert_eq!(card["dimensions"], 16);
    assert_eq!(card["max_tokens"], 36);
    assert_eq!(card["golden"], false);
    let run = world
        .xenoglot("model inspect")
        .arg(workspace().join("models/xenoglot-static"));
    run.succeeds()
        .prints("compared whenever it is loaded")
        .prints("34,842,500");
}

#[test]
fn inspect_refuses_what_is_no_model_by_what_it_lacks() {
    let world = World::new();
    world
        .xenoglot("model inspect .")
        .fails()
        .says("it has no config.json and no modules.json");
    std::fs::write(world.path("config.json"), r#"{"model_type": "mamba"}"#).unwrap();
    world
        .xenoglot("model inspect .")
        .fails()
        .says("unknown architecture \"mamba\"")
        .says(
            "known are bert, camembert, distilbert, model2vec, mpnet, roberta, static, xlm-roberta",
        );
}

#[test]
fn an_index_of_cut_vectors_is_searched_with_vectors_cut_alike() {
    let world = World::new();
    world
        .xenoglot("index corpus.jsonl --index index --dimensions 6")
        .succeeds();
    for options in ["", "--dimensions 6"] {
        let search = format!("search Schach --index index --mode dense --depth 1 --json {options}");
        let found = world.xenoglot(&search).succeeds();
        assert_eq!(found.json_lines()[0]["id"], "chess-ru");
    }
    world
        .xenoglot("search Schach --index index --dimensions 5")
        .fails()
        .says("was built with encoder");
    world
        .xenoglot("embed --dimensions 100")
        .input("Schach\n")
        .fails()
        .says("100 dimensions were asked for, and vectors of toy have 8");
}

#[test]
fn int8_finds_what_fp32_finds_and_other_precisions_are_refused_on_the_cpu() {
    let Some(run) = with_bert() else {
        return;
    };
    run("index corpus.jsonl --index index").succeeds();
    let search = "search Schach --index index --mode dense --depth 1 --json --precision int8";
    let found = run(search).succeeds();
    assert_eq!(found.json_lines()[0]["id"], "chess-ru");
    run("embed --precision bf16 --device cpu")
        .input("Schach\n")
        .fails()
        .says("the precision is bf16, expected fp32 or int8 on the CPU");
}

#[test]
fn a_directory_without_modules_says_that_it_takes_the_mean() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::new();
    bert(&world.path("bert"), TOY);
    world
        .xenoglot("embed --model bert")
        .env("XENOGLOT_ORT_DYLIB", &runtime)
        .input("Schach\n")
        .succeeds()
        .says("there is no modules.json: a text's vector is the mean of its tokens' states");
}

#[test]
fn a_model_that_is_in_order_runs_without_a_word() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::new();
    for name in ["mpnet", "xlmr-dense", "bert-poolings", "onnx-only"] {
        let run = world.xenoglot("embed --model").arg(fixture(name));
        let ran = run
            .env("XENOGLOT_ORT_DYLIB", &runtime)
            .input("moon\n")
            .succeeds();
        assert!(!ran.stderr.contains("WARN"), "{name}: {}", ran.stderr);
    }
}
