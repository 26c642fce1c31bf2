//! `adapter_config.json`, flat, with `peft_type` naming the method.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Result;
use crate::module::{Coverage, settings};

use super::pattern::{Names, Pattern};

/// Settings that may be switched on and leave the formulas as they are, or whose effect lies in the file.
const HARMLESS: [&str; 22] = [
    "auto_mapping",
    "corda_config",
    "encoder_hidden_size",
    "ensure_weight_tying",
    "eva_config",
    // The library turns it off for linear layers, and an encoder has no others.
    "fan_in_fan_out",
    "inference_mode",
    "init_ia3_weights",
    "init_weights",
    "layers_pattern",
    "loftq_config",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "num_attention_heads",
    "peft_version",
    "prefix_projection",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
];

/// A method that is known here, as it is configured.
pub(super) enum Method {
    Lora(Box<LoraConfig>),
    Ia3(Ia3Config),
    Prefix(PrefixConfig),
}

impl Method {
    /// What a file of this method may hold, in words.
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self::Lora(_) => "what LoRA is made of, or what `modules_to_save` names",
            Self::Ia3(_) => "what (IA)³ is made of, or what `modules_to_save` names",
            Self::Prefix(_) => "`prompt_embeddings`, or what `modules_to_save` names",
        }
    }
}

/// What all methods share.
#[derive(Deserialize)]
pub(super) struct Common {
    peft_type: String,
    pub(super) base_model_name_or_path: Option<String>,
    modules_to_save: Option<Vec<String>>,
    target_modules: Option<Names>,
    exclude_modules: Option<Value>,
    layers_to_transform: Option<Value>,
    bias: Option<String>,
}

/// LoRA as it is configured. The defaults are the library's.
#[derive(Deserialize)]
pub(super) struct LoraConfig {
    pub(super) r: Option<usize>,
    pub(super) lora_alpha: Option<f32>,
    #[serde(default)]
    pub(super) rank_pattern: Pattern,
    #[serde(default)]
    pub(super) alpha_pattern: Pattern,
    pub(super) use_rslora: Option<bool>,
    pub(super) use_dora: Option<bool>,
    pub(super) lora_bias: Option<bool>,
    init_lora_weights: Option<Value>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct Ia3Config {
    pub(super) feedforward_modules: Option<Names>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct PrefixConfig {
    pub(super) num_virtual_tokens: usize,
    pub(super) token_dim: usize,
    pub(super) num_layers: usize,
    pub(super) num_transformer_submodules: Option<usize>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// What the file at `path` asks for.
///
/// # Errors
/// When it is another method or a variant with another formula, by its name.
pub(super) fn read(path: &Path) -> Result<(Common, Method)> {
    let problem = |text: String| settings::problem(path, text);
    let common: Common = settings::read(path)?;
    // Not by way of a map of JSON: the order of patterns counts, and such a map has its own.
    let method = match common.peft_type.as_str() {
        "LORA" => Method::Lora(settings::read(path)?),
        "IA3" => Method::Ia3(settings::read(path)?),
        "PREFIX_TUNING" => Method::Prefix(settings::read(path)?),
        other => {
            return Err(problem(format!(
                "the method `{other}` is not known here; known are LORA, IA3, PREFIX_TUNING"
            )));
        }
    };
    let others = match &method {
        Method::Lora(config) => {
            config.check_start().map_err(problem)?;
            &config.others
        }
        Method::Ia3(config) => &config.others,
        Method::Prefix(config) => &config.others,
    };
    match others.iter().find(|(key, value)| is_on(key, value)) {
        Some((key, value)) => Err(problem(format!(
            "field `{key}`: got {value}, and what it changes is not known here; expected it to be off"
        ))),
        None => Ok((common, method)),
    }
}

/// Whether a setting that nobody here reads is switched on.
fn is_on(key: &str, value: &Value) -> bool {
    let read = [
        "base_model_name_or_path",
        "bias",
        "exclude_modules",
        "layers_to_transform",
        "modules_to_save",
        "peft_type",
    ];
    let off = match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    };
    !off && !read.contains(&key) && !HARMLESS.contains(&key)
}

impl LoraConfig {
    /// The weights of the backbone are those that it came with.
    fn check_start(&self) -> Result<(), String> {
        let Some(Value::String(start)) = &self.init_lora_weights else {
            return Ok(());
        };
        let start = start.to_lowercase();
        // These subtract what A and B begin with from the backbone, and the file does not hold what was left.
        let changes = ["pissa", "corda", "olora", "loftq", "lora_ga"];
        if changes.iter().any(|name| start.starts_with(name)) {
            return Err(format!(
                "field `init_lora_weights`: got {start:?}, which also changes the backbone; expected a module that \
                 was saved for the plain backbone"
            ));
        }
        Ok(())
    }
}

impl Common {
    /// Which layers ought to have tensors.
    pub(super) fn coverage(&self) -> Coverage {
        let restricts = |value: &Option<Value>| match value {
            None | Some(Value::Null) => false,
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        };
        let by_number = self
            .target_modules
            .as_ref()
            .is_some_and(Names::may_tell_layers_apart);
        if by_number || restricts(&self.layers_to_transform) || restricts(&self.exclude_modules) {
            return Coverage::Named;
        }
        Coverage::AllBut(BTreeSet::new())
    }

    /// Whether biases of the backbone were trained too.
    pub(super) fn trains_biases(&self) -> bool {
        self.bias.as_deref().is_some_and(|bias| bias != "none")
    }

    /// Whether `modules_to_save` names the module that the tensor `name` belongs to.
    pub(super) fn is_saved(&self, name: &str) -> bool {
        let modules = self.modules_to_save.iter().flatten();
        let mut ends: Vec<&str> = name
            .match_indices('.')
            .filter_map(|(at, _)| name.get(..at))
            .collect();
        ends.dedup();
        modules
            .into_iter()
            .any(|saved| ends.iter().any(|module| module.ends_with(saved.as_str())))
    }
}
