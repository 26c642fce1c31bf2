//! AdapterHub: what the libraries `adapters` and, before it, `adapter-transformers` save.

mod bottleneck;
mod config;
mod head;
mod invertible;
mod lora;
mod prefix;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Result;

use super::settings;
use super::tensors::Tensors;
use super::{Content, Coverage, MadeFor, Module};
use config::{Method, Outer};

const WEIGHTS: [&str; 2] = ["adapter.safetensors", "pytorch_adapter.bin"];

/// The module in `dir`, whose `adapter_config.json` holds `fields`.
pub(super) fn load(dir: &Path, fields: Map<String, Value>) -> Result<Module> {
    let path = dir.join("adapter_config.json");
    let mut outer: Outer = settings::parse(&path, fields)?;
    let method = Method::read(&path, &mut outer)?;
    let mut tensors = Tensors::open(dir, &WEIGHTS, |name| without_adapter(name, &outer.name))?;
    let is_own = |name: &String| {
        let mut segments = tensors.full_name(name).split('.');
        segments.any(|segment| segment == outer.name)
    };
    if !tensors.names().iter().any(is_own) {
        let name = &outer.name;
        return Err(tensors.problem(format!(
            "no tensor of the adapter `{name}`, expected that name in theirs"
        )));
    }
    let prefix = tensors.prefix();
    let (content, left_out) = content(&mut tensors, method, &outer, &path)?;
    tensors.finish(&format!("what the adapter `{}` is made of", outer.name))?;
    let (dense, head) = head::load(dir, outer.hidden_size)?;
    Ok(Module {
        path: dir.to_owned(),
        made_for: MadeFor {
            name: outer.model_name.filter(|name| !name.is_empty()),
            model_type: outer.model_type,
            dim: Some(outer.hidden_size),
            prefix,
        },
        content,
        tensors: dense,
        head,
        coverage: Coverage::AllBut(left_out),
    })
}

/// Takes what the method is made of; with it come the layers that are left out.
fn content(
    tensors: &mut Tensors,
    method: Method,
    outer: &Outer,
    path: &Path,
) -> Result<(Content, BTreeSet<usize>)> {
    let problem = |problem| settings::problem(path, problem);
    match method {
        Method::Bottleneck(config) => {
            let plan = config.plan(outer).map_err(problem)?;
            let content = bottleneck::read(tensors, &plan)?;
            Ok((Content::Adapter(content), plan.left_out))
        }
        Method::Lora(config) => {
            let plan = config.plan(outer).map_err(problem)?;
            Ok((lora::read(tensors, &plan)?, plan.left_out))
        }
        Method::Prefix(config) => {
            let plan = config.plan(outer).map_err(problem)?;
            let content = prefix::read(tensors, &plan)?;
            Ok((Content::Prefixes(content), BTreeSet::new()))
        }
    }
}

/// `name` without the adapter's own name in it, and with the collections of version 1 under their later names.
///
/// `encoder.layer.0.output.layer_text_lang_adapters.sw.adapter_up.bias` becomes
/// `encoder.layer.0.output.adapters.adapter_up.bias`.
fn without_adapter(name: &str, adapter: &str) -> String {
    let mut segments: Vec<&str> = name.split('.').collect();
    let at = (segments.windows(2)).position(|pair| match pair {
        [collection, of] => *of == adapter && later_name(collection).is_some(),
        _ => false,
    });
    if let Some(at) = at {
        segments.remove(at + 1);
        if let Some(collection) = segments.get_mut(at) {
            *collection = later_name(collection).unwrap_or_default();
        }
    }
    segments.join(".")
}

/// What holds adapters by their names, as it is called since version 2.
fn later_name(collection: &str) -> Option<&'static str> {
    Some(match collection {
        "adapters"
        | "attention_text_lang_adapters"
        | "attention_text_task_adapters"
        | "layer_text_lang_adapters"
        | "layer_text_task_adapters" => "adapters",
        "invertible_adapters" | "invertible_lang_adapters" => "invertible_adapters",
        "loras" => "loras",
        "prefix_tunings" => "prefix_tunings",
        _ => return None,
    })
}
