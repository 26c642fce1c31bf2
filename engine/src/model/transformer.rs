//! Transformer encoders: a tokenizer, batches of texts of like length, and a network.

use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;

use ndarray::{Array2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::encoder::{Embeddings, Encoder, EncoderSpec, Marks, Role, Token, TokenModel};
use crate::error::{Error, Result};

use super::Precision;
use super::architecture::Build;
use super::batching::{Batch, batches, longest_first, run_all};
use super::golden::TokenIds;
use super::network::{Graph, Network, Worker};
use super::pipeline::Pipeline;
use super::session::Execution;
use super::tokenizer::Tokenizer;

/// Texts that are sorted by length together: among so many, each finds others of its length. The next ones are
/// tokenized while these run.
const WINDOW: usize = 1_024;

/// An encoder over any network.
pub(crate) struct TransformerEncoder {
    spec: EncoderSpec,
    tokenizer: Tokenizer,
    pipeline: Pipeline,
    network: Network,
    n_workers: usize,
    batch_tokens: usize,
    call_tokens: usize,
    states: Option<StatesSource>,
    /// The same body without what makes one vector of its states; made when it is first asked for.
    states_network: OnceLock<Network>,
}

/// What a network is made of that answers with the states of tokens.
pub(crate) struct StatesSource {
    pub(crate) build: Build,
    pub(crate) precision: Precision,
    pub(crate) execution: Execution,
}

impl TransformerEncoder {
    /// An encoder of `network`, between the tokenizer and the settings of `pipeline`.
    ///
    /// # Errors
    /// When the tokenizer cannot be read or knows other tokens than the network.
    pub(crate) fn new(
        name: String,
        pipeline: Pipeline,
        network: Network,
        execution: &Execution,
        fingerprint: String,
    ) -> Result<Self> {
        let limits = network.limits;
        let mut tokenizer = Tokenizer::load(&pipeline.folder)?;
        tokenizer.check_knows(&pipeline.folder, &pipeline.special_tokens)?;
        if pipeline.lower_case {
            tokenizer = tokenizer.lower_cased(&pipeline.folder)?;
        }
        if let Some(vocab_size) = limits.vocab_size {
            tokenizer.check_ids(&pipeline.folder, vocab_size)?;
        }
        Ok(Self {
            spec: EncoderSpec {
                name,
                fingerprint,
                dim: limits.dim,
            },
            tokenizer: tokenizer.truncated(&pipeline.folder, limits.max_tokens, pipeline.cut)?,
            pipeline,
            network,
            n_workers: execution.n_sessions(),
            batch_tokens: execution.batch_tokens(),
            call_tokens: execution.call_tokens(),
            states: None,
            states_network: OnceLock::new(),
        })
    }

    /// The same encoder, which can show the states of tokens.
    pub(crate) fn with_states(self, source: StatesSource) -> Self {
        Self {
            states: Some(source),
            ..self
        }
    }

    /// What answers with the states of one text.
    fn states_network(&self, source: &StatesSource) -> Result<&Network> {
        if let Some(network) = self.states_network.get() {
            return Ok(network);
        }
        let lengths = source.execution.lengths();
        let graph = Graph::states(&self.pipeline, source.build, source.precision, lengths)?;
        // Few ask for states: one session holds less memory.
        let network = Network::of_graph(graph, &source.execution.in_one_session())?;
        Ok(self.states_network.get_or_init(|| network))
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<u32>>> {
        let ids = texts.par_iter().map(|text| {
            let text = self.pipeline.prepare(text, role);
            self.tokenizer.ids_with_special(&text)
        });
        ids.collect()
    }

    /// Fills `rows`, one per text of `ids`, which begin as zeros.
    fn run_window(&self, ids: &[Vec<u32>], mut rows: ArrayViewMut2<'_, f32>) -> Result<()> {
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let order = longest_first(&lengths);
        let batches = batches(&order, &lengths, self.batch_tokens, self.network.lengths);
        let done = run_all(
            &batches,
            self.n_workers,
            || self.network.worker(),
            |worker, batch| self.run_batch(worker, ids, batch),
        )?;
        for (batch, vectors) in batches.iter().zip(done) {
            for (text, vector) in batch.texts.iter().zip(vectors.rows()) {
                // In a text without a single token the network sees nothing but padding.
                if !ids[*text].is_empty() {
                    rows.row_mut(*text).assign(&vector);
                }
            }
        }
        Ok(())
    }

    fn run_batch(
        &self,
        worker: &mut Worker<'_>,
        ids: &[Vec<u32>],
        batch: &Batch<'_>,
    ) -> Result<Array2<f32>> {
        let shape = (batch.texts.len(), batch.n_tokens);
        let mut input_ids = Array2::from_elem(shape, self.network.limits.pad_id);
        let mut mask = Array2::zeros(shape);
        for (row, text) in batch.texts.iter().enumerate() {
            for (column, id) in ids[*text].iter().enumerate() {
                input_ids[[row, column]] = i64::from(*id);
                mask[[row, column]] = 1;
            }
        }
        let vectors = worker.run(&input_ids, &mask)?;
        if vectors.iter().all(|x| x.is_finite()) {
            return Ok(vectors);
        }
        Err(Error::NotFinite {
            model: self.spec.name.clone(),
        })
    }
}

impl Encoder for TransformerEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn n_tokens(&self, text: &str) -> Result<usize> {
        self.tokenizer.n_tokens(text)
    }

    fn call_tokens(&self) -> usize {
        self.call_tokens
    }

    fn token_model(&self) -> Option<&dyn TokenModel> {
        Some(self)
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        let mut rows = Array2::zeros((texts.len(), self.spec.dim));
        let windows = rows.axis_chunks_iter_mut(Axis(0), WINDOW);
        // A thread of rayon's must not wait for another that needs rayon's threads.
        if texts.len() <= WINDOW || rayon::current_thread_index().is_some() {
            for (texts, rows) in texts.chunks(WINDOW).zip(windows) {
                self.run_window(&self.tokenize(texts, role)?, rows)?;
            }
            return Ok(Embeddings::normalized(rows));
        }
        std::thread::scope(|scope| {
            let (sender, tokenized) = sync_channel(1);
            scope.spawn(move || {
                for texts in texts.chunks(WINDOW) {
                    // A closed channel means that a window failed, which says why itself.
                    if sender.send(self.tokenize(texts, role)).is_err() {
                        break;
                    }
                }
            });
            for (ids, rows) in tokenized.into_iter().zip(windows) {
                self.run_window(&ids?, rows)?;
            }
            Ok(())
        })?;
        Ok(Embeddings::normalized(rows))
    }
}

impl TokenModel for TransformerEncoder {
    fn max_tokens(&self) -> Option<usize> {
        Some(self.network.limits.max_tokens - self.tokenizer.n_marks())
    }

    fn pooling(&self) -> String {
        self.pipeline.pooling()
    }

    fn tokens(&self, text: &str, role: Role, marks: Marks) -> Result<Vec<Token>> {
        self.tokenizer
            .view(&self.pipeline.prepare(text, role), marks)
    }

    fn knows(&self, id: u32) -> bool {
        self.tokenizer.knows(id)
    }

    fn text_of(&self, ids: &[u32]) -> Result<String> {
        self.tokenizer.text_of(ids)
    }

    fn states(&self, text: &str, role: Role) -> Result<Option<Array2<f32>>> {
        let Some(source) = &self.states else {
            return Ok(None);
        };
        let network = self.states_network(source)?;
        let text = self.pipeline.prepare(text, role);
        let ids = self.tokenizer.ids_with_special(&text)?;
        if ids.is_empty() {
            return Ok(Some(Array2::zeros((0, network.limits.dim))));
        }
        let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
        let input_ids = Array2::from_shape_fn((1, ids.len()), |(_, token)| ids[token]);
        let mask = Array2::ones((1, ids.len()));
        let states = network.worker()?.run(&input_ids, &mask)?;
        if states.iter().all(|x| x.is_finite()) {
            return Ok(Some(states));
        }
        Err(Error::NotFinite {
            model: self.spec.name.clone(),
        })
    }
}

impl TokenIds for TransformerEncoder {
    fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer.ids_with_special(text)
    }
}
