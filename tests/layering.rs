//! The fences of the house: which crate may lean on which, and which library has which room.
//!
//! Sources are read as Rust without their comments, strings and tests; what is left is searched for paths that begin with
//! a library's name.

mod rust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::workspace;
use rust::{Word, code, paths};

/// A fence: words that stand inside `rooms` alone.
struct Fence {
    /// Beginnings of paths in code, such as `ort::` or `std::env::var`.
    words: &'static [&'static str],
    /// Modules, without the `.rs`, and folders, below the workspace.
    rooms: &'static [&'static str],
}

const FENCES: &[Fence] = &[
    fence(&["ort"], &["engine/src/model"]),
    fence(&["tokenizers"], &["engine/src/model/tokenizer"]),
    fence(
        &["safetensors"],
        &["engine/src/model", "engine/src/checkpoint"],
    ),
    fence(&["prost"], &["engine/src/model"]),
    fence(&["tantivy"], &["engine/src/lexical", "engine/src/analyzer"]),
    fence(&["encoding_rs"], &["engine/src/input"]),
    fence(&["frostem", "stop_words"], &["engine/src/analyzer"]),
    fence(&["any_ascii"], &["engine/src/analyzer/romanise"]),
    fence(&["hnsw_rs", "anndists"], &["engine/src/dense/hnsw"]),
    fence(&["statrs", "rand"], &["engine/src/eval"]),
    fence(
        &["axum", "tokio", "tower_http", "hyper", "http_body"],
        &["api"],
    ),
    fence(&["hyper_util", "tokio_rustls"], &["api/src/server"]),
    fence(&["getrandom"], &["api/src/keys"]),
    fence(&["prometheus_client"], &["api/src/metrics"]),
    fence(
        &[
            "opentelemetry",
            "opentelemetry_sdk",
            "opentelemetry_otlp",
            "opentelemetry_http",
            "ureq",
        ],
        &["api/src/traces"],
    ),
    fence(
        &["tracing_opentelemetry"],
        &["api/src/traces", "src/traces"],
    ),
    fence(&["clap_complete"], &["src/completions"]),
    fence(&["clap_mangen"], &["src/man"]),
    fence(&["async", "await"], &["api"]),
    fence(&["lru"], &["api/src/batching/cache"]),
    fence(&["base64"], &["api/src/dialects/openai"]),
    // The command line is where addresses are typed.
    fence(&["std::net"], &["api", "src/serve"]),
    fence(&["clap", "anyhow"], &["src"]),
    fence(
        &["arrow_array", "arrow_schema", "arrow_ipc"],
        &["src/embed/arrow"],
    ),
    fence(&["maud"], &["harness/src/report/html"]),
    fence(&["indicatif", "anstream", "anstyle"], &["src"]),
    fence(&["signal_hook", "tracing_subscriber"], &["src"]),
    // Settings are read once, at the edge, and only the edge may end the process.
    fence(&["std::env", "env::var", "env::var_os"], &["src"]),
    fence(&["std::process"], &["src"]),
    fence(
        &["unsafe"],
        &[
            "engine/src/mapped",
            "engine/src/model",
            // Instructions that the processor was asked for: five times the speed of what compilers make of bytes.
            "engine/src/dense/distance",
        ],
    ),
];

const fn fence(words: &'static [&'static str], rooms: &'static [&'static str]) -> Fence {
    Fence { words, rooms }
}

/// Which of our crates each may lean on.
const ARROWS: &[(&str, &[&str])] = &[
    ("xenoglot-engine", &[]),
    ("xenoglot-indexer", &["xenoglot-engine"]),
    ("xenoglot-reranker", &["xenoglot-engine"]),
    ("xenoglot-api", &["xenoglot-engine", "xenoglot-reranker"]),
    (
        "xenoglot-harness",
        &["xenoglot-engine", "xenoglot-indexer", "xenoglot-reranker"],
    ),
    (
        "xenoglot",
        &[
            "xenoglot-api",
            "xenoglot-engine",
            "xenoglot-harness",
            "xenoglot-indexer",
            "xenoglot-reranker",
        ],
    ),
];

#[test]
fn no_crate_leans_on_one_above_it() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    assert_eq!(
        ours,
        ARROWS.iter().map(|(name, _)| *name).collect(),
        "a new crate wants its arrows here"
    );
    for (name, allowed) in ARROWS {
        let leans_on: BTreeSet<&str> = packages[*name]
            .iter()
            .map(String::as_str)
            .filter(|name| ours.contains(name))
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(
            leans_on.is_subset(&allowed),
            "{name} leans on {leans_on:?}, and may lean on {allowed:?}"
        );
    }
}

#[test]
fn a_library_with_one_room_is_a_dependency_of_that_rooms_crate_alone() {
    for (name, dependencies) in packages() {
        let folder = name.strip_prefix("xenoglot-").unwrap_or("src");
        let needs = |word: &str| {
            let mut names = [word.to_owned(), word.replace('_', "-")].into_iter();
            names.any(|name| dependencies.contains(&name))
        };
        for fence in FENCES {
            let is_home = |room: &&str| room.split('/').next() == Some(folder);
            if let Some(word) = fence.words.iter().find(|word| needs(word)) {
                let rooms = fence.rooms;
                assert!(
                    rooms.iter().any(is_home),
                    "{name} depends on {word}, whose rooms are {rooms:?}"
                );
            }
        }
    }
}

/// The packages of the workspace and the names of what each depends on, tests aside.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        cargo.status.success(),
        "{}",
        String::from_utf8_lossy(&cargo.stderr)
    );
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let runs = |dependency: &&Value| dependency["kind"] != "dev";
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(runs);
            (name(package), dependencies.map(name).collect())
        })
        .collect()
}

#[test]
fn every_library_stays_in_its_room() {
    let mut trespasses = Vec::new();
    let mut used = BTreeSet::new();
    for file in sources() {
        let name = file
            .strip_prefix(workspace())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        let words = paths(&code(&std::fs::read_to_string(&file).unwrap()));
        for fence in FENCES {
            let found = words
                .iter()
                .filter(|word| fence.words.iter().any(|fenced| word.begins_with(fenced)));
            for Word { path, line } in found {
                used.insert(fence.words[0]);
                if !fence.rooms.iter().any(|room| is_in(&name, room)) {
                    trespasses.push(format!(
                        "{name}:{line}: `{path}` belongs to {:?}",
                        fence.rooms
                    ));
                }
            }
        }
    }
    assert!(trespasses.is_empty(), "{}", trespasses.join("\n"));
    // A fence around nothing is a typing error.
    let unused: Vec<&str> = FENCES
        .iter()
        .map(|fence| fence.words[0])
        .filter(|word| !used.contains(word))
        .collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}

/// A room is a file, or a module: its file and the folder of the same name.
fn is_in(file: &str, room: &str) -> bool {
    let rest = file.strip_prefix(room);
    rest.is_some_and(|rest| ["", ".rs"].contains(&rest) || rest.starts_with('/'))
}

/// Every file of Rust that goes into the program: tests have files of their own, which `#[cfg(test)]` names.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in [
        "src",
        "engine/src",
        "indexer/src",
        "reranker/src",
        "harness/src",
        "api/src",
    ] {
        collect(&workspace().join(folder), &mut files);
    }
    let tests: BTreeSet<PathBuf> = files.iter().flat_map(|file| test_files(file)).collect();
    files.retain(|file| !tests.contains(file));
    assert!(files.len() > 30, "{files:?}");
    files
}

/// The files of the modules that `file` declares for tests alone.
fn test_files(file: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(file).unwrap();
    let folder = match file.file_stem().unwrap().to_str().unwrap() {
        "lib" | "main" | "mod" => file.parent().unwrap().to_owned(),
        _ => file.with_extension(""),
    };
    let modules = rust::test_modules(&text).into_iter();
    let mut files = Vec::new();
    for name in modules {
        files.push(folder.join(format!("{name}.rs")));
        // And what it is made of.
        let inside = folder.join(name);
        if inside.is_dir() {
            collect(&inside, &mut files);
        }
    }
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn a_room_is_its_file_and_its_folder() {
    for (file, room, expected) in [
        ("engine/src/model.rs", "engine/src/model", true),
        ("engine/src/model/bert.rs", "engine/src/model", true),
        ("engine/src/models.rs", "engine/src/model", false),
        ("engine/src/mapped.rs", "engine/src/mapped.rs", true),
        ("engine/src/search.rs", "src", false),
    ] {
        assert_eq!(is_in(file, room), expected, "{file} in {room}");
    }
}
