//! Connections on which nothing happens.

use super::*;

#[cfg(target_os = "linux")]
#[test]
fn thousands_of_idle_connections_do_not_stop_others() {
    let world = World::indexed();
    let server = serve(&world, "");
    let n = size(500, 10_000);
    server.search(&json!({ "query": "moon" }));
    let before = memory(&server, "VmRSS");
    let mut idle: Vec<TcpStream> = Vec::with_capacity(n);
    let took = searches_meanwhile(&server, || {
        for nth in 0..n {
            let mut stream = server.connect();
            // Half of them have asked something before, as those of a pool have.
            if nth % 2 == 0 {
                stream
                    .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                    .unwrap();
                assert_eq!(answer(&stream).status, 200);
            }
            idle.push(stream);
        }
    });
    let after = memory(&server, "VmRSS");
    let each = after.saturating_sub(before) as f64 / n as f64 / 1024.0;
    let quiet = searches_meanwhile(&server, || std::thread::sleep(Duration::from_secs(1)));
    eprintln!(
        "{n} idle connections: {each:.1} KiB each; searches while they come p50 {:.1} ms, p99 {:.1} ms, beside them p50 {:.1} ms, \
         p99 {:.1} ms",
        quantile(&took, 0.5),
        quantile(&took, 0.99),
        quantile(&quiet, 0.5),
        quantile(&quiet, 0.99)
    );
    assert!(each < 64.0, "{each} KiB");
    // Nor do they keep the server from stopping.
    let start = Instant::now();
    server.signal("TERM");
    let (code, log) = server.finish();
    assert_eq!(code, Some(0), "{log}");
    assert!(start.elapsed() < Duration::from_secs(9), "{log}");
}

#[test]
fn a_connection_too_many_is_told_so_and_the_others_stay() {
    let world = World::indexed();
    let server = serve(&world, "--max-connections 8 --idle-timeout 2");
    let idle: Vec<TcpStream> = (0..7).map(|_| server.connect()).collect();
    server.search(&json!({ "query": "moon" }));
    let ninth = server.connect();
    let full = read_to_end(&ninth);
    assert!(full.starts_with("HTTP/1.1 503 "), "{full}");
    assert!(full.contains("retry-after: 1"), "{full}");
    // Whoever has a place keeps it, and those of idle ones come free.
    server.search(&json!({ "query": "moon" }));
    assert!(idle.iter().all(is_closed));
    server.search(&json!({ "query": "moon" }));
}

fn read_to_end(mut stream: &TcpStream) -> String {
    use std::io::Read;
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
