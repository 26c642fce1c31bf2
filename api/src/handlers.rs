//! One file per endpoint.

pub(crate) mod documents;
pub(crate) mod health;
pub(crate) mod search;
