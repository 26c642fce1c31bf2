//! `GET /v1/documents/{id}`: one document, whole.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::at::{At, Id};
use crate::client::Client;
use crate::problem::Problem;
use crate::wire::DocumentResponse;

/// One document, whole
#[utoipa::path(get, path = "/documents/{id}", operation_id = "get_document", tag = "documents", params(("id" = String, Path)),
    responses((status = 200, body = DocumentResponse), (status = 404, description = "There is none of this id")))]
pub(crate) async fn document(
    State(app): State<App>,
    client: Client,
    At(searcher): At,
    Id(id): Id,
) -> Result<Json<DocumentResponse>, Problem> {
    app.search(&client, None, move |_| {
        let missing = || {
            Problem::new(
                StatusCode::NOT_FOUND,
                format!("there is no document {:?}", id.0),
            )
        };
        let doc = searcher.document(&id)?.ok_or_else(missing)?;
        Ok(Json(DocumentResponse {
            id: doc.id.0,
            lang: doc.lang,
            title: doc.title,
            text: doc.text,
            meta: doc.meta,
        }))
    })
    .await
}
