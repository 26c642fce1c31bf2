//! What is asked, and what is to be done about it.

use ndarray::Array1;

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::fusion::Fusion;
use crate::language::Lang;
use crate::lexical::{Bm25, Rm3};
use crate::search::LanguageMix;

/// A query whose language is already resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The words of the user.
    pub text: String,
    /// Their language, or [`Lang::UNKNOWN`].
    pub lang: Lang,
}

/// How a query is to be answered: the stages of [`Searcher::search`](crate::Searcher::search) and their depths.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where candidates come from.
    pub first_stage: FirstStage,
    /// How many candidates the first stage passes on, and the most hits there can be.
    pub depth: usize,
    /// Which documents may be found; `None` means all.
    pub filter: Option<Filter>,
    /// How words are weighed; `None` as the index was made.
    pub bm25: Option<Bm25>,
    /// How the best documents by their words add to the words; `None` leaves the query as it is.
    pub feedback: Option<Rm3>,
    /// How candidates are reranked; `None` leaves the first stage's order.
    pub rerank: Option<RerankPlan>,
    /// How documents of several languages share the list.
    pub mix: LanguageMix,
    /// The query as a vector of unit length, where that is known already; its words are encoded otherwise.
    pub vector: Option<Array1<f32>>,
    /// After this no stage begins that looks at vectors, and no more candidates are reranked; the answer says that it is partial.
    pub deadline: Deadline,
}

/// What reranks candidates, and how far down.
#[derive(Debug, Clone, PartialEq)]
pub struct RerankPlan {
    /// The name of a reranker that the searcher has.
    pub stack: String,
    /// How many candidates are reranked.
    pub depth: usize,
    /// How much the first stage's scores count beside the reranker's, from 0 to 1, both stretched to the same range. As in
    /// Litschko et al. (2022) they do not count (0) unless somebody says so.
    pub first_stage_weight: f32,
}

/// Where candidates come from.
#[derive(Debug, Clone, PartialEq)]
pub enum FirstStage {
    /// BM25.
    Lexical,
    /// Nearest vectors.
    Dense,
    /// Both, fused.
    Hybrid(Fusion),
}

/// How far down is looked for documents of languages that a list by scores may lack.
const MIN_MIXED_DEPTH: usize = 1_000;

impl Plan {
    /// How many candidates the first stage finds: as many as the deepest stage after it needs.
    pub(crate) fn pool(&self) -> usize {
        let rerank = self.rerank.as_ref().map_or(0, |rerank| rerank.depth);
        let mixed = match self.mix {
            LanguageMix::Scores => 0,
            LanguageMix::Interleaved | LanguageMix::Quota(_) => MIN_MIXED_DEPTH,
        };
        self.depth.max(rerank).max(mixed)
    }

    /// # Errors
    /// When a number is out of its range, or what is asked for has nothing to work on.
    pub fn check(&self) -> Result<()> {
        if let Some(bm25) = &self.bm25 {
            bm25.check()?;
        }
        if let FirstStage::Hybrid(fusion) = &self.first_stage {
            fusion.check()?;
        }
        match (&self.feedback, &self.first_stage) {
            (Some(_), FirstStage::Dense) => Err(Error::Setting {
                name: "first_stage",
                got: "dense".to_owned(),
                expected: "one that looks at words, for feedback does",
            }),
            (Some(feedback), _) => feedback.check(),
            (None, _) => Ok(()),
        }
    }
}

impl Default for Plan {
    /// Ten hits of the hybrid first stage, not reranked.
    fn default() -> Self {
        Self {
            first_stage: FirstStage::Hybrid(Fusion::default()),
            depth: 10,
            filter: None,
            bm25: None,
            feedback: None,
            rerank: None,
            mix: LanguageMix::Scores,
            vector: None,
            deadline: Deadline::default(),
        }
    }
}
