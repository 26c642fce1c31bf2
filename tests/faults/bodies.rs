//! Bodies that are too large, without end, or not what they should be.

use super::*;

const MEBIBYTE: usize = 1 << 20;

/// Sends a head and `n_chunks` of a mebibyte, all of it whatever the server says meanwhile, and returns its answer.
#[track_caller]
fn pour(server: &Server, head: &str, n_chunks: usize, is_chunked: bool) -> Answer {
    let stream = server.connect();
    let mut sending = &stream;
    let mut chunk = vec![b' '; MEBIBYTE];
    if is_chunked {
        chunk.splice(0..0, format!("{MEBIBYTE:x}\r\n").into_bytes());
        chunk.extend(b"\r\n");
    }
    sending.write_all(head.as_bytes()).unwrap();
    for _ in 0..n_chunks {
        if sending.write_all(&chunk).is_err() {
            break;
        }
    }
    answer(&stream)
}

fn head(path: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
    )
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_megabytes_are_refused_in_words_and_cost_no_memory() {
    let world = World::indexed();
    let server = serve(&world, "--writable");
    server.search(&json!({ "query": "moon" }));
    let before = memory(&server, "VmHWM");
    for (path, limit) in [("/v1/search", MEBIBYTE), ("/v1/documents", 32 * MEBIBYTE)] {
        let start = Instant::now();
        let length = format!("content-length: {}", 100 * MEBIBYTE);
        let answer = pour(&server, &head(path, &length), 100, false);
        let problem = answer.is_problem(413);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("{limit} bytes")), "{detail}");
        eprintln!(
            "100 MB to {path}: 413 after {:.0} ms",
            start.elapsed().as_secs_f64() * 1e3
        );
    }
    let grown = memory(&server, "VmHWM").saturating_sub(before);
    eprintln!("memory grew by {} KiB", grown >> 10);
    assert!(grown < 8 << 20, "{grown}");
    server.search(&json!({ "query": "moon" }));
}

#[cfg(target_os = "linux")]
#[test]
fn bodies_without_end_are_refused_and_their_memory_is_bounded() {
    let world = World::indexed();
    let server = serve(&world, "--writable");
    server.search(&json!({ "query": "moon" }));
    let before = memory(&server, "VmHWM");
    let (n_clients, n_chunks) = (size(4, 16), size(40, 100));
    let start = Instant::now();
    let took = searches_meanwhile(&server, || {
        std::thread::scope(|scope| {
            for _ in 0..n_clients {
                scope.spawn(|| {
                    let head = head("/v1/documents", "transfer-encoding: chunked");
                    let answer = pour(&server, &head, n_chunks, true);
                    // Too large by itself, or one too many of its like.
                    answer.is_problem(if answer.status == 503 { 503 } else { 413 });
                });
            }
        });
    });
    let grown = memory(&server, "VmHWM").saturating_sub(before);
    eprintln!(
        "{n_clients} clients sent {n_chunks} MB each without saying so: {:.1} s, {} MiB more memory, searches meanwhile p50 {:.1} ms, p99 {:.1} ms",
        start.elapsed().as_secs_f64(),
        grown >> 20,
        quantile(&took, 0.5),
        quantile(&took, 0.99)
    );
    // Of all bodies together there are 256 MiB, whatever the clients are; a buffer that grows is there twice.
    assert!(grown < 600 << 20, "{grown}");
}

#[test]
fn text_that_is_none_names_its_line() {
    let world = World::indexed();
    let server = serve(&world, "--writable");
    let body = b"{\"id\":\"a\",\"text\":\"one\"}\n{\"id\":\"b\",\"text\":\"tw\xffo\"}\n";
    let request =
        ureq::http::Request::post("/v1/documents").header("content-type", "application/x-ndjson");
    let answer = server.ask(request.body(body.to_vec()).unwrap());
    let problem = answer.is_problem(400);
    assert!(
        problem["detail"].as_str().unwrap().contains("line 2"),
        "{problem}"
    );
    for body in [
        &b"{\"query\":\"m\xffoon\"}"[..],
        b"{\"query\":",
        b"\xff\xfe{\0",
    ] {
        server.post("/v1/search", body).is_problem(400);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let world = World::indexed();
    let server = serve(&world, "--writable");
    let deep = "[".repeat(500_000);
    server.post("/v1/search", &deep).is_problem(400);
    let inside = format!(
        "{{\"query\":\"moon\",\"filter\":{}",
        "{\"not\":".repeat(100_000)
    );
    server.post("/v1/search", inside).is_problem(400);
    let body = format!(
        "{{\"id\":\"a\",\"text\":\"x\",\"meta\":{}",
        "{\"a\":".repeat(100_000)
    );
    server.post("/v1/documents", body).is_problem(400);
    server.search(&json!({ "query": "moon" }));
}

#[test]
fn one_wrong_line_keeps_no_other_from_being_written() {
    let world = World::indexed();
    let server = serve(&world, "--writable");
    let body = "{\"id\":\"new-1\",\"text\":\"music\",\"lang\":\"en\"}\n{\"id\":\"broken\",\n{\"id\":\"new-2\",\"text\":\"iron\",\"lang\":\"en\"}\n{\"id\":7}\n";
    let request = ureq::http::Request::post("/v1/documents?refresh=true")
        .header("content-type", "application/x-ndjson");
    let answer = server.ask(request.body(body.as_bytes().to_vec()).unwrap());
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = answer.json();
    assert_eq!(
        (&result["created"], &result["failed"]),
        (&json!(2), &json!(2)),
        "{result}"
    );
    for (nth, status) in [(0, "created"), (1, "failed"), (2, "created"), (3, "failed")] {
        assert_eq!(result["results"][nth]["status"], status, "{result}");
        assert_eq!(result["results"][nth]["line"], nth + 1, "{result}");
    }
    for id in ["new-1", "new-2"] {
        assert_eq!(server.get(&format!("/v1/documents/{id}")).status, 200);
    }
}
