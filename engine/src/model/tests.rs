//! Models that run, against the libraries they come from.
//!
//! `tests/fixtures` holds tiny models with what the reference libraries say of them (`tests/parity` makes them);
//! `scripts/setup.py --test-models` fetches a real one, and reference models of others lie in `$XENOGLOT_SHARED` (by
//! default `shared/` beside the project). A test whose needs are absent says so in a line and passes.

mod parity;
mod refusals;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The CPU, one session of `threads` threads up to four.
fn options(threads: usize) -> LoadOptions {
    LoadOptions {
        device: Device::Cpu,
        threads: NonZeroUsize::new(threads),
        runtime: RuntimeSearch {
            explicit: std::env::var_os("XENOGLOT_ORT_DYLIB").map(PathBuf::from),
            working_dir: Some(project()),
            ..RuntimeSearch::default()
        },
        ..LoadOptions::default()
    }
}

/// `path`, unless it or ONNX Runtime is absent.
fn present(path: PathBuf) -> Option<PathBuf> {
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    if locate(&options(1).runtime).is_empty() {
        println!("skipped: ONNX Runtime is absent");
        return None;
    }
    Some(path)
}

/// The tiny model `name`.
fn fixture(name: &str) -> Option<PathBuf> {
    present(project().join("tests/fixtures/models").join(name))
}

fn minilm() -> Option<PathBuf> {
    present(project().join("runtime/models/all-MiniLM-L6-v2"))
}

fn golden(family: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("XENOGLOT_SHARED")
        .map_or_else(|| project().join("../shared"), PathBuf::from);
    present(shared.join("golden").join(family))
}

/// The encoder in `path` with `options`.
fn load_with(path: &Path, options: &LoadOptions) -> Result<Arc<dyn Encoder>> {
    load(&ModelDir::open(path)?, options)
}

/// The encoder in `path` on one thread.
fn loaded(path: &Path) -> Arc<dyn Encoder> {
    load_with(path, &options(1)).unwrap()
}

/// A copy of the model `base` to change something in.
fn copy(base: &Path) -> TempDir {
    let dir = TempDir::new().unwrap();
    copy_files(base, dir.path());
    dir
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_files(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Asks for `pooling` in `dir`, which has no modules of its own.
fn ask_for_pooling(dir: &Path, pooling: &str) {
    let modules = r#"[{"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
    fs::write(dir.join("modules.json"), modules).unwrap();
    fs::create_dir_all(dir.join("1_Pooling")).unwrap();
    fs::write(dir.join("1_Pooling/config.json"), pooling).unwrap();
}

#[test]
fn the_runtime_says_where_models_run() {
    if present(project()).is_none() {
        return;
    }
    let info = info(&options(1).runtime).unwrap();
    println!("{info:?}");
    let cpu = info
        .providers
        .iter()
        .find(|status| status.name == "CPU")
        .unwrap();
    assert_eq!(cpu.problem, None);
}
