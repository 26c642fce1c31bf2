//! `xenoglot serve`: the HTTP API over one index.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xenoglot_api::{App, serve};

use crate::live::LiveArgs;
use crate::setup::{DEFAULT_INDEX, ModelArgs, Stack, TerminologyArgs};
use crate::terminal::{BOLD, CYAN, grouped};

/// Answer over HTTP: POST /v1/search, GET /v1/documents/{id}, GET /v1/snapshot, GET /health
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The index
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    terminology: TerminologyArgs,
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "XENOGLOT_BIND",
        default_value = "127.0.0.1:8080"
    )]
    bind: SocketAddr,
    /// Stacks that requests may rerank with, by the names of their files, beside `passages`; the first is taken where a
    /// request names none
    #[arg(long, value_name = "STACK,STACK,…", env = "XENOGLOT_RERANK", value_delimiter = ',', value_parser = Stack::parse)]
    rerank: Vec<Stack>,
    /// Searches that may run at once; more are answered with 503 [default: four per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_searches: Option<u32>,
    /// Take documents too: POST /v1/documents, POST /v1/documents/delete, DELETE /v1/documents/{id}
    #[arg(long, env = "XENOGLOT_WRITABLE")]
    writable: bool,
    #[command(flatten)]
    live: LiveArgs,
}

/// Runs `xenoglot serve`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let live = args.writable.then(|| args.live.options());
    let searcher = args.model.open_index(&args.index, &args.rerank, live)?;
    let searcher = args.terminology.apply(searcher)?;
    let n_docs = searcher.manifest().n_docs as u64;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let app = App::new(
        searcher,
        args.max_searches.map_or(4 * cores, |n| n as usize),
    );
    let app = match args.rerank.first() {
        Some(stack) => app.with_default_stack(&stack.name),
        None => app,
    };
    let served = serve(app, args.bind, |address| {
        // Scripts wait for this line; it is the first on standard output, and the only one.
        let mut out = anstream::stdout().lock();
        let _ = writeln!(
            out,
            "{BOLD}listening on http://{address}{BOLD:#} with {} documents",
            grouped(n_docs)
        );
        let _ = out.flush();
        let ask = format!(
            "curl -s http://{address}/v1/search -H 'content-type: application/json' -d '{{\"query\": \"…\"}}'"
        );
        let _ = writeln!(anstream::stderr(), "try: {CYAN}{ask}{CYAN:#}");
    });
    served.with_context(|| format!("cannot listen on {}", args.bind))
}
