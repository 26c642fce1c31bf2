//! Sessions: a graph, its weights and a place to run.
//!
//! A session runs one batch at a time, so a pool of them sits behind [`SessionPool`], and everyone else sees `&self`.

use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ort::environment::Environment;
use ort::ep::{self, ExecutionProvider};
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use crate::error::{Error, Result};

use super::runtime::{self, Runtime};
use super::weights::Weights;
use super::{Device, LoadOptions};

/// Threads of one session. Within a batch of a few hundred tokens more of them wait for each other longer than they
/// work, and fewer leave a lone query slow.
const THREADS_PER_SESSION: usize = 4;

/// Where a session runs, once it is known that it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Cpu,
    Cuda(u32),
}

/// A graph and the weights that it points into.
pub(crate) struct Program {
    pub(crate) model: Vec<u8>,
    pub(crate) weights: Weights,
}

/// Sessions of one program, made when they are first needed.
pub(crate) struct SessionPool {
    program: Program,
    environment: Environment,
    provider: Provider,
    threads_per_session: usize,
    size: usize,
    state: Mutex<State>,
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

impl SessionPool {
    /// A pool for `program`, with its first session made.
    ///
    /// # Errors
    /// When ONNX Runtime is not found or refuses the program.
    pub(crate) fn new(program: Program, options: &LoadOptions) -> Result<Self> {
        let runtime = runtime::start(&options.runtime)?;
        let provider = choose_provider(runtime, options.device);
        let threads = options
            .threads
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let threads_per_session = threads.min(THREADS_PER_SESSION);
        let size = match provider {
            Provider::Cpu => threads / threads_per_session,
            // One device has one queue; a second session would only hold a second copy of the weights on it.
            Provider::Cuda(_) => 1,
        };
        let pool = Self {
            program,
            environment: runtime.environment().clone(),
            provider,
            threads_per_session,
            size,
            state: Mutex::new(State {
                idle: Vec::with_capacity(size),
                n_made: 0,
            }),
            returned: Condvar::new(),
        };
        drop(pool.lease()?);
        Ok(pool)
    }

    /// How many batches can run side by side.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Where the sessions run.
    pub(crate) fn provider(&self) -> Provider {
        self.provider
    }

    /// A session to run batches in. Waits while all of them are leased.
    pub(crate) fn lease(&self) -> Result<Lease<'_>> {
        let mut state = self.lock();
        let session = loop {
            if let Some(session) = state.idle.pop() {
                break session;
            }
            if state.n_made < self.size {
                state.n_made += 1;
                drop(state);
                break self.make().inspect_err(|_| {
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

    fn make(&self) -> Result<Session> {
        let make = || -> ort::Result<Session> {
            let builder = builder(&self.environment, self.provider, self.threads_per_session)?;
            let weights = &self.program.weights;
            let mut builder = match weights.folder() {
                Some(folder) => builder.with_config_entry(
                    "session.model_external_initializers_file_folder_path",
                    folder,
                )?,
                None => builder.with_external_initializer_file_in_memory(
                    weights.location(),
                    Arc::from(&**weights.bytes()),
                )?,
            };
            builder.commit_from_memory(&self.program.model)
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
        .with_intra_op_spinning(false)?;
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
