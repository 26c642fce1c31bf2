//! Listening, answering, and stopping without dropping anybody.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::router::router;

/// How long requests that are being answered may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Answers requests at `address` until the process is told to stop (SIGINT or SIGTERM), then finishes those that are
/// being answered. `ready` is called with the address that was bound, which names the port where 0 was asked for.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve(app: App, address: SocketAddr, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(run(app, address, ready));
    // A search that outlasts its grace must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    served
}

async fn run(app: App, address: SocketAddr, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    // Before anybody is told that we are ready, and so may tell us to stop.
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    ready(listener.local_addr()?);
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests in flight are finished first");
        stop.send_replace(true);
    });
    let mut graceful = stopped.clone();
    let server = axum::serve(listener, router(app))
        .with_graceful_shutdown(async move { drop(graceful.wait_for(|stop| *stop).await) });
    tokio::select! {
        served = async { server.await } => served,
        () = async {
            drop(stopped.wait_for(|stop| *stop).await);
            tokio::time::sleep(GRACE).await;
        } => {
            tracing::warn!("some requests did not finish in time");
            Ok(())
        }
    }
}
