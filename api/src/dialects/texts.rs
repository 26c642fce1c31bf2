//! Texts of a request: what may be sent, and what becomes of those that are longer than the model reads.

use serde::Deserialize;
use utoipa::ToSchema;
use xenoglot_engine::{Deadline, Encoder, Marks, Role, TokenModel};

use crate::batching::Text;
use crate::limits::MAX_TEXT_CHARS;
use crate::problem::Problem;

/// OpenAI's own limit, which its clients fill.
pub(super) const MAX_TEXTS: usize = 2_048;

/// One text or several, each as it stands or as token ids of the model.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "a text, an array of token ids, or an array of texts or of arrays of token ids"
)]
pub(super) enum Inputs {
    /// One text.
    Text(String),
    /// Several.
    Many(Vec<Input>),
    /// One text, as token ids.
    Ids(Vec<u32>),
}

/// A text, as it stands or as token ids of the model.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a text, or an array of token ids")]
pub(super) enum Input {
    /// A text.
    Text(String),
    /// Its token ids.
    Ids(Vec<u32>),
}

impl Inputs {
    /// The inputs one by one.
    pub(super) fn into_vec(self) -> Vec<Input> {
        match self {
            Self::Text(text) => vec![Input::Text(text)],
            Self::Many(inputs) => inputs,
            Self::Ids(ids) => vec![Input::Ids(ids)],
        }
    }

    /// Whether there is nothing to be read.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Many(inputs) => inputs.is_empty(),
            Self::Ids(ids) => ids.is_empty(),
        }
    }
}

/// What becomes of a text that is longer than the model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLong {
    Refuse,
    CutBeginning,
    /// As the model's own settings say, which is nearly always the end.
    CutEnd,
}

/// Texts as a request brought them, of the field `field`.
pub(super) struct Texts {
    pub(super) field: &'static str,
    pub(super) inputs: Vec<Input>,
    pub(super) role: Role,
    pub(super) too_long: TooLong,
}

/// # Errors
/// When there are more than `max`.
pub(super) fn check_count(field: &'static str, n_texts: usize, max: usize) -> Result<(), Problem> {
    match n_texts > max {
        true => Err(Problem::too_large(
            field,
            format!("{field} has {n_texts} texts, expected at most {max}"),
        )),
        false => Ok(()),
    }
}

/// # Errors
/// When `text` has more than `max` characters.
pub(super) fn check_chars(field: &str, text: &str, max: usize) -> Result<(), Problem> {
    // A character has a byte at least.
    if text.len() <= max {
        return Ok(());
    }
    match text.chars().count() {
        n_chars if n_chars > max => Err(Problem::too_large(
            field,
            format!("{field} has {n_chars} characters, expected at most {max}"),
        )),
        _ => Ok(()),
    }
}

/// # Errors
/// When `deadline` is over.
pub(super) fn check_time(deadline: &Deadline) -> Result<(), Problem> {
    match deadline.is_over() {
        true => Err(Problem::out_of_time(
            "the time was over before all texts were read",
        )),
        false => Ok(()),
    }
}

impl Texts {
    /// # Errors
    /// When there are too many, or one is far too long.
    pub(super) fn check(&self) -> Result<(), Problem> {
        check_count(self.field, self.inputs.len(), MAX_TEXTS)?;
        for (i, input) in self.inputs.iter().enumerate() {
            match input {
                Input::Text(text) => check_chars(&self.name(i), text, MAX_TEXT_CHARS)?,
                Input::Ids(ids) if ids.len() > MAX_TEXT_CHARS => {
                    return Err(Problem::too_large(
                        self.name(i),
                        format!("{} token ids, expected at most {MAX_TEXT_CHARS}", ids.len()),
                    ));
                }
                Input::Ids(_) => {}
            }
        }
        Ok(())
    }

    /// The texts that `encoder` is to see, with their tokens counted.
    ///
    /// # Errors
    /// When one is too long and may not be cut, when a token id is not the model's, or when `deadline` is over.
    pub(super) fn prepare(
        mut self,
        encoder: &dyn Encoder,
        deadline: &Deadline,
    ) -> Result<Vec<Text>, Problem> {
        let model = encoder.token_model();
        let window = match model {
            Some(model) => window(model, self.role)?,
            None => None,
        };
        let inputs = std::mem::take(&mut self.inputs);
        let texts = inputs.into_iter().enumerate();
        texts
            .map(|(i, input)| {
                check_time(deadline)?;
                let text = self.text(i, input, model)?;
                let text = Text::counted(text, encoder)?;
                match (window, model) {
                    (Some(window), Some(model)) if text.n_tokens > window => {
                        self.shortened(i, text, window, model)
                    }
                    _ => Ok(text),
                }
            })
            .collect()
    }

    fn text(
        &self,
        i: usize,
        input: Input,
        model: Option<&dyn TokenModel>,
    ) -> Result<String, Problem> {
        let ids = match input {
            Input::Text(text) => return Ok(text),
            Input::Ids(ids) => ids,
        };
        let Some(model) = model else {
            let detail = "the encoder has no token ids, expected a text";
            return Err(Problem::field(self.name(i), detail));
        };
        if let Some((at, id)) = ids.iter().enumerate().find(|(_, id)| !model.knows(**id)) {
            return Err(Problem::field(
                format!("{}[{at}]", self.name(i)),
                format!("{id} is no token of the model"),
            ));
        }
        Ok(model.text_of(&ids)?)
    }

    fn shortened(
        &self,
        i: usize,
        text: Text,
        window: usize,
        model: &dyn TokenModel,
    ) -> Result<Text, Problem> {
        let n_tokens = window;
        match self.too_long {
            TooLong::Refuse => {
                let name = self.name(i);
                let detail = format!(
                    "{name} has {} tokens, expected at most {window}; `truncate` cuts it",
                    text.n_tokens
                );
                Err(Problem::too_large(name, detail))
            }
            TooLong::CutEnd => Ok(Text { n_tokens, ..text }),
            TooLong::CutBeginning => {
                let tokens = model.tokens(&text.text, Role::Plain, Marks::Without)?;
                let first = &tokens[tokens.len().saturating_sub(window)..];
                let start = first
                    .iter()
                    .find_map(|token| token.span)
                    .map_or(0, |(start, _)| start);
                let text = text.text.chars().skip(start).collect();
                Ok(Text { text, n_tokens })
            }
        }
    }

    fn name(&self, i: usize) -> String {
        format!("{}[{i}]", self.field)
    }
}

/// How many tokens of a text `model` reads beside the prompt of `role`; nothing where it reads all.
fn window(model: &dyn TokenModel, role: Role) -> Result<Option<usize>, Problem> {
    let Some(max_tokens) = model.max_tokens() else {
        return Ok(None);
    };
    let prompt = match role {
        Role::Plain => 0,
        Role::Query | Role::Passage => model.tokens("", role, Marks::Without)?.len(),
    };
    Ok(Some(max_tokens.saturating_sub(prompt)))
}

/// # Errors
/// When `dimensions` are more than the encoder gives, or none.
pub(super) fn check_dimensions(
    dimensions: Option<usize>,
    encoder: &dyn Encoder,
) -> Result<(), Problem> {
    match dimensions {
        Some(dimensions) => crate::problem::in_range("dimensions", dimensions, encoder.spec().dim),
        None => Ok(()),
    }
}
