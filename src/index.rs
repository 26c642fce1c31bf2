//! `xenoglot index`: corpora → an index that answers.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use xenoglot_engine::input::TextEncoding;
use xenoglot_engine::language::Detector;
use xenoglot_engine::{Bm25, HnswParams, Lang, LexicalSettings};
use xenoglot_indexer::{
    Corpus, CorpusFormat, Error, IndexPlan, OnError, Progress, Skipped, Summary, index,
};

use crate::language::LangArg;
use crate::machine;
use crate::setup::{Bm25Args, DEFAULT_INDEX, ModelArgs, stop_on_signal};
use crate::terminal::{BOLD, CYAN, grouped, megabytes, quoted};

/// Index documents: JSON lines with `id`, `text` and, if you like, `title`, `lang` and `meta`, or a collection's own files
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, folders, patterns such as 'docs/*.jsonl.zst', or - for standard input; plain, .gz or .zst
    #[arg(required = true, value_name = "CORPUS")]
    corpora: Vec<String>,
    /// Where the index goes; one that is there is replaced once the new one is complete
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    /// How documents are written down; auto looks at the first line of each file
    #[arg(long, default_value = "auto",
          value_parser = PossibleValuesParser::new(CorpusFormat::NAMES).try_map(|name| name.parse::<CorpusFormat>()))]
    format: CorpusFormat,
    /// How bytes stand for characters, such as latin1; auto is UTF-8, and Latin-1 in `<DOC>`s that are not UTF-8
    #[arg(long, value_name = "auto|NAME", default_value = "auto")]
    encoding: TextEncoding,
    /// The language of documents that name none: a code, or auto to detect it
    #[arg(long, value_name = "auto|CODE", default_value = "auto", value_parser = LangArg::parse)]
    lang: LangArg,
    /// The languages that documents can be in, where they are detected [default: all that are known]
    #[arg(long, value_name = "CODE,CODE,…", value_delimiter = ',', value_parser = detectable)]
    languages: Vec<Lang>,
    /// What a wrong line does: end the build with nothing changed, or be left out, counted and listed
    #[arg(long, value_enum, default_value_t)]
    on_error: OnErrorArg,
    #[command(flatten)]
    bm25: Bm25Args,
    /// Let words in Latin letters find documents in other scripts, and the reverse; makes the index larger
    #[arg(long)]
    romanised: bool,
    /// Neighbours of a document in the graph; more find more and take more memory
    #[arg(long, value_name = "M", default_value_t = HnswParams::default().m)]
    hnsw_m: usize,
    /// Candidates considered for a new document's neighbours; more find more and take longer to build
    #[arg(long, value_name = "N", default_value_t = HnswParams::default().ef_construction)]
    ef_construction: usize,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum OnErrorArg {
    #[default]
    Stop,
    Skip,
}

fn detectable(code: &str) -> Result<Lang, String> {
    let lang: Lang = code
        .parse()
        .map_err(|error: xenoglot_engine::Error| error.to_string())?;
    let known = Detector::knows(lang).then_some(lang);
    known.ok_or_else(|| "expected a language that can be detected".into())
}

/// Runs `xenoglot index`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let corpus = Corpus::open(&args.corpora)?
        .with_format(args.format)
        .with_encoding(args.encoding);
    let encoder = args.model.load()?;
    let plan = IndexPlan {
        lang: args.lang.given(),
        detector: match args.languages.is_empty() {
            true => Detector::new(),
            false => Detector::among(&args.languages),
        },
        on_error: match args.on_error {
            OnErrorArg::Stop => OnError::Stop,
            OnErrorArg::Skip => OnError::Skip,
        },
        hnsw: HnswParams {
            m: args.hnsw_m,
            ef_construction: args.ef_construction,
        },
        lexical: LexicalSettings {
            bm25: args.bm25.over(Bm25::default()),
            romanised: args.romanised,
        },
    };
    let progress = Progress::default();
    stop_on_signal(&progress)?;
    let size_bytes = corpus.size_bytes();
    let built = shown(&progress, size_bytes, || {
        index(corpus, &plan, &*encoder, &args.index, &progress)
    });
    match built {
        Ok(summary) => print_summary(&summary, args),
        Err(error) => {
            if let Error::EmptyCorpus { skipped, .. } = &error {
                print_skipped(skipped)?;
            }
            Err(error.into())
        }
    }
}

/// Runs `work` while another thread shows how far it is.
fn shown<T: Send>(
    progress: &Progress,
    size_bytes: Option<u64>,
    work: impl FnOnce() -> T + Send,
) -> T {
    std::thread::scope(|scope| {
        let (done, ended) = channel::<()>();
        let shower = scope.spawn(move || {
            if std::io::stderr().is_terminal() {
                show_bar(progress, size_bytes, || {
                    ended.recv_timeout(Duration::from_millis(100))
                });
            } else {
                show_lines(progress, || ended.recv_timeout(Duration::from_secs(5)));
            }
        });
        let result = work();
        drop(done);
        drop(shower.join());
        result
    })
}

fn show_bar(
    progress: &Progress,
    size_bytes: Option<u64>,
    wait: impl Fn() -> Result<(), RecvTimeoutError>,
) {
    let start = Instant::now();
    let bar = match size_bytes {
        Some(size_bytes) => ProgressBar::new(size_bytes),
        None => ProgressBar::no_length(),
    };
    let reading = "{bar:32} {percent:>3}%  {msg}  {eta} left";
    let style = ProgressStyle::with_template(if size_bytes.is_some() {
        reading
    } else {
        "{spinner} {msg}"
    });
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut graph = false;
    while wait() == Err(RecvTimeoutError::Timeout) {
        let n_docs = progress.n_docs.load(Ordering::Relaxed);
        let nodes = progress.monitor.graph_nodes.load(Ordering::Relaxed) as u64;
        if nodes == 0 {
            bar.set_position(progress.read_bytes.load(Ordering::Relaxed));
            let rate = n_docs as f64 / start.elapsed().as_secs_f64();
            bar.set_message(format!("{} documents, {rate:.0}/s", grouped(n_docs)));
            continue;
        }
        if !graph {
            graph = true;
            bar.reset();
            bar.set_length(n_docs);
            bar.set_message("building the graph");
        }
        bar.set_position(nodes);
    }
    bar.finish_and_clear();
}

fn show_lines(progress: &Progress, wait: impl Fn() -> Result<(), RecvTimeoutError>) {
    let start = Instant::now();
    while wait() == Err(RecvTimeoutError::Timeout) {
        let n_docs = progress.n_docs.load(Ordering::Relaxed);
        let nodes = progress.monitor.graph_nodes.load(Ordering::Relaxed) as u64;
        let rate = n_docs as f64 / start.elapsed().as_secs_f64();
        let line = if nodes == 0 {
            format!("{} documents, {rate:.0}/s", grouped(n_docs))
        } else {
            format!("graph: {} of {} documents", grouped(nodes), grouped(n_docs))
        };
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Lists what was left out.
fn print_skipped(skipped: &Skipped) -> Result<()> {
    let mut err = anstream::stderr().lock();
    for why in &skipped.listed {
        writeln!(err, "skipped {why}")?;
    }
    let more = skipped.n - skipped.listed.len() as u64;
    if more > 0 {
        writeln!(err, "skipped {} more", grouped(more))?;
    }
    Ok(())
}

fn print_summary(summary: &Summary, args: &Args) -> Result<()> {
    let manifest = &summary.manifest;
    print_skipped(&summary.skipped)?;
    let mut err = anstream::stderr().lock();
    let n_docs = manifest.n_docs as u64;
    let timings = &summary.timings;
    let seconds = timings.total.as_secs_f64();
    writeln!(
        err,
        "{BOLD}{} documents{BOLD:#} in {} languages indexed in {seconds:.1} s ({:.0}/s), {} skipped",
        grouped(n_docs),
        manifest.languages.len(),
        n_docs as f64 / seconds,
        grouped(summary.skipped.n)
    )?;
    let stages = [
        ("read", timings.read),
        ("detect", timings.detect),
        ("encode", timings.encode),
        ("lexical", timings.write.lexical),
        ("store", timings.write.store),
        ("graph", timings.write.graph),
        ("commit", timings.write.commit),
    ];
    for (name, took) in stages {
        let rate = n_docs as f64 / took.as_secs_f64().max(1e-9);
        writeln!(
            err,
            "  {name:<8} {:>8.2} s  {:>10}/s",
            took.as_secs_f64(),
            grouped(rate as u64)
        )?;
    }
    let memory =
        machine::peak_memory_bytes().map(|bytes| format!(", peak memory {}", megabytes(bytes)));
    writeln!(
        err,
        "{} on disk{}",
        megabytes(manifest.size_bytes()),
        memory.unwrap_or_default()
    )?;
    writeln!(
        err,
        "try: {CYAN}xenoglot search 'your words' --index {}{}{CYAN:#}",
        quoted(&args.index),
        args.model.as_typed()
    )?;
    Ok(())
}
