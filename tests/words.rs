//! Lexical search through its doors: how words are weighed, and what they stand for in other languages.

use serde_json::{Value, json};

use crate::support::World;

const LEXICAL: &str = "--index index --mode lexical";

/// What the lexical stage says of the words of a hit: (word, terms, probability).
fn matches(hit: &Value) -> Vec<(String, Vec<String>, f64)> {
    let stages = hit["explain"].as_array().unwrap();
    let lexical = stages.iter().find(|stage| stage["stage"] == "lexical");
    let found = lexical.map(|stage| stage["matches"].as_array().unwrap().iter());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found
        .into_iter()
        .flatten()
        .map(|found| {
            let terms = found["terms"].as_array().unwrap().iter().map(text);
            let probability = found["probability"].as_f64().unwrap();
            (text(&found["word"]), terms.collect(), probability)
        })
        .collect()
}

#[test]
fn weights_of_words_are_set_for_an_index_and_for_a_search() {
    let world = World::new();
    world.write(
        "titles.jsonl",
        concat!(
            r#"{"id":"text","title":"Ships","text":"Whales follow other whales.","lang":"en"}"#,
            "\n",
            r#"{"id":"title","title":"Whales","text":"They sing and they travel.","lang":"en"}"#,
        ),
    );
    let ids = |args: &str| world.ids(args, "whales");
    world
        .xenoglot("index titles.jsonl --index index")
        .succeeds();
    assert_eq!(ids(LEXICAL), ["text", "title"]);
    assert_eq!(
        ids(&format!("{LEXICAL} --title-weight 5")),
        ["title", "text"]
    );
    world
        .xenoglot("index titles.jsonl --index index --title-weight 5 --k1 1.2")
        .succeeds();
    assert_eq!(ids(LEXICAL), ["title", "text"]);
    assert_eq!(
        ids(&format!("{LEXICAL} --title-weight 1")),
        ["text", "title"]
    );
}

#[test]
fn weights_out_of_range_are_refused_by_name() {
    let world = World::indexed();
    let before = world.files("index");
    for (args, says) in [
        ("index corpus.jsonl --index index --k1 -1", "k1 is -1"),
        ("index corpus.jsonl --index index --b 1.5", "b is 1.5"),
        ("search moon --index index --b 7", "b is 7"),
        (
            "search moon --index index --title-weight NaN",
            "title_weight is NaN",
        ),
    ] {
        let args = args.replace("--k1 -1", "--k1=-1");
        world
            .xenoglot(&args)
            .run()
            .has_code(1)
            .explained()
            .says(says);
    }
    assert_eq!(world.files("index"), before);
}

#[test]
fn an_explanation_says_which_word_found_which_term() {
    let world = World::indexed();
    let args = format!("{LEXICAL} --lang en --explain");
    let hits = world.hits(&args, "sailors");
    assert_eq!(
        matches(&hits[0]),
        [("sailors".to_owned(), vec!["sailor".to_owned()], 1.0)]
    );
    let text = world
        .xenoglot("search sailors --index index --lang en --explain")
        .succeeds();
    text.prints("sailors → sailor");
}

#[test]
fn a_dictionary_finds_words_in_other_languages() {
    let world = World::indexed();
    world.write("en-de.tsv", "swell\tEbbe\t1\nswell\tFlut\t3\n");
    let without = format!("{LEXICAL} --lang en --lexicon none --explain");
    assert!(world.hits(&without, "swell").is_empty());
    let hits = world.hits(&without.replace("none", "none,en-de.tsv"), "swell");
    assert_eq!(hits[0]["id"], "tides-de");
    let mut found = matches(&hits[0]);
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let word = |term: &str, probability| ("swell".to_owned(), vec![term.to_owned()], probability);
    assert_eq!(found, [word("ebb", 0.25), word("flut", 0.75)]);
    // Languages between which nothing translates stay as they are.
    assert!(
        world
            .ids(
                &without
                    .replace("--lang en", "--lang fr")
                    .replace("none", "none,en-de.tsv"),
                "swell"
            )
            .is_empty()
    );
}

#[test]
fn terms_of_a_glossary_find_all_their_forms() {
    let world = World::indexed();
    world.write(
        "glossary.toml",
        concat!(
            "[[term]]\nen = [\"ocean\", \"sea\"]\nde = \"Meer\"\n",
            "[[term]]\nmust = true\nen = [\"Luna\", \"moon\"]\n",
        ),
    );
    let args = format!("{LEXICAL} --lang en --lexicon none");
    let with = format!("{args} --glossary glossary.toml");
    assert!(world.ids(&args, "ocean").is_empty());
    let mut found = world.ids(&with, "ocean");
    found.sort();
    assert_eq!(found, ["tides-de", "tides-en"]);
    // What must match leaves out the rest.
    assert_eq!(world.ids(&args, "moon iron"), ["iron-en", "tides-en"]);
    assert_eq!(world.ids(&with, "luna iron"), ["tides-en"]);
}

#[test]
fn files_of_words_that_are_none_are_refused_by_line() {
    let world = World::indexed();
    world.write("en-de.tsv", "moon\tMond\nsea\n");
    world.write(
        "glossary.toml",
        "[[term]]\nklingon = \"Qapla'\"\nen = \"hi\"\n",
    );
    world.write("words.tsv", "moon\tMond\n");
    for (args, says) in [
        ("--lexicon en-de.tsv", "en-de.tsv:2"),
        ("--lexicon words.tsv", "words.tsv names no languages"),
        ("--lexicon nowhere.tsv", "nowhere.tsv"),
        (
            "--glossary glossary.toml",
            "glossary.toml:1: field `language`",
        ),
        ("--glossary nowhere.toml", "nowhere.toml"),
    ] {
        let ran = world
            .xenoglot("search moon --index index")
            .words(args)
            .run();
        ran.has_code(1).explained().says(says);
    }
}

#[test]
fn over_http_words_are_weighed_and_explained_too() {
    let world = World::indexed();
    let server = world.serve();
    let ask = |bm25: Value| {
        let body = json!({ "query": "sailors", "lang": "en", "mode": "lexical", "explain": true, "bm25": bm25 });
        server.search(&body)
    };
    let usual = ask(json!({}));
    assert_eq!(matches(&usual["hits"][0])[0].1, ["sailor"]);
    // Where repetition counts for nothing, length does not either.
    let score = |bm25| ask(bm25)["hits"][0]["score"].as_f64().unwrap();
    let flat = score(json!({ "k1": 0.0, "b": 0.0 }));
    assert_eq!(score(json!({ "k1": 0.0, "b": 1.0 })), flat);
    assert!(usual["hits"][0]["score"].as_f64().unwrap() < flat);
    for (bm25, field) in [
        (json!({ "k1": -1 }), "bm25.k1"),
        (json!({ "b": 2 }), "bm25.b"),
        (json!({ "k2": 1 }), "bm25"),
    ] {
        let body = json!({ "query": "sailors", "bm25": bm25 });
        let answer = server.post("/v1/search", body.to_string());
        let problem = answer.is_problem(422);
        let named = problem["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{named}");
    }
}

#[test]
fn romanised_words_find_documents_in_other_scripts_and_the_reverse() {
    let world = World::new();
    world.write(
        "scripts.jsonl",
        concat!(
            r#"{"id":"cyrillic","text":"Шахматы пришли из Индии.","lang":"ru"}"#,
            "\n",
            r#"{"id":"latin","text":"Novosti o pogode i klimate.","lang":"ru"}"#,
            "\n",
            r#"{"id":"greek","text":"Η ιστορία της μουσικής.","lang":"el"}"#,
            "\n",
            r#"{"id":"chinese","text":"月亮与潮汐的关系","lang":"zh"}"#,
            "\n",
        ),
    );
    let queries = [
        ("shakhmaty", "cyrillic"),
        ("новости", "latin"),
        ("istoria mousikis", "greek"),
        ("yueliang chaoxi", "chinese"),
    ];
    world
        .xenoglot("index scripts.jsonl --index index")
        .succeeds();
    for (query, _) in queries {
        assert!(world.ids(LEXICAL, query).is_empty(), "{query}");
    }
    world
        .xenoglot("index scripts.jsonl --index index --romanised")
        .succeeds();
    for (query, id) in queries {
        assert_eq!(
            world.ids(&format!("{LEXICAL} --depth 1"), query),
            [id],
            "{query}"
        );
    }
}
