//! `xenoglot search`: one query for people, or a file of topics for evaluation.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use serde::Serialize;
use xenoglot_engine::eval::{Run, read_topics_as, write_run};
use xenoglot_engine::{
    Answer, Deadline, Document, Filter, Lang, LanguageMix, Plan, Query, RerankPlan, Searcher,
    StageScore,
};
use xenoglot_reranker::DEFAULT_RERANK_DEPTH;

use crate::first_stage::FirstStageArgs;
use crate::language::LangArg;
use crate::setup::{Bm25Args, DEFAULT_INDEX, ModelArgs, Stack, TerminologyArgs};
use crate::terminal::{self, DIM, HitView};
use crate::topics::TopicArgs;

/// Ask an index
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look for, in any language
    #[arg(required_unless_present = "topics", conflicts_with = "topics")]
    query: Option<String>,
    /// Many queries: JSON lines with `id` and `query`, `id TAB query`, or a collection's own topics
    #[arg(long, value_name = "FILE", env = "XENOGLOT_TOPICS", requires = "run")]
    topics: Option<PathBuf>,
    /// Where the rankings of --topics go, as a TREC run
    #[arg(long, value_name = "OUT.trec", env = "XENOGLOT_RUN")]
    run: Option<PathBuf>,
    /// The name of the run
    #[arg(long, default_value = "xenoglot", requires = "topics")]
    tag: String,
    #[command(flatten)]
    search: SearchArgs,
    /// One JSON object per hit
    #[arg(long, conflicts_with = "topics")]
    json: bool,
    /// Show what each stage made of a hit
    #[arg(long, conflicts_with = "topics")]
    explain: bool,
}

/// Which index to search, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct SearchArgs {
    /// The index
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    first_stage: FirstStageArgs,
    /// The language of the query: a code, or auto to detect it
    #[arg(long, value_name = "auto|CODE", default_value = "auto", value_parser = LangArg::parse)]
    lang: LangArg,
    #[command(flatten)]
    bm25: Bm25Args,
    #[command(flatten)]
    terminology: TerminologyArgs,
    /// Which documents may be found, such as '{"lang": ["sw", "ha"], "year": {"gte": 1990}}'; see docs/filters.md
    #[arg(long, value_name = "JSON", value_parser = filter)]
    filter: Option<Filter>,
    /// How many hits [default: 10, and 1000 with topics]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    depth: Option<u32>,
    /// Rerank with this stack: `passages` (a document by its best passage, in the index's own vectors), the directory of
    /// a cross-encoder, or a stack file that composes one
    #[arg(long, value_name = "STACK", env = "XENOGLOT_RERANK", value_parser = Stack::parse)]
    rerank: Option<Stack>,
    /// How many candidates are reranked
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RERANK_DEPTH as u32,
          value_parser = clap::value_parser!(u32).range(1..), requires = "rerank")]
    rerank_depth: u32,
    /// How much the first stage's scores count beside the reranker's, from 0 to 1
    #[arg(long, value_name = "W", default_value_t = 0.0, value_parser = weight, requires = "rerank")]
    first_stage_weight: f32,
    /// How languages share the list: scores; interleaved (one of each in turn); or quota:N (no more than N of any)
    #[arg(long, value_name = "MIX", default_value = "scores")]
    mix: LanguageMix,
    #[command(flatten)]
    topics: TopicArgs,
}

fn weight(text: &str) -> Result<f32, String> {
    let weight = text.parse().ok();
    let weight = weight.filter(|weight| (0.0..=1.0).contains(weight));
    weight.ok_or_else(|| "expected a number from 0 to 1".into())
}

/// Reads a filter that was typed.
pub(crate) fn filter(text: &str) -> Result<Filter, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    Filter::parse(&value).map_err(|error| error.to_string())
}

impl SearchArgs {
    fn open(&self) -> Result<Searcher> {
        let encoder = self.model.load_for(&self.index)?;
        let rerankers = self
            .model
            .load_rerankers(&encoder, self.rerank.as_slice())?;
        Ok(Searcher::open(&self.index, encoder)?
            .with_rerankers(rerankers.into_iter().collect())
            .with_terminology(Arc::new(self.terminology.load()?)))
    }

    fn plan(&self, searcher: &Searcher, default_depth: usize) -> Result<Plan> {
        Ok(Plan {
            first_stage: self.first_stage.first_stage()?,
            feedback: self.first_stage.feedback(),
            depth: self.depth.map_or(default_depth, |depth| depth as usize),
            filter: self.filter.clone(),
            bm25: Some(self.bm25.over(searcher.settings().lexical.bm25)),
            rerank: self.rerank.as_ref().map(|stack| RerankPlan {
                stack: stack.name.clone(),
                depth: self.rerank_depth as usize,
                first_stage_weight: self.first_stage_weight,
            }),
            mix: self.mix,
            vector: None,
            deadline: Deadline::default(),
        })
    }

    /// Answers every topic of `path`; trec_eval's usual depth unless `--depth` says otherwise.
    pub(crate) fn run_topics(&self, path: &Path, tag: &str) -> Result<Run> {
        let mut topics = read_topics_as(path, &self.topics.choice())?;
        if topics.is_empty() {
            bail!("{} holds no topic", path.display());
        }
        let searcher = self.open()?;
        for topic in topics
            .iter_mut()
            .filter(|topic| topic.lang == Lang::UNKNOWN)
        {
            let given = self.lang.given();
            topic.lang = searcher.query_language(given, &topic.query).lang;
        }
        let plan = self.plan(&searcher, 1_000)?;
        Ok(searcher.run(&topics, &plan, tag)?)
    }
}

/// Runs `xenoglot search`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match (&args.query, &args.topics, &args.run) {
        (None, Some(topics), Some(out)) => {
            let run = args.search.run_topics(topics, &args.tag)?;
            Ok(write_run(out, &run)?)
        }
        (Some(text), ..) => one(args, text),
        _ => bail!("expected a query, or --topics with --run"),
    }
}

fn one(args: &Args, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        bail!("the query is empty, expected some words");
    }
    let searcher = args.search.open()?;
    let start = Instant::now();
    let language = searcher.query_language(args.search.lang.given(), text);
    let query = Query {
        text: text.to_owned(),
        lang: language.lang,
    };
    let plan = args.search.plan(&searcher, 10)?;
    let answer = searcher.search(&query, &plan)?;
    let mut hits = Hits::of(&searcher, &query, answer)?;
    if args.explain {
        hits.explain(&searcher, &query, &plan)?;
    }
    if args.json {
        return hits.print_json();
    }
    hits.print()?;
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    let n = hits.docs.len();
    let mut err = anstream::stderr().lock();
    writeln!(
        err,
        "{DIM}{n} hits in {took_ms:.1} ms; the query's language: {} ({:.0} % sure){DIM:#}",
        language.lang,
        language.confidence * 100.0
    )?;
    Ok(())
}

/// One line of `--json`.
#[derive(Serialize)]
struct HitLine<'a> {
    rank: usize,
    id: &'a str,
    score: f32,
    lang: Lang,
    title: &'a str,
    snippet: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<&'a [StageScore]>,
}

/// An answer with all that is shown of it.
pub(crate) struct Hits {
    answer: Answer,
    docs: Vec<Document>,
    snippets: Vec<String>,
    /// Of each document, where they were asked for.
    explanations: Option<Vec<Vec<StageScore>>>,
}

impl Hits {
    /// Looks up what `answer` found.
    pub(crate) fn of(searcher: &Searcher, query: &Query, answer: Answer) -> Result<Self> {
        let found = answer.documents()?;
        let snippets = searcher.snippets(query, &answer, &found, &Deadline::default())?;
        let docs = found.into_iter().map(|found| found.doc).collect();
        Ok(Self {
            answer,
            docs,
            snippets,
            explanations: None,
        })
    }

    /// Adds what each stage made of each hit.
    fn explain(&mut self, searcher: &Searcher, query: &Query, plan: &Plan) -> Result<()> {
        self.explanations = Some(searcher.explain(query, plan, &self.answer)?);
        Ok(())
    }

    fn explanation(&self, rank: usize) -> Option<&[StageScore]> {
        let explanations = self.explanations.as_ref()?;
        explanations.get(rank - 1).map(Vec::as_slice)
    }

    fn views(&self) -> impl Iterator<Item = HitView<'_>> {
        let hits = self
            .answer
            .ranking
            .candidates()
            .iter()
            .zip(&self.docs)
            .zip(&self.snippets)
            .zip(1..);
        hits.map(|(((candidate, doc), snippet), rank)| HitView {
            rank,
            candidate: *candidate,
            doc,
            snippet,
        })
    }

    /// Prints the hits for people.
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = anstream::stdout().lock();
        for hit in self.views() {
            terminal::print_hit(&mut out, &hit)?;
            if let Some(explanation) = self.explanation(hit.rank) {
                terminal::print_explanation(&mut out, explanation)?;
            }
        }
        Ok(())
    }

    fn print_json(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        for hit in self.views() {
            let line = HitLine {
                rank: hit.rank,
                id: &hit.doc.id.0,
                score: hit.candidate.score,
                lang: hit.doc.lang,
                title: &hit.doc.title,
                snippet: hit.snippet,
                explain: self.explanation(hit.rank),
            };
            serde_json::to_writer(&mut out, &line).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Ok(())
    }
}
