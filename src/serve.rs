//! `xenoglot serve`: the HTTP API over one index.

mod access;
mod connections;
mod modules;
mod operations;
mod queue;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use xenoglot_api::{App, Home, ReloadWork, ServerOptions, Tools, serve};
use xenoglot_engine::{Encoder, Rerankers};

use crate::live::LiveArgs;
use crate::setup::{DEFAULT_INDEX, ModelArgs, Stack, TerminologyArgs};
use crate::terminal::{BOLD, CYAN, grouped};

use access::AccessArgs;
use connections::ConnectionArgs;
use modules::ModuleArgs;
use operations::OperationsArgs;
use queue::QueueArgs;

/// Answer over HTTP; /docs says what
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The index, which is the collection `default`
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    /// A folder of indexes, each a collection of its folder's name, instead of --index; with --writable, collections are made and
    /// deleted too
    #[arg(long, value_name = "DIR", env = "XENOGLOT_COLLECTIONS")]
    collections: Option<PathBuf>,
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
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    modules: ModuleArgs,
    /// Take documents too: POST /v1/documents, POST /v1/documents/delete, DELETE /v1/documents/{id}
    #[arg(long, env = "XENOGLOT_WRITABLE")]
    writable: bool,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    connections: ConnectionArgs,
    #[command(flatten)]
    operations: OperationsArgs,
}

impl Args {
    fn home(&self) -> Home {
        match &self.collections {
            Some(folder) => Home::Folder(folder.clone()),
            None => Home::Index(self.index.clone()),
        }
    }
}

/// Runs `xenoglot serve`.
pub(crate) fn run(args: &Args) -> Result<()> {
    // What is wrong with these is told before an index is opened, which may take a while.
    let gate = args.access.gate(args.bind)?;
    let tls = args.connections.tls()?;
    // Sends the last spans when the server has stopped.
    let _traces = args.operations.start()?;
    let home = args.home();
    let encoder = match &home {
        Home::Index(dir) => args.model.load_for(dir)?,
        Home::Folder(_) => args.model.load()?,
    };
    let rerankers = args.model.load_rerankers(&encoder, &args.rerank)?;
    let rerankers: Rerankers = rerankers.into_iter().collect();
    let reload = reload(args, &encoder, &rerankers);
    let tools = Tools {
        encoder,
        rerankers,
        terminology: Arc::new(args.terminology.load()?),
        live: args.writable.then(|| args.live.options()),
    };
    let mut options = args.queue.options();
    options.modules = args.modules.open(Arc::clone(&reload))?;
    if let Some(stack) = args.rerank.first() {
        options.default_stack.clone_from(&stack.name);
    }
    let app = App::open(home, tools, options)?;
    let n_docs = app.n_docs() as u64;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let options = ServerOptions {
        address: args.bind,
        tls,
        max_connections: args.connections.max_connections(),
        timeouts: args.connections.timeouts(),
        gate,
        reloads: vec![("rerankers", reload)],
    };
    let served = serve(app, options, |address| {
        // Scripts wait for this line; it is the first on standard output, and the only one.
        let mut out = anstream::stdout().lock();
        let _ = writeln!(
            out,
            "{BOLD}listening on {scheme}://{address}{BOLD:#} with {} documents",
            grouped(n_docs)
        );
        let _ = out.flush();
        if !args.operations.is_for_people() {
            return;
        }
        let ask = format!(
            "curl -s {scheme}://{address}/v1/search -H 'content-type: application/json' -d '{{\"query\": \"…\"}}'"
        );
        let _ = writeln!(anstream::stderr(), "try: {CYAN}{ask}{CYAN:#}");
    });
    served.with_context(|| format!("cannot listen on {}", args.bind))
}

/// Puts what the stack files say now in the place of `rerankers`.
fn reload(args: &Args, encoder: &Arc<dyn Encoder>, rerankers: &Rerankers) -> ReloadWork {
    let (model, stacks) = (args.model.clone(), args.rerank.clone());
    let (encoder, rerankers) = (Arc::clone(encoder), rerankers.clone());
    // Requests that change modules and requests that reload may come at once.
    let loading = Mutex::new(());
    Arc::new(move || {
        let _loading = loading.lock().unwrap_or_else(PoisonError::into_inner);
        rerankers.replace(model.load_rerankers(&encoder, &stacks)?);
        Ok(())
    })
}
