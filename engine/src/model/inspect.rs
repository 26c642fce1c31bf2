//! What a model directory says of itself, without running it.

use serde::{Deserialize, Serialize};

use crate::encoder::Encoder;
use crate::error::Result;

use super::blocks::Lengths;
use super::directory::ModelDir;
use super::golden::GOLDEN;
use super::network::Graph;
use super::onnx_file;
use super::pipeline::Pipeline;
use super::static_table::StaticEncoder;
use super::weights::Weights;
use super::{Precision, Route};

/// What is known of a model before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelCard {
    /// What people call it.
    pub name: String,
    /// What `config.json` calls its body.
    pub architecture: String,
    /// How it is loaded: `graph` (built here from its weights), `onnx` or `token table`.
    pub route: &'static str,
    /// The ONNX file, on that route.
    pub onnx_file: Option<String>,
    /// Numbers in its weights, where they are safetensors.
    pub parameters: Option<u64>,
    /// The types of those numbers, the most used first.
    pub dtypes: Vec<String>,
    /// Numbers per vector, where that can be told without running it.
    pub dimensions: Option<usize>,
    /// Tokens per text, special ones included; longer texts are cut.
    pub max_tokens: Option<usize>,
    /// What turns token states into a vector, step by step.
    pub steps: Vec<String>,
    /// What stands before every query.
    pub query_prompt: String,
    /// What stands before every passage.
    pub passage_prompt: String,
    /// The languages that its configuration or its card (`README.md`) states.
    pub languages: Vec<String>,
    /// Whether it carries examples that are compared whenever it is loaded.
    pub golden: bool,
    /// What a user should know before using it.
    pub notes: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    model_type: String,
    #[serde(default)]
    languages: Vec<String>,
    hidden_size: Option<usize>,
}

/// Reads all of the model in `dir` but its tokenizer, and runs nothing.
///
/// # Errors
/// Those of [`load`](super::load), as far as they show before a model runs: an unknown architecture, a missing tensor.
pub fn inspect(dir: &ModelDir) -> Result<ModelCard> {
    let pipeline = Pipeline::load(dir)?;
    let config: Config = pipeline.folder.json_or_default("config.json")?;
    let mut card = ModelCard {
        name: dir.name(),
        architecture: config.model_type,
        route: "graph",
        onnx_file: None,
        parameters: None,
        dtypes: Vec::new(),
        dimensions: None,
        max_tokens: pipeline.max_tokens,
        steps: pipeline.steps_in_words(),
        query_prompt: pipeline.query_prompt.clone(),
        passage_prompt: pipeline.passage_prompt.clone(),
        languages: if config.languages.is_empty() {
            languages(dir)
        } else {
            config.languages
        },
        golden: dir.has(GOLDEN),
        notes: pipeline.notes(),
    };
    match Route::of(dir, &pipeline, Precision::Fp32)? {
        Route::TokenTable => {
            card.route = "token table";
            if card.architecture.is_empty() {
                card.architecture = "StaticEmbedding".into();
            }
            card.steps = vec!["mean of the tokens' rows".into()];
            card.notes = Vec::new();
            card.weigh(&Weights::open(&pipeline.folder)?);
            let encoder = StaticEncoder::load(dir, pipeline)?;
            card.max_tokens = encoder.max_tokens();
            card.dimensions = Some(encoder.spec().dim);
        }
        Route::Graph(build) => {
            let graph = Graph::build(&pipeline, build, Precision::Fp32, Lengths::Padded)?;
            card.weigh(&graph.weights);
            card.dimensions = Some(graph.limits.dim);
            card.max_tokens = Some(graph.limits.max_tokens);
        }
        Route::OnnxFile(name) => {
            card.route = "onnx";
            card.dimensions = config.hidden_size.map(|dim| pipeline.dim_after(dim));
            card.dtypes = vec![onnx_file::precision(&name).name().into()];
            card.onnx_file = Some(name);
        }
    }
    Ok(card)
}

impl ModelCard {
    fn weigh(&mut self, weights: &Weights) {
        self.parameters = Some(weights.n_parameters());
        self.dtypes = weights.dtypes();
    }
}

/// The languages in the front matter of a Hugging Face model card: `language: en`, `language: [en, de]`, or a list.
fn languages(dir: &ModelDir) -> Vec<String> {
    let Ok(bytes) = dir.bytes("README.md") else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    if lines.next().map(str::trim) != Some("---") {
        return Vec::new();
    }
    let mut lines = lines.take_while(|line| line.trim() != "---");
    let Some(inline) = lines.find_map(|line| line.strip_prefix("language:")) else {
        return Vec::new();
    };
    let listed = lines
        .take_while(|line| line.trim_start().starts_with("- "))
        .map(|line| line.trim_start().trim_start_matches("- "));
    let inline = inline.trim().trim_matches(['[', ']']).split(',');
    inline
        .chain(listed)
        .map(|code| code.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|code| !code.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn languages_are_read_from_each_way_of_writing_them() {
        let check = |card: &str, expected: &[&str]| {
            let dir = TempDir::new().unwrap();
            fs::write(dir.path().join("config.json"), "{}").unwrap();
            fs::write(dir.path().join("README.md"), card).unwrap();
            let found = languages(&ModelDir::open(dir.path()).unwrap());
            assert_eq!(found, expected, "{card:?}");
        };
        check("---\nlanguage: en\nlicense: mit\n---\n# Card", &["en"]);
        check("---\nlanguage: [en, \"de\"]\n---\n", &["en", "de"]);
        check(
            "---\nlanguage:\n- en\n- sw\ntags:\n- x\n---\n- de",
            &["en", "sw"],
        );
        check("---\nlicense: mit\n---\nlanguage: en", &[]);
        check("# language: en", &[]);
    }
}
