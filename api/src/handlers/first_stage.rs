//! What a request says of the first stage → what the engine is asked for; each fault names its field.

use xenoglot_engine::{Bm25, Error, FirstStage, Fusion, FusionMethod, IndexSettings, Rm3};

use crate::problem::{Problem, in_range};
use crate::wire::{Bm25Settings, FeedbackSettings, FusionSettings, Mode, SearchRequest};

/// Every document that feedback believes is read whole while the client waits.
const MAX_FEEDBACK: usize = 100;

/// Where candidates come from.
pub(crate) fn first_stage(request: &SearchRequest, mode: Mode) -> Result<FirstStage, Problem> {
    match (mode, &request.fusion) {
        (Mode::Hybrid, given) => Ok(FirstStage::Hybrid(match given {
            Some(given) => fusion(given)?,
            None => Fusion::default(),
        })),
        (_, Some(_)) => Err(Problem::field(
            "fusion",
            "fusion needs two rankings, expected the mode hybrid",
        )),
        (Mode::Dense, None) => Ok(FirstStage::Dense),
        (Mode::Lexical, None) => Ok(FirstStage::Lexical),
    }
}

fn fusion(given: &FusionSettings) -> Result<Fusion, Problem> {
    let default = Fusion::default();
    let named = given.method.as_deref().map(str::parse).transpose();
    let named = named.map_err(|error: Error| Problem::field("fusion.method", error.to_string()))?;
    let method = FusionMethod::of(named, given.k).map_err(|error| within("fusion", error))?;
    let fusion = Fusion {
        method,
        lexical_weight: given.lexical_weight.unwrap_or(default.lexical_weight),
        per_language: given.per_language.unwrap_or(default.per_language),
    };
    fusion.check().map_err(|error| within("fusion", error))?;
    Ok(fusion)
}

/// What the best documents add to the words, if that is asked for.
pub(crate) fn feedback(request: &SearchRequest, mode: Mode) -> Result<Option<Rm3>, Problem> {
    let Some(FeedbackSettings {
        docs,
        terms,
        original_weight,
    }) = request.feedback
    else {
        return Ok(None);
    };
    if matches!(mode, Mode::Dense) {
        let detail = "feedback adds words, expected the mode lexical or hybrid";
        return Err(Problem::field("feedback", detail));
    }
    let default = Rm3::default();
    let feedback = Rm3 {
        docs: docs.unwrap_or(default.docs),
        terms: terms.unwrap_or(default.terms),
        original_weight: original_weight.unwrap_or(default.original_weight),
    };
    in_range("feedback.docs", feedback.docs, MAX_FEEDBACK)?;
    in_range("feedback.terms", feedback.terms, MAX_FEEDBACK)?;
    feedback
        .check()
        .map_err(|error| within("feedback", error))?;
    Ok(Some(feedback))
}

/// How words are weighed.
pub(crate) fn bm25(given: &Bm25Settings, settings: &IndexSettings) -> Result<Bm25, Problem> {
    let settings = settings.lexical.bm25;
    let bm25 = Bm25 {
        k1: given.k1.unwrap_or(settings.k1),
        b: given.b.unwrap_or(settings.b),
        title_weight: given.title_weight.unwrap_or(settings.title_weight),
    };
    bm25.check().map_err(|error| within("bm25", error))?;
    Ok(bm25)
}

/// A setting out of its range, of the object in `field`.
fn within(field: &str, error: Error) -> Problem {
    match &error {
        Error::Setting { name, .. } => Problem::field(format!("{field}.{name}"), error.to_string()),
        _ => error.into(),
    }
}
