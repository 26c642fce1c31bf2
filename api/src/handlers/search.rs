//! `POST /v1/search`: ask in one language, find in every language.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use xenoglot_engine::language::{self, Detection};
use xenoglot_engine::snippet::snippets;
use xenoglot_engine::{Answer, DocOrd, FirstStage, Fusion, Plan, Query, Searcher};
use xenoglot_reranker::{DEFAULT_RERANK_DEPTH, PASSAGES};

use crate::app::App;
use crate::body::Body;
use crate::problem::Problem;
use crate::wire::{
    Hit, Mode, QueryInfo, Rerank, SearchRequest, SearchResponse, StageInfo, StageScore,
};

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
    let language = query_language(&request)?;
    let plan = plan(&request, start)?;
    app.run(move |searcher| {
        let query = Query {
            text: request.query,
            lang: language.lang,
        };
        let answer = searcher.search(&query, &plan)?;
        let hits = hits(searcher, &query, &answer, request.explain)?;
        Ok(Json(SearchResponse {
            query: QueryInfo {
                lang: language.lang,
                confidence: language.confidence,
            },
            hits,
            stages: answer.stages.iter().map(stage_info).collect(),
            took_ms: milliseconds(start.elapsed()),
            partial: answer.partial,
        }))
    })
    .await
}

fn query_language(request: &SearchRequest) -> Result<Detection, Problem> {
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
    Ok(language::given_or_detected(given, &request.query))
}

fn plan(request: &SearchRequest, start: Instant) -> Result<Plan, Problem> {
    in_range("depth", request.depth, MAX_DEPTH)?;
    let rerank_depth = match &request.rerank {
        Rerank::Unsaid | Rerank::Switch(false) => None,
        Rerank::Switch(true) => {
            return Err(Problem::field(
                "rerank",
                "expected false, or an object with `stack` and `depth`",
            ));
        }
        Rerank::Stack(rerank) => {
            if let Some(stack) = rerank.stack.as_deref().filter(|stack| *stack != PASSAGES) {
                let detail = format!("there is no stack {stack:?}; known are `{PASSAGES}`");
                return Err(Problem::field("rerank.stack", detail));
            }
            Some(rerank.depth.unwrap_or(DEFAULT_RERANK_DEPTH))
        }
    };
    if let Some(depth) = rerank_depth {
        in_range("rerank.depth", depth, MAX_DEPTH)?;
    }
    let deadline = match request.timeout_ms {
        Some(ms) if !(1..=MAX_TIMEOUT_MS).contains(&ms) => {
            let detail = format!("the timeout is {ms}, expected 1 to {MAX_TIMEOUT_MS} ms");
            return Err(Problem::field("timeout_ms", detail));
        }
        ms => ms.map(|ms| start + Duration::from_millis(ms)),
    };
    let first_stage = match request.mode {
        Mode::Hybrid => FirstStage::Hybrid(Fusion::default()),
        Mode::Dense => FirstStage::Dense,
        Mode::Lexical => FirstStage::Lexical,
    };
    Ok(Plan {
        first_stage,
        depth: request.depth,
        rerank_depth,
        deadline,
    })
}

fn in_range(field: &str, given: usize, max: usize) -> Result<(), Problem> {
    if (1..=max).contains(&given) {
        return Ok(());
    }
    Err(Problem::field(
        field,
        format!("{field} is {given}, expected 1 to {max}"),
    ))
}

fn hits(
    searcher: &Searcher,
    query: &Query,
    answer: &Answer,
    explain: bool,
) -> Result<Vec<Hit>, Problem> {
    let docs = searcher.documents(answer.ranking.docs())?;
    let texts: Vec<&str> = docs.iter().map(|doc| doc.text.as_str()).collect();
    let snippets = snippets(searcher.encoder(), &query.text, &texts)?;
    let candidates = answer
        .ranking
        .candidates()
        .iter()
        .zip(docs)
        .zip(snippets)
        .zip(1..);
    let hits = candidates.map(|(((candidate, doc), snippet), rank)| Hit {
        id: doc.id.0,
        score: candidate.score,
        lang: doc.lang,
        title: doc.title,
        snippet,
        rank,
        explain: explain.then(|| explanation(answer, candidate.doc)),
    });
    Ok(hits.collect())
}

fn explanation(answer: &Answer, doc: DocOrd) -> Vec<StageScore> {
    let wire = |at: xenoglot_engine::StageScore| StageScore {
        stage: at.stage,
        rank: at.rank,
        score: at.score,
    };
    answer.explain(doc).into_iter().map(wire).collect()
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
