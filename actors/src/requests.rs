//! Requests with an idempotency key: those under way, and those whose answer the views do not have yet.
//!
//! Invariant: of the requests of a tenant with one key only one is under way; who comes meanwhile waits, and gets its
//! answer. A request that was not written is remembered by nobody. A claim travels with what is written, so that a sender
//! who hangs up changes nothing. It stores nothing: the answer is an event of the append that it is about.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::event::note::{RequestAnswered, RequestKey};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::{Appended, EventLog, ReadError};
use antler_projections::views::answers::Remembered;
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::port::ViewError;
use foldhash::fast::FixedState;
use tokio::sync::Notify;

use crate::progress::Progress;

/// Requests that are held here.
const HELD_MAX: usize = 100_000;
/// Who waits for another's answer, or for the views at a start, waits no longer.
const WAIT_MAX: Duration = Duration::from_secs(30);

type Id = (TenantId, RequestKey);

/// Requests with an idempotency key.
#[derive(Debug, Clone)]
pub struct Requests {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    views: ArrivalViews,
    progress: Arc<Progress>,
    clock: Arc<dyn Clock>,
    /// By partition: what was in the log at the start, and may not be in the views yet.
    at_start: Vec<Offset>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    held: HashMap<Id, Held, FixedState>,
    /// By partition, in the order of the log: answers that go when the views have them.
    answered: Vec<VecDeque<(Offset, Id)>>,
}

#[derive(Debug)]
enum Held {
    UnderWay,
    Answered(Arc<Remembered>),
}

/// How a request goes on.
#[derive(Debug)]
pub enum Begun {
    /// It is the first: it is to be written, with this claim.
    First(Claim),
    /// It has been answered before.
    Answered(Arc<Remembered>),
}

/// Why it cannot be known whether a request was answered before.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("a request with the same Idempotency-Key is still under way; send it again a little later")]
    UnderWay,
    #[error("what was answered before the start is still being read; send it again a little later")]
    Behind,
    #[error("{HELD_MAX} requests with an Idempotency-Key are under way; send it again a little later")]
    Full,
    #[error(transparent)]
    Views(#[from] ViewError),
}

/// The right to answer a request. Dropped without an answer, it leaves no trace.
#[derive(Debug)]
pub struct Claim {
    shared: Arc<Shared>,
    id: Id,
    is_answered: bool,
}

impl Requests {
    /// `progress` is that of the projection that feeds the views.
    pub fn new(
        views: ArrivalViews,
        progress: Arc<Progress>,
        clock: Arc<dyn Clock>,
        log: &dyn EventLog,
    ) -> Result<Self, ReadError> {
        let partitions = || (0..log.partitions()).map(PartitionId::new);
        let last = |partition| log.bounds(partition).map(|bounds| bounds.next.before());
        let at_start = partitions().map(last).collect::<Result<_, _>>()?;
        let answered = partitions().map(|_| VecDeque::new()).collect();
        let state = Mutex::new(State { held: HashMap::default(), answered });
        let changed = Notify::new();
        Ok(Self { shared: Arc::new(Shared { views, progress, clock, at_start, state, changed }) })
    }

    /// Claims the key, or finds the answer, or waits for it.
    pub async fn begin(&self, tenant: TenantId, key: RequestKey) -> Result<Begun, RequestError> {
        let shared = &self.shared;
        let caught_up = tokio::time::timeout(WAIT_MAX, shared.caught_up()).await;
        caught_up.map_err(|_| RequestError::Behind)?;
        let begun = tokio::time::timeout(WAIT_MAX, shared.claim((tenant, key))).await;
        let claim = match begun.map_err(|_| RequestError::UnderWay)?? {
            Begun::First(claim) => claim,
            answered @ Begun::Answered(_) => return Ok(answered),
        };
        match shared.views.answer(tenant, key, shared.clock.now()).await? {
            Some(remembered) => Ok(Begun::Answered(Arc::new(remembered))),
            None => Ok(Begun::First(claim)),
        }
    }
}

impl Shared {
    async fn caught_up(&self) {
        for (partition, last) in (0..).map(PartitionId::new).zip(&self.at_start) {
            self.progress.reached(partition, *last).await;
        }
    }

    async fn claim(self: &Arc<Self>, id: Id) -> Result<Begun, RequestError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.lock();
                state.let_go(&self.progress);
                match state.held.get(&id) {
                    Some(Held::Answered(remembered)) => return Ok(Begun::Answered(Arc::clone(remembered))),
                    Some(Held::UnderWay) => {}
                    None if state.held.len() >= HELD_MAX => return Err(RequestError::Full),
                    None => {
                        state.held.insert(id, Held::UnderWay);
                        return Ok(Begun::First(Claim { shared: Arc::clone(self), id, is_answered: false }));
                    }
                }
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets the answers that the views have by now.
    fn let_go(&mut self, progress: &Progress) {
        for (partition, queue) in (0..).map(PartitionId::new).zip(&mut self.answered) {
            let at = progress.at(partition);
            while let Some((offset, id)) = queue.pop_front_if(|(offset, _)| *offset <= at) {
                let is_this =
                    |held: &Held| matches!(held, Held::Answered(found) if found.receipt.last == offset);
                if self.held.get(&id).is_some_and(is_this) {
                    self.held.remove(&id);
                }
            }
        }
    }
}

impl Claim {
    pub fn key(&self) -> RequestKey {
        self.id.1
    }

    /// The request is answered, and its answer on stable storage: whoever waits gets it.
    pub fn answered(mut self, answered: &RequestAnswered, appended: &Appended) {
        let Appended { partition, last, hash, .. } = *appended;
        let receipt = answered.receipt(partition, last, hash);
        let remembered = Arc::new(Remembered { answered: answered.clone(), receipt });
        let mut state = self.shared.lock();
        state.held.insert(self.id, Held::Answered(remembered));
        if let Some(queue) = state.answered.get_mut(usize::from(partition.number())) {
            queue.push_back((last, self.id));
        }
        state.let_go(&self.shared.progress);
        drop(state);
        self.is_answered = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_answered {
            self.shared.lock().held.remove(&self.id);
        }
        self.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
