//! Listening, answering, and stopping without dropping anybody: everything between a socket and a handler.
//!
//! [`exchange`] is what the parts of a connection know of each other; [`watched`] puts clocks on its socket, [`bodies`] on
//! what travels over it; [`stream`] and [`tls`] are what it travels on; [`descriptors`] is how many the system grants.

mod bodies;
mod descriptors;
mod exchange;
mod reload;
mod stream;
mod tls;
mod watched;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, header};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use crate::access::Gate;
use crate::app::App;
use crate::metrics::Metrics;
use crate::router::gated;

use bodies::{Answer, Paced};
use exchange::Exchange;
use stream::Stream;
use watched::Watched;

pub(crate) use bodies::TooSlow;
pub(crate) use reload::Reload;
pub use tls::{Tls, TlsError};

/// How long requests that are being answered may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// Of a head: keys, cookies and a long address fit, and ten thousand of them in memory do no harm.
const MAX_HEAD_BYTES: usize = 32 << 10;
/// Of what was read and is not used yet, and of what is to be written and was not taken yet.
const MAX_BUFFER_BYTES: usize = 64 << 10;
/// When the system has no more to give, connections end in a moment.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Where a server listens, and what it lets happen.
pub struct ServerOptions {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// The certificate, where TLS is to be spoken.
    pub tls: Option<Tls>,
    /// Connections that may be open at once; more are turned away with 503.
    pub max_connections: usize,
    /// How long clients may take.
    pub timeouts: Timeouts,
    /// Who may ask what.
    pub gate: Gate,
    /// What else is read again on SIGHUP and `POST /v1/reload`, beside keys and certificates: a name, and what does it.
    pub reloads: Vec<(&'static str, ReloadWork)>,
}

/// Reads something again, or leaves what was there and says why.
pub type ReloadWork =
    Arc<dyn Fn() -> Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// How long a client may take over each part of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a head to its last, and for a handshake of TLS.
    pub head: Duration,
    /// Without a byte of a body; a slow one may take as long as it comes at 4 KiB/s.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Without taking a byte of an answer.
    pub write: Duration,
    /// Over sending the rest of what nobody reads, after an answer that said so.
    pub linger: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            // Longer than balancers keep connections (60 s), so that none of them asks on one that we just closed.
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(10),
        }
    }
}

/// Answers requests until the process is told to stop (SIGINT or SIGTERM), then finishes those that are being answered; a
/// second signal ends them too. `ready` is called with the address that was bound, which names the port where 0 was asked
/// for.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve(app: App, options: ServerOptions, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(run(app, options, ready));
    // A search that outlasts its grace must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    served
}

async fn run(app: App, options: ServerOptions, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = TcpListener::bind(options.address).await?;
    // Before anybody is told that we are ready, and so may tell us to stop.
    let (mut interrupt, mut terminate, mut hangup) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    );
    let tls = options.tls.map(Arc::new);
    let reload = Reload::new(&options.gate, tls.as_ref(), options.reloads);
    let host = Host {
        metrics: app.metrics().clone(),
        router: gated(app.clone(), options.gate, reload.clone()),
        tls,
        timeouts: options.timeouts,
    };
    let places = descriptors::room_for(options.max_connections);
    ready(listener.local_addr()?);
    let (stop, stopped) = watch::channel(false);
    let graceful = GracefulShutdown::new();
    let accepting = accept(listener, Arc::new(host), places, &graceful, stopped);
    let told = async {
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = hangup.recv() => reload.clone().run_and_log(),
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = told => {}
    }
    app.stop();
    tracing::info!("stopping: requests in flight are finished first");
    stop.send_replace(true);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("some requests did not finish in time"),
        _ = interrupt.recv() => tracing::warn!("told twice: requests in flight are dropped"),
        _ = terminate.recv() => tracing::warn!("told twice: requests in flight are dropped"),
    }
    Ok(())
}

/// Takes connections for as long as it is polled.
async fn accept(
    listener: TcpListener,
    host: Arc<Host>,
    places: usize,
    graceful: &GracefulShutdown,
    stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(places));
    loop {
        let (tcp, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_the_clients(&error) {
                    tracing::error!(%error, "no connection can be taken");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::debug!("every place for a connection is taken");
            if host.tls.is_none() {
                // One attempt, whatever the runtime knows of the socket: a new one has room for it, and nobody waits here.
                let _ = tcp.into_std().and_then(|mut tcp| tcp.write(FULL));
            }
            continue;
        };
        let (host, watcher, stopped) = (Arc::clone(&host), graceful.watcher(), stopped.clone());
        tokio::spawn(async move {
            let _place = place;
            host.converse(tcp, peer, watcher, stopped).await;
        });
    }
}

/// The answer to a connection too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
content-type: application/problem+json\r\n\r\n\
{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"every connection is taken; try again in a moment\"}";

/// Whether a connection that could not be taken ended before we came to it.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// What every connection shares.
struct Host {
    metrics: Metrics,
    router: Router,
    tls: Option<Arc<Tls>>,
    timeouts: Timeouts,
}

impl Host {
    /// Answers what is asked on one connection, until its end.
    async fn converse(
        &self,
        tcp: TcpStream,
        peer: SocketAddr,
        watcher: Watcher,
        mut stopped: watch::Receiver<bool>,
    ) {
        // Answers are written whole; waiting for more would only make them late.
        let _ = tcp.set_nodelay(true);
        let _open = self.metrics.connection();
        let stream = match &self.tls {
            None => Stream::Clear(tcp),
            Some(tls) => {
                let shaken = tokio::select! {
                    shaken = tls.accept(tcp, self.timeouts.head) => shaken,
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                };
                match shaken {
                    Ok(stream) => Stream::Tls(Box::new(stream)),
                    Err(error) => return tracing::debug!(%error, "a handshake failed"),
                }
            }
        };
        drop(stopped);
        let exchange = Arc::new(Exchange::new());
        let router = TowerToHyperService::new(self.router.clone());
        let body_grace = self.timeouts.body;
        let io = Watched::new(stream, Arc::clone(&exchange), self.timeouts);
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let exchange = Arc::clone(&exchange);
            exchange.asked(request.version() >= hyper::Version::HTTP_11);
            let mut request =
                request.map(|body| Body::new(Paced::new(body, Arc::clone(&exchange), body_grace)));
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.call(request);
            async move {
                let mut answer = answer.await;
                if let Ok(answer) = &mut answer
                    && !exchange.has_whole_request()
                {
                    // What nobody read of the body stands before the next request: the client must not send one here.
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(header::CONNECTION, close);
                }
                exchange.answer_began();
                answer.map(|answer| answer.map(|body| Answer { body, exchange }))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // `Watched` knows a head that is late from a connection that rests.
            .header_read_timeout(None)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(MAX_BUFFER_BYTES)
            .serve_connection(TokioIo::new(io), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a connection broke"
            );
        }
    }
}

#[cfg(test)]
mod tests;
