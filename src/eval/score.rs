//! `xenoglot eval score`: qrels + runs → measures.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;
use xenoglot_engine::eval::{
    Averaged, Languages, Measure, Qrels, Run, Scores, language_shares, read_languages, read_qrels,
    read_run, score,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Judgments: TREC's four columns, or BEIR's TSV
    #[arg(long, value_name = "FILE", env = "XENOGLOT_QRELS")]
    qrels: PathBuf,
    /// Rankings: TREC's six columns; may come often, and several make a column each
    #[arg(
        long = "run",
        value_name = "FILE",
        env = "XENOGLOT_RUN",
        required = true
    )]
    runs: Vec<PathBuf>,
    /// A measure as the field spells it (nDCG@10, AP(rel=2), bpref, PEER@20, …; docs/measures.md), or as trec_eval
    /// does (map, ndcg_cut_10); may come often
    #[arg(short, long = "measure", value_name = "MEASURE", default_values = ["nDCG@10", "AP", "RR", "R@100", "P@10"])]
    measures: Vec<Measure>,
    /// Each topic too
    #[arg(short = 'q', long)]
    per_topic: bool,
    /// Average over all judged topics; those that the run leaves out count 0 (trec_eval -c)
    #[arg(short = 'c', long)]
    complete: bool,
    /// The grade from which a document is relevant, for measures that name none (trec_eval -l)
    #[arg(short = 'l', long, value_name = "GRADE", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..))]
    relevance_level: i32,
    /// How many documents of a topic are looked at (trec_eval -M)
    #[arg(short = 'M', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    depth: Option<u64>,
    /// The languages of documents, for PEER, AWRF and alpha_nDCG: `document TAB language`, or a corpus in JSON lines;
    /// may come often. Qrels whose second column is a language need none
    #[arg(long, value_name = "FILE")]
    languages: Vec<PathBuf>,
    /// Also how much of the first K documents is in each language, beside how much of the relevant ones and of all
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    language_shares: Option<u64>,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

/// Runs `xenoglot eval score`.
pub(super) fn run(args: &Args) -> Result<()> {
    let mut qrels = read_qrels(&args.qrels)?;
    for file in &args.languages {
        qrels.add_languages(read_languages(file)?);
    }
    let level = |measure: &Measure| measure.with_rel(args.relevance_level);
    let measures: Vec<Measure> = args.measures.iter().map(level).collect();
    let averaged = match args.complete {
        true => Averaged::Judged,
        false => Averaged::Answered,
    };
    let mut columns = Vec::new();
    for path in &args.runs {
        let mut run = read_run(path)?;
        if let Some(depth) = args.depth {
            run.cut(usize::try_from(depth)?);
        }
        let scores = score(&qrels, &run, &measures, averaged)?;
        columns.push(Column {
            name: path,
            rows: rows(args, &qrels, &run, &scores),
        });
    }
    print(&columns, args.json)
}

/// What is said of one run.
struct Column<'a> {
    name: &'a Path,
    rows: Vec<Row>,
}

struct Row {
    measure: String,
    topic: String,
    value: f64,
}

/// A measure and a topic, or `all`.
type Key<'a> = (&'a str, &'a str);

impl Row {
    fn key(&self) -> Key<'_> {
        (&self.measure, &self.topic)
    }
}

fn rows(args: &Args, qrels: &Qrels, run: &Run, scores: &Scores) -> Vec<Row> {
    let of_topics = scores.topics().iter().filter(|_| args.per_topic);
    let of_topics = of_topics.map(|topic| (topic.id.as_str(), topic.values.as_slice()));
    let lists = of_topics.chain([("all", scores.all())]);
    let row = |(topic, measure, value): (&str, &Measure, f64)| Row {
        measure: measure.to_string(),
        topic: topic.to_owned(),
        value,
    };
    let rows = lists.flat_map(|(topic, values)| {
        let measures = scores.measures().iter();
        measures
            .zip(values)
            .map(move |(measure, value)| (topic, measure, *value))
    });
    let mut rows: Vec<Row> = rows.map(row).collect();
    if let Some(cutoff) = args.language_shares {
        rows.extend(shares(qrels, run, qrels.languages(), cutoff));
    }
    rows
}

fn shares(qrels: &Qrels, run: &Run, languages: &Languages, cutoff: u64) -> Vec<Row> {
    let within = usize::try_from(cutoff).unwrap_or(usize::MAX);
    let rows = language_shares(run, qrels, languages, within)
        .into_iter()
        .flat_map(|share| {
            let row = |name: String, value| Row {
                measure: format!("{name}:{}", share.lang),
                topic: "all".to_owned(),
                value,
            };
            [
                row(format!("share@{cutoff}"), share.at_cutoff),
                row("share@1".to_owned(), share.at_top),
                row("share(relevant)".to_owned(), share.of_relevant),
                row("share(known)".to_owned(), share.of_known),
            ]
        });
    let mut rows: Vec<Row> = rows.collect();
    if cutoff == 1 {
        rows.dedup_by(|a, b| a.measure == b.measure);
    }
    rows
}

/// One run as `measure TAB topic TAB value`; several as a table with a column each, by what is measured.
fn print(columns: &[Column], as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        for Column { name, rows } in columns {
            for row in rows {
                let mut object =
                    json!({ "measure": row.measure, "topic": row.topic, "value": row.value });
                if columns.len() > 1 {
                    object["run"] = json!(name.to_string_lossy());
                }
                writeln!(out, "{object}")?;
            }
        }
        return Ok(());
    }
    if columns.len() > 1 {
        write!(out, "measure\ttopic")?;
        for column in columns {
            write!(out, "\t{}", column.name.display())?;
        }
        writeln!(out)?;
    }
    let values: Vec<HashMap<Key, f64>> = columns
        .iter()
        .map(|column| {
            column
                .rows
                .iter()
                .map(|row| (row.key(), row.value))
                .collect()
        })
        .collect();
    for key in keys(columns) {
        let (measure, topic) = key;
        write!(out, "{measure}\t{topic}")?;
        for values in &values {
            match values.get(&key) {
                Some(value) => write!(out, "\t{value:.4}")?,
                // A run may leave out a topic that another answers.
                None => write!(out, "\t-")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What any column measures, topic by topic, and the values over all topics last.
fn keys<'a>(columns: &'a [Column]) -> Vec<Key<'a>> {
    let rows = columns.iter().flat_map(|column| &column.rows);
    let mut seen = HashSet::new();
    let keys = rows.map(Row::key).filter(|key| seen.insert(*key));
    let mut keys: Vec<Key> = keys.collect();
    // Stable, so that measures stay as they were asked for.
    keys.sort_by_key(|(_, topic)| (*topic == "all", *topic));
    keys
}
