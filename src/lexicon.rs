//! `xenoglot lexicon`: translation tables, learnt from parallel text or looked into.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use xenoglot_engine::Lang;
use xenoglot_engine::analyzer::Analyzer;
use xenoglot_engine::lexicon::{
    self, Columns, LexiconFile, Lexicons, ParallelFile, Progress, TrainSettings, Translated,
};

use crate::shipped_lexicons::shipped_lexicons;
use crate::terminal::{BOLD, DIM, grouped, printable};

/// Learn translation tables from parallel text, and look into them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Train(TrainArgs),
    Inspect(InspectArgs),
}

/// Learn tables there and back from sentences and their translations
#[derive(Debug, clap::Args)]
struct TrainArgs {
    /// Text: FILE of `source TAB target` lines, or SOURCE:TARGET, two files whose lines belong together; plain, .gz or
    /// .zst
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    parallel: Vec<ParallelFile>,
    /// Language of the first column
    #[arg(long, value_name = "CODE")]
    source: Lang,
    /// Language of the second column
    #[arg(long, value_name = "CODE")]
    target: Lang,
    /// Which column is which
    #[arg(long, value_enum, default_value_t)]
    columns: ColumnsArg,
    /// Where SOURCE-TARGET.tsv.zst and TARGET-SOURCE.tsv.zst go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Rounds of expectation and maximisation
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    iterations: u16,
    /// Keep at most so many translations of a word
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Keep no translation less likely than this
    #[arg(long, value_name = "P", default_value_t = 0.02, value_parser = probability)]
    min_probability: f64,
    /// Keep no pair of words that was linked less often than this in all of the text
    #[arg(long, value_name = "N", default_value_t = 0.5, value_parser = count)]
    min_count: f64,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum ColumnsArg {
    /// The source language comes first
    #[default]
    SourceTarget,
    /// The target language comes first
    TargetSource,
}

/// List tables, or show what words become in another language
#[derive(Debug, clap::Args)]
struct InspectArgs {
    /// Words to translate
    #[arg(value_name = "TEXT", requires = "source", requires = "target")]
    text: Option<String>,
    /// Trained table, dictionary (`source TAB target TAB weight`), Patapsco's JSON, or a directory of such files; en-de=FILE
    /// where no name says the languages [default: the tables inside the program]
    #[arg(long = "lexicon", value_name = "FILE", num_args = 1..)]
    lexicons: Vec<LexiconFile>,
    /// Language of the words
    #[arg(long, value_name = "CODE")]
    source: Option<Lang>,
    /// Language to translate them into
    #[arg(long, value_name = "CODE")]
    target: Option<Lang>,
    /// One JSON object per table, or per word
    #[arg(long)]
    json: bool,
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|p| (0.0..1.0).contains(p));
    number.ok_or_else(|| "expected a number from 0, below 1".into())
}

fn count(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    let number = number.filter(|n: &f64| *n >= 0.0 && n.is_finite());
    number.ok_or_else(|| "expected a number from 0".into())
}

/// Runs `xenoglot lexicon`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Train(args) => train(args),
        Command::Inspect(args) => inspect(args),
    }
}

fn train(args: &TrainArgs) -> Result<()> {
    if args.source.primary() == args.target.primary() {
        bail!(
            "--source and --target are both {}, expected two languages",
            args.source.primary()
        );
    }
    let settings = TrainSettings {
        source: args.source,
        target: args.target,
        columns: match args.columns {
            ColumnsArg::SourceTarget => Columns::SourceTarget,
            ColumnsArg::TargetSource => Columns::TargetSource,
        },
        n_iterations: args.iterations.into(),
        top: args.top.into(),
        min_probability: args.min_probability,
        min_count: args.min_count,
    };
    let bar =
        ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg}")?);
    let trained = lexicon::train(&args.parallel, &settings, |progress| {
        bar.set_message(match progress {
            Progress::Read(n) => format!("{} pairs of sentences", grouped(n)),
            Progress::Round(n) => format!("round {n} of {}", settings.n_iterations),
        });
        bar.tick();
    })?;
    bar.finish_and_clear();
    let written = trained.save(&args.out)?;
    let mut err = anstream::stderr().lock();
    let skipped = trained.skipped;
    writeln!(
        err,
        "{BOLD}{} pairs of sentences{BOLD:#}, without {} repeated, {} empty, {} long",
        grouped(trained.n_sentences as u64),
        grouped(skipped.repeated),
        grouped(skipped.empty),
        grouped(skipped.long)
    )?;
    for table in written {
        let n_translations = grouped(table.n_translations as u64);
        writeln!(
            err,
            "{}  {n_translations} translations",
            table.path.display()
        )?;
    }
    Ok(())
}

fn inspect(args: &InspectArgs) -> Result<()> {
    let lexicons = match &args.lexicons[..] {
        [] => shipped_lexicons(),
        files => Lexicons::open(files)?,
    };
    match (&args.text, args.source, args.target) {
        (Some(text), Some(source), Some(target)) => {
            translate(&lexicons, text, (source, target), args.json)
        }
        _ => list(&lexicons, args),
    }
}

/// A table, as `--json` prints it.
#[derive(Serialize)]
struct Listed {
    source: Lang,
    target: Lang,
    translations: usize,
}

/// Prints the tables, those of the languages asked for.
fn list(lexicons: &Lexicons, args: &InspectArgs) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let is_wanted = |wanted: Option<Lang>, lang| wanted.is_none_or(|wanted| wanted == lang);
    for lexicon in lexicons.iter() {
        let (source, target) = (lexicon.source(), lexicon.target());
        if !is_wanted(args.source, source) || !is_wanted(args.target, target) {
            continue;
        }
        let translations = lexicon.n_translations();
        if args.json {
            let listed = Listed {
                source,
                target,
                translations,
            };
            writeln!(out, "{}", serde_json::to_string(&listed)?)?;
        } else {
            let languages = format!("{source} → {target}");
            writeln!(
                out,
                "{languages:<16} {:>9} translations",
                grouped(translations as u64)
            )?;
        }
    }
    Ok(())
}

/// A word or phrase and what it becomes, as `--json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    words: String,
    translations: Vec<Alternative<'a>>,
}

#[derive(Serialize)]
struct Alternative<'a> {
    terms: &'a [String],
    probability: f32,
}

/// Prints what each word of `text` becomes.
fn translate(
    lexicons: &Lexicons,
    text: &str,
    (source, target): (Lang, Lang),
    json: bool,
) -> Result<()> {
    let Some(translator) = lexicons.between(source, target) else {
        bail!("no table leads from {source} to {target}, not even through a third language");
    };
    let words = Analyzer::new(source).words(text);
    let mut out = anstream::stdout().lock();
    for Translated {
        words: range,
        translations,
    } in translator.translate(&words)
    {
        let texts: Vec<&str> = words[range].iter().map(|word| word.text.as_str()).collect();
        let words = texts.join(" ");
        if json {
            let translations = translations.iter().map(|translation| Alternative {
                terms: &translation.terms,
                probability: translation.probability,
            });
            let translations = translations.collect();
            let shown = Shown {
                words,
                translations,
            };
            writeln!(out, "{}", serde_json::to_string(&shown)?)?;
            continue;
        }
        writeln!(out, "{BOLD}{}{BOLD:#}", printable(&words))?;
        for translation in &translations {
            let terms = translation.terms.join(" ");
            writeln!(
                out,
                "  {DIM}{:.3}{DIM:#}  {}",
                translation.probability,
                printable(&terms)
            )?;
        }
    }
    Ok(())
}
