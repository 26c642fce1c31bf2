//! Sessions: a graph, its weights and a place to run.
//!
//! A session runs one batch at a time, so a pool of them sits behind [`SessionPool`], and everyone else sees `&self`.

use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ort::environment::Environment;
use ort::ep::{self, ExecutionProvider};
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use crate::error::{Error, Result};

use super::blocks::Lengths;
use super::onnx::Model;
use super::runtime::{self, Runtime};
use super::shared_weights::SharedWeights;
use super::sparse;
use super::{Device, LoadOptions, Precision};

/// Sessions on the CPU, at most; each runs its share of the threads. One session of two threads took a sixth longer than
/// two of one over the same texts, a quarter longer in int8, because threads within a small batch wait for each other.
const MAX_CPU_SESSIONS: usize = 4;

/// Tokens of a batch on the CPU. A few hundred already keep its matrix products busy; from 128 to 1,024 the time differed by
/// less than from run to run.
const CPU_BATCH_TOKENS: usize = 256;
/// Batches of a call on the CPU, for each session: among so many texts most find others of their length, and at the end few
/// sessions wait for the last one.
const CPU_CALL_BATCHES: usize = 8;
/// Tokens of a batch on a GPU, which needs many at once.
const GPU_BATCH_TOKENS: usize = 16_384;

/// Where a session runs, once it is known that it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Cpu,
    Cuda(u32),
}

/// What a session runs.
pub(crate) enum Program {
    /// A graph of ours, and the weights that it points into.
    Graph {
        model: Model,
        weights: Arc<SharedWeights>,
    },
    /// An ONNX file.
    File(PathBuf),
}

/// Where and how sessions run, once it is known that they can.
#[derive(Clone)]
pub(crate) struct Execution {
    environment: Environment,
    provider: Provider,
    threads: usize,
    n_sessions: usize,
}

/// Sessions of one program, made when they are first needed.
pub(crate) struct SessionPool {
    // Before the program, so that it is dropped first: sessions read numbers where the program holds them.
    state: Mutex<State>,
    program: Program,
    execution: Execution,
    returned: Condvar,
}

struct State {
    idle: Vec<Session>,
    n_made: usize,
}

/// A session out of the pool; dropped, it returns.
pub(crate) struct Lease<'a> {
    pool: &'a SessionPool,
    /// Present until the lease ends.
    session: Option<Session>,
}

impl Execution {
    /// What `options` ask for, as far as this machine has it.
    ///
    /// # Errors
    /// When ONNX Runtime is not found, or when the processor does not compute in the precision that is asked for.
    pub(crate) fn choose(options: &LoadOptions) -> Result<Self> {
        let runtime = runtime::start(&options.runtime)?;
        let provider = match (options.device, options.precision) {
            // Nobody asked for the GPU, which has no use for these numbers.
            (Device::Auto, Precision::Int8) => Provider::Cpu,
            (device, _) => choose_provider(runtime, device),
        };
        check_precision(provider, options.precision)?;
        let threads = options
            .threads
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let n_sessions = match provider {
            Provider::Cpu => threads.min(MAX_CPU_SESSIONS),
            // One device has one queue; a second session would only hold a second copy of the weights on it.
            Provider::Cuda(_) => 1,
        };
        Ok(Self {
            environment: runtime.environment().clone(),
            provider,
            threads,
            n_sessions,
        })
    }

    /// The same processor with all threads in one session.
    pub(crate) fn in_one_session(&self) -> Self {
        Self {
            n_sessions: 1,
            ..self.clone()
        }
    }

    /// How many batches can run side by side.
    pub(crate) fn n_sessions(&self) -> usize {
        self.n_sessions
    }

    /// Where the sessions run.
    pub(crate) fn provider(&self) -> Provider {
        self.provider
    }

    /// How many tokens a batch should have.
    pub(crate) fn batch_tokens(&self) -> usize {
        match self.provider {
            Provider::Cpu => CPU_BATCH_TOKENS,
            Provider::Cuda(_) => GPU_BATCH_TOKENS,
        }
    }

    /// How many tokens a call should have that others wait for.
    pub(crate) fn call_tokens(&self) -> usize {
        match self.provider {
            Provider::Cpu => CPU_CALL_BATCHES * CPU_BATCH_TOKENS * self.n_sessions,
            Provider::Cuda(_) => GPU_BATCH_TOKENS,
        }
    }

    /// What batches sessions run best.
    pub(crate) fn lengths(&self) -> Lengths {
        match self.provider {
            Provider::Cpu => Lengths::Equal,
            // It needs more texts at once than have one length.
            Provider::Cuda(_) => Lengths::Padded,
        }
    }
}

fn check_precision(provider: Provider, precision: Precision) -> Result<()> {
    let expected = match (provider, precision) {
        (Provider::Cpu, Precision::Bf16) => "fp32 or int8 on the CPU",
        (Provider::Cuda(_), Precision::Int8) => "fp32, fp16 or bf16 on a GPU",
        (Provider::Cpu, Precision::Fp16) => {
            tracing::warn!("the CPU computes fp16 by way of fp32, which only takes longer");
            return Ok(());
        }
        _ => return Ok(()),
    };
    Err(Error::Setting {
        name: "the precision",
        got: precision.name().to_owned(),
        expected,
    })
}

impl SessionPool {
    /// A pool for `program`, with its first session made.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the program.
    pub(crate) fn new(program: Program, execution: &Execution) -> Result<Self> {
        let mut pool = Self {
            program,
            execution: execution.clone(),
            state: Mutex::new(State {
                idle: Vec::with_capacity(execution.n_sessions),
                n_made: 0,
            }),
            returned: Condvar::new(),
        };
        drop(pool.lease()?);
        if execution.n_sessions == 1
            && let Program::Graph { model, .. } = &mut pool.program
        {
            // No other session will be made: what each copies for itself can go.
            model.bytes = Vec::new();
        }
        Ok(pool)
    }

    /// A session to run batches in. Waits while all of them are leased.
    pub(crate) fn lease(&self) -> Result<Lease<'_>> {
        let mut state = self.lock();
        let session = loop {
            if let Some(session) = state.idle.pop() {
                break session;
            }
            if state.n_made < self.execution.n_sessions {
                let number = state.n_made;
                state.n_made += 1;
                drop(state);
                break self.make(number).inspect_err(|_| {
                    self.lock().n_made -= 1;
                    self.returned.notify_one();
                })?;
            }
            state = self
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        };
        Ok(Lease {
            pool: self,
            session: Some(session),
        })
    }

    /// The session of this number; the first ones run the threads that do not divide evenly.
    fn make(&self, number: usize) -> Result<Session> {
        let Execution {
            environment,
            provider,
            threads,
            n_sessions,
        } = &self.execution;
        let n_threads = threads / n_sessions + usize::from(number < threads % n_sessions);
        let make = || -> ort::Result<Session> {
            let mut builder = builder(environment, *provider, n_threads)?;
            match &self.program {
                Program::File(path) => builder.commit_from_file(path),
                Program::Graph { model, weights } => {
                    let mut builder = weights.hand_to(builder, *provider, &model.outside)?;
                    if !model.sparse.is_empty() {
                        builder = builder.with_operators(sparse::domain(&model.sparse)?)?;
                    }
                    builder.commit_from_memory(&model.bytes)
                }
            }
        };
        make().map_err(|source| Error::Runtime {
            doing: "prepare the model",
            source: source.into(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sessions in `provider` that run `threads` threads.
pub(crate) fn builder(
    environment: &Environment,
    provider: Provider,
    threads: usize,
) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        .with_intra_threads(threads)?
        // Threads that spin while they wait take the cores from tokenizing and searching: on a busy machine a session
        // of two threads answered 110 sentences per CPU second without spinning and 90 with it.
        .with_intra_op_spinning(false)?
        // It would keep a plan for every shape it ever saw, and batches have many.
        .with_memory_pattern(false)?;
    match provider {
        Provider::Cpu => Ok(builder),
        Provider::Cuda(device) => {
            let cuda = ep::CUDA::default().with_device_id(device as i32);
            // Otherwise a failure is a line in a log, and the model runs where nobody asked it to.
            let cuda = cuda.build().error_on_failure();
            Ok(builder.with_execution_providers([cuda])?)
        }
    }
}

fn choose_provider(runtime: &Runtime, device: Device) -> Provider {
    let wanted = match device {
        Device::Cpu => return Provider::Cpu,
        Device::Auto => Provider::Cuda(0),
        Device::Cuda(index) => Provider::Cuda(index),
    };
    match runtime.try_provider(wanted) {
        Ok(()) => wanted,
        // A library without CUDA is no surprise to someone who did not ask for it.
        Err(_) if device == Device::Auto && !has_cuda() => Provider::Cpu,
        Err(problem) => {
            tracing::warn!(%problem, "CUDA is not available; models run on the CPU");
            Provider::Cpu
        }
    }
}

/// Whether the library was built with CUDA, which says nothing of the machine.
fn has_cuda() -> bool {
    ep::CUDA::is_available().unwrap_or(false)
}

impl Deref for Lease<'_> {
    type Target = Session;

    #[expect(clippy::expect_used, reason = "our own promise")]
    fn deref(&self) -> &Session {
        self.session.as_ref().expect("present until the lease ends")
    }
}

impl DerefMut for Lease<'_> {
    #[expect(clippy::expect_used, reason = "our own promise")]
    fn deref_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("present until the lease ends")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.pool.lock().idle.push(session);
            self.pool.returned.notify_one();
        }
    }
}
