//! Models that run, against the libraries they come from.
//!
//! `scripts/setup.py --test-models` fetches what these tests need, and the reference models lie in `$XENOGLOT_SHARED`
//! (by default `shared/` beside the project). A test whose needs are absent says so in a line and passes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::ArrayView1;
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use tempfile::TempDir;

use crate::encoder::Role;

use super::*;

#[derive(Deserialize)]
struct Reference {
    texts: Vec<String>,
    embeddings: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    embeddings_l2: HashMap<String, Vec<Vec<f32>>>,
}

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

fn minilm() -> Option<PathBuf> {
    present(project().join("runtime/models/all-MiniLM-L6-v2"))
}

fn golden(family: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("XENOGLOT_SHARED")
        .map_or_else(|| project().join("../shared"), PathBuf::from);
    present(shared.join("golden").join(family))
}

/// Both are unit vectors, or zero.
fn cosine(a: ArrayView1<'_, f32>, b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The least cosine between what `encoder` says of `texts`, together and one by one, and `expected`.
fn least_cosine(encoder: &dyn Encoder, texts: &[String], expected: &[Vec<f32>]) -> f32 {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = encoder.encode(&texts, Role::Passage).unwrap();
    assert_eq!(together.len(), expected.len());
    let mut least = 1.0_f32;
    for (i, text) in texts.iter().enumerate() {
        let alone = encoder.encode(&[text], Role::Passage).unwrap();
        let difference = &alone.row(0) - &together.row(i);
        let largest = difference.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
        assert!(
            largest <= 1e-5,
            "{text:?} differs by {largest} alone and in a batch"
        );
        let cosine = cosine(together.row(i), &expected[i]);
        assert!(cosine >= 0.9999, "{text:?}: cosine {cosine}");
        least = least.min(cosine);
    }
    least
}

#[test]
fn minilm_agrees_with_sentence_transformers() {
    let Some(path) = minilm() else { return };
    let reference: Reference = serde_json::from_str(include_str!("fixtures/minilm.json")).unwrap();
    // One session, then two that share the work.
    for threads in [1, 8] {
        let encoder = load(&ModelDir::open(&path).unwrap(), &options(threads)).unwrap();
        assert_eq!(encoder.spec().dim, 384);
        let least = least_cosine(&*encoder, &reference.texts, &reference.embeddings);
        println!("least cosine with {threads} threads: {least}");
    }
}

#[test]
fn golden_bert_agrees_with_transformers_under_each_pooling() {
    let Some(path) = golden("bert") else { return };
    let golden: Golden =
        serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap();
    for (pooling, expected) in &golden.embeddings_l2 {
        let dir = with_pooling(&path.join("base"), pooling);
        let encoder = load(&ModelDir::open(dir.path()).unwrap(), &options(1)).unwrap();
        let least = least_cosine(&*encoder, &golden.texts, expected);
        println!("least cosine with {pooling}: {least}");
    }
}

/// A copy of the model `base`, with the files that ask for `pooling`.
fn with_pooling(base: &Path, pooling: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(base.join(name), dir.path().join(name)).unwrap();
    }
    let modules = r#"[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
    fs::write(dir.path().join("modules.json"), modules).unwrap();
    fs::create_dir(dir.path().join("1_Pooling")).unwrap();
    let config = format!(r#"{{"pooling_mode": "{pooling}"}}"#);
    fs::write(dir.path().join("1_Pooling/config.json"), config).unwrap();
    dir
}

#[test]
fn a_model_inside_the_program_answers_as_the_one_on_disk() {
    let Some(path) = golden("bert") else { return };
    let base = path.join("base");
    let file = |name: &'static str| EmbeddedFile {
        name,
        bytes: fs::read(base.join(name)).unwrap().leak(),
    };
    let files = ["config.json", "tokenizer.json", "model.safetensors"]
        .map(file)
        .to_vec();
    let inside = load(&ModelDir::embedded("base", files.leak()), &options(1)).unwrap();
    let on_disk = load(&ModelDir::open(&base).unwrap(), &options(1)).unwrap();
    let texts = ["Where do storks nest in winter?", "这座桥于1932年建成。"];
    assert_eq!(
        inside.encode(&texts, Role::Query).unwrap(),
        on_disk.encode(&texts, Role::Query).unwrap()
    );
    assert_eq!(inside.spec().fingerprint, on_disk.spec().fingerprint);
}

#[cfg(unix)]
#[test]
fn a_model_of_links_is_read_through_them() {
    // The layout of the hub's cache: names link to files that are called by their hashes.
    let Some(path) = golden("bert") else { return };
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("blobs")).unwrap();
    fs::create_dir_all(dir.path().join("snapshots/0")).unwrap();
    for (i, name) in ["config.json", "tokenizer.json", "model.safetensors"]
        .iter()
        .enumerate()
    {
        let blob = dir.path().join(format!("blobs/{i}"));
        fs::copy(path.join("base").join(name), blob).unwrap();
        let link = dir.path().join("snapshots/0").join(name);
        std::os::unix::fs::symlink(format!("../../blobs/{i}"), link).unwrap();
    }
    let dir = ModelDir::open(&dir.path().join("snapshots/0")).unwrap();
    let encoder = load(&dir, &options(1)).unwrap();
    assert_eq!(encoder.encode(&["x"], Role::Query).unwrap().dim(), 64);
}

#[test]
fn a_length_without_room_for_text_is_refused() {
    let Some(path) = golden("bert") else { return };
    let dir = with_pooling(&path.join("base"), "mean");
    let lengths = dir.path().join("sentence_bert_config.json");
    fs::write(lengths, r#"{"max_seq_length": 2}"#).unwrap();
    let Err(error) = load(&ModelDir::open(dir.path()).unwrap(), &options(1)) else {
        panic!("the model was accepted");
    };
    let message = error.to_string();
    assert!(message.contains("the model reads at most 2"), "{message}");
}

#[test]
fn no_texts_give_no_rows() {
    let Some(path) = golden("bert") else { return };
    let encoder = load(&ModelDir::open(&path.join("base")).unwrap(), &options(1)).unwrap();
    assert!(encoder.encode(&[], Role::Query).unwrap().is_empty());
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

#[test]
fn weights_of_half_precision_run_as_well() {
    let Some(path) = golden("bert") else { return };
    let base = path.join("base");
    let dir = with_pooling(&base, "mean");
    let bytes = fs::read(base.join("model.safetensors")).unwrap();
    let halves: Vec<(String, Vec<usize>, Vec<u8>)> = safetensors::SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let numbers = view.data().as_chunks::<4>().0.iter();
            let halves =
                numbers.flat_map(|x| half::bf16::from_f32(f32::from_le_bytes(*x)).to_le_bytes());
            (name, view.shape().to_vec(), halves.collect())
        })
        .collect();
    let views = halves.iter().map(|(name, shape, data)| {
        (
            name,
            TensorView::new(Dtype::BF16, shape.clone(), data).unwrap(),
        )
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
    let texts = ["Where do storks nest in winter?"];
    let encode = |path: &Path| {
        let encoder = load(&ModelDir::open(path).unwrap(), &options(1)).unwrap();
        encoder.encode(&texts, Role::Query).unwrap().row(0).to_vec()
    };
    let cosine = cosine(encode(dir.path()).as_slice().into(), &encode(&base));
    // Eight bits of mantissa over three layers.
    assert!(cosine > 0.999, "{cosine}");
}

const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 3, "hidden_size": 4, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 8, "hidden_act": "gelu", "max_position_embeddings": 16}"#;

/// What [`load`] says of a model with `config` and one tensor of `shape`.
fn refusal(config: &str, name: &str, shape: &[usize]) -> String {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("config.json"), config).unwrap();
    let data = vec![0; shape.iter().product::<usize>() * 4];
    let view = TensorView::new(Dtype::F32, shape.to_vec(), &data).unwrap();
    let bytes = safetensors::serialize([(name, view)], None).unwrap();
    fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
    match load(&ModelDir::open(dir.path()).unwrap(), &options(1)) {
        Ok(_) => panic!("the model was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_model_that_is_not_whole_is_refused_by_what_it_lacks() {
    let check = |config: &str, name: &str, shape: &[usize], expected: &str| {
        let message = refusal(config, name, shape);
        assert!(message.contains(expected), "{message}");
    };
    let words = "embeddings.word_embeddings.weight";
    let with_prefix = "bert.embeddings.word_embeddings.weight";
    check(
        CONFIG,
        "other",
        &[1],
        "tensor `embeddings.word_embeddings.weight` is missing",
    );
    check(
        CONFIG,
        words,
        &[3, 4],
        "tensor `embeddings.position_embeddings.weight` is missing",
    );
    check(
        CONFIG,
        with_prefix,
        &[3, 4],
        "tensor `bert.embeddings.position_embeddings.weight` is missing",
    );
    check(CONFIG, words, &[3, 5], "has shape [3, 5], expected [3, 4]");
    let odd_heads = CONFIG.replace(r#""num_attention_heads": 2"#, r#""num_attention_heads": 3"#);
    check(
        &odd_heads,
        words,
        &[3, 4],
        "expected a multiple of `num_attention_heads`",
    );
    let other = CONFIG.replace(r#""bert""#, r#""mamba""#);
    check(
        &other,
        words,
        &[3, 4],
        "unknown architecture \"mamba\"; known are static, bert",
    );
}

#[test]
fn the_same_model_gives_the_same_graph() {
    let Some(path) = golden("bert") else { return };
    let dir = ModelDir::open(&path.join("base")).unwrap();
    let graph = || {
        bert::backbone(&dir, &Weights::open(&dir).unwrap())
            .unwrap()
            .model
    };
    assert_eq!(graph(), graph());
}
