//! Configurations in JSON.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// What is wrong with the file at `path`.
pub(crate) fn problem(path: &Path, problem: impl Into<String>) -> Error {
    Error::Module {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

/// What the JSON in the file at `path` holds.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).map_err(|source| xenoglot_engine::Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut json = serde_json::Deserializer::from_slice(&text);
    let value = serde_path_to_error::deserialize(&mut json);
    value.map_err(|error| wrong_field(path, &error))
}

/// `fields` of the file at `path`, taken apart.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, fields: Map<String, Value>) -> Result<T> {
    serde_path_to_error::deserialize(Value::Object(fields))
        .map_err(|error| wrong_field(path, &error))
}

fn wrong_field(path: &Path, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let (field, error) = (error.path(), error.inner());
    // Of a whole file that does not parse there is no field to name.
    match field.iter().next() {
        Some(_) => problem(path, format!("field `{field}`: {error}")),
        None => problem(path, error.to_string()),
    }
}
