//! The stages that find candidates: words, vectors, and both.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use ndarray::Array1;

use crate::collection::Snapshot;
use crate::collection::snapshot::Allowed;
use crate::document::DocOrd;
use crate::error::Result;
use crate::language::Lang;
use crate::lexical::{Believed, Expansion, LexicalIndex, Rm3, Weighing};
use crate::passage::Span;
use crate::query::{FirstStage, Plan, Query};
use crate::ranking::Ranking;

use super::{FEEDBACK, LEXICAL, Searcher, Stage, last_ranking, timed};

/// How far down fusion looks at least: a document that is eleventh in both lists may well be the first of both.
const MIN_FUSED_DEPTH: usize = 100;

/// What one search runs over.
pub(super) struct Search<'s> {
    pub(super) searcher: &'s Searcher,
    pub(super) snapshot: &'s Snapshot,
    pub(super) lexical: LexicalIndex<'s>,
    /// The documents that may be found, part by part; `None` means all.
    pub(super) allowed: &'s [Allowed<'s>],
}

/// What the stages that find candidates found.
pub(super) struct FirstStageFound {
    pub(super) stages: Vec<Stage>,
    /// What feedback looked for.
    pub(super) expansion: Option<Expansion>,
    pub(super) passages: HashMap<DocOrd, Span>,
    /// The query, where vectors were looked at.
    pub(super) vector: Option<Array1<f32>>,
    /// Whether vectors were left out, because the deadline had come.
    pub(super) partial: bool,
}

/// What dense search found, and the passages that were nearest.
#[derive(Default)]
struct DenseFound {
    stages: Vec<Stage>,
    passages: HashMap<DocOrd, Span>,
    vector: Option<Array1<f32>>,
    /// Whether the deadline came before the end.
    partial: bool,
}

impl Search<'_> {
    /// The stages that find candidates, the last of them the best `pool`.
    pub(super) fn first_stage(
        &self,
        query: &Query,
        plan: &Plan,
        pool: usize,
    ) -> Result<FirstStageFound> {
        let fusion = match &plan.first_stage {
            FirstStage::Lexical => {
                let (stages, expansion) = self.lexical(query, plan, pool)?;
                return Ok(FirstStageFound {
                    stages,
                    expansion,
                    passages: HashMap::new(),
                    vector: None,
                    partial: false,
                });
            }
            FirstStage::Dense => {
                let dense = self.dense(query, plan, pool)?;
                return Ok(FirstStageFound {
                    stages: dense.stages,
                    expansion: None,
                    passages: dense.passages,
                    vector: dense.vector,
                    partial: dense.partial,
                });
            }
            FirstStage::Hybrid(fusion) => fusion,
        };
        let depth = pool.max(MIN_FUSED_DEPTH);
        let (lexical, dense) = rayon::join(
            || self.lexical(query, plan, depth),
            || self.dense(query, plan, depth),
        );
        let ((mut stages, expansion), dense) = (lexical?, dense?);
        let rankings = [last_ranking(&stages), last_ranking(&dense.stages)];
        stages.extend(dense.stages);
        let judged = self.lexically_judged(query.lang);
        let lang = |doc| self.snapshot.lang(doc);
        let judges = |i, doc| i != 0 || judged.contains(&lang(doc));
        stages.push(timed("fusion", || {
            Ok(fusion.fuse_among(&rankings, judges, lang, pool))
        })?);
        Ok(FirstStageFound {
            stages,
            expansion,
            passages: dense.passages,
            vector: dense.vector,
            partial: dense.partial,
        })
    }

    /// The languages of documents that words of a query in `lang` can judge.
    fn lexically_judged(&self, lang: Lang) -> HashSet<Lang> {
        let languages = self.snapshot.manifest.languages.keys().copied();
        languages
            .filter(|doc| self.lexical.judges(lang, *doc))
            .collect()
    }

    /// BM25, and again with what the best documents say where that is asked for.
    fn lexical(
        &self,
        query: &Query,
        plan: &Plan,
        depth: usize,
    ) -> Result<(Vec<Stage>, Option<Expansion>)> {
        let mut weighing = Weighing {
            bm25: plan.bm25,
            expansion: None,
        };
        let search = |weighing, depth| self.lexical.search(query, weighing, depth);
        let Some(rm3) = &plan.feedback else {
            return Ok((vec![timed(LEXICAL, || search(weighing, depth))?], None));
        };
        // Only the documents that are believed are looked at.
        let first = timed(LEXICAL, || search(weighing, rm3.docs))?;
        let start = Instant::now();
        let expansion = self.expansion(&first.ranking, rm3, plan)?;
        weighing.expansion = Some(&expansion);
        let second = Stage {
            name: FEEDBACK,
            ranking: search(weighing, depth)?,
            took: start.elapsed(),
        };
        Ok((vec![first, second], Some(expansion)))
    }

    /// What the documents of `ranking` say.
    fn expansion(&self, ranking: &Ranking, rm3: &Rm3, plan: &Plan) -> Result<Expansion> {
        let docs = self.snapshot.documents(ranking.docs())?;
        let pairs = docs.iter().zip(ranking.candidates());
        let believed: Vec<Believed<'_>> = pairs
            .map(|(doc, candidate)| Believed {
                doc,
                score: candidate.score,
            })
            .collect();
        self.lexical.expansion(rm3, &believed, plan.bm25)
    }

    fn dense(&self, query: &Query, plan: &Plan, depth: usize) -> Result<DenseFound> {
        let mut found = DenseFound::default();
        if plan.deadline.is_over() {
            found.partial = true;
            return Ok(found);
        }
        let vector = match &plan.vector {
            Some(vector) => vector.clone(),
            None => {
                let start = Instant::now();
                let vector = self.searcher.query_vector(query)?;
                found.stages.push(Stage {
                    name: "encode",
                    took: start.elapsed(),
                    ranking: Ranking::default(),
                });
                vector
            }
        };
        if plan.deadline.is_over() {
            found.partial = true;
            return Ok(found);
        }
        found.stages.push(timed("dense", || {
            let (ranking, nearest) =
                self.snapshot
                    .nearest(vector.view(), depth, self.searcher.recall, self.allowed)?;
            found.passages = nearest;
            Ok(ranking)
        })?);
        found.vector = Some(vector);
        Ok(found)
    }
}
