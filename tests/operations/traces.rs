//! `--otlp-endpoint`: what reaches a collector.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use serde_json::json;
use ureq::http::Request;

use super::serve;
use crate::support::World;

/// A collector that takes one batch of spans.
struct Collector {
    address: SocketAddr,
    batch: JoinHandle<(String, Vec<u8>)>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let batch = std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
            }
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().unwrap())
            });
            let mut body = vec![0; length.unwrap()];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
            (head, body)
        });
        Self { address, batch }
    }
}

#[cfg(unix)]
#[test]
fn a_trace_of_each_request_reaches_the_collector_below_its_client_s() {
    let collector = Collector::start();
    let world = World::indexed();
    let server = serve(
        &world,
        &format!("--otlp-endpoint http://{}", collector.address),
    );
    let search = Request::post("/v1/search")
        .header("content-type", "application/json")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        );
    let body = json!({ "query": "secret moon" }).to_string();
    assert_eq!(
        server.ask(search.body(body.into_bytes()).unwrap()).status,
        200
    );
    // The last spans are sent when it stops.
    server.signal("TERM");
    let (code, stderr) = server.finish();
    assert_eq!(code, Some(0), "{stderr}");
    let (head, body) = collector.batch.join().unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(
        head.to_lowercase()
            .contains("content-type: application/x-protobuf"),
        "{head}"
    );
    let has = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
    // Strings and identifiers stand as they are in a protocol buffer.
    for text in [
        "xenoglot",
        "POST /v1/search",
        "http.route",
        "lexical",
        "dense",
        "took_ms",
    ] {
        assert!(
            has(text.as_bytes()),
            "{text}: {}",
            String::from_utf8_lossy(&body)
        );
    }
    let trace = [
        0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31,
        0x9c,
    ];
    let parent = [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31];
    assert!(has(&trace) && has(&parent), "the client's trace is another");
    assert!(!has(b"secret"), "a query left the server");
}

#[cfg(unix)]
#[test]
fn a_collector_that_is_not_there_keeps_nobody_waiting() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let world = World::indexed();
    let server = serve(&world, &format!("--otlp-endpoint http://{gone}"));
    assert_eq!(server.get("/health").status, 200);
    server.signal("TERM");
    assert_eq!(server.finish().0, Some(0));
}

#[test]
fn an_address_of_no_collector_is_refused() {
    let world = World::indexed();
    for address in ["collector:4318", "https://127.0.0.1:4318"] {
        let server = world
            .xenoglot("serve --index index --bind 127.0.0.1:0 --otlp-endpoint")
            .arg(address);
        server
            .fails()
            .says("expected an address that begins with http://");
    }
}
