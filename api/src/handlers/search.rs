//! `POST /v1/search`: ask in one language, find in every language.

use std::ops::Range;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use xenoglot_engine::snippet::{Shown, highlights};
use xenoglot_engine::{Answer, Deadline, Found, Query, Searcher};

use crate::access::Caller;
use crate::app::App;
use crate::at::Named;
use crate::body::Body;
use crate::client::Client;
use crate::problem::Problem;
use crate::traces;
use crate::wire::{
    Fallback, Highlight, Hit, Match, QueryInfo, ScoredBy, SearchRequest, SearchResponse, StageInfo,
    StageScore,
};

use super::plan::{Asked, Planned, planned};

/// Ask in one language, find in every language
#[utoipa::path(post, path = "/search", tag = "search", request_body = SearchRequest,
    responses((status = 200, body = SearchResponse)))]
pub(crate) async fn search(
    State(app): State<App>,
    client: Client,
    caller: Caller,
    Named(collection): Named,
    Body(request): Body<SearchRequest>,
) -> Result<Json<SearchResponse>, Problem> {
    let asked = Asked {
        caller: &caller,
        path: collection.as_deref(),
        start: Instant::now(),
    };
    let search = planned(request, &app, &asked)?;
    app.search(&client, Some(search.until), move |deadline| {
        answer(search, &deadline).map(Json)
    })
    .await
}

/// What is found, until `deadline` or the search's own.
pub(super) fn answer(search: Planned, deadline: &Deadline) -> Result<SearchResponse, Problem> {
    let Planned {
        searcher,
        query,
        mut plan,
        metrics,
        ..
    } = search;
    plan.deadline = deadline.clone().no_later_than(search.until);
    let mut answer = searcher.search(&query, &plan)?;
    let found = answer.documents()?;
    // What follows is cut short by the deadline too.
    answer.partial |= plan.deadline.is_over();
    let snippets = searcher.snippets(&query, &answer, &found, &plan.deadline)?;
    let is_explained = search.explain || search.highlight;
    answer.partial |= is_explained && plan.deadline.is_over();
    metrics.searched(&answer);
    traces::searched(&answer);
    let mut hits = hits(&answer, found, snippets);
    if is_explained && !answer.partial {
        let explained = searcher.explain(&query, &plan, &answer)?;
        if search.highlight {
            highlight(&searcher, &query, &explained, &mut hits)?;
        }
        if search.explain {
            for (hit, scores) in hits.iter_mut().zip(explained) {
                hit.explain = Some(scores.into_iter().map(stage_score).collect());
            }
        }
    }
    Ok(SearchResponse {
        query: QueryInfo {
            lang: search.language.lang,
            confidence: search.language.confidence,
        },
        hits,
        stages: answer.stages.iter().map(stage_info).collect(),
        took_ms: milliseconds(search.start.elapsed()),
        reranked: answer.n_reranked,
        partial: answer.partial,
    })
}

fn hits(answer: &Answer, found: Vec<Found>, snippets: Vec<String>) -> Vec<Hit> {
    let candidates = answer
        .ranking
        .candidates()
        .iter()
        .zip(found)
        .zip(snippets)
        .zip(1..);
    let hits = candidates.map(|(((candidate, found), snippet), rank)| Hit {
        id: found.doc.id.0,
        score: candidate.score,
        lang: found.doc.lang,
        title: found.doc.title,
        snippet,
        rank,
        highlights: None,
        explain: None,
    });
    hits.collect()
}

/// Says of each of `hits` which words of its snippet stand for those of `query`.
fn highlight(
    searcher: &Searcher,
    query: &Query,
    explained: &[Vec<xenoglot_engine::StageScore>],
    hits: &mut [Hit],
) -> Result<(), Problem> {
    let found_by: Vec<Vec<String>> = explained.iter().map(|scores| terms(scores)).collect();
    let shown: Vec<Shown<'_>> = hits
        .iter()
        .zip(&found_by)
        .map(|(hit, found_by)| Shown {
            text: &hit.snippet,
            lang: hit.lang,
            found_by,
        })
        .collect();
    let found = highlights(searcher.encoder(), query, &shown)?;
    for (hit, ranges) in hits.iter_mut().zip(found) {
        hit.highlights = Some(in_characters(&hit.snippet, &ranges));
    }
    Ok(())
}

/// The terms by which words found a document.
fn terms(scores: &[xenoglot_engine::StageScore]) -> Vec<String> {
    let matches = scores.iter().flat_map(|stage| &stage.matches);
    matches
        .flat_map(|found| found.terms.iter().cloned())
        .collect()
}

/// `ranges` of bytes of `text`, which follow one another, as clients count.
fn in_characters(text: &str, ranges: &[Range<usize>]) -> Vec<Highlight> {
    let (mut at, mut chars) = (0, 0);
    let mut count = |to: usize| {
        chars += text[at..to].chars().count();
        at = to;
        chars
    };
    let ranges = ranges.iter();
    ranges
        .map(|range| Highlight {
            start: count(range.start),
            end: count(range.end),
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highlights_count_characters() {
        let text = "Луна é 月!";
        let found = in_characters(text, &[0..8, 12..15]);
        let cut = |range: &Highlight| -> String {
            let chars = text.chars().skip(range.start);
            chars.take(range.end - range.start).collect()
        };
        assert_eq!(found.iter().map(cut).collect::<Vec<_>>(), ["Луна", "月"]);
    }
}
