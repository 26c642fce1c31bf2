//! A file of topics → a TREC run.

use crate::support::{World, document, gzip};

/// A line of a run.
#[derive(Debug, PartialEq)]
struct Line {
    topic: String,
    doc: String,
    rank: usize,
    score: f32,
}

/// Reads a run the way TREC's tools do: six columns between white space.
#[track_caller]
fn read_run(world: &World, name: &str, tag: &str) -> Vec<Line> {
    let parse = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [topic, "Q0", doc, rank, score, its_tag] = columns[..] else {
            panic!("{line}");
        };
        assert_eq!(its_tag, tag, "{line}");
        let (rank, score) = (rank.parse().unwrap(), score.parse().unwrap());
        Line {
            topic: topic.into(),
            doc: doc.into(),
            rank,
            score,
        }
    };
    world.read(name).lines().map(parse).collect()
}

/// Ranks count from 1 and scores fall strictly, topic by topic: trec_eval breaks ties its own way.
#[track_caller]
fn is_valid(run: &[Line]) {
    for topic in run.chunk_by(|a, b| a.topic == b.topic) {
        let ranks: Vec<usize> = topic.iter().map(|line| line.rank).collect();
        assert_eq!(
            ranks,
            (1..=topic.len()).collect::<Vec<_>>(),
            "{}",
            topic[0].topic
        );
        assert!(topic.is_sorted_by(|a, b| a.score > b.score), "{topic:?}");
        let mut docs: Vec<&str> = topic.iter().map(|line| line.doc.as_str()).collect();
        docs.sort_unstable();
        docs.dedup();
        assert_eq!(docs.len(), topic.len(), "a document comes twice");
    }
}

fn docs<'a>(run: &'a [Line], topic: &str) -> Vec<&'a str> {
    run.iter()
        .filter(|line| line.topic == topic)
        .map(|line| line.doc.as_str())
        .collect()
}

#[test]
fn topics_are_read_as_our_json_as_beirs_and_as_tsv() {
    let world = World::indexed();
    world.write("ours.jsonl", "{\"id\":\"q1\",\"query\":\"mwezi na bahari\",\"lang\":\"sw\"}\n{\"id\":\"q2\",\"query\":\"Schach\"}\n");
    world.write(
        "beir.jsonl",
        "{\"_id\":\"q1\",\"text\":\"mwezi na bahari\"}\n{\"_id\":\"q2\",\"text\":\"Schach\"}\n",
    );
    world.write("topics.tsv", "q1\tmwezi na bahari\nq2\tSchach\n");
    world.write("packed.tsv.gz", gzip("q1\tmwezi na bahari\nq2\tSchach\n"));
    for topics in ["ours.jsonl", "beir.jsonl", "topics.tsv", "packed.tsv.gz"] {
        let args =
            format!("search --topics {topics} --run run.trec --index index --mode dense --tag toy");
        let ran = world.xenoglot(&args).succeeds();
        assert_eq!(ran.stdout, "", "{topics}");
        let run = read_run(&world, "run.trec", "toy");
        is_valid(&run);
        assert_eq!(docs(&run, "q1")[..2], ["tides-en", "tides-de"], "{topics}");
        assert_eq!(docs(&run, "q2")[0], "chess-ru", "{topics}");
    }
}

#[test]
fn scores_fall_strictly_where_documents_are_equal() {
    let world = World::new();
    let corpus: String = (0..40)
        .map(|i| document(&format!("same-{i}"), "Bread upon bread.", "en"))
        .collect();
    world.write("same.jsonl", corpus);
    world.xenoglot("index same.jsonl --index index").succeeds();
    world.write("topics.tsv", "q1\tbread\n");
    for mode in ["dense", "lexical", "hybrid"] {
        world
            .xenoglot("search --topics topics.tsv --run run.trec --index index --mode")
            .arg(mode)
            .succeeds();
        let run = read_run(&world, "run.trec", "xenoglot");
        assert_eq!(run.len(), 40, "{mode}");
        is_valid(&run);
        // What is written is what a single search shows.
        let shown = world.ids(
            &format!("--index index --depth 1000 --mode {mode}"),
            "bread",
        );
        assert_eq!(docs(&run, "q1"), shown, "{mode}");
    }
}

#[test]
fn depth_bounds_every_topic_of_a_run() {
    let world = World::indexed();
    world.write("topics.tsv", "q1\tmoon\nq2\tbread\n");
    world
        .xenoglot("search --topics topics.tsv --run run.trec --index index --mode dense --depth 3")
        .succeeds();
    let run = read_run(&world, "run.trec", "xenoglot");
    assert_eq!((docs(&run, "q1").len(), docs(&run, "q2").len()), (3, 3));
}

#[test]
fn a_wrong_topic_names_file_line_and_field_and_writes_nothing() {
    for (topics, said) in [
        (
            "{\"id\":\"q1\",\"query\":\"moon\"}\n{\"id\":\"q2\"}\n",
            ["topics:2", "query"],
        ),
        (
            "{\"id\":\"q1\",\"query\":\"moon\"}\n{\"query\":\"sea\"}\n",
            ["topics:2", "id"],
        ),
        (
            "{\"id\":\"q1\",\"query\":\"moon\"}\n{\"id\":\"q1\",\"query\":\"sea\"}\n",
            ["topics:2", "id"],
        ),
        (
            "{\"id\":\"q1\",\"query\":\"moon\"}\n{\"id\":\n",
            ["topics:2", "JSON"],
        ),
        (
            "{\"id\":\"q1\",\"query\":\"moon\",\"lang\":\"klingon\"}\n",
            ["topics:1", "lang"],
        ),
        ("{\"id\":\"q1\",\"query\":\"\"}\n", ["topics:1", "query"]),
        ("q1\tmoon\nq2 without a tab\n", ["topics:2", "query"]),
        ("q1\tmoon\nq1\tsea\n", ["topics:2", "id"]),
    ] {
        let world = World::indexed();
        world.write("topics", topics);
        world.write("run.trec", "what was there\n");
        let ran = world
            .xenoglot("search --topics topics --run run.trec --index index")
            .fails();
        for said in said {
            assert!(ran.stderr.contains(said), "{topics}: {ran}");
        }
        assert_eq!(world.read("run.trec"), "what was there\n", "{topics}");
    }
}

#[test]
fn a_file_of_topics_that_is_empty_or_missing_is_named() {
    let world = World::indexed();
    world.write("empty.tsv", "\n\n");
    world
        .xenoglot("search --topics empty.tsv --run run.trec --index index")
        .fails()
        .says("empty.tsv");
    world
        .xenoglot("search --topics no.tsv --run run.trec --index index")
        .fails()
        .says("no.tsv");
    world.write("topics.tsv", "q1\tmoon\n");
    world
        .xenoglot("search --topics topics.tsv --run no/such/run.trec --index index")
        .fails()
        .says("run.trec");
}
