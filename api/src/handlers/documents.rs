//! `GET /v1/documents/{id}`: one document, whole.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use xenoglot_engine::DocId;

use crate::app::App;
use crate::problem::Problem;
use crate::wire::DocumentResponse;

pub(crate) async fn document(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<DocumentResponse>, Problem> {
    let Path(id) =
        id.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    let id = DocId(id);
    let found = app.run(move |searcher| {
        let missing = || {
            Problem::new(
                StatusCode::NOT_FOUND,
                format!("there is no document {:?}", id.0),
            )
        };
        searcher.document(&id)?.ok_or_else(missing)
    });
    let doc = found.await?;
    Ok(Json(DocumentResponse {
        id: doc.id.0,
        lang: doc.lang,
        title: doc.title,
        text: doc.text,
        meta: doc.meta,
    }))
}
