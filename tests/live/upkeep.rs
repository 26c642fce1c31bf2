//! `xenoglot index info`, `verify`, `compact`, `export` and `import`, and snapshots of a server.

use std::io::{Read, Write};

use serde_json::json;

use super::writes::{put, serve};
use crate::support::{World, many};

#[test]
fn an_index_says_what_it_is_and_is_compacted() {
    let world = World::indexed();
    for part in 0..3 {
        world.write("more.jsonl", many(&format!("more{part}"), 20));
        world
            .xenoglot("index add more.jsonl --index index")
            .succeeds();
    }
    world
        .xenoglot("index delete more0-3 more1-4 --index index")
        .succeeds();
    let info = || {
        world
            .xenoglot("index info --index index --json")
            .succeeds()
            .json_lines()
            .remove(0)
    };
    let before = info();
    assert_eq!(before["segments"].as_array().unwrap().len(), 4);
    assert_eq!(before["segments"][1]["n_deleted"], 1);
    world
        .xenoglot("index compact --index index")
        .succeeds()
        .says("4 segments");
    let after = info();
    assert_eq!(after["segments"].as_array().unwrap().len(), 1);
    assert_eq!(after["n_docs"], before["n_docs"]);
    assert_eq!(after["languages"], before["languages"]);
    assert_eq!(
        world.ids("--index index --mode lexical", "sailors"),
        ["tides-en"]
    );
    let text = world.xenoglot("index info --index index").succeeds();
    assert!(text.stdout.contains("segment-"), "{}", text.stdout);
    world.xenoglot("index verify --index index").succeeds();
}

#[test]
fn a_file_that_is_not_as_it_was_written_is_named() {
    let world = World::indexed();
    for (path, contents) in world.files("index") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if contents.is_empty() || name == ".lock" {
            continue;
        }
        let mut wrong = contents.clone();
        wrong[contents.len() / 2] ^= 1;
        std::fs::write(&path, wrong).unwrap();
        world
            .xenoglot("index verify --index index")
            .fails()
            .says(&name);
        // Small files are compared whenever an index is opened.
        world
            .xenoglot("search moon --index index")
            .fails()
            .says(&name);
        std::fs::write(&path, contents).unwrap();
    }
    world.xenoglot("index verify --index index").succeeds();
}

#[test]
fn an_export_is_an_index_and_a_bad_one_is_refused() {
    let world = World::indexed();
    world.xenoglot("index export copy --index index").succeeds();
    world
        .xenoglot("index export copy.tar --index index")
        .succeeds();
    assert_eq!(
        world.ids("--index copy --mode lexical", "sailors"),
        ["tides-en"]
    );
    for from in ["copy", "copy.tar"] {
        let to = format!("from-{from}");
        world
            .xenoglot(&format!("index import {from} --index {to}"))
            .succeeds();
        assert_eq!(
            world.ids(&format!("--index {to} --mode dense --depth 1"), "Schach"),
            ["chess-ru"]
        );
        world
            .xenoglot(&format!("index import {from} --index {to}"))
            .fails()
            .says(&to);
    }
    world
        .xenoglot("index export copy --index index")
        .fails()
        .says("copy");
    let mut tar = std::fs::read(world.path("copy.tar")).unwrap();
    let middle = tar.len() / 3;
    tar[middle] ^= 1;
    world.write("bad.tar", &tar);
    world.write("cut.tar", &tar[..middle]);
    world.write("text.tar", "no tar at all");
    for bad in ["bad", "cut", "text"] {
        world
            .xenoglot(&format!("index import {bad}.tar --index from-bad"))
            .fails();
        assert!(!world.path("from-bad").exists(), "{bad}");
    }
}

#[test]
fn a_server_hands_out_snapshots_while_it_is_written() {
    let world = World::indexed();
    let server = serve(&world);
    put(
        &server,
        &[json!({ "id": "new", "text": "zebra", "lang": "en" })],
    );
    let mut stream = server.connect();
    stream
        .write_all(b"GET /v1/snapshot HTTP/1.0\r\nhost: localhost\r\n\r\n")
        .unwrap();
    put(
        &server,
        &[json!({ "id": "later", "text": "zebra", "lang": "en" })],
    );
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    world.write("snapshot.tar", &answer[head + 4..]);
    world
        .xenoglot("index import snapshot.tar --index copy")
        .succeeds();
    let ids = world.ids("--index copy --mode lexical --lang en", "zebra");
    assert!(ids.contains(&"new".to_owned()), "{ids:?}");
}
