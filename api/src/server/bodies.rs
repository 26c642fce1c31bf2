//! Bodies on their way: a request's, which must keep coming, and an answer's, whose end its connection is told of.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::exchange::Exchange;

/// Slower than this is no network but somebody who wants to hold a connection.
const MIN_BYTES_PER_SECOND: u64 = 4 << 10;

/// A client took too long over the body of its request.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub(crate) struct TooSlow;

/// The body of a request, which fails when it comes too slowly: it has a grace, and what [`MIN_BYTES_PER_SECOND`] makes
/// of the bytes that have come.
pub(super) struct Paced {
    body: Incoming,
    exchange: Arc<Exchange>,
    grace: Duration,
    clock: Option<Clock>,
    received: u64,
}

/// Runs from the first time that somebody waits for the body.
struct Clock {
    start: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Paced {
    pub(super) fn new(body: Incoming, exchange: Arc<Exchange>, grace: Duration) -> Self {
        if body.is_end_stream() {
            exchange.body_arrived();
        }
        Self {
            body,
            exchange,
            grace,
            clock: None,
            received: 0,
        }
    }

    fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<TooSlow> {
        let earned = Duration::from_millis(self.received * 1000 / MIN_BYTES_PER_SECOND);
        let grace = self.grace;
        let clock = self.clock.get_or_insert_with(|| {
            let start = Instant::now();
            let alarm = Box::pin(sleep_until(start + grace));
            Clock { start, alarm }
        });
        let end = clock.start + grace + earned;
        if clock.alarm.deadline() != end {
            clock.alarm.as_mut().reset(end);
        }
        ready!(clock.alarm.as_mut().poll(context));
        Poll::Ready(TooSlow)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Pending => {
                let slow = ready!(this.poll_too_slow(context));
                Poll::Ready(Some(Err(slow.into())))
            }
            Poll::Ready(frame) => {
                if let Some(Ok(frame)) = &frame {
                    this.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                }
                if frame.is_none() || this.body.is_end_stream() {
                    this.exchange.body_arrived();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; dropped, it was sent or given up.
pub(super) struct Answer {
    pub(super) body: Body,
    pub(super) exchange: Arc<Exchange>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.exchange.answered();
    }
}
