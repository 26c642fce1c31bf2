//! `xenoglot embed`: texts → vectors, one per text and in their order.

mod texts;

mod reading;

mod arrow;
mod jsonl;
mod npy;

mod format;

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use xenoglot_engine::input::read_lines;
use xenoglot_engine::{Encoder, Error, Role};

use crate::output::Output;
use crate::setup::ModelArgs;
use crate::terminal::{BOLD, grouped};
use format::Format;
use reading::{Patience, Reading};
use texts::{Dialect, Texts};

/// The standard input, as an argument.
const STDIN: &str = "-";

/// How long a line may wait for others, where somebody may wait for its vector.
const PATIENCE: Duration = Duration::from_millis(50);

/// Turn texts into vectors, one per text and in their order
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of texts, or - for standard input; plain, .gz or .zst
    #[arg(value_name = "FILE", default_value = STDIN)]
    file: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    /// What the texts are; some models want a prompt before each
    #[arg(long, value_enum, default_value_t)]
    role: RoleArg,
    /// How the texts are written down
    #[arg(long, value_enum, default_value_t)]
    input: InputArg,
    /// How the vectors are written down
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where the vectors go, all or none of them [default: standard output]
    #[arg(long, value_name = "FILE", env = "XENOGLOT_OUTPUT")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum RoleArg {
    /// Queries
    Query,
    /// Documents, or passages of them
    #[default]
    Passage,
    /// Neither: no prompt
    None,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum InputArg {
    /// JSON lines if the first line that is not blank is an object with `text` or `query`, else plain lines
    #[default]
    Auto,
    /// A text per line; a blank line is an empty text
    Lines,
    /// JSON lines: documents with `text` and, if you like, `title`, or topics with `query`
    Jsonl,
}

/// Runs `xenoglot embed`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let to_terminal = args.output.is_none() && io::stdout().is_terminal();
    if to_terminal && !args.format.is_text() {
        bail!(
            "standard output is a terminal, which cannot show this format; name a file with --output, or send it on \
             with > or |"
        );
    }
    let bytes = open(&args.file)?;
    let output = Output::open(args.output.as_deref())?;
    let encoder = args.model.load()?;
    let start = Instant::now();
    let texts = Texts::new(read_lines(&args.file, bytes)?, args.input.dialect())?;
    let bar = if to_terminal {
        ProgressBar::hidden()
    } else {
        spinner()
    };
    let n_texts = embed(texts, &*encoder, args, output, &bar)?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    writeln!(
        anstream::stderr(),
        "{BOLD}{} texts{BOLD:#} embedded in {seconds:.1} s ({:.0}/s)",
        grouped(n_texts),
        n_texts as f64 / seconds.max(1e-9)
    )?;
    Ok(())
}

/// Writes the vectors of `texts`; returns how many.
fn embed(
    texts: Texts,
    encoder: &dyn Encoder,
    args: &Args,
    output: Output,
    bar: &ProgressBar,
) -> Result<u64> {
    let name = output.name().to_owned();
    let cannot_write = || format!("cannot write {name}");
    let writer = args
        .format
        .writer(output, texts.dialect(), encoder.spec().dim);
    let mut writer = writer.with_context(cannot_write)?;
    // A file appears at the end: nobody waits for its parts.
    let patience = if args.format.is_text() && args.output.is_none() {
        Patience::Limited(PATIENCE)
    } else {
        Patience::Endless
    };
    let mut reading = Reading::start(texts, patience);
    let start = Instant::now();
    let mut n_texts = 0;
    while let Some(chunk) = reading.next_chunk()? {
        let texts: Vec<&str> = chunk.texts.iter().map(String::as_str).collect();
        let vectors = encoder.encode(&texts, args.role.into())?;
        writer
            .add(&chunk.ids, &vectors)
            .with_context(cannot_write)?;
        n_texts += texts.len() as u64;
        let rate = n_texts as f64 / start.elapsed().as_secs_f64();
        bar.set_message(format!("{} texts, {rate:.0}/s", grouped(n_texts)));
    }
    writer.commit().with_context(cannot_write)?;
    Ok(n_texts)
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    if path.as_os_str() == STDIN {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(Box::new(file))
}

/// Shows itself on standard error, if that is a terminal.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template("{spinner} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Query => Self::Query,
            RoleArg::Passage => Self::Passage,
            RoleArg::None => Self::Plain,
        }
    }
}

impl InputArg {
    /// What was said of it.
    fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Auto => None,
            Self::Lines => Some(Dialect::Lines),
            Self::Jsonl => Some(Dialect::Json),
        }
    }
}
