//! Clients that take their time.

use super::*;

/// Sends a byte on every connection, again and again, until the server has had enough of all of them.
fn drip(streams: &mut Vec<TcpStream>, limit: Duration) {
    let start = Instant::now();
    while !streams.is_empty() {
        assert!(start.elapsed() < limit, "{} are still open", streams.len());
        streams.retain_mut(|stream| stream.write_all(b"a").is_ok());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[track_caller]
fn check(head: &str, expected: Option<u16>) {
    let world = World::indexed();
    let server = serve(&world, "--head-timeout 1 --body-timeout 1");
    let n = size(200, 2_000);
    let took = searches_meanwhile(&server, || {
        let mut streams: Vec<TcpStream> = (0..n).map(|_| server.connect()).collect();
        for stream in &mut streams {
            stream.write_all(head.as_bytes()).unwrap();
        }
        let probe = streams.pop().unwrap();
        drip(&mut streams, Duration::from_secs(30));
        match expected {
            Some(status) => drop(answer(&probe).is_problem(status)),
            None => assert!(is_closed(&probe)),
        }
    });
    eprintln!(
        "{n} slow clients: {} searches meanwhile, p50 {:.1} ms, p99 {:.1} ms",
        took.len(),
        quantile(&took, 0.5),
        quantile(&took, 0.99)
    );
}

#[test]
fn heads_byte_by_byte_hold_nobody_up() {
    check("GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: ", None);
}

#[test]
fn bodies_byte_by_byte_hold_nobody_up() {
    check(
        "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n",
        Some(408),
    );
}

#[test]
fn who_does_not_read_keeps_nobody_else_from_it() {
    let world = World::indexed();
    // Their requests and ours come from one address: there is room for all of them to wait.
    let server = serve(&world, "--body-timeout 1 --max-waiting 1000000");
    let n = size(50, 500);
    let ask = "GET /v1/documents/tides-en HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(500);
    let streams: Vec<TcpStream> = (0..n).map(|_| server.connect()).collect();
    searches_meanwhile(&server, || {
        for mut stream in &streams {
            stream.set_nonblocking(true).unwrap();
            // As many requests as there is room for, and no look at an answer.
            while stream.write(ask.as_bytes()).is_ok_and(|n| n > 0) {}
        }
    });
    drop(streams);
    assert_eq!(server.get("/health").status, 200);
}
