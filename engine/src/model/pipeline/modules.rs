//! `modules.json`, and what it points to.

use std::collections::HashMap;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::model::directory::ModelDir;
use crate::model::pooling::{MODES, Pooling};
use crate::model::projection::{Dense, LayerNorm};

use super::{Body, Step, in_folder};

pub(super) const MODULES: &str = "modules.json";

/// What the file says.
pub(super) struct Modules {
    pub(super) body: Body,
    /// The folder of the body's files.
    pub(super) body_path: String,
    pub(super) steps: Vec<Step>,
    /// Whether the tokens of a prompt are left out of pooling.
    pub(super) leaves_prompt_out: bool,
    /// The modules' own files.
    pub(super) files: Vec<String>,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    r#type: String,
}

#[derive(Deserialize)]
struct PoolingConfig {
    /// Since version 6 of sentence-transformers.
    pooling_mode: Option<Modes>,
    #[serde(default = "yes")]
    include_prompt: bool,
    /// Up to then: `pooling_mode_mean_tokens: true` and so on.
    #[serde(flatten)]
    rest: HashMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Modes {
    One(String),
    Several(Vec<String>),
}

fn yes() -> bool {
    true
}

impl Modules {
    /// Reads the file; without one, a transformer and the mean of its states.
    ///
    /// # Errors
    /// When a module is not known, stands where it makes no sense, or cannot be read.
    pub(super) fn load(dir: &ModelDir) -> Result<Self> {
        let mut modules = Self {
            body: Body::Transformer,
            body_path: String::new(),
            steps: Vec::new(),
            leaves_prompt_out: false,
            files: Vec::new(),
        };
        if !dir.has(MODULES) {
            modules.steps.push(Step::Pooling(vec![Pooling::Mean]));
            return Ok(modules);
        }
        let problem = |problem: String| Error::Model {
            path: dir.path_of(MODULES),
            problem,
        };
        let listed: Vec<Module> = dir.json(MODULES)?;
        let Some((body, others)) = listed.split_first() else {
            return Err(problem("it lists no module".into()));
        };
        modules.body = match body.kind() {
            "Transformer" => Body::Transformer,
            "StaticEmbedding" => Body::TokenTable,
            _ => {
                let first = &body.r#type;
                return Err(problem(format!(
                    "module `{first}` comes first, expected Transformer or StaticEmbedding"
                )));
            }
        };
        dir.check_inside(&body.path)?;
        modules.body_path.clone_from(&body.path);
        for module in others {
            modules.add(dir, module)?;
        }
        if modules.body == Body::Transformer && !modules.pools() {
            return Err(problem("it has no module Pooling".into()));
        }
        Ok(modules)
    }

    fn add(&mut self, dir: &ModelDir, module: &Module) -> Result<()> {
        let problem = |problem: String| Error::Model {
            path: dir.path_of(MODULES),
            problem,
        };
        let folder = dir.folder(&module.path)?;
        let kind = module.kind();
        let is_table = self.body == Body::TokenTable;
        match kind {
            "Dropout" => return Ok(()),
            "Pooling" | "Dense" | "LayerNorm" if is_table => {
                return Err(problem(format!(
                    "module `{kind}` after StaticEmbedding is not known; known is Normalize"
                )));
            }
            "Pooling" if self.pools() => {
                return Err(problem("module `Pooling` comes twice".into()));
            }
            "Normalize" | "Dense" | "LayerNorm" if !is_table && !self.pools() => {
                return Err(problem(format!("module `{kind}` comes before Pooling")));
            }
            _ => {}
        }
        let step = match kind {
            "Normalize" => Step::Normalize,
            "Pooling" => self.pooling(&folder)?,
            "Dense" => Step::Dense(Dense::load(&folder)?),
            "LayerNorm" => Step::LayerNorm(LayerNorm::load(&folder)?),
            _ => {
                return Err(problem(format!(
                    "module `{}` is not known; known are Transformer, StaticEmbedding, Pooling, Dense, LayerNorm, \
                     Dropout and Normalize",
                    module.r#type
                )));
            }
        };
        self.steps.push(step);
        let files = ["config.json", "model.safetensors"];
        self.files
            .extend(files.map(|file| in_folder(&module.path, file)));
        Ok(())
    }

    fn pooling(&mut self, folder: &ModelDir) -> Result<Step> {
        let config: PoolingConfig = folder.json("config.json")?;
        self.leaves_prompt_out = !config.include_prompt;
        let modes = config.modes().map_err(|problem| Error::Model {
            path: folder.path_of("config.json"),
            problem,
        });
        Ok(Step::Pooling(modes?))
    }

    fn pools(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| matches!(step, Step::Pooling(_)))
    }
}

impl Module {
    /// The path to a class moves between versions, its name does not.
    fn kind(&self) -> &str {
        self.r#type.rsplit('.').next().unwrap_or_default()
    }
}

impl PoolingConfig {
    fn modes(&self) -> Result<Vec<Pooling>, String> {
        let names: Vec<&str> = match &self.pooling_mode {
            Some(Modes::One(mode)) => vec![mode],
            Some(Modes::Several(modes)) => modes.iter().map(String::as_str).collect(),
            None => self.asked_for_one_by_one(),
        };
        let known: Vec<Pooling> = names
            .iter()
            .filter_map(|name| MODES.iter().find(|(known, _)| known == name))
            .map(|(_, mode)| *mode)
            .collect();
        if known.is_empty() || known.len() < names.len() {
            let expected: Vec<&str> = MODES.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "pooling is {}, expected one or more of {}",
                if names.is_empty() {
                    "none".into()
                } else {
                    names.join(" and ")
                },
                expected.join(", ")
            ));
        }
        Ok(known)
    }

    /// Up to version 5 of sentence-transformers each way had a field of its own, and none of them meant the mean.
    fn asked_for_one_by_one(&self) -> Vec<&'static str> {
        let is_asked = |name: &str| {
            ["", "_tokens", "_token"].iter().any(|end| {
                let field = format!("pooling_mode_{name}{end}");
                self.rest.get(&field) == Some(&true.into())
            })
        };
        let names = MODES.iter().map(|(name, _)| *name);
        let asked: Vec<&str> = names.filter(|name| is_asked(name)).collect();
        if asked.is_empty() {
            vec!["mean"]
        } else {
            asked
        }
    }
}
