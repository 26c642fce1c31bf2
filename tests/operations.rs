//! What somebody needs who runs a server for others: settings, logs, metrics, traces, health; completions and the manual.

mod settings;
mod traces;

use serde_json::{Value, json};
use ureq::http::Request;

use crate::support::{Server, World};

/// A server with more flags.
fn serve(world: &World, flags: &str) -> Server {
    let command = format!("serve --index index --bind 127.0.0.1:0 {flags}");
    Server::start(world.xenoglot(&command))
}

/// What a server that was asked a few things logs.
fn logged(flags: &str) -> String {
    let world = World::indexed();
    let server = serve(&world, flags);
    let search = Request::post("/v1/search?secret=parameter")
        .header("content-type", "application/json")
        .header("authorization", "Bearer secret-key")
        .header("x-request-id", "trace-me-7");
    let body = json!({ "query": "secret moon" }).to_string();
    server.ask(search.body(body.into_bytes()).unwrap());
    server.get("/no/such/path");
    let rude = Request::get("/health").header("x-request-id", "x".repeat(500));
    let answer = server.ask(rude.body(Vec::new()).unwrap());
    assert!(answer.header("x-request-id").len() < 100);
    server.signal("TERM");
    let (code, stderr) = server.finish();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
    assert!(!stderr.contains("xxxxxxxx"), "{stderr}");
    stderr
}

#[cfg(unix)]
#[test]
fn every_request_is_one_line_of_json_where_that_is_asked_for() {
    let stderr = logged("--log-format json");
    let lines: Vec<Value> = stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let answered: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"] == "answered")
        .collect();
    assert_eq!(answered.len(), 3, "{stderr}");
    let search = answered[0];
    assert_eq!(search["method"], "POST");
    assert_eq!(search["path"], "/v1/search");
    assert_eq!(search["status"], 200);
    assert_eq!(search["id"], "trace-me-7");
    assert!(search["took_ms"].is_f64(), "{search}");
    assert_eq!(search["level"], "INFO");
    assert!(search["timestamp"].is_string(), "{search}");
    assert_eq!(answered[1]["status"], 404);
}

#[cfg(unix)]
#[test]
fn every_request_is_one_line_for_people() {
    let stderr = logged("");
    let answered: Vec<&str> = stderr
        .lines()
        .filter(|line| line.contains("answered"))
        .collect();
    assert_eq!(answered.len(), 3, "{stderr}");
    for part in ["POST", "/v1/search", "status=200", "trace-me-7", "took_ms="] {
        assert!(answered[0].contains(part), "{part}: {}", answered[0]);
    }
}

#[cfg(unix)]
#[test]
fn a_log_of_warnings_has_no_line_for_a_request() {
    assert_eq!(logged("--log warn --log-format json"), "");
}

/// The value of a metric.
#[track_caller]
fn metric(server: &Server, name: &str) -> f64 {
    let text = server.get("/metrics").text;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
    value.trim().parse().unwrap()
}

#[test]
fn metrics_move_as_requests_come() {
    let world = World::indexed();
    let server = serve(&world, "--writable --refresh-ms 1");
    let answer = server.get("/metrics");
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let docs = "xenoglot_collection_documents{collection=\"default\"}";
    let before = metric(&server, docs);
    assert!(before > 0.0);
    for _ in 0..3 {
        server.search(&json!({ "query": "moon" }));
    }
    server.post("/v1/search", "{}");
    server.get("/no/such/path");
    server.get("/v1/documents/tides-en");
    let document = json!({ "id": "new", "text": "a new one" }).to_string();
    server.post("/v1/documents?refresh=true", &document);
    server.post("/v1/documents?refresh=true", &document);
    server.post("/v1/documents", r#"{"id": 5}"#);
    for (name, expected) in [
        (
            r#"xenoglot_http_requests_total{method="POST",route="/v1/search",status="200"}"#,
            3.0,
        ),
        (
            r#"xenoglot_http_requests_total{method="POST",route="/v1/search",status="422"}"#,
            1.0,
        ),
        (
            r#"xenoglot_http_requests_total{method="GET",route="none",status="404"}"#,
            1.0,
        ),
        (
            r#"xenoglot_http_requests_total{method="GET",route="/v1/documents/{id}",status="200"}"#,
            1.0,
        ),
        (
            r#"xenoglot_http_request_duration_seconds_count{route="/v1/search"}"#,
            4.0,
        ),
        ("xenoglot_searches_total", 3.0),
        ("xenoglot_partial_searches_total", 0.0),
        (
            r#"xenoglot_search_stage_duration_seconds_count{stage="lexical"}"#,
            3.0,
        ),
        (
            r#"xenoglot_documents_written_total{outcome="created"}"#,
            1.0,
        ),
        (
            r#"xenoglot_documents_written_total{outcome="updated"}"#,
            1.0,
        ),
        (r#"xenoglot_documents_written_total{outcome="failed"}"#, 1.0),
        // The one that asks.
        ("xenoglot_http_requests_in_flight", 1.0),
        (docs, before + 1.0),
    ] {
        assert_eq!(metric(&server, name), expected, "{name}");
    }
    assert!(
        metric(
            &server,
            "xenoglot_collection_size_bytes{collection=\"default\"}"
        ) > 0.0
    );
    assert!(metric(&server, "process_start_time_seconds") > 1.7e9);
}

#[test]
fn metrics_come_as_openmetrics_to_who_asks_for_it() {
    let world = World::indexed();
    let server = world.serve();
    let request =
        Request::get("/metrics").header("accept", "application/openmetrics-text;version=1.0.0");
    let answer = server.ask(request.body(Vec::new()).unwrap());
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(answer.text.ends_with("# EOF\n"), "{}", answer.text);
}

#[test]
fn a_server_that_listens_lives_and_is_ready() {
    let world = World::indexed();
    let server = world.serve();
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}

#[test]
fn every_shell_has_its_completions() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = world.xenoglot("completions").arg(shell).succeeds();
        for word in ["xenoglot", "serve", "otlp-endpoint"] {
            assert!(ran.stdout.contains(word), "{shell} knows nothing of {word}");
        }
    }
    world
        .xenoglot("completions tcsh")
        .misused()
        .says("powershell");
}

#[test]
fn every_command_has_its_page_in_the_manual() {
    let world = World::new();
    world.xenoglot("man pages").succeeds();
    let pages = world.names("pages");
    for page in [
        "xenoglot.1",
        "xenoglot-serve.1",
        "xenoglot-index-add.1",
        "xenoglot-config-show.1",
    ] {
        assert!(pages.iter().any(|own| own == page), "{pages:?}");
        assert!(
            world
                .read(&format!("pages/{page}"))
                .contains(".TH xenoglot"),
            "{page}"
        );
    }
    world.xenoglot("man").succeeds().prints(".TH xenoglot");
}
