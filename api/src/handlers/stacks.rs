//! `GET /v1/stacks`: what candidates may be reranked by.

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::wire::StackList;

/// What candidates may be reranked by
#[utoipa::path(get, path = "/stacks", operation_id = "list_stacks", tag = "models", responses((status = 200, body = StackList)))]
pub(crate) async fn stacks(State(app): State<App>) -> Json<StackList> {
    Json(StackList {
        stacks: app.tools().rerankers.names(),
        default: app.default_stack().to_owned(),
    })
}
