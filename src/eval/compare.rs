//! `xenoglot eval compare`: qrels + runs → is one better than another, or was it luck.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::ValueEnum;
use serde_json::{Map, Value, json};
use xenoglot_engine::eval::{
    Aligned, Averaged, CompareSettings, Comparison, Measure, Scores, align, bonferroni, compare,
    holm, read_qrels, score,
};

use super::table::{self, NOTHING, names, read_runs};
use crate::terminal::{BOLD, grouped};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Judgments: TREC's four columns, or BEIR's TSV
    #[arg(long, value_name = "FILE", env = "XENOGLOT_QRELS")]
    qrels: PathBuf,
    /// Rankings: TREC's six columns; twice or more, and the first is the baseline
    #[arg(long = "run", value_name = "FILE", required = true)]
    runs: Vec<PathBuf>,
    /// A measure as the field spells it (nDCG@10, AP, RR, …); may come often
    #[arg(short, long = "measure", value_name = "MEASURE", default_values = ["nDCG@10"])]
    measures: Vec<Measure>,
    /// Whose p is shown and corrected; --json has both
    #[arg(long, value_enum, default_value_t = Test::Randomisation)]
    test: Test,
    /// How p is raised for the number of systems that are compared with the baseline on one measure
    #[arg(long, value_enum, default_value_t = Correction::Holm)]
    correction: Correction,
    /// Compare over all judged topics, those that a run leaves out counting 0 (trec_eval -c), and not only over those that
    /// all runs answer
    #[arg(short = 'c', long)]
    complete: bool,
    /// Each topic too: its value in every run, the baseline first
    #[arg(short = 'q', long)]
    per_topic: bool,
    /// One JSON object per line: one for each measure and system
    #[arg(long)]
    json: bool,
    /// What the random signs and samples come from
    #[arg(long, default_value_t = CompareSettings::default().seed)]
    seed: u64,
    /// Random rounds of the randomisation test, where more than 20 topics differ
    #[arg(long, default_value_t = CompareSettings::default().rounds)]
    rounds: u32,
    /// Bootstrap samples behind the interval
    #[arg(long, default_value_t = CompareSettings::default().resamples)]
    resamples: u32,
    /// How sure the interval is
    #[arg(long, default_value_t = CompareSettings::default().confidence)]
    confidence: f64,
    /// Topics that differ by no more than this are ties
    #[arg(long, value_name = "DIFFERENCE", default_value_t = CompareSettings::default().tie)]
    tie: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Test {
    /// Student's paired t-test
    #[value(name = "t")]
    T,
    /// Fisher's sign-flip randomisation test
    Randomisation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Correction {
    /// Holm's: promises what Bonferroni's does, and finds more
    Holm,
    /// p times the number of systems
    Bonferroni,
    /// p as it is
    None,
}

/// The systems on one measure.
struct Compared<'a> {
    measure: &'a Measure,
    names: &'a [String],
    aligned: Aligned,
    /// One per system but the first.
    comparisons: Vec<Comparison>,
    corrected: Vec<f64>,
}

/// Runs `xenoglot eval compare`.
pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(
        args.runs.len() > 1,
        "one run was given, expected two or more: --run BASELINE --run OTHER"
    );
    let qrels = read_qrels(&args.qrels)?;
    let runs = read_runs(&args.runs)?;
    let names = names(&args.runs, &runs);
    let averaged = match args.complete {
        true => Averaged::Judged,
        false => Averaged::Answered,
    };
    let scores = runs
        .iter()
        .map(|run| score(&qrels, run, &args.measures, averaged));
    let scores: Vec<Scores> = scores.collect::<Result<_, _>>()?;
    let mut out = anstream::stdout().lock();
    for (i, measure) in args.measures.iter().enumerate() {
        let aligned = align(&scores, i);
        ensure!(
            !aligned.topics.is_empty(),
            "the runs answer no judged topic in common; -c compares over all judged topics"
        );
        let compared = compared(args, measure, &names, aligned)?;
        match args.json {
            true => compared.print_json(&mut out, args)?,
            false => {
                if i > 0 {
                    writeln!(out)?;
                }
                compared.print(&mut out, args, qrels.n_topics())?;
            }
        }
    }
    Ok(())
}

fn compared<'a>(
    args: &Args,
    measure: &'a Measure,
    names: &'a [String],
    aligned: Aligned,
) -> Result<Compared<'a>> {
    let settings = CompareSettings {
        seed: args.seed,
        rounds: args.rounds,
        resamples: args.resamples,
        confidence: args.confidence,
        tie: args.tie,
    };
    let (baseline, systems) = (&aligned.values[0], &aligned.values[1..]);
    let comparisons = systems.iter().map(|s| compare(baseline, s, &settings));
    let comparisons: Vec<Comparison> = comparisons.collect::<Result<_, _>>()?;
    let p: Vec<f64> = comparisons.iter().map(|c| args.test.p(c)).collect();
    let corrected = match args.correction {
        Correction::Holm => holm(&p),
        Correction::Bonferroni => bonferroni(&p),
        Correction::None => p,
    };
    Ok(Compared {
        measure,
        names,
        aligned,
        comparisons,
        corrected,
    })
}

impl Test {
    fn p(self, comparison: &Comparison) -> f64 {
        match self {
            Self::T => comparison.p_t,
            Self::Randomisation => comparison.p_randomisation,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::T => "t",
            Self::Randomisation => "randomisation",
        }
    }
}

impl Correction {
    fn name(self) -> &'static str {
        match self {
            Self::Holm => "Holm",
            Self::Bonferroni => "Bonferroni",
            Self::None => "none",
        }
    }
}

impl Compared<'_> {
    fn print(&self, out: &mut impl Write, args: &Args, n_judged: usize) -> Result<()> {
        let n = self.aligned.topics.len();
        let over = match args.complete {
            true => format!("all {} judged topics", grouped(n as u64)),
            false => format!(
                "the {} of {} judged topics that all runs answer",
                grouped(n as u64),
                grouped(n_judged as u64)
            ),
        };
        writeln!(out, "{BOLD}{}{BOLD:#} over {over}", self.measure)?;
        if args.per_topic {
            self.print_topics(out)?;
            writeln!(out)?;
        }
        let interval = format!("{} % interval", args.confidence * 100.0);
        let p = format!("p ({})", args.test.name());
        let corrected = format!("p ({})", args.correction.name());
        let mut header = vec!["system", "mean", "difference", "relative", &interval, &p];
        if args.correction != Correction::None {
            header.push(&corrected);
        }
        header.extend(["effect", "W/T/L"]);
        let mut baseline = vec![NOTHING.to_owned(); header.len()];
        baseline[0].clone_from(&self.names[0]);
        baseline[1] = format!("{:.4}", self.comparisons[0].mean_baseline);
        let systems = self.comparisons.iter().enumerate();
        let rows = std::iter::once(baseline).chain(systems.map(|(i, _)| self.row(i, args)));
        Ok(table::print(out, &header, &rows.collect::<Vec<_>>())?)
    }

    fn row(&self, i: usize, args: &Args) -> Vec<String> {
        let c = &self.comparisons[i];
        let or_nothing = |shown: Option<String>| shown.unwrap_or_else(|| NOTHING.to_owned());
        let mut row = vec![
            self.names[i + 1].clone(),
            format!("{:.4}", c.mean),
            format!("{:+.4}", c.difference),
            or_nothing(c.relative.map(|share| format!("{:+.1} %", share * 100.0))),
            format!("{:+.4} … {:+.4}", c.interval.0, c.interval.1),
            p_value(args.test.p(c)),
        ];
        if args.correction != Correction::None {
            row.push(p_value(self.corrected[i]));
        }
        row.push(or_nothing(c.effect.map(|d| format!("{d:+.2}"))));
        row.push(format!("{}/{}/{}", c.wins, c.ties, c.losses));
        row
    }

    fn print_topics(&self, out: &mut impl Write) -> Result<()> {
        let mut header = vec!["topic"];
        header.extend(self.names.iter().map(String::as_str));
        let value = |i: usize| move |system: &Vec<f64>| format!("{:.4}", system[i]);
        let rows = self.aligned.topics.iter().enumerate().map(|(i, topic)| {
            let values = self.aligned.values.iter().map(value(i));
            std::iter::once(topic.clone()).chain(values).collect()
        });
        Ok(table::print(out, &header, &rows.collect::<Vec<_>>())?)
    }

    fn print_json(&self, out: &mut impl Write, args: &Args) -> Result<()> {
        let measure = self.measure.to_string();
        if args.per_topic {
            for (i, topic) in self.aligned.topics.iter().enumerate() {
                let values: Map<String, Value> = self
                    .names
                    .iter()
                    .zip(&self.aligned.values)
                    .map(|(name, system)| (name.clone(), json!(system[i])))
                    .collect();
                let line = json!({ "measure": measure, "topic": topic, "values": values });
                writeln!(out, "{line}")?;
            }
        }
        for (i, comparison) in self.comparisons.iter().enumerate() {
            let mut line = json!(comparison);
            line["measure"] = json!(measure);
            line["baseline"] = json!(self.names[0]);
            line["system"] = json!(self.names[i + 1]);
            line["test"] = json!(args.test.name());
            line["correction"] = json!(args.correction.name().to_lowercase());
            line["p_corrected"] = json!(self.corrected[i]);
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// What four decimals would show as 0 is told to be smaller.
fn p_value(p: f64) -> String {
    match p < 1e-4 {
        true => "<0.0001".into(),
        false => format!("{p:.4}"),
    }
}
