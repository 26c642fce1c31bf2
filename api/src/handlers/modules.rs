//! `/v1/modules`: what rerankers are composed of, added and removed.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use xenoglot_engine::Lang;
use xenoglot_reranker::registry::{Entry, NewModule, Task};

use crate::app::App;
use crate::at::Id;
use crate::body::Octets;
use crate::client::Client;
use crate::problem::Problem;
use crate::wire::{ModuleInfo, ModuleList, ModuleOptions, Tar};

/// All modules of the server's registry
#[utoipa::path(get, path = "/modules", operation_id = "list_modules", tag = "models", responses((status = 200, body = ModuleList)))]
pub(crate) async fn list(
    State(app): State<App>,
    client: Client,
) -> Result<Json<ModuleList>, Problem> {
    let at = app.clone();
    app.search(&client, None, move |_| {
        let modules = at.modules()?.list()?.into_iter().map(info);
        Ok(Json(ModuleList {
            modules: modules.collect(),
        }))
    })
    .await
}

/// Add a module: a tar of the directory that AdapterHub, PEFT or composable-sft saved
#[utoipa::path(put, path = "/modules/{id}", operation_id = "add_module", tag = "models", params(("id" = String, Path), ModuleOptions),
    request_body(content = Tar, content_type = "application/x-tar"),
    responses((status = 201, body = ModuleInfo), (status = 409, description = "The id or the language is taken")))]
pub(crate) async fn add(
    State(app): State<App>,
    client: Client,
    Id(id): Id,
    options: Result<Query<ModuleOptions>, QueryRejection>,
    archive: Octets,
) -> Result<(StatusCode, Json<ModuleInfo>), Problem> {
    let Query(options) =
        options.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    let new = new_module(id.0, options)?;
    let at = app.clone();
    app.write(&client, move || {
        let entry = at.modules()?.add(&archive.bytes, new)?;
        Ok((StatusCode::CREATED, Json(info(entry))))
    })
    .await
}

/// Remove a module
#[utoipa::path(delete, path = "/modules/{id}", operation_id = "remove_module", tag = "models", params(("id" = String, Path)),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(app): State<App>,
    client: Client,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    let at = app.clone();
    app.write(&client, move || {
        at.modules()?.remove(&id.0)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn new_module(id: String, options: ModuleOptions) -> Result<NewModule, Problem> {
    let mut known = Task::ALL.into_iter();
    let task = known
        .find(|task| task.name() == options.task)
        .ok_or_else(|| {
            let detail = format!(
                "the task is {:?}, expected language or ranking",
                options.task
            );
            Problem::field("task", detail)
        })?;
    let language = options.lang.as_deref().map(str::parse::<Lang>).transpose();
    Ok(NewModule {
        source: Default::default(),
        id: Some(id),
        task,
        language: language.map_err(|error| Problem::field("lang", error.to_string()))?,
        licence: options.licence,
        replace: options.replace,
    })
}

fn info(entry: Entry) -> ModuleInfo {
    ModuleInfo {
        id: entry.id.to_string(),
        kind: entry.kind,
        task: entry.task.name(),
        lang: entry.language,
        licence: entry.licence,
        backbone: entry.base.name,
        parameters: entry.parameters,
        hash: entry.hash,
    }
}
