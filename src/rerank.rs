//! `xenoglot rerank`: pairs of a query and a document in, scores out.

mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use rayon::prelude::*;
use serde::Serialize;
use xenoglot_engine::model::{Backbone, ModelDir, TokenPair};
use xenoglot_reranker::module::Module;
use xenoglot_reranker::{AdapterStack, ComposeOptions, Composer, ModuleId, relevance};

use crate::output::Output;
use crate::setup::DeviceArgs;
use pairs::{Pair, PairsFile};

/// Pairs that are scored together: enough that many have one length, few enough that scores come out every few seconds.
const PAIRS_AT_ONCE: usize = 512;

/// Score pairs of a query and a document with a cross-encoder, with or without modules over it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directory of the transformer: a cross-encoder, or any multilingual model if a module brings a head
    #[arg(long, value_name = "DIR", env = "XENOGLOT_BACKBONE")]
    backbone: PathBuf,
    /// Modules, from the backbone upwards, for pairs that do not name their own
    #[arg(long, value_name = "DIR,DIR,…", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    modules: Vec<String>,
    /// Language modules below them: one for the query's tokens, one for the document's
    #[arg(long, value_name = "QUERY_DIR:DOCUMENT_DIR", value_parser = split)]
    split: Option<(String, String)>,
    #[command(flatten)]
    run: DeviceArgs,
    #[command(flatten)]
    compose: ComposeArgs,
    /// JSON lines with `query` and `document`, and `modules` if a pair has its own; - reads standard input
    #[arg(long, value_name = "FILE", env = "XENOGLOT_PAIRS")]
    pairs: PathBuf,
    /// Print logits as they come out of the model
    #[arg(long)]
    raw: bool,
    /// Where scores go, one JSON object per pair [default: standard output]
    #[arg(long, short, value_name = "FILE", env = "XENOGLOT_OUTPUT")]
    output: Option<PathBuf>,
}

/// How modules are laid over the backbone.
#[derive(Debug, clap::Args)]
struct ComposeArgs {
    /// Leave invertible adapters out
    #[arg(long)]
    no_invertible: bool,
    /// Layers in which modules take no part, masks aside, counted from 0
    #[arg(long, value_name = "N,N,…", value_delimiter = ',')]
    skip_layers: Vec<usize>,
    /// Make LoRA and masks part of the weights, and not steps beside them
    #[arg(long)]
    merge: bool,
}

/// One line of output.
#[derive(Serialize)]
#[serde(untagged)]
enum Scored {
    One {
        score: f32,
    },
    /// One logit per label, as they come.
    Several {
        logits: Vec<f32>,
    },
}

fn split(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((query, document)) if !query.is_empty() && !document.is_empty() => {
            Ok((query.to_owned(), document.to_owned()))
        }
        _ => Err("expected two directories with a colon between them".into()),
    }
}

/// Runs `xenoglot rerank`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let file = PairsFile::open(&args.pairs)?;
    // Every line is read before any is scored: a bad one is told of at once, and all modules are known.
    let mut lists = BTreeSet::new();
    let mut pairs = file.read()?;
    while let Some(pair) = pairs.next_pair()? {
        lists.insert(pair.modules);
    }
    let composer = args.composer(&lists)?;
    let mut output = Output::open(args.output.as_deref())?;
    let mut pairs = file.read()?;
    loop {
        let mut chunk = Vec::with_capacity(PAIRS_AT_ONCE);
        while chunk.len() < PAIRS_AT_ONCE
            && let Some(pair) = pairs.next_pair()?
        {
            chunk.push(pair);
        }
        if chunk.is_empty() {
            return Ok(output.commit()?);
        }
        for scored in args.score(&composer, &chunk)? {
            serde_json::to_writer(&mut output, &scored).map_err(std::io::Error::from)?;
            writeln!(output)?;
        }
    }
}

impl Args {
    /// The backbone with every module of `lists`, of which none stands for the one that pairs share.
    fn composer(&self, lists: &BTreeSet<Option<Vec<String>>>) -> Result<Composer> {
        let options = self.run.load_options();
        let backbone = Backbone::load(&ModelDir::open(&self.backbone)?, &options)?;
        let mut names: BTreeSet<&String> = lists
            .iter()
            .flatten()
            .flatten()
            .chain(&self.modules)
            .collect();
        names.extend(
            self.split
                .iter()
                .flat_map(|(query, document)| [query, document]),
        );
        let modules: BTreeMap<ModuleId, Arc<Module>> = names
            .into_iter()
            .map(|name| {
                Ok((
                    ModuleId::from(name.as_str()),
                    Arc::new(Module::load(Path::new(name))?),
                ))
            })
            .collect::<Result<_>>()?;
        let compose = ComposeOptions {
            invertible: !self.compose.no_invertible,
            skip_layers: self.compose.skip_layers.iter().copied().collect(),
            merge: self.compose.merge,
        };
        let composer = Composer::new(Arc::new(backbone), modules, compose)?;
        let stacks = lists.iter().map(|own| self.stack(&composer, own.as_ref()));
        let stacks: Vec<AdapterStack> = stacks.collect();
        let composer = composer.with_bank(stacks.iter().flat_map(|stack| stack.language.modules()));
        self.check_labels(&composer, &stacks)?;
        Ok(composer)
    }

    /// Refuses stacks that end in unlike heads, or in one that says nothing of relevance.
    fn check_labels(&self, composer: &Composer, stacks: &[AdapterStack]) -> Result<()> {
        let mut first = None;
        for stack in stacks {
            let n_labels = composer.n_labels(stack)?;
            if *first.get_or_insert(n_labels) != n_labels {
                return Err(xenoglot_reranker::Error::Heads.into());
            }
            if n_labels > 2 && !self.raw {
                return Err(xenoglot_reranker::Error::Labels { n_labels }.into());
            }
        }
        Ok(())
    }

    /// The stack of a pair with modules of its `own`, or without.
    fn stack(&self, composer: &Composer, own: Option<&Vec<String>>) -> AdapterStack {
        let modules = own.unwrap_or(&self.modules).iter();
        let modules: Vec<ModuleId> = modules.map(|name| name.as_str().into()).collect();
        let split = self.split.as_ref().filter(|_| own.is_none());
        let sides = |(query, document): &(String, String)| {
            [query, document].map(|name| ModuleId::from(name.as_str()))
        };
        composer.stack(&modules, split.map(sides))
    }

    fn score(&self, composer: &Composer, pairs: &[Pair]) -> Result<Vec<Scored>> {
        let stacks: Vec<AdapterStack> = pairs
            .iter()
            .map(|pair| self.stack(composer, pair.modules.as_ref()))
            .collect();
        let tokens: Vec<TokenPair> = pairs
            .par_iter()
            .zip(&stacks)
            .map(|(pair, stack)| {
                let query = composer.tokens(&pair.query)?;
                composer.pair(&query, &composer.tokens(&pair.document)?, stack)
            })
            .collect::<xenoglot_reranker::Result<_>>()?;
        let pairs: Vec<_> = tokens.iter().zip(&stacks).collect();
        let logits = composer.logits(&pairs)?;
        let activation = composer.backbone().info().activation;
        let scores = logits
            .rows()
            .into_iter()
            .map(|row| match (self.raw, row.len()) {
                (true, 1) => Ok(Scored::One { score: row[0] }),
                (true, _) => Ok(Scored::Several {
                    logits: row.to_vec(),
                }),
                (false, _) => Ok(Scored::One {
                    score: relevance(row, activation)?,
                }),
            });
        scores.collect()
    }
}
