//! `xenoglot module`: what modules are, and the registry that keeps them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;
use xenoglot_engine::Lang;
use xenoglot_engine::model::{Backbone, Device, LoadOptions, ModelDir};
use xenoglot_reranker::Registry;
use xenoglot_reranker::module::{Module, ModuleCard};
use xenoglot_reranker::registry::{Entry, NewModule, Task};

use crate::setup::runtime_search;
use crate::terminal::{BOLD, grouped, printable};

/// Look at modules, and keep them in a registry
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Inspect(InspectArgs),
    Add(AddArgs),
    Remove(RemoveArgs),
    List(ListArgs),
    Verify(VerifyArgs),
}

/// Show what a module is and what it was made for
#[derive(Debug, clap::Args)]
struct InspectArgs {
    /// Directory of the module, as AdapterHub, PEFT or composable-sft save it
    #[arg(value_name = "DIR")]
    module: PathBuf,
    /// A transformer that it has to fit
    #[arg(long, value_name = "DIR", env = "XENOGLOT_BACKBONE")]
    backbone: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Copy a module into a registry, for use over one backbone
#[derive(Debug, clap::Args)]
struct AddArgs {
    /// Directory of the module, as AdapterHub, PEFT or composable-sft save it
    #[arg(value_name = "DIR")]
    module: PathBuf,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The transformer that it was trained over
    #[arg(long, value_name = "DIR", env = "XENOGLOT_BACKBONE")]
    backbone: PathBuf,
    /// What it was trained for: language or ranking
    #[arg(long, value_name = "TASK", value_parser = task)]
    task: Task,
    /// Its language; a language module needs one
    #[arg(long, value_name = "CODE", required_if_eq("task", "language"))]
    lang: Option<Lang>,
    /// What to call it [default: the directory's name in lower case]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Under which terms it was published
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// Throw away the module of this id, and the one of this language over this backbone
    #[arg(long)]
    replace: bool,
}

/// Remove a module from a registry
#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// What the registry calls it
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// List the modules of a registry
#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    registry: RegistryArgs,
    /// One JSON object per module
    #[arg(long)]
    json: bool,
}

/// Compare every file of a registry with what was added
#[derive(Debug, clap::Args)]
struct VerifyArgs {
    #[command(flatten)]
    registry: RegistryArgs,
}

#[derive(Debug, clap::Args)]
struct RegistryArgs {
    /// Directory of the registry
    #[arg(
        id = "registry",
        long = "registry",
        value_name = "DIR",
        env = "XENOGLOT_REGISTRY"
    )]
    dir: PathBuf,
}

/// What `inspect --json` prints.
#[derive(Serialize)]
struct Inspected<'a> {
    #[serde(flatten)]
    card: &'a ModuleCard,
    /// Whether it fits the backbone, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<bool>,
}

fn task(text: &str) -> Result<Task, String> {
    let mut known = Task::ALL.into_iter();
    known
        .find(|task| task.name() == text)
        .ok_or_else(|| "expected language or ranking".into())
}

/// Runs `xenoglot module`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Inspect(args) => inspect(args),
        Command::Add(args) => add(args),
        Command::Remove(args) => Ok(Registry::remove(&args.registry.dir, &args.id)?),
        Command::List(args) => list(args),
        Command::Verify(args) => verify(args),
    }
}

/// The transformer in `dir`, which is asked for its sizes and never run.
pub(crate) fn backbone(dir: &Path) -> Result<Backbone> {
    let options = LoadOptions {
        device: Device::Cpu,
        runtime: runtime_search(),
        ..LoadOptions::default()
    };
    Ok(Backbone::load(&ModelDir::open(dir)?, &options)?)
}

fn inspect(args: &InspectArgs) -> Result<()> {
    let module = Module::load(&args.module)?;
    let backbone = args.backbone.as_deref().map(backbone).transpose()?;
    let fits = backbone.map(|backbone| module.fits(backbone.info()));
    let card = module.card();
    let answer = fits.as_ref().map(Result::is_ok);
    if args.json {
        let mut out = std::io::stdout().lock();
        let inspected = Inspected {
            card: &card,
            fits: answer,
        };
        serde_json::to_writer(&mut out, &inspected).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&module, &card, answer)?;
    }
    Ok(fits.transpose().map(drop)?)
}

fn print(module: &Module, card: &ModuleCard, fits: Option<bool>) -> Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{BOLD}{}{BOLD:#}", module.path.display())?;
    let listed = |numbers: &[usize]| match numbers {
        [] => "none".to_owned(),
        numbers => numbers
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let stated = |text: &Option<String>| text.clone().unwrap_or_else(|| "not stated".into());
    let count = |n: Option<usize>, none: &str| n.map_or(none.to_owned(), |n| grouped(n as u64));
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let tensors = match &card.tensors[..] {
        [] => "none".into(),
        tensors => tensors.join(", "),
    };
    let mut lines = vec![
        ("kind", card.kind.to_owned()),
        ("parameters", grouped(card.parameters as u64)),
        ("made for", stated(&card.model)),
        ("architecture", stated(&card.architecture)),
        ("hidden size", count(card.dimensions, "not stated")),
        ("layers", listed(&card.layers)),
        ("left out", listed(&card.left_out)),
        ("widths", listed(&card.widths)),
        ("activation", card.activation.unwrap_or("none").into()),
        ("invertible", yes_no(card.invertible)),
        ("labels", count(card.labels, "no head of its own")),
        ("replaces", tensors),
    ];
    lines.extend(fits.map(|fits| ("fits", yes_no(fits))));
    for (name, value) in lines {
        writeln!(out, "{name:<15} {}", printable(&value))?;
    }
    Ok(())
}

fn add(args: &AddArgs) -> Result<()> {
    let new = NewModule {
        source: args.module.clone(),
        id: args.id.clone(),
        task: args.task,
        language: args.lang,
        licence: args.licence.clone(),
        replace: args.replace,
    };
    let entry = Registry::add(&args.registry.dir, &new, &backbone(&args.backbone)?)?;
    let Entry { id, kind, base, .. } = &entry;
    let parameters = grouped(entry.parameters as u64);
    writeln!(
        anstream::stderr().lock(),
        "{BOLD}{id}{BOLD:#} added: {kind}, {parameters} parameters, over {}",
        base.name
    )?;
    Ok(())
}

fn list(args: &ListArgs) -> Result<()> {
    let registry = Registry::open(&args.registry.dir)?;
    let mut out = anstream::stdout().lock();
    if args.json {
        for entry in registry.entries() {
            serde_json::to_writer(&mut out, entry).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        return Ok(());
    }
    let header = ["id", "task", "language", "kind", "parameters", "base"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(header)
        .chain(registry.entries().iter().map(row))
        .collect();
    print_table(&mut out, &rows)
}

/// Prints `rows` with their cells one below the other.
fn print_table(out: &mut impl Write, rows: &[[String; 6]]) -> Result<()> {
    let mut widths = [0; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Not `{:<}`, which counts characters and not columns.
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn row(entry: &Entry) -> [String; 6] {
    let language = entry.language.map(|language| language.to_string());
    let base = &entry.base;
    [
        entry.id.to_string(),
        entry.task.name().into(),
        language.unwrap_or_else(|| "–".into()),
        entry.kind.clone(),
        grouped(entry.parameters as u64),
        format!("{} ({})", base.name, base.short_fingerprint()),
    ]
    .map(|cell| printable(&cell))
}

fn verify(args: &VerifyArgs) -> Result<()> {
    let registry = Registry::open(&args.registry.dir)?;
    let mut out = anstream::stdout().lock();
    let problems = registry.verify()?;
    let n_problems = problems.len();
    for entry in registry.entries() {
        if !problems.iter().any(|(id, _)| *id == entry.id) {
            writeln!(out, "{}  whole", entry.id)?;
        }
    }
    for (id, problem) in problems {
        // With its causes.
        writeln!(out, "{id}  {:#}", anyhow::Error::from(problem))?;
    }
    let dir = args.registry.dir.display();
    match n_problems {
        0 => Ok(()),
        1 => bail!("the registry {dir} has a problem"),
        n => bail!("the registry {dir} has {n} problems"),
    }
}
