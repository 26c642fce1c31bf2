//! Watching a long build from another thread, and stopping it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// Shared between a build and whoever looks after it.
#[derive(Debug, Default)]
pub struct Monitor {
    /// Nodes that the graph has so far.
    pub graph_nodes: AtomicUsize,
    interrupted: AtomicBool,
}

impl Monitor {
    /// Asks the build to stop; it then fails with [`Error::Interrupted`] and leaves nothing.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Fails once the build was asked to stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn check(&self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }
}
