//! One file per kind of request.

pub(crate) mod analyze;
pub(crate) mod collections;
pub(crate) mod documents;
mod first_stage;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod modules;
pub(crate) mod multi_search;
mod plan;
pub(crate) mod reload;
pub(crate) mod search;
pub(crate) mod snapshot;
pub(crate) mod stacks;
pub(crate) mod writes;
