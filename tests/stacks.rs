//! Reranking with stacks of modules, in `search` and over HTTP.
//!
//! The modules are those of `tests/fixtures/modules`: random weights, whose logits reference libraries gave.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Server, World, Xenoglot, onnx_runtime, workspace};

/// An index and `stack.toml`: a module for German and one for Russian under a ranking module.
struct Stacks {
    world: World,
    runtime: PathBuf,
}

impl Stacks {
    /// Nothing where ONNX Runtime is absent.
    fn new(settings: &str) -> Option<Self> {
        let runtime = onnx_runtime()?;
        let world = World::indexed();
        let fixtures = workspace().join("tests/fixtures/modules/bert");
        let module = |name: &str| fixtures.join("adapterhub").join(name);
        let stack = format!(
            "backbone = {:?}\nranking = {:?}\n{settings}\n[languages]\nde = {:?}\nru = {:?}\n",
            fixtures.join("base"),
            module("rank"),
            module("lang-b"),
            module("lang-plain"),
        );
        world.write("stack.toml", stack);
        Some(Self { world, runtime })
    }

    fn xenoglot(&self, args: &str) -> Xenoglot {
        let program = self.world.xenoglot(args);
        program.env("XENOGLOT_ORT_DYLIB", &self.runtime)
    }

    fn hits(&self, args: &str, query: &str) -> Vec<Value> {
        let search = "search --index index --rerank stack.toml --json --explain";
        let ran = self.xenoglot(search).words(args).arg(query);
        ran.succeeds().json_lines()
    }

    fn serve(&self) -> Server {
        let serve = "serve --index index --bind 127.0.0.1:0 --rerank stack.toml";
        Server::start(self.xenoglot(serve))
    }

    /// The logistic function of the logit that `xenoglot rerank` gives the document under `modules`.
    fn score(&self, query: &str, hit: &Value, text: &str, modules: &[&str]) -> f64 {
        let full_text = match hit["title"].as_str().unwrap() {
            "" => text.to_owned(),
            title => format!("{title}\n{text}"),
        };
        let pair = json!({ "query": query, "document": full_text, "modules": modules });
        self.world.write("pair.jsonl", pair.to_string());
        let base = workspace().join("tests/fixtures/modules/bert/base");
        let ran = self
            .xenoglot("rerank --pairs pair.jsonl --backbone")
            .arg(base);
        ran.succeeds().json_lines()[0]["score"].as_f64().unwrap()
    }
}

/// What the last stage made of `hit`.
fn rerank(hit: &Value) -> &Value {
    let stages = hit["explain"].as_array().unwrap();
    let last = stages.last().unwrap();
    assert_eq!(last["stage"], "rerank", "{hit}");
    last
}

fn modules(hit: &Value) -> Vec<&str> {
    let modules = rerank(hit)["modules"].as_array().unwrap();
    modules
        .iter()
        .map(|module| module.as_str().unwrap())
        .collect()
}

/// The last parts of the modules' paths.
fn names(hit: &Value) -> Vec<&str> {
    let modules = modules(hit).into_iter();
    modules
        .map(|path| path.rsplit('/').next().unwrap())
        .collect()
}

fn hit<'a>(hits: &'a [Value], id: &str) -> &'a Value {
    hits.iter()
        .find(|hit| hit["id"] == id)
        .unwrap_or_else(|| panic!("{id} in {hits:?}"))
}

#[test]
fn every_document_is_read_with_the_module_of_its_language_or_the_nearest() {
    let Some(stacks) = Stacks::new("") else {
        return;
    };
    let hits = stacks.hits("", "moon and sea");
    assert_eq!(names(hit(&hits, "tides-de")), ["lang-b", "rank"]);
    assert_eq!(names(hit(&hits, "chess-ru")), ["lang-plain", "rank"]);
    // A relative in the same script stands in, and the answer says so.
    let english = hit(&hits, "tides-en");
    assert_eq!(names(english), ["lang-b", "rank"]);
    let fallbacks = &rerank(english)["fallbacks"];
    assert_eq!(fallbacks, &json!([{ "wanted": "en", "used": "de" }]));
    let japanese = hit(&hits, "tea-ja");
    assert_eq!(names(japanese), ["rank"]);
    let fallbacks = &rerank(japanese)["fallbacks"];
    assert_eq!(fallbacks, &json!([{ "wanted": "ja", "used": null }]));
    assert!(rerank(hit(&hits, "tides-de")).get("fallbacks").is_none());
}

#[test]
fn a_stack_scores_as_the_rerank_command_does() {
    let Some(stacks) = Stacks::new("") else {
        return;
    };
    let query = "moon and sea";
    let hits = stacks.hits("", query);
    for (id, text) in [
        ("tides-de", "Der Mond hebt das Meer zweimal am Tag."),
        ("chess-ru", "Шахматы пришли из Индии через Персию."),
        ("tea-ja", "お茶は中国から日本に伝わった。"),
    ] {
        let hit = hit(&hits, id);
        let expected = stacks.score(query, hit, text, &modules(hit));
        let found = rerank(hit)["score"].as_f64().unwrap();
        assert!(
            (found - expected).abs() < 1e-5,
            "{id}: {found}, expected {expected}"
        );
    }
}

#[test]
fn settings_of_a_stack_decide_whose_module_and_which_stands_in() {
    let modules_of = |settings: &str, args: &str| -> Option<Vec<String>> {
        let stacks = Stacks::new(settings)?;
        let hits = stacks.hits(args, "Meer und Mond");
        let names = names(hit(&hits, "chess-ru")).into_iter();
        Some(names.map(str::to_owned).collect())
    };
    let check = |settings: &str, args: &str, expected: &[&str]| {
        if let Some(found) = modules_of(settings, args) {
            assert_eq!(found, expected, "{settings} {args}");
        }
    };
    check("language = \"none\"", "", &["rank"]);
    check("language = \"query\"", "--lang de", &["lang-b", "rank"]);
    check(
        "language = \"both\"",
        "--lang de",
        &["lang-b", "lang-plain", "rank"],
    );
    check("language = \"both\"", "--lang ru", &["lang-plain", "rank"]);
    check("language = \"query\"", "--lang uk", &["lang-plain", "rank"]);
    check(
        "language = \"query\"\nfallback = \"listed\"",
        "--lang uk",
        &["rank"],
    );
    check(
        "language = \"query\"\nfallbacks = { uk = [\"de\"] }",
        "--lang uk",
        &["lang-b", "rank"],
    );
}

#[test]
fn a_long_document_is_scored_by_its_best_window() {
    let Some(stacks) = Stacks::new("passages = \"best\"\nstride = 4") else {
        return;
    };
    let filler = "Iron is heated. Chess is played. Bread is baked in the morning. ".repeat(30);
    let line =
        json!({ "id": "long", "lang": "de", "text": format!("{filler} Der Mond hebt das Meer.") });
    stacks.world.write("long.jsonl", line.to_string());
    stacks.xenoglot("index long.jsonl --index index").succeeds();
    let best = rerank(&stacks.hits("", "Mond und Meer")[0])["score"]
        .as_f64()
        .unwrap();
    let first = Stacks::new("").unwrap();
    first.world.write("long.jsonl", line.to_string());
    first.xenoglot("index long.jsonl --index index").succeeds();
    let first = rerank(&first.hits("", "Mond und Meer")[0])["score"]
        .as_f64()
        .unwrap();
    assert!(
        best > first,
        "{best} by the best window, {first} by the first"
    );
}

#[test]
fn over_http_a_request_names_its_stack_and_is_told_how_many_were_reranked() {
    let Some(stacks) = Stacks::new("") else {
        return;
    };
    let server = stacks.serve();
    // The server's own stack is meant where none is named.
    for rerank in [json!({}), json!({ "stack": "stack" })] {
        let answer =
            server.search(&json!({ "query": "moon and sea", "rerank": rerank, "explain": true }));
        assert_eq!(answer["reranked"], 8, "{answer}");
        let hits = answer["hits"].as_array().unwrap();
        assert_eq!(names(hit(hits, "tides-de")), ["lang-b", "rank"]);
    }
    let two = server.search(&json!({ "query": "moon and sea", "rerank": { "depth": 2 } }));
    assert_eq!(
        (&two["reranked"], &two["partial"]),
        (&2.into(), &false.into())
    );
    let passages = json!({ "query": "moon", "rerank": { "stack": "passages" }, "explain": true });
    let answer = server.search(&passages);
    assert!(
        rerank(&answer["hits"][0]).get("modules").is_none(),
        "{answer}"
    );
    let unknown = json!({ "query": "moon", "rerank": { "stack": "other" } });
    let answer = server.post("/v1/search", unknown.to_string());
    assert_eq!(answer.status, 422);
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains("passages, stack"), "{detail}");
}

#[test]
fn the_first_stage_counts_as_much_as_it_is_told_to() {
    let Some(stacks) = Stacks::new("") else {
        return;
    };
    let order = |args: &str| -> Vec<String> {
        let hits = stacks.hits(args, "moon and sea").into_iter();
        hits.map(|hit| hit["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first_stage = stacks.world.ids("--index index", "moon and sea");
    assert_eq!(order("--first-stage-weight 1"), first_stage);
    assert_ne!(order(""), first_stage);
    let usage =
        stacks.xenoglot("search moon --index index --rerank stack.toml --first-stage-weight 2");
    usage.misused().says("from 0 to 1");
}

#[test]
fn a_stack_file_that_cannot_be_meant_is_refused_with_the_reason() {
    let check = |settings: &str, words: &[&str]| {
        let Some(stacks) = Stacks::new(settings) else {
            return;
        };
        let ran = stacks.xenoglot("search moon --index index --rerank stack.toml");
        let mut ran = ran.fails();
        for word in words {
            ran = ran.says(word);
        }
    };
    check("languag = \"query\"", &["stack.toml", "languag"]);
    check("language = \"all\"", &["stack.toml", "document"]);
    check("windows = 3", &["stack.toml", "passages"]);
    check("skip_layers = [\"one\"]", &["stack.toml", "skip_layers"]);
    check("registry = \"nowhere\"", &["nowhere"]);
    check("fallbacks = { klingon = [] }", &["stack.toml", "klingon"]);
}

#[test]
fn a_module_for_another_backbone_is_refused_naming_both() {
    let Some(stacks) = Stacks::new("") else {
        return;
    };
    let other = workspace().join("tests/fixtures/modules/xlmr/adapterhub/rank");
    let text = stacks.world.read("stack.toml");
    let line = text
        .lines()
        .find(|line| line.starts_with("ranking"))
        .unwrap();
    let text = text.replace(line, &format!("ranking = {other:?}"));
    stacks.world.write("stack.toml", text);
    let ran = stacks
        .xenoglot("search moon --index index --rerank stack.toml")
        .fails();
    ran.says("xlm-roberta").says("is `bert`");
}
