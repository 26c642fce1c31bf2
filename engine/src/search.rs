//! The corridor: query → lexical ∥ dense → fusion → rerank → ranking. One stage a line, and no stage calls back.

mod explain;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::dense::Recall;
use crate::document::{DocId, DocOrd, Document};
use crate::encoder::{Encoder, Role};
use crate::error::{Error, Result};
use crate::eval::{Retrieved, Run, Topic};
use crate::language::{Detection, Detector, Lang};
use crate::lexical::{Believed, Expansion, Rm3, Weighing};
use crate::lexicon::{Glossary, Lexicons};
use crate::query::{FirstStage, Plan, Query, RerankPlan};
use crate::ranking::{Candidate, Ranking};
use crate::rerank::{Reranked, Reranker, ScoredBy};
use crate::segment::{Manifest, Segment};

pub use explain::StageScore;

/// How far down fusion looks at least: a document that is eleventh in both lists may well be the first of both.
const MIN_FUSED_DEPTH: usize = 100;
/// The stage that BM25 is.
const LEXICAL: &str = "lexical";
/// The stage that BM25 is again, with what the best documents say.
const FEEDBACK: &str = "feedback";
/// The stage that rerankers are.
const RERANK: &str = "rerank";

/// An open index with everything that answers from it.
pub struct Searcher {
    segment: Segment,
    encoder: Arc<dyn Encoder>,
    rerankers: BTreeMap<String, Arc<dyn Reranker>>,
    detector: Detector,
}

/// A ranking and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The candidates, best first.
    pub ranking: Ranking,
    /// The stages that ran, in order.
    pub stages: Vec<Stage>,
    /// How many candidates were reranked, if that was asked for.
    pub n_reranked: Option<usize>,
    /// Whether the deadline came before all was done.
    pub partial: bool,
    /// What was looked for beside the words of the query.
    expansion: Option<Expansion>,
    /// What scored the reranked candidates, if their reranker has modules.
    scored_by: HashMap<DocOrd, ScoredBy>,
}

/// One stage of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// `encode`, `lexical`, `feedback`, `dense`, `fusion` or `rerank`.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// The candidates that came out of it; none out of `encode`.
    pub ranking: Ranking,
}

impl Searcher {
    /// Opens the index in `dir`, whose vectors `encoder` must have made.
    ///
    /// # Errors
    /// When `dir` is no index, is damaged or of another format, or was built with another encoder.
    pub fn open(dir: &Path, encoder: Arc<dyn Encoder>) -> Result<Self> {
        let segment = Segment::open(dir)?;
        segment.check_encoder(dir, encoder.spec())?;
        let languages: Vec<Lang> = segment.manifest.languages.keys().copied().collect();
        Ok(Self {
            detector: Detector::favouring(&languages),
            segment,
            encoder,
            rerankers: BTreeMap::new(),
        })
    }

    /// The language of a query: the one that was given, or the one that `text` looks like, to which the languages of the
    /// documents are likelier than others.
    pub fn query_language(&self, given: Option<Lang>, text: &str) -> Detection {
        self.detector.given_or_detected(given, text)
    }

    /// The same searcher with a reranker, for plans that name it.
    pub fn with_reranker(mut self, name: &str, reranker: Arc<dyn Reranker>) -> Self {
        self.rerankers.insert(name.to_owned(), reranker);
        self
    }

    /// The same searcher, whose words find what they mean in other languages.
    pub fn with_lexicons(mut self, lexicons: Lexicons) -> Self {
        self.segment.lexical.terminology.lexicons = lexicons;
        self
    }

    /// The same searcher, whose words find every form of the terms in `glossary`.
    pub fn with_glossary(mut self, glossary: Glossary) -> Self {
        self.segment.lexical.terminology.glossary = glossary;
        self
    }

    /// What its rerankers are called.
    pub fn stacks(&self) -> impl Iterator<Item = &str> {
        self.rerankers.keys().map(String::as_str)
    }

    /// The same searcher, whose dense search looks at as much as `recall` says.
    pub fn with_recall(mut self, recall: Recall) -> Self {
        self.segment.dense = self.segment.dense.with_recall(recall);
        self
    }

    /// Answers `query` as `plan` says.
    ///
    /// # Errors
    /// When a model or an index fails, or `plan` is out of range; never because of what a query says.
    pub fn search(&self, query: &Query, plan: &Plan) -> Result<Answer> {
        plan.check()?;
        // Every stage sees as many candidates as the deepest one after it needs.
        let rerank_depth = plan.rerank.as_ref().map_or(0, |rerank| rerank.depth);
        let (mut stages, expansion) =
            self.first_stage(query, plan, plan.depth.max(rerank_depth))?;
        let mut n_reranked = None;
        let mut scored_by = HashMap::new();
        if let Some(rerank) = &plan.rerank {
            let ranking = last_ranking(&stages);
            stages.push(timed(RERANK, || {
                let reranked = self.rerank(query, &ranking, rerank, plan.deadline)?;
                n_reranked = Some(reranked.scores.len());
                scored_by = ranking.docs().zip(reranked.scored_by).collect();
                Ok(ranking.rescore_head(&reranked.scores, rerank.first_stage_weight))
            })?);
        }
        let ranking = last_ranking(&stages);
        Ok(Answer {
            partial: n_reranked.is_some_and(|n| n < rerank_depth.min(ranking.len())),
            n_reranked,
            expansion,
            scored_by,
            ranking: ranking.cut(plan.depth),
            stages,
        })
    }

    /// What the reranker that `plan` names makes of the head of `ranking`; nothing after the deadline.
    fn rerank(
        &self,
        query: &Query,
        ranking: &Ranking,
        plan: &RerankPlan,
        deadline: Option<Instant>,
    ) -> Result<Reranked> {
        let Some(reranker) = self.rerankers.get(&plan.stack) else {
            return Err(Error::UnknownStack {
                given: plan.stack.clone(),
                known: self.stacks().collect::<Vec<_>>().join(", "),
            });
        };
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(Reranked::default());
        }
        let docs = self.documents(ranking.docs().take(plan.depth))?;
        reranker.rerank(query, &docs, deadline)
    }

    /// The documents at `ords`, in that order.
    pub fn documents(&self, ords: impl Iterator<Item = DocOrd>) -> Result<Vec<Document>> {
        self.segment.documents.get(ords)
    }

    /// Answers every topic, side by side, as a run called `tag`. A topic is taken to be in the language it names.
    ///
    /// # Errors
    /// When a model or an index fails, or a topic comes twice.
    pub fn run(&self, topics: &[Topic], plan: &Plan, tag: &str) -> Result<Run> {
        let answer = |topic: &Topic| {
            let query = Query {
                text: topic.query.clone(),
                lang: topic.lang,
            };
            let ranking = self.search(&query, plan)?.ranking;
            let retrieved = |candidate: &Candidate| {
                let doc = self.segment.documents.id(candidate.doc)?;
                Ok(Retrieved {
                    doc,
                    score: candidate.score,
                })
            };
            ranking
                .candidates()
                .iter()
                .map(retrieved)
                .collect::<Result<Vec<_>>>()
        };
        let answers: Vec<_> = topics.par_iter().map(answer).collect::<Result<_>>()?;
        let mut run = Run::new(tag)?;
        for (topic, retrieved) in topics.iter().zip(answers) {
            run.add(&topic.id, retrieved)?;
        }
        Ok(run)
    }

    /// The document `id`, if the index has it.
    pub fn document(&self, id: &DocId) -> Result<Option<Document>> {
        let Some(ord) = self.segment.documents.find(id) else {
            return Ok(None);
        };
        Ok(self.documents(std::iter::once(ord))?.pop())
    }

    /// The language of the document `id`, if the index has it.
    pub fn language_of(&self, id: &DocId) -> Option<Lang> {
        let ord = self.segment.documents.find(id)?;
        Some(self.segment.documents.lang(ord))
    }

    /// What the index is.
    pub fn manifest(&self) -> &Manifest {
        &self.segment.manifest
    }

    /// The encoder of queries.
    pub fn encoder(&self) -> &dyn Encoder {
        &*self.encoder
    }

    /// The languages of documents that words of a query in `lang` can judge.
    fn lexically_judged(&self, lang: Lang) -> HashSet<Lang> {
        let languages = self.segment.manifest.languages.keys().copied();
        languages
            .filter(|doc| self.segment.lexical.judges(lang, *doc))
            .collect()
    }

    /// The stages that find candidates, the last of them the best `pool`, and what feedback looked for.
    fn first_stage(
        &self,
        query: &Query,
        plan: &Plan,
        pool: usize,
    ) -> Result<(Vec<Stage>, Option<Expansion>)> {
        let fusion = match &plan.first_stage {
            FirstStage::Lexical => return self.lexical(query, plan, pool),
            FirstStage::Dense => return Ok((self.dense(query, pool)?, None)),
            FirstStage::Hybrid(fusion) => fusion,
        };
        let depth = pool.max(MIN_FUSED_DEPTH);
        let (lexical, dense) = rayon::join(
            || self.lexical(query, plan, depth),
            || self.dense(query, depth),
        );
        let ((mut stages, expansion), dense) = (lexical?, dense?);
        let rankings = [last_ranking(&stages), last_ranking(&dense)];
        stages.extend(dense);
        let judged = self.lexically_judged(query.lang);
        let lang = |doc| self.segment.documents.lang(doc);
        let judges = |i, doc| i != 0 || judged.contains(&lang(doc));
        stages.push(timed("fusion", || {
            Ok(fusion.fuse_among(&rankings, judges, lang, pool))
        })?);
        Ok((stages, expansion))
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
        let search = |weighing, depth| self.segment.lexical.search(query, weighing, depth);
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
        let docs = self.documents(ranking.docs())?;
        let pairs = docs.iter().zip(ranking.candidates());
        let believed: Vec<Believed<'_>> = pairs
            .map(|(doc, candidate)| Believed {
                doc,
                score: candidate.score,
            })
            .collect();
        self.segment.lexical.expansion(rm3, &believed, plan.bm25)
    }

    fn dense(&self, query: &Query, depth: usize) -> Result<Vec<Stage>> {
        let start = Instant::now();
        let vector = self.encoder.encode(&[&query.text], Role::Query)?;
        let encode = Stage {
            name: "encode",
            took: start.elapsed(),
            ranking: Ranking::default(),
        };
        let dense = timed("dense", || self.segment.dense.search(vector.row(0), depth))?;
        Ok(vec![encode, dense])
    }
}

fn timed(name: &'static str, stage: impl FnOnce() -> Result<Ranking>) -> Result<Stage> {
    let start = Instant::now();
    let ranking = stage()?;
    Ok(Stage {
        name,
        took: start.elapsed(),
        ranking,
    })
}

fn last_ranking(stages: &[Stage]) -> Ranking {
    stages
        .last()
        .map(|stage| stage.ranking.clone())
        .unwrap_or_default()
}
