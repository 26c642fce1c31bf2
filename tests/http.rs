//! The HTTP contract: `POST /v1/search`, `GET /v1/documents/{id}`, `GET /health`; starting and stopping.

mod answers;
mod collections;
mod document;
mod problems;

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

use serde_json::{Value, json};
use ureq::http::Request;

use crate::support::{Answer, Server, World, document, many, read_answer};

/// A server over the usual corpus.
fn serve() -> Served {
    let world = World::indexed();
    Served {
        server: world.serve(),
        _world: world,
    }
}

/// A server, and the folder that it answers from.
struct Served {
    // Dropped first.
    server: Server,
    _world: World,
}

impl std::ops::Deref for Served {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

fn ids(answer: &Value) -> Vec<&str> {
    let hits = answer["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["id"].as_str().unwrap()).collect()
}

fn names(answer: &Value) -> Vec<&str> {
    let stages = answer["stages"].as_array().unwrap();
    stages
        .iter()
        .map(|stage| stage["name"].as_str().unwrap())
        .collect()
}

/// The names of an object's members, in order.
fn members(object: &Value) -> Vec<&str> {
    let mut members: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    members.sort_unstable();
    members
}

#[test]
fn a_search_answers_in_the_shape_that_scripts_rely_on() {
    let server = serve();
    let answer = server.search(&json!({ "query": "the moon and the sea" }));
    assert_eq!(
        members(&answer),
        ["hits", "partial", "query", "stages", "took_ms"]
    );
    assert_eq!(members(&answer["query"]), ["confidence", "lang"]);
    assert_eq!(answer["partial"], false);
    assert!(
        answer["took_ms"].as_f64().is_some_and(|ms| ms >= 0.0),
        "{answer}"
    );
    for stage in answer["stages"].as_array().unwrap() {
        assert_eq!(members(stage), ["candidates", "name", "took_ms"]);
        assert!(
            stage["took_ms"].is_number() && stage["candidates"].is_u64(),
            "{stage}"
        );
    }
    for (hit, rank) in answer["hits"].as_array().unwrap().iter().zip(1..) {
        assert_eq!(
            members(hit),
            ["id", "lang", "rank", "score", "snippet", "title"]
        );
        assert_eq!(hit["rank"], rank);
    }
    let best = &answer["hits"][0];
    assert_eq!(
        (&best["id"], &best["lang"], &best["title"]),
        (&"tides-en".into(), &"en".into(), &"Tides".into())
    );
    assert!(
        best["snippet"]
            .as_str()
            .unwrap()
            .contains("The moon lifts the sea"),
        "{best}"
    );
    let scores: Vec<f64> = answer["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

#[test]
fn every_mode_shows_its_stages() {
    let server = serve();
    for (mode, stages) in [
        ("lexical", &["lexical"][..]),
        ("dense", &["encode", "dense"]),
        ("hybrid", &["lexical", "encode", "dense", "fusion"]),
    ] {
        let answer = server.search(&json!({ "query": "moon", "mode": mode }));
        assert_eq!(names(&answer), stages, "{mode}");
        assert_eq!(ids(&answer)[0], "tides-en", "{mode}");
    }
    assert_eq!(
        names(&server.search(&json!({ "query": "moon" }))),
        ["lexical", "encode", "dense", "fusion"]
    );
}

#[test]
fn a_query_in_one_language_finds_documents_in_others() {
    let server = serve();
    let answer = server.search(&json!({ "query": "mwezi na bahari", "lang": "sw", "depth": 2 }));
    assert_eq!(ids(&answer), ["tides-en", "tides-de"]);
    let lexical =
        server.search(&json!({ "query": "mwezi na bahari", "lang": "sw", "mode": "lexical" }));
    let mut found = ids(&lexical);
    found.sort();
    assert_eq!(found, ["tides-de", "tides-en"]);
}

#[test]
fn the_language_of_a_query_is_detected_or_taken_as_given() {
    let server = serve();
    for request in [
        json!({ "query": "Πώς ανεβαίνει η θάλασσα" }),
        json!({ "query": "Πώς ανεβαίνει η θάλασσα", "lang": "auto" }),
    ] {
        let query = &server.search(&request)["query"];
        assert_eq!(query["lang"], "el");
        assert!(
            query["confidence"]
                .as_f64()
                .is_some_and(|sure| sure > 0.0 && sure <= 1.0),
            "{query}"
        );
    }
    for (given, lang) in [
        ("sw", "sw"),
        ("swa", "sw"),
        ("zh-Hant", "zh-Hant"),
        ("EN", "en"),
    ] {
        let query = &server.search(&json!({ "query": "moon", "lang": given }))["query"];
        assert_eq!(
            (&query["lang"], query["confidence"].as_f64()),
            (&lang.into(), Some(1.0))
        );
    }
}

#[test]
fn depth_bounds_the_hits() {
    let server = serve();
    for depth in [1, 3] {
        assert_eq!(
            ids(&server.search(&json!({ "query": "moon", "mode": "dense", "depth": depth }))).len(),
            depth
        );
    }
    assert!(ids(&server.search(&json!({ "query": "moon", "depth": 1000 }))).len() <= 8);
}

#[test]
fn an_explanation_adds_up() {
    let server = serve();
    let asked =
        json!({ "query": "moon horno mond", "fusion": { "method": "rrf" }, "explain": true });
    let answer = server.search(&asked);
    for hit in answer["hits"].as_array().unwrap() {
        let stages = hit["explain"].as_array().unwrap();
        let first = stages
            .iter()
            .filter(|stage| stage["stage"] == "lexical" || stage["stage"] == "dense");
        let expected: f64 = first
            .map(|stage| 1.0 / (60.0 + stage["rank"].as_f64().unwrap()))
            .sum();
        assert!(
            (hit["score"].as_f64().unwrap() - expected).abs() < 1e-6,
            "{hit}"
        );
    }
    let plain = server.search(&json!({ "query": "moon horno mond", "explain": false }));
    assert!(plain["hits"][0].get("explain").is_none(), "{plain}");
}

#[test]
fn reranking_is_a_stage_that_is_asked_for() {
    let server = serve();
    for rerank in [
        json!({}),
        json!({ "stack": "passages" }),
        json!({ "stack": "passages", "depth": 2 }),
    ] {
        let answer =
            server.search(&json!({ "query": "sea and moon", "rerank": rerank, "explain": true }));
        assert_eq!(names(&answer).last(), Some(&"rerank"), "{rerank}");
        assert_eq!(ids(&answer)[0], "tides-en", "{rerank}");
        let stages = answer["hits"][0]["explain"].as_array().unwrap();
        assert_eq!(stages.last().unwrap()["stage"], "rerank", "{rerank}");
    }
    let answer = server.search(&json!({ "query": "sea and moon", "rerank": false }));
    assert!(!names(&answer).contains(&"rerank"));
}

#[test]
fn a_deadline_that_is_kept_is_no_partial_answer() {
    let server = serve();
    let answer = server.search(
        &json!({ "query": "moon", "timeout_ms": 60_000, "rerank": { "stack": "passages" } }),
    );
    assert_eq!(
        (&answer["partial"], names(&answer).last()),
        (&false.into(), Some(&"rerank"))
    );
}

/// Hits whose scores are as precise as they were found.
fn rounded(hits: &[Value]) -> Vec<Value> {
    let mut hits = hits.to_vec();
    for hit in &mut hits {
        hit["score"] = json!(hit["score"].as_f64().unwrap() as f32);
    }
    hits
}

#[test]
fn http_and_the_command_line_answer_alike() {
    let world = World::indexed();
    let server = world.serve();
    for mode in ["lexical", "dense", "hybrid"] {
        let answer = server.search(&json!({ "query": "the moon and bread", "mode": mode }));
        let shown = world.hits(
            &format!("--index index --mode {mode}"),
            "the moon and bread",
        );
        let hits = answer["hits"].as_array().unwrap();
        assert_eq!(rounded(hits), rounded(&shown), "{mode}");
    }
}

#[test]
fn queries_of_any_text_are_answered() {
    let server = serve();
    for query in [
        "???",
        "🌍🌎",
        "\u{0}",
        "\u{202e}moon\u{202c}",
        "a\nb\tc",
        "\"quoted\" AND (NOT +moon) title:x^2 *",
    ] {
        for mode in ["lexical", "dense", "hybrid"] {
            server.search(&json!({ "query": query, "mode": mode, "explain": true, "rerank": { "stack": "passages" } }));
        }
    }
}

#[test]
fn many_clients_get_the_answers_of_one() {
    let server = serve();
    let request = json!({ "query": "moon and bread", "depth": 8 });
    let expected = server.search(&request)["hits"].clone();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..8 {
                    assert_eq!(server.search(&request)["hits"], expected);
                }
            });
        }
    });
}

#[test]
fn a_document_is_found_by_its_id() {
    let server = serve();
    let answer = server.get("/v1/documents/tides-en");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    let expected = json!({
        "id": "tides-en", "lang": "en", "title": "Tides", "meta": { "year": 1999 },
        "text": "The moon lifts the sea twice a day. Sailors keep a table of its hours.",
    });
    assert_eq!(answer.json(), expected);
}

#[test]
fn an_id_may_hold_whatever_a_corpus_puts_there() {
    let world = World::new();
    let ids = [
        "a/b",
        "http://x.example/?q=1&r=2#top",
        "100%",
        "茶",
        "..",
        "a+b",
        "%2F",
    ];
    let corpus: String = ids.iter().map(|id| document(id, "Brot", "de")).collect();
    world.write("odd.jsonl", corpus);
    world.xenoglot("index odd.jsonl --index index").succeeds();
    let server = world.serve();
    for id in ids {
        let escaped: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = server.tell(
            format!("GET /v1/documents/{escaped} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .as_bytes(),
        );
        assert_eq!(answer.status, 200, "{id}: {answer:?}");
        assert_eq!(answer.json()["id"], id);
    }
}

#[test]
fn a_document_that_is_not_there_is_a_404_that_names_it() {
    let server = serve();
    let problem = server.get("/v1/documents/no-such-thing").is_problem(404);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("no-such-thing"),
        "{problem}"
    );
}

#[test]
fn an_id_that_is_not_text_is_a_problem_and_no_secret_of_a_library() {
    let server = serve();
    let answer = server
        .tell(b"GET /v1/documents/%FF HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    answer.is_problem(if answer.status == 404 { 404 } else { 400 });
}

#[test]
fn health_says_that_it_is_up_and_with_what() {
    let answer = serve().get("/health");
    assert_eq!(answer.status, 200);
    let health = answer.json();
    assert_eq!(
        (&health["status"], &health["n_docs"], &health["encoder"]),
        (&"ok".into(), &8.into(), &"toy".into())
    );
}

#[test]
fn a_request_keeps_its_id_or_gets_one() {
    let server = serve();
    for (path, status) in [
        ("/health", 200),
        ("/v1/documents/no-such", 404),
        ("/nowhere", 404),
        ("/v1/search", 405),
    ] {
        let request = Request::get(path)
            .header("x-request-id", "trace-me-7")
            .body(Vec::new())
            .unwrap();
        let answer = server.ask(request);
        assert_eq!(
            (answer.status, answer.header("x-request-id")),
            (status, "trace-me-7"),
            "{path}"
        );
        assert!(
            !server.get(path).header("x-request-id").is_empty(),
            "{path}"
        );
    }
}

#[test]
fn one_connection_carries_many_requests() {
    let server = serve();
    let mut stream = BufReader::new(server.connect());
    for _ in 0..3 {
        stream
            .get_mut()
            .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .unwrap();
        assert_eq!(read_answer(&mut stream).status, 200);
    }
}

/// A request whose head the server has read and whose body it waits for: it said so with a 100.
#[cfg(unix)]
fn begin_request(server: &Server, body: &str) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(server.connect());
    let head = format!(
        "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.get_mut().write_all(head.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).status, 100);
    stream
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_finishes_what_it_has_begun() {
    for signal in ["TERM", "INT"] {
        let server = serve();
        let body = json!({ "query": "moon" }).to_string();
        let mut stream = begin_request(&server, &body);
        server.signal(signal);
        // It has heard the signal when it takes no new connection.
        while TcpStream::connect(server.address()).is_ok() {
            std::thread::yield_now();
        }
        stream.get_mut().write_all(body.as_bytes()).unwrap();
        let answer = read_answer(&mut stream);
        assert_eq!(
            (answer.status, ids(&answer.json())[0]),
            (200, "tides-en"),
            "{signal}"
        );
        let (code, stderr) = server.server.finish();
        assert_eq!(code, Some(0), "{signal}: {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_at_once_stops() {
    let server = serve();
    server.signal("TERM");
    let (code, stderr) = server.server.finish();
    assert_eq!(code, Some(0), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_idle_connection_does_not_keep_a_server_that_is_told_to_stop() {
    let server = serve();
    let mut stream = BufReader::new(server.connect());
    stream
        .get_mut()
        .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    assert_eq!(read_answer(&mut stream).status, 200);
    server.signal("TERM");
    // The server closes it, which is what ends the reading.
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert_eq!(server.server.finish().0, Some(0));
}
