//! The corridor: query → lexical ∥ dense → fusion → rerank → ranking. One stage a line, and no stage calls back.

mod explain;
mod first_stage;
mod mix;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::Array1;
use rayon::prelude::*;

use crate::collection::{Collection, Manifest, SegmentFacts, Snapshot};
use crate::deadline::Deadline;
use crate::dense::Recall;
use crate::document::{DocId, DocOrd, Document};
use crate::encoder::{Encoder, Role};
use crate::error::Result;
use crate::eval::{Retrieved, Run, Topic};
use crate::language::{Detection, Detector, Lang};
use crate::lexical::{Expansion, Terminology};
use crate::passage::Span;
use crate::query::{Plan, Query, RerankPlan};
use crate::ranking::{Candidate, Ranking};
use crate::rerank::{Reranked, Rerankers, ScoredBy};
use crate::segment::IndexSettings;
use crate::snippet::{beginnings, snippets};

pub use explain::StageScore;
pub use mix::LanguageMix;

use first_stage::{FirstStageFound, Search};

/// The stage that BM25 is.
const LEXICAL: &str = "lexical";
/// The stage that BM25 is again, with what the best documents say.
const FEEDBACK: &str = "feedback";
/// The stage that rerankers are.
const RERANK: &str = "rerank";

/// An open index with everything that answers from it.
pub struct Searcher {
    index: Index,
    settings: IndexSettings,
    encoder: Arc<dyn Encoder>,
    rerankers: Rerankers,
    terminology: Arc<Terminology>,
    recall: Recall,
}

/// What is searched.
enum Index {
    /// As it was when it was opened.
    Fixed(Arc<Snapshot>),
    /// As it is when a search begins.
    Live(Arc<Collection>),
}

/// A ranking and how it came about.
#[derive(Clone)]
pub struct Answer {
    /// The candidates, best first.
    pub ranking: Ranking,
    /// The stages that ran, in order.
    pub stages: Vec<Stage>,
    /// How many candidates were reranked, if that was asked for.
    pub n_reranked: Option<usize>,
    /// Whether the deadline came before all was done.
    pub partial: bool,
    /// What was searched: ordinals are of this and no other.
    snapshot: Arc<Snapshot>,
    /// Which part of a document was nearest to the query, where documents are split.
    passages: HashMap<DocOrd, Span>,
    /// The query, where vectors were looked at.
    vector: Option<Array1<f32>>,
    /// What was looked for beside the words of the query.
    expansion: Option<Expansion>,
    /// What scored the reranked candidates, if their reranker has modules.
    scored_by: HashMap<DocOrd, ScoredBy>,
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The document.
    pub doc: Document,
    /// Which part of it was nearest to the query, where the index splits documents and vectors found it.
    pub passage: Option<Span>,
}

impl Found {
    /// The part of the text that was nearest to the query, or all of it.
    pub fn nearest_text(&self) -> &str {
        let passage = self.passage.and_then(|span| span.cut(&self.doc.text));
        passage.unwrap_or(&self.doc.text)
    }
}

impl Answer {
    /// The documents of the ranking, best first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn documents(&self) -> Result<Vec<Found>> {
        let docs = self.snapshot.documents(self.ranking.docs())?;
        let found = docs.into_iter().zip(self.ranking.docs());
        let found = found.map(|(doc, ord)| Found {
            doc,
            passage: self.passages.get(&ord).copied(),
        });
        Ok(found.collect())
    }
}

/// One stage of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// `encode`, `lexical`, `feedback`, `dense`, `fusion`, `rerank` or `mix`.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// The candidates that came out of it; none out of `encode`.
    pub ranking: Ranking,
}

impl Searcher {
    /// Opens the index in `dir` as it is now, whose vectors `encoder` must have made.
    ///
    /// # Errors
    /// When `dir` is no index, is damaged or of another format, or was built with another encoder.
    pub fn open(dir: &Path, encoder: Arc<dyn Encoder>) -> Result<Self> {
        let snapshot = Snapshot::open(dir)?;
        snapshot.check_encoder(dir, encoder.spec())?;
        Ok(Self::over(Index::Fixed(Arc::new(snapshot)), encoder))
    }

    /// Searches `collection`, which was opened with the same encoder, as it is at every moment.
    pub fn live(collection: Arc<Collection>, encoder: Arc<dyn Encoder>) -> Self {
        Self::over(Index::Live(collection), encoder)
    }

    /// Searches `snapshot` alone.
    #[cfg(test)]
    pub(crate) fn fixed(snapshot: Arc<Snapshot>, encoder: Arc<dyn Encoder>) -> Self {
        Self::over(Index::Fixed(snapshot), encoder)
    }

    fn over(index: Index, encoder: Arc<dyn Encoder>) -> Self {
        Self {
            settings: index.snapshot().manifest.settings.clone(),
            index,
            encoder,
            rerankers: Rerankers::default(),
            terminology: Arc::default(),
            recall: Recall::default(),
        }
    }

    /// The collection that is searched, where it can be written.
    pub fn collection(&self) -> Option<&Arc<Collection>> {
        match &self.index {
            Index::Fixed(_) => None,
            Index::Live(collection) => Some(collection),
        }
    }

    /// The language of a query: the one that was given, or the one that `text` looks like, to which the languages of the
    /// documents are likelier than others.
    pub fn query_language(&self, given: Option<Lang>, text: &str) -> Detection {
        let snapshot = self.index.snapshot();
        let languages: Vec<Lang> = snapshot.manifest.languages.keys().copied().collect();
        Detector::favouring(&languages).given_or_detected(given, text)
    }

    /// The same searcher with rerankers, for plans that name one of them.
    pub fn with_rerankers(self, rerankers: Rerankers) -> Self {
        Self { rerankers, ..self }
    }

    /// The same searcher, whose words find what they mean in other languages, and every form of terms.
    pub fn with_terminology(self, terminology: Arc<Terminology>) -> Self {
        Self {
            terminology,
            ..self
        }
    }

    /// The same searcher, whose dense search looks at as much as `recall` says.
    pub fn with_recall(self, recall: Recall) -> Self {
        Self { recall, ..self }
    }

    /// Answers `query` as `plan` says.
    ///
    /// # Errors
    /// When a model or an index fails, or `plan` is out of range; never because of what a query says.
    pub fn search(&self, query: &Query, plan: &Plan) -> Result<Answer> {
        self.search_in(&self.index.snapshot(), query, plan)
    }

    fn search_in(&self, snapshot: &Arc<Snapshot>, query: &Query, plan: &Plan) -> Result<Answer> {
        plan.check()?;
        // Every stage sees as many candidates as the deepest one after it needs.
        let rerank_depth = plan.rerank.as_ref().map_or(0, |rerank| rerank.depth);
        let allowed = snapshot.allowed(plan.filter.as_ref())?;
        let first = Search {
            searcher: self,
            lexical: snapshot.lexical(&self.settings, &self.terminology, &allowed),
            snapshot,
            allowed: &allowed,
        };
        let FirstStageFound {
            mut stages,
            expansion,
            passages,
            vector,
            mut partial,
        } = first.first_stage(query, plan, plan.pool())?;
        let mut n_reranked = None;
        let mut scored_by = HashMap::new();
        if let Some(rerank) = &plan.rerank {
            let ranking = last_ranking(&stages);
            stages.push(timed(RERANK, || {
                let docs = || snapshot.documents(ranking.docs().take(rerank.depth));
                let reranked = self.rerank(query, docs, rerank, &plan.deadline)?;
                n_reranked = Some(reranked.scores.len());
                scored_by = ranking.docs().zip(reranked.scored_by).collect();
                Ok(ranking.rescore_head(&reranked.scores, rerank.first_stage_weight))
            })?);
        }
        if plan.mix != LanguageMix::Scores {
            stages.push(timed("mix", || {
                let ranking = last_ranking(&stages);
                Ok(plan.mix.apply(ranking, |doc| snapshot.lang(doc)))
            })?);
        }
        let ranking = last_ranking(&stages);
        partial |= n_reranked.is_some_and(|n| n < rerank_depth.min(ranking.len()));
        Ok(Answer {
            partial,
            n_reranked,
            snapshot: Arc::clone(snapshot),
            passages,
            vector,
            expansion,
            scored_by,
            ranking: ranking.cut(plan.depth),
            stages,
        })
    }

    /// What the reranker that `plan` names makes of `docs`; nothing after the deadline.
    fn rerank(
        &self,
        query: &Query,
        docs: impl FnOnce() -> Result<Vec<Document>>,
        plan: &RerankPlan,
        deadline: &Deadline,
    ) -> Result<Reranked> {
        let reranker = self.rerankers.get(&plan.stack)?;
        if deadline.is_over() {
            return Ok(Reranked::default());
        }
        reranker.rerank(query, &docs()?, deadline)
    }

    /// Answers every topic, side by side and from the same documents, as a run called `tag`. A topic is taken to be in the
    /// language it names.
    ///
    /// # Errors
    /// When a model or an index fails, or a topic comes twice.
    pub fn run(&self, topics: &[Topic], plan: &Plan, tag: &str) -> Result<Run> {
        let snapshot = self.index.snapshot();
        let answer = |topic: &Topic| {
            let query = Query {
                text: topic.query.clone(),
                lang: topic.lang,
            };
            let ranking = self.search_in(&snapshot, &query, plan)?.ranking;
            let retrieved = |candidate: &Candidate| {
                Ok(Retrieved {
                    doc: snapshot.id(candidate.doc)?,
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
        let snapshot = self.index.snapshot();
        let ord = snapshot.find(id);
        Ok(snapshot.documents(ord.into_iter())?.pop())
    }

    /// The language of the document `id`, if the index has it.
    pub fn language_of(&self, id: &DocId) -> Option<Lang> {
        let snapshot = self.index.snapshot();
        Some(snapshot.lang(snapshot.find(id)?))
    }

    /// What the index is now.
    pub fn manifest(&self) -> Manifest {
        self.index.snapshot().manifest.clone()
    }

    /// The segments that it is made of now.
    pub fn segments(&self) -> Vec<SegmentFacts> {
        self.index.snapshot().facts()
    }

    /// Writes a copy of the index as it is now to `out`, as a tar that [`import`](crate::import) reads.
    ///
    /// # Errors
    /// When the index cannot be read, or `out` fails.
    pub fn write_snapshot(&self, out: &mut dyn std::io::Write) -> Result<()> {
        self.index.snapshot().write_tar(out)
    }

    /// What was fixed when the index was made.
    pub fn settings(&self) -> &IndexSettings {
        &self.settings
    }

    /// Of each of `found`, the documents of `answer` to `query`, the part to show; where `deadline` is over, the first.
    ///
    /// # Errors
    /// When the model fails.
    pub fn snippets(
        &self,
        query: &Query,
        answer: &Answer,
        found: &[Found],
        deadline: &Deadline,
    ) -> Result<Vec<String>> {
        let texts: Vec<&str> = found.iter().map(Found::nearest_text).collect();
        if deadline.is_over() {
            return Ok(beginnings(&texts));
        }
        let vector = match &answer.vector {
            Some(vector) => Cow::Borrowed(vector),
            None => Cow::Owned(self.query_vector(query)?),
        };
        snippets(&*self.encoder, vector.view(), &texts)
    }

    /// The words of `query` as a vector.
    fn query_vector(&self, query: &Query) -> Result<Array1<f32>> {
        let encoded = self.encoder.encode(&[&query.text], Role::Query)?;
        Ok(encoded.row(0).to_owned())
    }

    /// The encoder of queries.
    pub fn encoder(&self) -> &dyn Encoder {
        &*self.encoder
    }
}

impl Index {
    fn snapshot(&self) -> Arc<Snapshot> {
        match self {
            Self::Fixed(snapshot) => Arc::clone(snapshot),
            Self::Live(collection) => collection.snapshot(),
        }
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
