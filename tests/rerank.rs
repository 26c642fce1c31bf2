//! Pairs through the whole program: scores under modules, and input that is no pair.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Ran, World, Xenoglot, onnx_runtime, workspace};

/// Agreement that is asked for in 32-bit numbers.
const TOLERANCE: f64 = 1e-4;

/// A family of fixtures: what the libraries say of its modules.
struct Family {
    dir: PathBuf,
    pairs: Vec<Pair>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Pair {
    query: String,
    document: String,
}

#[derive(Clone, Deserialize)]
struct Case {
    name: String,
    modules: Vec<String>,
    base: Option<String>,
    split: Option<Split>,
    #[serde(default = "yes")]
    invertible: bool,
    #[serde(default)]
    skip_layers: Vec<usize>,
    logits: Vec<Logits>,
    scores: Option<Vec<f64>>,
}

#[derive(Clone, Deserialize)]
struct Split {
    query: String,
    document: String,
}

#[derive(Clone, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Logits {
    One(f64),
    Several(Vec<f64>),
}

fn yes() -> bool {
    true
}

fn fixture(name: &str) -> PathBuf {
    workspace().join("tests/fixtures/modules").join(name)
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Family {
    fn bert() -> Self {
        let dir = fixture("bert");
        let mut expected = json_file(&dir.join("expected.json"));
        Self {
            pairs: serde_json::from_value(expected["tokens"].take()).unwrap(),
            cases: serde_json::from_value(expected["cases"].take()).unwrap(),
            dir,
        }
    }

    #[track_caller]
    fn case(&self, name: &str) -> &Case {
        let mut cases = self.cases.iter();
        cases.find(|case| case.name == name).expect(name)
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).to_str().unwrap().to_owned()
    }

    fn paths(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.path(name)).collect()
    }

    /// All pairs, a line each, with `modules` of their own or without.
    fn lines(&self, modules: Option<&[String]>) -> String {
        let line = |Pair { query, document }: &Pair| {
            let mut line = json!({ "query": query, "document": document });
            if let Some(modules) = modules {
                line["modules"] = json!(self.paths(modules));
            }
            format!("{line}\n")
        };
        self.pairs.iter().map(line).collect()
    }
}

impl Case {
    /// Whether pairs with other modules may stand beside its own. `lora-gating` is refused: see below.
    fn is_usual(&self) -> bool {
        self.name != "lora-gating"
            && self.base.is_none()
            && self.split.is_none()
            && self.invertible
            && self.skip_layers.is_empty()
    }

    fn n_labels(&self) -> usize {
        match &self.logits[0] {
            Logits::One(_) => 1,
            Logits::Several(logits) => logits.len(),
        }
    }

    /// The arguments that say of the command line what it says.
    fn args(&self, family: &Family) -> Vec<String> {
        let base = self.base.as_deref().unwrap_or("base");
        let mut args = vec!["--backbone".into(), family.path(base)];
        if !self.modules.is_empty() {
            args.extend(["--modules".into(), family.paths(&self.modules).join(",")]);
        }
        if let Some(Split { query, document }) = &self.split {
            let split = format!("{}:{}", family.path(query), family.path(document));
            args.extend(["--split".into(), split]);
        }
        if !self.invertible {
            args.push("--no-invertible".into());
        }
        if !self.skip_layers.is_empty() {
            let layers: Vec<String> = self.skip_layers.iter().map(usize::to_string).collect();
            args.extend(["--skip-layers".into(), layers.join(",")]);
        }
        args
    }
}

/// `xenoglot rerank` with ONNX Runtime.
struct Rerank {
    world: World,
    runtime: PathBuf,
}

impl Rerank {
    /// Nothing where ONNX Runtime is absent.
    fn new() -> Option<Self> {
        Some(Self {
            runtime: onnx_runtime()?,
            world: World::new(),
        })
    }

    /// Reads pairs from standard input, on the CPU.
    fn run(&self, args: &[String], pairs: &str) -> Xenoglot {
        let run = self.world.xenoglot("rerank --pairs - --device cpu");
        let run = args.iter().fold(run, Xenoglot::arg);
        run.env("XENOGLOT_ORT_DYLIB", &self.runtime).input(pairs)
    }

    /// What the command line of `case` prints, with `more` arguments.
    #[track_caller]
    fn case(&self, family: &Family, case: &Case, more: &str) -> Ran {
        let run = self.run(&case.args(family), &family.lines(None));
        run.words(more).succeeds()
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// What is printed of `logits`, raw.
fn raw(logits: &[Logits]) -> Vec<Value> {
    let line = |logits: &Logits| match logits {
        Logits::One(logit) => json!({ "score": logit }),
        Logits::Several(logits) => json!({ "logits": logits }),
    };
    logits.iter().map(line).collect()
}

/// Asserts that lines of numbers agree.
#[track_caller]
fn check_near(found: &[Value], expected: &[Value], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let near = |a: &Value, b: &Value| {
            let distance = a.as_f64()? - b.as_f64()?;
            Some(distance.abs() <= TOLERANCE)
        };
        let fields = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(fields(found), fields(expected), "{what}: pair {i}");
        let agrees = match (&found["logits"], &expected["logits"]) {
            (Value::Array(found), Value::Array(expected)) => {
                found.len() == expected.len()
                    && found
                        .iter()
                        .zip(expected)
                        .all(|(a, b)| near(a, b) == Some(true))
            }
            _ => near(&found["score"], &expected["score"]) == Some(true),
        };
        assert!(agrees, "{what}: pair {i} is {found}, expected {expected}");
    }
}

#[test]
fn one_file_mixes_languages_and_kinds_of_modules() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let family = Family::bert();
    let mut by_labels: BTreeMap<usize, Vec<&Case>> = BTreeMap::new();
    for case in family.cases.iter().filter(|case| case.is_usual()) {
        by_labels.entry(case.n_labels()).or_default().push(case);
    }
    let base = ["--backbone".to_owned(), family.path("base")];
    for cases in by_labels.values().flat_map(|cases| cases.chunks(24)) {
        // Pair by pair, so that neighbours have different stacks.
        let files: Vec<String> = cases
            .iter()
            .map(|case| family.lines(Some(&case.modules)))
            .collect();
        let mut lines = String::new();
        let mut expected = Vec::new();
        for i in 0..family.pairs.len() {
            for (file, case) in files.iter().zip(cases) {
                lines.push_str(file.lines().nth(i).unwrap());
                lines.push('\n');
                expected.extend(raw(&case.logits[i..=i]));
            }
        }
        let ran = rerank.run(&base, &lines).arg("--raw").succeeds();
        let first = &cases[0].name;
        check_near(
            &ran.json_lines(),
            &expected,
            &format!("24 cases from {first}"),
        );
    }
}

#[test]
fn the_command_line_says_what_lies_over_the_backbone() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let family = Family::bert();
    for (name, more) in [
        ("bare", ""),
        ("bare, from a pickle", ""),
        ("language under rank", ""),
        ("masks: two languages, rank", ""),
        ("language under two-labels", ""),
        ("split under rank", ""),
        ("split the other way", ""),
        ("split alone", ""),
        ("split under rank, not invertible", ""),
        ("language under rank, not invertible", ""),
        ("language under rank, layers 0 and 1 skipped", ""),
        ("lora skips a layer", ""),
        ("language under lora", "--merge"),
        ("peft all-linear-dora", "--merge"),
        ("peft lora-embeddings", "--merge"),
    ] {
        let case = family.case(name);
        let ran = rerank.case(&family, case, &format!("--raw {more}"));
        check_near(&ran.json_lines(), &raw(&case.logits), name);
    }
}

#[test]
fn a_pairs_own_modules_stand_in_place_of_those_of_the_command_line() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let family = Family::bert();
    let (common, own, bare) = (
        family.case("split under rank"),
        family.case("language under houlsby"),
        family.case("bare"),
    );
    let lines = [
        family.lines(None),
        family.lines(Some(&own.modules)),
        family.lines(Some(&[])),
    ]
    .concat();
    let ran = rerank.run(&common.args(&family), &lines);
    let logits = [&common.logits[..], &own.logits, &bare.logits].concat();
    check_near(
        &ran.arg("--raw").succeeds().json_lines(),
        &raw(&logits),
        "own",
    );
}

#[test]
fn scores_are_probabilities_unless_raw() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let family = Family::bert();
    for name in ["language under rank", "two-labels", "flex-two-labels"] {
        let case = family.case(name);
        let scores: Vec<f64> = match &case.scores {
            Some(scores) => scores.clone(),
            None => (case.logits.iter())
                .map(|logits| match logits {
                    Logits::One(logit) => logistic(*logit),
                    Logits::Several(_) => panic!("{name} has no scores"),
                })
                .collect(),
        };
        let expected: Vec<Value> = scores
            .iter()
            .map(|score| json!({ "score": score }))
            .collect();
        let ran = rerank.case(&family, case, "");
        check_near(&ran.json_lines(), &expected, name);
    }
}

#[test]
fn pairs_come_from_a_file_and_scores_go_to_one() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let family = Family::bert();
    let case = family.case("rank");
    let expected = rerank.case(&family, case, "--raw").stdout;
    let spaced = family.lines(None).replace('\n', "\n\n");
    rerank.world.write("pairs.jsonl", spaced);
    let run = |pairs: &str| {
        let run = rerank
            .world
            .xenoglot("rerank --raw --device cpu --output scores.jsonl");
        let run = case.args(&family).iter().fold(run, Xenoglot::arg);
        run.words("--pairs")
            .arg(pairs)
            .env("XENOGLOT_ORT_DYLIB", &rerank.runtime)
    };
    let ran = run("pairs.jsonl").succeeds();
    assert_eq!(ran.stdout, "");
    assert_eq!(rerank.world.read("scores.jsonl"), expected);
    // What fails leaves the old scores.
    rerank.world.write("bad.jsonl", "{\"query\": \"q\"}\n");
    run("bad.jsonl").fails().says("bad.jsonl:1");
    assert_eq!(rerank.world.read("scores.jsonl"), expected);
    rerank.world.write("empty.jsonl", "");
    run("empty.jsonl").succeeds();
    assert_eq!(rerank.world.read("scores.jsonl"), "");
}

/// Every line is read before a model is: these need none.
#[test]
fn malformed_pairs_name_file_line_and_field_and_nothing_is_scored() {
    let world = World::new();
    let good = "{\"query\": \"q\", \"document\": \"d\"}\n";
    for (bad, expected) in [
        (r#"{"query": "q"}"#, "field `document`"),
        (r#"{"document": "d"}"#, "field `query`"),
        (
            r#"{"query": "q", "document": 3}"#,
            "field `document`: got \"3\"",
        ),
        (
            r#"{"query": null, "document": "d"}"#,
            "field `query`: got \"null\"",
        ),
        (
            r#"{"query": "q", "document": "d", "modules": "rank"}"#,
            "field `modules`",
        ),
        (
            r#"{"query": "q", "document": "d", "modules": [1]}"#,
            "field `modules`: got \"[1]\"",
        ),
        ("q\td", "expected a JSON object with `query` and `document`"),
        (r#"["q", "d"]"#, "expected a JSON object"),
        (r#"{"query": "q""#, "expected a JSON object"),
    ] {
        let lines = format!("{good}{bad}\n{good}");
        world.write("pairs.jsonl", &lines);
        let backbone = fixture("bert/base");
        let run = |pairs: &str| {
            let run = world.xenoglot("rerank --pairs").arg(pairs);
            run.arg("--backbone").arg(&backbone).input(&lines).fails()
        };
        let ran = run("pairs.jsonl").says("pairs.jsonl:2: ").says(expected);
        assert_eq!(ran.stdout, "");
        let ran = run("-").says("standard input:2: ").says(expected);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn modules_that_are_not_there_or_do_not_fit_are_named() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let family = Family::bert();
    let base = ["--backbone".to_owned(), family.path("base")];
    let run = |args: &str, pairs: &str| {
        let ran = rerank.run(&base, pairs).words(args).fails();
        assert_eq!(ran.stdout, "", "{ran}");
        ran
    };
    let pairs = family.lines(None);
    run("--modules nowhere", &pairs).says("nowhere is not a module: there is no such directory");
    run(
        "",
        &format!("{pairs}{}", family.lines(Some(&["nowhere".into()]))),
    )
    .says("nowhere is not a module");
    run("--skip-layers 99", &pairs).says("layer 99 is to be skipped, and the backbone has 0 to 2");
    let xlmr = fixture("xlmr/adapterhub/rank");
    let xlmr = format!("--modules {}", xlmr.display());
    run(&xlmr, &pairs).says("`xlm-roberta`").says("`bert`");
    let gated = format!("--modules {}", family.path("adapterhub/lora-gating"));
    run(&gated, &pairs).says("LoRA with `use_gating` is not known here");
    // A split of two kinds.
    let (adapter, mask) = (
        family.path("adapterhub/lang-a"),
        family.path("sft/lang-linear"),
    );
    run(&format!("--split {adapter}:{mask}"), &pairs).says("cannot stand side by side");
    // Heads of one label and of two.
    let heads = [
        family.lines(Some(&["adapterhub/rank".into()])),
        family.lines(Some(&["adapterhub/two-labels".into()])),
    ];
    run("", &heads.concat()).says("heads of different sizes");
}

#[test]
fn wrong_usage_of_rerank_is_told_from_work_that_failed() {
    let world = World::new();
    let run = |args: &str| world.xenoglot("rerank").words(args);
    run("--pairs pairs.jsonl").misused().says("--backbone");
    run("--backbone base").misused().says("--pairs");
    run("--backbone base --pairs - --skip-layers x").misused();
    run("--backbone base --pairs - --split one")
        .misused()
        .says("expected two directories with a colon between them");
    run("--backbone nowhere --pairs nothing.jsonl")
        .fails()
        .says("nothing.jsonl");
    run("--backbone nowhere --pairs -").fails().says("nowhere");
}

#[test]
fn cross_encoders_score_as_sentence_transformers_says() {
    let Some(rerank) = Rerank::new() else {
        return;
    };
    let dir = fixture("cross-encoder");
    let expected = json_file(&dir.join("expected.json"));
    let mut problems = Vec::new();
    for model in expected["models"].as_array().unwrap() {
        let name = model["name"].as_str().unwrap();
        let args = ["--backbone".into(), dir.join(name).to_str().unwrap().into()];
        let pairs = model["pairs"].as_array().unwrap();
        let lines: String = pairs
            .iter()
            .map(|pair| {
                format!(
                    "{}\n",
                    json!({ "query": pair["query"], "document": pair["document"] })
                )
            })
            .collect();
        let logits: Vec<Value> = pairs
            .iter()
            .map(|pair| match pair["logits"].as_array().unwrap().as_slice() {
                [logit] => json!({ "score": logit }),
                logits => json!({ "logits": logits }),
            })
            .collect();
        // Of two labels the library leaves two scores.
        let scores: Vec<Value> = (pairs.iter().filter(|pair| pair["score"].is_f64()))
            .map(|pair| json!({ "score": pair["score"] }))
            .collect();
        for (more, expected) in [("--raw", logits), ("", scores)] {
            let ran = rerank.run(&args, &lines).words(more).run();
            let agrees = || check_near(&ran.json_lines(), &expected, name);
            if ran.code() != Some(0) {
                problems.push(format!("{name} {more}: {}", ran.stderr));
            } else if !expected.is_empty()
                && std::panic::catch_unwind(std::panic::AssertUnwindSafe(agrees)).is_err()
            {
                problems.push(format!("{name} {more}: {}", ran.stdout));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
