//! What a connection is at: its socket, its service and the bodies that travel on it tell each other here.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::task::Waker;

use futures_util::task::AtomicWaker;

/// Where between two requests a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// Nothing of the next request has come.
    Waiting,
    /// Some of its head has.
    Head,
    /// It is being answered, and nothing of the answer is written.
    Working,
    /// The answer is under way.
    Answering,
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Exchange {
    stage: AtomicU8,
    /// Counts requests, so that a clock knows that it runs for another one.
    turn: AtomicU32,
    /// Whether the body of the request has come whole.
    body_arrived: AtomicBool,
    /// Whether whoever asks knows interim answers (1xx).
    knows_interim: AtomicBool,
    /// Who wants to know when the answer is sent, or the body has come whole.
    reader: AtomicWaker,
}

impl Exchange {
    pub(super) fn new() -> Self {
        Self {
            stage: AtomicU8::new(Stage::Waiting as u8),
            turn: AtomicU32::new(0),
            body_arrived: AtomicBool::new(true),
            knows_interim: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Waiting,
            1 => Stage::Head,
            2 => Stage::Working,
            _ => Stage::Answering,
        }
    }

    pub(super) fn turn(&self) -> u32 {
        self.turn.load(Ordering::Acquire)
    }

    fn go(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    /// The first byte of a request has come.
    pub(super) fn head_began(&self) {
        self.go(Stage::Head);
    }

    /// A head has come whole.
    pub(super) fn asked(&self, knows_interim: bool) {
        self.turn.fetch_add(1, Ordering::AcqRel);
        self.body_arrived.store(false, Ordering::Release);
        self.knows_interim.store(knows_interim, Ordering::Release);
        self.go(Stage::Working);
    }

    pub(super) fn answer_began(&self) {
        self.go(Stage::Answering);
    }

    pub(super) fn answered(&self) {
        self.go(Stage::Waiting);
        self.reader.wake();
    }

    /// Wakes `reader` when the answer is sent, for only then does a clock run for the next request, and when the body has come whole.
    pub(super) fn when_changed(&self, reader: &Waker) {
        self.reader.register(reader);
    }

    pub(super) fn body_arrived(&self) {
        self.body_arrived.store(true, Ordering::Release);
        self.reader.wake();
    }

    /// Whether a client that stops sending now has said all that it had to say.
    pub(super) fn has_whole_request(&self) -> bool {
        self.has_request() && self.body_arrived.load(Ordering::Acquire)
    }

    /// Whether a request has come, if not all of its body.
    pub(super) fn has_request(&self) -> bool {
        matches!(self.stage(), Stage::Working | Stage::Answering)
    }

    /// Whether an interim answer may be written now.
    pub(super) fn takes_interim(&self) -> bool {
        self.stage() == Stage::Working && self.knows_interim.load(Ordering::Acquire)
    }

    /// Whether the client may still be sending what nobody will read.
    pub(super) fn is_unheard(&self) -> bool {
        self.stage() == Stage::Head || !self.body_arrived.load(Ordering::Acquire)
    }
}
