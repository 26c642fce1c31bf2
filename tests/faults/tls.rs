//! TLS: what it takes, what it refuses, and clients that never finish a handshake.

use std::io::Read;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;

/// Writes a certificate of its own for localhost, and its key; returns the certificate.
fn certify(world: &World, cert: &str, key: &str) -> rcgen::Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    world.write(cert, made.cert.pem());
    world.write(key, made.signing_key.serialize_pem());
    made.cert
}

/// A connection to `server`, whose certificate must be `cert`.
fn connect(server: &Server, cert: &rcgen::Certificate) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(session, server.connect())
}

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn health(server: &Server, cert: &rcgen::Certificate) -> std::io::Result<String> {
    let mut stream = connect(server, cert);
    stream.write_all(HEALTH)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

const TLS: &str = "--tls-cert cert.pem --tls-key key.pem";

#[test]
fn a_server_with_a_certificate_speaks_tls_and_reads_a_new_one() {
    let world = World::indexed();
    let first = certify(&world, "cert.pem", "key.pem");
    let server = serve(&world, TLS);
    let answer = health(&server, &first).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    // One that went wrong changes nothing.
    let (old_cert, old_key) = (world.read("cert.pem"), world.read("key.pem"));
    world.write("cert.pem", "no certificate");
    server.signal("HUP");
    world.write("cert.pem", old_cert);
    world.write("key.pem", old_key);
    assert!(health(&server, &first).is_ok());
    let second = certify(&world, "cert.pem", "key.pem");
    let start = Instant::now();
    loop {
        server.signal("HUP");
        std::thread::sleep(Duration::from_millis(50));
        if health(&server, &second).is_ok() {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    assert!(health(&server, &first).is_err());
}

#[test]
fn a_file_that_is_no_certificate_is_named() {
    let world = World::indexed();
    certify(&world, "cert.pem", "key.pem");
    certify(&world, "other.pem", "other-key.pem");
    world.write("empty.pem", "");
    for (flags, says) in [
        ("--tls-cert none.pem --tls-key key.pem", "none.pem"),
        ("--tls-cert empty.pem --tls-key key.pem", "empty.pem"),
        ("--tls-cert cert.pem --tls-key empty.pem", "empty.pem"),
        ("--tls-cert cert.pem --tls-key corpus.jsonl", "corpus.jsonl"),
        (
            "--tls-cert cert.pem --tls-key other-key.pem",
            "do not go together",
        ),
    ] {
        let serve = format!("serve --index index --bind 127.0.0.1:0 {flags}");
        let ran = world.xenoglot(&serve).fails().says(says);
        assert!(!ran.stderr.contains("PRIVATE KEY"), "{ran}");
    }
    world
        .xenoglot("serve --index index --bind 127.0.0.1:0 --tls-cert cert.pem")
        .misused();
}

#[test]
fn whoever_speaks_http_to_tls_is_told_so() {
    let world = World::indexed();
    certify(&world, "cert.pem", "key.pem");
    let server = serve(&world, TLS);
    let mut stream = server.connect();
    stream.write_all(HEALTH).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
    assert!(text.contains("HTTPS"), "{text}");
}

#[test]
fn handshakes_that_never_end_stop_nobody() {
    let world = World::indexed();
    let cert = certify(&world, "cert.pem", "key.pem");
    let server = serve(&world, &format!("{TLS} --head-timeout 1"));
    let n = size(200, 2_000);
    let mut streams: Vec<TcpStream> = (0..n).map(|_| server.connect()).collect();
    for (nth, stream) in streams.iter_mut().enumerate() {
        // Some say nothing, some begin a hello that they never end.
        if nth % 2 == 0 {
            stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00").unwrap();
        }
    }
    let mut took = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        assert!(health(&server, &cert).is_ok());
        took.push(start.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    eprintln!(
        "{n} handshakes that never end: others connect, shake hands and are answered in p50 {:.1} ms, p99 {:.1} ms",
        quantile(&took, 0.5),
        quantile(&took, 0.99)
    );
    assert!(streams.iter().all(is_closed));
}
