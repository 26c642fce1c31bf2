//! A disk that is full, and memory that is bounded.

use std::process::Command;

use serde_json::{Value, json};
use ureq::http::Request;

use super::writes::serve;
use crate::support::World;

/// A small file system in memory; dropped, it is gone.
struct SmallDisk<'w> {
    world: &'w World,
    at: &'static str,
}

impl<'w> SmallDisk<'w> {
    /// At `at` in the folder of `world`; nothing, and a line that says so, where this user may not.
    fn mount(world: &'w World, at: &'static str, megabytes: usize) -> Option<Self> {
        std::fs::create_dir_all(world.path(at)).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(world.path(at))
            .output();
        if mounted.is_ok_and(|ran| ran.status.success()) {
            return Some(Self { world, at });
        }
        eprintln!("skipped: this user may not mount a small file system");
        None
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount")
            .arg(self.world.path(self.at))
            .status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

fn documents(from: usize, n: usize) -> Value {
    let text = "zebra ".repeat(2_000);
    (from..from + n)
        .map(|i| json!({ "id": format!("doc-{i}"), "text": format!("{text}{i}"), "lang": "en" }))
        .collect()
}

#[test]
fn a_full_disk_refuses_the_write_and_loses_nothing() {
    let world = World::new();
    let Some(disk) = SmallDisk::mount(&world, "index", 6) else {
        return;
    };
    world
        .xenoglot("index add corpus.jsonl --index index")
        .succeeds();
    let server = serve(&world);
    let write = |from: usize| {
        let request = Request::post("/v1/documents").header("content-type", "application/json");
        server.ask(
            request
                .body(documents(from, 20).to_string().into_bytes())
                .unwrap(),
        )
    };
    // Something else takes what is left of the disk.
    let ballast = world.path("index/.building-ballast");
    let mut n_written = 0;
    assert_eq!(write(n_written).status, 200);
    n_written += 20;
    let filled = Command::new("dd")
        .args(["if=/dev/zero", "bs=1k"])
        .arg(format!("of={}", ballast.display()))
        .output()
        .unwrap();
    assert!(!filled.status.success(), "the disk is full");
    let mut n_refused = 0;
    for _ in 0..4 {
        let answer = write(n_written);
        if answer.status == 200 {
            n_written += 20;
        } else {
            answer.is_problem(507);
            n_refused += 1;
        }
        // It goes on answering.
        let found = server.search(&json!({ "query": "sailors", "mode": "lexical", "lang": "en" }));
        assert_eq!(found["hits"][0]["id"], "tides-en");
    }
    assert!(n_refused > 0);
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(write(n_written).status, 200);
    n_written += 20;
    let everything = server.post(
        "/v1/documents/delete?refresh=true",
        r#"{"ids": ["nobody"]}"#,
    );
    assert_eq!(everything.status, 200, "{everything:?}");
    let count = |server: &crate::support::Server| {
        let request = json!({ "query": "zebra", "mode": "lexical", "lang": "en", "depth": 1000 });
        server.search(&request)["hits"].as_array().unwrap().len()
    };
    assert_eq!(count(&server), n_written);
    drop(server);
    let server = serve(&world);
    assert_eq!(count(&server), n_written);
    drop(server);
    drop(disk);
}

/// The memory of a server that takes far more than its buffer holds.
#[test]
fn memory_of_writes_is_bounded_by_the_buffer() {
    let world = World::new();
    world
        .xenoglot("index add corpus.jsonl --index index")
        .succeeds();
    let peak = |buffer_mb: usize| {
        let args = format!(
            "serve --index index --bind 127.0.0.1:0 --writable --write-buffer-mb {buffer_mb} --refresh-ms 60000"
        );
        let server = crate::support::Server::start(world.xenoglot(&args));
        let text = "zebra ".repeat(20_000);
        for i in 0..400 {
            // Larger than a word of a dictionary, all of it: 48 MB in all.
            let doc = json!({ "id": format!("doc-{i}"), "text": text, "lang": "en" });
            assert_eq!(server.post("/v1/documents", doc.to_string()).status, 200);
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("RssAnon:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<usize>()
            .unwrap()
            / 1_024
    };
    let (small, large) = (peak(2), peak(256));
    assert!(
        small + 20 < large,
        "{small} MB with a buffer of 2 MB, {large} MB with one of 256"
    );
}
