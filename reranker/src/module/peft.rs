//! What Hugging Face's PEFT saves.

mod config;
mod ia3;
mod lora;
mod pattern;
mod prefix;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use ndarray::ArrayD;

use crate::error::Result;

use super::tensors::{Tensors, is_head};
use super::{MadeFor, Module};
use config::{Common, Method};

const WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// The module in `dir`.
pub(super) fn load(dir: &Path) -> Result<Module> {
    let path = dir.join("adapter_config.json");
    let (common, method) = config::read(&path)?;
    let mut tensors = Tensors::open(dir, &WEIGHTS, str::to_owned)?;
    let made_for = MadeFor {
        name: common.base_model_name_or_path.clone(),
        prefix: tensors.prefix(),
        ..MadeFor::default()
    };
    let coverage = common.coverage();
    let content = match &method {
        Method::Lora(config) => lora::read(&mut tensors, config, &path)?,
        Method::Ia3(config) => ia3::read(&mut tensors, config, &path)?,
        Method::Prefix(config) => prefix::read(&mut tensors, config)?,
    };
    let dense = dense(&mut tensors, &common)?;
    let module = Module {
        path: dir.to_owned(),
        made_for,
        content,
        tensors: dense,
        head: None,
        coverage,
    };
    if let Some(problem) = module.coverage.problem(module.linear_layers(), None) {
        return Err(tensors.problem(problem));
    }
    tensors.finish(method.expected())?;
    Ok(module)
}

/// Takes whole tensors: heads, what `modules_to_save` names, and biases that were trained too.
fn dense(tensors: &mut Tensors, common: &Common) -> Result<BTreeMap<String, Arc<ArrayD<f32>>>> {
    let mut dense = BTreeMap::new();
    for name in tensors.names() {
        let plain = unwrapped(&name);
        let is_bias = common.trains_biases() && plain.ends_with(".bias");
        if !is_bias && !is_head(&plain) && !common.is_saved(tensors.full_name(&name)) {
            continue;
        }
        let numbers = tensors.any(&name)?;
        // With `bias` "all", a saved layer's bias is there up to three times: as it is, with its wrapper, and as the
        // backbone had it.
        if name.contains(".original_module.") {
            continue;
        }
        match dense.entry(plain) {
            Entry::Vacant(entry) => {
                entry.insert(Arc::new(numbers));
            }
            Entry::Occupied(entry) if **entry.get() == numbers => {}
            Entry::Occupied(_) => {
                return Err(tensors.problem(format!(
                    "`{name}` differs from the same tensor under another name, expected a copy"
                )));
            }
        }
    }
    Ok(dense)
}

/// `name` as the backbone has it: layers that the library wraps have their tensors one or two levels deeper.
fn unwrapped(name: &str) -> String {
    let wrappers = [
        ".base_layer.",
        ".original_module.",
        ".modules_to_save.default.",
        ".modules_to_save.",
    ];
    let unwrap = |name: String, wrapper: &&str| name.replace(*wrapper, ".");
    wrappers.iter().fold(name.to_owned(), unwrap)
}
