//! One encoder for all requests: texts of several requests in one call.
//!
//! Texts wait in a [`queue`]; workers take from its front what fits into a budget of tokens, and while that runs, the next
//! gathers: nobody waits for company. A thread that may block anyway and finds nobody waiting and a place free encodes by
//! itself, so that a token table, which needs microseconds for a text, is not made slower by threads that wake each other.

mod cache;
mod counts;
mod queue;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tokio::sync::oneshot;
use xenoglot_engine::{Embeddings, Encoder, EncoderSpec, Error, Result, Role, TokenModel};

use crate::blocking::blocking;
use crate::problem::Problem;
use cache::Cache;
pub(crate) use counts::{BatchFigures, Counts};
use queue::{Job, Queue, Share};
pub(crate) use queue::{Refusal, Text};

/// How texts are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSettings {
    /// How many tokens are encoded in one call; without it, what the encoder says of itself. A longer text goes alone.
    pub batch_tokens: Option<usize>,
    /// How many calls run side by side.
    pub workers: usize,
    /// How many tokens may wait; requests beyond are turned away.
    pub queue_tokens: usize,
    /// How many queries' vectors are remembered.
    pub cached_queries: usize,
}

impl Default for BatchSettings {
    /// Two calls, so that one gathers texts and hands out vectors while the other computes; half a million tokens, which is
    /// minutes of work; 10,000 queries, which is 15 MB where vectors have 384 numbers.
    fn default() -> Self {
        Self {
            batch_tokens: None,
            workers: 2,
            queue_tokens: 500_000,
            cached_queries: 10_000,
        }
    }
}

/// An encoder that everybody shares. It is an [`Encoder`] itself, for what runs on threads that may block; what it gives is
/// what the encoder inside gives. Dropped with all its clones, it ends its threads.
#[derive(Clone)]
pub(crate) struct Batcher {
    shared: Arc<Shared>,
    _end: Arc<End>,
}

/// Vectors, and how many tokens their texts had.
pub(crate) struct Embedded {
    pub(crate) vectors: Embeddings,
    pub(crate) n_tokens: usize,
}

struct Shared {
    encoder: Arc<dyn Encoder>,
    batch_tokens: usize,
    workers: usize,
    queue_tokens: usize,
    state: Mutex<State>,
    /// There may be work, a place to do it, or an end.
    change: Condvar,
    cache: Cache,
    counts: Counts,
}

struct State {
    queue: Queue,
    running: usize,
    ended: bool,
}

/// One of the places in which a call may run; dropped, it is free.
struct Place<'a>(&'a Shared);

/// The last handle to a batcher.
struct End(Arc<Shared>);

impl Batcher {
    /// A batcher over `encoder`, with its threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn new(encoder: Arc<dyn Encoder>, settings: &BatchSettings) -> io::Result<Self> {
        let batch_tokens = settings.batch_tokens;
        let shared = Arc::new(Shared {
            batch_tokens: batch_tokens.unwrap_or_else(|| encoder.call_tokens()).max(1),
            encoder,
            workers: settings.workers.max(1),
            queue_tokens: settings.queue_tokens,
            state: Mutex::new(State {
                queue: Queue::default(),
                running: 0,
                ended: false,
            }),
            change: Condvar::new(),
            cache: Cache::new(settings.cached_queries),
            counts: Counts::default(),
        });
        let end = Arc::new(End(Arc::clone(&shared)));
        for number in 0..shared.workers {
            let shared = Arc::clone(&shared);
            let name = format!("encoder-{number}");
            std::thread::Builder::new()
                .name(name)
                .spawn(move || shared.work())?;
        }
        Ok(Self { shared, _end: end })
    }

    /// The vectors of the texts that `prepare` makes, on a thread that may block. After `deadline`, texts that are still
    /// waiting are not encoded any more; where the caller has gone away, neither.
    ///
    /// # Errors
    /// That of `prepare`; 429 where too much is waiting; 504 after the deadline; a [`Problem`] when the encoder fails.
    pub(crate) async fn embed_prepared(
        &self,
        prepare: impl FnOnce(&dyn Encoder) -> Result<Vec<Text>, Problem> + Send + 'static,
        role: Role,
        deadline: Option<Instant>,
    ) -> Result<Embedded, Problem> {
        let shared = Arc::clone(&self.shared);
        let (n_tokens, begun) = blocking(move || {
            let texts = prepare(&*shared.encoder)?;
            let n_tokens = texts.iter().map(|text| text.n_tokens).sum();
            Ok((n_tokens, shared.begin(texts, role, deadline)?))
        })
        .await?;
        let vectors = match begun {
            Begun::Done(vectors) => vectors,
            Begun::Waiting(answer) => answer.await.unwrap_or(Err(Refusal::Ended))?,
        };
        Ok(Embedded { vectors, n_tokens })
    }

    /// What was counted until now.
    pub(crate) fn figures(&self) -> BatchFigures {
        let state = self.shared.lock();
        let (texts, tokens) = (state.queue.n_texts(), state.queue.n_tokens());
        drop(state);
        self.shared
            .counts
            .figures(texts, tokens, self.shared.batch_tokens)
    }

    /// How many tokens one call takes.
    pub(crate) fn max_batch_tokens(&self) -> usize {
        self.shared.batch_tokens
    }
}

/// A job that has been begun.
enum Begun {
    Done(Embeddings),
    Waiting(oneshot::Receiver<Result<Embeddings, Refusal>>),
}

impl Shared {
    /// Encodes `texts` here and now, or puts them into the queue.
    fn begin(
        &self,
        texts: Vec<Text>,
        role: Role,
        deadline: Option<Instant>,
    ) -> Result<Begun, Refusal> {
        let plain: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
        if plain.is_empty() {
            return self.encode(&plain, role).map(Begun::Done);
        }
        if let Some(vectors) = self.known(&plain, role) {
            return Ok(Begun::Done(vectors));
        }
        let n_tokens = texts.iter().map(|text| text.n_tokens).sum();
        if let Some(_place) = self.place(n_tokens) {
            self.counts.batch(plain.len(), n_tokens);
            return self.encode(&plain, role).map(Begun::Done);
        }
        drop(plain);
        let mut state = self.lock();
        let waiting = state.queue.n_tokens();
        if waiting > 0 && waiting + n_tokens > self.queue_tokens {
            self.counts.refused();
            return Err(Refusal::Full);
        }
        Ok(Begun::Waiting(
            self.enqueue(&mut state, texts, role, deadline),
        ))
    }

    fn enqueue(
        &self,
        state: &mut State,
        texts: Vec<Text>,
        role: Role,
        deadline: Option<Instant>,
    ) -> oneshot::Receiver<Result<Embeddings, Refusal>> {
        let (reply, answer) = oneshot::channel();
        state.queue.push(Job::new(texts, role, deadline, reply));
        self.change.notify_one();
        answer
    }

    /// The vector of a query that was asked before.
    fn known(&self, texts: &[&str], role: Role) -> Option<Embeddings> {
        let ([text], Role::Query) = (texts, role) else {
            return None;
        };
        let found = self.cache.get(text);
        self.counts.looked_up(found.is_some());
        found
    }

    /// A place for a call of so many tokens, if one is free and nobody waits for it.
    fn place(&self, n_tokens: usize) -> Option<Place<'_>> {
        let mut state = self.lock();
        let is_free = state.running < self.workers && state.queue.is_empty();
        if !is_free || n_tokens > self.batch_tokens {
            return None;
        }
        state.running += 1;
        Some(Place(self))
    }

    /// What a worker does until the end: takes batches and runs them.
    fn work(&self) {
        loop {
            let (batch, place) = {
                let mut state = self.lock();
                while !state.ended && (state.queue.is_empty() || state.running >= self.workers) {
                    state = wait(&self.change, state);
                }
                if state.ended {
                    return;
                }
                state.running += 1;
                let place = Place(self);
                (state.queue.take(self.batch_tokens, &self.counts), place)
            };
            self.run(&batch);
            drop(place);
        }
    }

    fn run(&self, batch: &[Share]) {
        // Queries first: somebody is waiting for them.
        for role in [Role::Query, Role::Plain, Role::Passage] {
            let shares: Vec<&Share> = batch.iter().filter(|share| share.role() == role).collect();
            if !shares.is_empty() {
                self.run_role(&shares, role);
            }
        }
    }

    fn run_role(&self, shares: &[&Share], role: Role) {
        let texts: Vec<&str> = shares.iter().flat_map(|share| share.texts()).collect();
        let n_tokens = shares.iter().map(|share| share.n_tokens()).sum();
        self.counts.batch(texts.len(), n_tokens);
        match (self.encode(&texts, role), shares) {
            (Ok(vectors), _) => {
                let mut start = 0;
                for share in shares {
                    let rows: Vec<usize> = (start..start + share.len()).collect();
                    start += share.len();
                    share.answer(Ok(vectors.select(&rows)));
                }
            }
            (Err(refusal), [share]) => share.answer(Err(refusal)),
            // Whoever's text it was, the others' are well.
            (Err(_), several) => {
                self.counts.retried();
                for share in several {
                    let texts: Vec<&str> = share.texts().collect();
                    share.answer(self.encode(&texts, role));
                }
            }
        }
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings, Refusal> {
        let encoded = catch_unwind(AssertUnwindSafe(|| self.encoder.encode(texts, role)));
        let vectors = encoded.map_err(|_| Refusal::Panicked)??;
        if role == Role::Query {
            for (i, text) in texts.iter().enumerate() {
                self.cache.put(text, || vectors.select(&[i]));
            }
        }
        Ok(vectors)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a>(change: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    change.wait(state).unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        if !state.queue.is_empty() {
            self.0.change.notify_one();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.change.notify_all();
    }
}

impl Encoder for Batcher {
    fn spec(&self) -> &EncoderSpec {
        self.shared.encoder.spec()
    }

    fn n_tokens(&self, text: &str) -> Result<usize> {
        self.shared.encoder.n_tokens(text)
    }

    fn call_tokens(&self) -> usize {
        self.shared.batch_tokens
    }

    fn token_model(&self) -> Option<&dyn TokenModel> {
        self.shared.encoder.token_model()
    }

    /// Waits for its turn, however many wait: those who search and write are counted elsewhere.
    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        let shared = &*self.shared;
        if let Some(vectors) = shared.known(texts, role) {
            return Ok(vectors);
        }
        let n_tokens = texts.iter().map(|text| queue::estimate(text)).sum();
        // A thread of rayon's must not wait for another that needs rayon's threads.
        let is_rayon = rayon::current_thread_index().is_some();
        let place = shared.place(n_tokens);
        if is_rayon || place.is_some() || texts.is_empty() {
            shared.counts.batch(texts.len(), n_tokens);
            return shared.encode(texts, role).map_err(Refusal::into_error);
        }
        let texts = texts.iter().map(|text| Text::estimated(text)).collect();
        let answer = shared.enqueue(&mut shared.lock(), texts, role, None);
        let answer = answer.blocking_recv().unwrap_or(Err(Refusal::Ended));
        answer.map_err(Refusal::into_error)
    }
}

impl Refusal {
    fn into_error(self) -> Error {
        let doing = "encode texts for several requests";
        let source = match self {
            Self::Failed(error) => return error,
            Self::Panicked => "the encoder panicked",
            Self::Full => "too many are waiting",
            Self::Late => "the time was over",
            Self::Ended => "the server is stopping",
        };
        Error::Runtime {
            doing,
            source: source.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) => error.into(),
            Refusal::Full => Self::too_many(
                "too many texts are waiting for the encoder; try again in a moment",
                Duration::from_secs(1),
            ),
            Refusal::Late => Self::out_of_time("the time was over before the texts were encoded"),
            Refusal::Ended => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server is stopping; ask again in a moment",
            ),
            Refusal::Panicked => Self::internal(&refusal.into_error()),
        }
    }
}

#[cfg(test)]
mod tests;
