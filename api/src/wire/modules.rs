//! The JSON of modules.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xenoglot_engine::Lang;

/// `GET /v1/modules`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModuleList {
    pub(crate) modules: Vec<ModuleInfo>,
}

/// A module of the registry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModuleInfo {
    pub(crate) id: String,
    /// What kind of module it is, in words.
    pub(crate) kind: String,
    /// `language` or `ranking`.
    pub(crate) task: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) lang: Option<Lang>,
    /// Under which terms it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) licence: Option<String>,
    /// The transformer that it was added over.
    pub(crate) backbone: String,
    /// How many numbers were trained.
    pub(crate) parameters: usize,
    /// Over the names and hashes of its files.
    pub(crate) hash: String,
}

/// The query string of `PUT /v1/modules/{id}`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModuleOptions {
    /// What it was trained for: `language` or `ranking`.
    pub(crate) task: String,
    /// Its language; a language module needs one.
    pub(crate) lang: Option<String>,
    /// Under which terms it was published.
    pub(crate) licence: Option<String>,
    /// Whether to throw away the module of this id, and the one of this language.
    #[serde(default)]
    pub(crate) replace: bool,
}
