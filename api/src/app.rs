//! What every request shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::http::StatusCode;
use xenoglot_engine::{Deadline, Encoder, Error, Reranker, Result, Role, Searcher};
use xenoglot_reranker::PASSAGES;

use crate::admission::{Admission, Limits, Place};
use crate::batching::{BatchSettings, Batcher, Embedded, Text};
use crate::blocking::blocking;
use crate::client::Client;
use crate::collections::{Collections, DEFAULT_COLLECTION, Home, Tools};
use crate::metrics::Metrics;
use crate::modules::{Modules, ServedModules};
use crate::problem::Problem;

/// How a server works.
pub struct Options {
    /// Searches and rerankings at once; and apart from those, requests whose texts are made ready for the encoder.
    pub searches: Limits,
    /// Writes at once.
    pub writes: Limits,
    /// How texts of several requests are put together for the encoder.
    pub batching: BatchSettings,
    /// The stack of requests that want to rerank and name none.
    pub default_stack: String,
    /// The modules that requests may change, if there are any.
    pub modules: Option<Modules>,
}

impl Default for Options {
    /// Twice as many searches as cores and as many writes; eight times as many wait.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let limits = |running| Limits {
            running,
            waiting: 8 * running,
        };
        Self {
            searches: limits(2 * cores),
            writes: limits(cores),
            batching: BatchSettings::default(),
            default_stack: PASSAGES.to_owned(),
            modules: None,
        }
    }
}

/// Collections, the tools that work on them, and the places of those who ask.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    collections: Collections,
    tools: Tools,
    batcher: Batcher,
    default_stack: String,
    searches: Arc<Admission>,
    embeddings: Arc<Admission>,
    writes: Arc<Admission>,
    modules: Option<ServedModules>,
    metrics: Metrics,
    is_stopping: AtomicBool,
}

impl App {
    /// Opens the collections of `home`.
    ///
    /// # Errors
    /// When one of them cannot be opened, or when the system gives no threads.
    pub fn open(home: Home, mut tools: Tools, options: Options) -> Result<Self> {
        let batcher =
            Batcher::new(tools.encoder, &options.batching).map_err(|source| Error::Threads {
                source: source.into(),
            })?;
        // Whoever searches or writes shares its calls with those who only embed.
        tools.encoder = Arc::new(batcher.clone());
        Ok(Self(Arc::new(Inner {
            collections: Collections::open(home, tools.clone())?,
            tools,
            batcher,
            searches: Admission::new(options.searches),
            embeddings: Admission::new(options.searches),
            writes: Admission::new(options.writes),
            default_stack: options.default_stack,
            modules: options.modules.map(ServedModules::new),
            metrics: Metrics::new(),
            is_stopping: AtomicBool::new(false),
        })))
    }

    /// How many documents there are.
    pub fn n_docs(&self) -> usize {
        let all = self.0.collections.all().into_iter();
        all.map(|(_, searcher)| searcher.manifest().n_docs).sum()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Says that the server stops: from now on it is not ready.
    pub(crate) fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.is_stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn collections(&self) -> &Collections {
        &self.0.collections
    }

    /// The collection `name`, or the one of requests that name none.
    pub(crate) fn collection(&self, name: Option<&str>) -> Result<Arc<Searcher>, Problem> {
        self.0.collections.get(name.unwrap_or(DEFAULT_COLLECTION))
    }

    pub(crate) fn tools(&self) -> &Tools {
        &self.0.tools
    }

    /// The encoder that everybody shares.
    pub(crate) fn batcher(&self) -> &Batcher {
        &self.0.batcher
    }

    /// How many searches run at once, and how many wait.
    pub(crate) fn search_limits(&self) -> Limits {
        self.0.searches.limits()
    }

    pub(crate) fn default_stack(&self) -> &str {
        &self.0.default_stack
    }

    /// The modules that can be changed.
    ///
    /// # Errors
    /// 404 where there are none.
    pub(crate) fn modules(&self) -> Result<&ServedModules, Problem> {
        let why = "this server has no registry of modules; start it with --registry and --backbone";
        (self.0.modules.as_ref()).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, why))
    }

    /// The reranker called `name`, or the one of requests that name none.
    ///
    /// # Errors
    /// 422 when there is none, naming the field.
    pub(crate) fn reranker(
        &self,
        name: Option<&str>,
    ) -> Result<(String, Arc<dyn Reranker>), Problem> {
        let name = name.unwrap_or(self.default_stack());
        let found = self.0.tools.rerankers.get(name);
        let found = found.map_err(|error| Problem::field("rerank.stack", error.to_string()))?;
        Ok((name.to_owned(), found))
    }

    /// Runs `work` for `client` on a thread that may block, once there is a place among searches. Its deadline comes at `until`, or
    /// when the client goes.
    ///
    /// # Errors
    /// Those of `work`; 429 where too many wait, 504 where `until` comes before a place.
    pub(crate) async fn search<T: Send + 'static>(
        &self,
        client: &Client,
        until: Option<Instant>,
        work: impl FnOnce(Deadline) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.place("search", &self.0.searches, client, until);
        let place = place.await?;
        let gone = Gone::default();
        let deadline = gone.or_at(until);
        blocking(move || {
            let _place = place;
            work(deadline)
        })
        .await
    }

    /// The vectors of the texts that `prepare` makes for `client`, once there is a place among those who do that. Where they wait for
    /// the encoder they hold none, so that the texts of many meet there.
    ///
    /// # Errors
    /// Those of `prepare`; 429 where too many wait; a [`Problem`] when the encoder fails.
    pub(crate) async fn embed(
        &self,
        client: &Client,
        role: Role,
        prepare: impl FnOnce(&dyn Encoder, &Deadline) -> Result<Vec<Text>, Problem> + Send + 'static,
    ) -> Result<Embedded, Problem> {
        let place = self.place("embed", &self.0.embeddings, client, None);
        let place = place.await?;
        let gone = Gone::default();
        let deadline = gone.or_at(None);
        let prepare = move |encoder: &dyn Encoder| {
            let _place = place;
            prepare(encoder, &deadline)
        };
        self.0.batcher.embed_prepared(prepare, role, None).await
    }

    /// Runs `work` for `client` on a thread that may block, once there is a place among writes. It is done whole, whether the client
    /// waits for it or not.
    ///
    /// # Errors
    /// Those of `work`; 429 where too many wait.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        client: &Client,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.place("write", &self.0.writes, client, None).await?;
        blocking(move || {
            let _place = place;
            work()
        })
        .await
    }

    /// A place in `admission`; how long that took is counted as waiting of `work`.
    async fn place(
        &self,
        work: &'static str,
        admission: &Arc<Admission>,
        client: &Client,
        until: Option<Instant>,
    ) -> Result<Place, Problem> {
        let asked = Instant::now();
        let place = admission.place(client, until).await?;
        self.0.metrics.waited(work, asked.elapsed());
        Ok(place)
    }

    /// The places of searches, of embeddings and of writes.
    pub(crate) fn admissions(&self) -> [(&'static str, &Admission); 3] {
        [
            ("search", &self.0.searches),
            ("embed", &self.0.embeddings),
            ("write", &self.0.writes),
        ]
    }
}

/// Set when a request is dropped, which is what becomes of it when its client goes.
#[derive(Default)]
struct Gone(Arc<AtomicBool>);

impl Gone {
    /// What is over when this is, or at `until`.
    fn or_at(&self, until: Option<Instant>) -> Deadline {
        Deadline::at(until).or_when(Arc::clone(&self.0))
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
