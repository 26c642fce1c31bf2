//! Cross-encoders as rerankers: every candidate is read together with the query, under its own stack.

use ndarray::ArrayView1;
use rayon::prelude::*;
use xenoglot_engine::model::{Activation, TokenPair, Tokens};
use xenoglot_engine::{Deadline, Document, Query, Reranked, Reranker, Scale, ScoredBy};

use crate::composer::Composer;
use crate::error::{Error, Result};
use crate::languages::LanguageModules;
use crate::stack::{AdapterStack, ModuleId};

/// Candidates that are scored together where there is a deadline: few, so that the clock is looked at often.
const CANDIDATES_BETWEEN_LOOKS: usize = 4;
/// Windows of one document that are looked at, which bounds the time that a long one takes.
const MAX_WINDOWS: usize = 32;

/// A cross-encoder that scores documents (Nogueira & Cho 2019), with modules composed for the languages at hand.
pub struct CrossEncoder {
    composer: Composer,
    settings: CrossEncoderSettings,
}

/// How a cross-encoder sees documents.
#[derive(Debug, Clone, Default)]
pub struct CrossEncoderSettings {
    /// The language modules.
    pub languages: LanguageModules,
    /// The modules above them.
    pub ranking: Vec<ModuleId>,
    /// What speaks for a document that is longer than the model reads.
    pub passages: Passages,
}

/// What speaks for a document that is longer than the model reads (Dai & Callan 2019).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Passages {
    /// Its beginning.
    #[default]
    First,
    /// The mean of the scores of its best windows, as many as are said; with 1, its best window alone (MaxP). Neighbours
    /// share some tokens.
    Best {
        /// How many windows count.
        windows: usize,
        /// How many tokens neighbours share.
        stride: usize,
    },
}

/// How sure the model is that a document answers, from 0 to 1 unless the model's own `activation` says otherwise.
///
/// One label stands for "relevant": the logistic function, or the `activation` that the model was saved with. Of two labels,
/// the second stands for it.
///
/// # Errors
/// When there are more than two labels.
pub fn relevance(logits: ArrayView1<'_, f32>, activation: Option<Activation>) -> Result<f32> {
    let margin = margin(logits)?;
    Ok(match (logits.len(), activation) {
        (1, Some(Activation::Identity)) => margin,
        // The softmax of two is the logistic function of how far they lie apart.
        _ => (1.0 / (1.0 + (-f64::from(margin)).exp())) as f32,
    })
}

/// What speaks for relevance, without bounds.
fn margin(logits: ArrayView1<'_, f32>) -> Result<f32> {
    match logits.len() {
        1 => Ok(logits[0]),
        2 => Ok(logits[1] - logits[0]),
        n_labels => Err(Error::Labels { n_labels }),
    }
}

impl CrossEncoder {
    /// A cross-encoder over `composer`, which has to know the modules of `settings`.
    pub fn new(composer: Composer, settings: CrossEncoderSettings) -> Self {
        let composer = composer.with_bank(settings.languages.ids());
        Self { composer, settings }
    }

    /// The same, once it is known that every stack that a search may need can be composed, and after one has been.
    pub(crate) fn prepared(self) -> Result<Self> {
        let stacks = self.settings.languages.layers().into_iter();
        let stacks = stacks.map(|language| AdapterStack {
            language,
            ranking: self.settings.ranking.clone(),
        });
        let mut last = AdapterStack::default();
        for stack in stacks {
            let n_labels = self.composer.n_labels(&stack)?;
            if n_labels > 2 {
                return Err(Error::Labels { n_labels });
            }
            last = stack;
        }
        self.composer.prepare(&last)?;
        Ok(self)
    }

    /// What is made of `docs`, all of them.
    fn score(&self, query: &Query, docs: &[Document]) -> Result<Vec<Scored>> {
        let composer = &self.composer;
        let query_tokens = composer.tokens(&query.text)?;
        let stacks: Vec<(AdapterStack, ScoredBy)> =
            docs.iter().map(|doc| self.stack(query, doc)).collect();
        let windows: Vec<Vec<TokenPair>> = docs
            .par_iter()
            .zip(&stacks)
            .map(|(doc, (stack, _))| self.windows(&query_tokens, doc, stack))
            .collect::<Result<_>>()?;
        let of_docs = windows.iter().zip(&stacks);
        let pairs: Vec<(&TokenPair, &AdapterStack)> = of_docs
            .flat_map(|(windows, (stack, _))| windows.iter().map(move |pair| (pair, stack)))
            .collect();
        let logits = composer.logits(&pairs)?;
        let activation = composer.backbone().info().activation;
        let mut rows = logits.rows().into_iter();
        let scored = windows.iter().zip(stacks).map(|(windows, (_, scored_by))| {
            let rows: Vec<_> = rows.by_ref().take(windows.len()).collect();
            let scores = rows.iter().map(|row| relevance(*row, activation));
            let margins = rows.iter().map(|row| margin(*row));
            let passages = self.settings.passages;
            Ok(Scored {
                score: passages.aggregate(scores.collect::<Result<_>>()?),
                unbounded: passages.aggregate(margins.collect::<Result<_>>()?),
                scored_by,
            })
        });
        scored.collect()
    }

    /// The pairs that speak for `doc`.
    fn windows(
        &self,
        query: &Tokens,
        doc: &Document,
        stack: &AdapterStack,
    ) -> Result<Vec<TokenPair>> {
        let tokens = self.composer.tokens(&doc.full_text())?;
        match self.settings.passages {
            Passages::First => Ok(vec![self.composer.pair(query, &tokens, stack)?]),
            Passages::Best { stride, .. } => {
                let mut windows = self.composer.windows(query, &tokens, stride, stack)?;
                windows.truncate(MAX_WINDOWS);
                Ok(windows)
            }
        }
    }

    fn stack(&self, query: &Query, doc: &Document) -> (AdapterStack, ScoredBy) {
        let (language, fallbacks) = self.settings.languages.layer(query.lang, doc.lang);
        let stack = AdapterStack {
            language,
            ranking: self.settings.ranking.clone(),
        };
        let scored_by = ScoredBy {
            modules: stack.modules().map(ToString::to_string).collect(),
            fallbacks,
        };
        (stack, scored_by)
    }
}

impl Passages {
    fn aggregate(self, mut scores: Vec<f32>) -> f32 {
        let n = match self {
            Self::First => 1,
            Self::Best { windows, .. } => windows.clamp(1, scores.len().max(1)),
        };
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        scores.iter().take(n).sum::<f32>() / n as f32
    }
}

/// What was made of one document.
struct Scored {
    score: f32,
    /// The same before it was squeezed between 0 and 1, where 32 bits no longer tell the best ones apart.
    unbounded: f32,
    scored_by: ScoredBy,
}

/// Makes scores fall wherever what they were squeezed from does.
fn break_ties(scored: &mut [Scored]) {
    let mut best_first: Vec<&mut Scored> = scored.iter_mut().collect();
    best_first.sort_by(|a, b| {
        let by_score = b.score.total_cmp(&a.score);
        by_score.then(b.unbounded.total_cmp(&a.unbounded))
    });
    let mut last: Option<(f32, f32)> = None;
    for scored in best_first {
        if let Some((score, unbounded)) = last
            && scored.score >= score
        {
            scored.score = if scored.unbounded < unbounded {
                score.next_down()
            } else {
                score
            };
        }
        last = Some((scored.score, scored.unbounded));
    }
}

impl Reranker for CrossEncoder {
    /// As [`relevance`] makes them.
    fn scale(&self) -> Scale {
        let stack = AdapterStack {
            ranking: self.settings.ranking.clone(),
            ..AdapterStack::default()
        };
        let is_one = self
            .composer
            .n_labels(&stack)
            .is_ok_and(|n_labels| n_labels == 1);
        match self.composer.backbone().info().activation {
            Some(Activation::Identity) if is_one => Scale::Logit,
            _ => Scale::Probability,
        }
    }

    fn rerank(
        &self,
        query: &Query,
        docs: &[Document],
        deadline: &Deadline,
    ) -> xenoglot_engine::Result<Reranked> {
        let at_once = match (deadline.may_come(), self.settings.passages) {
            (false, _) => docs.len().max(1),
            (true, Passages::First) => CANDIDATES_BETWEEN_LOOKS,
            // One document has many windows.
            (true, Passages::Best { .. }) => 1,
        };
        let mut scored = Vec::with_capacity(docs.len());
        for docs in docs.chunks(at_once) {
            if deadline.is_over() {
                break;
            }
            // Whoever searches has not chosen the modules.
            let failed = |error: Error| xenoglot_engine::Error::Rerank {
                source: error.into(),
            };
            scored.extend(self.score(query, docs).map_err(failed)?);
        }
        break_ties(&mut scored);
        Ok(Reranked {
            scores: scored.iter().map(|scored| scored.score).collect(),
            scored_by: scored.into_iter().map(|scored| scored.scored_by).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;

    #[test]
    fn one_label_or_two_say_how_relevant_a_document_is() {
        let check = |logits: &[f32], activation, expected: f32| {
            let found = relevance(arr1(logits).view(), activation).unwrap();
            assert!((found - expected).abs() < 1e-6, "{logits:?}: {found}");
        };
        check(&[0.0], None, 0.5);
        check(&[-2.5], Some(Activation::Identity), -2.5);
        check(&[1.0, 3.0], None, 0.880_797);
        assert!(relevance(arr1(&[1.0, 2.0, 3.0]).view(), None).is_err());
    }

    #[test]
    fn the_best_windows_speak_for_a_document() {
        let check = |passages: Passages, expected: f32| {
            assert_eq!(passages.aggregate(vec![0.25, 1.0, 0.5]), expected);
        };
        let best = |windows| Passages::Best { windows, stride: 0 };
        check(best(1), 1.0);
        check(best(2), 0.75);
        check(best(9), 1.75 / 3.0);
        assert_eq!(Passages::First.aggregate(vec![0.25]), 0.25);
    }

    #[test]
    fn scores_that_32_bits_cannot_tell_apart_fall_where_logits_do() {
        let mut scored: Vec<Scored> = [18.0_f32, 20.0, 20.0, -1.0, 19.0]
            .into_iter()
            .map(|unbounded| Scored {
                score: relevance(arr1(&[unbounded]).view(), None).unwrap(),
                unbounded,
                scored_by: ScoredBy::default(),
            })
            .collect();
        break_ties(&mut scored);
        let scores: Vec<f32> = scored.iter().map(|scored| scored.score).collect();
        assert!(scores[1] > scores[4] && scores[4] > scores[0] && scores[0] > scores[3]);
        assert_eq!(scores[1], scores[2]);
    }
}
