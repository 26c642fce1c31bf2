//! How a collection is kept while it is written; every command that writes one takes these.

use std::time::Duration;

use xenoglot_engine::LiveOptions;

/// How a collection is kept while it is written.
#[derive(Debug, clap::Args)]
pub(crate) struct LiveArgs {
    /// Searches find what is written after this long
    #[arg(long, value_name = "MS", env = "XENOGLOT_REFRESH_MS", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=3_600_000))]
    refresh_ms: u32,
    /// Memory for what is written and not yet in a segment; writers wait where there is no more
    #[arg(long, value_name = "MB", env = "XENOGLOT_WRITE_BUFFER_MB", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    write_buffer_mb: u32,
    /// Neighbouring segments of about one size that are merged into one
    #[arg(long, value_name = "N", env = "XENOGLOT_MERGE_FACTOR", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(2..=100))]
    merge_factor: u32,
    /// Cores that write, and as many that merge [default: half of them]
    #[arg(long, value_name = "N", env = "XENOGLOT_WRITE_THREADS", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    write_threads: Option<u32>,
}

impl LiveArgs {
    /// What was typed.
    pub(crate) fn options(&self) -> LiveOptions {
        let usual = LiveOptions::default();
        LiveOptions {
            refresh: Duration::from_millis(u64::from(self.refresh_ms)),
            buffer_bytes: (self.write_buffer_mb as usize) << 20,
            merge_factor: self.merge_factor as usize,
            threads: self.write_threads.map_or(usual.threads, |n| n as usize),
        }
    }
}
