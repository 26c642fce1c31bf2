//! `adapter_config.json`, whose inner `config` says how an adapter is built.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use xenoglot_engine::model::Activation;

use crate::error::Result;
use crate::module::settings;

use super::bottleneck::BottleneckConfig;
use super::lora::LoraConfig;
use super::prefix::PrefixConfig;

/// The whole file.
#[derive(Deserialize)]
pub(super) struct Outer {
    pub(super) name: String,
    pub(super) model_name: Option<String>,
    pub(super) model_type: Option<String>,
    pub(super) hidden_size: usize,
    version: Option<String>,
    #[serde(rename = "type")]
    role: Option<String>,
    config: Value,
}

/// A method that is known here, as it is configured.
pub(super) enum Method {
    Bottleneck(Box<BottleneckConfig>),
    Lora(LoraConfig),
    Prefix(PrefixConfig),
}

impl Method {
    /// The method of the file at `path`.
    ///
    /// # Errors
    /// When it is another one, by its name.
    pub(super) fn read(path: &Path, outer: &mut Outer) -> Result<Self> {
        let unknown = |given: &str| {
            let known = "bottleneck adapters, lora (with (IA)³ and DoRA), prefix_tuning";
            settings::problem(
                path,
                format!("the method `{given}` is not known here; known are {known}"),
            )
        };
        let config = match std::mem::take(&mut outer.config) {
            Value::Object(config) => config,
            Value::String(name) => preset(&name).ok_or_else(|| unknown(&name))?,
            other => {
                let found = format!("field `config`: got {other}, expected an object or a name");
                return Err(settings::problem(path, found));
            }
        };
        // Version 1 wrote some keys in capitals.
        let config: Map<String, Value> = config
            .into_iter()
            .map(|(key, value)| (key.to_lowercase(), value))
            .collect();
        match config.get("architecture").and_then(Value::as_str) {
            None | Some("bottleneck") => settings::parse(path, config).map(Self::Bottleneck),
            Some("lora") => settings::parse(path, config).map(Self::Lora),
            Some("prefix_tuning") => settings::parse(path, config).map(Self::Prefix),
            Some(other) => Err(unknown(other)),
        }
    }
}

/// What a name stands for in place of an inner configuration.
fn preset(name: &str) -> Option<Map<String, Value>> {
    let value = match name {
        "pfeiffer" | "seq_bn" => bottleneck(Preset::Pfeiffer, json!({})),
        "houlsby" | "double_seq_bn" => bottleneck(Preset::Houlsby, json!({})),
        "pfeiffer+inv" | "seq_bn_inv" => bottleneck(Preset::Pfeiffer, nice()),
        "houlsby+inv" | "double_seq_bn_inv" => bottleneck(Preset::Houlsby, nice()),
        "parallel" | "par_bn" => bottleneck(Preset::Parallel, json!({"scaling": 4.0})),
        "scaled_parallel" | "scaled_par_bn" => {
            bottleneck(Preset::Parallel, json!({"scaling": "learned"}))
        }
        "lora" => json!({"architecture": "lora"}),
        "dora" => json!({"architecture": "lora", "use_dora": true}),
        "ia3" => json!({
            "architecture": "lora", "composition_mode": "scale", "attn_matrices": ["k", "v"],
            "intermediate_lora": true, "r": 1, "alpha": 1,
        }),
        "prefix_tuning" => json!({"architecture": "prefix_tuning"}),
        "prefix_tuning_flat" => json!({"architecture": "prefix_tuning", "flat": true}),
        _ => return None,
    };
    value.as_object().cloned()
}

#[derive(PartialEq)]
enum Preset {
    Pfeiffer,
    Houlsby,
    Parallel,
}

fn nice() -> Value {
    json!({"inv_adapter": "nice", "inv_adapter_reduction_factor": 2})
}

fn bottleneck(preset: Preset, mut config: Value) -> Value {
    let houlsby = preset == Preset::Houlsby;
    let parallel = preset == Preset::Parallel;
    config["mh_adapter"] = json!(houlsby);
    config["output_adapter"] = json!(true);
    config["original_ln_before"] = json!(preset == Preset::Pfeiffer);
    config["non_linearity"] = json!(if houlsby { "swish" } else { "relu" });
    config["reduction_factor"] = json!(if parallel { 2 } else { 16 });
    config["is_parallel"] = json!(parallel);
    config
}

impl Outer {
    /// The activation that the file calls `name`.
    pub(super) fn activation(&self, name: &str) -> Result<Activation, String> {
        // A file without a version is older than 3, where plain GELU was the approximation by the hyperbolic tangent.
        let name = match (name, &self.version) {
            ("gelu", None) => "gelu_new",
            ("gelu_orig", None) => "gelu",
            (name, _) => name,
        };
        activation(name).ok_or_else(|| {
            format!("field `config.non_linearity`: got {name:?}, which is not known here, expected the likes of \"relu\"")
        })
    }

    /// Whether NICE may be configured and not be there: old ranking and task modules name the language module's.
    pub(super) fn may_lack_invertible(&self) -> bool {
        match self.role.as_deref() {
            Some("text_task") => true,
            Some(_) => false,
            None => self.version.is_none(),
        }
    }

    pub(super) fn is_before_adapters_1_1(&self) -> bool {
        let version = self
            .version
            .as_deref()
            .and_then(|version| version.strip_prefix("adapters."));
        let Some(version) = version else {
            return false;
        };
        let mut numbers = version.split('.').map(|number| number.parse::<u32>());
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor)), third) if (major, minor) == (1, 1) => {
                // `1.1.0.dev0` and `1.1.0rc1` come before `1.1.0`.
                third == Some(Ok(0)) && numbers.next().is_some() || matches!(third, Some(Err(_)))
            }
            (Some(Ok(major)), Some(Ok(minor)), _) => (major, minor) < (1, 1),
            _ => false,
        }
    }
}

/// The activation that the library calls `name`.
pub(super) fn activation(name: &str) -> Option<Activation> {
    match name.to_lowercase().as_str() {
        "leakyrelu" => Some(Activation::LeakyRelu),
        name => Activation::named(name),
    }
}
