//! `GET /v1/snapshot`: the index as it is now, as a tar that `xenoglot index import` reads.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::poll_fn;
use tokio::sync::mpsc::{Sender, channel};

use crate::app::App;
use crate::at::At;
use crate::client::Client;
use crate::problem::Problem;
use crate::wire::Tar;

/// Bytes that travel together.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that wait for a slow client.
const QUEUE: usize = 4;

/// The collection as it is now, as a tar that `xenoglot index import` reads
#[utoipa::path(get, path = "/snapshot", operation_id = "get_snapshot", tag = "collections",
    responses((status = 200, body = Tar, content_type = "application/x-tar")))]
pub(crate) async fn snapshot(
    State(app): State<App>,
    client: Client,
    At(searcher): At,
) -> Result<Response, Problem> {
    if searcher.collection().is_some() {
        let written = Arc::clone(&searcher);
        let refresh = move || match written.collection() {
            Some(collection) => Ok(collection.refresh()?),
            None => Ok(()),
        };
        app.write(&client, refresh).await?;
    }
    let (sender, mut chunks) = channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        let mut out = Chunks {
            sender: sender.clone(),
            filling: Vec::with_capacity(CHUNK_BYTES),
        };
        let written = searcher.write_snapshot(&mut out);
        if let Err(error) = written.map_err(io::Error::other).and_then(|()| out.flush()) {
            tracing::warn!(%error, "a snapshot was not sent whole");
            // The client must not take what it has for the whole.
            let _ = sender.blocking_send(Err(error));
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"snapshot.tar\"",
        ),
    ];
    Ok((
        headers,
        Body::from_stream(poll_fn(move |context| chunks.poll_recv(context))),
    )
        .into_response())
}

/// Bytes on their way to a client.
struct Chunks {
    sender: Sender<io::Result<Bytes>>,
    filling: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.filling.extend_from_slice(bytes);
        if self.filling.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.filling.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.filling));
        self.sender
            .blocking_send(Ok(chunk))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
