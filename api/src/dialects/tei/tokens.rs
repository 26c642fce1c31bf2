//! `POST /tokenize`: texts as the model reads them.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xenoglot_engine::{Encoder, Marks};

use crate::app::App;
use crate::body::Body;
use crate::client::Client;
use crate::dialects::texts::{MAX_TEXTS, check_chars, check_count, check_time};
use crate::limits::MAX_TEXT_CHARS;
use crate::problem::Problem;
use crate::wire::ModelToken;

use super::{ErrorResponse, Failure, role};

/// Texts to be taken apart.
#[derive(Deserialize, ToSchema)]
pub(in crate::dialects) struct TokenizeRequest {
    inputs: TokenizeInputs,
    /// Whether the tokens that the model puts around a text are among the answer; they are unless this is false.
    add_special_tokens: Option<bool>,
    #[schema(pattern = "^(query|document|passage|corpus)$")]
    prompt_name: Option<String>,
}

/// One text or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "a text, or an array of texts")]
enum TokenizeInputs {
    One(String),
    Many(Vec<String>),
}

/// The tokens of each text.
#[derive(Serialize, ToSchema)]
pub(in crate::dialects) struct TokenizeResponse(Vec<Vec<ModelToken>>);

/// Texts as the model reads them
#[utoipa::path(post, path = "/tokenize", tag = "text-embeddings-inference", request_body = TokenizeRequest,
    responses((status = 200, body = TokenizeResponse), (status = "4XX", body = ErrorResponse), (status = "5XX", body = ErrorResponse)))]
pub(in crate::dialects) async fn tokenize(
    State(app): State<App>,
    client: Client,
    body: Result<Body<TokenizeRequest>, Problem>,
) -> Result<Json<TokenizeResponse>, Failure> {
    let Body(request) = body?;
    let texts = match request.inputs {
        TokenizeInputs::One(text) => vec![text],
        TokenizeInputs::Many(texts) => texts,
    };
    if texts.is_empty() {
        return Err(Failure::empty("inputs"));
    }
    check_count("inputs", texts.len(), MAX_TEXTS)?;
    for (i, text) in texts.iter().enumerate() {
        check_chars(&format!("inputs[{i}]"), text, MAX_TEXT_CHARS)?;
    }
    let role = role("prompt_name", request.prompt_name.as_deref())?;
    let marks = match request.add_special_tokens {
        Some(false) => Marks::Without,
        _ => Marks::With,
    };
    let batcher = app.batcher().clone();
    let tokens = app.search(&client, None, move |deadline| {
        let Some(model) = batcher.token_model() else {
            return Ok(None);
        };
        let mut tokens = Vec::with_capacity(texts.len());
        for text in &texts {
            check_time(&deadline)?;
            let of_text = model.tokens(text, role, marks)?;
            tokens.push(of_text.into_iter().map(ModelToken::from).collect());
        }
        Ok(Some(tokens))
    });
    match tokens.await? {
        Some(tokens) => Ok(Json(TokenizeResponse(tokens))),
        None => Err(Failure::backend("the encoder has no tokens".into())),
    }
}
