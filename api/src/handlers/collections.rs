//! `/v1/collections`: what there is to search, made and deleted.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use xenoglot_engine::passage::PassageSettings;
use xenoglot_engine::{IndexSettings, Lang, Searcher, VectorPrecision};

use crate::access::Caller;
use crate::app::App;
use crate::at::Named;
use crate::body::Body;
use crate::client::Client;
use crate::collections::DEFAULT_COLLECTION;
use crate::problem::Problem;
use crate::wire::{CollectionInfo, CollectionList, NewCollection};

/// All collections that the caller's key is for
#[utoipa::path(get, path = "/collections", operation_id = "list_collections", tag = "collections", responses((status = 200, body = CollectionList)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Json<CollectionList> {
    let all = app.collections().all();
    Json(CollectionList {
        collections: all
            .iter()
            .filter(|(name, _)| caller.sees(name))
            .map(|(name, searcher)| info(name, searcher))
            .collect(),
    })
}

/// A collection as it is now
#[utoipa::path(get, path = "/collections/{collection}", operation_id = "get_collection", tag = "collections",
    responses((status = 200, body = CollectionInfo), (status = 404, description = "There is none of this name")))]
pub(crate) async fn get(
    State(app): State<App>,
    Named(name): Named,
) -> Result<Json<CollectionInfo>, Problem> {
    let name = name.as_deref().unwrap_or(DEFAULT_COLLECTION);
    Ok(Json(info(name, &*app.collection(Some(name))?)))
}

/// Make an empty collection
#[utoipa::path(put, path = "/collections/{collection}", operation_id = "create_collection", tag = "collections", request_body = NewCollection,
    responses((status = 201, body = CollectionInfo), (status = 409, description = "The name is taken")))]
pub(crate) async fn create(
    State(app): State<App>,
    client: Client,
    Named(name): Named,
    Body(new): Body<NewCollection>,
) -> Result<(StatusCode, Json<CollectionInfo>), Problem> {
    let vectors = new.vectors.as_deref().map(str::parse).transpose();
    let vectors: Option<VectorPrecision> = vectors
        .map_err(|error: xenoglot_engine::Error| Problem::field("vectors", error.to_string()))?;
    let passages = new.passages.map(|windows| PassageSettings {
        tokens: windows.tokens,
        stride: windows.stride.unwrap_or(windows.tokens),
    });
    let checked = passages.map_or(Ok(()), PassageSettings::check);
    checked.map_err(|error| Problem::field("passages", error.to_string()))?;
    let name = name.unwrap_or_default();
    let at = app.clone();
    app.write(&client, move || {
        let made = at.collections().create(&name, |usual| IndexSettings {
            vectors: vectors.unwrap_or(usual.vectors),
            passages,
            ..usual
        })?;
        Ok((StatusCode::CREATED, Json(info(&name, &made))))
    })
    .await
}

/// Delete a collection and all its documents
#[utoipa::path(delete, path = "/collections/{collection}", operation_id = "delete_collection", tag = "collections",
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(
    State(app): State<App>,
    client: Client,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    let at = app.clone();
    app.write(&client, move || {
        at.collections().delete(&name.unwrap_or_default())?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn info(name: &str, searcher: &Searcher) -> CollectionInfo {
    let manifest = searcher.manifest();
    let segments = searcher.segments();
    let languages: BTreeMap<Lang, usize> = manifest.languages;
    CollectionInfo {
        name: name.to_owned(),
        documents: manifest.n_docs,
        languages,
        size_bytes: segments.iter().map(|segment| segment.size_bytes).sum(),
        segments: segments.len(),
        generation: manifest.generation,
        writable: searcher.collection().is_some(),
        encoder: manifest.settings.encoder.name,
        dim: manifest.settings.encoder.dim,
    }
}
