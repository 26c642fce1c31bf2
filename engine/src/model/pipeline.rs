//! How sentence-transformers turns a body into an encoder: the small files beside the weights.

mod modules;
mod settings;

use crate::encoder::Role;
use crate::error::{Error, Result};

use super::directory::ModelDir;
use super::onnx::{Attribute, GraphBuilder, Op, Value};
use super::pooling::{Pooling, pool};
use super::projection::{Dense, LayerNorm};
use super::tokenizer::Cut;

use modules::{MODULES, Modules};
pub(crate) use settings::Limits;
use settings::{PROMPTS, Prompts};

/// What happens to a text before, in and after the body.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) body: Body,
    /// Where the body's files lie.
    pub(crate) folder: ModelDir,
    pub(crate) steps: Vec<Step>,
    /// Longer texts are cut; without it the body alone decides.
    pub(crate) max_tokens: Option<usize>,
    /// What longer texts lose.
    pub(crate) cut: Cut,
    /// Whether capitals are made small, whatever the tokenizer does by itself.
    pub(crate) lower_case: bool,
    /// Tokens that the tokenizer has to know.
    pub(crate) special_tokens: Vec<String>,
    pub(crate) query_prompt: String,
    pub(crate) passage_prompt: String,
    /// Whether the model was made to be compared by products of vectors that keep their length.
    by_dot_product: bool,
    /// Whether `modules.json` was there to say all this.
    stated: bool,
    body_path: String,
    /// Every file that decides what the vectors are, the body's weights aside.
    files: Vec<String>,
}

/// What turns ids into states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Transformer,
    /// A row per token and their mean, without a graph.
    TokenTable,
}

/// What turns states into a vector, one step after the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Several ways stand side by side in the vector.
    Pooling(Vec<Pooling>),
    Dense(Dense),
    LayerNorm(LayerNorm),
    /// To unit length.
    Normalize,
}

impl Pipeline {
    /// Reads `modules.json` and what it names. Without one the pipeline is a transformer and the mean of its states.
    ///
    /// # Errors
    /// When a module, or a way of pooling, is not known here: its vectors would be others than the model's makers mean.
    pub(crate) fn load(dir: &ModelDir) -> Result<Self> {
        let prompts = Prompts::load(dir)?;
        let modules = Modules::load(dir)?;
        if modules.leaves_prompt_out && !prompts.are_empty() {
            return Err(Error::Model {
                path: dir.path_of(MODULES),
                problem:
                    "Pooling has `include_prompt` false, expected true where there are prompts"
                        .into(),
            });
        }
        let folder = dir.folder(&modules.body_path)?;
        let limits = Limits::load(&folder)?;
        let mut files = vec![MODULES.into(), PROMPTS.into()];
        files.extend(modules.files);
        let of_body = limits.files.iter();
        files.extend(of_body.map(|file| in_folder(&modules.body_path, file)));
        Ok(Self {
            body: modules.body,
            folder,
            steps: modules.steps,
            max_tokens: limits.max_tokens,
            cut: limits.cut,
            lower_case: limits.lower_case,
            special_tokens: limits.special_tokens,
            query_prompt: prompts.first_of(&["query"]),
            passage_prompt: prompts.first_of(&["document", "passage", "corpus"]),
            by_dot_product: prompts.by_dot_product,
            stated: dir.has(MODULES),
            body_path: modules.body_path,
            files,
        })
    }

    /// `text` as the body expects it.
    pub(crate) fn prepare(&self, text: &str, role: Role) -> String {
        let prompt = match role {
            Role::Query => &self.query_prompt,
            Role::Passage => &self.passage_prompt,
            Role::Plain => "",
        };
        format!("{prompt}{text}")
    }

    /// Every file that decides what the vectors are: the pipeline's, and the files `of_body` in the body's folder.
    pub(crate) fn files_with(&self, of_body: Vec<String>) -> Vec<String> {
        let mut files = self.files.clone();
        files.extend(of_body.iter().map(|file| in_folder(&self.body_path, file)));
        files
    }

    /// What a user should know before relying on the vectors.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.stated {
            notes.push(format!(
                "there is no {MODULES}: a text's vector is the mean of its tokens' states"
            ));
        }
        if self.by_dot_product {
            notes.push(
                "the model was made to be compared by dot product; here all vectors have unit length".into(),
            );
        }
        notes
    }

    /// The steps as people call them.
    pub(crate) fn steps_in_words(&self) -> Vec<String> {
        let steps = self.steps.iter().map(|step| match step {
            Step::Pooling(modes) => {
                let names: Vec<&str> = modes.iter().map(|mode| mode.name()).collect();
                format!("pooling: {}", names.join(" + "))
            }
            Step::Dense(dense) => format!("dense: {} numbers", dense.n_out),
            Step::LayerNorm(_) => "layer norm".into(),
            Step::Normalize => "unit length".into(),
        });
        steps.collect()
    }

    /// How token states become one vector, by the names of sentence-transformers.
    pub(crate) fn pooling(&self) -> String {
        let modes = self.steps.iter().flat_map(|step| match step {
            Step::Pooling(modes) => modes.as_slice(),
            _ => &[],
        });
        let names: Vec<&str> = modes.map(|mode| mode.name()).collect();
        names.join("+")
    }

    /// How many numbers a vector has if a token's state has `dim`.
    pub(crate) fn dim_after(&self, dim: usize) -> usize {
        self.steps.iter().fold(dim, |dim, step| step.dim_after(dim))
    }

    /// Adds the steps to `graph`, from `states` (`[batch, tokens, dim]`) to one vector per text, of
    /// [`dim_after`](Self::dim_after) numbers.
    ///
    /// # Errors
    /// When a step reads vectors of another size than the one before it gives.
    pub(crate) fn append(
        &self,
        graph: &mut GraphBuilder,
        states: &Value,
        mask: &Value,
        mut dim: usize,
    ) -> Result<Value> {
        let mut vectors = states.clone();
        for step in &self.steps {
            vectors = match step {
                Step::Pooling(modes) => pool(graph, modes, &vectors, mask),
                Step::Dense(dense) => {
                    dense.check(dim)?;
                    dense.append(graph, &vectors)
                }
                Step::LayerNorm(norm) => {
                    norm.check(dim)?;
                    norm.append(graph, &vectors)
                }
                Step::Normalize => normalize(graph, &vectors),
            };
            dim = step.dim_after(dim);
        }
        Ok(vectors)
    }
}

/// The file `file` of the folder `path`, as seen from the directory.
fn in_folder(path: &str, file: &str) -> String {
    match path {
        "" | "." => file.to_owned(),
        path => format!("{path}/{file}"),
    }
}

/// `vectors` in unit length; a vector of zeros stays.
fn normalize(graph: &mut GraphBuilder, vectors: &Value) -> Value {
    let axis = graph.integers(&[1]);
    let keep = [Attribute::Int("keepdims", 1)];
    let length = graph.op_with(Op::Onnx("ReduceL2"), &[vectors, &axis], &keep);
    let tiny = graph.numbers(&[1], &[1e-12]);
    let length = graph.op("Max", &[&length, &tiny]);
    graph.op("Div", &[vectors, &length])
}

impl Step {
    fn dim_after(&self, dim: usize) -> usize {
        match self {
            Self::Pooling(modes) => dim * modes.len(),
            Self::Dense(dense) => dense.n_out,
            Self::LayerNorm(_) | Self::Normalize => dim,
        }
    }
}
