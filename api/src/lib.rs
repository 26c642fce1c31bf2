//! The HTTP API: requests in, the engine's answers out. The one place of axum and tokio.
//!
//! ```
//! use std::sync::Arc;
//! use xenoglot_engine::{HashEncoder, IndexSettings, IndexWriter, Encoder, Searcher};
//! use xenoglot_api::{App, router};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scratch = tempfile::tempdir()?;
//! # let dir = scratch.path().join("index");
//! let encoder = HashEncoder::new(64);
//! IndexWriter::create(&dir, IndexSettings::new(encoder.spec().clone()))?.commit()?;
//! let app = App::new(Searcher::open(&dir, Arc::new(encoder))?, 4);
//! let service: axum::Router = router(app); // any axum server can run it; `serve` does
//! # drop(service);
//! # Ok(())
//! # }
//! ```

mod app;
mod router;
mod server;

mod handlers;

mod body;
mod problem;
mod wire;

pub use app::App;
pub use router::router;
pub use server::serve;
