//! What a path names: a collection, a document.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use xenoglot_engine::{DocId, Searcher};

use crate::app::App;
use crate::problem::Problem;

/// The collection that a path names, or the one of paths that name none.
pub(crate) struct At(pub(crate) Arc<Searcher>);

/// The collection's name in a path, if there is one.
pub(crate) struct Named(pub(crate) Option<String>);

/// The document that a path names.
pub(crate) struct Id(pub(crate) DocId);

impl FromRequestParts<App> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Named(name) = Named::from_request_parts(parts, app).await?;
        app.collection(name.as_deref()).map(Self)
    }
}

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        segment(parts, app, "collection").await.map(Self)
    }
}

impl FromRequestParts<App> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = segment(parts, app, "id").await?;
        Ok(Self(DocId(id.unwrap_or_default())))
    }
}

/// What stands in the path where the route says `{name}`.
async fn segment(parts: &mut Parts, app: &App, name: &str) -> Result<Option<String>, Problem> {
    let segments = RawPathParams::from_request_parts(parts, app)
        .await
        .map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    let mut segments = segments.iter();
    let found = segments.find(|(own, _)| *own == name);
    Ok(found.map(|(_, value)| value.to_owned()))
}
