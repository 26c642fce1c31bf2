use super::*;

const DIM: usize = 8;

/// Adapters after the feed-forward network of layers 0 to 2, as `style` has them.
fn made(style: Value) -> Made {
    let mut config = json!({
        "mh_adapter": false, "output_adapter": true, "original_ln_before": true, "original_ln_after": true,
        "residual_before_ln": true, "non_linearity": "relu", "reduction_factor": 4,
    });
    let fields = config.as_object_mut().unwrap();
    fields.extend(style.as_object().unwrap().clone());
    let mut made = empty(config, DIM);
    for layer in 0..3 {
        made = adapter(
            made,
            &format!("bert.encoder.layer.{layer}.output.adapters.a"),
            DIM,
            2,
        );
    }
    made
}

fn empty(config: Value, dim: usize) -> Made {
    Made {
        config: json!({
            "name": "a", "model_type": "bert", "model_name": "bert-base-multilingual-cased", "hidden_size": dim,
            "version": "adapters.1.3.0", "config": config,
        }),
        tensors: BTreeMap::new(),
        config_file: "adapter_config.json",
        weights_file: "adapter.safetensors",
    }
}

fn adapter(made: Made, block: &str, dim: usize, width: usize) -> Made {
    made.with(
        &format!("{block}.adapter_down.0.weight"),
        &[width, dim],
        1.0,
    )
    .with(&format!("{block}.adapter_down.0.bias"), &[width], 2.0)
    .with(&format!("{block}.adapter_up.weight"), &[dim, width], 3.0)
    .with(&format!("{block}.adapter_up.bias"), &[dim], 4.0)
}

fn nice(mut made: Made, dim: usize, factor: usize) -> Made {
    for part in ["F", "G"] {
        let (half, width) = (dim / 2, dim / 2 / factor);
        let root = format!("bert.invertible_adapters.a.{part}");
        made = made
            .with(&format!("{root}.0.weight"), &[width, half], 1.0)
            .with(&format!("{root}.0.bias"), &[width], 1.0)
            .with(&format!("{root}.2.weight"), &[half, width], 1.0)
            .with(&format!("{root}.2.bias"), &[half], 1.0);
    }
    made
}

fn read(made: &Made) -> AdapterModule {
    match made.load().unwrap().content {
        Content::Adapter(adapter) => adapter,
        other => panic!("not an adapter: {other:?}"),
    }
}

#[test]
fn parameters_count_as_in_the_papers_table() {
    let config = |factor: usize| json!({"mh_adapter": false, "output_adapter": true, "non_linearity": "relu", "reduction_factor": factor});
    let ranking = |factor: usize| {
        (0..12).fold(empty(config(factor), 768), |made, layer| {
            let block = format!("bert.encoder.layer.{layer}.output.adapters.a");
            adapter(made, &block, 768, 768 / factor)
        })
    };
    for (factor, expected) in [
        (1, 14_174_208),
        (2, 7_091_712),
        (4, 3_550_464),
        (8, 1_779_840),
        (16, 894_528),
        (32, 451_872),
    ] {
        assert_eq!(
            ranking(factor).load().unwrap().n_parameters(),
            expected,
            "{factor}"
        );
    }
    let language = nice(ranking(2), 768, 2)
        .set("/config/inv_adapter", json!("nice"))
        .set("/config/inv_adapter_reduction_factor", json!(2));
    assert_eq!(language.load().unwrap().n_parameters(), 7_387_776);
}

#[test]
fn old_files_mean_another_gelu() {
    let check = |version: Option<&str>, name: &str, expected| {
        let mut made = made(json!({"non_linearity": name}));
        made = match version {
            Some(version) => made.set("/version", json!(version)),
            None => made.unset("version"),
        };
        let found = read(&made).bottleneck.style.activation;
        assert_eq!(found, expected, "{name} of {version:?}");
    };
    check(None, "gelu", Activation::GeluTanh);
    check(None, "gelu_orig", Activation::Gelu);
    check(None, "swish", Activation::Silu);
    check(Some("3.2.1"), "gelu", Activation::Gelu);
    check(Some("adapters.1.3.0"), "gelu", Activation::Gelu);
    check(Some("adapters.1.3.0"), "LeakyReLU", Activation::LeakyRelu);
}

#[test]
fn styles_follow_the_configuration() {
    let check = |style: Value, expected: Style| {
        assert_eq!(
            read(&made(style.clone())).bottleneck.style,
            expected,
            "{style}"
        );
    };
    let pfeiffer = Style {
        activation: Activation::Relu,
        is_parallel: false,
        norm_before: true,
        norm_after: true,
        residual: Residual::Output,
        residual_before_own_norm: false,
    };
    check(json!({}), pfeiffer.clone());
    check(
        json!({"residual_before_ln": false}),
        Style {
            residual: Residual::Input,
            ..pfeiffer.clone()
        },
    );
    check(
        json!({"residual_before_ln": "post_add"}),
        Style {
            residual: Residual::Sum,
            ..pfeiffer.clone()
        },
    );
    check(
        json!({"original_ln_before": false}),
        Style {
            norm_before: false,
            ..pfeiffer.clone()
        },
    );
    check(
        json!({"original_ln_after": false}),
        Style {
            norm_after: false,
            ..pfeiffer.clone()
        },
    );
    check(
        json!({"is_parallel": true}),
        Style {
            is_parallel: true,
            ..pfeiffer
        },
    );
}

#[test]
fn scales_become_part_of_the_numbers() {
    let block = "bert.encoder.layer.1.output.adapters.a.scaling";
    let check = |made: Made, expected: f32| {
        let adapter = read(&made);
        let adapter = adapter.bottleneck.layers[1].output.as_ref().unwrap();
        assert_eq!(adapter.up[[7, 1]], 3.0 * expected);
        assert_eq!(adapter.up_bias[7], 4.0 * expected);
        assert_eq!(adapter.down[[1, 7]], 1.0);
    };
    let scaled = |kind: &str, length: usize| {
        (0..3).fold(made(json!({"scaling": kind})), |made, layer| {
            let name = block.replace('1', &layer.to_string());
            made.with(&name, &[length], 0.5)
        })
    };
    check(made(json!({"scaling": 1})), 1.0);
    check(made(json!({"scaling": 4.0})), 4.0);
    check(scaled("learned", 1), 0.5);
    check(scaled("channel", DIM), 0.5);
    check_refused(scaled("channel", 1), &["scaling", "[1]", "[8]"]);
    check_refused(scaled("squared", 1), &["scaling", "squared"]);
    check_refused(made(json!({"scaling": "learned"})), &["scaling", "missing"]);
}

#[test]
fn norms_and_gates_are_read() {
    let mut with_norms = made(json!({"ln_before": true, "ln_after": true, "use_gating": true}))
        .renamed("adapter_down.0", "adapter_down.1");
    for layer in 0..3 {
        let block = format!("bert.encoder.layer.{layer}.output.adapters.a");
        for norm in [
            "adapter_norm_before",
            "adapter_down.0",
            "adapter_norm_after",
        ] {
            with_norms = with_norms
                .with(&format!("{block}.{norm}.weight"), &[DIM], 5.0)
                .with(&format!("{block}.{norm}.bias"), &[DIM], 6.0);
        }
        with_norms = with_norms
            .with(&format!("{block}.gate.weight"), &[1, DIM], 7.0)
            .with(&format!("{block}.gate.bias"), &[1], 8.0);
    }
    let adapter = read(&with_norms);
    let adapter = adapter.bottleneck.layers[2].output.as_ref().unwrap();
    assert_eq!(adapter.norm_before.as_ref().unwrap().weight[0], 5.0);
    assert_eq!(adapter.norm_after.as_ref().unwrap().bias[0], 6.0);
    assert_eq!(adapter.gate.as_ref().unwrap().bias, 8.0);
}

#[test]
fn layers_may_have_factors_of_their_own() {
    let made = adapter(
        made(json!({"reduction_factor": {"1": 100, "default": 4}})),
        "bert.encoder.layer.1.output.adapters.a",
        DIM,
        1,
    );
    let layers = &read(&made).bottleneck.layers;
    assert_eq!(layers[0].output.as_ref().unwrap().down.nrows(), 2);
    // Never below 1.
    assert_eq!(layers[1].output.as_ref().unwrap().down.nrows(), 1);
    check_refused(
        made.set("/config/reduction_factor", json!({"1": 2})),
        &["reduction_factor", "layer 0"],
    );
}

#[test]
fn names_of_version_1_are_read() {
    let old = made(
        json!({"invertible_adapter": {"block_type": "nice", "non_linearity": "relu", "reduction_factor": 2}}),
    );
    let old = nice(old, DIM, 2)
        .unset("version")
        .set("/type", json!("text_lang"))
        .renamed("invertible_adapters", "invertible_lang_adapters")
        .renamed("output.adapters", "output.layer_text_lang_adapters");
    let adapter = read(&old);
    assert_eq!(adapter.bottleneck.layers.len(), 3);
    assert_eq!(adapter.invertible.unwrap().f.down.dim(), (2, 4));
    let capitals = made(json!({})).set("/config", json!({
        "LN_after": false, "LN_before": false, "MH_Adapter": false, "Output_Adapter": true, "original_ln_before": true,
        "non_linearity": "relu", "reduction_factor": 4, "attention_type": "sent-lvl-dynamic",
    }));
    assert!(read(&capitals).bottleneck.style.norm_before);
    let by_name = made(json!({}))
        .set("/config", json!("pfeiffer"))
        .set("/hidden_size", json!(DIM));
    check_refused(by_name, &["[8, 2]", "[8, 1]"]);
}

#[test]
fn task_adapters_of_old_name_an_invertible_adapter_that_is_not_there() {
    let nice = json!({"inv_adapter": "nice", "inv_adapter_reduction_factor": 2});
    let task = made(nice.clone())
        .unset("version")
        .set("/type", json!("text_task"));
    assert!(read(&task).invertible.is_none());
    check_refused(made(nice), &["invertible_adapters.F.0.weight", "missing"]);
}

#[test]
fn files_that_hold_more_or_less_are_refused() {
    let left_out = |layers: Value| made(json!({"leave_out": layers}));
    check_refused(
        made(json!({})).without("layer.1"),
        &["encoder.layer.1.output.adapters", "missing"],
    );
    check_refused(
        made(json!({})).without("layer.1.output.adapters.a.adapter_up.bias"),
        &["layer.1", "adapter_up.bias"],
    );
    check_refused(
        left_out(json!([1])),
        &["encoder.layer.1.output", "leave_out"],
    );
    assert_eq!(
        read(&left_out(json!([1])).without("layer.1")).left_out,
        [1].into()
    );
    check_refused(
        made(json!({})).with("bert.pooler.dense.bias", &[8], 1.0),
        &["bert.pooler.dense.bias", "unknown"],
    );
    check_refused(made(json!({"mh_adapter": true})), &["mh_adapter"]);
    check_refused(made(json!({"reduction_factor": 2})), &["[8, 2]", "[8, 4]"]);
    check_refused(made(json!({"reduction_factor": 0})), &["reduction_factor"]);
    check_refused(
        made(json!({})).renamed("adapters.a", "adapters.b"),
        &["adapter `a`"],
    );
    let infinite = made(json!({})).with(
        "bert.encoder.layer.1.output.adapters.a.adapter_up.bias",
        &[8],
        f32::NAN,
    );
    check_refused(
        infinite,
        &["layer.1.output.adapters.a.adapter_up.bias", "finite"],
    );
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (config, part) in [
        (json!({"phm_layer": true}), "phm_layer"),
        (
            json!({"inv_adapter": "glow", "inv_adapter_reduction_factor": 2}),
            "glow",
        ),
        (json!({"non_linearity": "quick_gelu"}), "quick_gelu"),
        (
            json!({"residual_before_ln": "post_add", "original_ln_before": false}),
            "post_add",
        ),
        (json!({"architecture": "reft"}), "reft"),
        (json!({"architecture": "union"}), "union"),
        (json!({"architecture": "mtl_lora"}), "mtl_lora"),
        (json!({"architecture": "prompt_tuning"}), "prompt_tuning"),
        (
            json!({"architecture": "lora", "use_gating": true}),
            "use_gating",
        ),
        (
            json!({"architecture": "lora", "vera_d": 0.1, "vera_b": 0.0}),
            "vera_d",
        ),
        (
            json!({"architecture": "prefix_tuning", "use_gating": true}),
            "use_gating",
        ),
        (
            json!({"architecture": "prefix_tuning", "leave_out": [1]}),
            "leave_out",
        ),
    ] {
        check_refused(made(config), &[part]);
    }
    check_refused(made(json!({})).set("/config", json!("mam")), &["mam"]);
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("adapter_fusion_config.json"), "{}").unwrap();
    let refusal = Module::load(dir.path()).unwrap_err().to_string();
    assert!(refusal.contains("AdapterFusion"), "{refusal}");
}

/// LoRA at query and value of layers 0 and 1.
fn lora(config: Value) -> Made {
    let mut made = empty(json!({"architecture": "lora", "r": 2, "alpha": 6}), DIM);
    let fields = made.config["config"].as_object_mut().unwrap();
    fields.extend(config.as_object().unwrap().clone());
    let is_scale = made.config["config"]["composition_mode"] == "scale";
    for layer in 0..2 {
        for matrix in ["query", "value"] {
            let root = format!("bert.encoder.layer.{layer}.attention.self.{matrix}.loras.a");
            made = if is_scale {
                made.with(&format!("{root}.lora_B"), &[DIM, 1], 0.5)
            } else {
                made.with(&format!("{root}.lora_A"), &[2, DIM], 1.0)
                    .with(&format!("{root}.lora_B"), &[DIM, 2], 1.0)
                    .with(&format!("{root}.m.weight"), &[DIM, 1], 9.0)
            };
        }
    }
    match made.config["config"]["use_dora"] == true {
        true => made,
        false => made.without(".m.weight"),
    }
}

#[test]
fn lora_scales_by_alpha_over_rank_except_in_faulty_versions() {
    let check = |made: Made, expected: f32| {
        let Content::LowRank(layers) = made.load().unwrap().content else {
            panic!("not LoRA");
        };
        assert_eq!(
            layers["encoder.layer.1.attention.self.value"].b[[0, 0]],
            expected
        );
    };
    check(lora(json!({})), 3.0);
    check(
        lora(json!({})).set("/version", json!("adapters.1.0.1")),
        1.0,
    );
    check(
        lora(json!({})).set("/version", json!("adapters.1.1.0.dev0")),
        1.0,
    );
    check(
        lora(json!({})).set("/version", json!("adapters.1.1.0")),
        3.0,
    );
    check(lora(json!({})).set("/version", json!("3.2.1")), 3.0);
    check_refused(lora(json!({"r": 4})), &["lora_A", "[2, 8]", "[4, _]"]);
    check_refused(lora(json!({"output_lora": true})), &["expected 3"]);
    check_refused(
        lora(json!({})).without("layer.0.attention.self.value"),
        &["layer.0.attention.self.value"],
    );
}

#[test]
fn dora_of_adapters_keeps_its_own_formula() {
    let Content::LowRank(layers) = lora(json!({"use_dora": true})).load().unwrap().content else {
        panic!("not LoRA");
    };
    let layer = &layers["encoder.layer.0.attention.self.query"];
    let Some(Magnitude::Output { lengths, scale }) = &layer.magnitude else {
        panic!("{layer:?}");
    };
    assert_eq!((lengths.len(), lengths[0], *scale), (DIM, 9.0, 3.0));
}

#[test]
fn ia3_scales_what_comes_out() {
    let made = lora(json!({"composition_mode": "scale", "r": 1, "alpha": 3}));
    let Content::Scales(scales) = made.load().unwrap().content else {
        panic!("not (IA)³");
    };
    let expected = Scale::Output(ArcArray1::from_elem(DIM, 1.5));
    assert_eq!(scales["encoder.layer.1.attention.self.query"], expected);
}

#[test]
fn prefixes_are_read_flat_and_computed() {
    let root = "bert.prefix_tuning.prefix_tunings.a.self_prefix";
    let config = json!({"architecture": "prefix_tuning", "flat": true, "prefix_length": 3});
    // Two layers; every number is its own place in the file.
    let mut flat = empty(config, DIM).with(&format!("{root}.control_trans"), &[3 * 4 * DIM], 0.0);
    for (_, numbers) in flat.tensors.values_mut() {
        numbers
            .iter_mut()
            .enumerate()
            .for_each(|(i, number)| *number = i as f32);
    }
    let Content::Prefixes(prefixes) = flat.load().unwrap().content else {
        panic!("not prefixes");
    };
    assert_eq!((prefixes.layers.len(), prefixes.shift), (2, 0));
    assert_eq!(
        prefixes.layers[1].values[[2, 5]],
        (2 * 4 * DIM + 3 * DIM + 5) as f32
    );

    let config = json!({"architecture": "prefix_tuning", "prefix_length": 3, "bottleneck_size": 2});
    let computed = empty(config, DIM)
        .with(&format!("{root}.wte.weight"), &[3, DIM], 0.25)
        .with(&format!("{root}.control_trans.0.weight"), &[2, DIM], 0.5)
        .with(&format!("{root}.control_trans.0.bias"), &[2], -0.5)
        .with(
            &format!("{root}.control_trans.2.weight"),
            &[4 * DIM, 2],
            1.0,
        )
        .with(&format!("{root}.control_trans.2.bias"), &[4 * DIM], 0.125);
    let Content::Prefixes(prefixes) = computed.load().unwrap().content else {
        panic!("not prefixes");
    };
    let expected = 2.0 * 0.5_f32.tanh() + 0.125;
    assert!((prefixes.layers[0].keys[[2, 7]] - expected).abs() < 1e-6);
}

/// Loads the adapter with a head beside it.
fn with_head(config: Value, tensors: &[(&str, &[usize])]) -> Result<Module> {
    let dir = TempDir::new().unwrap();
    made(json!({})).write(dir.path());
    let head = Made {
        config,
        tensors: BTreeMap::new(),
        config_file: "head_config.json",
        weights_file: "model_head.safetensors",
    };
    let add = |made: Made, (name, shape): &(&str, &[usize])| made.with(name, shape, 1.0);
    tensors.iter().fold(head, add).write(dir.path());
    Module::load(dir.path())
}

#[test]
fn heads_for_classification_are_read_and_others_passed_over() {
    let static_head = |class: &str| json!({"config": null, "model_class": class, "hidden_size": DIM, "num_labels": 1});
    let classifier: &[(&str, &[usize])] =
        &[("classifier.weight", &[1, DIM]), ("classifier.bias", &[1])];
    let module = with_head(static_head("BertForSequenceClassification"), classifier).unwrap();
    assert_eq!(module.tensors.len(), 2);
    let module = with_head(static_head("BertForTokenClassification"), classifier).unwrap();
    assert!(module.tensors.is_empty() && module.head.is_none());

    let own = |head_type: &str, labels: usize| {
        json!({"name": "h", "model_class": "BertAdapterModel", "hidden_size": DIM, "config": {
            "head_type": head_type, "num_labels": labels, "layers": 2, "activation_function": "tanh",
            "use_pooler": true, "bias": true, "label2id": null,
        }})
    };
    let tensors: &[(&str, &[usize])] = &[
        ("heads.h.1.weight", &[DIM, DIM]),
        ("heads.h.1.bias", &[DIM]),
        ("heads.h.4.weight", &[1, DIM]),
        ("heads.h.4.bias", &[1]),
    ];
    let head = with_head(own("classification", 1), tensors)
        .unwrap()
        .head
        .unwrap();
    assert!(head.on_pooler);
    let activations: Vec<Activation> = head.layers.iter().map(|layer| layer.activation).collect();
    assert_eq!(activations, [Activation::Identity, Activation::Tanh]);
    assert!(
        with_head(own("tagging", 1), tensors)
            .unwrap()
            .head
            .is_none()
    );
    let refusal = with_head(own("classification", 3), tensors)
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("heads.h.4.weight"), "{refusal}");
}
