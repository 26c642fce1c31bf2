//! Why a document is where it is, stage by stage.

use std::collections::HashMap;

use serde::Serialize;

use crate::document::DocOrd;
use crate::error::Result;
use crate::language::Lang;
use crate::lexical::{Match, Weighing};
use crate::query::{Plan, Query};
use crate::rerank::ScoredBy;

use super::{Answer, FEEDBACK, LEXICAL, RERANK, Searcher};

/// Where one stage put a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageScore {
    /// The name of the stage.
    pub stage: &'static str,
    /// From 1.
    pub rank: usize,
    /// On the stage's own scale.
    pub score: f32,
    /// The words that found it, where words did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
    /// What scored it, where that is a matter of modules.
    #[serde(flatten)]
    pub scored_by: Option<ScoredBy>,
}

impl Searcher {
    /// Where each stage of `answer`, which is this searcher's to `query` and `plan`, put each document of its ranking, for
    /// the stages that found it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn explain(
        &self,
        query: &Query,
        plan: &Plan,
        answer: &Answer,
    ) -> Result<Vec<Vec<StageScore>>> {
        let docs: Vec<(DocOrd, Lang)> = answer
            .ranking
            .docs()
            .map(|doc| (doc, answer.snapshot.lang(doc)))
            .collect();
        let allowed = answer.snapshot.allowed(None)?;
        let lexical = answer
            .snapshot
            .lexical(&self.settings, &self.terminology, &allowed);
        let matches = |name, expansion| match answer.stages.iter().any(|stage| stage.name == name) {
            true => {
                let weighing = Weighing {
                    bm25: plan.bm25,
                    expansion,
                };
                lexical.explain(query, weighing, &docs)
            }
            false => Ok(vec![Vec::new(); docs.len()]),
        };
        let by_words = matches(LEXICAL, None)?;
        let feedback = matches(FEEDBACK, answer.expansion.as_ref())?;
        let mut explained: Vec<Vec<StageScore>> = vec![Vec::new(); docs.len()];
        for stage in &answer.stages {
            let places: HashMap<DocOrd, usize> = stage.ranking.docs().zip(0..).collect();
            for (at, (doc, _)) in docs.iter().enumerate() {
                let Some(place) = places.get(doc) else {
                    continue;
                };
                explained[at].push(StageScore {
                    stage: stage.name,
                    rank: place + 1,
                    score: stage.ranking.candidates()[*place].score,
                    matches: match stage.name {
                        LEXICAL => by_words[at].clone(),
                        FEEDBACK => feedback[at].clone(),
                        _ => Vec::new(),
                    },
                    scored_by: match stage.name {
                        RERANK => answer.scored_by.get(doc).cloned(),
                        _ => None,
                    },
                });
            }
        }
        Ok(explained)
    }
}
