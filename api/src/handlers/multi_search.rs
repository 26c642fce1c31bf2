//! `POST /v1/multi-search`: several searches in one request.

use std::time::Instant;

use axum::Json;
use axum::extract::State;

use crate::access::Caller;
use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::problem::{Problem, in_range};
use crate::wire::{MultiSearchRequest, MultiSearchResponse, SearchResult};

use super::plan::{Asked, planned};
use super::search::answer;

const MAX_SEARCHES: usize = 16;

/// Several searches, each with an answer or a problem of its own
#[utoipa::path(post, path = "/multi-search", tag = "search", request_body = MultiSearchRequest,
    responses((status = 200, body = MultiSearchResponse)))]
pub(crate) async fn multi_search(
    State(app): State<App>,
    client: Client,
    caller: Caller,
    Body(request): Body<MultiSearchRequest>,
) -> Result<Json<MultiSearchResponse>, Problem> {
    let asked = Asked {
        caller: &caller,
        path: None,
        start: Instant::now(),
    };
    in_range("searches", request.searches.len(), MAX_SEARCHES)?;
    let searches = request.searches.into_iter();
    let searches: Vec<_> = searches
        .map(|search| planned(search, &app, &asked))
        .collect();
    let until = searches.iter().flatten().map(|search| search.until).max();
    app.search(&client, until, move |deadline| {
        let results = searches.into_iter().map(|search| {
            match search.and_then(|search| answer(search, &deadline)) {
                Ok(answer) => SearchResult::Answer(answer),
                Err(problem) => SearchResult::Problem(problem),
            }
        });
        Ok(Json(MultiSearchResponse {
            results: results.collect(),
        }))
    })
    .await
}
