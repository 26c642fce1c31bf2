//! Who may work, who waits, and who is sent away.
//!
//! So many works run at once, and so many wait. A place that becomes free goes to the clients in turn, so that one with many requests
//! does not stand before one with few; and where nobody more can wait, the client with most waiting loses its last.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::client::Client;
use crate::problem::Problem;

/// How much a new work counts in what works are taken to last.
const RECENT: f64 = 0.05;

/// How many works run, and how many wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Works that run at once.
    pub running: usize,
    /// Works that wait for them; more are sent away with 429.
    pub waiting: usize,
}

/// The places of works of one kind.
pub(crate) struct Admission {
    limits: Limits,
    state: Mutex<State>,
    rejected: AtomicU64,
}

#[derive(Default)]
struct State {
    running: usize,
    n_waiting: usize,
    /// Who waits, client by client, each in the order of arrival.
    waiting: HashMap<Client, VecDeque<oneshot::Sender<Place>>>,
    /// Whose turn it is, next first.
    turns: VecDeque<Client>,
    /// How long works have lasted lately, in seconds.
    lasting: f64,
}

/// A place among those that run; dropped, it goes to the next.
pub(crate) struct Place {
    /// Nothing once the place is given up.
    admission: Option<Arc<Admission>>,
    since: Instant,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            state: Mutex::default(),
            rejected: AtomicU64::new(0),
        })
    }

    /// A place for a work of `client`, waited for until `until` at most.
    ///
    /// # Errors
    /// 429 where too many wait already, 504 where `until` comes first.
    pub(crate) async fn place(
        self: &Arc<Self>,
        client: &Client,
        until: Option<Instant>,
    ) -> Result<Place, Problem> {
        let turn = {
            let mut state = self.locked();
            if state.running < self.limits.running {
                state.running += 1;
                return Ok(Place::new(self));
            }
            if state.n_waiting >= self.limits.waiting && !state.make_room(client) {
                let after = state.retry_after(self.limits);
                drop(state);
                return Err(self.too_many(after));
            }
            let (sender, turn) = oneshot::channel();
            state.push(client, sender);
            turn
        };
        let place = match until {
            None => turn.await,
            Some(until) => match tokio::time::timeout_at(until.into(), turn).await {
                Ok(place) => place,
                Err(_) => {
                    return Err(Problem::out_of_time(
                        "no place became free before the timeout",
                    ));
                }
            },
        };
        place.map_err(|_| {
            let after = self.locked().retry_after(self.limits);
            self.too_many(after)
        })
    }

    /// How many may run, and how many may wait.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// How many run and how many wait.
    pub(crate) fn occupancy(&self) -> (usize, usize) {
        let state = self.locked();
        (state.running, state.n_waiting)
    }

    /// How many were sent away.
    pub(crate) fn n_rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    fn too_many(&self, after: Duration) -> Problem {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        let detail = format!(
            "{} requests run and {} wait already; try again later",
            self.limits.running, self.limits.waiting
        );
        Problem::too_many(detail, after)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, client: &Client, sender: oneshot::Sender<Place>) {
        let waiting = self.waiting.entry(client.clone()).or_default();
        if waiting.is_empty() {
            self.turns.push_back(client.clone());
        }
        waiting.push_back(sender);
        self.n_waiting += 1;
    }

    /// The first of the client whose turn it is; it is out of the queue then.
    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        let client = self.turns.pop_front()?;
        let waiting = self.waiting.get_mut(&client)?;
        let next = waiting.pop_front();
        self.n_waiting -= usize::from(next.is_some());
        match waiting.is_empty() {
            true => drop(self.waiting.remove(&client)),
            false => self.turns.push_back(client),
        }
        next
    }

    /// Whether `client` may wait in the place of another: of one who has gone, or of the last work of the client with most of them.
    fn make_room(&mut self, client: &Client) -> bool {
        let before = self.n_waiting;
        for waiting in self.waiting.values_mut() {
            waiting.retain(|sender| !sender.is_closed());
        }
        self.waiting.retain(|_, waiting| !waiting.is_empty());
        self.turns
            .retain(|client| self.waiting.contains_key(client));
        self.n_waiting = self.waiting.values().map(VecDeque::len).sum();
        if self.n_waiting < before {
            return true;
        }
        let own = self.waiting.get(client).map_or(0, VecDeque::len);
        let most = self
            .waiting
            .values_mut()
            .max_by_key(|waiting| waiting.len());
        match most {
            // One less than it has is still no less than we shall have.
            Some(most) if most.len() > own + 1 => {
                most.pop_back();
                self.n_waiting -= 1;
                true
            }
            _ => false,
        }
    }

    /// When those who wait now will have been served.
    fn retry_after(&self, limits: Limits) -> Duration {
        let rounds = (self.n_waiting + 1) as f64 / limits.running.max(1) as f64;
        Duration::from_secs_f64((rounds * self.lasting).clamp(1.0, 60.0))
    }
}

impl Place {
    fn new(admission: &Arc<Admission>) -> Self {
        Self {
            admission: Some(Arc::clone(admission)),
            since: Instant::now(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(admission) = self.admission.take() else {
            return;
        };
        let mut state = admission.locked();
        let lasted = self.since.elapsed().as_secs_f64();
        state.lasting += RECENT * (lasted - state.lasting);
        loop {
            let Some(next) = state.next() else {
                state.running -= 1;
                return;
            };
            match next.send(Place::new(&admission)) {
                Ok(()) => return,
                // Whoever has gone does not take it; dropped as it is, it would ask for the lock that is held here.
                Err(mut unwanted) => unwanted.admission = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> Client {
        Client::key(name)
    }

    /// Runs to its end, on this thread.
    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(work)
    }

    /// `limits` with one place, which is taken; whoever waits says so in `order` when it is served.
    async fn served(waiting: usize, arrivals: &[&'static str]) -> (Vec<&'static str>, usize) {
        let admission = Admission::new(Limits {
            running: 1,
            waiting,
        });
        let held = admission.place(&client("first"), None).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for name in arrivals.iter().copied() {
            let (admission, order) = (Arc::clone(&admission), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let place = admission.place(&client(name), None).await;
                if place.is_ok() {
                    order.lock().unwrap().push(name);
                }
                place.is_ok()
            }));
            tokio::task::yield_now().await;
        }
        drop(held);
        let mut rejected = 0;
        for task in tasks {
            rejected += usize::from(!task.await.unwrap());
        }
        assert_eq!(admission.occupancy(), (0, 0));
        assert_eq!(admission.n_rejected(), rejected as u64);
        (
            Arc::into_inner(order).unwrap().into_inner().unwrap(),
            rejected,
        )
    }

    #[test]
    fn clients_take_turns() {
        let order = run(served(9, &["a", "a", "a", "b", "b", "c"]));
        assert_eq!(order, (vec!["a", "b", "c", "a", "b", "a"], 0));
    }

    #[test]
    fn a_full_queue_sends_away_the_last_of_the_client_with_most() {
        assert_eq!(run(served(2, &["a", "a", "a"])), (vec!["a", "a"], 1));
        assert_eq!(
            run(served(3, &["a", "a", "a", "b"])),
            (vec!["a", "b", "a"], 1)
        );
        assert_eq!(run(served(0, &["a"])), (vec![], 1));
    }

    #[test]
    fn whoever_goes_leaves_the_queue() {
        run(async {
            let admission = Admission::new(Limits {
                running: 1,
                waiting: 1,
            });
            let held = admission.place(&client("a"), None).await.unwrap();
            let soon = Instant::now() + Duration::from_millis(5);
            let late = admission.place(&client("a"), Some(soon)).await;
            assert_eq!(late.err().map(|problem| problem.status()), Some(504));
            // The place in the queue that it had is free.
            let second = {
                let admission = Arc::clone(&admission);
                tokio::spawn(async move { admission.place(&client("b"), None).await.is_ok() })
            };
            tokio::task::yield_now().await;
            drop(held);
            assert!(second.await.unwrap());
        });
    }
}
