//! Who waits for the encoder, and who comes next.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;
use xenoglot_engine::{Embeddings, Encoder, Error, Result, Role};

use super::counts::Counts;

/// A text, and how much work it is.
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) n_tokens: usize,
}

impl Text {
    /// `text`, whose tokens are counted.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub(crate) fn counted(text: String, encoder: &dyn Encoder) -> Result<Self> {
        let n_tokens = encoder.n_tokens(&text)?;
        Ok(Self { text, n_tokens })
    }

    /// `text`, where nobody asks how many tokens it has: counting them is as much work as a token table does in all.
    pub(super) fn estimated(text: &str) -> Self {
        Self {
            n_tokens: estimate(text),
            text: text.to_owned(),
        }
    }
}

/// About how many tokens `text` has: one for three bytes, which is too many for English and about right where a character has
/// three bytes.
pub(super) fn estimate(text: &str) -> usize {
    1 + text.len() / 3
}

/// Why there are no vectors.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The encoder says why.
    Failed(Error),
    /// The encoder panicked.
    Panicked,
    /// Too much is waiting already.
    Full,
    /// The deadline had passed.
    Late,
    /// The server is stopping.
    Ended,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Texts of one request.
pub(super) struct Job {
    texts: Vec<Text>,
    role: Role,
    deadline: Option<Instant>,
    answer: Mutex<Answer>,
}

/// What there is of a job's answer.
struct Answer {
    /// The vectors of the texts from a position on.
    parts: Vec<(usize, Embeddings)>,
    n_missing: usize,
    /// Nobody's any more once it was used.
    reply: Option<oneshot::Sender<Result<Embeddings, Refusal>>>,
}

/// Some texts of a job.
pub(super) struct Share {
    job: Arc<Job>,
    range: Range<usize>,
}

/// Jobs in the order in which they came, queries apart.
#[derive(Default)]
pub(super) struct Queue {
    queries: VecDeque<Waiting>,
    others: VecDeque<Waiting>,
    n_texts: usize,
    n_tokens: usize,
    /// How many batches left others waiting for the sake of queries.
    n_passed_over: usize,
}

struct Waiting {
    job: Arc<Job>,
    /// The first text that was not taken.
    next: usize,
}

/// Queries come first, but after so many batches that held nothing else, the others do.
const MAX_PASSED_OVER: usize = 4;

impl Job {
    pub(super) fn new(
        texts: Vec<Text>,
        role: Role,
        deadline: Option<Instant>,
        reply: oneshot::Sender<Result<Embeddings, Refusal>>,
    ) -> Arc<Self> {
        let answer = Answer {
            parts: Vec::new(),
            n_missing: texts.len(),
            reply: Some(reply),
        };
        Arc::new(Self {
            texts,
            role,
            deadline,
            answer: Mutex::new(answer),
        })
    }

    /// Whether somebody waits for it still; if its time is over, says so.
    fn is_wanted(&self, counts: &Counts) -> bool {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.reply.as_ref().is_none_or(oneshot::Sender::is_closed) {
            counts.abandoned();
            return false;
        }
        if self
            .deadline
            .is_none_or(|deadline| Instant::now() < deadline)
        {
            return true;
        }
        counts.late();
        if let Some(reply) = answer.reply.take() {
            let _ = reply.send(Err(Refusal::Late));
        }
        false
    }

    fn n_tokens(&self, range: Range<usize>) -> usize {
        self.texts[range].iter().map(|text| text.n_tokens).sum()
    }
}

impl Share {
    pub(super) fn role(&self) -> Role {
        self.job.role
    }

    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    pub(super) fn n_tokens(&self) -> usize {
        self.job.n_tokens(self.range.clone())
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = &self.job.texts[self.range.clone()];
        texts.iter().map(|text| text.text.as_str())
    }

    /// Gives the job what was made of these texts; with the last of them, whoever asked gets the whole. One failure is the
    /// whole job's.
    pub(super) fn answer(&self, made: Result<Embeddings, Refusal>) {
        let mut answer = self
            .job
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match made {
            Err(refusal) => {
                if let Some(reply) = answer.reply.take() {
                    // Whoever has gone away is not told.
                    let _ = reply.send(Err(refusal));
                }
            }
            Ok(vectors) => {
                answer.n_missing -= self.len();
                answer.parts.push((self.range.start, vectors));
                if answer.n_missing == 0
                    && let Some(reply) = answer.reply.take()
                {
                    answer.parts.sort_unstable_by_key(|(start, _)| *start);
                    let parts = std::mem::take(&mut answer.parts);
                    let parts: Vec<Embeddings> = parts.into_iter().map(|(_, part)| part).collect();
                    let _ = reply.send(Ok(Embeddings::joined(&parts)));
                }
            }
        }
    }
}

impl Queue {
    pub(super) fn push(&mut self, job: Arc<Job>) {
        self.n_texts += job.texts.len();
        self.n_tokens += job.n_tokens(0..job.texts.len());
        let lane = match job.role {
            Role::Query => &mut self.queries,
            Role::Passage | Role::Plain => &mut self.others,
        };
        lane.push_back(Waiting { job, next: 0 });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queries.is_empty() && self.others.is_empty()
    }

    pub(super) fn n_texts(&self) -> usize {
        self.n_texts
    }

    pub(super) fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    /// The next texts, of at most `max_tokens` or one alone; those that nobody waits for are left out.
    pub(super) fn take(&mut self, max_tokens: usize, counts: &Counts) -> Vec<Share> {
        let others_first = self.n_passed_over >= MAX_PASSED_OVER;
        let mut batch = Vec::new();
        let mut room = max_tokens;
        for queries in [!others_first, others_first] {
            while self.take_one(queries, &mut room, &mut batch, counts) {}
        }
        let is_other = |share: &Share| share.role() != Role::Query;
        match self.others.is_empty() || batch.iter().any(is_other) {
            true => self.n_passed_over = 0,
            false => self.n_passed_over += 1,
        }
        batch
    }

    /// Takes what fits of the first job of a lane. Says whether the next one may follow.
    fn take_one(
        &mut self,
        queries: bool,
        room: &mut usize,
        batch: &mut Vec<Share>,
        counts: &Counts,
    ) -> bool {
        let lane = match queries {
            true => &mut self.queries,
            false => &mut self.others,
        };
        let Some(front) = lane.front_mut() else {
            return false;
        };
        let (start, all) = (front.next, front.job.texts.len());
        let mut end = start;
        let is_wanted = front.job.is_wanted(counts);
        if is_wanted {
            let mut n_tokens = 0;
            for text in &front.job.texts[start..] {
                let is_alone = batch.is_empty() && end == start;
                if n_tokens + text.n_tokens > *room && !is_alone {
                    break;
                }
                n_tokens += text.n_tokens;
                end += 1;
            }
            if end > start {
                *room = room.saturating_sub(n_tokens);
                batch.push(Share {
                    job: Arc::clone(&front.job),
                    range: start..end,
                });
            }
        } else {
            end = all;
        }
        self.n_texts -= end - start;
        self.n_tokens -= front.job.n_tokens(start..end);
        front.next = end;
        let is_done = end == all;
        if is_done {
            lane.pop_front();
        }
        is_done
    }
}
