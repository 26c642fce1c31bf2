//! Keys: right, wrong, missing, not enough, for another collection, revoked; and never in a log.

use ureq::http::Request;

use super::*;

/// Makes a key in `keys.toml`.
#[track_caller]
fn new_key(world: &World, args: &str) -> String {
    let made = world
        .xenoglot(&format!("keys new --keys keys.toml {args}"))
        .succeeds();
    let key = made.stdout.trim().to_owned();
    assert!(!made.stderr.contains(&key), "{made}");
    key
}

fn ask(server: &Server, method: &str, path: &str, key: Option<&str>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = match path {
        "/v1/search" => json!({ "query": "moon" }),
        "/v1/documents" => json!({ "id": "new", "text": "music", "lang": "en" }),
        "/v1/multi-search" => json!({ "searches": [{ "query": "moon" }] }),
        _ => json!({}),
    };
    let body = if method == "GET" {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    server.ask(request.body(body).unwrap())
}

#[test]
fn a_key_lets_its_holder_do_what_its_scopes_say() {
    let world = World::indexed();
    let keys = ["search", "write", "search,write", "admin"].map(|scopes| {
        new_key(
            &world,
            &format!("--name {} --scopes {scopes}", scopes.replace(',', "-")),
        )
    });
    let server = serve(&world, "--writable --keys keys.toml");
    for (method, path, allowed) in [
        ("POST", "/v1/search", [true, false, true, true]),
        ("POST", "/v1/multi-search", [true, false, true, true]),
        ("GET", "/v1/collections", [true, false, true, true]),
        ("GET", "/v1/documents/tides-en", [true, false, true, true]),
        ("POST", "/v1/documents", [false, true, true, true]),
        ("DELETE", "/v1/documents/new", [false, true, false, true]),
        ("GET", "/v1/snapshot", [false, false, false, true]),
        ("POST", "/v1/reload", [false, false, false, true]),
    ] {
        for (key, allowed) in keys.iter().zip(allowed) {
            // What one deletes the next finds gone.
            if method == "DELETE" {
                ask(&server, "POST", "/v1/documents", Some(&keys[3]));
            }
            if (method, path) == ("DELETE", "/v1/documents/new") && key == &keys[2] {
                continue;
            }
            let answer = ask(&server, method, path, Some(key));
            assert_eq!(answer.status < 300, allowed, "{method} {path}: {answer:?}");
            if !allowed {
                answer.is_problem(403);
                assert!(
                    answer
                        .header("www-authenticate")
                        .contains("insufficient_scope")
                );
            }
        }
        for (key, challenge) in [
            (None, "Bearer realm=\"xenoglot\""),
            (Some("xenoglot_wrong"), "invalid_token"),
            (Some(""), "invalid_token"),
        ] {
            let answer = ask(&server, method, path, key);
            answer.is_problem(401);
            assert!(
                answer.header("www-authenticate").contains(challenge),
                "{answer:?}"
            );
        }
    }
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get("/openapi.json").status, 200);
    let other = Request::get("/v1/collections").header("x-api-key", &keys[0]);
    assert_eq!(server.ask(other.body(Vec::new()).unwrap()).status, 200);
}

/// Whoever adds a route says what it asks for, or adds it here.
#[test]
fn every_route_of_the_document_asks_for_a_key() {
    let world = World::indexed();
    new_key(&world, "--name a --scopes admin");
    let server = serve(&world, "--keys keys.toml");
    let document = server.get("/openapi.json").json();
    let mut open = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete"] {
            if item[method].is_null() {
                continue;
            }
            let real = path.replace(['{', '}'], "");
            let answer = ask(&server, &method.to_uppercase(), &real, None);
            if answer.status != 401 {
                open.push(path.as_str());
            }
        }
    }
    open.retain(|path| !path.starts_with("/health"));
    // The dialect of text-embeddings-inference says of itself what it is.
    open.retain(|path| !["/info", "/"].contains(path));
    assert!(open.is_empty(), "{open:?} ask for no key");
}

#[test]
fn a_key_for_some_collections_sees_no_others() {
    let world = World::new();
    for name in ["default", "news"] {
        world
            .xenoglot(&format!("index corpus.jsonl --index all/{name}"))
            .succeeds();
    }
    let key = new_key(&world, "--name news --scopes admin --collections news");
    let server = Server::start(
        world.xenoglot("serve --collections all --writable --bind 127.0.0.1:0 --keys keys.toml"),
    );
    let post = |path: &str, body: serde_json::Value| {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("x-api-key", &key);
        server.ask(request.body(body.to_string().into_bytes()).unwrap())
    };
    let moon = json!({ "query": "moon" });
    assert_eq!(
        post("/v1/collections/news/search", moon.clone()).status,
        200
    );
    assert_eq!(
        post(
            "/v1/search",
            json!({ "query": "moon", "collection": "news" })
        )
        .status,
        200
    );
    post("/v1/search", moon.clone()).is_problem(403);
    post(
        "/v1/search",
        json!({ "query": "moon", "collection": "default" }),
    )
    .is_problem(403);
    post("/v1/collections/default/search", moon.clone()).is_problem(403);
    let both =
        json!({ "searches": [{ "query": "moon", "collection": "news" }, { "query": "moon" }] });
    let answer = post("/v1/multi-search", both).json();
    assert!(answer["results"][0]["hits"].is_array(), "{answer}");
    assert_eq!(answer["results"][1]["status"], 403, "{answer}");
    let list = ask(&server, "GET", "/v1/collections", Some(&key)).json();
    assert_eq!(list["collections"].as_array().unwrap().len(), 1, "{list}");
    for (method, path) in [
        ("GET", "/v1/collections/default"),
        ("GET", "/v1/documents/tides-en"),
        ("GET", "/v1/snapshot"),
        ("DELETE", "/v1/collections/default"),
        ("POST", "/v1/reload"),
    ] {
        ask(&server, method, path, Some(&key)).is_problem(403);
    }
}

#[test]
fn a_revoked_key_is_none_after_a_reload() {
    let world = World::indexed();
    let admin = new_key(&world, "--name admin --scopes admin");
    let gone = new_key(&world, "--name gone --scopes search");
    let server = serve(&world, "--keys keys.toml");
    let status = |key: &str| ask(&server, "POST", "/v1/search", Some(key)).status;
    assert_eq!((status(&admin), status(&gone)), (200, 200));
    world
        .xenoglot("keys revoke gone --keys keys.toml")
        .succeeds();
    let listed = world.xenoglot("keys list --keys keys.toml").succeeds();
    assert_eq!(listed.stdout, "admin\tadmin\tall collections\n");
    let answer = ask(&server, "POST", "/v1/reload", Some(&admin));
    let reloaded = answer.json()["reloaded"].clone();
    assert!(
        reloaded.as_array().unwrap().contains(&json!("keys")),
        "{reloaded}"
    );
    assert_eq!((status(&admin), status(&gone)), (200, 401));
    // A file that went wrong changes nothing, and is told of.
    world.write("keys.toml", "[[key]]\nname = \"x\"\n");
    let problem = ask(&server, "POST", "/v1/reload", Some(&admin)).is_problem(422);
    assert!(
        problem["detail"].as_str().unwrap().contains("keys.toml"),
        "{problem}"
    );
    assert_eq!((status(&admin), status(&gone)), (200, 401));
    // And by signal.
    std::fs::remove_file(world.path("keys.toml")).unwrap();
    let new = new_key(&world, "--name new --scopes search");
    server.signal("HUP");
    let start = Instant::now();
    while status(&new) != 200 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status(&admin), 401);
}

#[test]
fn no_key_is_ever_logged() {
    let world = World::indexed();
    let key = new_key(&world, "--name a --scopes search");
    let environment = "e".repeat(40);
    let wrong = "xenoglot_a-wrong-key-that-somebody-tried";
    let program = world.xenoglot("serve --index index --bind 127.0.0.1:0 --keys keys.toml");
    let server = Server::start(
        program
            .env("XENOGLOT_API_KEY", &environment)
            .env("XENOGLOT_LOG", "trace"),
    );
    for (key, status) in [(key.as_str(), 200), (&environment, 200), (wrong, 401)] {
        let answer = ask(&server, "POST", "/v1/search", Some(key));
        assert_eq!(answer.status, status);
        assert!(!answer.text.contains(key));
        let other = Request::get("/v1/documents/nobody").header("x-api-key", key);
        assert!(
            !server
                .ask(other.body(Vec::new()).unwrap())
                .text
                .contains(key)
        );
    }
    let listed = ask(&server, "POST", "/v1/reload", Some(&environment));
    assert_eq!(listed.status, 200, "{listed:?}");
    server.signal("TERM");
    let (_, log) = server.finish();
    assert!(
        log.contains("a key was shown"),
        "the log of all levels is there"
    );
    for secret in [&key, &environment, wrong] {
        assert!(!log.contains(secret), "a key is in the log");
    }
    assert!(!world.read("keys.toml").contains(&key));
    let help = world
        .xenoglot("serve --help")
        .env("XENOGLOT_API_KEY", &environment)
        .succeeds();
    assert!(!help.stdout.contains(&environment));
}

#[test]
fn a_server_that_others_reach_wants_keys() {
    let world = World::indexed();
    let public = "serve --index index --bind 0.0.0.0:0";
    world.xenoglot(public).fails().says("xenoglot keys new");
    for (flags, says) in [
        ("--keys none.toml", "none.toml"),
        ("--keys empty.toml", "there is no key in it"),
    ] {
        world.write("empty.toml", "");
        world
            .xenoglot(&format!("{public} {flags}"))
            .fails()
            .says(says);
    }
    let short = world
        .xenoglot(public)
        .env("XENOGLOT_API_KEY", "hunter2")
        .fails();
    assert!(
        short.stderr.contains("can be guessed") && !short.stderr.contains("hunter2"),
        "{short}"
    );
    new_key(&world, "--name a --scopes search");
    drop(Server::start(
        world.xenoglot(&format!("{public} --keys keys.toml")),
    ));
    drop(Server::start(
        world.xenoglot(&format!("{public} --insecure")),
    ));
}

#[test]
fn a_key_without_a_file_is_printed_with_its_entry() {
    let world = World::new();
    let made = world
        .xenoglot("keys new --name n --scopes search,write --collections b,a")
        .succeeds();
    let (key, entry) = made.stdout.split_once("\n\n").unwrap();
    assert!(key.starts_with("xenoglot_"), "{made}");
    assert!(entry.starts_with("[[key]]\nname = \"n\"\nscopes = [\"search\", \"write\"]\ncollections = [\"a\", \"b\"]\nhash = \"blake3:"));
    world
        .xenoglot("keys new --name n --scopes everything")
        .misused();
    new_key(&world, "--name n --scopes search");
    world
        .xenoglot("keys new --keys keys.toml --name n --scopes search")
        .fails()
        .says("already");
    world
        .xenoglot("keys revoke nobody --keys keys.toml")
        .fails()
        .says("nobody");
}
