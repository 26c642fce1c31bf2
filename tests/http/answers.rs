//! What an answer can say beside its hits, and what can be asked beside words: vectors, highlights, deadlines, analyses.

use super::*;

/// The words of a hit's snippet that are marked.
fn marked(hit: &Value) -> Vec<String> {
    let chars: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
    let ranges = hit["highlights"].as_array().unwrap().iter();
    let at = |range: &Value, end: &str| range[end].as_u64().unwrap() as usize;
    ranges
        .map(|range| chars[at(range, "start")..at(range, "end")].iter().collect())
        .collect()
}

#[test]
fn words_of_the_snippet_that_stand_for_the_querys_are_marked_across_languages() {
    let server = serve();
    let answer = server.search(
        &json!({ "query": "the moon and the sea", "lang": "en", "highlight": true, "depth": 2 }),
    );
    assert_eq!(ids(&answer), ["tides-en", "tides-de"]);
    assert_eq!(marked(&answer["hits"][0]), ["moon", "sea"]);
    assert_eq!(marked(&answer["hits"][1]), ["Mond", "Meer"]);
    let plain = server.search(&json!({ "query": "moon" }));
    assert!(plain["hits"][0]["highlights"].is_null());
}

#[test]
fn a_vector_is_a_query() {
    let server = serve();
    let world = World::new();
    let embedded = world
        .xenoglot("embed --role query")
        .input("the moon and the sea\n")
        .succeeds();
    let mut vector: Vec<f64> = serde_json::from_str(embedded.stdout.trim()).unwrap();
    let by_words = server.search(&json!({ "query": "the moon and the sea", "mode": "dense" }));
    let by_vector = server.search(&json!({ "vector": vector }));
    assert_eq!(ids(&by_vector), ids(&by_words));
    assert_eq!(names(&by_vector), ["dense"]);
    assert_eq!(
        by_vector["hits"][0]["snippet"],
        by_words["hits"][0]["snippet"]
    );
    // Its length says nothing.
    vector.iter_mut().for_each(|x| *x *= 7.5);
    assert_eq!(
        ids(&server.search(&json!({ "vector": vector }))),
        ids(&by_words)
    );
    // Words may stand beside it, for lexical search.
    let both = server.search(&json!({ "vector": vector, "query": "iron" }));
    assert_eq!(names(&both), ["lexical", "dense", "fusion"]);
    for (request, field) in [
        (json!({ "vector": [1.0] }), "vector"),
        (json!({ "vector": vec![0.0; vector.len()] }), "vector"),
        (json!({ "vector": vector, "mode": "lexical" }), "mode"),
        (json!({ "vector": vector, "rerank": {} }), "rerank"),
        (json!({}), "query"),
    ] {
        let answer = server.post("/v1/search", request.to_string());
        answer.is_problem(422);
        assert_eq!(answer.json()["field"], field, "{}", answer.text);
    }
}

#[test]
fn a_text_is_analyzed_as_documents_are() {
    let server = serve();
    let analyze = |body: Value| server.post("/v1/analyze", body.to_string()).json();
    let answer = analyze(json!({ "text": "Die Häuser am Meer", "lang": "de" }));
    assert_eq!(
        (&answer["lang"], &answer["confidence"]),
        (&"de".into(), &1.0.into())
    );
    let words = answer["words"].as_array().unwrap();
    let of = |field: &str| {
        words
            .iter()
            .map(|word| word[field].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("word"), ["Die", "Häuser", "am", "Meer"]);
    assert_eq!(of("stop_word"), [true, false, true, false]);
    assert_eq!(words[1]["terms"], json!(["haus"]));
    let spans: Vec<_> = answer["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| (token["start"].as_u64(), token["stop"].as_u64()))
        .collect();
    assert_eq!(spans.len(), answer["n_tokens"].as_u64().unwrap() as usize);
    assert_eq!(
        (spans[0].0, spans.last().unwrap().1),
        (Some(0), Some(18)),
        "{answer}"
    );
    let greek = analyze(json!({ "text": "Πώς ανεβαίνει η θάλασσα" }));
    assert_eq!(greek["lang"], "el");
    assert_eq!(
        greek["words"][3]["romanised"].as_array().unwrap().len(),
        1,
        "{greek}"
    );
    server
        .post("/v1/analyze", r#"{"text": "a", "lang": "xyzzy"}"#)
        .is_problem(422);
}

#[test]
fn stacks_are_listed_with_the_one_that_is_taken_where_nobody_says() {
    let answer = serve().get("/v1/stacks").json();
    assert_eq!(
        answer,
        json!({ "stacks": ["passages"], "default": "passages" })
    );
}
