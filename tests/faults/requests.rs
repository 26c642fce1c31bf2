//! Requests that are no HTTP, too long, or that would like to be somewhere else.

use super::*;

#[test]
fn what_is_no_http_is_a_400() {
    let world = World::indexed();
    let server = serve(&world, "");
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /health HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: five\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n12345",
        b"POST /v1/search HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\n\r\n",
    ] {
        let answer = server.tell(bytes);
        assert_eq!(answer.status, 400, "{:?}: {answer:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_request_with_two_lengths_smuggles_nothing() {
    let world = World::indexed();
    let server = serve(&world, "");
    let stream = server.connect();
    let mut sending = &stream;
    sending
        .write_all(
            b"POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\
              transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
        )
        .unwrap();
    // The chunks count (RFC 9112, 6.3): the body is empty, and what follows it is the next request.
    let problem = answer(&stream).is_problem(400);
    assert!(
        problem["detail"].as_str().unwrap().contains("JSON"),
        "{problem}"
    );
}

#[test]
fn heads_and_addresses_that_are_too_long_are_told_so() {
    let world = World::indexed();
    let server = serve(&world, "");
    for (head, status) in [
        (format!("x-long: {}\r\n", "a".repeat(60_000)), 431),
        (format!("x-long: {}\r\n", "a".repeat(2_000_000)), 431),
        ("x-many: a\r\n".repeat(500), 431),
    ] {
        let answer = server
            .tell(format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{head}\r\n").as_bytes());
        assert_eq!(answer.status, status, "{} bytes: {answer:?}", head.len());
    }
    let path = format!("/{}", "a".repeat(70_000));
    let answer = server.tell(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
    assert!([414, 431].contains(&answer.status), "{answer:?}");
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn requests_that_come_at_once_are_answered_in_order() {
    let world = World::indexed();
    let server = serve(&world, "");
    let stream = server.connect();
    let ids = ["tides-en", "nobody", "tides-de", "iron-en"];
    let requests: String = ids
        .iter()
        .map(|id| format!("GET /v1/documents/{id} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
        .collect();
    (&stream).write_all(requests.as_bytes()).unwrap();
    let mut reading = BufReader::new(&stream);
    for id in ids {
        let answer = read_answer(&mut reading);
        match id {
            "nobody" => drop(answer.is_problem(404)),
            id => assert_eq!(answer.json()["id"], id),
        }
    }
}

#[test]
fn no_path_leads_to_a_file() {
    let world = World::new();
    world
        .xenoglot("index corpus.jsonl --index all/default")
        .succeeds();
    world.write("secret.json", "a secret");
    let server =
        Server::start(world.xenoglot("serve --collections all --writable --bind 127.0.0.1:0"));
    let before = world.names("");
    for name in [
        "..",
        "../secret.json",
        "..%2fsecret.json",
        "%2e%2e%2fsecret.json",
        "%2e%2e/secret.json",
        "..%5csecret.json",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "default%2f..%2f..%2fsecret.json",
        "a%00b",
        ".",
        "%c0%ae%c0%ae%2fsecret.json",
        "%ff",
        "..;/secret.json",
    ] {
        for path in [
            format!("/v1/documents/{name}"),
            format!("/v1/collections/{name}"),
            format!("/v1/collections/{name}/documents/xenoglot.json"),
            format!("/docs/{name}"),
            format!("/{name}"),
        ] {
            for method in ["GET", "PUT", "DELETE"] {
                let request = format!(
                    "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
                     connection: close\r\n\r\n{{}}"
                );
                let answer = server.tell(request.as_bytes());
                let is_refused =
                    (400..500).contains(&answer.status) || (300..400).contains(&answer.status);
                let is_page = path.starts_with("/docs/") && method == "GET";
                assert!(is_refused || is_page, "{method} {path}: {answer:?}");
                assert!(
                    !answer.text.contains("a secret") && !answer.text.contains("root:"),
                    "{path}"
                );
            }
        }
    }
    assert_eq!(world.names(""), before);
    assert_eq!(world.names("all"), ["default"]);
}
