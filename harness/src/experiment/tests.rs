use super::*;

const LEAST: &str = r#"
name = "least"
measures = ["nDCG@10"]
[[collection]]
name = "news"
documents = "{documents}.jsonl"
queries = "{queries}.tsv"
qrels = "{documents}.qrels"
query_languages = ["en", "de"]
document_languages = ["en", "sw"]
[[system]]
name = "BM25"
first_stage = "lexical"
"#;

fn parse(text: &str, systems: Systems) -> Result<Experiment, String> {
    Experiment::parse(Path::new("dir/least.toml"), text, None, systems)
}

fn least(more: &str) -> Experiment {
    parse(&format!("{LEAST}{more}"), Systems::Listed).unwrap()
}

#[track_caller]
fn check_refused(from: &str, to: &str, complaint: &str) {
    let text = LEAST.replace(from, to);
    assert_ne!(text, LEAST, "{from} is nowhere");
    let error = parse(&text, Systems::Listed).unwrap_err();
    assert!(error.contains(complaint), "{to}: {error}");
}

fn pairs(collection: &Collection) -> Vec<String> {
    let sets = collection.document_sets();
    let pairs = sets
        .iter()
        .flat_map(|set| collection.pairs_with(set.as_deref()));
    pairs
        .map(|pair| format!("{}-{}", pair.queries, pair.documents()))
        .collect()
}

#[test]
fn what_is_not_said_is_what_the_field_does() {
    let experiment = least("");
    assert_eq!(experiment.collections[0].depth, 1_000);
    assert_eq!(experiment.data, Path::new("dir"));
    assert_eq!(
        pairs(&experiment.collections[0]),
        ["en-en", "de-en", "en-sw", "de-sw"]
    );
    let [system] = &experiment.systems[..] else {
        panic!()
    };
    assert_eq!(system.lexicons, [SHIPPED]);
    assert!(system.exact && system.rerank.is_none());
}

#[test]
fn pairs_may_be_chosen_and_documents_pooled() {
    let check = |line: &str, expected: &[&str]| {
        let text = LEAST.replace("[[system]]", &format!("{line}\n[[system]]"));
        let experiment = parse(&text, Systems::Listed).unwrap();
        assert_eq!(pairs(&experiment.collections[0]), expected, "{line}");
    };
    check("pairs = \"cross\"", &["de-en", "en-sw", "de-sw"]);
    check("pairs = \"own\"", &["en-en"]);
    check("pairs = [[\"de\", \"sw\"]]", &["de-sw"]);
    check("pooled = true", &["en-all", "de-all"]);
}

#[test]
fn placeholders_stand_for_languages() {
    let mut collection = least("").collections.remove(0);
    let data = Path::new("data");
    assert_eq!(
        collection.document_paths(data, Some("sw")),
        [(vec!["data/sw.jsonl".to_owned()], Some("sw"))]
    );
    let pair = collection.pairs_with(Some("sw")).remove(1);
    let queries = collection.queries.named(None).unwrap().of(&pair);
    assert_eq!(
        (queries.path.as_str(), pair.queries.as_str()),
        ("de.tsv", "de")
    );
    assert_eq!(collection.qrels_paths(data, &pair), [data.join("sw.qrels")]);
    collection.pooled = true;
    assert_eq!(
        collection.document_paths(data, None),
        ["en", "sw"].map(|lang| (vec![format!("data/{lang}.jsonl")], Some(lang)))
    );
    let pair = collection.pairs_with(None).remove(0);
    assert_eq!(
        collection.qrels_paths(data, &pair),
        [data.join("en.qrels"), data.join("sw.qrels")]
    );
}

#[test]
fn a_system_that_wants_translations_is_run_where_there_are_some() {
    let translated =
        "\n[[system]]\nname = \"human\"\nfirst_stage = \"lexical\"\nqueries = \"human\"\n";
    let error = parse(&format!("{LEAST}{translated}"), Systems::Listed).unwrap_err();
    assert!(error.contains("which no collection has"), "{error}");
    let text = LEAST.replace(
        "[[system]]",
        "[collection.translations.human]\npath = \"{documents}.human.tsv\"\nlanguage = \"{documents}\"\n[[system]]",
    );
    let experiment = parse(&format!("{text}{translated}"), Systems::Listed).unwrap();
    let [collection] = &experiment.collections[..] else {
        panic!()
    };
    let pair = collection.pairs_with(Some("sw")).remove(0);
    let queries = experiment.systems[1]
        .queries_of(collection)
        .unwrap()
        .of(&pair);
    assert_eq!(
        (queries.path.as_str(), queries.language.as_deref()),
        ("sw.human.tsv", Some("sw"))
    );
}

#[test]
fn an_ablation_crosses_settings_over_its_base() {
    let ablation =
        "[ablation]\nbase = \"BM25\"\nk1 = [0.9, 1.2]\nfirst_stage = [\"lexical\", \"hybrid\"]\n";
    let experiment = parse(&format!("{LEAST}{ablation}"), Systems::Crossed).unwrap();
    let names: Vec<&str> = experiment
        .systems
        .iter()
        .map(|system| system.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "first_stage=lexical k1=0.9",
            "first_stage=lexical k1=1.2",
            "first_stage=hybrid k1=0.9",
            "first_stage=hybrid k1=1.2"
        ]
    );
    assert_eq!(experiment.systems[3].first_stage, FirstStageName::Hybrid);
    for (wrong, complaint) in [
        (
            "[ablation]\nk1 = [1.0]\n",
            "`ablation.base`: expected the name",
        ),
        (
            "[ablation]\nbase = \"BM26\"\nk1 = [1.0]\n",
            "\"BM26\", which no system",
        ),
        ("[ablation]\nbase = \"BM25\"\n", "crosses nothing"),
        (
            "[ablation]\nbase = \"BM25\"\nk1 = 1.0\n",
            "`ablation.k1`: expected a list",
        ),
        (
            "[ablation]\nbase = \"BM25\"\nk2 = [1.0]\n",
            "unknown field `k2`",
        ),
    ] {
        let error = parse(&format!("{LEAST}{wrong}"), Systems::Crossed).unwrap_err();
        assert!(error.contains(complaint), "{wrong}: {error}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    check_refused("\"nDCG@10\"", "\"charm\"", "unknown measure \"charm\"");
    check_refused("\"nDCG@10\"", "", "`measures` is empty");
    check_refused(
        "[\"en\", \"de\"]",
        "[\"klingon\"]",
        "`query_languages`: got \"klingon\"",
    );
    check_refused(
        "[\"en\", \"de\"]",
        "[]",
        "expected `languages` or `query_languages`",
    );
    check_refused(
        "\"lexical\"",
        "\"psychic\"",
        "system \"BM25\": unknown variant `psychic`",
    );
    check_refused(
        "name = \"BM25\"",
        "name = \"BM25\"\nk1 = -1",
        "system \"BM25\"",
    );
    check_refused(
        "name = \"BM25\"",
        "name = \"BM25\"\nencoder = \"e5\"",
        "`encoder` names \"e5\"",
    );
    check_refused(
        "name = \"BM25\"",
        "name = \"BM25\"\nrerank_depth = 0",
        "`rerank_depth`",
    );
    check_refused(
        "name = \"least\"",
        "name = \"least\"\nbaseline = \"x\"",
        "`baseline` names \"x\"",
    );
    check_refused(
        "name = \"least\"",
        "name = \"least\"\ndepht = 3",
        "unknown field `depht`",
    );
    check_refused(
        "name = \"news\"",
        "name = \"news\"\ndepth = 0",
        "`depth` is 0",
    );
    check_refused(
        "[[system]]",
        "[[system]]\nname = \"BM25\"\nfirst_stage = \"dense\"\n[[system]]",
        "expected a name of its own",
    );
}

#[test]
fn an_experiment_can_be_narrowed() {
    let mut experiment = least("[[system]]\nname = \"dense\"\nfirst_stage = \"dense\"\n");
    experiment.baseline = Some("BM25".into());
    let error = experiment
        .narrow(&[], &["sparse".into()])
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("there is no system \"sparse\", expected BM25, dense"),
        "{error}"
    );
    experiment
        .narrow(&["news".into()], &["dense".into()])
        .unwrap();
    assert_eq!((experiment.systems.len(), experiment.baseline), (1, None));
}

#[test]
fn every_experiment_of_ours_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/eval");
    let mut n_read = 0;
    for folder in [folder.clone(), folder.join("collections")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let experiment = Experiment::open(&path, None, Systems::Listed).unwrap();
                if let Some(published) = &experiment.published {
                    assert!(
                        !crate::regression::read_published(published)
                            .unwrap()
                            .is_empty()
                    );
                }
                n_read += 1;
            }
        }
    }
    assert!(n_read >= 8, "{n_read}");
}
