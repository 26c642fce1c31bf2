//! Several collections behind one server: made, written, searched side by side and deleted.

use super::*;

/// A server over a folder of collections, which begins empty.
fn serve_folder() -> Served {
    let world = World::new();
    let server = Server::start(
        world.xenoglot("serve --collections all --writable --refresh-ms 50 --bind 127.0.0.1:0"),
    );
    Served {
        server,
        _world: world,
    }
}

fn put(server: &Server, path: &str, body: &str) -> Answer {
    let request = Request::put(path).header("content-type", "application/json");
    server.ask(request.body(body.into()).unwrap())
}

fn delete(server: &Server, path: &str) -> Answer {
    server.ask(Request::delete(path).body(Vec::new()).unwrap())
}

fn names_of(server: &Server) -> Vec<String> {
    let list = server.get("/v1/collections").json();
    let list = list["collections"].as_array().unwrap();
    list.iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn collections_are_made_written_searched_and_deleted() {
    let server = serve_folder();
    assert!(names_of(&server).is_empty());
    for name in ["news", "books"] {
        let made = put(&server, &format!("/v1/collections/{name}"), "{}");
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(
            (&made.json()["name"], &made.json()["documents"]),
            (&name.into(), &0.into())
        );
    }
    assert_eq!(names_of(&server), ["books", "news"]);

    let written = server.post(
        "/v1/collections/news/documents?refresh=true",
        document("tides", "The moon lifts the sea.", "en"),
    );
    assert_eq!(written.json()["created"], 1, "{}", written.text);
    let found = |name: &str| {
        let path = format!("/v1/collections/{name}/search");
        let answer = server
            .post(&path, json!({ "query": "moon" }).to_string())
            .json();
        ids(&answer).len()
    };
    assert_eq!((found("news"), found("books")), (1, 0));
    assert_eq!(
        server.get("/v1/collections/news/documents/tides").json()["id"],
        "tides"
    );
    server
        .get("/v1/collections/books/documents/tides")
        .is_problem(404);

    let info = server.get("/v1/collections/news").json();
    assert_eq!(
        (&info["documents"], &info["languages"]["en"]),
        (&1.into(), &1.into())
    );
    assert_eq!(info["writable"], true);
    assert!(
        info["size_bytes"].as_u64().unwrap() > 0 && info["generation"].as_u64().unwrap() > 1,
        "{info}"
    );

    assert_eq!(delete(&server, "/v1/collections/news").status, 204);
    assert_eq!(names_of(&server), ["books"]);
    server
        .post("/v1/collections/news/search", r#"{"query": "moon"}"#)
        .is_problem(404);
    delete(&server, "/v1/collections/news").is_problem(404);
    // Its name is free, and nothing of it is left.
    assert_eq!(put(&server, "/v1/collections/news", "{}").status, 201);
    assert_eq!(found("news"), 0);
}

#[test]
fn collections_are_there_again_after_a_restart() {
    let world = World::new();
    let serve =
        || Server::start(world.xenoglot("serve --collections all --writable --bind 127.0.0.1:0"));
    let server = serve();
    put(
        &server,
        "/v1/collections/default",
        r#"{"vectors": "fp16", "passages": {"tokens": 32}}"#,
    );
    // Paths that name no collection mean this one.
    let written = server.post(
        "/v1/documents",
        document("tides", "The moon lifts the sea.", "en"),
    );
    assert_eq!(written.json()["created"], 1, "{}", written.text);
    drop(server);
    let server = serve();
    assert_eq!(ids(&server.search(&json!({ "query": "moon" }))), ["tides"]);
    // What was about to be removed when the server was killed goes.
    drop(server);
    std::fs::rename(
        world.path("all/default"),
        world.path("all/.deleted-default"),
    )
    .unwrap();
    assert!(names_of(&serve()).is_empty());
    assert!(!world.path("all/.deleted-default").exists());
}

#[test]
fn what_cannot_be_a_collection_is_refused_and_leaves_nothing() {
    let server = serve_folder();
    put(&server, "/v1/collections/news", "{}");
    put(&server, "/v1/collections/news", "{}").is_problem(409);
    for name in [
        "..%2Fother",
        "%2e%2e",
        "News",
        "a.b",
        "-a",
        "%00",
        "%C3%A9",
        &"a".repeat(65),
    ] {
        put(&server, &format!("/v1/collections/{name}"), "{}").is_problem(422);
    }
    for (body, field) in [
        (r#"{"vectors": "fp64"}"#, "vectors"),
        (r#"{"passages": {"tokens": 3}}"#, "passages"),
        (r#"{"passages": {"tokens": 64, "stride": 65}}"#, "passages"),
        (r#"{"colour": "red"}"#, "colour"),
    ] {
        let answer = put(&server, "/v1/collections/other", body);
        answer.is_problem(422);
        assert_eq!(answer.json()["field"], field, "{}", answer.text);
    }
    assert_eq!(names_of(&server), ["news"]);
}

#[test]
fn a_server_over_one_index_makes_and_deletes_no_collections() {
    let server = serve();
    assert_eq!(names_of(&server), ["default"]);
    assert_eq!(server.get("/v1/collections/default").json()["documents"], 8);
    put(&server, "/v1/collections/other", "{}").is_problem(403);
    delete(&server, "/v1/collections/default").is_problem(403);
    let answer = server.post("/v1/collections/default/search", r#"{"query": "moon"}"#);
    assert_eq!(ids(&answer.json())[0], "tides-en");
}

#[test]
fn several_searches_in_one_request_each_have_an_answer_or_a_problem() {
    let server = serve();
    let searches = json!({ "searches": [
        { "query": "moon", "depth": 1 },
        { "query": "moon", "mode": "lexical", "collection": "default" },
        { "query": "moon", "collection": "no-such" },
        { "query": "moon", "depth": 0 },
        { "query": "Mond", "lang": "de", "mode": "dense", "depth": 3 },
    ]});
    let answer = server.post("/v1/multi-search", searches.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(ids(&results[0]), ["tides-en"]);
    assert_eq!(names(&results[1]), ["lexical"]);
    assert_eq!(results[2]["status"], 404);
    assert_eq!(
        (&results[3]["status"], &results[3]["field"]),
        (&422.into(), &"depth".into())
    );
    assert_eq!(
        (ids(&results[4]).len(), &results[4]["query"]["lang"]),
        (3, &"de".into())
    );
    server
        .post("/v1/multi-search", r#"{"searches": []}"#)
        .is_problem(422);
    let many = json!({ "searches": vec![json!({ "query": "moon" }); 17] });
    server
        .post("/v1/multi-search", many.to_string())
        .is_problem(422);
    // What is no search at all is told with its place.
    let answer = server.post(
        "/v1/multi-search",
        r#"{"searches": [{"query": "a"}, {"query": 3}]}"#,
    );
    answer.is_problem(422);
    assert_eq!(answer.json()["field"], "searches[1].query");
}
