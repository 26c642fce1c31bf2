//! What a request asks for → what the engine is to do; each fault names its field.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::{Array1, Array2};
use xenoglot_engine::language::Detection;
use xenoglot_engine::{Deadline, Embeddings, Filter, Lang, Plan, Query, RerankPlan, Searcher};
use xenoglot_reranker::DEFAULT_RERANK_DEPTH;

use crate::access::Caller;
use crate::app::App;
use crate::collections::DEFAULT_COLLECTION;
use crate::limits::MAX_QUERY_CHARS;
use crate::metrics::Metrics;
use crate::problem::{Problem, in_range};
use crate::wire::{Mode, Rerank, RerankStack, SearchRequest};

use super::first_stage::{bm25, feedback, first_stage};

/// Deep enough for evaluation, shallow enough to answer.
const MAX_DEPTH: usize = 1_000;
/// Nobody waits longer for an answer.
const MAX_TIMEOUT_MS: u64 = 60_000;

/// A search that can be done.
pub(crate) struct Planned {
    pub(crate) searcher: Arc<Searcher>,
    pub(crate) query: Query,
    pub(crate) language: Detection,
    pub(crate) plan: Plan,
    pub(crate) metrics: Metrics,
    pub(crate) explain: bool,
    pub(crate) highlight: bool,
    /// When the request came.
    pub(crate) start: Instant,
    /// When the answer is due.
    pub(crate) until: Instant,
}

/// How a search was asked for.
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    /// The collection that the path names.
    pub(crate) path: Option<&'a str>,
    /// When the request came.
    pub(crate) start: Instant,
}

/// What `request` asks for.
///
/// # Errors
/// When something of it cannot be, naming the field, or its collection is not for this caller.
pub(crate) fn planned(
    request: SearchRequest,
    app: &App,
    asked: &Asked<'_>,
) -> Result<Planned, Problem> {
    let start = asked.start;
    let name = collection(&request, asked.path)?;
    asked.caller.check(name.unwrap_or(DEFAULT_COLLECTION))?;
    let searcher = app.collection(name)?;
    let language = query_language(&request, &searcher)?;
    let timeout_ms = request.timeout_ms.unwrap_or(MAX_TIMEOUT_MS);
    if !(1..=MAX_TIMEOUT_MS).contains(&timeout_ms) {
        let detail = format!("the timeout is {timeout_ms}, expected 1 to {MAX_TIMEOUT_MS} ms");
        return Err(Problem::field("timeout_ms", detail));
    }
    Ok(Planned {
        plan: plan(&request, app, &searcher)?,
        searcher,
        query: Query {
            text: request.query,
            lang: language.lang,
        },
        language,
        explain: request.explain,
        highlight: request.highlight,
        metrics: app.metrics().clone(),
        start,
        until: start + Duration::from_millis(timeout_ms),
    })
}

/// The collection's name, if anything says one.
fn collection<'r>(
    request: &'r SearchRequest,
    path: Option<&'r str>,
) -> Result<Option<&'r str>, Problem> {
    match (request.collection.as_deref(), path) {
        (Some(field), Some(path)) if field != path => {
            let detail = format!("the path says {path:?}, and the body {field:?}");
            Err(Problem::field("collection", detail))
        }
        (field, path) => Ok(field.or(path)),
    }
}

fn query_language(request: &SearchRequest, searcher: &Searcher) -> Result<Detection, Problem> {
    let chars = request.query.chars().count();
    if request.query.trim().is_empty() && request.vector.is_none() {
        return Err(Problem::field(
            "query",
            "the query is empty, expected some words",
        ));
    }
    if chars > MAX_QUERY_CHARS {
        let detail =
            format!("the query has {chars} characters, expected at most {MAX_QUERY_CHARS}");
        return Err(Problem::field("query", detail));
    }
    Ok(searcher.query_language(language(&request.lang)?, &request.query))
}

/// The language that `lang` is the code of; nothing for `auto`.
pub(super) fn language(lang: &str) -> Result<Option<Lang>, Problem> {
    match lang {
        "auto" => Ok(None),
        code => code
            .parse()
            .map(Some)
            .map_err(|error: xenoglot_engine::Error| Problem::field("lang", error.to_string())),
    }
}

fn plan(request: &SearchRequest, app: &App, searcher: &Searcher) -> Result<Plan, Problem> {
    in_range("depth", request.depth, MAX_DEPTH)?;
    let has_words = !request.query.trim().is_empty();
    let mode = match request.mode {
        None | Some(Mode::Dense) if !has_words => Mode::Dense,
        None => Mode::Hybrid,
        Some(_) if !has_words => {
            let detail = "a vector without words can be looked for in the mode dense alone";
            return Err(Problem::field("mode", detail));
        }
        Some(mode) => mode,
    };
    let rerank = match &request.rerank {
        Rerank::Unsaid | Rerank::Switch(false) => None,
        Rerank::Switch(true) => {
            return Err(Problem::field(
                "rerank",
                "expected false, or an object with `stack` and `depth`",
            ));
        }
        Rerank::Stack(_) if !has_words => {
            return Err(Problem::field(
                "rerank",
                "a vector without words cannot be reranked by",
            ));
        }
        Rerank::Stack(rerank) => Some(rerank_plan(rerank, app)?),
    };
    let vector = request
        .vector
        .as_deref()
        .map(|given| vector(given, searcher))
        .transpose()?;
    Ok(Plan {
        first_stage: first_stage(request, mode)?,
        depth: request.depth,
        filter: request.filter.as_ref().map(filter).transpose()?,
        bm25: Some(bm25(&request.bm25, searcher.settings())?),
        feedback: feedback(request, mode)?,
        rerank,
        mix: request.mix.0,
        vector,
        deadline: Deadline::default(),
    })
}

/// `given` at unit length.
fn vector(given: &[f32], searcher: &Searcher) -> Result<Array1<f32>, Problem> {
    let dim = searcher.settings().encoder.dim;
    if given.len() != dim {
        let detail = format!("the vector has {} numbers, expected {dim}", given.len());
        return Err(Problem::field("vector", detail));
    }
    let row = Array2::from_shape_fn((1, dim), |(_, i)| given[i]);
    let unit = Embeddings::normalized(row).row(0).to_owned();
    if unit.iter().all(|x| *x == 0.0) {
        let detail = "the vector has no direction, expected finite numbers that are not all zero";
        return Err(Problem::field("vector", detail));
    }
    Ok(unit)
}

/// # Errors
/// When the filter is none, naming the part of it that is wrong.
pub(super) fn filter(given: &serde_json::Value) -> Result<Filter, Problem> {
    Filter::parse(given).map_err(|error| Problem::field("filter", error.to_string()))
}

fn rerank_plan(rerank: &RerankStack, app: &App) -> Result<RerankPlan, Problem> {
    let (stack, _) = app.reranker(rerank.stack.as_deref())?;
    let depth = rerank.depth.unwrap_or(DEFAULT_RERANK_DEPTH);
    in_range("rerank.depth", depth, MAX_DEPTH)?;
    let first_stage_weight = rerank.first_stage_weight.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&first_stage_weight) {
        let detail = format!("the weight is {first_stage_weight}, expected 0 to 1");
        return Err(Problem::field("rerank.first_stage_weight", detail));
    }
    Ok(RerankPlan {
        stack,
        depth,
        first_stage_weight,
    })
}
