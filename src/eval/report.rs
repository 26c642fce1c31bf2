//! `xenoglot eval report`: results of an experiment → pages to look at.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use xenoglot_harness::{Results, report};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What `xenoglot eval run` left behind
    #[arg(value_name = "DIR")]
    results: PathBuf,
    /// Where the reports go [default: DIR]
    #[arg(long, value_name = "DIR", env = "XENOGLOT_OUTPUT")]
    out: Option<PathBuf>,
    /// One page that fetches nothing, and its tables for a repository or a paper
    #[arg(long = "format", value_enum, value_delimiter = ',', default_values_t = [Format::Html, Format::Md, Format::Tex])]
    formats: Vec<Format>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Html,
    Md,
    Tex,
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Html => Self::Html,
            Format::Md => Self::Markdown,
            Format::Tex => Self::Latex,
        }
    }
}

/// Runs `xenoglot eval report`; prints the path of every report.
pub(super) fn run(args: &Args) -> Result<()> {
    let results = Results::read(&args.results)?;
    let out = args.out.as_deref().unwrap_or(&args.results);
    let formats: Vec<report::Format> = args.formats.iter().copied().map(Into::into).collect();
    let paths = report::write(&results, &args.results, out, &formats)?;
    let mut stdout = std::io::stdout().lock();
    for path in paths {
        writeln!(stdout, "{}", path.display())?;
    }
    Ok(())
}
