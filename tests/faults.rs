//! Everything that clients and networks do wrong, and that none of it harms who does nothing wrong.
//!
//! `XENOGLOT_FAULTS=full` takes the sizes of docs/reliability.md (`make test-faults`); tests take small ones.

mod bodies;
mod browsers;
mod idle;
mod keys;
mod requests;
mod slow;
mod tls;

use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Answer, Server, World, read_answer};

/// `small` in tests, `full` where somebody wants the figures.
fn size(small: usize, full: usize) -> usize {
    match std::env::var("XENOGLOT_FAULTS").as_deref() {
        Ok("full") => full,
        _ => small,
    }
}

/// A server over the usual corpus, with more flags.
fn serve(world: &World, flags: &str) -> Server {
    Server::start(world.xenoglot(&format!("serve --index index --bind 127.0.0.1:0 {flags}")))
}

/// The answer on a connection that was asked something.
#[track_caller]
fn answer(stream: &TcpStream) -> Answer {
    read_answer(&mut BufReader::new(stream))
}

/// Searches again and again while `others` do whatever they do; returns how many milliseconds each search took. One that
/// finds the server full asks again, as clients do, and its time goes on.
#[track_caller]
fn searches_meanwhile(server: &Server, others: impl FnOnce() + Send) -> Vec<f64> {
    let mut took = Vec::new();
    std::thread::scope(|scope| {
        let others = scope.spawn(others);
        while !others.is_finished() || took.is_empty() {
            let start = Instant::now();
            let request = json!({ "query": "the moon and the sea" }).to_string();
            let status = loop {
                match server.post("/v1/search", request.clone()).status {
                    429 => std::thread::sleep(Duration::from_millis(5)),
                    status => break status,
                }
            };
            assert_eq!(status, 200);
            took.push(start.elapsed().as_secs_f64() * 1000.0);
            std::thread::sleep(Duration::from_millis(5));
        }
        others.join().unwrap();
    });
    took.sort_by(f64::total_cmp);
    took
}

/// The value at a share of sorted values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// A line of /proc/PID/status, in bytes.
#[cfg(target_os = "linux")]
fn memory(server: &Server, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

/// Whether the server has closed its side without another word.
fn is_closed(mut stream: &TcpStream) -> bool {
    use std::io::Read;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    match stream.read(&mut [0; 1]) {
        Ok(n) => n == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_client_that_closes_its_side_still_gets_its_answer() {
    let world = World::indexed();
    let server = serve(&world, "");
    let body = json!({ "query": "moon" }).to_string();
    for _ in 0..20 {
        let mut stream = server.connect();
        write!(
            stream,
            "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut stream = BufReader::new(stream);
        let mut found = read_answer(&mut stream);
        if found.status == 100 {
            found = read_answer(&mut stream);
        }
        assert_eq!(found.status, 200, "{found:?}");
        assert!(!found.json()["hits"].as_array().unwrap().is_empty());
    }
}

#[test]
fn clients_that_leave_leave_nothing_behind() {
    let world = World::indexed();
    let server = serve(&world, "");
    let n_clients = size(300, 5_000);
    let body = json!({ "query": "moon" }).to_string();
    let took = searches_meanwhile(&server, || {
        for _ in 0..n_clients {
            let mut stream = server.connect();
            let _ = write!(
                stream,
                "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    eprintln!(
        "{n_clients} clients that left: searches meanwhile p50 {:.1} ms, p99 {:.1} ms",
        quantile(&took, 0.5),
        quantile(&took, 0.99)
    );
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_second_signal_ends_at_once() {
    let world = World::indexed();
    let server = serve(&world, "--head-timeout 60");
    // The server waits for this one, which says that it will ask something.
    let mut waiting = server.connect();
    waiting.write_all(b"POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n").unwrap();
    server.get("/health");
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    server.signal("TERM");
    let (code, log) = server.finish();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("told twice"), "{log}");
    assert!(start.elapsed() < Duration::from_secs(5));
}
