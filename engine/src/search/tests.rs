//! Answers to plans that give little time, or bring their own vector.

use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::collection::IndexWriter;
use crate::encoder::HashEncoder;
use crate::ingest::embed;
use crate::query::FirstStage;

/// A searcher over two documents, and the folder that it needs.
fn searcher() -> (Searcher, TempDir) {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("index");
    let encoder = HashEncoder::new(64);
    let docs = ["The moon lifts the sea.", "Bread rises in the oven."].map(|text| Document {
        id: text.split(' ').nth(1).unwrap().into(),
        lang: "en".parse().unwrap(),
        title: String::new(),
        text: text.into(),
        meta: Default::default(),
    });
    let settings = IndexSettings::new(encoder.spec().clone());
    let mut writer = IndexWriter::create(&dir, settings).unwrap();
    let embedded = embed(docs.to_vec(), &encoder, None).unwrap();
    writer.add(&embedded).unwrap();
    writer.commit().unwrap();
    (Searcher::open(&dir, Arc::new(encoder)).unwrap(), scratch)
}

fn query(text: &str) -> Query {
    Query {
        text: text.into(),
        lang: "en".parse().unwrap(),
    }
}

fn stages(answer: &Answer) -> Vec<&str> {
    answer.stages.iter().map(|stage| stage.name).collect()
}

#[test]
fn when_the_time_is_over_words_answer_alone_and_the_answer_says_so() {
    let (searcher, _scratch) = searcher();
    let plan = Plan {
        deadline: Deadline::at(Some(Instant::now())),
        ..Plan::default()
    };
    let answer = searcher.search(&query("moon"), &plan).unwrap();
    assert!(answer.partial);
    assert_eq!(stages(&answer), ["lexical", "fusion"]);
    assert_eq!(answer.documents().unwrap()[0].doc.id.0, "moon");
    let plan = Plan {
        first_stage: FirstStage::Dense,
        ..plan
    };
    let answer = searcher.search(&query("moon"), &plan).unwrap();
    assert!(answer.partial && answer.ranking.is_empty());
    assert!(
        !searcher
            .search(&query("moon"), &Plan::default())
            .unwrap()
            .partial
    );
}

#[test]
fn a_plan_may_bring_the_querys_vector() {
    let (searcher, _scratch) = searcher();
    let vector = searcher.query_vector(&query("Bread rises")).unwrap();
    let plan = Plan {
        first_stage: FirstStage::Dense,
        vector: Some(vector),
        ..Plan::default()
    };
    let answer = searcher.search(&query(""), &plan).unwrap();
    assert_eq!(stages(&answer), ["dense"]);
    // The document is called by its second word.
    assert_eq!(answer.documents().unwrap()[0].doc.id.0, "rises");
}
