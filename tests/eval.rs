//! `xenoglot eval`: topics → run → measures, and the measures of trec_eval's own test files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::{World, document, shared_data};

/// The corpus of [`World`], asked about in languages that it has not.
const TOPICS: &str = r#"{"id":"q1","query":"mwezi na bahari","lang":"sw"}
{"id":"q2","query":"Schach","lang":"de"}
{"id":"q3","query":"lluvia","lang":"es"}
"#;

const QRELS: &str = "q1 0 tides-en 2\nq1 0 tides-de 1\nq2 0 chess-ru 1\nq3 0 rain-ar 1\n";

/// The measures of `eval score`: (measure, topic or `all`) → value as printed.
#[track_caller]
fn score(world: &World, args: &str) -> BTreeMap<(String, String), String> {
    let ran = world.xenoglot("eval score").words(args).succeeds();
    let parse = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [measure, topic, value] = columns[..] else {
            panic!("{line:?} is not three columns between tabs");
        };
        ((measure.to_owned(), topic.to_owned()), value.to_owned())
    };
    ran.stdout.lines().map(parse).collect()
}

#[track_caller]
fn all(world: &World, args: &str, measure: &str) -> f64 {
    score(world, args)[&(measure.to_owned(), "all".to_owned())]
        .parse()
        .unwrap()
}

#[test]
fn a_run_that_is_made_can_be_scored() {
    let world = World::indexed();
    world.write("topics.jsonl", TOPICS);
    world.write("qrels.txt", QRELS);
    let ran = world
        .xenoglot(
            "eval run --topics topics.jsonl --run run.trec --index index --mode dense --tag toy",
        )
        .succeeds();
    assert_eq!(ran.stdout, "");
    assert!(
        world
            .read("run.trec")
            .lines()
            .all(|line| line.ends_with(" toy")),
        "{}",
        world.read("run.trec")
    );
    for measure in ["nDCG@10", "AP", "RR", "R@10", "Success@1"] {
        let value = all(
            &world,
            &format!("--qrels qrels.txt --run run.trec -m {measure}"),
            measure,
        );
        assert_eq!(value, 1.0, "{measure}");
    }
    // Words that nobody translates cross no language.
    world
        .xenoglot("eval run --topics topics.jsonl --run words.trec --index index --mode lexical --lexicon none")
        .succeeds();
    assert_eq!(
        all(
            &world,
            "--qrels qrels.txt --run words.trec -c -m nDCG@10",
            "nDCG@10"
        ),
        0.0
    );
}

#[test]
fn eval_run_and_search_topics_write_the_same() {
    let world = World::indexed();
    world.write("topics.jsonl", TOPICS);
    for mode in ["dense", "lexical", "hybrid"] {
        let args = format!("--topics topics.jsonl --index index --mode {mode}");
        world
            .xenoglot("eval run --run a.trec")
            .words(&args)
            .succeeds();
        world
            .xenoglot("search --run b.trec")
            .words(&args)
            .succeeds();
        assert_eq!(world.read("a.trec"), world.read("b.trec"), "{mode}");
    }
}

/// Two topics of three documents each, worked out by hand.
fn by_hand() -> World {
    let world = World::new();
    world.write(
        "qrels.txt",
        "q1 0 a 1\nq1 0 b 0\nq1 0 c 1\nq2 0 a 1\nq3 0 a 1\n",
    );
    world.write(
        "run.trec",
        "q1 Q0 a 1 3.0 t\nq1 Q0 b 2 2.0 t\nq1 Q0 c 3 1.0 t\nq2 Q0 b 1 3.0 t\nq2 Q0 a 2 2.0 t\n",
    );
    world
}

#[test]
fn measures_are_printed_as_measure_topic_value() {
    let world = by_hand();
    let ran = world
        .xenoglot("eval score --qrels qrels.txt --run run.trec -m RR -m P@2 -m AP")
        .succeeds();
    assert_eq!(
        ran.stdout,
        "RR\tall\t0.7500\nP@2\tall\t0.5000\nAP\tall\t0.6667\n"
    );
}

#[test]
fn each_topic_is_printed_where_it_is_asked_for() {
    let scores = score(&by_hand(), "--qrels qrels.txt --run run.trec -m RR -q");
    let rows: Vec<(&str, &str)> = scores
        .iter()
        .map(|((_, topic), value)| (topic.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        rows,
        [("all", "0.7500"), ("q1", "1.0000"), ("q2", "0.5000")]
    );
}

#[test]
fn topics_without_an_answer_count_zero_where_that_is_asked_for() {
    assert_eq!(
        all(
            &by_hand(),
            "--qrels qrels.txt --run run.trec -m RR -c",
            "RR"
        ),
        0.5
    );
}

#[test]
fn scores_in_json_are_one_object_a_line() {
    let ran = by_hand()
        .xenoglot("eval score --qrels qrels.txt --run run.trec -m RR -m AP -q --json")
        .succeeds();
    let lines = ran.json_lines();
    assert_eq!(lines.len(), 6);
    let mut values = BTreeMap::new();
    for line in &lines {
        let key = (
            line["measure"].as_str().unwrap(),
            line["topic"].as_str().unwrap(),
        );
        values.insert(key, line["value"].as_f64().unwrap());
    }
    assert_eq!((values[&("RR", "all")], values[&("RR", "q2")]), (0.75, 0.5));
    // Not cut to four decimals.
    assert!(
        (values[&("AP", "q1")] - 5.0 / 6.0).abs() < 1e-12,
        "{values:?}"
    );
}

#[test]
fn equal_scores_are_ranked_as_trec_eval_ranks_them() {
    let world = World::new();
    world.write("qrels.txt", "q1 0 b 1\n");
    // By document id, last first, whatever the rank column says.
    world.write("run.trec", "q1 Q0 a 1 1.0 t\nq1 Q0 b 2 1.0 t\n");
    assert_eq!(
        all(&world, "--qrels qrels.txt --run run.trec -m RR", "RR"),
        1.0
    );
}

#[test]
fn an_unknown_measure_is_a_2_that_names_those_known() {
    let world = by_hand();
    let ran = world
        .xenoglot("eval score --qrels qrels.txt --run run.trec -m charm")
        .misused();
    ran.says("charm").says("nDCG@");
}

#[test]
fn a_wrong_line_of_qrels_or_run_names_file_and_line() {
    for (file, text, said) in [
        ("qrels.txt", "q1 0 a 1\nq1 0 a\n", "qrels.txt:2"),
        ("qrels.txt", "q1 0 a 1\nq1 0 b good\n", "qrels.txt:2"),
        (
            "run.trec",
            "q1 Q0 a 1 3.0 t\nq1 Q0 b 2 high t\n",
            "run.trec:2",
        ),
        ("run.trec", "q1 Q0 a 1 3.0 t\nq1 Q0 b\n", "run.trec:2"),
        (
            "run.trec",
            "q1 Q0 a 1 3.0 t\nq1 Q0 a 2 2.0 t\n",
            "run.trec:2",
        ),
        ("run.trec", "q1 Q0 a 1 NaN t\n", "run.trec:1"),
    ] {
        let world = by_hand();
        world.write(file, text);
        let ran = world
            .xenoglot("eval score --qrels qrels.txt --run run.trec -m AP")
            .fails();
        assert!(ran.stderr.contains(said), "{text}: {ran}");
        assert_eq!(ran.stdout, "", "{text}");
    }
}

#[test]
fn a_missing_file_or_one_about_other_topics_is_named() {
    let world = by_hand();
    world
        .xenoglot("eval score --qrels no-qrels --run run.trec -m AP")
        .fails()
        .says("no-qrels");
    world
        .xenoglot("eval score --qrels qrels.txt --run no-run -m AP")
        .fails()
        .says("no-run");
    world.write("run.trec", "other-topic Q0 a 1 3.0 t\n");
    world
        .xenoglot("eval score --qrels qrels.txt --run run.trec -m AP")
        .fails()
        .says("other-topic");
    world.write("run.trec", "");
    world
        .xenoglot("eval score --qrels qrels.txt --run run.trec -m AP")
        .fails();
}

#[test]
fn an_eval_run_that_fails_leaves_the_run_that_was_there() {
    let world = World::indexed();
    world.write("topics.jsonl", "{\"id\":\"q1\"}\n");
    world.write("run.trec", "what was there\n");
    world
        .xenoglot("eval run --topics topics.jsonl --run run.trec --index index")
        .fails()
        .says("topics.jsonl:1");
    assert_eq!(world.read("run.trec"), "what was there\n");
}

/// Our name for a measure of trec_eval's, with `rel` as the grade from which a document is relevant.
fn ours(name: &str, rel: &str) -> Option<String> {
    let (family, cutoff) = match name.rsplit_once('_') {
        Some((family, cutoff)) if cutoff.parse::<u32>().is_ok() => (family, format!("@{cutoff}")),
        _ => (name, String::new()),
    };
    let measure = match family {
        "map" | "map_cut" => "AP",
        "P" => "P",
        "recall" => "R",
        "recip_rank" => "RR",
        "success" => "Success",
        "ndcg" | "ndcg_cut" => return Some(format!("nDCG{cutoff}")),
        _ => return None,
    };
    Some(format!("{measure}{rel}{cutoff}"))
}

/// Compares every value of `expected` that is a measure of ours with what the program prints; returns how many there were.
#[track_caller]
fn agrees(dir: &Path, args: &str, rel: &str, expected: &str) -> usize {
    let lines = std::fs::read_to_string(dir.join(expected)).unwrap();
    let mut golden = Vec::new();
    for line in lines.lines() {
        let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
        if let Some(measure) = ours(columns[0], rel) {
            golden.push((measure, columns[1], columns[2]));
        }
    }
    let measures: BTreeSet<&str> = golden
        .iter()
        .map(|(measure, ..)| measure.as_str())
        .collect();
    let asked: String = measures
        .iter()
        .map(|measure| format!(" -m {measure}"))
        .collect();
    let scores = score(
        &World::new(),
        &format!("{} {asked}", args.replace("DIR", dir.to_str().unwrap())),
    );
    for (measure, topic, value) in &golden {
        assert_eq!(
            scores[&(measure.clone(), (*topic).to_owned())],
            *value,
            "{expected}: {measure} of {topic}"
        );
    }
    golden.len()
}

#[test]
fn values_agree_with_trec_eval_to_four_decimals() {
    let Some(dir) = shared_data("trec_eval/test") else {
        return;
    };
    let plain = "--qrels DIR/qrels.test --run DIR/results.test";
    assert_eq!(agrees(&dir, plain, "", "out.test.a"), 42);
    assert_eq!(agrees(&dir, &format!("{plain} -q"), "", "out.test.aq"), 168);
    assert_eq!(
        agrees(
            &dir,
            "--qrels DIR/qrels.test --run DIR/results.trunc -q -c",
            "",
            "out.test.aqc"
        ),
        168
    );
    assert_eq!(
        agrees(
            &dir,
            "--qrels DIR/qrels.rel_level --run DIR/results.test -q",
            "(rel=2)",
            "out.test.aql"
        ),
        168
    );
    let comments = "--qrels DIR/qrels.comment.test.zst --run DIR/results.comment.test.zst";
    assert!(agrees(&dir, comments, "", "out.comment.test") > 0);
}

/// German questions over English paragraphs, and English ones, with the encoder inside the program: a sample of the table
/// that `benches/` makes of all languages.
#[test]
fn xquad_questions_find_paragraphs_across_languages() {
    let Some(dir) = shared_data("xquad-r") else {
        return;
    };
    let world = World::new();
    let run = |args: &str| {
        let inside = world.xenoglot(args).without_env("XENOGLOT_MODEL");
        inside.succeeds();
    };
    let dir_name = dir.display();
    run(&format!("index {dir_name}/corpus.en.jsonl.zst --index en"));
    let measured = |lang: &str, mode: &str| {
        let questions = std::fs::File::open(dir.join(format!("queries.{lang}.jsonl.zst"))).unwrap();
        let questions = String::from_utf8(zstd::decode_all(questions).unwrap()).unwrap();
        let sample: Vec<&str> = questions.lines().step_by(10).collect();
        world.write("topics.jsonl", sample.join("\n"));
        let id = |line: &&str| {
            let topic: serde_json::Value = serde_json::from_str(line).unwrap();
            topic["_id"].as_str().unwrap().to_owned()
        };
        let ids: std::collections::BTreeSet<String> = sample.iter().map(id).collect();
        let judged = std::fs::read_to_string(dir.join("qrels/para.en.qrels")).unwrap();
        let judged = judged.lines().filter(|line| {
            let topic = line.split_whitespace().next().unwrap();
            ids.contains(topic)
        });
        world.write("qrels.txt", judged.collect::<Vec<_>>().join("\n"));
        run(&format!(
            "eval run --index en --mode {mode} --depth 10 --topics topics.jsonl --run run.trec"
        ));
        let args = "--qrels qrels.txt --run run.trec -c";
        ["nDCG@10", "Success@10"]
            .map(|measure| all(&world, &format!("{args} -m {measure}"), measure))
    };
    let [cross, found] = measured("de", "dense");
    let [words, _] = measured("de", "lexical --lexicon none");
    let [translated, _] = measured("de", "lexical");
    let [within, _] = measured("en", "dense");
    // The floors of the whole table: .35 for every pair of languages, and .83 for English, which a sample may miss by a
    // little.
    assert!(cross >= 0.35, "de→en is {cross}");
    // Names and numbers let words cross some of the way.
    assert!(
        cross > words && translated > words + 0.25,
        "de→en is {cross} by meaning, {words} by words, {translated} by their translations"
    );
    assert!(found >= 0.6, "de→en finds {found}");
    assert!(within >= 0.80, "en→en is {within}");
}

#[test]
fn topics_may_be_asked_of_an_index_of_one_document() {
    let world = World::new();
    world.write("one.jsonl", document("only", "Mkate", "sw"));
    world.write("topics.tsv", "q1\tbread\nq2\tzyzzyva\n");
    world.xenoglot("index one.jsonl --index index").succeeds();
    world
        .xenoglot("eval run --topics topics.tsv --run run.trec --index index")
        .succeeds();
    assert!(
        world.read("run.trec").starts_with("q1 Q0 only 1 "),
        "{}",
        world.read("run.trec")
    );
}
