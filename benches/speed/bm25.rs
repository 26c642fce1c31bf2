//! How fast are words indexed and found?
//!
//! Corpus: 44,524 English Wikipedia passages (26 MB of JSON); queries: 1,190 XQuAD questions in English, stop words dropped.
//! Peer: tantivy's own scorer (block-max WAND) over postings of the same terms, k1 = 1.2 and b = 0.75 on both sides, in turns.
//! Beside the times stands how many of the peer's first ten are among ours: lengths are exact here and rounded there.
//!
//! ```sh
//! make bench-bm25        # on one core; needs ../shared or XENOGLOT_SHARED
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query as TantivyQuery, TermQuery};
use tantivy::schema::{FAST, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, Searcher as TantivySearcher, TantivyDocument, Term};
use xenoglot_engine::analyzer::Analyzer;
use xenoglot_engine::eval::read_topics;
use xenoglot_engine::{
    Bm25, Encoder, FirstStage, HashEncoder, IndexSettings, Lang, Plan, Query, Searcher,
};
use xenoglot_indexer::{Corpus, Progress, ReadPlan, index};

const ROUNDS: usize = 5;
const DEPTHS: [usize; 3] = [10, 100, 1_000];

fn main() -> Result<()> {
    let data = shared()?.join("data");
    let corpus = data.join("mono/enwiki2014-passages.jsonl.zst");
    let scratch = tempfile::tempdir()?;
    let lang: Lang = "en".parse()?;
    let ours = ours(&corpus, lang, scratch.path())?;
    let peer = Peer::build(&corpus, lang)?;
    let topics = read_topics(&data.join("xquad-r/queries.en.jsonl.zst"))?;
    let queries: Vec<String> = topics.into_iter().map(|topic| topic.query).collect();

    println!(
        "\n| depth | ours, µs a query (fastest–slowest round) | tantivy | ratio | of its first ten |"
    );
    println!("|---|---|---|---|---|");
    for depth in DEPTHS {
        let plan = Plan {
            first_stage: FirstStage::Lexical,
            depth,
            bm25: Some(Bm25 {
                k1: 1.2,
                b: 0.75,
                ..Bm25::default()
            }),
            ..Plan::default()
        };
        let ask_us = |text: &String| {
            let query = Query {
                text: text.clone(),
                lang,
            };
            let ranking = ours.search(&query, &plan)?.ranking;
            anyhow::Ok(ranking.docs().map(|doc| doc.0).collect::<Vec<u32>>())
        };
        let ask_peer = |text: &String| peer.search(text, depth);
        let (mut us, mut them) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            us.push(time(&queries, &ask_us)?);
            them.push(time(&queries, &ask_peer)?);
        }
        let mut common = 0;
        let mut wanted = 0;
        for text in &queries {
            let found: HashSet<u32> = ask_us(text)?.into_iter().take(10).collect();
            let expected = ask_peer(text)?;
            wanted += expected.len().min(10);
            common += expected
                .iter()
                .take(10)
                .filter(|doc| found.contains(doc))
                .count();
        }
        let (us, them) = (spread(&us, queries.len()), spread(&them, queries.len()));
        println!(
            "| {depth} | {:.0} ({:.0}–{:.0}) | {:.0} ({:.0}–{:.0}) | {:.2} | {:.1} % |",
            us.1,
            us.0,
            us.2,
            them.1,
            them.0,
            them.2,
            us.1 / them.1,
            100.0 * f64::from(common as u32) / f64::from(wanted as u32),
        );
    }
    Ok(())
}

fn shared() -> Result<PathBuf> {
    let given = std::env::var_os("XENOGLOT_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = given.unwrap_or(beside);
    path.canonicalize()
        .with_context(|| format!("no data at {}; set XENOGLOT_SHARED", path.display()))
}

/// Our index; says how long words took.
fn ours(corpus: &Path, lang: Lang, dir: &Path) -> Result<Searcher> {
    // Vectors that nobody looks at.
    let encoder: Arc<dyn Encoder> = Arc::new(HashEncoder::new(8));
    let plan = ReadPlan {
        lang: Some(lang),
        ..ReadPlan::default()
    };
    let settings = IndexSettings::new(encoder.spec().clone());
    let dir = dir.join("index");
    let summary = index(
        open(corpus)?,
        &plan,
        settings,
        &*encoder,
        &dir,
        &Progress::default(),
    )?;
    let seconds = summary.timings.write.lexical.as_secs_f64();
    let megabytes = n_bytes(corpus)? as f64 / 1e6;
    println!(
        "{megabytes:.1} MB of text: analysed and indexed in {seconds:.1} s, {:.1} MB/s",
        megabytes / seconds
    );
    Ok(Searcher::open(&dir, encoder)?)
}

fn open(corpus: &Path) -> Result<Corpus> {
    Ok(Corpus::open(&[corpus.display().to_string()])?)
}

fn documents(corpus: &Path) -> Result<Vec<String>> {
    let text = String::from_utf8(zstd::decode_all(std::fs::File::open(corpus)?)?)?;
    let line = |line| {
        let doc: serde_json::Value = serde_json::from_str(line)?;
        let field = |name: &str| doc[name].as_str().unwrap_or_default().to_owned();
        Ok(format!("{}\n{}", field("title"), field("text")))
    };
    text.lines().map(line).collect()
}

fn n_bytes(corpus: &Path) -> Result<usize> {
    Ok(documents(corpus)?.iter().map(String::len).sum())
}

/// tantivy over the same terms.
struct Peer {
    searcher: TantivySearcher,
    analyzer: Analyzer,
}

impl Peer {
    fn build(corpus: &Path, lang: Lang) -> Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::WithFreqs);
        let terms = schema.add_text_field(
            "terms",
            TextOptions::default().set_indexing_options(indexing),
        );
        schema.add_u64_field("ord", FAST);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 512 << 20)?;
        let analyzer = Analyzer::new(lang);
        for text in documents(corpus)? {
            let tokens = analyzer.terms(&text).into_iter().enumerate();
            let tokens = tokens.map(|(position, text)| Token {
                position,
                text,
                ..Token::default()
            });
            let mut record = TantivyDocument::new();
            record.add_pre_tokenized_text(
                terms,
                PreTokenizedString {
                    text: String::new(),
                    tokens: tokens.collect(),
                },
            );
            writer.add_document(record)?;
        }
        writer.commit()?;
        let parts = index.searchable_segment_ids()?;
        if parts.len() > 1 {
            writer.merge(&parts).wait()?;
        }
        let searcher = index.reader()?.searcher();
        Ok(Self { searcher, analyzer })
    }

    fn search(&self, text: &str, depth: usize) -> Result<Vec<u32>> {
        let terms = self.searcher.schema().get_field("terms")?;
        let words = self.analyzer.words(text).into_iter();
        let wanted = words
            .filter(|word| !word.is_stop_word)
            .flat_map(|word| word.terms);
        let clause = |term: String| {
            let term = Term::from_field_text(terms, &term);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(query) as Box<dyn TantivyQuery>)
        };
        let query = BooleanQuery::new(wanted.map(clause).collect());
        let found = self
            .searcher
            .search(&query, &TopDocs::with_limit(depth).order_by_score())?;
        Ok(found
            .into_iter()
            .map(|(_, address)| address.doc_id)
            .collect())
    }
}

fn time(queries: &[String], ask: &dyn Fn(&String) -> Result<Vec<u32>>) -> Result<Duration> {
    let start = Instant::now();
    for query in queries {
        ask(query)?;
    }
    Ok(start.elapsed())
}

/// The fastest, the median and the slowest round, in µs a query.
fn spread(rounds: &[Duration], n_queries: usize) -> (f64, f64, f64) {
    let mut rounds: Vec<f64> = rounds
        .iter()
        .map(|round| round.as_secs_f64() * 1e6 / n_queries as f64)
        .collect();
    rounds.sort_by(f64::total_cmp);
    (
        rounds[0],
        rounds[rounds.len() / 2],
        rounds[rounds.len() - 1],
    )
}
