//! What the dialects' rerankings have in common: texts become documents in their languages, and go to a reranker.

use xenoglot_engine::language::Detector;
use xenoglot_engine::{DocId, Document, Encoder, Lang, Marks, Query, Role, Scale};

use crate::app::App;
use crate::client::Client;
use crate::limits::{MAX_QUERY_CHARS, MAX_TEXT_CHARS};
use crate::problem::Problem;

use super::texts::{check_chars, check_count};

/// A reranker reads each of them beside the query.
const MAX_PASSAGES: usize = 1_000;

/// What is to be ranked.
pub(super) struct Asked {
    pub(super) query: String,
    /// What the field of the passages is called.
    pub(super) field: &'static str,
    pub(super) passages: Vec<Passage>,
    /// The name of a stack, or of a model that clients are used to.
    pub(super) model: Option<String>,
    /// Where passages are cut, in tokens of the encoder.
    pub(super) max_tokens: Option<usize>,
    pub(super) scores: Scores,
}

/// What is shown to the reranker.
pub(super) struct Passage {
    pub(super) title: String,
    pub(super) text: String,
}

impl From<String> for Passage {
    fn from(text: String) -> Self {
        Self {
            title: String::new(),
            text,
        }
    }
}

/// What scores are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scores {
    /// As the model gives them.
    Raw,
    /// From 0 to 1.
    Relevance,
}

/// What was ranked.
pub(super) struct Ranked {
    /// The name of what did it.
    pub(super) model: String,
    /// Positions and scores, best first.
    pub(super) ranks: Vec<(usize, f32)>,
    /// Tokens of the query and of all passages, as the encoder counts them.
    pub(super) n_tokens: usize,
}

/// Ranks what is asked.
///
/// # Errors
/// When there is too much of it, or when the reranker fails.
pub(super) async fn rerank(app: &App, client: &Client, asked: Asked) -> Result<Ranked, Problem> {
    asked.check()?;
    // Clients are configured with names of models that they know from elsewhere.
    let named = asked.model.as_deref().map(|name| app.reranker(Some(name)));
    let (model, reranker) = match named {
        Some(Ok(named)) => named,
        _ => app.reranker(None)?,
    };
    let batcher = app.batcher().clone();
    app.search(client, None, move |deadline| {
        let docs = documents(asked.passages, asked.max_tokens, &batcher)?;
        let mut langs: Vec<Lang> = docs.iter().map(|doc| doc.lang).collect();
        langs.sort_unstable();
        langs.dedup();
        let query = Query {
            lang: Detector::favouring(&langs).detect(&asked.query).lang,
            text: asked.query,
        };
        let mut n_tokens = batcher.n_tokens(&query.text)?;
        for doc in &docs {
            n_tokens += batcher.n_tokens(&doc.text)?;
        }
        let scores = reranker.rerank(&query, &docs, &deadline)?.scores;
        let scale = reranker.scale();
        let mut ranks: Vec<(usize, f32)> = scores.into_iter().enumerate().collect();
        // Sorted before they are squeezed, which may make neighbours equal.
        ranks.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        for (_, score) in &mut ranks {
            *score = asked.scores.of(*score, scale);
        }
        Ok(Ranked {
            model,
            ranks,
            n_tokens,
        })
    })
    .await
}

impl Asked {
    fn check(&self) -> Result<(), Problem> {
        if self.query.trim().is_empty() {
            let detail = "the query is empty, expected some words";
            return Err(Problem::field("query", detail));
        }
        check_chars("query", &self.query, MAX_QUERY_CHARS)?;
        check_count(self.field, self.passages.len(), MAX_PASSAGES)?;
        for (i, passage) in self.passages.iter().enumerate() {
            let name = format!("{}[{i}]", self.field);
            check_chars(&name, &passage.text, MAX_TEXT_CHARS)?;
            check_chars(&name, &passage.title, MAX_TEXT_CHARS)?;
        }
        Ok(())
    }
}

fn documents(
    passages: Vec<Passage>,
    max_tokens: Option<usize>,
    encoder: &dyn Encoder,
) -> Result<Vec<Document>, Problem> {
    let detector = Detector::new();
    let passages = passages.into_iter().enumerate();
    passages
        .map(|(i, passage)| {
            let text = match max_tokens {
                Some(max_tokens) => cut(passage.text, max_tokens, encoder)?,
                None => passage.text,
            };
            Ok(Document {
                id: DocId(i.to_string()),
                lang: detector.detect(&text).lang,
                title: passage.title,
                text,
                meta: serde_json::Map::new(),
            })
        })
        .collect()
}

/// The first `max_tokens` of `text`.
fn cut(text: String, max_tokens: usize, encoder: &dyn Encoder) -> Result<String, Problem> {
    let Some(model) = encoder.token_model().filter(|_| text.len() > max_tokens) else {
        return Ok(text);
    };
    let tokens = model.tokens(&text, Role::Plain, Marks::Without)?;
    match tokens.get(max_tokens).and_then(|token| token.span) {
        Some((start, _)) => Ok(text.chars().take(start).collect()),
        None => Ok(text),
    }
}

impl Scores {
    /// What is said of a score on `scale`.
    fn of(self, score: f32, scale: Scale) -> f32 {
        let x = f64::from(score);
        let said = match (self, scale) {
            (Self::Raw, Scale::Logit | Scale::Cosine) | (Self::Relevance, Scale::Probability) => {
                return score;
            }
            // Scores that 32 bits cannot tell from 0 or 1 stay as far away as 32 bits can say.
            (Self::Raw, Scale::Probability) => {
                let x = x.clamp(
                    f64::from(f32::MIN_POSITIVE),
                    1.0 - f64::from(f32::EPSILON) / 4.0,
                );
                (x / (1.0 - x)).ln()
            }
            (Self::Relevance, Scale::Logit) => 1.0 / (1.0 + (-x).exp()),
            (Self::Relevance, Scale::Cosine) => x.midpoint(1.0).clamp(0.0, 1.0),
        };
        said as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_said_as_they_are_asked_for() {
        let check = |scores: Scores, scale: Scale, score: f32, expected: f32| {
            let said = scores.of(score, scale);
            assert!(
                (said - expected).abs() < 1e-5,
                "{scores:?} {scale:?} {score}: {said}"
            );
        };
        check(Scores::Relevance, Scale::Probability, 0.75, 0.75);
        check(Scores::Raw, Scale::Probability, 0.75, 3.0_f32.ln());
        check(Scores::Raw, Scale::Logit, -2.5, -2.5);
        check(Scores::Relevance, Scale::Logit, 0.0, 0.5);
        check(Scores::Raw, Scale::Cosine, -0.25, -0.25);
        check(Scores::Relevance, Scale::Cosine, -0.5, 0.25);
        assert!(Scores::Raw.of(1.0, Scale::Probability).is_finite());
        assert!(Scores::Raw.of(0.0, Scale::Probability).is_finite());
    }
}
