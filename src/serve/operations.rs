//! What somebody needs who runs a server for others: settings from a file, logs, traces.

use anyhow::Result;

use crate::config::FileArgs;
use crate::logs::LogArgs;
#[cfg(feature = "otlp")]
use crate::traces::TraceArgs;

/// How the server is run.
#[derive(Debug, clap::Args)]
pub(crate) struct OperationsArgs {
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    logs: LogArgs,
    #[cfg(feature = "otlp")]
    #[command(flatten)]
    traces: TraceArgs,
}

/// What has to live as long as the server.
#[cfg(feature = "otlp")]
type Running = Option<xenoglot_api::traces::Exporter>;
#[cfg(not(feature = "otlp"))]
type Running = ();

impl OperationsArgs {
    /// Whether somebody reads standard error, and no program.
    pub(crate) fn is_for_people(&self) -> bool {
        self.logs.is_for_people()
    }

    /// Logs and traces from now on.
    pub(crate) fn start(&self) -> Result<Running> {
        #[cfg(feature = "otlp")]
        let (running, also) = self.traces.start()?.unzip();
        #[cfg(not(feature = "otlp"))]
        let (running, also) = ((), None);
        self.logs.start(also)?;
        Ok(running)
    }
}
