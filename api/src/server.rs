//! Listening, answering, and stopping without dropping anybody.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

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
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    ready(listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(run(app, listener));
    // A search that outlasts its grace must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    served
}

async fn run(app: App, listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(async move {
        told_to_stop().await;
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

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
