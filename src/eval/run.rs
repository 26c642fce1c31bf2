//! `xenoglot eval run` and `eval ablate`: an experiment's file → its results.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xenoglot_harness::{
    Event, Experiment, IndexInfo, Provenance, Results, SystemInfo, Systems, Tools, check_expected,
    run as run_experiment, write_expected,
};

use super::table;
use crate::default_model::default_model;
use crate::machine;
use crate::setup::DeviceArgs;
use crate::shipped_lexicons::shipped_lexicons;
use crate::terminal::{BOLD, CYAN, DIM, grouped, megabytes, printable, quoted};

/// Where results go where nobody says otherwise.
const DEFAULT_OUT: &str = "xenoglot-eval";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is searched, by what, and what is measured: a TOML file
    #[arg(value_name = "EXPERIMENT.toml")]
    experiment: PathBuf,
    /// Where results go; what is there from before and is unchanged is kept [default: xenoglot-eval/NAME]
    #[arg(long, value_name = "DIR", env = "XENOGLOT_OUT")]
    out: Option<PathBuf>,
    /// What the paths in the experiment are relative to, instead of what it says itself
    #[arg(long, value_name = "DIR", env = "XENOGLOT_DATA")]
    data: Option<PathBuf>,
    /// Only these collections
    #[arg(long = "collection", value_name = "NAME")]
    collections: Vec<String>,
    /// Only these systems
    #[arg(long = "system", value_name = "NAME")]
    systems: Vec<String>,
    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    args: Args,
    /// Keep the figures as those that must come out from now on, in the file that the experiment calls `expected`
    #[arg(long)]
    write_expected: bool,
}

/// Runs `xenoglot eval run`.
pub(super) fn run(args: &RunArgs) -> Result<()> {
    let experiment = args.args.open(Systems::Listed)?;
    if args.write_expected && experiment.expected.is_none() {
        bail!(
            "{} does not say where figures are kept, expected `expected = \"FILE.tsv\"`",
            experiment.path.display()
        );
    }
    let results = args.args.results(&experiment, "")?;
    let Some(expected) = &experiment.expected else {
        return Ok(());
    };
    if args.write_expected {
        return Ok(write_expected(&results, expected)?);
    }
    check_expected(&results, expected, experiment.tolerance)?;
    let mut err = anstream::stderr().lock();
    writeln!(err, "every figure is that of {}", expected.display())?;
    Ok(())
}

/// Runs `xenoglot eval ablate`.
pub(super) fn ablate(args: &Args) -> Result<()> {
    let experiment = args.open(Systems::Crossed)?;
    args.results(&experiment, "-ablation")?;
    Ok(())
}

impl Args {
    fn open(&self, systems: Systems) -> Result<Experiment> {
        let mut experiment = Experiment::open(&self.experiment, self.data.as_deref(), systems)?;
        experiment.narrow(&self.collections, &self.systems)?;
        Ok(experiment)
    }

    /// Runs the experiment and prints what came of it; `suffix` tells its usual folder from that of another run.
    fn results(&self, experiment: &Experiment, suffix: &str) -> Result<Results> {
        let out = self.out(experiment, suffix);
        let tools = Tools {
            default_model: &default_model,
            shipped_lexicons: &shipped_lexicons,
            load: self.device.load_options(),
            provenance: provenance()?,
        };
        let results = run_experiment(experiment, &tools, &out, &watch)?;
        print(&results, &out)?;
        Ok(results)
    }

    fn out(&self, experiment: &Experiment, suffix: &str) -> PathBuf {
        let stem = experiment.path.file_stem().unwrap_or_default();
        let folder = format!("{}{suffix}", stem.to_string_lossy());
        let out = || Path::new(DEFAULT_OUT).join(folder);
        self.out.clone().unwrap_or_else(out)
    }
}

/// The program and the machine.
fn provenance() -> Result<Provenance> {
    let program = std::env::current_exe().context("cannot tell which program this is")?;
    Ok(Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        program: machine::blake3(&program)?,
        processor: machine::processor().unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes: machine::memory_bytes().map_or(0, |(total, _)| total),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        ..Provenance::default()
    })
}

fn watch(event: &Event<'_>) {
    let mut err = anstream::stderr().lock();
    let line = match event {
        Event::Index { index, was_kept } => format!(
            "index    {} {}: {} documents, {}{}{}",
            index.collection,
            index.documents,
            grouped(index.n_docs as u64),
            megabytes(index.size_bytes),
            kept(*was_kept),
            left_out(index)
        ),
        Event::Cell {
            cell,
            was_kept,
            done,
            of,
        } => format!(
            "{done:>5}/{of} {} {} {} → {}: {:.4}{}",
            cell.collection,
            cell.system,
            cell.queries,
            cell.documents,
            cell.values.first().copied().unwrap_or_default(),
            kept(*was_kept)
        ),
        _ => return,
    };
    // Progress that nobody can read stops nothing.
    let _ = writeln!(err, "{DIM}{line}{DIM:#}");
}

fn kept(was_kept: bool) -> &'static str {
    if was_kept { ", kept" } else { "" }
}

/// What could not be read, if anything could not.
fn left_out(index: &IndexInfo) -> String {
    let lines = index
        .skipped
        .iter()
        .map(|why| format!("\n           left out {why}"));
    match index.n_skipped {
        0 => String::new(),
        n => format!(", {} left out{}", grouped(n), lines.collect::<String>()),
    }
}

/// A table for every collection: systems and their means over language pairs.
fn print(results: &Results, out: &Path) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    let mut header = vec!["system"];
    header.extend(results.measures.iter().map(String::as_str));
    for collection in &results.collections {
        writeln!(stdout, "\n{BOLD}{}{BOLD:#}", collection.title)?;
        let means = |system: &str| -> Option<Vec<String>> {
            let measures = 0..results.measures.len();
            let means = measures.map(|at| results.mean(&collection.name, system, at));
            means.map(|mean| Some(format!("{:.4}", mean?))).collect()
        };
        let row = |system: &SystemInfo| {
            let means = means(&system.name)?;
            Some([vec![printable(&system.name).to_string()], means].concat())
        };
        let rows: Vec<Vec<String>> = results.systems.iter().filter_map(row).collect();
        table::print(&mut stdout, &header, &rows)?;
    }
    let mut err = anstream::stderr().lock();
    writeln!(
        err,
        "\nin {}; to look at it: {CYAN}xenoglot eval report {}{CYAN:#}",
        out.display(),
        quoted(out)
    )?;
    Ok(())
}
