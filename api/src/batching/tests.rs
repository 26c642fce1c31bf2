use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::runtime::Runtime;
use xenoglot_engine::HashEncoder;

use super::*;

/// The hash encoder behind a gate; it cannot bear some texts.
struct Gated {
    inner: HashEncoder,
    is_open: Mutex<bool>,
    opened: Condvar,
    calls: AtomicUsize,
    seen: Mutex<Vec<String>>,
    /// Whether it takes a moment for each call.
    is_slow: AtomicBool,
}

impl Gated {
    fn new(is_open: bool) -> Arc<Self> {
        Arc::new(Self {
            inner: HashEncoder::new(32),
            is_open: Mutex::new(is_open),
            opened: Condvar::new(),
            calls: AtomicUsize::new(0),
            seen: Mutex::new(Vec::new()),
            is_slow: AtomicBool::new(false),
        })
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Encoder for Gated {
    fn spec(&self) -> &EncoderSpec {
        self.inner.spec()
    }

    fn n_tokens(&self, text: &str) -> Result<usize> {
        self.inner.n_tokens(text)
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let is_open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(is_open, |open| !*open).unwrap());
        if self.is_slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_micros(200));
        }
        assert!(!texts.contains(&"panic"), "asked for");
        if texts.contains(&"fail") {
            let source = "asked for".into();
            return Err(Error::Tokenizer { source });
        }
        let mut seen = self.seen.lock().unwrap();
        seen.extend(texts.iter().map(|text| (*text).to_owned()));
        self.inner.encode(texts, role)
    }
}

impl Batcher {
    async fn embed(&self, texts: Vec<String>, role: Role) -> Result<Embedded, Problem> {
        let prepare = move |encoder: &dyn Encoder| {
            let texts = texts.into_iter().map(|text| Text::counted(text, encoder));
            texts.collect::<Result<_>>().map_err(Problem::from)
        };
        self.embed_prepared(prepare, role, None).await
    }
}

fn settings() -> BatchSettings {
    BatchSettings {
        batch_tokens: Some(8),
        workers: 1,
        queue_tokens: 100,
        cached_queries: 4,
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Waits until `is_so`.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came about");
}

/// A batcher whose only place is taken until the gate opens.
async fn busy(settings: &BatchSettings) -> (Arc<Gated>, Batcher) {
    let encoder = Gated::new(false);
    let batcher = Batcher::new(Arc::clone(&encoder) as Arc<dyn Encoder>, settings).unwrap();
    let first = batcher.clone();
    tokio::spawn(async move { first.embed(texts(&["first"]), Role::Plain).await.map(drop) });
    until(|| encoder.calls.load(Ordering::SeqCst) == 1).await;
    (encoder, batcher)
}

#[test]
fn texts_that_wait_share_a_call_and_keep_their_order() {
    Runtime::new().unwrap().block_on(async {
        let (encoder, batcher) = busy(&settings()).await;
        let jobs = [
            vec!["a b c", "d", "e"],
            vec!["f"],
            vec!["g h i", "j k l m n", "o"],
        ];
        let waiting: Vec<_> = jobs
            .iter()
            .map(|job| {
                let (batcher, job) = (batcher.clone(), texts(job));
                tokio::spawn(async move { batcher.embed(job, Role::Passage).await })
            })
            .collect();
        until(|| batcher.figures().queued_texts == 7).await;
        assert_eq!(batcher.figures().queued_tokens, 15);
        encoder.open();
        for (job, waiting) in jobs.iter().zip(waiting) {
            let embedded = waiting.await.unwrap().unwrap();
            let alone = encoder.inner.encode(job, Role::Passage).unwrap();
            assert_eq!(embedded.vectors, alone, "{job:?}");
        }
        // Fifteen tokens in calls of eight, whoever they belong to.
        assert!((3..=4).contains(&encoder.calls.load(Ordering::SeqCst)));
        assert_eq!(batcher.figures().queued_tokens, 0);
    });
}

#[test]
fn queries_come_first_and_do_not_starve_others() {
    Runtime::new().unwrap().block_on(async {
        let (encoder, batcher) = busy(&BatchSettings {
            batch_tokens: Some(1),
            ..settings()
        })
        .await;
        let mut waiting = Vec::new();
        let submit = |text: String, role| {
            let batcher = batcher.clone();
            tokio::spawn(async move { batcher.embed(vec![text], role).await.map(drop) })
        };
        waiting.push(submit("passage".into(), Role::Passage));
        until(|| batcher.figures().queued_texts == 1).await;
        for i in 0..8 {
            waiting.push(submit(format!("query{i}"), Role::Query));
            until(|| batcher.figures().queued_texts == i + 2).await;
        }
        encoder.open();
        for job in waiting {
            job.await.unwrap().unwrap();
        }
        let seen = encoder.seen.lock().unwrap().clone();
        let place = seen.iter().position(|text| text == "passage").unwrap();
        assert_eq!(place, 1 + MAX_QUERIES_BEFORE, "{seen:?}");
    });
}

/// Batches of queries that pass others by.
const MAX_QUERIES_BEFORE: usize = 4;

#[test]
fn what_nobody_waits_for_is_not_encoded() {
    Runtime::new().unwrap().block_on(async {
        let (encoder, batcher) = busy(&settings()).await;
        let gone = batcher.clone();
        let gone = tokio::spawn(async move { gone.embed(texts(&["gone"]), Role::Plain).await });
        let late = batcher.clone();
        let late = tokio::spawn(async move {
            let prepare = |encoder: &dyn Encoder| Ok(vec![Text::counted("late".into(), encoder)?]);
            let deadline = Instant::now();
            late.embed_prepared(prepare, Role::Plain, Some(deadline))
                .await
        });
        until(|| batcher.figures().queued_texts == 2).await;
        gone.abort();
        assert!(gone.await.is_err());
        encoder.open();
        let problem = late.await.unwrap().err().unwrap();
        assert_eq!(problem.status(), 504);
        until(|| batcher.figures().queued_texts == 0).await;
        let figures = batcher.figures();
        assert_eq!((figures.abandoned, figures.late), (1, 1));
        assert_eq!(*encoder.seen.lock().unwrap(), ["first"]);
    });
}

#[test]
fn a_full_queue_turns_away_and_says_when_to_come_back() {
    Runtime::new().unwrap().block_on(async {
        let (encoder, batcher) = busy(&settings()).await;
        let long = "word ".repeat(90);
        let other = batcher.clone();
        let waiting = tokio::spawn(async move { other.embed(vec![long], Role::Plain).await });
        until(|| batcher.figures().queued_texts == 1).await;
        let problem = batcher.embed(vec!["word ".repeat(20)], Role::Plain).await;
        let problem = problem.err().unwrap();
        assert_eq!(problem.status(), 429);
        assert_eq!(problem.retry_after_s(), Some(1));
        assert_eq!(batcher.figures().refused, 1);
        encoder.open();
        assert!(waiting.await.unwrap().is_ok());
    });
}

#[test]
fn one_bad_text_fails_its_own_request_alone() {
    Runtime::new().unwrap().block_on(async {
        for bad in ["fail", "panic"] {
            let (encoder, batcher) = busy(&settings()).await;
            let submit = |text: &'static str| {
                let batcher = batcher.clone();
                tokio::spawn(async move { batcher.embed(texts(&[text]), Role::Plain).await })
            };
            let (good, bad, other) = (submit("good"), submit(bad), submit("other"));
            until(|| batcher.figures().queued_texts == 3).await;
            encoder.open();
            assert!(good.await.unwrap().is_ok() && other.await.unwrap().is_ok());
            let problem = bad.await.unwrap().err().unwrap();
            assert_eq!(problem.status(), 500);
            assert_eq!(batcher.figures().retried, 1);
        }
    });
}

#[test]
fn a_query_that_was_asked_before_costs_nothing() {
    let encoder = Gated::new(true);
    let batcher = Batcher::new(Arc::clone(&encoder) as Arc<dyn Encoder>, &settings()).unwrap();
    let first = batcher.encode(&["the moon"], Role::Query).unwrap();
    assert_eq!(batcher.encode(&["the moon"], Role::Query).unwrap(), first);
    assert_eq!(encoder.calls.load(Ordering::SeqCst), 1);
    // A passage is no query.
    batcher.encode(&["the moon"], Role::Passage).unwrap();
    for i in 0..4 {
        batcher
            .encode(&[&format!("query {i}")], Role::Query)
            .unwrap();
    }
    assert_eq!(encoder.calls.load(Ordering::SeqCst), 6);
    // Four others have displaced it.
    batcher.encode(&["the moon"], Role::Query).unwrap();
    let figures = batcher.figures();
    assert_eq!((figures.cache_hits, figures.cache_misses), (1, 6));
}

#[test]
fn threads_of_rayon_never_wait_for_each_other() {
    let encoder = Gated::new(true);
    let batcher = Batcher::new(Arc::clone(&encoder) as Arc<dyn Encoder>, &settings()).unwrap();
    use rayon::prelude::*;
    let rows: Vec<Embeddings> = (0..200)
        .into_par_iter()
        .map(|i| {
            batcher
                .encode(&[&format!("text {i}")], Role::Passage)
                .unwrap()
        })
        .collect();
    for (i, row) in rows.iter().enumerate() {
        let alone = encoder.inner.encode(&[&format!("text {i}")], Role::Passage);
        assert_eq!(*row, alone.unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_runs_beside_it_a_job_gets_its_own_vectors(
        jobs in prop::collection::vec(
            (prop::collection::vec("[a-c ]{0,24}", 0..9), 0_usize..3, any::<bool>()), 1..24),
        workers in 1_usize..4,
        batch_tokens in 1_usize..20,
    ) {
        let encoder = Gated::new(true);
        encoder.is_slow.store(true, Ordering::SeqCst);
        let settings = BatchSettings { workers, batch_tokens: Some(batch_tokens), queue_tokens: 1 << 20, cached_queries: 3 };
        let batcher = Batcher::new(Arc::clone(&encoder) as Arc<dyn Encoder>, &settings).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let roles = [Role::Query, Role::Passage, Role::Plain];
        let answers = runtime.block_on(async {
            let mut waiting = Vec::new();
            for (job, role, blocking) in jobs.clone() {
                let batcher = batcher.clone();
                waiting.push(tokio::spawn(async move {
                    let role = roles[role];
                    if !blocking {
                        return batcher.embed(job, role).await.map(|embedded| embedded.vectors).ok();
                    }
                    let encode = move || {
                        let job: Vec<&str> = job.iter().map(String::as_str).collect();
                        batcher.encode(&job, role).ok()
                    };
                    tokio::task::spawn_blocking(encode).await.unwrap()
                }));
            }
            let mut answers = Vec::new();
            for job in waiting {
                answers.push(job.await.unwrap());
            }
            answers
        });
        for ((job, role, _), answer) in jobs.iter().zip(answers) {
            let job: Vec<&str> = job.iter().map(String::as_str).collect();
            let alone = encoder.inner.encode(&job, roles[*role]).unwrap();
            prop_assert_eq!(answer, Some(alone));
        }
    }
}
