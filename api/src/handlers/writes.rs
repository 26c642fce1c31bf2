//! `POST /v1/documents`, `POST /v1/documents/delete`, `DELETE /v1/documents/{id}`: changing what is searched.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use xenoglot_engine::input::{Line, read_document};
use xenoglot_engine::language::Detector;
use xenoglot_engine::{Collection, DocId, Document, Error, Lang, Outcome, Searcher, Write};

use crate::app::App;
use crate::at::{Id, Named};
use crate::body::{Body, Documents};
use crate::client::Client;
use crate::metrics::Written;
use crate::problem::Problem;
use crate::wire::{
    DeleteRequest, DeleteResponse, DocumentLine, LineResult, WriteOptions, WriteResponse,
};

use super::plan::filter;

/// Documents that are encoded and written at once.
const BATCH: usize = 256;

type Options = Result<Query<WriteOptions>, QueryRejection>;

/// Write documents, each in the place of the one of its id
#[utoipa::path(post, path = "/documents", operation_id = "write_documents", tag = "documents", params(WriteOptions),
    request_body(content((DocumentLine = "application/json"), (Vec<DocumentLine> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, body = WriteResponse)))]
pub(crate) async fn write(
    State(app): State<App>,
    client: Client,
    Named(collection): Named,
    options: Options,
    documents: Documents,
) -> Result<Json<WriteResponse>, Problem> {
    let options = options_of(options)?;
    let metrics = app.metrics().clone();
    let own = app.clone();
    app.write(&client, move || {
        // Not before: who waits to write must not keep who deletes it waiting.
        let searcher = own.collection(collection.as_deref())?;
        let collection = writable(&searcher)?;
        let mut response = WriteResponse::default();
        for (nth, lines) in documents.lines.chunks(BATCH).enumerate() {
            let before = [response.created, response.updated, response.failed];
            write_batch(&searcher, &collection, lines, nth * BATCH, &mut response)?;
            metrics.wrote(Written::Created, response.created - before[0]);
            metrics.wrote(Written::Updated, response.updated - before[1]);
            metrics.wrote(Written::Failed, response.failed - before[2]);
        }
        if options.refresh {
            collection.refresh()?;
        }
        Ok(Json(response))
    })
    .await
}

fn write_batch(
    searcher: &Searcher,
    collection: &Collection,
    lines: &[String],
    before: usize,
    response: &mut WriteResponse,
) -> Result<(), Problem> {
    let detector = Detector::new();
    let mut docs: Vec<Document> = Vec::with_capacity(lines.len());
    let mut read: Vec<Result<String, LineResult>> = Vec::with_capacity(lines.len());
    for (text, line) in lines.iter().zip(before + 1..) {
        let doc = read_document(Line {
            path: FilePath::new("body"),
            number: line as u64,
            text,
        });
        read.push(match doc {
            Ok(mut doc) => {
                if doc.lang == Lang::UNKNOWN {
                    doc.lang = detector.given_or_detected(None, &doc.full_text()).lang;
                }
                let id = doc.id.0.clone();
                docs.push(doc);
                Ok(id)
            }
            Err(error) => Err(failed(line, &error)),
        });
    }
    let embedded = collection.embed(docs, searcher.encoder())?;
    let outcomes = collection.write(embedded.into_iter().map(Write::Put).collect())?;
    let mut outcomes = outcomes.into_iter();
    for (read, line) in read.into_iter().zip(before + 1..) {
        response.results.push(match read {
            Ok(id) => {
                let is_new = outcomes.next() == Some(Outcome::Created);
                response.created += usize::from(is_new);
                response.updated += usize::from(!is_new);
                let status = if is_new { "created" } else { "updated" };
                LineResult::Written { line, id, status }
            }
            Err(failed) => {
                response.failed += 1;
                failed
            }
        });
    }
    Ok(())
}

fn failed(line: usize, error: &Error) -> LineResult {
    let (field, error) = match error {
        Error::Malformed {
            field,
            got,
            expected,
            ..
        } => (*field, format!("got {got:?}, expected {expected}")),
        error => ("line", error.to_string()),
    };
    LineResult::Failed {
        line,
        status: "failed",
        field,
        error,
    }
}

/// Delete a document
#[utoipa::path(delete, path = "/documents/{id}", operation_id = "delete_document", tag = "documents", params(("id" = String, Path), WriteOptions),
    responses((status = 204, description = "It is gone"), (status = 404, description = "There is none of this id")))]
pub(crate) async fn delete(
    State(app): State<App>,
    client: Client,
    Named(collection): Named,
    Id(id): Id,
    options: Options,
) -> Result<StatusCode, Problem> {
    let options = options_of(options)?;
    let metrics = app.metrics().clone();
    let own = app.clone();
    app.write(&client, move || {
        // Not before: who waits to write must not keep who deletes it waiting.
        let searcher = own.collection(collection.as_deref())?;
        let collection = writable(&searcher)?;
        let outcomes = collection.write(vec![Write::Delete(id.clone())])?;
        if options.refresh {
            collection.refresh()?;
        }
        match outcomes.as_slice() {
            [Outcome::Deleted] => {
                metrics.wrote(Written::Deleted, 1);
                Ok(StatusCode::NO_CONTENT)
            }
            _ => Err(Problem::new(
                StatusCode::NOT_FOUND,
                format!("there is no document {:?}", id.0),
            )),
        }
    })
    .await
}

/// Delete documents by their ids, or those that a filter lets through
#[utoipa::path(post, path = "/documents/delete", operation_id = "delete_documents", tag = "documents", params(WriteOptions), request_body = DeleteRequest,
    responses((status = 200, body = DeleteResponse)))]
pub(crate) async fn delete_many(
    State(app): State<App>,
    client: Client,
    Named(collection): Named,
    options: Options,
    Body(request): Body<DeleteRequest>,
) -> Result<Json<DeleteResponse>, Problem> {
    let options = options_of(options)?;
    let metrics = app.metrics().clone();
    let own = app.clone();
    app.write(&client, move || {
        // Not before: who waits to write must not keep who deletes it waiting.
        let searcher = own.collection(collection.as_deref())?;
        let collection = writable(&searcher)?;
        let ids: Vec<DocId> = match (request.ids, &request.filter) {
            (Some(ids), None) => ids.into_iter().map(DocId).collect(),
            (None, Some(given)) => {
                let filter = filter(given)?;
                // What was written before this request is deleted too.
                collection.refresh()?;
                collection.matching(&filter)?
            }
            _ => {
                return Err(Problem::field("ids", "expected either `ids` or `filter`"));
            }
        };
        let n = ids.len();
        let outcomes = collection.write(ids.into_iter().map(Write::Delete).collect())?;
        if options.refresh {
            collection.refresh()?;
        }
        let deleted = outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Deleted)
            .count();
        metrics.wrote(Written::Deleted, deleted);
        Ok(Json(DeleteResponse {
            deleted,
            missing: n - deleted,
        }))
    })
    .await
}

fn options_of(options: Options) -> Result<WriteOptions, Problem> {
    match options {
        Ok(Query(options)) => Ok(options),
        Err(rejection) => Err(Problem::new(rejection.status(), rejection.body_text())),
    }
}

fn writable(searcher: &Searcher) -> Result<Arc<Collection>, Problem> {
    let collection = searcher.collection().map(Arc::clone);
    collection.ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "this server only reads; start it with --writable",
        )
    })
}
