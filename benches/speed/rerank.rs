//! How fast are candidates reranked, and what do modules cost? One side of the question; `rerank.sh` makes the models,
//! starts this and its peers, and compares.
//!
//! - `languages`: one batch under one language, under many in one bank, and under many one after another.
//! - `throughput`: pairs of mixed lengths from strings to scores; the peer is `rerank.py`.
//! - `masks`: what one pair of masks costs to compose and to switch to, and what N of them hold in memory.
//! - `mask-speed`: what masks cost as a batch runs.
//!
//! ```sh
//! make bench-rerank
//! ```

#![allow(clippy::print_stdout, reason = "what is printed is what was measured")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::json;
use xenoglot_engine::model::{Backbone, Device, LoadOptions, ModelDir, RuntimeSearch, TokenPair};
use xenoglot_reranker::module::Module;
use xenoglot_reranker::{
    AdapterStack, ComposeOptions, Composer, LanguageLayer, ModuleId, relevance,
};

#[derive(Parser)]
struct Args {
    /// What `make_cross_encoder.py` made
    #[arg(long)]
    world: PathBuf,
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand)]
enum Question {
    Languages {
        #[arg(long)]
        n_languages: usize,
        #[arg(long)]
        n_tokens: usize,
        #[arg(long, default_value_t = 32)]
        n_pairs: usize,
        #[arg(long, default_value_t = 15)]
        rounds: usize,
    },
    Throughput {
        #[arg(long)]
        pairs: PathBuf,
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// Where scores go, one a line
        #[arg(long)]
        scores: PathBuf,
    },
    Masks {
        /// How many pairs of masks are resident at the end
        #[arg(long)]
        resident: usize,
    },
    MaskSpeed,
}

#[derive(Deserialize)]
struct Line {
    query: String,
    document: String,
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.question {
        Question::Languages {
            n_languages,
            n_tokens,
            n_pairs,
            rounds,
        } => languages(&args, *n_languages, *n_tokens, *n_pairs, *rounds),
        Question::Throughput {
            pairs,
            rounds,
            scores,
        } => throughput(&args, pairs, *rounds, scores),
        Question::Masks { resident } => masks(&args, *resident),
        Question::MaskSpeed => mask_speed(&args),
    }
}

fn backbone(args: &Args) -> Result<Arc<Backbone>> {
    let options = LoadOptions {
        device: Device::Cpu,
        threads: args.threads,
        runtime: RuntimeSearch {
            working_dir: Some(std::env::current_dir()?),
            ..RuntimeSearch::default()
        },
        ..LoadOptions::default()
    };
    let dir = ModelDir::open(&args.world.join("base"))?;
    Ok(Arc::new(Backbone::load(&dir, &options)?))
}

fn composer(
    args: &Args,
    backbone: &Arc<Backbone>,
    names: &[String],
    options: ComposeOptions,
) -> Result<Composer> {
    let modules: BTreeMap<ModuleId, Arc<Module>> = names
        .iter()
        .map(|name| {
            let module = Module::load(&args.world.join(name))?;
            Ok((ModuleId::from(name.as_str()), Arc::new(module)))
        })
        .collect::<Result<_>>()?;
    let composer = Composer::new(Arc::clone(backbone), modules, options)?;
    Ok(composer.with_resident(names.len().max(1)))
}

fn languages(
    args: &Args,
    n_languages: usize,
    n_tokens: usize,
    n_pairs: usize,
    rounds: usize,
) -> Result<()> {
    let backbone = backbone(args)?;
    let mut names: Vec<String> = (0..n_languages)
        .map(|i| format!("adapterhub/lang-{i:02}"))
        .collect();
    names.push("adapterhub/rank".into());
    let ids: Vec<ModuleId> = names.iter().map(|name| name.as_str().into()).collect();
    let stack = |language: usize| AdapterStack {
        language: LanguageLayer::One(ids[language].clone()),
        ranking: vec![ids[n_languages].clone()],
    };
    let apart = composer(args, &backbone, &names, ComposeOptions::default())?;
    let bank = composer(args, &backbone, &names, ComposeOptions::default())?
        .with_bank(&ids[..n_languages]);
    let long = "where do storks nest in winter and when was the bridge finished ".repeat(40);
    let tokens = backbone.tokens(&long)?;
    let pair = backbone.pair(&backbone.tokens("storks in winter")?, &tokens, n_tokens)?;
    anyhow::ensure!(pair.ids().len() == n_tokens, "{} tokens", pair.ids().len());

    let one = [stack(0)];
    let many: Vec<AdapterStack> = (0..n_languages).map(stack).collect();
    let under = |stacks: &'_ [AdapterStack]| -> Vec<usize> {
        (0..n_pairs).map(|i| i % stacks.len()).collect()
    };
    let time = |composer: &Composer, stacks: &[AdapterStack]| -> Result<Duration> {
        let pairs: Vec<(&TokenPair, &AdapterStack)> = under(stacks)
            .into_iter()
            .map(|i| (&pair, &stacks[i]))
            .collect();
        let start = Instant::now();
        composer.logits(&pairs)?;
        Ok(start.elapsed())
    };
    let systems: [(&str, &Composer, &[AdapterStack]); 5] = [
        ("no modules", &apart, &[AdapterStack::default()]),
        ("one language", &apart, &one),
        ("one language, through the bank", &bank, &one),
        ("many languages, bank", &bank, &many),
        ("many languages, one after another", &apart, &many),
    ];
    for (_, composer, stacks) in systems {
        time(composer, stacks)?;
    }
    // Round by round, so that whatever else the machine does falls on all alike.
    let mut times: BTreeMap<usize, Vec<Duration>> = BTreeMap::new();
    for _ in 0..rounds {
        for (i, (_, composer, stacks)) in systems.iter().enumerate() {
            times.entry(i).or_default().push(time(composer, stacks)?);
        }
    }
    let reference = median(&times[&1]);
    println!("{n_pairs} pairs of {n_tokens} tokens, {n_languages} languages, {rounds} rounds");
    for (i, (name, ..)) in systems.iter().enumerate() {
        let found = median(&times[&i]);
        println!(
            "{name:<36}{:>8.1} ms   {:.3}",
            found.as_secs_f64() * 1e3,
            found.as_secs_f64() / reference.as_secs_f64()
        );
    }
    Ok(())
}

fn throughput(args: &Args, pairs: &Path, rounds: usize, scores: &Path) -> Result<()> {
    let lines = std::fs::read_to_string(pairs)?;
    let lines: Vec<Line> = lines
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect::<Result<_>>()?;
    let composer = composer(args, &backbone(args)?, &[], ComposeOptions::default())?;
    let stack = AdapterStack::default();
    let score = || -> Result<Vec<f32>> {
        let tokens: Vec<TokenPair> = lines
            .par_iter()
            .map(|line| {
                let query = composer.tokens(&line.query)?;
                composer.pair(&query, &composer.tokens(&line.document)?, &stack)
            })
            .collect::<xenoglot_reranker::Result<_>>()?;
        let pairs: Vec<_> = tokens.iter().map(|pair| (pair, &stack)).collect();
        let logits = composer.logits(&pairs)?;
        let scores = logits.rows().into_iter().map(|row| relevance(row, None));
        Ok(scores.collect::<xenoglot_reranker::Result<_>>()?)
    };
    let found = score()?;
    let lines: Vec<String> = found.iter().map(f32::to_string).collect();
    std::fs::write(scores, lines.join("\n"))?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        score()?;
        times.push(start.elapsed());
    }
    let median_s = median(&times).as_secs_f64();
    println!(
        "{}",
        json!({"median_s": median_s, "pairs_per_s": found.len() as f64 / median_s})
    );
    Ok(())
}

fn masks(args: &Args, resident: usize) -> Result<()> {
    let backbone = backbone(args)?;
    let mut names: Vec<String> = (0..resident).map(|i| format!("sft/lang-{i}")).collect();
    names.push("sft/rank".into());
    let ids: Vec<ModuleId> = names.iter().map(|name| name.as_str().into()).collect();
    let composer =
        composer(args, &backbone, &names, ComposeOptions::default())?.with_resident(resident);
    let stacks: Vec<AdapterStack> = (0..resident)
        .map(|i| AdapterStack {
            language: LanguageLayer::One(ids[i].clone()),
            ranking: vec![ids[resident].clone()],
        })
        .collect();
    let query = backbone.tokens("where do storks nest")?;
    let pair = backbone.pair(&query, &backbone.tokens("in the south")?, 32)?;
    let mut cold = Vec::new();
    for stack in &stacks {
        let start = Instant::now();
        composer.prepare(stack)?;
        cold.push(start.elapsed());
        composer.logits(&[(&pair, stack)])?;
    }
    let mut switches = Vec::new();
    let mut runs = Vec::new();
    for stack in stacks.iter().cycle().take(64) {
        let start = Instant::now();
        composer.prepare(stack)?;
        switches.push(start.elapsed());
        composer.logits(&[(&pair, stack)])?;
        runs.push(start.elapsed());
    }
    let [own_mb, all_mb] = ["RssAnon", "VmRSS"].map(memory_mb);
    println!(
        "{}",
        json!({
            "resident": composer.n_resident(),
            "cold_s": median(&cold).as_secs_f64(),
            "switch_ms": median(&switches).as_secs_f64() * 1e3,
            "switch_and_score_one_pair_ms": median(&runs).as_secs_f64() * 1e3,
            "own_mb": own_mb?,
            "all_mb": all_mb?,
        })
    );
    Ok(())
}

/// What masks cost as a batch runs, beside the weights and as part of them.
fn mask_speed(args: &Args) -> Result<()> {
    let backbone = backbone(args)?;
    let names = ["sft/lang-0", "sft/rank"].map(str::to_owned);
    let beside = composer(args, &backbone, &names, ComposeOptions::default())?;
    let merge = ComposeOptions {
        merge: true,
        ..ComposeOptions::default()
    };
    let merged = composer(args, &backbone, &names, merge)?;
    let stack = AdapterStack {
        language: LanguageLayer::One("sft/lang-0".into()),
        ranking: vec!["sft/rank".into()],
    };
    let long = "where do storks nest in winter and when was the bridge finished ".repeat(40);
    let query = backbone.tokens("storks in winter")?;
    let pair = backbone.pair(&query, &backbone.tokens(&long)?, 128)?;
    let bare = AdapterStack::default();
    let systems = [
        ("no masks", &beside, &bare),
        ("masks beside the weights", &beside, &stack),
        ("masks merged, one session", &merged, &stack),
    ];
    let mut times: BTreeMap<usize, Vec<Duration>> = BTreeMap::new();
    for _ in 0..12 {
        for (i, (_, composer, stack)) in systems.iter().enumerate() {
            let pairs = [(&pair, *stack); 32];
            let start = Instant::now();
            composer.logits(&pairs)?;
            times.entry(i).or_default().push(start.elapsed());
        }
    }
    println!("32 pairs of 128 tokens under one pair of masks");
    let reference = median(&times[&0]).as_secs_f64();
    for (i, (name, ..)) in systems.iter().enumerate() {
        let found = median(&times[&i]).as_secs_f64();
        println!(
            "{name:<36}{:>8.1} ms   {:.3}",
            found * 1e3,
            found / reference
        );
    }
    Ok(())
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// What the system says of the process's memory under `name`.
fn memory_mb(name: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name));
    let kb = line.and_then(|line| line.split_whitespace().nth(1));
    let kb: f64 = kb
        .context("the system does not say how much memory is used")?
        .parse()?;
    Ok(kb / 1024.0)
}
