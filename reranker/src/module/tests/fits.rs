use super::*;

fn backbone() -> BackboneInfo {
    BackboneInfo {
        name: "models/backbone".into(),
        stated_name: Some("google-bert/bert-base-multilingual-cased".into()),
        model_type: "bert".into(),
        dim: 8,
        n_layers: 2,
        vocab_size: 20,
        tensors: [
            ("embeddings.word_embeddings.weight".into(), vec![20, 8]),
            ("encoder.layer.0.output.dense.weight".into(), vec![8, 16]),
            ("encoder.layer.1.output.dense.weight".into(), vec![8, 16]),
        ]
        .into(),
        ..BackboneInfo::default()
    }
}

fn module(content: Content) -> Module {
    Module {
        path: "modules/m".into(),
        made_for: MadeFor::default(),
        content,
        tensors: BTreeMap::new(),
        head: None,
        coverage: Coverage::AllBut(BTreeSet::new()),
    }
}

/// A mask of one tensor.
fn mask(name: &str, shape: &[usize]) -> Module {
    let tensor = SparseTensor {
        shape: shape.to_vec(),
        matrix: Arc::default(),
    };
    module(Content::Mask([(name.to_owned(), tensor)].into()))
}

fn scales(names: &[&str], length: usize) -> Module {
    let scale = Scale::Input(ArcArray1::from_elem(length, 1.0));
    let scales = names.iter().map(|name| ((*name).to_owned(), scale.clone()));
    module(Content::Scales(scales.collect()))
}

/// Asserts that the module is refused with a sentence that names both sides.
fn check_refused(module: &Module, parts: &[&str]) {
    let refusal = module.fits(&backbone()).unwrap_err();
    assert!(matches!(refusal, Error::WrongBackbone { .. }));
    let refusal = refusal.to_string();
    for part in [&["modules/m", "models/backbone"], parts].concat() {
        assert!(refusal.contains(part), "{refusal:?} lacks {part:?}");
    }
}

#[test]
fn architectures_and_sizes_agree() {
    let made_for = |made_for: MadeFor| Module {
        made_for,
        ..mask("embeddings.word_embeddings.weight", &[20, 8])
    };
    made_for(MadeFor::default()).fits(&backbone()).unwrap();
    let other = MadeFor {
        model_type: Some("xlm-roberta".into()),
        ..MadeFor::default()
    };
    check_refused(&made_for(other), &["`xlm-roberta`", "`bert`"]);
    let other = MadeFor {
        prefix: Some("roberta".into()),
        ..MadeFor::default()
    };
    check_refused(&made_for(other), &["`roberta`", "`bert`"]);
    let other = MadeFor {
        dim: Some(12),
        ..MadeFor::default()
    };
    check_refused(&made_for(other), &["12", "8"]);
}

#[test]
fn names_agree_where_both_sides_have_one() {
    let check = |name: &str, fits: bool| {
        let mut module = mask("embeddings.word_embeddings.weight", &[20, 8]);
        module.made_for.name = Some(name.into());
        assert_eq!(module.fits(&backbone()).is_ok(), fits, "{name}");
    };
    check("bert-base-multilingual-cased", true);
    check("google-bert/BERT-base-multilingual-cased", true);
    check("/models/bert-base-multilingual-cased/", true);
    check("somebody/bert-base-multilingual-cased-squad", true);
    check("base", true);
    check("/data/checkpoint-25000", true);
    check("bert-base-multilingual-uncased", false);
    check("xlm-roberta-base", false);
    check("sentence-transformers/LaBSE", false);
}

#[test]
fn tensors_of_a_mask_are_there_in_their_size() {
    check_refused(
        &mask("embeddings.word_embeddings.weight", &[30, 8]),
        &["vocabulary of 30", "20"],
    );
    check_refused(
        &mask("encoder.layer.9.output.dense.weight", &[8, 16]),
        &["encoder.layer.9.output.dense.weight"],
    );
    check_refused(
        &mask("encoder.layer.1.output.dense.weight", &[8, 8]),
        &["[8, 8]", "[8, 16]"],
    );
}

#[test]
fn linear_layers_are_there_in_every_layer() {
    let both = [
        "encoder.layer.0.output.dense",
        "encoder.layer.1.output.dense",
    ];
    scales(&both, 16).fits(&backbone()).unwrap();
    check_refused(&scales(&both, 8), &["[_, 8]", "[8, 16]"]);
    check_refused(&scales(&both[..1], 16), &["encoder.layer.1.output.dense"]);
    let mut some = scales(&both[..1], 16);
    some.coverage = Coverage::Named;
    some.fits(&backbone()).unwrap();
    check_refused(
        &scales(&["encoder.layer.2.output.dense"], 16),
        &["encoder.layer.2.output.dense"],
    );
}
