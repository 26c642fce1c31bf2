//! Encoders that come as ONNX files: what others exported, where no architecture here fits.

use std::path::PathBuf;

use crate::error::{Error, Result};

use super::Precision;
use super::blocks::{INPUT_IDS, MASK, TOKEN_TYPES};
use super::directory::ModelDir;
use super::session::Lease;

/// What the file's graph gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// `[batch, tokens, dim]`, for the pipeline to go on with; and its name.
    States(String),
    /// `[batch, dim]`: the file holds the whole pipeline; and its name.
    Vectors(String),
}

/// Where model hubs keep what an encoder was exported to.
const FOLDERS: [&str; 2] = ["onnx/", ""];

/// The ONNX file of `dir` for `precision`, if there is any ONNX file.
///
/// Where [`Precision::Fp32`] is asked for, which is the default, a quantised file serves if it is all there is; a
/// warning says so.
///
/// # Errors
/// When there are files, and none in another precision that was asked for.
pub(crate) fn find(dir: &ModelDir, precision: Precision) -> Result<Option<String>> {
    let first = |names: &[&str]| {
        let mut files = FOLDERS
            .iter()
            .flat_map(|folder| names.iter().map(move |name| format!("{folder}{name}.onnx")));
        files.find(|file| dir.has(file))
    };
    let (plain, quantized) = (&["model"], &["model_quantized", "model_int8"]);
    let found = match precision {
        Precision::Fp32 => first(plain),
        Precision::Fp16 => first(&["model_fp16"]),
        Precision::Bf16 => first(&["model_bf16"]),
        Precision::Int8 => first(quantized),
    };
    let other = first(plain).or_else(|| first(quantized));
    match (found, other) {
        (None, Some(file)) if precision == Precision::Fp32 => {
            tracing::warn!(
                model = dir.name(),
                "{file} is quantised; there is no model.onnx"
            );
            Ok(Some(file))
        }
        (None, Some(file)) => Err(Error::Model {
            path: dir.path_of(&file),
            problem: format!("there is no ONNX file in {} beside it", precision.name()),
        }),
        (found, _) => Ok(found),
    }
}

/// What the name of an ONNX file says of its numbers.
pub(crate) fn precision(name: &str) -> Precision {
    let quantized = ["quant", "int8", "uint8", "q4", "bnb4"];
    if quantized.iter().any(|mark| name.contains(mark)) {
        Precision::Int8
    } else if name.contains("fp16") {
        Precision::Fp16
    } else if name.contains("bf16") {
        Precision::Bf16
    } else {
        Precision::Fp32
    }
}

/// The file `name`, and the files that exporters put its weights into.
pub(crate) fn with_data(name: &str) -> [String; 3] {
    [
        name.to_owned(),
        format!("{name}_data"),
        format!("{name}.data"),
    ]
}

/// Where the file `name` of `dir` lies.
///
/// # Errors
/// When the model is inside the program, where ONNX Runtime cannot look for the file's weights.
pub(crate) fn path(dir: &ModelDir, name: &str) -> Result<PathBuf> {
    dir.on_disk_path(name).ok_or_else(|| Error::Model {
        path: dir.path_of(name),
        problem: "an ONNX file has to lie on disk".into(),
    })
}

/// Which output of `session` to read, and its size if the file says it.
///
/// # Errors
/// When the graph reads what nobody here gives it, or gives neither states nor vectors.
pub(crate) fn output(
    dir: &ModelDir,
    name: &str,
    session: &Lease<'_>,
) -> Result<(Output, Option<usize>)> {
    let problem = |problem: String| Error::Model {
        path: dir.path_of(name),
        problem,
    };
    let known = [INPUT_IDS, MASK, TOKEN_TYPES];
    let mut inputs = session.inputs().iter().map(|input| input.name());
    if let Some(input) = inputs.find(|input| !known.contains(input)) {
        return Err(problem(format!(
            "it reads `{input}`, expected no more than {}",
            known.join(", ")
        )));
    }
    let find = |name: &str, rank: usize| {
        let mut outputs = session.outputs().iter();
        let output = outputs.find(|output| output.name() == name)?;
        let shape = output.dtype().tensor_shape()?;
        let dim = shape.last().and_then(|dim| usize::try_from(*dim).ok());
        (shape.len() == rank).then_some((name.to_owned(), dim))
    };
    let states = ["last_hidden_state", "token_embeddings"]
        .iter()
        .find_map(|name| find(name, 3));
    if let Some((name, dim)) = states {
        return Ok((Output::States(name), dim));
    }
    if let Some((name, dim)) = find("sentence_embedding", 2) {
        return Ok((Output::Vectors(name), dim));
    }
    let names: Vec<&str> = session
        .outputs()
        .iter()
        .map(|output| output.name())
        .collect();
    Err(problem(format!(
        "it gives {}, expected last_hidden_state, token_embeddings or sentence_embedding",
        names.join(", ")
    )))
}
