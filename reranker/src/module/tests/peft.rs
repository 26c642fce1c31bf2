use super::*;

const DIM: usize = 8;
const QUERY: &str = "encoder.layer.1.attention.self.query";

/// LoRA at query and value of layers 0 and 1, with a classifier.
fn lora(config: Value) -> Made {
    let mut made = empty(json!({
        "peft_type": "LORA", "r": 2, "lora_alpha": 6, "modules_to_save": ["classifier", "score"],
        "target_modules": ["query", "value"], "qalora_group_size": 16, "use_qalora": false, "bias": "none",
        "init_lora_weights": true, "rank_pattern": {}, "alpha_pattern": {}, "layer_replication": null,
    }));
    let fields = made.config.as_object_mut().unwrap();
    fields.extend(config.as_object().unwrap().clone());
    for layer in 0..2 {
        for matrix in ["query", "value"] {
            let root =
                format!("base_model.model.bert.encoder.layer.{layer}.attention.self.{matrix}");
            made = made
                .with(&format!("{root}.lora_A.weight"), &[2, DIM], 1.0)
                .with(&format!("{root}.lora_B.weight"), &[DIM, 2], 1.0);
        }
    }
    made.with("base_model.model.classifier.weight", &[1, DIM], 1.0)
}

fn empty(config: Value) -> Made {
    Made {
        config,
        tensors: BTreeMap::new(),
        config_file: "adapter_config.json",
        weights_file: "adapter_model.safetensors",
    }
}

fn low_rank(made: &Made) -> BTreeMap<String, LowRank> {
    match made.load().unwrap().content {
        Content::LowRank(layers) => layers,
        other => panic!("not LoRA: {other:?}"),
    }
}

#[test]
fn scales_follow_patterns_and_rank() {
    let check = |config: Value, expected: f32| {
        let found = low_rank(&lora(config.clone()))[QUERY].b[[0, 0]];
        assert!((found - expected).abs() < 1e-6, "{config}: {found}");
    };
    check(json!({}), 3.0);
    check(json!({"use_rslora": true}), 6.0 / 2_f32.sqrt());
    check(json!({"fan_in_fan_out": true}), 3.0);
    check(json!({"alpha_pattern": {"query": 4}}), 2.0);
    check(json!({"alpha_pattern": {"uery": 4}}), 3.0);
    check(
        json!({"alpha_pattern": {"layer.1.attention.self.query": 4}}),
        2.0,
    );
    check(
        json!({"alpha_pattern": {"bert.encoder.layer.1.attention.self.query": 4}}),
        2.0,
    );
    check(
        json!({"alpha_pattern": {r"layer\.\d+\.attention\.self\.(query|key)": 4}}),
        2.0,
    );
    check(json!({"r": 5, "rank_pattern": {"query|value": 2}}), 3.0);
    // The first that matches, in the file's order and not the alphabet's.
    let made = lora(json!({}));
    let text = made.config.to_string();
    let text = text.replace(
        r#""alpha_pattern":{}"#,
        r#""alpha_pattern":{"self.query":2,"query":4}"#,
    );
    let dir = TempDir::new().unwrap();
    made.write(dir.path());
    fs::write(dir.path().join("adapter_config.json"), text).unwrap();
    let Content::LowRank(layers) = Module::load(dir.path()).unwrap().content else {
        panic!("not LoRA");
    };
    assert_eq!(layers[QUERY].b[[0, 0]], 1.0);
}

#[test]
fn what_lora_may_carry_is_read() {
    let query = format!("base_model.model.bert.{QUERY}");
    let words = "base_model.model.bert.embeddings.word_embeddings";
    let made = lora(json!({"bias": "all"}))
        .with(&format!("{query}.base_layer.bias"), &[DIM], 1.0)
        .with(
            "base_model.model.bert.embeddings.LayerNorm.bias",
            &[DIM],
            1.0,
        )
        .with(&format!("{words}.lora_embedding_A"), &[2, 20], 1.0)
        .with(&format!("{words}.lora_embedding_B"), &[DIM, 2], 1.0);
    let module = made.load().unwrap();
    let names: Vec<&String> = module.tensors.keys().collect();
    let bias = format!("{QUERY}.bias");
    assert_eq!(
        names,
        ["classifier.weight", "embeddings.LayerNorm.bias", &bias]
    );
    assert_eq!(
        low_rank(&made)["embeddings.word_embeddings"].a.dim(),
        (2, 20)
    );
    check_refused(made.set("/bias", json!("none")), &["bias", "unknown"]);

    let mut biased = lora(json!({"lora_bias": true}));
    let mut stretched = lora(json!({"use_dora": true}));
    for name in biased.tensors.keys().cloned().collect::<Vec<_>>() {
        let Some(root) = name.strip_suffix(".lora_A.weight") else {
            continue;
        };
        biased = biased.with(&format!("{root}.lora_B.bias"), &[DIM], 1.0);
        stretched = stretched.with(&format!("{root}.lora_magnitude_vector"), &[DIM], 7.0);
    }
    // The library adds the bias before it scales.
    assert_eq!(low_rank(&biased)[QUERY].bias.as_ref().unwrap()[0], 3.0);
    assert!(
        matches!(&low_rank(&stretched)[QUERY].magnitude, Some(Magnitude::Rows(m)) if m[0] == 7.0)
    );
    assert_eq!(stretched.load().unwrap().kind(), "DoRA");
    check_refused(
        lora(json!({"use_dora": true})),
        &["lora_magnitude_vector", "missing"],
    );
}

#[test]
fn modules_to_save_are_taken_whole() {
    let made = lora(json!({"modules_to_save": ["embeddings.LayerNorm", "classifier"]})).with(
        "base_model.model.bert.embeddings.LayerNorm.weight",
        &[DIM],
        1.0,
    );
    assert!(
        made.load()
            .unwrap()
            .tensors
            .contains_key("embeddings.LayerNorm.weight")
    );
    check_refused(
        made.set("/modules_to_save", json!(null)),
        &["embeddings.LayerNorm.weight", "unknown"],
    );
}

#[test]
fn layers_without_tensors_are_refused_unless_some_were_chosen() {
    let part = || lora(json!({})).without("layer.0.attention.self.value");
    check_refused(part(), &["encoder.layer.0.attention.self.value", "missing"]);
    part()
        .set("/layers_to_transform", json!([1]))
        .load()
        .unwrap();
    part()
        .set("/target_modules", json!("bert.*query|.*1.*value"))
        .load()
        .unwrap();
    check_refused(
        lora(json!({})).without("layer.0.attention.self.value.lora_B"),
        &["lora_B", "missing"],
    );
    check_refused(lora(json!({"r": 3})), &["lora_A", "[2, 8]", "[3, _]"]);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    check_refused(
        lora(json!({"peft_type": "ADALORA"})),
        &["ADALORA", "LORA, IA3, PREFIX_TUNING"],
    );
    for (config, part) in [
        (json!({"use_qalora": true}), "use_qalora"),
        (json!({"use_bdlora": {"nblocks": 2}}), "use_bdlora"),
        (
            json!({"alora_invocation_tokens": [5]}),
            "alora_invocation_tokens",
        ),
        (json!({"velora_config": {"rank": 1}}), "velora_config"),
        (json!({"layer_replication": [[0, 4]]}), "layer_replication"),
        (json!({"target_parameters": ["x"]}), "target_parameters"),
        (
            json!({"trainable_token_indices": [1]}),
            "trainable_token_indices",
        ),
        (json!({"monteclora_config": {"x": 1}}), "monteclora_config"),
        (json!({"kasa_config": {"x": 1}}), "kasa_config"),
        (json!({"use_something_new": true}), "use_something_new"),
        (json!({"init_lora_weights": "pissa_niter_4"}), "pissa"),
        (json!({"alpha_pattern": {"(?=query)": 1}}), "(?=query)"),
    ] {
        check_refused(lora(config), &[part]);
    }
    lora(json!({"init_lora_weights": "eva", "eva_config": {"rho": 2.0}}))
        .load()
        .unwrap();
}

#[test]
fn ia3_stands_where_shape_and_configuration_agree() {
    let root = "base_model.model.bert.encoder.layer.0";
    let ia3 = |key: &[usize]| {
        empty(json!({"peft_type": "IA3", "feedforward_modules": ["output.dense"], "target_modules": ["key", "dense"]}))
            .with(&format!("{root}.attention.self.key.ia3_l"), key, 2.0)
            .with(&format!("{root}.output.dense.ia3_l"), &[1, 16], 3.0)
    };
    let Content::Scales(scales) = ia3(&[DIM, 1]).load().unwrap().content else {
        panic!("not (IA)³");
    };
    let output = Scale::Output(ArcArray1::from_elem(DIM, 2.0));
    assert_eq!(scales["encoder.layer.0.attention.self.key"], output);
    let input = Scale::Input(ArcArray1::from_elem(16, 3.0));
    assert_eq!(scales["encoder.layer.0.output.dense"], input);
    check_refused(ia3(&[1, DIM]), &["key.ia3_l", "[1, 8]", "[_, 1]"]);
    check_refused(ia3(&[DIM]), &["key.ia3_l", "[8]"]);
}

#[test]
fn prefixes_move_texts_up() {
    let config = json!({
        "peft_type": "PREFIX_TUNING", "num_virtual_tokens": 3, "token_dim": DIM, "num_layers": 2,
        "num_attention_heads": 2, "encoder_hidden_size": DIM, "prefix_projection": true, "inference_mode": true,
        "num_transformer_submodules": 1, "base_model_name_or_path": "bert-base-multilingual-cased",
    });
    let made = empty(config)
        .with("prompt_embeddings", &[3, 4 * DIM], 0.5)
        .with("base_model.classifier.weight", &[1, DIM], 1.0);
    let module = made.load().unwrap();
    let Content::Prefixes(prefixes) = &module.content else {
        panic!("not prefixes");
    };
    assert_eq!((prefixes.layers.len(), prefixes.shift), (2, 3));
    assert_eq!(prefixes.layers[0].keys.dim(), (3, DIM));
    assert_eq!(module.n_parameters(), 3 * 4 * DIM);
    assert!(module.tensors.contains_key("classifier.weight"));
    check_refused(
        made.set("/num_layers", json!(3)),
        &["prompt_embeddings", "[3, 32]", "[3, 48]"],
    );
}
