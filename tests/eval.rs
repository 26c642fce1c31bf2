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
            "search --topics topics.jsonl --run run.trec --index index --mode dense --tag toy",
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
        .xenoglot("search --topics topics.jsonl --run words.trec --index index --mode lexical --lexicon none")
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
fn several_runs_make_one_table() {
    let world = by_hand();
    world.write("other.trec", "q1 Q0 c 1 3.0 u\nq3 Q0 a 1 1.0 u\n");
    let ran = world
        .xenoglot("eval score --qrels qrels.txt --run run.trec --run other.trec -m RR -m P@1 -q")
        .succeeds();
    assert_eq!(
        ran.stdout,
        "measure\ttopic\trun.trec\tother.trec\n\
         RR\tq1\t1.0000\t1.0000\nP@1\tq1\t1.0000\t1.0000\n\
         RR\tq2\t0.5000\t-\nP@1\tq2\t0.0000\t-\n\
         RR\tq3\t-\t1.0000\nP@1\tq3\t-\t1.0000\n\
         RR\tall\t0.7500\t1.0000\nP@1\tall\t0.5000\t1.0000\n"
    );
    let ran = world
        .xenoglot("eval score --qrels qrels.txt --run run.trec --run other.trec -m RR --json")
        .succeeds();
    let runs: Vec<_> = ran
        .json_lines()
        .iter()
        .map(|line| line["run"].clone())
        .collect();
    assert_eq!(runs, ["run.trec", "other.trec"]);
}

#[test]
fn level_and_depth_are_trec_evals() {
    let world = by_hand();
    world.write("qrels.txt", "q1 0 a 1\nq1 0 c 2\nq2 0 a 1\n");
    let args = "--qrels qrels.txt --run run.trec";
    for (options, measure, expected) in [
        ("", "AP", (5.0 / 6.0 + 0.5) / 2.0),
        ("-l 2", "AP(rel=2)", (1.0 / 3.0) / 2.0),
        ("--depth 2", "AP", 0.5),
        ("-M 1 -l 1", "NumRet", 2.0),
    ] {
        let asked = measure.split('(').next().unwrap();
        let value = all(&world, &format!("{args} {options} -m {asked}"), measure);
        assert!(
            (value - expected).abs() < 5.1e-5,
            "{options} -m {asked}: {value}"
        );
    }
    world
        .xenoglot("eval score -l 0")
        .words(args)
        .misused()
        .says("--relevance-level");
}

#[test]
fn trec_evals_names_are_understood() {
    let scores = score(
        &by_hand(),
        "--qrels qrels.txt --run run.trec -m map -m P_2 -m recip_rank",
    );
    let names: Vec<&str> = scores.keys().map(|(measure, _)| measure.as_str()).collect();
    assert_eq!(names, ["AP", "P@2", "RR"]);
}

/// Three languages in qrels, and one document that nobody judged.
#[test]
fn bias_needs_languages_from_qrels_or_from_a_file() {
    let world = by_hand();
    let args = "--qrels qrels.txt --run run.trec -m PEER@10 -m AWRF@10 -m alpha_nDCG@10";
    world
        .xenoglot("eval score")
        .words(args)
        .fails()
        .says("PEER@10")
        .says("languages");
    world.write("languages.tsv", "a\tswa\nb\tzho\nc\tzho\n");
    let in_file = score(&world, &format!("{args} --languages languages.tsv"));
    world.write("corpus.jsonl", "{\"id\":\"a\",\"lang\":\"sw\"}\n{\"id\":\"b\",\"lang\":\"zh\"}\n{\"id\":\"c\",\"lang\":\"zh\"}\n");
    let in_corpus = score(&world, &format!("{args} --languages corpus.jsonl"));
    world.write(
        "qrels.txt",
        "q1 swa a 1\nq1 zho b 0\nq1 zho c 1\nq2 swa a 1\nq3 swa a 1\n",
    );
    let in_qrels = score(&world, args);
    assert_eq!(in_file, in_qrels);
    assert_eq!(in_corpus, in_qrels);
    // Ranks 1 and 3 of two languages: H = 1, so .3173; one language in the other topic: 1.
    assert_eq!(
        in_qrels[&("PEER@10".to_owned(), "all".to_owned())],
        "0.6587"
    );
}

#[test]
fn shares_of_languages_stand_beside_base_rates() {
    let world = by_hand();
    world.write("languages.tsv", "a\tsw\nb\tzh\nc\tzh\nd\tzh\n");
    let args =
        "--qrels qrels.txt --run run.trec -m AP --languages languages.tsv --language-shares 2";
    let scores = score(&world, args);
    let share = |name: &str| scores[&(name.to_owned(), "all".to_owned())].as_str();
    assert_eq!(share("share@2:sw"), "0.5000");
    assert_eq!(share("share@1:zh"), "0.5000");
    assert_eq!(share("share(relevant):sw"), "0.7500");
    assert_eq!(share("share(known):zh"), "0.7500");
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
        .xenoglot("search --topics topics.jsonl --run run.trec --index index")
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
            "search --index en --mode {mode} --depth 10 --topics topics.jsonl --run run.trec"
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
        .xenoglot("search --topics topics.tsv --run run.trec --index index")
        .succeeds();
    assert!(
        world.read("run.trec").starts_with("q1 Q0 only 1 "),
        "{}",
        world.read("run.trec")
    );
}

/// Three systems over six topics: the second puts the relevant document first, the third leaves the last topic out.
fn three_systems() -> World {
    let world = World::new();
    let topics = || 1..=6;
    let qrels: String = topics().map(|t| format!("q{t} 0 r{t} 1\n")).collect();
    world.write("qrels.txt", qrels);
    let run = |tag: &str, last: i32, above: fn(i32) -> i32| {
        let lines = (1..=last).flat_map(|t| {
            let others = (0..above(t)).map(move |i| (format!("{tag}{t}-{i}"), 9 - i));
            let ranked = others.chain([(format!("r{t}"), 1)]);
            ranked.map(move |(doc, score)| format!("q{t} Q0 {doc} 1 {score} {tag}\n"))
        });
        world.write(&format!("{tag}.trec"), lines.collect::<String>());
    };
    run("base", 6, |_| 1);
    run("best", 6, |_| 0);
    run("odd", 5, |t| t % 2 * 3);
    world
}

const COMPARE: &str =
    "eval compare --qrels qrels.txt --run base.trec --run best.trec --run odd.trec -m RR";

#[test]
fn systems_are_compared_on_the_topics_that_all_of_them_answer() {
    let ran = three_systems().xenoglot(COMPARE).succeeds();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "RR over the 5 of 6 judged topics that all runs answer"
    );
    let cells = |line: &str| {
        let cells = line.split_whitespace().map(str::to_owned);
        cells.collect::<Vec<String>>().join(" ")
    };
    assert_eq!(cells(lines[2]), "base 0.5000 – – – – – – –");
    // Five signs that are all one: 2 of 32, and twice that for two systems.
    assert_eq!(
        cells(lines[3]),
        "best 1.0000 +0.5000 +100.0 % +0.5000 … +0.5000 0.0625 0.1250 – 5/0/0"
    );
    assert!(cells(lines[4]).starts_with("odd 0.5500 +0.0500 +10.0 % -0.2500 … "));
    assert!(lines[4].ends_with(" 2/0/3"), "{ran}");
    assert_eq!(lines.len(), 5);
}

#[test]
fn comparisons_in_json_are_one_object_a_line_and_have_both_tests() {
    let world = three_systems();
    let ran = world
        .xenoglot(COMPARE)
        .words("-m AP -c --json -q --test t --correction bonferroni");
    let lines = ran.succeeds().json_lines();
    // Of each measure six topics and two systems.
    assert_eq!(lines.len(), 16);
    assert_eq!(lines[5]["topic"], "q6");
    assert_eq!(lines[5]["values"]["odd"], 0.0);
    let odd = &lines[7];
    assert_eq!(
        (&odd["system"], &odd["baseline"]),
        (&"odd".into(), &"base".into())
    );
    assert_eq!((&odd["n"], &odd["losses"]), (&6.into(), &4.into()));
    let number = |name: &str| odd[name].as_f64().unwrap();
    assert!((number("mean") - 2.75 / 6.0).abs() < 1e-12);
    assert!((number("p_corrected") - (2.0 * number("p_t")).min(1.0)).abs() < 1e-12);
    assert!(number("p_randomisation") > 0.0 && number("t") < 0.0);
    assert_eq!(lines[15]["measure"], "AP");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let world = three_systems();
    world
        .xenoglot("eval compare --qrels qrels.txt --run base.trec -m RR")
        .fails()
        .says("two or more");
    world.write("other.trec", "q6 Q0 r6 1 1 other\n");
    world
        .xenoglot(COMPARE)
        .words("--run other.trec")
        .fails()
        .says("-c");
    world
        .xenoglot(COMPARE)
        .words("--rounds 0")
        .fails()
        .says("rounds");
}

/// The corpus of [`three_systems`]: every document of every run, and one that nobody found.
fn corpus_of_three_systems(world: &World) {
    let mut ids: BTreeSet<String> = ["nobody".to_owned()].into();
    for run in ["base.trec", "best.trec", "odd.trec"] {
        let run = world.read(run);
        let docs = run
            .lines()
            .map(|l| l.split_whitespace().nth(2).unwrap().to_owned());
        ids.extend(docs);
    }
    let lines = ids
        .iter()
        .map(|id| document(id, &format!("text of {id}"), "en") + "\n");
    world.write("all.jsonl", lines.collect::<String>());
    let topics = (1..=6).map(|t| format!("q{t}\tquery {t}\n"));
    world.write("topics.tsv", topics.collect::<String>());
}

const SAMPLE: &str = "eval sample all.jsonl --topics topics.tsv --qrels qrels.txt --run base.trec --run best.trec \
                      --run odd.trec -m RR --out small";

#[test]
fn a_sample_is_a_collection_that_is_indexed_asked_and_scored() {
    let world = three_systems();
    corpus_of_three_systems(&world);
    let ran = world
        .xenoglot(SAMPLE)
        .words("--topics-limit 4 --seed 7")
        .succeeds();
    assert!(ran.stdout.starts_with("small: "), "{ran}");
    assert!(ran.stdout.contains("4 topics, 4 judgments"), "{ran}");
    let tau = ran.stdout.lines().last().unwrap();
    assert!(tau.starts_with("Kendall's τ with full"), "{ran}");
    assert_eq!(
        world.names("small"),
        ["corpus.jsonl", "qrels.trec", "queries.jsonl", "sample.json"]
    );
    assert!(!world.read("small/corpus.jsonl").contains("nobody"));
    let about: serde_json::Value = serde_json::from_str(&world.read("small/sample.json")).unwrap();
    assert_eq!((&about["seed"], &about["n_topics"]), (&7.into(), &4.into()));
    world
        .xenoglot("index small/corpus.jsonl --index small-index")
        .succeeds();
    world
        .xenoglot("search --topics small/queries.jsonl --run small.trec --index small-index")
        .succeeds();
    all(
        &world,
        "--qrels small/qrels.trec --run small.trec -c -m RR",
        "RR",
    );
}

#[test]
fn a_system_that_is_left_out_of_a_sample_is_scored_without_its_own_documents() {
    let world = three_systems();
    corpus_of_three_systems(&world);
    let ran = world.xenoglot(SAMPLE).words("--json").succeeds();
    let found = &ran.json_lines()[0];
    let system = |i: usize| {
        let system = &found["survival"]["systems"][i];
        ["full", "sample", "left_out"].map(|name| system[name].as_f64().unwrap())
    };
    // What stood above its relevant documents was its own.
    assert_eq!(system(0), [0.5, 0.5, 1.0]);
    assert_eq!(system(1), [1.0, 1.0, 1.0]);
    assert_eq!(found["survival"]["tau_sample"], 1.0);
    assert_eq!(
        found["sample"]["runs"],
        serde_json::json!(["base", "best", "odd"])
    );
}

#[test]
fn a_sample_that_fails_leaves_what_was_there() {
    let world = three_systems();
    corpus_of_three_systems(&world);
    world.write("small/mine.txt", "what was there\n");
    world.xenoglot(SAMPLE).fails().says("new or empty");
    assert_eq!(world.names("small"), ["mine.txt"]);
    world.write("all.jsonl", document("nobody", "text", "en"));
    let before = world.names(".");
    world
        .xenoglot(&SAMPLE.replace("small", "other"))
        .fails()
        .says("a document of a run");
    assert_eq!(world.names("."), before);
}

/// Anserini's own run of CACM has the P@30 that Anserini publishes of it. Its published MAP, .3123, is that of rankings of
/// 1,000 documents; the file has 30 of each, of which pytrec_eval says the same as we do.
#[test]
fn the_published_run_of_cacm_has_its_published_figures() {
    let Some(dir) = shared_data("classic/cacm") else {
        return;
    };
    let world = World::new();
    let [qrels, run] = ["qrels.anserini.txt", "anserini-bm25.run"].map(|name| dir.join(name));
    let scored = world
        .xenoglot("eval score -c -m P@30 -m AP --qrels")
        .arg(qrels)
        .arg("--run")
        .arg(run)
        .succeeds();
    assert_eq!(scored.stdout, "P@30\tall\t0.1942\nAP\tall\t0.2744\n");
}
