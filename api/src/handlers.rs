//! One file per endpoint, and what a search says of its first stage.

pub(crate) mod documents;
pub(crate) mod health;
pub(crate) mod search;

mod first_stage;
