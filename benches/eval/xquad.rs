//! Does a question in one language find its paragraph in another?
//!
//! Corpus: XQuAD paragraphs (LAReQA's files), 240 in each of 11 languages; topics: its 1,190 questions in the same
//! languages; every one of the 11 × 11 pairs, by lexical, dense and hybrid search with the encoder inside the program,
//! and English documents reranked by their passages; lexical and hybrid search also with the tables of translations inside
//! the program. Peer: the lexical stage, in the same table.
//!
//! ```text
//! cargo bench --bench eval -- xquad                  prints the tables and compares them with benches/eval/xquad.tsv
//! cargo bench --bench eval -- xquad --model DIR      the same for another encoder, compared with nothing
//! cargo bench --bench eval -- xquad --write          keeps the figures as the expected ones
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use xenoglot_engine::eval::{Averaged, Measure, read_qrels, read_topics, score};
use xenoglot_engine::{Encoder, FirstStage, Fusion, Plan, Recall, RerankPlan, Reranker, Searcher};
use xenoglot_indexer::IndexPlan;
use xenoglot_reranker::{PASSAGES, PassageReranker};

use crate::figures::Figures;
use crate::ground::{Scratch, encoder, lexicons, root, shared};
use crate::paired::p_value;

const LANGUAGES: [&str; 11] = [
    "ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh",
];
const DEPTH: usize = 10;
/// Reranking embeds every passage of every candidate again: it is measured on English documents alone, and this deep.
const RERANK_DEPTH: usize = 20;
const RERANKED_DOCUMENTS: &str = "en";
const COLUMNS: &[&str] = &["system", "query", "documents", "nDCG@10"];

/// What is compared, with and without what the words mean in other languages.
const COMPARED: (&str, &str) = ("hybrid, translated", "hybrid");

struct System {
    name: &'static str,
    /// Whether words are translated.
    is_translated: bool,
    plan: Plan,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let (figures, gains) = measure(&shared()?.join("data/xquad-r"), &encoder(args)?)?;
    print(&figures);
    print_gains(&gains);
    figures.write_or_compare(&root().join("benches/eval/xquad.tsv"), args)
}

/// What the first of [`COMPARED`] gains over the second.
#[derive(Default)]
struct Gains {
    /// Between English and another language, topic by topic.
    with_english: Vec<f64>,
    /// Between two other languages.
    without_english: Vec<f64>,
}

fn measure(data: &Path, encoder: &Arc<dyn Encoder>) -> Result<(Figures, Gains)> {
    let scratch = Scratch::new("xquad");
    let mut figures = Figures::new(COLUMNS);
    let mut gains = Gains::default();
    let measures: [Measure; 1] = ["nDCG@10".parse()?];
    for doc_lang in LANGUAGES {
        let corpus = data.join(format!("corpus.{doc_lang}.jsonl.zst"));
        let dir = scratch.index(doc_lang, &corpus, &IndexPlan::default(), &**encoder)?;
        let open = || {
            let reranker: Arc<dyn Reranker> = Arc::new(PassageReranker::new(Arc::clone(encoder)));
            let searcher = Searcher::open(&dir, Arc::clone(encoder))?;
            anyhow::Ok(
                searcher
                    .with_reranker(PASSAGES, reranker)
                    .with_recall(Recall::Exact),
            )
        };
        let plain = open()?;
        let translating = open()?.with_lexicons(lexicons()?);
        let qrels = read_qrels(&data.join(format!("qrels/para.{doc_lang}.qrels")))?;
        for query_lang in LANGUAGES {
            let topics = read_topics(&data.join(format!("queries.{query_lang}.jsonl.zst")))?;
            let mut compared = BTreeMap::new();
            for system in systems() {
                if system.plan.rerank.is_some() && doc_lang != RERANKED_DOCUMENTS {
                    continue;
                }
                let searcher = if system.is_translated {
                    &translating
                } else {
                    &plain
                };
                let run = searcher.run(&topics, &system.plan, "xquad")?;
                let scores = score(&qrels, &run, &measures, Averaged::Judged)?;
                figures.insert(&[system.name, query_lang, doc_lang], scores.all()[0]);
                let values: Vec<f64> = scores
                    .topics()
                    .iter()
                    .map(|topic| topic.values[0])
                    .collect();
                compared.insert(system.name, values);
            }
            if query_lang != doc_lang {
                let pairs = compared[COMPARED.0].iter().zip(&compared[COMPARED.1]);
                let kind = match [query_lang, doc_lang].contains(&"en") {
                    true => &mut gains.with_english,
                    false => &mut gains.without_english,
                };
                kind.extend(pairs.map(|(ours, theirs)| ours - theirs));
            }
        }
    }
    Ok((figures, gains))
}

fn systems() -> [System; 6] {
    let system = |name, is_translated, first_stage, rerank_depth: Option<usize>| System {
        name,
        is_translated,
        plan: Plan {
            first_stage,
            depth: DEPTH,
            rerank: rerank_depth.map(|depth| RerankPlan {
                stack: PASSAGES.to_owned(),
                depth,
                first_stage_weight: 0.0,
            }),
            ..Plan::default()
        },
    };
    let hybrid = || FirstStage::Hybrid(Fusion::default());
    [
        system("lexical", false, FirstStage::Lexical, None),
        system("lexical, translated", true, FirstStage::Lexical, None),
        system("dense", false, FirstStage::Dense, None),
        system("hybrid", false, hybrid(), None),
        system("hybrid, translated", true, hybrid(), None),
        system(
            "dense+passages",
            false,
            FirstStage::Dense,
            Some(RERANK_DEPTH),
        ),
    ]
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print_gains(gains: &Gains) {
    println!(
        "\n### {} over {}, nDCG@10 topic by topic\n",
        COMPARED.0, COMPARED.1
    );
    println!("| pairs | topics | mean gain | p (sign-flip randomisation) |\n|---|---|---|---|");
    let kinds = [
        ("with English", &gains.with_english),
        ("without", &gains.without_english),
    ];
    for (kind, gains) in kinds {
        let mean = gains.iter().sum::<f64>() / gains.len() as f64;
        println!(
            "| {kind} | {} | {mean:+.3} | {:.4} |",
            gains.len(),
            p_value(gains)
        );
    }
}

#[allow(clippy::print_stdout, reason = "what a bench is for")]
fn print(figures: &Figures) {
    for System { name: system, .. } in systems() {
        println!("\n### {system}, nDCG@10 (row: query, column: documents)\n");
        let docs: Vec<&str> = LANGUAGES
            .into_iter()
            .filter(|doc| figures.get(&[system, "en", doc]).is_some())
            .collect();
        println!("| | {} |", docs.join(" | "));
        println!("|---|{}", "---|".repeat(docs.len()));
        for query in LANGUAGES {
            let cells: Vec<_> = docs
                .iter()
                .filter_map(|doc| figures.get(&[system, query, doc]))
                .map(|value| format!("{value:.3}"))
                .collect();
            println!("| **{query}** | {} |", cells.join(" | "));
        }
    }
    println!("\n### Summary\n");
    println!("| system | X→en | en→X | pairs without en | all cross pairs | en→en | monolingual |");
    println!("|---|---|---|---|---|---|---|");
    for System { name: system, .. } in systems() {
        println!("| {system} | {} |", summary(figures, system).join(" | "));
    }
}

/// Means over pairs, in the order of the summary's columns; a dash where nothing was measured.
fn summary(figures: &Figures, system: &str) -> [String; 6] {
    let mean = |keep: &dyn Fn(&str, &str) -> bool| {
        let mean = figures.mean(|key| key[0] == system && keep(&key[1], &key[2]));
        mean.map_or("–".to_owned(), |mean| format!("{mean:.3}"))
    };
    [
        mean(&|q, d| q != "en" && d == "en"),
        mean(&|q, d| q == "en" && d != "en"),
        mean(&|q, d| q != d && q != "en" && d != "en"),
        mean(&|q, d| q != d),
        mean(&|q, d| q == "en" && d == "en"),
        mean(&|q, d| q == d),
    ]
}
