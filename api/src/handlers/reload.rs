//! `POST /v1/reload`: keys, certificates and whatever else can change is read again.

use axum::{Extension, Json};

use crate::problem::Problem;
use crate::server::Reload;
use crate::wire::Reloaded;

/// Read keys, certificates and whatever else can change again
#[utoipa::path(post, path = "/reload", tag = "operations", responses((status = 200, body = Reloaded),
    (status = 422, description = "Something is not as it should be, and is as it was")))]
pub(crate) async fn reload(
    Extension(reload): Extension<Reload>,
) -> Result<Json<Reloaded>, Problem> {
    let reloaded = reload.run().await?;
    Ok(Json(Reloaded { reloaded }))
}
