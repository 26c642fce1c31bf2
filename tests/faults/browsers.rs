//! What pages of others make a browser send.

use ureq::http::Request;

use super::*;

fn ask(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post("/v1/search").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.ask(request.body(b"{\"query\":\"moon\"}".to_vec()).unwrap())
}

#[test]
fn a_server_without_keys_answers_to_its_own_names_alone() {
    let world = World::indexed();
    let server = serve(&world, "");
    let get = |host: &str| {
        server.tell(format!("GET /health HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes())
    };
    for host in ["localhost", "127.0.0.1:80", "[::1]:8080"] {
        assert_eq!(get(host).status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "192.168.1.1",
    ] {
        get(host).is_problem(403);
    }
    server
        .tell(b"GET http://evil.example/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .is_problem(403);
    let open = serve(&world, "--insecure");
    let request = b"GET /health HTTP/1.1\r\nhost: evil.example\r\n\r\n";
    assert_eq!(open.tell(request).status, 200);
}

#[test]
fn a_server_without_keys_takes_nothing_from_pages_of_others() {
    let world = World::indexed();
    let server = serve(&world, "--cors-origin https://search.example.org");
    let own = format!("http://{}", server.address());
    for (headers, status) in [
        (&[][..], 200),
        (&[("origin", own.as_str())], 200),
        (&[("origin", "https://search.example.org")], 200),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (
            &[("sec-fetch-site", "same-origin"), ("origin", own.as_str())],
            200,
        ),
    ] {
        let answer = ask(&server, headers);
        assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
        if status == 403 {
            answer.is_problem(403);
        }
    }
}

#[test]
fn cors_is_off_unless_an_origin_was_named() {
    let world = World::indexed();
    let preflight = |server: &Server, origin: &str| {
        let request = Request::builder()
            .method("OPTIONS")
            .uri("/v1/search")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = server.ask(request.body(Vec::new()).unwrap());
        answer.header("access-control-allow-origin").to_owned()
    };
    let server = serve(&world, "");
    assert_eq!(preflight(&server, "https://search.example.org"), "");
    let server = serve(&world, "--cors-origin https://search.example.org");
    assert_eq!(
        preflight(&server, "https://search.example.org"),
        "https://search.example.org"
    );
    assert_eq!(preflight(&server, "https://evil.example"), "");
    for (flags, says) in [
        ("--cors-origin *", "--cors-origin '*'"),
        ("--cors-origin search.example.org", "search.example.org"),
    ] {
        let serve = format!("serve --index index --bind 127.0.0.1:0 {flags}");
        world.xenoglot(&serve).fails().says(says);
    }
}

#[test]
fn every_answer_tells_browsers_to_be_careful() {
    let world = World::indexed();
    let server = serve(&world, "");
    for path in ["/health", "/nowhere", "/openapi.json", "/docs/"] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
}
