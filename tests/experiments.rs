//! Experiments through the real binary: run, kept, resumed, compared with what was expected, crossed.

use crate::support::{World, document, shared_data};

const EXPERIMENT: &str = r#"
name = "Small"
data = "data"
measures = ["RR", "nDCG@10", "R@10"]
baseline = "BM25"
depth = 10
timed_queries = 2
expected = "expected.tsv"

[[collection]]
name = "pairs"
documents = "{documents}.jsonl"
queries = "{queries}.tsv"
qrels = "{documents}.qrels"
query_languages = ["en", "de"]
document_languages = ["en", "sw"]

[[collection]]
name = "pooled"
documents = "{documents}.jsonl"
queries = "{queries}.tsv"
qrels = "{documents}.qrels"
query_languages = ["en", "de"]
document_languages = ["en", "sw"]
pooled = true

[[system]]
name = "BM25"
first_stage = "lexical"
lexicon = "none"

[[system]]
name = "hybrid, reranked"
first_stage = "hybrid"
rerank = "passages"
rerank_depth = 3

[ablation]
base = "BM25"
k1 = [0.5, 2.0]
lexicon = ["none", "shipped"]
"#;

/// Two topics about documents in two languages.
fn small() -> World {
    let world = World::new();
    let docs = |lang: &str, texts: [&str; 3]| {
        let lines = texts
            .iter()
            .zip(1..)
            .map(|(text, n)| document(&format!("{lang}{n}"), text, lang));
        world.write(&format!("data/{lang}.jsonl"), lines.collect::<String>());
        let qrels =
            format!("bread 0 {lang}1 1\nrain 0 {lang}2 2\nrain 0 {lang}3 0\nnobody 0 {lang}1 1\n");
        world.write(&format!("data/{lang}.qrels"), qrels);
    };
    docs(
        "en",
        [
            "Bread is baked of flour",
            "Rain falls from clouds",
            "A car needs a road",
        ],
    );
    docs(
        "sw",
        [
            "Mkate huokwa kwa unga",
            "Mvua hunyesha kutoka mawinguni",
            "Gari linahitaji barabara",
        ],
    );
    world.write("data/en.tsv", "bread\tbread\nrain\train\nunjudged\tcars\n");
    world.write("data/de.tsv", "bread\tBrot\nrain\tRegen\n");
    world.write("small.toml", EXPERIMENT);
    world
}

fn run(world: &World, args: &str) -> crate::support::Ran {
    world
        .xenoglot("eval run small.toml --out out")
        .words(args)
        .run()
}

fn results(world: &World) -> serde_json::Value {
    serde_json::from_str(&world.read("out/results.json")).unwrap()
}

#[test]
fn an_experiment_is_run_kept_and_compared_with_what_was_expected() {
    let world = small();
    let first = run(&world, "--write-expected");
    assert_eq!(first.code(), Some(0), "{first}");
    assert!(first.stdout.contains("hybrid, reranked"), "{first}");
    let results = results(&world);
    // Four pairs and two query languages over the pool, by two systems.
    let cells = results["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 12);
    let own = &cells[0];
    assert_eq!(
        (&own["queries"], &own["documents"], &own["system"]),
        (&"en".into(), &"en".into(), &"BM25".into())
    );
    // `unjudged` has no judgments and `nobody` no query: neither counts.
    assert_eq!(
        (&own["n_topics"], &own["values"][0]),
        (&2.into(), &1.0.into())
    );
    assert_eq!(own["latency_ms"]["total"]["n"], 2);
    assert_eq!(results["indexes"].as_array().unwrap().len(), 3);
    assert!(results["provenance"]["files"]["en.qrels"]["blake3"].is_string());
    assert!(!results["examples"].as_array().unwrap().is_empty());
    let expected = world.read("expected.tsv");
    assert_eq!(expected.lines().count(), 1 + 12 * 3);
    assert!(
        expected.contains("pairs\tBM25\ten\ten\tRR\t1.0000\n"),
        "{expected}"
    );
    let again = run(&world, "");
    assert_eq!(again.code(), Some(0), "{again}");
    assert_eq!(again.stderr.matches(", kept").count(), 3 + 12, "{again}");
    assert_eq!(self::results(&world)["cells"], results["cells"]);
}

#[test]
fn what_changed_is_run_again_and_drift_is_an_error() {
    let world = small();
    assert_eq!(run(&world, "--write-expected").code(), Some(0));
    world.write("data/de.tsv", "bread\tBrot\nrain\tWolken\n");
    world.write(
        "expected.tsv",
        world
            .read("expected.tsv")
            .replace("en\ten\tRR\t1.0000", "en\ten\tRR\t0.9000"),
    );
    let drifted = run(&world, "");
    assert_eq!(drifted.code(), Some(1), "{drifted}");
    // German queries alone: two pairs and the pool, by two systems.
    assert_eq!(
        drifted.stderr.matches(", kept").count(),
        3 + 12 - 6,
        "{drifted}"
    );
    let complaint = "pairs BM25 en en RR: expected 0.9000, measured 1.0000";
    assert!(drifted.stderr.contains(complaint), "{drifted}");
}

#[test]
fn an_experiment_that_was_stopped_goes_on_where_it_was() {
    let world = small();
    let narrow = run(&world, "--collection pairs --system BM25 --write-expected");
    assert_eq!(narrow.code(), Some(0), "{narrow}");
    // What a kill leaves: everything but the last file of a cell, and of an index.
    std::fs::remove_file(world.path("out/cells/pairs/BM25/de-sw/cell.json")).unwrap();
    let index = results(&world)["indexes"][0]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    std::fs::remove_file(world.path(format!("out/indexes/{index}/harness.json"))).unwrap();
    let again = run(&world, "--collection pairs --system BM25");
    assert_eq!(again.code(), Some(0), "{again}");
    assert_eq!(again.stderr.matches(", kept").count(), 1 + 3, "{again}");
}

#[test]
fn an_ablation_runs_every_combination() {
    let world = small();
    let ran = world
        .xenoglot("eval ablate small.toml --out crossed --collection pooled")
        .succeeds();
    for name in [
        "k1=0.5 lexicon=none",
        "k1=0.5 lexicon=shipped",
        "k1=2 lexicon=none",
        "k1=2 lexicon=shipped",
    ] {
        assert!(ran.stdout.contains(name), "{ran}");
    }
}

#[test]
fn mteb_can_read_what_is_found() {
    let world = small();
    run(&world, "--write-expected");
    let task: serde_json::Value =
        serde_json::from_str(&world.read("out/mteb/BM25/pairs.json")).unwrap();
    assert_eq!(task["task_name"], "pairs");
    let own = &task["scores"]["test"][0];
    assert_eq!(own["hf_subset"], "en-en");
    assert_eq!(
        own["languages"],
        serde_json::json!(["eng-Latn", "eng-Latn"])
    );
    assert_eq!(
        (&own["main_score"], &own["mrr_at_10"]),
        (&1.0.into(), &1.0.into())
    );
    assert!(own.get("ndcg_at_100").is_none(), "rankings are ten deep");
}

#[test]
fn what_is_missing_is_named() {
    let world = small();
    std::fs::remove_file(world.path("data/sw.qrels")).unwrap();
    let ran = run(&world, "");
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(
        ran.stderr.contains("pairs, BM25, en → sw") && ran.stderr.contains("sw.qrels"),
        "{ran}"
    );
    world.write(
        "small.toml",
        EXPERIMENT.replace("\"lexical\"", "\"psychic\""),
    );
    let ran = run(&world, "");
    assert!(
        ran.stderr
            .contains("small.toml: system \"BM25\": unknown variant `psychic`"),
        "{ran}"
    );
}

#[test]
fn results_become_a_page_a_text_and_tables_for_a_paper() {
    let world = small();
    assert_eq!(run(&world, "--write-expected").code(), Some(0));
    let ran = world.xenoglot("eval report out --out page").succeeds();
    assert_eq!(ran.stdout.lines().count(), 3, "{ran}");
    assert_eq!(
        world.names("page"),
        ["report.html", "report.md", "report.tex"]
    );
    let page = world.read("page/report.html");
    assert!(page.contains("hybrid, reranked") && page.contains("Mkate huokwa"));
    // It fetches nothing.
    assert!(!page.contains("http://") && !page.contains("src=\"https"));
    world
        .xenoglot("eval report data")
        .fails()
        .says("results.json");
}

/// HC4's documents and topics as they are published: English topics about Chinese news.
#[test]
fn hc4_is_run_from_its_own_files() {
    let Some(data) = shared_data("hc4") else {
        return;
    };
    let world = World::new();
    let experiment = crate::support::workspace().join("benches/eval/hc4-sample.toml");
    let ran = world
        .xenoglot("eval run --out out --data")
        .arg(&data)
        .arg(&experiment)
        .run();
    assert_eq!(ran.code(), Some(0), "{ran}");
    let results = results(&world);
    assert_eq!(results["indexes"][0]["n_docs"], 998);
    for cell in results["cells"].as_array().unwrap() {
        assert_eq!(cell["n_topics"], 2, "{cell}");
        assert!(cell["values"][0].as_f64().unwrap() > 0.2, "{cell}");
    }
}
