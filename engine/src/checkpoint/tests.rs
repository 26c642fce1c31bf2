//! Real checkpoints, and files that want to be something else.
//!
//! `tests/parity/checkpoints.py` says what the fixtures hold; the golden files come from the libraries that the method's
//! authors used. A golden file that is absent says so in a line, and its test passes.

use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use proptest::prelude::*;

use super::{Checkpoint, Dtype, Object, Pickle};
use crate::error::Error;

mod hostile;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/checkpoints");
    folder.join(name)
}

/// The files `name` in the folders of golden models of `kind`.
fn golden(kind: &str, name: &str) -> Vec<PathBuf> {
    let shared = std::env::var_os("XENOGLOT_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let mut files = Vec::new();
    for family in ["bert", "xlmr"] {
        let folder = shared.join("golden").join(family).join(kind);
        let Ok(models) = folder.read_dir() else {
            println!("skipped: {} is absent", folder.display());
            continue;
        };
        files.extend(models.map(|model| model.unwrap().path().join(name)));
    }
    files.retain(|file| file.exists());
    files
}

/// The sentences of an error and of its causes.
fn sentence<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "it was read".into(),
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text += &format!(": {cause}");
                source = cause.source();
            }
            text
        }
    }
}

/// Reads everything that `bytes` hold, both ways. What matters is that it ends.
fn read_all(bytes: &[u8]) {
    let path = Path::new("fuzzed");
    if let Ok(checkpoint) = Checkpoint::from_bytes(path, bytes.to_vec()) {
        for name in checkpoint.names() {
            let numbers = checkpoint.numbers(name);
            assert!(
                numbers.is_err()
                    || checkpoint.shape(name) == numbers.ok().as_ref().map(ArrayD::shape)
            );
        }
    }
    if let Ok(pickle) = Pickle::from_bytes(path, bytes.to_vec()) {
        read_tensors(&pickle, pickle.root());
    }
}

fn read_tensors(pickle: &Pickle, object: &Object) {
    if let Some(tensor) = object.as_tensor() {
        let _ = pickle.numbers(tensor);
    }
    for (_, value) in object.entries().unwrap_or_default() {
        read_tensors(pickle, value);
    }
    for value in object.as_list().unwrap_or_default() {
        read_tensors(pickle, value);
    }
}

#[test]
fn every_format_gives_the_same_tensors() {
    let whole: Vec<f32> = (0..12).map(|n| n as f32).collect();
    let cases: [(&str, &[usize], &[f32]); 18] = [
        ("whole", &[3, 4], &whole),
        (
            "transposed",
            &[4, 3],
            &[0., 4., 8., 1., 5., 9., 2., 6., 10., 3., 7., 11.],
        ),
        ("column", &[3], &[1., 5., 9.]),
        ("part", &[2, 4], &whole[4..]),
        ("expanded", &[2, 3], &[5.; 6]),
        ("scalar", &[], &[2.5]),
        ("empty", &[0, 4], &[]),
        ("parameter", &[2], &[0.5, -0.5]),
        ("half", &[2], &[1.5, -2.]),
        ("bfloat", &[2], &[1.5, -2.]),
        ("double", &[2], &[0.25, -1e10]),
        ("long", &[2], &[3., -4.]),
        ("int", &[2], &[3., -4.]),
        ("short", &[2], &[3., -4.]),
        ("char", &[2], &[3., -4.]),
        ("byte", &[2], &[3., 250.]),
        ("bool", &[2], &[1., 0.]),
        ("unsigned", &[2], &[3., 65535.]),
    ];
    for file in ["zip.bin", "protocol4.bin", "legacy.bin"] {
        let checkpoint = Checkpoint::open(&fixture(file)).unwrap();
        assert_eq!(checkpoint.names().count(), cases.len(), "{file}");
        for (name, shape, numbers) in cases {
            let expected = ArrayD::from_shape_vec(shape, numbers.to_vec()).unwrap();
            assert_eq!(
                checkpoint.numbers(name).unwrap(),
                expected,
                "{file}: {name}"
            );
            assert_eq!(checkpoint.shape(name), Some(shape), "{file}: {name}");
        }
    }
}

#[test]
fn contiguous_tensors_have_a_place_in_the_file() {
    for file in ["zip.bin", "legacy.bin"] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        let checkpoint = Checkpoint::open(&fixture(file)).unwrap();
        let (dtype, place) = checkpoint.place("part").unwrap();
        assert_eq!(dtype, Dtype::F32);
        let numbers: Vec<u8> = (4..12_u8)
            .flat_map(|n| f32::from(n).to_le_bytes())
            .collect();
        assert_eq!(bytes[place], numbers);
        assert_eq!(checkpoint.place("transposed"), None);
        assert_eq!(checkpoint.place("nothing"), None);
    }
}

#[test]
fn a_state_dict_with_metadata_is_tensors_by_name() {
    let checkpoint = Checkpoint::open(&fixture("module.bin")).unwrap();
    assert_eq!(checkpoint.names().collect::<Vec<_>>(), ["bias", "weight"]);
    assert_eq!(checkpoint.shape("weight"), Some(&[1, 2][..]));
}

#[test]
fn a_mask_of_composable_sft_is_plain_values() {
    let pickle = Pickle::open(&fixture("diff.bin")).unwrap();
    let diffs = pickle.root().get("diffs").unwrap();
    let diff = diffs.get("a.weight").unwrap();
    let ints = |key| {
        let list = diff.get(key).unwrap().as_list().unwrap();
        list.iter().map(|n| n.as_int().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ints("size"), [2, 3]);
    assert_eq!(ints("index_steps"), [0, 1, 3]);
    let values = diff.get("values").unwrap().as_tensor().unwrap();
    assert_eq!(values.name(), "diffs/a.weight/values");
    assert_eq!(
        pickle.numbers(values).unwrap().as_slice(),
        Some(&[0.5, -1., 0.25][..])
    );
    let empty = diffs.get("a.bias").unwrap();
    assert_eq!(empty.get("index_steps"), Some(&Object::List(vec![])));
    assert_eq!(
        pickle.root().get("abs").unwrap().entries().unwrap().len(),
        1
    );
}

#[test]
fn refusals_name_what_was_found() {
    for (file, expected) in [
        (
            "deflated.bin",
            "its entry `archive/data.pkl` is compressed (method 8)",
        ),
        (
            "diff.bin",
            "it holds a mapping as `diffs`, expected a tensor",
        ),
    ] {
        let sentence = sentence(Checkpoint::open(&fixture(file)));
        assert!(sentence.contains(expected), "{file}: {sentence}");
        assert!(sentence.contains(file), "{file}: {sentence}");
    }
    let checkpoint = Checkpoint::open(&fixture("nan.bin")).unwrap();
    for (name, expected) in [
        (
            "nan",
            "nan.bin: tensor `nan` holds a number that is not finite in 32 bits, at 1 of its values",
        ),
        ("other", "nan.bin: tensor `other` is missing"),
    ] {
        let sentence = sentence(checkpoint.numbers(name));
        assert!(sentence.ends_with(expected), "{sentence}");
    }
}

#[test]
fn files_of_the_authors_libraries_are_read_whole() {
    let adapters = golden("adapterhub", "pytorch_adapter.bin");
    let heads = golden("adapterhub", "pytorch_model_head.bin");
    let peft = golden("peft", "adapter_model.safetensors");
    for path in adapters.into_iter().chain(heads).chain(peft) {
        let checkpoint = Checkpoint::open(&path).unwrap();
        assert!(checkpoint.names().count() > 0, "{}", path.display());
        for name in checkpoint.names() {
            assert!(!checkpoint.numbers(name).unwrap().is_empty(), "{name}");
            assert!(checkpoint.place(name).is_some(), "{name}");
        }
    }
    for path in golden("sft", "pytorch_diff.bin") {
        let pickle = Pickle::open(&path).unwrap();
        let diffs = pickle.root().get("diffs").unwrap().entries().unwrap();
        for (_, diff) in diffs {
            let values = pickle
                .numbers(diff.get("values").unwrap().as_tensor().unwrap())
                .unwrap();
            let steps = diff.get("index_steps").unwrap().as_list().unwrap();
            assert_eq!(values.len(), steps.len());
            assert!(steps.iter().all(|step| step.as_int().is_some()));
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_an_error() {
    for file in ["zip.bin", "protocol4.bin", "legacy.bin", "diff.bin"] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        for len in 0..bytes.len() {
            let result = Pickle::from_bytes(Path::new(file), bytes[..len].to_vec());
            assert!(result.is_err(), "{file} cut to {len} bytes was read");
        }
    }
}

#[test]
fn a_flipped_byte_never_panics() {
    for file in ["zip.bin", "protocol4.bin", "legacy.bin", "diff.bin"] {
        let mut bytes = std::fs::read(fixture(file)).unwrap();
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                bytes[at] ^= flip;
                read_all(&bytes);
                bytes[at] ^= flip;
            }
        }
    }
}

#[test]
fn a_value_of_a_long_list_takes_four_words() {
    assert_eq!(size_of::<Object>(), 32);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
        read_all(&hostile::saved(&bytes));
        read_all(&[&b"PK"[..], &bytes].concat());
        read_all(&[&[0x80, 2][..], &bytes].concat());
        let header = [&(bytes.len() as u64).to_le_bytes()[..], b"{", &bytes].concat();
        read_all(&header);
    }

    /// Opcodes at random, which come further than bytes do.
    #[test]
    fn no_opcodes_panic(opcodes in proptest::collection::vec(hostile::opcode(), 0..60)) {
        read_all(&hostile::saved(&[&b"\x80\x02"[..], &opcodes.concat(), b"."].concat()));
    }
}
