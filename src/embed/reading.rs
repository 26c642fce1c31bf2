//! Read ∥ encode: one chunk of texts is gathered while another is encoded, so that memory does not grow with the input.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use xenoglot_engine::Result;

use super::texts::{Text, Texts};

/// Texts that are encoded together: enough that an encoder finds some of like length among them, few enough that vectors
/// come out every few seconds.
const CHUNK_TEXTS: usize = 2_048;
/// A chunk of long texts is closed earlier, so that memory is bounded in bytes too.
const CHUNK_BYTES: usize = 4 << 20;

/// Texts that are encoded together.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) texts: Vec<String>,
    /// One per text.
    pub(super) ids: Vec<Option<String>>,
    n_bytes: usize,
}

/// When a chunk that is not full goes on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Only at the end of the input: the same input gives the same chunks.
    Endless,
    /// When its first text has waited this long: whoever writes a line and waits for its vector gets it.
    Limited(Duration),
}

/// A thread that reads texts.
///
/// Nobody waits for it to end: it may sit in a read of the standard input that nothing but more input can end.
pub(super) struct Reading {
    shelf: Arc<Shelf>,
    /// Until its end was seen.
    thread: Option<JoinHandle<Result<()>>>,
    patience: Patience,
}

impl Reading {
    /// Begins to read `texts`.
    pub(super) fn start(mut texts: Texts, patience: Patience) -> Self {
        let shelf = Arc::new(Shelf::default());
        let end = End(Arc::clone(&shelf));
        let thread = thread::spawn(move || {
            while let Some(text) = texts.next_text()? {
                end.0.put(text);
            }
            Ok(())
        });
        Self {
            shelf,
            thread: Some(thread),
            patience,
        }
    }

    /// The next chunk, or nothing at the end.
    ///
    /// # Errors
    /// When reading fails or a line is malformed; all texts before it have come.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        let chunk = self.shelf.take(self.patience);
        if !chunk.texts.is_empty() {
            return Ok(Some(chunk));
        }
        // Had the reader panicked, half an input would pass for the whole.
        let read = self.thread.take().map_or(Ok(Ok(())), JoinHandle::join);
        read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(None)
    }
}

impl Chunk {
    fn push(&mut self, text: Text) {
        self.n_bytes += text.text.len();
        self.texts.push(text.text);
        self.ids.push(text.id);
    }

    fn is_full(&self) -> bool {
        self.texts.len() >= CHUNK_TEXTS || self.n_bytes >= CHUNK_BYTES
    }
}

/// The chunk that is being gathered, between the thread that puts and the one that takes.
#[derive(Default)]
struct Shelf {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    chunk: Chunk,
    ended: bool,
}

impl Shelf {
    /// Adds `text` to the chunk, once there is room.
    fn put(&self, text: Text) {
        let full = |state: &mut State| state.chunk.is_full();
        let waited = self.changed.wait_while(self.lock(), full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.chunk.push(text);
        // The taker waits for no text between these.
        if state.chunk.texts.len() == 1 || state.chunk.is_full() {
            self.changed.notify_all();
        }
    }

    /// Takes the chunk when it is full or `patience` is over; an empty one at the end.
    fn take(&self, patience: Patience) -> Chunk {
        let nothing = |state: &mut State| state.chunk.texts.is_empty() && !state.ended;
        let unfinished = |state: &mut State| !state.chunk.is_full() && !state.ended;
        let waited = match patience {
            Patience::Endless => self.changed.wait_while(self.lock(), unfinished),
            Patience::Limited(patience) => {
                let some = self.changed.wait_while(self.lock(), nothing);
                let some = some.unwrap_or_else(PoisonError::into_inner);
                let waited = self.changed.wait_timeout_while(some, patience, unfinished);
                Ok(waited.unwrap_or_else(PoisonError::into_inner).0)
            }
        };
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let chunk = std::mem::take(&mut state.chunk);
        self.changed.notify_all();
        chunk
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped by the reading thread, however it ends.
struct End(Arc<Shelf>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Write};
    use std::path::Path;

    use xenoglot_engine::input::read_lines;

    use super::*;

    fn reading(bytes: impl Read + Send + 'static, patience: Patience) -> Reading {
        let lines = read_lines(Path::new("in"), bytes).unwrap();
        Reading::start(Texts::new(lines, None).unwrap(), patience)
    }

    fn sizes(input: Vec<u8>, patience: Patience) -> Vec<usize> {
        let mut reading = reading(Cursor::new(input), patience);
        std::iter::from_fn(|| reading.next_chunk().unwrap())
            .map(|chunk| chunk.texts.len())
            .collect()
    }

    #[test]
    fn chunks_are_bounded_in_texts_and_in_bytes() {
        let endless = |input: String| sizes(input.into_bytes(), Patience::Endless);
        assert_eq!(endless(String::new()), [0; 0]);
        assert_eq!(endless("a\n".repeat(3)), [3]);
        let n = CHUNK_TEXTS;
        assert_eq!(endless("a\n".repeat(2 * n + 1)), [n, n, 1]);
        let long = "a".repeat(CHUNK_BYTES / 2) + "\n";
        assert_eq!(endless(long.repeat(5)), [2, 2, 1]);
    }

    #[test]
    fn texts_stay_in_order() {
        let input: String = (0..10_000).map(|i| format!("{i}\n")).collect();
        let patience = Patience::Limited(Duration::from_millis(1));
        let mut reading = reading(Cursor::new(input), patience);
        let mut texts = Vec::new();
        while let Some(chunk) = reading.next_chunk().unwrap() {
            texts.extend(chunk.texts);
        }
        assert!(
            texts
                .iter()
                .enumerate()
                .all(|(i, text)| *text == i.to_string())
        );
        assert_eq!(texts.len(), 10_000);
    }

    #[test]
    fn who_has_patience_for_one_text_gets_it_before_the_next_is_written() {
        let (end, mut pipe) = std::io::pipe().unwrap();
        pipe.write_all(b"first\n").unwrap();
        let mut reading = reading(end, Patience::Limited(Duration::from_millis(1)));
        for text in ["first", "second"] {
            assert_eq!(reading.next_chunk().unwrap().unwrap().texts, [text]);
            pipe.write_all(b"second\n").unwrap();
        }
        drop(pipe);
        reading.next_chunk().unwrap().unwrap();
        assert!(reading.next_chunk().unwrap().is_none());
    }

    #[test]
    fn an_error_comes_after_all_that_was_right() {
        for patience in [Patience::Endless, Patience::Limited(Duration::ZERO)] {
            let mut reading = reading(&b"one\ntwo\n\xff\nthree\n"[..], patience);
            let mut n_texts = 0;
            let error = loop {
                match reading.next_chunk() {
                    Ok(chunk) => n_texts += chunk.unwrap().texts.len(),
                    Err(error) => break error.to_string(),
                }
            };
            assert!(
                n_texts == 2 && error.starts_with("in:3:"),
                "{n_texts}: {error}"
            );
        }
    }
}
