//! How sentence-transformers turns a backbone into an encoder: the small files beside the weights.

use std::collections::HashMap;

use serde::Deserialize;

use crate::encoder::Role;
use crate::error::{Error, Result};

use super::directory::ModelDir;
use super::pooling::Pooling;

const MODULES: &str = "modules.json";
const LENGTHS: &str = "sentence_bert_config.json";
const PROMPTS: &str = "config_sentence_transformers.json";

/// What happens to a text before and after the backbone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) pooling: Pooling,
    /// Longer texts are cut; without it the backbone alone decides.
    pub(crate) max_tokens: Option<usize>,
    pub(crate) lower_case: bool,
    query_prompt: String,
    passage_prompt: String,
    /// The files that were asked, for the fingerprint.
    pub(crate) files: Vec<String>,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    r#type: String,
}

#[derive(Deserialize)]
struct PoolingConfig {
    /// Since version 6 of sentence-transformers.
    pooling_mode: Option<String>,
    #[serde(default = "yes")]
    include_prompt: bool,
    /// Up to then: `pooling_mode_mean_tokens: true` and so on.
    #[serde(flatten)]
    rest: HashMap<String, serde_json::Value>,
}

fn yes() -> bool {
    true
}

#[derive(Default, Deserialize)]
struct Lengths {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Default, Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: HashMap<String, String>,
    default_prompt_name: Option<String>,
}

impl Recipe {
    /// Reads `modules.json` and what it names. Without one the recipe is plain mean pooling.
    ///
    /// # Errors
    /// When a module, or a way of pooling, is not known here: its vectors would be others than the model's makers mean.
    pub(crate) fn load(dir: &ModelDir) -> Result<Self> {
        let lengths: Lengths = optional(dir, LENGTHS)?;
        let prompts: Prompts = optional(dir, PROMPTS)?;
        let mut recipe = Self {
            pooling: Pooling::Mean,
            max_tokens: lengths.max_seq_length,
            lower_case: lengths.do_lower_case,
            query_prompt: prompts.first_of(&["query"]),
            passage_prompt: prompts.first_of(&["document", "passage", "corpus"]),
            files: [MODULES, LENGTHS, PROMPTS].map(str::to_owned).to_vec(),
        };
        if dir.has(MODULES) {
            for module in dir.json::<Vec<Module>>(MODULES)? {
                recipe.add(dir, &module)?;
            }
        }
        Ok(recipe)
    }

    /// `text` as the backbone expects it.
    pub(crate) fn prepare(&self, text: &str, role: Role) -> String {
        let prompt = match role {
            Role::Query => self.query_prompt.as_str(),
            Role::Passage => &self.passage_prompt,
            Role::Plain => "",
        };
        let text = format!("{prompt}{text}");
        if self.lower_case {
            text.to_lowercase()
        } else {
            text
        }
    }

    fn add(&mut self, dir: &ModelDir, module: &Module) -> Result<()> {
        // The path to the class moved between versions, its name did not.
        match module.r#type.rsplit('.').next() {
            // Vectors are normalised in any case.
            Some("Transformer" | "Normalize") => Ok(()),
            Some("Pooling") => {
                let file = format!("{}/config.json", module.path);
                let config: PoolingConfig = dir.json(&file)?;
                self.pooling = config.pooling().map_err(|problem| Error::Model {
                    path: dir.path_of(&file),
                    problem,
                })?;
                let has_prompt = !(self.query_prompt.is_empty() && self.passage_prompt.is_empty());
                if has_prompt && !config.include_prompt {
                    return Err(Error::Model {
                        path: dir.path_of(&file),
                        problem: "`include_prompt` is false, expected true".into(),
                    });
                }
                self.files.push(file);
                Ok(())
            }
            _ => Err(Error::Model {
                path: dir.path_of(MODULES),
                problem: format!(
                    "module `{}` is not known; known are Transformer, Pooling and Normalize",
                    module.r#type
                ),
            }),
        }
    }
}

impl Prompts {
    fn first_of(&self, names: &[&str]) -> String {
        names
            .iter()
            .copied()
            .chain(self.default_prompt_name.as_deref())
            .find_map(|name| self.prompts.get(name))
            .cloned()
            .unwrap_or_default()
    }
}

impl PoolingConfig {
    fn pooling(&self) -> Result<Pooling, String> {
        let modes = match &self.pooling_mode {
            Some(mode) => vec![mode.as_str()],
            None => self
                .rest
                .iter()
                .filter(|(_, value)| **value == serde_json::Value::Bool(true))
                .filter_map(|(key, _)| key.strip_prefix("pooling_mode_"))
                .collect(),
        };
        match modes[..] {
            ["cls" | "cls_token"] => Ok(Pooling::Cls),
            ["max" | "max_tokens"] => Ok(Pooling::Max),
            // The second divides by another number, and unit vectors do not remember it.
            ["mean" | "mean_tokens" | "mean_sqrt_len_tokens"] => Ok(Pooling::Mean),
            _ => Err(format!(
                "pooling is {}, expected one of cls, mean and max",
                modes.join(" and ")
            )),
        }
    }
}

fn optional<T: Default + for<'de> Deserialize<'de>>(dir: &ModelDir, file: &str) -> Result<T> {
    if dir.has(file) {
        dir.json(file)
    } else {
        Ok(T::default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn recipe(files: &[(&str, &str)]) -> Result<Recipe> {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("1_Pooling")).unwrap();
        for (name, text) in [("config.json", "{}")].iter().chain(files) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Recipe::load(&ModelDir::open(folder.path()).unwrap())
    }

    const WITH_POOLING: (&str, &str) = (
        MODULES,
        r#"[{"path": "", "type": "sentence_transformers.models.Transformer"},
            {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#,
    );

    #[test]
    fn pooling_is_read_from_both_spellings_and_others_are_refused() {
        let check = |config: &str, expected: Result<Pooling, &str>| {
            let found = recipe(&[WITH_POOLING, ("1_Pooling/config.json", config)]);
            match expected {
                Ok(pooling) => assert_eq!(found.unwrap().pooling, pooling, "{config}"),
                Err(part) => {
                    let message = found.unwrap_err().to_string();
                    assert!(message.contains(part), "{message}");
                }
            }
        };
        let old = r#"{"word_embedding_dimension": 8, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#;
        check(old, Ok(Pooling::Cls));
        check(r#"{"pooling_mode_max_tokens": true}"#, Ok(Pooling::Max));
        check(
            r#"{"pooling_mode_mean_sqrt_len_tokens": true}"#,
            Ok(Pooling::Mean),
        );
        check(
            r#"{"embedding_dimension": 8, "pooling_mode": "mean"}"#,
            Ok(Pooling::Mean),
        );
        check(
            r#"{"pooling_mode": "lasttoken"}"#,
            Err("pooling is lasttoken"),
        );
        check("{}", Err("expected one of"));
    }

    #[test]
    fn without_modules_pooling_is_mean() {
        assert_eq!(recipe(&[]).unwrap().pooling, Pooling::Mean);
    }

    #[test]
    fn an_unknown_module_is_refused_by_name() {
        let modules = r#"[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]"#;
        let message = recipe(&[(MODULES, modules)]).unwrap_err().to_string();
        assert!(
            message.contains("sentence_transformers.models.Dense"),
            "{message}"
        );
    }

    #[test]
    fn prompts_stand_before_the_texts_of_their_role() {
        let check = |config: &str, query: &str, passage: &str| {
            let recipe = recipe(&[(PROMPTS, config)]).unwrap();
            let prepared = [Role::Query, Role::Passage].map(|role| recipe.prepare("x", role));
            assert_eq!(prepared, [query, passage]);
            assert_eq!(recipe.prepare("x", Role::Plain), "x");
        };
        check(
            r#"{"prompts": {"query": "q: ", "passage": "p: "}}"#,
            "q: x",
            "p: x",
        );
        check(
            r#"{"prompts": {"all": "a: "}, "default_prompt_name": "all"}"#,
            "a: x",
            "a: x",
        );
        check(
            r#"{"prompts": {"query": "q: "}, "default_prompt_name": null}"#,
            "q: x",
            "x",
        );
    }
}
