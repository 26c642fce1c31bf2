//! The socket of one connection under clocks: whoever sends nothing, or takes nothing, does not hold it for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Timeouts;
use super::exchange::{Exchange, Stage};
use super::stream::Stream;

/// What every client of HTTP/1.1 throws away, and what makes the network of one that is gone say so.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// How long after the interim answer we first look whether the network has said something; then twice as long, and so on.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LONGEST_LOOK: Duration = Duration::from_secs(1);
/// How long a body that has come may lie in memory before somebody reads it.
const UNREAD: Duration = Duration::from_secs(1);

/// A stream whose every wait has an end.
pub(super) struct Watched {
    stream: Stream,
    exchange: Arc<Exchange>,
    timeouts: Timeouts,
    reading: Clock<(u32, Stage)>,
    writing: Clock<()>,
    /// Whether the last write found no room.
    is_blocked: bool,
    /// Runs from the end of the client's side on, while a body may still lie in memory.
    unread: Clock<()>,
    departure: Option<Departure>,
    ending: Option<Clock<()>>,
}

impl Watched {
    pub(super) fn new(stream: Stream, exchange: Arc<Exchange>, timeouts: Timeouts) -> Self {
        Self {
            stream,
            exchange,
            timeouts,
            reading: Clock::default(),
            writing: Clock::default(),
            is_blocked: false,
            unread: Clock::default(),
            departure: None,
            ending: None,
        }
    }

    /// What there is to read while nothing is: nothing yet, or an error when the time for it is over.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stage = self.exchange.stage();
        let limit = match stage {
            Stage::Waiting => self.timeouts.idle,
            Stage::Head => self.timeouts.head,
            // Bodies have a clock of their own, and we are the ones who work.
            Stage::Working | Stage::Answering => {
                self.exchange.when_changed(context.waker());
                return Poll::Pending;
            }
        };
        ready!(
            self.reading
                .poll((self.exchange.turn(), stage), limit, context)
        );
        tracing::debug!(?stage, "a client took too long");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// The end of a client's side, which comes while its request is answered or its body is read. What is left of the body may have
    /// come before it; if nobody has found it whole after a while, it broke off.
    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.exchange.when_changed(context.waker());
        if self.exchange.has_whole_request() {
            return self.poll_departed(context);
        }
        self.unread.poll((), UNREAD, context).map(Ok)
    }

    /// A client that has sent its whole request and then the end of its side either waits for the answer or is gone: TCP
    /// says the same for both. So it is sent an interim answer, at which the network of one that is gone breaks the
    /// connection, and its work is dropped.
    fn poll_departed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.departure.is_none() {
            let may_ask = self.exchange.takes_interim() && !self.is_blocked;
            if may_ask {
                match Pin::new(&mut self.stream).poll_write(context, INTERIM) {
                    Poll::Ready(Ok(n)) if n == INTERIM.len() => {}
                    // Half an interim answer spoils the real one.
                    Poll::Ready(Ok(_)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {}
                }
                if let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(context) {
                    flushed?;
                }
            }
            self.departure = Some(Departure {
                next: FIRST_LOOK,
                alarm: Box::pin(sleep_until(Instant::now() + FIRST_LOOK)),
            });
        }
        let Some(departure) = &mut self.departure else {
            return Poll::Pending;
        };
        loop {
            if let Some(error) = self.stream.take_error()? {
                tracing::debug!("a client left before its answer");
                return Poll::Ready(Err(error));
            }
            ready!(departure.alarm.as_mut().poll(context));
            departure.next = (departure.next * 2).min(LONGEST_LOOK);
            let next = Instant::now() + departure.next;
            departure.alarm.as_mut().reset(next);
        }
    }

    /// Counts how long a client has taken nothing of `written`.
    fn taken<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        self.is_blocked = written.is_pending();
        if written.is_ready() {
            self.writing.stop();
            return written;
        }
        ready!(self.writing.poll((), self.timeouts.write, context));
        tracing::debug!("a client took nothing of its answer for too long");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads what the client still sends and throws it away. A socket that is closed with something unread resets the
    /// connection, and the client may never see the answer that said why nobody would read on.
    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 8 << 10];
        loop {
            let clock = self.ending.get_or_insert_default();
            if clock.poll((), self.timeouts.linger, context).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.departure.is_some() {
            return match this.exchange.has_whole_request() {
                true => this.poll_departed(context),
                // Its last request is answered.
                false => Poll::Ready(Ok(())),
            };
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let has_more = buffer.filled().len() > before;
        match read {
            Poll::Pending => this.poll_patience(context),
            Poll::Ready(Ok(())) if has_more => {
                if this.exchange.stage() == Stage::Waiting {
                    this.exchange.head_began();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) if this.exchange.has_request() => this.poll_closed(context),
            Poll::Ready(result) => Poll::Ready(result),
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.taken(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.taken(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.taken(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ending.is_none() {
            let shut = Pin::new(&mut this.stream).poll_shutdown(context);
            ready!(this.taken(shut, context))?;
            if !this.exchange.is_unheard() {
                return Poll::Ready(Ok(()));
            }
        }
        this.poll_drained(context).map(Ok)
    }
}

/// A client that has closed its side while its request was worked on.
struct Departure {
    next: Duration,
    alarm: Pin<Box<Sleep>>,
}

/// Rings when one thing has lasted too long; another thing starts it again.
struct Clock<T> {
    running: Option<(T, Pin<Box<Sleep>>)>,
}

impl<T> Default for Clock<T> {
    fn default() -> Self {
        Self { running: None }
    }
}

impl<T: PartialEq + Copy> Clock<T> {
    fn poll(&mut self, what: T, limit: Duration, context: &mut Context<'_>) -> Poll<()> {
        let (_, alarm) = match self.running.take() {
            Some((of, alarm)) if of == what => self.running.insert((of, alarm)),
            // The alarm's place in memory serves again: idle connections come and go.
            Some((_, mut alarm)) => {
                alarm.as_mut().reset(Instant::now() + limit);
                self.running.insert((what, alarm))
            }
            None => {
                let alarm = Box::pin(sleep_until(Instant::now() + limit));
                self.running.insert((what, alarm))
            }
        };
        alarm.as_mut().poll(context)
    }

    fn stop(&mut self) {
        self.running = None;
    }
}
