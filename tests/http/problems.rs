//! Every way to ask wrongly, and the problem details that answer it.

use super::*;

#[test]
fn an_unknown_path_is_a_404() {
    let server = serve();
    for path in [
        "/v1",
        "/v1/searches",
        "/v1/search/",
        "/v1/papers",
        "/v1/documents/a/b",
        "/v2/search",
    ] {
        server.get(path).is_problem(404);
        server.post(path, "{}").is_problem(404);
    }
}

#[test]
fn a_wrong_method_is_a_405_that_says_which_are_right() {
    let server = serve();
    for (method, path, allowed) in [
        ("GET", "/v1/search", "POST"),
        ("PUT", "/v1/search", "POST"),
        ("DELETE", "/health", "GET"),
        ("POST", "/v1/documents/tides-en", "GET"),
    ] {
        let answer = server.ask(
            Request::builder()
                .method(method)
                .uri(path)
                .body(Vec::new())
                .unwrap(),
        );
        answer.is_problem(405);
        assert!(
            answer.header("allow").contains(allowed),
            "{method} {path}: {answer:?}"
        );
    }
}

#[test]
fn a_body_that_is_not_json_by_its_type_is_a_415() {
    let server = serve();
    let body = || json!({ "query": "moon" }).to_string().into_bytes();
    server
        .ask(Request::post("/v1/search").body(body()).unwrap())
        .is_problem(415);
    for (given, status) in [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonl", 415),
        ("", 415),
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
    ] {
        let answer = server.ask(
            Request::post("/v1/search")
                .header("content-type", given)
                .body(body())
                .unwrap(),
        );
        assert_eq!(answer.status, status, "{given}: {answer:?}");
        if status == 415 {
            answer.is_problem(415);
        }
    }
}

#[test]
fn a_body_that_does_not_parse_is_a_400() {
    let server = serve();
    for body in [
        "",
        "{",
        "query=moon",
        "{\"query\":\"moon\"}}",
        "{\"query\":\"\\ud800\"}",
    ] {
        server.post("/v1/search", body).is_problem(400);
    }
    server
        .post("/v1/search", b"{\"query\":\"f\xfcnf\"}")
        .is_problem(400);
    // However deep it goes wrong, the server stands.
    let nested = server.post("/v1/search", "[".repeat(100_000));
    nested.is_problem(if nested.status == 422 { 422 } else { 400 });
    server.search(&json!({ "query": "moon" }));
}

#[track_caller]
fn check_field(server: &Server, request: &Value, field: &str) {
    let problem = server
        .post("/v1/search", request.to_string())
        .is_problem(422);
    assert_eq!(problem["field"], field, "{request}: {problem}");
}

#[test]
fn empty_query_is_a_422_that_names_the_field() {
    let server = serve();
    check_field(&server, &json!({ "query": "" }), "query");
    check_field(&server, &json!({ "query": " \t\n " }), "query");
    check_field(
        &server,
        &json!({ "query": "moon ".repeat(20_000) }),
        "query",
    );
}

#[test]
fn a_missing_or_unknown_field_is_a_422_that_names_it() {
    let server = serve();
    check_field(&server, &json!({}), "query");
    check_field(&server, &json!({ "depth": 3 }), "query");
    check_field(
        &server,
        &json!({ "query": "moon", "colour": "red" }),
        "colour",
    );
    check_field(&server, &json!({ "query": "moon", "Depth": 3 }), "Depth");
}

#[test]
fn a_field_of_the_wrong_type_is_a_422_that_names_it() {
    let server = serve();
    for (field, value) in [
        ("query", json!(7)),
        ("query", json!(null)),
        ("lang", json!(7)),
        ("mode", json!(["dense"])),
        ("mode", json!(7)),
        ("mode", json!({ "dense": null })),
        ("depth", json!("ten")),
        ("depth", json!(1.5)),
        ("explain", json!("yes")),
        ("timeout_ms", json!("1s")),
        ("rerank", json!("passages")),
        ("rerank", json!(3)),
    ] {
        let mut request = json!({ "query": "moon" });
        request[field] = value;
        check_field(&server, &request, field);
    }
}

#[test]
fn a_value_out_of_range_is_a_422_that_names_its_field() {
    let server = serve();
    for (field, value) in [
        ("lang", json!("klingon")),
        ("lang", json!("")),
        ("mode", json!("fuzzy")),
        ("depth", json!(0)),
        ("depth", json!(-1)),
        ("depth", json!(1_000_000_000)),
        ("depth", json!(1e30)),
        ("timeout_ms", json!(0)),
        ("timeout_ms", json!(-5)),
    ] {
        let mut request = json!({ "query": "moon" });
        request[field] = value;
        check_field(&server, &request, field);
    }
}

#[test]
fn a_wrong_rerank_is_a_422_that_names_the_field_inside() {
    let server = serve();
    for (rerank, field) in [
        (json!({ "stack": "nothing-of-ours" }), "rerank.stack"),
        (json!({ "depth": 0 }), "rerank.depth"),
        (json!({ "depth": 1_000_000_000 }), "rerank.depth"),
    ] {
        check_field(
            &server,
            &json!({ "query": "moon", "rerank": rerank }),
            field,
        );
    }
    for rerank in [json!({ "dept": 5 }), json!({ "depth": "ten" })] {
        let request = json!({ "query": "moon", "rerank": rerank });
        let problem = server
            .post("/v1/search", request.to_string())
            .is_problem(422);
        assert!(
            problem["field"]
                .as_str()
                .is_some_and(|field| field.starts_with("rerank")),
            "{problem}"
        );
    }
}

#[test]
fn a_body_that_is_no_object_is_a_422() {
    let server = serve();
    for body in [
        "[]",
        "\"moon\"",
        "7",
        "null",
        "[\"moon\",\"auto\",\"hybrid\",10,false,false,1000]",
    ] {
        server.post("/v1/search", body).is_problem(422);
    }
}

#[test]
fn a_body_that_is_too_large_is_a_413() {
    let server = serve();
    let body = json!({ "query": "x".repeat(8 << 20) }).to_string();
    let head = "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let sized = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    server.tell(sized.as_bytes()).is_problem(413);
    // Nor does one that keeps its size to itself get by.
    let chunked = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    server.tell(chunked.as_bytes()).is_problem(413);
    server.search(&json!({ "query": "moon" }));
}

#[test]
fn a_search_that_finds_no_place_is_a_429_that_says_when_to_come_again() {
    let world = World::new();
    world
        .xenoglot("index - --index index")
        .input(many("d", 2_000))
        .succeeds();
    let serve = "serve --index index --bind 127.0.0.1:0 --max-searches 1 --max-waiting 1";
    let server = Server::start(world.xenoglot(serve));
    let body = json!({ "query": "loaf of bread", "depth": 1_000, "rerank": { "stack": "passages", "depth": 1_000 } });
    let refused: Mutex<Option<Answer>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            // A place to run and one to wait, and eight who ask until one of them finds both taken.
            scope.spawn(|| {
                for _ in 0..200 {
                    if refused.lock().unwrap().is_some() {
                        break;
                    }
                    let answer = server.post("/v1/search", body.to_string());
                    if answer.status != 200 {
                        *refused.lock().unwrap() = Some(answer);
                    }
                }
            });
        }
    });
    let refused = refused.into_inner().unwrap().expect("nobody was refused");
    refused.is_problem(429);
    assert!(
        refused.header("retry-after").parse::<u32>().is_ok(),
        "{refused:?}"
    );
    // Whoever waits until nobody else asks finds a place.
    server.search(&body);
    assert_eq!(server.get("/health").status, 200);
}
