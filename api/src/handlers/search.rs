//! `POST /v1/search`: ask in one language, find in every language.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use xenoglot_engine::language::Detection;
use xenoglot_engine::snippet::snippets;
use xenoglot_engine::{Answer, Filter, Found, Plan, Query, RerankPlan, Searcher};
use xenoglot_reranker::DEFAULT_RERANK_DEPTH;

use crate::app::App;
use crate::body::Body;
use crate::problem::{Problem, in_range};
use crate::wire::{
    Fallback, Hit, Match, QueryInfo, Rerank, RerankStack, ScoredBy, SearchRequest, SearchResponse,
    StageInfo, StageScore,
};

use super::first_stage::{bm25, feedback, first_stage};

/// Longer texts are documents, not queries; encoders cut them anyway.
const MAX_QUERY_CHARS: usize = 4_096;
/// Deep enough for evaluation, shallow enough to answer.
const MAX_DEPTH: usize = 1_000;
const MAX_TIMEOUT_MS: u64 = 60_000;

pub(crate) async fn search(
    State(app): State<App>,
    Body(request): Body<SearchRequest>,
) -> Result<Json<SearchResponse>, Problem> {
    let start = Instant::now();
    let language = query_language(&request, app.searcher())?;
    let plan = plan(&request, &app, start)?;
    app.run(move |searcher| {
        let query = Query {
            text: request.query,
            lang: language.lang,
        };
        let answer = searcher.search(&query, &plan)?;
        let mut hits = hits(searcher, &query, &answer)?;
        if request.explain {
            let explained = searcher.explain(&query, &plan, &answer)?;
            for (hit, scores) in hits.iter_mut().zip(explained) {
                hit.explain = Some(scores.into_iter().map(stage_score).collect());
            }
        }
        Ok(Json(SearchResponse {
            query: QueryInfo {
                lang: language.lang,
                confidence: language.confidence,
            },
            hits,
            stages: answer.stages.iter().map(stage_info).collect(),
            took_ms: milliseconds(start.elapsed()),
            reranked: answer.n_reranked,
            partial: answer.partial,
        }))
    })
    .await
}

fn query_language(request: &SearchRequest, searcher: &Searcher) -> Result<Detection, Problem> {
    let chars = request.query.chars().count();
    if request.query.trim().is_empty() {
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
    let given =
        match request.lang.as_str() {
            "auto" => None,
            code => Some(code.parse().map_err(|error: xenoglot_engine::Error| {
                Problem::field("lang", error.to_string())
            })?),
        };
    Ok(searcher.query_language(given, &request.query))
}

fn plan(request: &SearchRequest, app: &App, start: Instant) -> Result<Plan, Problem> {
    in_range("depth", request.depth, MAX_DEPTH)?;
    let rerank = match &request.rerank {
        Rerank::Unsaid | Rerank::Switch(false) => None,
        Rerank::Switch(true) => {
            return Err(Problem::field(
                "rerank",
                "expected false, or an object with `stack` and `depth`",
            ));
        }
        Rerank::Stack(rerank) => Some(rerank_plan(rerank, app)?),
    };
    let deadline = match request.timeout_ms {
        Some(ms) if !(1..=MAX_TIMEOUT_MS).contains(&ms) => {
            let detail = format!("the timeout is {ms}, expected 1 to {MAX_TIMEOUT_MS} ms");
            return Err(Problem::field("timeout_ms", detail));
        }
        ms => ms.map(|ms| start + Duration::from_millis(ms)),
    };
    let filter = request.filter.as_ref().map(filter).transpose()?;
    Ok(Plan {
        filter,
        first_stage: first_stage(request)?,
        depth: request.depth,
        bm25: Some(bm25(&request.bm25, app.searcher().settings())?),
        feedback: feedback(request)?,
        rerank,
        mix: request.mix.0,
        deadline,
    })
}

/// # Errors
/// When the filter is none, naming the part of it that is wrong.
pub(super) fn filter(given: &serde_json::Value) -> Result<Filter, Problem> {
    Filter::parse(given).map_err(|error| Problem::field("filter", error.to_string()))
}

fn rerank_plan(rerank: &RerankStack, app: &App) -> Result<RerankPlan, Problem> {
    let stack = rerank.stack.as_deref().unwrap_or(app.default_stack());
    let known: Vec<&str> = app.searcher().stacks().collect();
    if !known.contains(&stack) {
        let known = known.join("`, `");
        let detail = format!("there is no stack {stack:?}; known are `{known}`");
        return Err(Problem::field("rerank.stack", detail));
    }
    let depth = rerank.depth.unwrap_or(DEFAULT_RERANK_DEPTH);
    in_range("rerank.depth", depth, MAX_DEPTH)?;
    let first_stage_weight = rerank.first_stage_weight.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&first_stage_weight) {
        let detail = format!("the weight is {first_stage_weight}, expected 0 to 1");
        return Err(Problem::field("rerank.first_stage_weight", detail));
    }
    Ok(RerankPlan {
        stack: stack.to_owned(),
        depth,
        first_stage_weight,
    })
}

fn hits(searcher: &Searcher, query: &Query, answer: &Answer) -> Result<Vec<Hit>, Problem> {
    let found = answer.documents()?;
    let texts: Vec<&str> = found.iter().map(Found::nearest_text).collect();
    let snippets = snippets(searcher.encoder(), &query.text, &texts)?;
    let candidates = answer
        .ranking
        .candidates()
        .iter()
        .zip(found)
        .zip(snippets)
        .zip(1..);
    let hits = candidates.map(|(((candidate, Found { doc, .. }), snippet), rank)| Hit {
        id: doc.id.0,
        score: candidate.score,
        lang: doc.lang,
        title: doc.title,
        snippet,
        rank,
        explain: None,
    });
    Ok(hits.collect())
}

fn stage_score(at: xenoglot_engine::StageScore) -> StageScore {
    let wire = |found: xenoglot_engine::Match| Match {
        word: found.word,
        terms: found.terms,
        probability: found.probability,
        frequency: found.frequency,
        score: found.score,
    };
    StageScore {
        stage: at.stage,
        rank: at.rank,
        score: at.score,
        matches: at.matches.into_iter().map(wire).collect(),
        scored_by: at.scored_by.map(scored_by),
    }
}

fn scored_by(by: xenoglot_engine::ScoredBy) -> ScoredBy {
    let wire = |fallback: xenoglot_engine::Fallback| Fallback {
        wanted: fallback.wanted,
        used: fallback.used,
    };
    ScoredBy {
        modules: by.modules,
        fallbacks: by.fallbacks.into_iter().map(wire).collect(),
    }
}

fn stage_info(stage: &xenoglot_engine::Stage) -> StageInfo {
    StageInfo {
        name: stage.name,
        took_ms: milliseconds(stage.took),
        candidates: stage.ranking.len(),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
