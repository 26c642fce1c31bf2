//! A server that is killed while it is written, again and again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::http::Request;

use super::writes::serve;
use crate::support::{Server, World};

/// Documents of a batch.
const BATCH: usize = 5;

/// What is known of a document.
#[derive(Clone, PartialEq)]
enum Known {
    /// This version was acknowledged.
    Acknowledged(usize),
    /// A change to the second was under way when the server was killed.
    Either(Option<usize>, Option<usize>),
}

/// Numbers that a seed repeats (Marsaglia 2003, "Xorshift RNGs").
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// `XENOGLOT_CRASH_CYCLES` asks for more.
#[test]
fn whatever_was_acknowledged_survives_two_hundred_kills() {
    let cycles = std::env::var("XENOGLOT_CRASH_CYCLES").ok();
    let cycles = cycles.map_or(200, |cycles| cycles.parse().unwrap());
    let world = World::indexed();
    let n_before = serve(&world).get("/health").json()["n_docs"]
        .as_u64()
        .unwrap() as usize;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let mut version = 0;
    let mut n_acknowledged = 0;
    for cycle in 0..cycles {
        let server = serve(&world);
        let full = cycle % 20 == 19 || cycle + 1 == cycles;
        check(&server, &mut known, n_before, full);
        // Anywhere between the first write and some merges.
        let until = Instant::now() + Duration::from_millis(random.below(250));
        let killer = {
            let pid = server.pid();
            std::thread::spawn(move || {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                let killed = std::process::Command::new("kill")
                    .arg("-KILL")
                    .arg(pid.to_string())
                    .status();
                assert!(killed.unwrap().success());
            })
        };
        loop {
            version += 1;
            let ids: Vec<String> = (0..BATCH)
                .map(|_| format!("doc-{}", random.below(120)))
                .collect();
            let deletes = random.below(4) == 0;
            let acknowledged = if deletes {
                let body = json!({ "ids": ids });
                post(&server, "/v1/documents/delete", &body)
            } else {
                let docs: Vec<Value> = ids.iter().map(|id| document(id, version)).collect();
                post(&server, "/v1/documents", &Value::from(docs))
            };
            let to = (!deletes).then_some(version);
            for id in &ids {
                let before = match known.get(id) {
                    Some(Known::Acknowledged(version)) => Some(*version),
                    _ => None,
                };
                match (acknowledged, to) {
                    (true, Some(version)) => {
                        known.insert(id.clone(), Known::Acknowledged(version));
                    }
                    (true, None) => {
                        known.remove(id);
                    }
                    // The batch may name it twice: what it was before is what counts.
                    (false, _) if matches!(known.get(id), Some(Known::Either(..))) => {}
                    (false, to) => {
                        known.insert(id.clone(), Known::Either(before, to));
                    }
                }
            }
            if !acknowledged {
                break;
            }
            n_acknowledged += BATCH;
        }
        killer.join().unwrap();
        drop(server);
    }
    let server = serve(&world);
    check(&server, &mut known, n_before, true);
    drop(server);
    world.xenoglot("index verify --index index").succeeds();
    assert!(
        n_acknowledged > cycles * BATCH,
        "{n_acknowledged} writes in {cycles} cycles"
    );
}

fn document(id: &str, version: usize) -> Value {
    // A word of its own, so that words find it alone.
    json!({ "id": id, "text": format!("music {}v{version}", id.replace('-', "")), "lang": "en" })
}

/// Whether the server acknowledged it; it may be dead.
fn post(server: &Server, path: &str, body: &Value) -> bool {
    let request = Request::post(path).header("content-type", "application/json");
    match server.try_ask(request.body(body.to_string().into_bytes()).unwrap()) {
        Some(answer) => {
            assert_eq!(answer.status, 200, "{answer:?}");
            true
        }
        None => false,
    }
}

/// Every acknowledged document is there as it was acknowledged, in all legs, once; and there is no other. What was under way is
/// one or the other, and is known from here on.
#[track_caller]
fn check(server: &Server, known: &mut BTreeMap<String, Known>, n_before: usize, full: bool) {
    let mut resolved = BTreeMap::new();
    for n in 0..120 {
        let id = format!("doc-{n}");
        let state = known.get(&id).cloned();
        let looked_at = full || matches!(state, Some(Known::Either(..))) || n % 10 == 0;
        let found = if looked_at { stored(server, &id) } else { None };
        let expected = match state {
            None => None,
            Some(Known::Acknowledged(version)) => Some(version),
            Some(Known::Either(before, after)) => {
                assert!(
                    found == before || found == after,
                    "{id}: {found:?}, {before:?} or {after:?}"
                );
                found
            }
        };
        assert!(
            !looked_at || found == expected,
            "{id}: {found:?}, expected {expected:?}"
        );
        resolved.extend(expected.map(|version| (id, Known::Acknowledged(version))));
    }
    *known = resolved;
    let health = server.get("/health").json();
    assert_eq!(health["n_docs"], n_before + known.len());
    if !full {
        return;
    }
    let ids = |mode: &str| {
        let answer =
            server.search(&json!({ "query": "music", "mode": mode, "lang": "en", "depth": 1000 }));
        let hits = answer["hits"].as_array().unwrap().iter();
        let mut ids: Vec<String> = hits
            .map(|hit| hit["id"].as_str().unwrap().to_owned())
            .filter(|id| id.starts_with("doc-"))
            .collect();
        ids.sort();
        ids
    };
    let expected: Vec<&String> = known.keys().collect();
    for mode in ["lexical", "dense"] {
        assert_eq!(ids(mode).iter().collect::<Vec<_>>(), expected, "{mode}");
    }
}

/// The version of a document that the server has.
fn stored(server: &Server, id: &str) -> Option<usize> {
    let answer = server.get(&format!("/v1/documents/{id}"));
    if answer.status == 404 {
        return None;
    }
    let text = answer.json()["text"].as_str().unwrap().to_owned();
    Some(text.rsplit_once('v').unwrap().1.parse().unwrap())
}
