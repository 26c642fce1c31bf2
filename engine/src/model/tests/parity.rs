//! The same vectors as the libraries that models come from.

use std::collections::HashMap;

use half::f16;
use ndarray::{Array2, ArrayView1};
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use serde_json::Value;

use crate::encoder::{Embeddings, Role};
use crate::model::golden::TokenIds;
use crate::model::static_table::StaticEncoder;
use crate::model::tokenizer::{Cut, Tokenizer};

use super::*;

/// What a fixture's `expected.json` says.
#[derive(Deserialize)]
struct Expected {
    texts: Vec<String>,
    ids: Vec<Vec<u32>>,
    embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    query_embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    passage_embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    quantized_embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    poolings: HashMap<String, Vec<Vec<f32>>>,
    #[serde(default)]
    configs: HashMap<String, Vec<Value>>,
}

fn expected(path: &Path) -> Expected {
    let bytes = fs::read(path.join("expected.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Both are unit vectors, or zero.
fn cosine(a: ArrayView1<'_, f32>, b: &[f32]) -> f32 {
    if a.iter().chain(b).all(|x| *x == 0.0) {
        return 1.0;
    }
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Checks what `encoder` says of `texts`, together and one by one, against `expected`, and returns the least cosine.
#[track_caller]
fn check(encoder: &dyn Encoder, texts: &[String], role: Role, expected: &[Vec<f32>]) -> f32 {
    let together = encoder.encode(&borrowed(texts), role).unwrap();
    assert_eq!(together.len(), expected.len());
    let mut least = 1.0_f32;
    for (i, text) in texts.iter().enumerate() {
        let alone = encoder.encode(&[text], role).unwrap();
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

/// The least cosine without any demand.
fn least_cosine(encoder: &dyn Encoder, texts: &[String], expected: &[Vec<f32>]) -> f32 {
    let embeddings = encoder.encode(&borrowed(texts), Role::Plain).unwrap();
    let rows = embeddings.view();
    let cosines = rows.rows().into_iter().zip(expected);
    cosines
        .map(|(row, expected)| cosine(row, expected))
        .fold(1.0, f32::min)
}

#[test]
fn every_architecture_and_layout_agrees_with_its_reference() {
    let names = [
        "distilbert",
        "layernorm",
        "model2vec",
        "model2vec-quantized",
        "mpnet",
        "ofa",
        "old-layout",
        "onnx-only",
        "prompts",
        "roberta",
        "sharded",
        "static-st",
        "static-st-root",
        "xlmr-dense",
    ];
    for name in names {
        let Some(path) = fixture(name) else { return };
        let expected = expected(&path);
        let encoder = loaded(&path);
        let least = check(
            &*encoder,
            &expected.texts,
            Role::Plain,
            &expected.embeddings,
        );
        println!("least cosine of {name}: {least}");
    }
}

#[test]
fn every_tokenizer_gives_the_ids_of_its_reference() {
    for name in [
        "distilbert",
        "mpnet",
        "ofa",
        "roberta",
        "sharded",
        "xlmr-dense",
    ] {
        let Some(path) = fixture(name) else { return };
        let dir = ModelDir::open(&path).unwrap();
        let expected = expected(&path);
        let max_tokens = expected.ids.iter().map(Vec::len).max().unwrap();
        let tokenizer = Tokenizer::load(&dir).unwrap();
        let tokenizer = tokenizer.truncated(&dir, max_tokens, Cut::End).unwrap();
        for (text, ids) in expected.texts.iter().zip(&expected.ids) {
            assert_eq!(
                tokenizer.ids_with_special(text).unwrap(),
                *ids,
                "{name}: {text:?}"
            );
        }
    }
    for name in ["static-st", "static-st-root"] {
        let Some(path) = fixture(name) else { return };
        let dir = ModelDir::open(&path).unwrap();
        let encoder = StaticEncoder::load(&dir, Pipeline::load(&dir).unwrap()).unwrap();
        let expected = expected(&path);
        for (text, ids) in expected.texts.iter().zip(&expected.ids) {
            assert_eq!(encoder.token_ids(text).unwrap(), *ids, "{name}: {text:?}");
        }
    }
}

#[test]
fn every_way_of_pooling_agrees_with_sentence_transformers_in_both_spellings() {
    let Some(path) = fixture("bert-poolings") else {
        return;
    };
    let expected = expected(&path);
    assert!(expected.poolings.len() >= 9);
    for (name, embeddings) in &expected.poolings {
        for config in &expected.configs[name] {
            let dir = copy(&path);
            ask_for_pooling(dir.path(), &config.to_string());
            let encoder = loaded(dir.path());
            let least = check(&*encoder, &expected.texts, Role::Plain, embeddings);
            println!("least cosine with {config}: {least}");
        }
    }
}

#[test]
fn prompts_stand_before_the_texts_of_their_role() {
    let Some(path) = fixture("prompts") else {
        return;
    };
    let expected = expected(&path);
    let encoder = loaded(&path);
    check(
        &*encoder,
        &expected.texts,
        Role::Query,
        &expected.query_embeddings,
    );
    check(
        &*encoder,
        &expected.texts,
        Role::Passage,
        &expected.passage_embeddings,
    );
}

#[test]
fn quantised_onnx_files_run_where_they_are_named_or_asked_for() {
    let Some(path) = fixture("onnx-only") else {
        return;
    };
    let expected = expected(&path);
    let named = loaded(&path.join("onnx/model_quantized.onnx"));
    let in_int8 = LoadOptions {
        precision: Precision::Int8,
        ..options(1)
    };
    let asked = load_with(&path, &in_int8).unwrap();
    for encoder in [named, asked] {
        // Dynamic quantisation sees the whole batch, and the reference ran another.
        let least = least_cosine(&*encoder, &expected.texts, &expected.quantized_embeddings);
        println!("least cosine of the quantised file: {least}");
        assert!(least > 0.98, "{least}");
        let plain = least_cosine(&*encoder, &expected.texts, &expected.embeddings);
        assert!(plain < 0.99999, "this is not the quantised file: {plain}");
    }
}

/// Reads a `.npy` of 500 × 384 half-precision numbers; rows that rounding left a little off get unit length again.
fn read_npy(path: &Path) -> Embeddings {
    let bytes = fs::read(path).unwrap();
    let header_end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..header_end]);
    assert!(
        header.contains("'<f2'") && header.contains("(500, 384)"),
        "{header}"
    );
    let numbers = bytes[header_end..].as_chunks::<2>().0.iter();
    let numbers = numbers.map(|x| f16::from_le_bytes(*x).to_f32()).collect();
    Embeddings::normalized(Array2::from_shape_vec((500, 384), numbers).unwrap())
}

#[test]
fn minilm_agrees_with_sentence_transformers_on_500_texts_of_many_scripts() {
    #[derive(Deserialize)]
    struct Line {
        text: String,
    }
    let Some(path) = minilm() else { return };
    let fixtures = project().join("tests/fixtures/minilm");
    let lines = fs::read_to_string(fixtures.join("texts.jsonl")).unwrap();
    let texts: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Line>(line).unwrap().text)
        .collect();
    let expected = read_npy(&fixtures.join("embeddings.npy"));
    let expected: Vec<Vec<f32>> = expected
        .view()
        .rows()
        .into_iter()
        .map(|row| row.to_vec())
        .collect();
    let encoder = loaded(&path);
    assert_eq!(encoder.spec().dim, 384);
    let least = check(&*encoder, &texts, Role::Passage, &expected);
    println!("least cosine: {least}");
    let shared = load_with(&path, &options(8)).unwrap();
    assert!(least_cosine(&*shared, &texts, &expected) >= 0.9999);
}

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    embeddings_l2: HashMap<String, Vec<Vec<f32>>>,
}

#[test]
fn golden_models_agree_with_transformers_under_each_pooling() {
    for family in ["bert", "xlmr"] {
        let Some(path) = golden(family) else { return };
        let golden: Golden =
            serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap();
        for (pooling, expected) in &golden.embeddings_l2 {
            let dir = copy(&path.join("base"));
            ask_for_pooling(dir.path(), &format!(r#"{{"pooling_mode": "{pooling}"}}"#));
            let encoder = loaded(dir.path());
            let least = check(&*encoder, &golden.texts, Role::Plain, expected);
            println!("least cosine of {family} with {pooling}: {least}");
        }
    }
}

#[test]
fn a_model_inside_the_program_answers_as_the_one_on_disk() {
    for name in ["xlmr-dense", "old-layout", "sharded"] {
        let Some(path) = fixture(name) else { return };
        let mut files = Vec::new();
        collect(&path, "", &mut files);
        let inside = ModelDir::embedded(name, files.leak());
        let inside = load(&inside, &options(1)).unwrap();
        let on_disk = loaded(&path);
        let texts = ["Where do storks nest in winter?", "这座桥于1932年建成。"];
        assert_eq!(
            inside.encode(&texts, Role::Query).unwrap(),
            on_disk.encode(&texts, Role::Query).unwrap()
        );
        assert_eq!(inside.spec().fingerprint, on_disk.spec().fingerprint);
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<EmbeddedFile>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.push(EmbeddedFile {
                name: name.leak(),
                bytes: fs::read(path).unwrap().leak(),
            });
        }
    }
}

#[cfg(unix)]
#[test]
fn a_model_of_links_is_read_through_them() {
    // The layout of the hub's cache: names link to files that are called by their hashes.
    for name in ["mpnet", "sharded"] {
        let Some(path) = fixture(name) else { return };
        let dir = copy(&path);
        fs::create_dir(dir.path().join("blobs")).unwrap();
        let files = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap());
        for (i, file) in files.filter(|entry| entry.path().is_file()).enumerate() {
            let link = dir.path().join(file.file_name());
            fs::rename(&link, dir.path().join(format!("blobs/{i}"))).unwrap();
            std::os::unix::fs::symlink(format!("blobs/{i}"), link).unwrap();
        }
        let expected = expected(&path);
        check(
            &*loaded(dir.path()),
            &expected.texts,
            Role::Plain,
            &expected.embeddings,
        );
    }
}

#[test]
fn weights_of_half_precision_run_as_well() {
    let Some(path) = fixture("mpnet") else { return };
    let expected = expected(&path);
    let dir = copy(&path);
    let bytes = fs::read(path.join("model.safetensors")).unwrap();
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
    let least = least_cosine(&*loaded(dir.path()), &expected.texts, &expected.embeddings);
    // Eight bits of mantissa over two layers of large random weights.
    assert!(least > 0.98, "{least}");
    assert!(least < 0.999_999, "these are not the halves: {least}");
}

#[test]
fn lower_precision_stays_near() {
    for name in ["mpnet", "roberta", "xlmr-dense", "distilbert"] {
        let Some(path) = fixture(name) else { return };
        let expected = expected(&path);
        for (precision, at_least) in [(Precision::Int8, 0.9), (Precision::Fp16, 0.9999)] {
            let options = LoadOptions {
                precision,
                ..options(1)
            };
            let encoder = load_with(&path, &options).unwrap();
            let least = least_cosine(&*encoder, &expected.texts, &expected.embeddings);
            println!("least cosine of {name} in {}: {least}", precision.name());
            assert!(least >= at_least, "{name} in {}: {least}", precision.name());
        }
    }
}

#[test]
fn cut_vectors_are_the_first_numbers_at_unit_length() {
    for name in ["xlmr-dense", "static-st"] {
        let Some(path) = fixture(name) else { return };
        let expected = expected(&path);
        let options = LoadOptions {
            dimensions: NonZeroUsize::new(8),
            ..options(1)
        };
        let encoder = load_with(&path, &options).unwrap();
        assert_eq!(encoder.spec().dim, 8);
        let cut: Vec<Vec<f32>> = expected
            .embeddings
            .iter()
            .map(|row| {
                let length = row[..8].iter().map(|x| x * x).sum::<f32>().sqrt();
                row[..8]
                    .iter()
                    .map(|x| if length > 0.0 { x / length } else { 0.0 })
                    .collect()
            })
            .collect();
        check(&*encoder, &expected.texts, Role::Plain, &cut);
    }
}

#[test]
fn many_texts_keep_their_order_over_windows() {
    let Some(path) = fixture("distilbert") else {
        return;
    };
    let expected = expected(&path);
    let texts: Vec<&str> = borrowed(&expected.texts)
        .into_iter()
        .cycle()
        .take(2_500)
        .collect();
    for threads in [1, 8] {
        let encoder = load_with(&path, &options(threads)).unwrap();
        let embeddings = encoder.encode(&texts, Role::Plain).unwrap();
        let rows = embeddings.view();
        for (row, expected) in rows
            .rows()
            .into_iter()
            .zip(expected.embeddings.iter().cycle())
        {
            assert!(cosine(row, expected) >= 0.9999);
        }
    }
}

#[test]
fn no_texts_give_no_rows() {
    let Some(path) = fixture("mpnet") else { return };
    assert!(loaded(&path).encode(&[], Role::Query).unwrap().is_empty());
}
