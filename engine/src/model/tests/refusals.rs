//! What is no model, or a wrong one, is refused by what is wrong with it.

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

use crate::encoder::Role;

use super::*;

/// What loading the model in `path` says.
#[track_caller]
fn refusal(path: &Path, options: &LoadOptions) -> String {
    match load_with(path, options) {
        Ok(_) => panic!("the model was accepted"),
        Err(error) => {
            let causes =
                std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        }
    }
}

/// Changes the model `name` and checks what is then said of it.
#[track_caller]
fn check(name: &str, change: impl Fn(&Path), expected: &[&str]) {
    let Some(path) = fixture(name) else { return };
    let dir = copy(&path);
    change(dir.path());
    let message = refusal(dir.path(), &options(1));
    for part in expected {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

/// Writes the tensors of `dir` again, each as `change` makes it.
fn rewrite(
    dir: &Path,
    change: impl Fn(&str, Vec<usize>, Vec<u8>) -> Option<(Vec<usize>, Vec<u8>)>,
) {
    let file = dir.join("model.safetensors");
    let bytes = fs::read(&file).unwrap();
    let parsed = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = parsed
        .tensors()
        .into_iter()
        .filter_map(|(name, view)| {
            let (shape, data) = change(&name, view.shape().to_vec(), view.data().to_vec())?;
            Some((name, shape, data))
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, data)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), data).unwrap(),
        )
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    fs::write(file, bytes).unwrap();
}

/// Changes a field of a JSON file.
fn set(file: &Path, field: &str, value: Value) {
    let mut json: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    json[field] = value;
    fs::write(file, json.to_string()).unwrap();
}

#[test]
fn what_is_no_directory_of_a_model_is_refused() {
    let dir = TempDir::new().unwrap();
    let message = |path: &Path| ModelDir::open(path).unwrap_err().to_string();
    assert!(message(&dir.path().join("x")).contains("there is nothing at that path"));
    assert!(message(dir.path()).contains("no config.json and no modules.json"));
    fs::write(dir.path().join("x.txt"), "").unwrap();
    assert!(message(&dir.path().join("x.txt")).contains("it is a file"));
    fs::write(dir.path().join("x.onnx"), "").unwrap();
    let message = message(&dir.path().join("x.onnx"));
    assert!(message.contains("beside or above it"), "{message}");
}

#[test]
fn weights_that_are_cut_short_are_refused() {
    let cut = |dir: &Path| {
        let file = dir.join("model.safetensors");
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() - 7]).unwrap();
    };
    check(
        "mpnet",
        cut,
        &["model.safetensors", "cannot read these weights"],
    );
    let empty = |dir: &Path| fs::write(dir.join("model.safetensors"), "").unwrap();
    check(
        "mpnet",
        empty,
        &["model.safetensors", "cannot read these weights"],
    );
    let shard = |dir: &Path| fs::remove_file(dir.join("model-00002-of-00003.safetensors")).unwrap();
    check(
        "sharded",
        shard,
        &["it has no model-00002-of-00003.safetensors"],
    );
    let astray = |dir: &Path| {
        let file = dir.join("model.safetensors.index.json");
        set(&file, "weight_map", json!({"x": "../x.safetensors"}));
    };
    check("sharded", astray, &["leads out of the model's directory"]);
    let pickle = |dir: &Path| {
        fs::remove_file(dir.join("model.safetensors")).unwrap();
        let program = b"\x80\x02cos\nsystem\n(U\x04truetR.";
        fs::write(dir.join("pytorch_model.bin"), program).unwrap();
    };
    check("mpnet", pickle, &["pytorch_model.bin", "os.system"]);
    let none = |dir: &Path| fs::remove_file(dir.join("model.safetensors")).unwrap();
    check("mpnet", none, &["it has no model.safetensors"]);
}

#[test]
fn missing_and_misshapen_tensors_are_named() {
    let without = |tensor: &'static str| {
        move |dir: &Path| {
            rewrite(dir, |name, shape, data| {
                (name != tensor).then_some((shape, data))
            });
        }
    };
    for (model, tensor) in [
        ("mpnet", "encoder.relative_attention_bias.weight"),
        ("distilbert", "transformer.layer.1.ffn.lin2.bias"),
        (
            "roberta",
            "roberta.encoder.layer.0.attention.self.value.weight",
        ),
        ("ofa", "embeddings.primitive_embeddings.weight"),
        ("static-st-root", "embedding.weight"),
    ] {
        check(
            model,
            without(tensor),
            &[&format!("tensor `{tensor}` is missing")],
        );
    }
    let flat = |dir: &Path| {
        rewrite(dir, |name, shape, data| {
            let flat = vec![shape.iter().product()];
            let shape = if name == "embeddings.word_embeddings.weight" {
                flat
            } else {
                shape
            };
            Some((shape, data))
        });
    };
    check(
        "mpnet",
        flat,
        &[
            "`embeddings.word_embeddings.weight` has shape",
            "expected [",
        ],
    );
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    for bad in [f32::NAN, f32::INFINITY] {
        let poison = |dir: &Path| {
            rewrite(dir, |name, shape, mut data| {
                if name.ends_with("layer.1.output.dense.weight") {
                    data[40..44].copy_from_slice(&bad.to_le_bytes());
                }
                Some((shape, data))
            });
        };
        check(
            "mpnet",
            poison,
            &[
                "layer.1.output.dense.weight` holds a number that is not finite",
                "at 10",
            ],
        );
    }
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let other = |dir: &Path| {
        let file = dir.join("tokenizer.json");
        let mut json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        json["added_tokens"].as_array_mut().unwrap().push(json!({
            "id": 100_000, "content": "<new>", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true
        }));
        fs::write(&file, json.to_string()).unwrap();
    };
    let expected = ["tokenizer.json", "they do not belong together"];
    check("mpnet", other, &expected);
    check("static-st-root", other, &expected);
    let garbage = |dir: &Path| fs::write(dir.join("tokenizer.json"), "{}").unwrap();
    check(
        "mpnet",
        garbage,
        &["tokenizer.json", "cannot read this tokenizer"],
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let config = |field: &'static str, value: Value| {
        move |dir: &Path| set(&dir.join("config.json"), field, value.clone())
    };
    let known =
        "known are bert, camembert, distilbert, model2vec, mpnet, roberta, static, xlm-roberta";
    check(
        "mpnet",
        config("model_type", json!("mamba")),
        &["unknown architecture \"mamba\"", known],
    );
    check(
        "mpnet",
        config("num_attention_heads", json!(3)),
        &["expected a multiple of the number of attention heads"],
    );
    check(
        "mpnet",
        config("num_attention_heads", json!(0)),
        &["expected a multiple of the number of attention heads"],
    );
    check(
        "mpnet",
        config("hidden_act", json!("maxout")),
        &["the activation is \"maxout\""],
    );
    check(
        "mpnet",
        config("max_position_embeddings", json!(1)),
        &["`max_position_embeddings` is 1"],
    );
    check(
        "roberta",
        config("position_embedding_type", json!("relative_key")),
        &["expected \"absolute\""],
    );
    check(
        "roberta",
        config("max_position_embeddings", json!(1)),
        &["`max_position_embeddings` is 1"],
    );
    let length = |n: Value| {
        move |dir: &Path| {
            set(
                &dir.join("sentence_bert_config.json"),
                "max_seq_length",
                n.clone(),
            )
        }
    };
    check(
        "mpnet",
        length(json!(0)),
        &["`max_seq_length` leaves no room for text"],
    );
    check("mpnet", length(json!(2)), &["the model reads at most 2"]);
    check(
        "mpnet",
        length(json!(-1)),
        &["sentence_bert_config.json", "cannot read this JSON"],
    );
}

#[test]
fn pipelines_that_are_not_known_are_refused() {
    let modules = |modules: Value| {
        move |dir: &Path| fs::write(dir.join("modules.json"), modules.to_string()).unwrap()
    };
    let one = |path: &str, class: &str| json!({"path": path, "type": format!("sentence_transformers.models.{class}")});
    let transformer = one("", "Transformer");
    let pooling = one("1_Pooling", "Pooling");
    check(
        "xlmr-dense",
        modules(json!([transformer, one("", "LSTM")])),
        &["sentence_transformers.models.LSTM"],
    );
    check(
        "xlmr-dense",
        modules(json!([transformer])),
        &["it has no module Pooling"],
    );
    check(
        "xlmr-dense",
        modules(json!([pooling, transformer])),
        &["Pooling` comes first, expected Transformer"],
    );
    check(
        "xlmr-dense",
        modules(json!([transformer, one("2_Dense", "Dense")])),
        &["`Dense` comes before Pooling"],
    );
    check(
        "xlmr-dense",
        modules(json!([transformer, one("../1_Pooling", "Pooling")])),
        &["leads out"],
    );
    let pooling = |config: Value| {
        move |dir: &Path| fs::write(dir.join("1_Pooling/config.json"), config.to_string()).unwrap()
    };
    check(
        "mpnet",
        pooling(json!({"pooling_mode": "sum"})),
        &["pooling is sum, expected one or more of cls, max"],
    );
    check(
        "mpnet",
        pooling(json!({"pooling_mode": []})),
        &["pooling is none"],
    );
    check(
        "prompts",
        pooling(json!({"pooling_mode": "mean", "include_prompt": false})),
        &["`include_prompt`"],
    );
    let dense = |field: &'static str, value: Value| {
        move |dir: &Path| set(&dir.join("2_Dense/config.json"), field, value.clone())
    };
    check(
        "xlmr-dense",
        dense("activation_function", json!("torch.nn.Hardtanh")),
        &["`activation_function`"],
    );
    check(
        "xlmr-dense",
        dense("in_features", json!(4)),
        &["`linear.weight` has shape"],
    );
    check(
        "xlmr-dense",
        dense("use_residual", json!(true)),
        &["residual"],
    );
}

#[test]
fn onnx_files_that_are_no_encoders_are_refused() {
    let Some(path) = fixture("onnx-only") else {
        return;
    };
    let garbage = |dir: &Path| fs::write(dir.join("onnx/model.onnx"), "garbage").unwrap();
    check(
        "onnx-only",
        garbage,
        &["ONNX Runtime cannot prepare the model"],
    );
    let half = LoadOptions {
        precision: Precision::Fp16,
        ..options(1)
    };
    assert!(refusal(&path, &half).contains("no ONNX file in fp16"));
    let none = |dir: &Path| fs::remove_dir_all(dir.join("onnx")).unwrap();
    check("onnx-only", none, &["unknown architecture"]);
    let quantised = copy(&path);
    fs::remove_file(quantised.path().join("onnx/model.onnx")).unwrap();
    assert!(load_with(quantised.path(), &options(1)).is_ok());
}

#[test]
fn what_a_model_or_a_machine_cannot_do_is_refused() {
    let Some(path) = fixture("mpnet") else { return };
    let too_many = LoadOptions {
        dimensions: NonZeroUsize::new(17),
        ..options(1)
    };
    assert!(refusal(&path, &too_many).contains("17 dimensions were asked for"));
    let bf16 = LoadOptions {
        precision: Precision::Bf16,
        ..options(1)
    };
    assert!(
        refusal(&path, &bf16).contains("the precision is bf16, expected fp32 or int8 on the CPU")
    );
}

#[test]
fn a_model_that_disagrees_with_its_examples_is_refused() {
    let Some(path) = fixture("mpnet") else { return };
    let expected: Value =
        serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap();
    let example = |i: usize| json!({"text": expected["texts"][i], "ids": expected["ids"][i], "vector": expected["embeddings"][i]});
    let write = |dir: &Path, examples: Value| {
        fs::write(dir.join("golden.json"), examples.to_string()).unwrap();
    };
    let dir = copy(&path);
    write(dir.path(), json!([example(0), example(1)]));
    assert!(load_with(dir.path(), &options(1)).is_ok());

    let mut other_vector = example(1);
    other_vector["vector"] = expected["embeddings"][0].clone();
    write(dir.path(), json!([example(0), other_vector]));
    assert!(refusal(dir.path(), &options(1)).contains("the model gives a vector at cosine"));

    let mut other_ids = example(1);
    other_ids["ids"] = json!([1, 2, 3]);
    write(dir.path(), json!([other_ids]));
    assert!(refusal(dir.path(), &options(1)).contains("the model reads the tokens"));

    let mut short = example(1);
    short["vector"] = json!([1.0]);
    write(dir.path(), json!([short]));
    assert!(refusal(dir.path(), &options(1)).contains("gives 16 numbers, expected 1"));

    // A model that went wrong in silence: the weights are whole, and others.
    write(dir.path(), json!([example(0), example(1)]));
    rewrite(dir.path(), |name, shape, data| {
        let other = name.ends_with("layer.0.output.dense.weight");
        let data = if other {
            data.chunks(4).rev().flatten().copied().collect()
        } else {
            data
        };
        Some((shape, data))
    });
    assert!(refusal(dir.path(), &options(1)).contains("the model gives a vector at cosine"));
}

#[test]
fn long_and_odd_texts_have_vectors() {
    let Some(path) = fixture("xlmr-dense") else {
        return;
    };
    let encoder = loaded(&path);
    let long = "the sea rises twice a day. ".repeat(40_000);
    let unbroken = "x".repeat(1 << 20);
    let texts = [
        long.as_str(),
        &unbroken,
        "",
        " ",
        "\0",
        "\u{fffd}\u{10ffff}",
    ];
    let embeddings = encoder.encode(&texts, Role::Passage).unwrap();
    for row in embeddings.view().rows() {
        let length = row.dot(&row).sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn modules_in_an_order_that_makes_no_sense_are_refused() {
    let modules = |names: &[(&str, &str)]| {
        let modules: Vec<Value> = names
            .iter()
            .map(|(path, class)| json!({"path": path, "type": format!("x.{class}")}))
            .collect();
        move |dir: &Path| fs::write(dir.join("modules.json"), json!(modules).to_string()).unwrap()
    };
    let (body, pooling) = (("", "Transformer"), ("1_Pooling", "Pooling"));
    let early = modules(&[body, ("2_N", "Normalize"), pooling]);
    check("mpnet", early, &["`Normalize` comes before Pooling"]);
    let twice = modules(&[body, pooling, pooling]);
    check("mpnet", twice, &["`Pooling` comes twice"]);
    check("mpnet", modules(&[]), &["it lists no module"]);
}

#[test]
fn settings_that_would_change_vectors_in_silence_are_refused() {
    let config = |field: &'static str, value: Value| {
        move |dir: &Path| set(&dir.join("config.json"), field, value.clone())
    };
    check(
        "mpnet",
        config("is_decoder", json!(true)),
        &["expected an encoder"],
    );
    check(
        "mpnet",
        config("layer_norm_eps", json!(-1)),
        &["`layer_norm_eps` is -1"],
    );
    for id in [-5, 100_000] {
        check(
            "prompts",
            config("pad_token_id", json!(id)),
            &["`pad_token_id` is"],
        );
        check(
            "onnx-only",
            config("pad_token_id", json!(id)),
            &["`pad_token_id` is"],
        );
    }
    check(
        "model2vec",
        config("max_length", json!(0)),
        &["`max_length` leaves no room"],
    );
    let no_such_prompt = |dir: &Path| {
        set(
            &dir.join("config_sentence_transformers.json"),
            "default_prompt_name",
            json!("x"),
        );
    };
    check("prompts", no_such_prompt, &["there is no such prompt"]);
    let Some(other) = fixture("xlmr-dense") else {
        return;
    };
    let tokenizer = |dir: &Path| {
        fs::copy(other.join("tokenizer.json"), dir.join("tokenizer.json")).unwrap();
    };
    check(
        "prompts",
        tokenizer,
        &["it does not know \"[CLS]\"", "do not belong together"],
    );
}

#[test]
fn numbers_beyond_all_measure_are_errors_and_no_zeros() {
    for name in ["mpnet", "static-st-root"] {
        let Some(path) = fixture(name) else { return };
        let dir = copy(&path);
        rewrite(dir.path(), |_, shape, data| {
            Some((shape, 1e38_f32.to_le_bytes().repeat(data.len() / 4)))
        });
        let encoder = load_with(dir.path(), &options(1)).unwrap();
        let error = encoder.encode(&["the sea rises"], Role::Plain).unwrap_err();
        assert!(error.to_string().contains("not finite"), "{error}");
    }
    let Some(path) = fixture("mpnet") else { return };
    let dir = copy(&path);
    let beyond =
        r#"[{"text": "x", "vector": [1e39, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}]"#;
    fs::write(dir.path().join("golden.json"), beyond).unwrap();
    let message = refusal(dir.path(), &options(1));
    assert!(message.contains("golden.json"), "{message}");
}

#[test]
fn an_onnx_file_has_its_own_precision_and_no_more_positions_than_it_has() {
    let Some(path) = fixture("onnx-only") else {
        return;
    };
    let int8 = LoadOptions {
        precision: Precision::Int8,
        ..options(1)
    };
    let message = refusal(&path.join("onnx/model.onnx"), &int8);
    assert!(
        message.contains("an ONNX file has its own numbers, fp32 by its name"),
        "{message}"
    );
    let dir = copy(&path);
    set(
        &dir.path().join("tokenizer_config.json"),
        "model_max_length",
        json!(500),
    );
    let long = "the sea rises twice a day ".repeat(50);
    assert!(loaded(dir.path()).encode(&[&long], Role::Plain).is_ok());
}

#[test]
fn a_long_text_loses_the_side_that_the_tokenizer_is_told() {
    let Some(path) = fixture("distilbert") else {
        return;
    };
    let dir = copy(&path);
    set(
        &dir.path().join("tokenizer_config.json"),
        "truncation_side",
        json!("left"),
    );
    let (start, end) = ("moon ".repeat(40), "the tide rises ".repeat(40));
    let [both, end] = [format!("{start}{end}"), end];
    let encode = |path: &Path| {
        let embeddings = loaded(path).encode(&[&both, &end], Role::Plain).unwrap();
        embeddings.row(0).dot(&embeddings.row(1))
    };
    assert!(encode(dir.path()) > 0.99999);
    assert!(encode(&path) < 0.99);
}
