//! `xenoglot demo`: what the README's first command ends in, with the encoder inside the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use crate::support::{Ran, World, Xenoglot};

/// The program without the test's own model.
fn xenoglot(world: &World, args: &str) -> Xenoglot {
    world.xenoglot(args).without_env("XENOGLOT_MODEL")
}

/// One demo for every test that only looks at it, and what it printed.
static DEMO: LazyLock<(World, Ran)> = LazyLock::new(|| {
    let world = World::shared("demo");
    let ran = xenoglot(&world, "demo").succeeds();
    (world, ran)
});

/// What the demo wrote beside its index.
struct Collection {
    /// Document → language and text.
    docs: BTreeMap<String, (String, String)>,
    /// Topic → language and query.
    topics: BTreeMap<String, (String, String)>,
    /// Topic → documents that are relevant.
    relevant: BTreeMap<String, BTreeSet<String>>,
}

impl Collection {
    fn read(world: &World) -> Self {
        let mut relevant: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in world.read("xenoglot-demo/qrels.txt").lines() {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [topic, _, doc, grade] = columns[..] else {
                panic!("{line}");
            };
            if grade.parse::<i32>().unwrap() > 0 {
                relevant
                    .entry(topic.to_owned())
                    .or_default()
                    .insert(doc.to_owned());
            }
        }
        Self {
            docs: records(&world.read("xenoglot-demo/corpus.jsonl"), "text"),
            topics: records(&world.read("xenoglot-demo/topics.jsonl"), "query"),
            relevant,
        }
    }

    /// Whether `doc` answers `topic` from another language.
    fn crosses(&self, topic: &str, doc: &str) -> bool {
        self.relevant[topic].contains(doc) && self.docs[doc].0 != self.topics[topic].0
    }
}

fn records(lines: &str, text: &str) -> BTreeMap<String, (String, String)> {
    let record = |line| {
        let record: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| {
            record[name]
                .as_str()
                .unwrap_or_else(|| panic!("{name}: {line}"))
                .to_owned()
        };
        (field("id"), (field("lang"), field(text)))
    };
    lines.lines().map(record).collect()
}

/// The script that most of `text` is in, as far as the corpus needs to tell.
fn script(text: &str) -> &'static str {
    let of = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => "Latin",
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => "Greek",
        '\u{400}'..='\u{52f}' => "Cyrillic",
        '\u{5d0}'..='\u{5ff}' => "Hebrew",
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => "Arabic",
        '\u{900}'..='\u{97f}' => "Devanagari",
        '\u{980}'..='\u{9ff}' => "Bengali",
        '\u{e00}'..='\u{e7f}' => "Thai",
        '\u{3041}'..='\u{30ff}' => "kana",
        '\u{4e00}'..='\u{9fff}' => "Han",
        '\u{ac00}'..='\u{d7a3}' => "Hangul",
        _ => "",
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for script in text.chars().map(of).filter(|script| !script.is_empty()) {
        *counts.entry(script).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, n)| *n)
        .map_or("", |(script, _)| script)
}

#[test]
fn the_sample_corpus_crosses_languages_and_scripts() {
    let (world, _) = &*DEMO;
    let Collection {
        docs,
        topics,
        relevant,
    } = Collection::read(world);
    assert!(
        (130..=170).contains(&docs.len()),
        "{} documents",
        docs.len()
    );
    assert!((50..=70).contains(&topics.len()), "{} topics", topics.len());
    let languages: BTreeSet<&str> = docs.values().map(|(lang, _)| lang.as_str()).collect();
    assert!(languages.len() >= 12, "{languages:?}");
    let scripts: BTreeSet<&str> = docs.values().map(|(_, text)| script(text)).collect();
    assert!(scripts.len() >= 6, "{scripts:?}");
    // Judgments are about what is there, and no topic goes without.
    assert_eq!(
        relevant.keys().collect::<Vec<_>>(),
        topics.keys().collect::<Vec<_>>()
    );
    assert!(
        relevant
            .values()
            .flatten()
            .all(|doc| docs.contains_key(doc))
    );
}

#[test]
fn sample_queries_ask_in_other_languages_than_their_answers() {
    let (world, _) = &*DEMO;
    let collection = Collection::read(world);
    let mut within = Vec::new();
    for (topic, relevant) in &collection.relevant {
        if !relevant.iter().all(|doc| collection.crosses(topic, doc)) {
            within.push(topic);
        }
    }
    // A few may also have one in their own language, as a user's would.
    assert!(within.len() * 10 <= collection.topics.len(), "{within:?}");
}

#[test]
fn the_demo_says_where_its_index_lies_and_what_to_try_next() {
    let (world, ran) = &*DEMO;
    for file in [
        "corpus.jsonl",
        "topics.jsonl",
        "qrels.txt",
        "index/xenoglot.json",
    ] {
        assert!(world.path("xenoglot-demo").join(file).is_file(), "{file}");
    }
    assert!(ran.stdout.contains("xenoglot-demo/index"), "{ran}");
    for command in ["search", "serve", "index"] {
        proposal(ran, command);
    }
}

/// The line that proposes `command`, as it is to be typed: the program and what follows.
#[track_caller]
fn proposal<'a>(ran: &'a Ran, command: &str) -> (&'a str, &'a str) {
    let mut lines = ran
        .stdout
        .lines()
        .filter_map(|line| line.trim().split_once(' '));
    let found = lines.find(|(program, rest)| {
        program.ends_with("xenoglot") && rest.starts_with(&format!("{command} "))
    });
    found.unwrap_or_else(|| panic!("{command}: {ran}"))
}

#[cfg(unix)]
#[test]
fn the_search_that_the_demo_proposes_works_as_it_is_typed() {
    let (world, ran) = &*DEMO;
    let (program, rest) = proposal(ran, "search");
    // A bare name is found on the PATH of somebody who has installed it.
    let program = match program {
        "xenoglot" => "\"$0\"",
        path => path,
    };
    let typed = world.shell(&format!("{program} {rest}"), "");
    let found = typed.without_env("XENOGLOT_MODEL").succeeds();
    assert!(!found.stdout.is_empty(), "{rest}: {found}");
}

#[test]
fn the_demo_is_plain_where_no_terminal_is() {
    let (_, ran) = &*DEMO;
    assert!(!ran.stdout.contains(['\u{1b}', '\r', '\u{2068}']), "{ran}");
    assert!(!ran.stderr.contains(['\u{1b}', '\r']), "{ran}");
}

#[test]
fn a_second_demo_works_in_the_place_of_the_first() {
    let (_, first) = &*DEMO;
    let world = World::new();
    // In a folder of another name of the same length, so that lines may be compared.
    let args = "demo --dir xenoglot-here";
    xenoglot(&world, args).succeeds();
    let again = xenoglot(&world, args).succeeds();
    assert!(world.path("xenoglot-here/index/xenoglot.json").is_file());
    let answers = |ran: &Ran| {
        // But for the first line, which says how long it took.
        let lines = ran.stdout.lines().skip(1);
        lines
            .map(|line| line.replace("xenoglot-here", "xenoglot-demo"))
            .collect::<Vec<_>>()
    };
    assert_eq!(answers(&again), answers(first));
}

#[test]
fn a_demo_that_cannot_write_says_where() {
    let world = World::new();
    world.write("xenoglot-demo", "a file in the way");
    xenoglot(&world, "demo").fails().says("xenoglot-demo");
    assert_eq!(world.read("xenoglot-demo"), "a file in the way");
}

/// nDCG@10 of `mode`, as the demo prints it.
#[track_caller]
fn printed_ndcg(ran: &Ran, mode: &str) -> f64 {
    let mut rows = ran.stdout.lines().map(str::trim);
    let row = rows.find(|line| line.starts_with(mode)).unwrap();
    row.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_scores_that_the_demo_prints_are_those_of_eval() {
    let (demo, ran) = &*DEMO;
    let dir = demo.path("xenoglot-demo").display().to_string();
    let world = World::new();
    for mode in ["lexical", "dense", "hybrid"] {
        let run = format!(
            "search --topics {dir}/topics.jsonl --index {dir}/index --mode {mode} --depth 100 --run run.trec"
        );
        xenoglot(&world, &run).succeeds();
        let score = format!("eval score --qrels {dir}/qrels.txt --run run.trec -c -m nDCG@10");
        let score = xenoglot(&world, &score).arg("--json").succeeds();
        let value = score.json_lines()[0]["value"].as_f64().unwrap();
        let printed = printed_ndcg(ran, mode);
        assert!(
            (printed - value).abs() < 5.1e-4,
            "{mode}: {printed} is printed, {value} is scored"
        );
    }
}

#[test]
fn meaning_crosses_languages_and_words_do_where_they_are_translated() {
    let (demo, ran) = &*DEMO;
    let [lexical, dense, hybrid] =
        ["lexical", "dense", "hybrid"].map(|mode| printed_ndcg(ran, mode));
    let dir = demo.path("xenoglot-demo").display().to_string();
    let world = World::new();
    let run = format!(
        "search --topics {dir}/topics.jsonl --index {dir}/index --mode lexical --lexicon none --depth 100 --run run.trec"
    );
    xenoglot(&world, &run).succeeds();
    let score = format!("eval score --qrels {dir}/qrels.txt --run run.trec -m nDCG@10 -c");
    let scored = xenoglot(&world, &score).succeeds().stdout.clone();
    let words_alone: f64 = scored.trim().rsplit('\t').next().unwrap().parse().unwrap();
    assert!(
        dense >= words_alone + 0.2,
        "dense {dense}, words alone {words_alone}"
    );
    assert!(
        lexical >= words_alone + 0.4,
        "lexical {lexical}, words alone {words_alone}"
    );
    assert!(hybrid > dense, "hybrid {hybrid}, dense {dense}");
}

#[test]
fn half_of_the_sample_queries_find_an_answer_in_another_language_among_five_hits() {
    let (demo, _) = &*DEMO;
    let collection = Collection::read(demo);
    let dir = demo.path("xenoglot-demo").display().to_string();
    let world = World::new();
    let run = format!(
        "search --topics {dir}/topics.jsonl --index {dir}/index --mode dense --depth 10 --run run.trec"
    );
    xenoglot(&world, &run).succeeds();
    let mut found = BTreeSet::new();
    for line in world.read("run.trec").lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        if collection.crosses(columns[0], columns[2]) {
            found.insert(columns[0].to_owned());
        }
    }
    let n_topics = collection.topics.len();
    assert!(found.len() * 2 >= n_topics, "{} of {n_topics}", found.len());
}

#[test]
fn every_query_that_the_demo_shows_has_a_good_hit_in_another_language() {
    let (world, ran) = &*DEMO;
    let collection = Collection::read(world);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (topic, (_, query)) in &collection.topics {
        let mut lines = ran.stdout.lines();
        if !lines.any(|line| line.starts_with(query.as_str())) {
            continue;
        }
        let hits: String = lines.take_while(|line| !line.is_empty()).collect();
        let mut relevant = collection.relevant[topic].iter();
        let found =
            relevant.any(|doc| hits.contains(doc.as_str()) && collection.crosses(topic, doc));
        let column = if found { &mut good } else { &mut bad };
        column.push(query);
    }
    assert!(bad.is_empty(), "{bad:?}: {ran}");
    assert!(good.len() >= 3, "only {good:?} are shown");
}
