//! (IA)³ (Liu et al. 2022).

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Result;
use crate::module::tensors::Tensors;
use crate::module::{Content, Scale, settings};

use super::config::Ia3Config;

/// Takes the scales of the configuration in the file at `path`.
pub(super) fn read(tensors: &mut Tensors, config: &Ia3Config, path: &Path) -> Result<Content> {
    let mut scales = BTreeMap::new();
    for name in tensors.names() {
        let Some(layer) = name.strip_suffix(".ia3_l") else {
            continue;
        };
        let scale = scale(tensors, &name, config, path)?;
        scales.insert(layer.to_owned(), scale);
    }
    if scales.is_empty() {
        return Err(tensors.problem("no tensor of (IA)³, expected the likes of `….ia3_l`"));
    }
    Ok(Content::Scales(scales))
}

fn scale(tensors: &mut Tensors, name: &str, config: &Ia3Config, path: &Path) -> Result<Scale> {
    let full_name = tensors.full_name(name).trim_end_matches(".ia3_l");
    let modules = config.feedforward_modules.as_ref();
    let is_feedforward = modules.map(|modules| modules.contain(full_name));
    let is_feedforward = is_feedforward.transpose();
    let is_feedforward = is_feedforward.map_err(|problem| settings::problem(path, problem))?;
    // The shape tells on which side it stands, and the configuration has to agree.
    let by_shape = match tensors.shape(name) {
        Some([1, n]) if *n > 1 => Some(true),
        Some([_, 1]) => Some(false),
        _ => None,
    };
    match is_feedforward.or(by_shape) {
        Some(true) => {
            let row = tensors.matrix(name, [Some(1), None])?;
            Ok(Scale::Input(row.row(0).to_shared()))
        }
        Some(false) => Ok(Scale::Output(tensors.column(name, None)?)),
        None => {
            let found = tensors.shape(name).unwrap_or_default();
            Err(tensors.problem(format!(
                "tensor `{name}` is {found:?}, expected [_, 1] or [1, _]"
            )))
        }
    }
}
