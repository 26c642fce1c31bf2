//! How many requests are worked on at once, and how many wait.

use xenoglot_api::{BatchSettings, Limits, Options};

/// How many requests are worked on at once, and how many wait.
#[derive(Debug, clap::Args)]
pub(crate) struct QueueArgs {
    /// Searches that run at once [default: two per core]
    #[arg(long, value_name = "N", env = "XENOGLOT_MAX_SEARCHES", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_searches: Option<u32>,
    /// Writes that run at once [default: one per core]
    #[arg(long, value_name = "N", env = "XENOGLOT_MAX_WRITES", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_writes: Option<u32>,
    /// Requests that wait for each of the two, clients in turn; more are answered with 429 [default: eight times as many as run]
    #[arg(long, value_name = "N", env = "XENOGLOT_MAX_WAITING", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    max_waiting: Option<u32>,
    /// Calls of the encoder that run at once; texts of several requests share one [default: 2]
    #[arg(long, value_name = "N", env = "XENOGLOT_ENCODER_CALLS", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    encoder_calls: Option<u32>,
    /// Tokens of such a call; a longer text goes alone [default: what keeps the model busy]
    #[arg(long, value_name = "N", env = "XENOGLOT_BATCH_TOKENS", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    batch_tokens: Option<u32>,
    /// Tokens that wait for the encoder; requests beyond are answered with 429 [default: 500000]
    #[arg(long, value_name = "N", env = "XENOGLOT_MAX_WAITING_TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    max_waiting_tokens: Option<u32>,
    /// Queries whose vectors are remembered; 0 remembers none [default: 10000]
    #[arg(long, value_name = "N", env = "XENOGLOT_CACHED_QUERIES", value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    cached_queries: Option<u32>,
}

impl QueueArgs {
    /// What was typed, and the usual stack.
    pub(crate) fn options(&self) -> Options {
        let usual = Options::default();
        let limits = |typed: Option<u32>, usual: Limits| {
            let running = typed.map_or(usual.running, |n| n as usize);
            let waiting = self.max_waiting.map_or(8 * running, |n| n as usize);
            Limits { running, waiting }
        };
        Options {
            searches: limits(self.max_searches, usual.searches),
            writes: limits(self.max_writes, usual.writes),
            batching: self.batching(),
            ..usual
        }
    }

    fn batching(&self) -> BatchSettings {
        let usual = BatchSettings::default();
        let typed = |typed: Option<u32>, usual: usize| typed.map_or(usual, |n| n as usize);
        BatchSettings {
            batch_tokens: self.batch_tokens.map(|n| n as usize),
            workers: typed(self.encoder_calls, usual.workers),
            queue_tokens: typed(self.max_waiting_tokens, usual.queue_tokens),
            cached_queries: typed(self.cached_queries, usual.cached_queries),
        }
    }
}
