//! What is read again while the server runs: keys, certificates, and what the program adds.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;

use crate::access::Gate;
use crate::blocking::blocking;
use crate::problem::Problem;

use super::{ReloadWork, Tls};

/// Everything that can be read again, by name.
#[derive(Clone)]
pub(crate) struct Reload {
    parts: Arc<[(&'static str, ReloadWork)]>,
    /// One at a time: what was read first would else take the place of what was read last.
    running: Arc<Mutex<()>>,
}

impl Reload {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self {
            parts: Arc::new([]),
            running: Arc::default(),
        }
    }

    pub(super) fn new(
        gate: &Gate,
        tls: Option<&Arc<Tls>>,
        others: Vec<(&'static str, ReloadWork)>,
    ) -> Self {
        let mut parts = others;
        if let Some(keys) = gate.keys() {
            parts.push(("keys", Arc::new(move || Ok(keys.reload()?))));
        }
        if let Some(tls) = tls.cloned() {
            parts.push(("certificates", Arc::new(move || Ok(tls.reload()?))));
        }
        Self {
            parts: parts.into(),
            running: Arc::default(),
        }
    }

    /// Reads everything again, on a thread that may block; returns the names of what was read.
    ///
    /// # Errors
    /// When something could not be read: it is as it was, and everything else was read all the same.
    pub(crate) async fn run(self) -> Result<Vec<&'static str>, Problem> {
        blocking(move || self.run_here()).await
    }

    /// The same, for nobody who waits.
    pub(super) fn run_and_log(self) {
        // What goes wrong is in the log already.
        tokio::spawn(async move { drop(self.run().await) });
    }

    fn run_here(&self) -> Result<Vec<&'static str>, Problem> {
        let _running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = Vec::new();
        let mut failures = Vec::new();
        for (name, work) in self.parts.iter() {
            match work() {
                Ok(()) => {
                    tracing::info!("{name} were read again");
                    done.push(*name);
                }
                Err(error) => {
                    let why = with_causes(error.as_ref());
                    tracing::error!("{name} stay as they were: {why}");
                    failures.push(format!("{name} stay as they were: {why}"));
                }
            }
        }
        match failures.is_empty() {
            true => Ok(done),
            false => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                failures.join("; "),
            )),
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let words: Vec<String> = causes.map(ToString::to_string).collect();
    words.join(": ")
}
