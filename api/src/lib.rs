//! The HTTP API: requests in, the engine's answers out. The one place of axum and tokio.
//!
//! ```
//! use std::sync::Arc;
//! use xenoglot_engine::{HashEncoder, IndexSettings, IndexWriter, Encoder};
//! use xenoglot_api::{App, Home, Options, Tools, router};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scratch = tempfile::tempdir()?;
//! # let dir = scratch.path().join("index");
//! let encoder = HashEncoder::new(64);
//! IndexWriter::create(&dir, IndexSettings::new(encoder.spec().clone()))?.commit()?;
//! let tools = Tools {
//!     encoder: Arc::new(encoder),
//!     rerankers: Default::default(),
//!     terminology: Default::default(),
//!     live: None, // nothing is written
//! };
//! let app = App::open(Home::Index(dir), tools, Options::default())?;
//! let service: axum::Router = router(app); // any axum server can run it; `serve` does
//! # drop(service);
//! # Ok(())
//! # }
//! ```

mod app;
mod collections;
mod modules;
mod openapi;
mod page;
mod router;

mod metrics;
mod observe;

mod access;
mod keys;
mod server;

mod dialects;
mod handlers;

mod admission;
mod batching;
mod blocking;
mod client;

mod at;
mod body;
mod limits;
mod problem;
mod wire;

pub mod traces;

pub use access::{Gate, GateError, GateOptions};
pub use admission::Limits;
pub use app::{App, Options};
pub use batching::BatchSettings;
pub use collections::{DEFAULT_COLLECTION, Home, Tools};
pub use keys::{Key, KeyError, KeyRing, Scope, Secret, add_key, read_keys, revoke_key};
pub use metrics::{Held, Metrics, Written};
pub use modules::Modules;
pub use router::router;
pub use server::{ReloadWork, ServerOptions, Timeouts, Tls, TlsError, serve};
