//! Flags of `xenoglot serve`: who may ask what.

use std::env::VarError;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xenoglot_api::{Gate, GateOptions, KeyRing, Secret};

/// The variable that holds one key for everything. It is no flag: everybody on a machine sees what programs were started with.
const KEY_VARIABLE: &str = "XENOGLOT_API_KEY";

/// Who may ask what.
#[derive(Debug, clap::Args)]
pub(crate) struct AccessArgs {
    /// API keys that requests must show: a file that `xenoglot keys new` writes. XENOGLOT_API_KEY in the environment is one
    /// more, for everything
    #[arg(long, value_name = "FILE", env = "XENOGLOT_API_KEYS_FILE")]
    keys: Option<PathBuf>,
    /// Listen where other machines reach it, and answer to any name, without keys
    #[arg(long, env = "XENOGLOT_INSECURE")]
    insecure: bool,
    /// Pages of this origin may ask too, such as `https://search.example.org`; may be given again
    #[arg(
        long = "cors-origin",
        value_name = "ORIGIN",
        env = "XENOGLOT_CORS_ORIGIN",
        value_delimiter = ','
    )]
    cors_origins: Vec<String>,
}

impl AccessArgs {
    /// The gate of a server at `address`.
    pub(crate) fn gate(&self, address: SocketAddr) -> Result<Gate> {
        // One that is set and cannot be a key must not mean that there is none.
        let given = match std::env::var(KEY_VARIABLE) {
            Err(VarError::NotPresent) => None,
            given => Some(given.context(KEY_VARIABLE)?),
        };
        let secret = given.as_deref().map(Secret::given).transpose();
        let secret = secret.context(KEY_VARIABLE)?;
        let options = GateOptions {
            keys: KeyRing::open(self.keys.clone(), secret.as_ref())?,
            cors_origins: self.cors_origins.clone(),
            insecure: self.insecure,
        };
        Ok(Gate::new(options, address)?)
    }
}
