//! `POST /v1/analyze`: what the engine makes of a text.

use axum::Json;
use axum::extract::State;
use xenoglot_engine::analyzer::{Analyzer, romanise};
use xenoglot_engine::language::Detector;
use xenoglot_engine::{Marks, Role};

use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::limits::MAX_TEXT_CHARS;
use crate::problem::Problem;
use crate::wire::{AnalyzeRequest, AnalyzeResponse, AnalyzedWord, ModelToken};

use super::plan::language;

/// What the engine makes of a text: its language, its words and their terms, the tokens of the encoder
#[utoipa::path(post, path = "/analyze", tag = "models", request_body = AnalyzeRequest,
    responses((status = 200, body = AnalyzeResponse)))]
pub(crate) async fn analyze(
    State(app): State<App>,
    client: Client,
    Body(request): Body<AnalyzeRequest>,
) -> Result<Json<AnalyzeResponse>, Problem> {
    let chars = request.text.chars().count();
    if chars > MAX_TEXT_CHARS {
        let detail = format!("the text has {chars} characters, expected at most {MAX_TEXT_CHARS}");
        return Err(Problem::field("text", detail));
    }
    let given = language(&request.lang)?;
    let encoder = app.tools().encoder.clone();
    app.search(&client, None, move |_| {
        let found = Detector::new().given_or_detected(given, &request.text);
        let words = Analyzer::new(found.lang).words(&request.text).into_iter();
        let words = words.map(|word| AnalyzedWord {
            romanised: romanise::keys(&word.raw, found.lang),
            word: word.raw,
            terms: word.terms,
            stop_word: word.is_stop_word,
        });
        let tokens = encoder.token_model().map(|model| -> Result<_, Problem> {
            let tokens = model.tokens(&request.text, Role::Passage, Marks::Without)?;
            Ok(tokens.into_iter().map(ModelToken::from).collect())
        });
        Ok(Json(AnalyzeResponse {
            lang: found.lang,
            confidence: found.confidence,
            words: words.collect(),
            n_tokens: encoder.n_tokens(&request.text)?,
            tokens: tokens.transpose()?,
        }))
    })
    .await
}
