//! The first stage through its doors: what is fused and how, and feedback.

use serde_json::{Value, json};

use crate::support::World;

/// Tides and harbours, bread and butter: "harbour" is no word of a question for tides.
fn harbours() -> World {
    let world = World::new();
    let doc = |id: &str, text: &str| json!({ "id": id, "text": text, "lang": "en" }).to_string();
    let lines = [
        doc("tides", "Spring tides lift the harbour wall."),
        doc("harbour", "A harbour is dredged in spring."),
        doc("bread", "Bread and butter."),
    ];
    world.write("harbours.jsonl", lines.join("\n"));
    world
        .xenoglot("index harbours.jsonl --index index")
        .succeeds();
    world
}

fn stage<'v>(hit: &'v Value, name: &str) -> Option<&'v Value> {
    let stages = hit["explain"].as_array().unwrap();
    stages.iter().find(|stage| stage["stage"] == name)
}

#[test]
fn feedback_finds_what_the_best_documents_speak_of_and_says_by_which_words() {
    let world = harbours();
    let lexical = "--index index --mode lexical --lang en";
    assert_eq!(world.ids(lexical, "tides"), ["tides"]);
    let rm3 = format!("{lexical} --rm3");
    assert_eq!(world.ids(&rm3, "tides"), ["tides", "harbour"]);
    assert_eq!(
        world.ids(&format!("{rm3} --fb-weight 1"), "tides"),
        ["tides"]
    );
    let hits = world.hits(&format!("{rm3} --explain"), "tides");
    assert!(stage(&hits[0], "lexical").is_some() && stage(&hits[1], "lexical").is_none());
    let found = stage(&hits[1], "feedback").unwrap()["matches"].clone();
    let words = found.as_array().unwrap().iter().map(|m| m["word"].clone());
    let words: Vec<Value> = words.collect();
    assert!(words.contains(&json!("harbour")), "{words:?}");
}

#[test]
fn rankings_are_fused_as_they_are_told() {
    let world = World::indexed();
    let ids = |args: &str| world.ids(&format!("--index index --lang en {args}"), "moon and iron");
    assert_eq!(ids("--lexical-weight 1"), ids("--mode lexical"));
    assert_eq!(ids("--lexical-weight 0"), ids("--mode dense"));
    assert_eq!(ids("--fusion z-score --lexical-weight 0.5"), ids(""));
    assert_eq!(ids("--rrf-k 60"), ids("--fusion rrf"));
    for method in [
        "min-max",
        "theoretical-min-max",
        "z-score",
        "distribution",
        "rrf",
    ] {
        let fused = ids(&format!("--fusion {method} --per-language"));
        assert_eq!(fused.len(), ids("").len(), "{method}");
    }
}

#[test]
fn what_cannot_be_fused_or_fed_back_is_refused_by_name() {
    let world = World::indexed();
    for (args, code, says) in [
        ("--fusion best", 2, "expected one of rrf, min-max"),
        ("--fusion z-score --rrf-k 3", 1, "rrf alone has a k"),
        ("--lexical-weight 1.5", 1, "lexical_weight is 1.5"),
        ("--rrf-k=-1", 1, "k is -1"),
        ("--mode dense --per-language", 1, "--mode"),
        ("--mode dense --rm3", 1, "--rm3"),
        ("--rm3 --fb-docs 0", 1, "docs is 0"),
        ("--rm3 --fb-weight 2", 1, "original_weight is 2"),
        ("--fb-terms 5", 2, "--rm3"),
    ] {
        let ran = world.xenoglot("search moon --index index").words(args);
        let ran = ran.run();
        match code {
            1 => ran.has_code(1).explained().says(says),
            _ => ran.has_code(2).says(says),
        };
    }
}

#[test]
fn over_http_too() {
    let world = harbours();
    let server = world.serve();
    let ask = |extra: Value| {
        let mut body = json!({ "query": "tides", "lang": "en" });
        let extra = extra.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(extra);
        body
    };
    let names = |answer: &Value, of: &str, name: &str| -> Vec<String> {
        let items = answer[of].as_array().unwrap().iter();
        items
            .map(|item| item[name].as_str().unwrap().to_owned())
            .collect()
    };
    let fed = server.search(&ask(json!({ "mode": "lexical", "feedback": {} })));
    assert_eq!(names(&fed, "hits", "id"), ["tides", "harbour"]);
    assert_eq!(names(&fed, "stages", "name"), ["lexical", "feedback"]);
    let both = server.search(&ask(json!({ "feedback": { "docs": 1 } })));
    assert_eq!(
        names(&both, "stages", "name"),
        ["lexical", "feedback", "encode", "dense", "fusion"]
    );
    let alone = ask(json!({ "fusion": { "method": "min-max", "lexical_weight": 1 } }));
    assert_eq!(names(&server.search(&alone), "hits", "id"), ["tides"]);
    for (extra, field) in [
        (json!({ "fusion": { "method": "best" } }), "fusion.method"),
        (json!({ "fusion": { "k": -1 } }), "fusion.k"),
        (
            json!({ "fusion": { "method": "z-score", "k": 1 } }),
            "fusion.k",
        ),
        (
            json!({ "fusion": { "lexical_weight": 2 } }),
            "fusion.lexical_weight",
        ),
        (json!({ "fusion": {}, "mode": "dense" }), "fusion"),
        (json!({ "feedback": { "docs": 101 } }), "feedback.docs"),
        (json!({ "feedback": { "terms": 0 } }), "feedback.terms"),
        (
            json!({ "feedback": { "original_weight": 7 } }),
            "feedback.original_weight",
        ),
        (json!({ "feedback": {}, "mode": "dense" }), "feedback"),
    ] {
        let answer = server.post("/v1/search", ask(extra).to_string());
        assert_eq!(answer.is_problem(422)["field"], field);
    }
}
