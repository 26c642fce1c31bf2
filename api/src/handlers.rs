//! One file per endpoint, and what a search says of its first stage.

pub(crate) mod documents;
pub(crate) mod health;
pub(crate) mod search;
pub(crate) mod snapshot;
pub(crate) mod writes;

mod first_stage;
