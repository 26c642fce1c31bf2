//! How fast are words found, beside Lucene? `lucene_speed.py` says how this is run.
//!
//! ```sh
//! lucene_speed prepare DATA DIR     # an index of 100,000 documents, and their terms for Lucene
//! lucene_speed time DIR DEPTH       # prints the nanoseconds of every query, round by round, after a warm-up
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use xenoglot_engine::analyzer::Analyzer;
use xenoglot_engine::eval::read_topics;
use xenoglot_engine::{
    Encoder, FirstStage, HashEncoder, IndexSettings, Lang, Plan, Query, Searcher,
};
use xenoglot_indexer::{Corpus, Progress, ReadPlan, index};

const N_DOCS: usize = 100_000;
const N_QUERIES: usize = 1_000;
/// Shorter lines of Wikinews are headings.
const MIN_BYTES: usize = 80;
const WARM_UP: usize = 2;
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", data, dir] => prepare(Path::new(data), Path::new(dir)),
        ["time", dir, depth] => time(Path::new(dir), depth.parse()?),
        _ => bail!("expected `prepare DATA DIR` or `time DIR DEPTH`"),
    }
}

fn english() -> Result<Lang> {
    Ok("en".parse()?)
}

/// Vectors that nobody looks at.
fn encoder() -> Arc<dyn Encoder> {
    Arc::new(HashEncoder::new(8))
}

fn prepare(data: &Path, dir: &Path) -> Result<()> {
    let analyzer = Analyzer::new(english()?);
    let corpus = dir.join("corpus.jsonl");
    let mut records = BufWriter::new(File::create(&corpus)?);
    let mut terms = BufWriter::new(File::create(dir.join("terms.txt"))?);
    for (n, (title, text)) in texts(data)?.into_iter().take(N_DOCS).enumerate() {
        let record =
            serde_json::json!({"id": n.to_string(), "title": title, "text": text, "lang": "en"});
        writeln!(records, "{record}")?;
        let both = [analyzer.terms(&title), analyzer.terms(&text)].concat();
        writeln!(terms, "{}", both.join(" "))?;
    }
    records.flush()?;
    terms.flush()?;
    let mut questions = BufWriter::new(File::create(dir.join("questions.txt"))?);
    let mut queries = BufWriter::new(File::create(dir.join("queries.txt"))?);
    let topics = read_topics(&data.join("xquad-r/queries.en.jsonl.zst"))?;
    for topic in topics.into_iter().take(N_QUERIES) {
        let words = analyzer.words(&topic.query).into_iter();
        let wanted = words.filter(|word| !word.is_stop_word);
        let wanted: Vec<String> = wanted.flat_map(|word| word.terms).collect();
        writeln!(questions, "{}", topic.query.replace('\n', " "))?;
        writeln!(queries, "{}", wanted.join(" "))?;
    }
    let plan = ReadPlan {
        lang: Some(english()?),
        ..ReadPlan::default()
    };
    let encoder = encoder();
    let settings = IndexSettings::new(encoder.spec().clone());
    let corpus = Corpus::open(&[corpus.display().to_string()])?;
    index(
        corpus,
        &plan,
        settings,
        &*encoder,
        &dir.join("index"),
        &Progress::default(),
    )?;
    Ok(())
}

/// Passages of Wikipedia, then paragraphs of Wikinews, with their titles.
fn texts(data: &Path) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for (name, cut) in [("enwiki2014-passages", false), ("wikinews-en", true)] {
        let file = File::open(data.join(format!("mono/{name}.jsonl.zst")))?;
        let lines = String::from_utf8(zstd::decode_all(file)?)?;
        for line in lines.lines() {
            let doc: serde_json::Value = serde_json::from_str(line)?;
            let field = |name: &str| doc[name].as_str().unwrap_or_default().to_owned();
            let (title, text) = (field("title"), field("text"));
            match cut {
                false => texts.push((title, text)),
                true => texts.extend(
                    text.lines()
                        .filter(|line| line.len() > MIN_BYTES)
                        .map(|line| (title.clone(), line.to_owned())),
                ),
            }
        }
    }
    Ok(texts)
}

fn time(dir: &Path, depth: usize) -> Result<()> {
    let searcher = Searcher::open(&dir.join("index"), encoder())?;
    let questions = std::fs::read_to_string(dir.join("questions.txt"))
        .context("no questions; run `prepare` first")?;
    let lang = english()?;
    let queries = questions.lines().map(|text| Query {
        text: text.to_owned(),
        lang,
    });
    let queries: Vec<Query> = queries.collect();
    let plan = Plan {
        first_stage: FirstStage::Lexical,
        depth,
        ..Plan::default()
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    for round in 0..WARM_UP + ROUNDS {
        for query in &queries {
            let start = Instant::now();
            let answer = searcher.search(query, &plan)?;
            let took = start.elapsed().as_nanos();
            std::hint::black_box(&answer);
            if round >= WARM_UP {
                writeln!(out, "{took}")?;
            }
        }
    }
    Ok(out.flush()?)
}
