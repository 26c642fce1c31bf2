//! Logs: what is told, and how it is written.

use std::io::IsTerminal;

use anyhow::Result;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// What is told where nobody says otherwise.
const USUAL: &str = "warn,ort=off,xenoglot_api=info";

/// One more place where spans go.
pub(crate) type Also = Box<dyn Layer<Registry> + Send + Sync>;

/// How a server logs.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct LogArgs {
    /// What is logged: error, warn, info, debug or trace, also of single modules (`warn,xenoglot_api=debug`) [default:
    /// warnings, and a line for each request]
    #[arg(long = "log", value_name = "LEVELS", env = "XENOGLOT_LOG", value_parser = levels)]
    levels: Option<String>,
    /// How logs are written to standard error: for people, or as JSON, an object a line
    #[arg(
        long = "log-format",
        value_name = "FORMAT",
        env = "XENOGLOT_LOG_FORMAT",
        default_value = "human"
    )]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

impl LogArgs {
    /// Whether people read the logs, and no program.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Human)
    }

    /// Logs from now on, and hands spans to `also`.
    pub(crate) fn start(&self, also: Option<Also>) -> Result<()> {
        let levels = self.levels.as_deref().unwrap_or(USUAL);
        // Spans for traces are none of the log's. Said as a level, for a filter that is a function knows none, and then
        // libraries write down what nobody reads.
        let no_traces = format!("{}=off", xenoglot_api::traces::TARGET);
        let filter = EnvFilter::new(levels).add_directive(no_traces.parse()?);
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match self.format {
            Format::Human => lines
                .with_ansi(std::io::stderr().is_terminal())
                .with_target(false)
                .boxed(),
            Format::Json => lines
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .boxed(),
        };
        tracing_subscriber::registry()
            .with(also)
            .with(lines.with_filter(filter))
            .try_init()?;
        Ok(())
    }
}

/// Logs of a command that is no server: `XENOGLOT_LOG=debug` says more.
pub(crate) fn start() -> Result<()> {
    let said = std::env::var("XENOGLOT_LOG").ok();
    let logs = LogArgs {
        levels: said.and_then(|said| levels(&said).ok()),
        format: Format::Human,
    };
    logs.start(None)
}

fn levels(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!(
            "{error}; expected levels, as in `info` or `warn,xenoglot_api=debug`"
        )),
    }
}
