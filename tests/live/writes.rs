//! Documents added, replaced and deleted, over HTTP and on the command line.

use serde_json::{Value, json};
use ureq::http::Request;

use crate::support::{Answer, Server, World, many};

/// Serves `index/` for writing.
pub(super) fn serve(world: &World) -> Server {
    let args = "serve --index index --bind 127.0.0.1:0 --writable --refresh-ms 100";
    Server::start(world.xenoglot(args))
}

fn lines(docs: &[Value]) -> String {
    docs.iter().map(|doc| format!("{doc}\n")).collect()
}

/// Writes documents and waits until searches find them.
pub(super) fn put(server: &Server, docs: &[Value]) -> Answer {
    let request = Request::post("/v1/documents?refresh=true");
    let request = request.header("content-type", "application/x-ndjson");
    server.ask(request.body(lines(docs).into_bytes()).unwrap())
}

fn delete(server: &Server, id: &str) -> Answer {
    let request = Request::delete(format!("/v1/documents/{id}?refresh=true"));
    server.ask(request.body(Vec::new()).unwrap())
}

/// The ids that a search finds, best first.
fn found(server: &Server, request: Value) -> Vec<String> {
    let answer = server.search(&request);
    let hits = answer["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn documents_come_change_and_go_over_http() {
    let world = World::indexed();
    let server = serve(&world);
    let before = server.get("/health").json()["n_docs"].as_u64().unwrap();
    let answer = put(
        &server,
        &[
            json!({ "id": "new-1", "text": "music crossing", "lang": "en" }),
            json!({ "id": "bad", "text": 7 }),
            json!({ "id": "tides-en", "text": "music stripes", "lang": "en", "meta": { "year": 1999 } }),
        ],
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    assert_eq!(
        [&answer["created"], &answer["updated"], &answer["failed"]],
        [1, 1, 1]
    );
    let results = &answer["results"];
    assert_eq!(
        results[0],
        json!({ "line": 1, "id": "new-1", "status": "created" })
    );
    assert_eq!(results[1]["field"], "text");
    assert_eq!(results[2]["status"], "updated");

    for mode in ["lexical", "dense", "hybrid"] {
        let mut ids = found(
            &server,
            json!({ "query": "music", "mode": mode, "lang": "en", "depth": 2 }),
        );
        ids.sort();
        assert_eq!(ids, ["new-1", "tides-en"], "{mode}");
    }
    assert!(
        !found(&server, json!({ "query": "sailors", "mode": "lexical" }))
            .contains(&"tides-en".into())
    );
    let filtered = json!({ "query": "music", "lang": "en", "filter": { "year": { "lt": 2000 } } });
    assert_eq!(found(&server, filtered), ["tides-en"]);
    assert_eq!(
        server.get("/v1/documents/tides-en").json()["text"],
        "music stripes"
    );

    assert_eq!(delete(&server, "new-1").status, 204);
    delete(&server, "new-1").is_problem(404);
    assert_eq!(server.get("/v1/documents/new-1").status, 404);
    let gone = server.post(
        "/v1/documents/delete?refresh=true",
        r#"{"filter": {"year": 1999}}"#,
    );
    assert_eq!(gone.json(), json!({ "deleted": 1, "missing": 0 }));
    assert_eq!(server.get("/health").json()["n_docs"], before - 1);
    let left = found(
        &server,
        json!({ "query": "music", "mode": "lexical", "lang": "en" }),
    );
    assert!(
        !left.contains(&"new-1".into()) && !left.contains(&"tides-en".into()),
        "{left:?}"
    );
}

#[test]
fn an_array_and_one_object_are_documents_too() {
    let world = World::indexed();
    let server = serve(&world);
    let array = json!([{ "id": "a", "text": "music" }, { "id": "b", "text": "music" }]);
    let answer = server.post("/v1/documents", array.to_string());
    assert_eq!(answer.json()["created"], 2);
    let answer = server.post("/v1/documents", r#"{"id": "a", "text": "music"}"#);
    assert_eq!(answer.json()["updated"], 1);
}

#[test]
fn what_cannot_be_written_is_a_problem_that_names_it() {
    let world = World::indexed();
    let server = serve(&world);
    server.post("/v1/documents", "[{").is_problem(400);
    let request = Request::post("/v1/documents").header("content-type", "text/plain");
    server
        .ask(request.body(b"x".to_vec()).unwrap())
        .is_problem(415);
    let request = Request::post("/v1/documents").header("content-type", "application/x-ndjson");
    server
        .ask(request.body(b"\xff".to_vec()).unwrap())
        .is_problem(400);
    server
        .post("/v1/documents?refresh=maybe", "[]")
        .is_problem(400);
    let problem = server.post("/v1/documents/delete", "{}").is_problem(422);
    assert_eq!(problem["field"], "ids");
    let wrong = json!({ "query": "x", "filter": { "year": { "above": 3 } } });
    let problem = server.post("/v1/search", wrong.to_string()).is_problem(422);
    assert_eq!(problem["field"], "filter");
    assert!(
        problem["detail"].as_str().unwrap().contains("above"),
        "{problem}"
    );
}

#[test]
fn a_request_has_a_hundred_thousand_documents_at_most() {
    let world = World::indexed();
    let server = serve(&world);
    for (content_type, body) in [
        ("application/x-ndjson", "1\n".repeat(100_001)),
        ("application/json", format!("[{}1]", "1,".repeat(100_000))),
    ] {
        let request = Request::post("/v1/documents").header("content-type", content_type);
        let answer = server.ask(request.body(body.into_bytes()).unwrap());
        answer.is_problem(413);
        assert!(answer.text.contains("100000 documents"), "{}", answer.text);
    }
}

#[test]
fn a_server_that_only_reads_says_so() {
    let world = World::indexed();
    let server = world.serve();
    server.post("/v1/documents", "[]").is_problem(403);
    // Others may read and write meanwhile.
    world.write("more.jsonl", many("more", 3));
    world
        .xenoglot("index add more.jsonl --index index")
        .succeeds();
}

#[test]
fn documents_are_added_and_deleted_on_the_command_line() {
    let world = World::new();
    world
        .xenoglot("index add corpus.jsonl --index index")
        .succeeds();
    world.write("more.jsonl", many("more", 300));
    world
        .xenoglot("index add more.jsonl --index index")
        .succeeds()
        .says("300 documents added");
    world
        .xenoglot("index add more.jsonl --index index")
        .succeeds()
        .says("300 replaced");
    assert_eq!(
        world.ids("--index index --mode lexical", "sailors"),
        ["tides-en"]
    );
    world
        .xenoglot("index delete tides-en --index index")
        .succeeds()
        .says("1 documents deleted");
    assert!(
        world
            .ids("--index index --mode lexical", "sailors")
            .is_empty()
    );
    world
        .xenoglot("index delete tides-en --index index")
        .fails()
        .says("tides-en");
    world
        .xenoglot("index delete --index index --filter")
        .arg(r#"{"lang": "en"}"#)
        .succeeds();
    let hits = world.hits("--index index --depth 1000", "bread");
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit["lang"] != "en"));
    let only = world.hits(r#"--index index --filter {"lang":"ru"}"#, "chess");
    assert!(!only.is_empty() && only.iter().all(|hit| hit["lang"] == "ru"));
    world
        .xenoglot("search x --index index --filter")
        .arg("{")
        .misused()
        .says("filter");
}

#[test]
fn one_process_writes() {
    let world = World::indexed();
    let server = serve(&world);
    world.write("more.jsonl", many("more", 3));
    world
        .xenoglot("index add more.jsonl --index index")
        .fails()
        .says("another process");
    drop(server);
    world
        .xenoglot("index add more.jsonl --index index")
        .succeeds();
}

#[test]
fn a_document_that_is_split_shows_its_nearest_passage() {
    let world = World::new();
    let filler = "Nothing of note is said in this sentence at all. ".repeat(30);
    let text = format!("{filler} The moon lifts the sea. {filler}");
    let docs = lines(&[
        json!({ "id": "long", "text": text, "lang": "en" }),
        json!({ "id": "short", "text": "Bread is baked.", "lang": "en" }),
    ]);
    world.write("long.jsonl", docs);
    world
        .xenoglot("index long.jsonl --index index --passage-tokens 24 --stride 16")
        .succeeds();
    let info = world
        .xenoglot("index info --index index --json")
        .succeeds()
        .json_lines();
    assert!(info[0]["segments"][0]["n_vectors"].as_u64().unwrap() > 10);
    let hits = world.hits(
        "--index index --mode dense --depth 1",
        "the moon lifts the sea",
    );
    assert_eq!(hits[0]["id"], "long");
    assert!(
        hits[0]["snippet"]
            .as_str()
            .unwrap()
            .contains("The moon lifts the sea."),
        "{hits:?}"
    );
}
