//! Flags of `xenoglot serve`: connections.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use xenoglot_api::{Timeouts, Tls};

/// What connections travel on, and how many there may be.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Speak TLS, with this certificate and its chain (PEM)
    #[arg(
        long,
        value_name = "FILE",
        env = "XENOGLOT_TLS_CERT",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(
        long,
        value_name = "FILE",
        env = "XENOGLOT_TLS_KEY",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
    /// Connections that may be open at once; more are answered with 503
    #[arg(
        long,
        value_name = "N",
        env = "XENOGLOT_MAX_CONNECTIONS",
        default_value_t = 16_384,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    max_connections: u32,
    /// Seconds that a client may take over the head of a request, or a handshake
    #[arg(long, value_name = "SECONDS", env = "XENOGLOT_HEAD_TIMEOUT", default_value_t = 10, value_parser = seconds())]
    head_timeout: u32,
    /// Seconds that a client may send nothing of a body, or take nothing of an answer
    #[arg(long, value_name = "SECONDS", env = "XENOGLOT_BODY_TIMEOUT", default_value_t = 30, value_parser = seconds())]
    body_timeout: u32,
    /// Seconds that a connection may rest between requests
    #[arg(long, value_name = "SECONDS", env = "XENOGLOT_IDLE_TIMEOUT", default_value_t = 75, value_parser = seconds())]
    idle_timeout: u32,
}

fn seconds() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=3600)
}

impl ConnectionArgs {
    /// The certificate, where there is one.
    pub(crate) fn tls(&self) -> Result<Option<Tls>> {
        Ok(match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Some(Tls::open(cert, key)?),
            _ => None,
        })
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.max_connections as usize
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        let seconds = |n: u32| Duration::from_secs(n.into());
        Timeouts {
            head: seconds(self.head_timeout),
            body: seconds(self.body_timeout),
            write: seconds(self.body_timeout),
            idle: seconds(self.idle_timeout),
            ..Timeouts::default()
        }
    }
}
