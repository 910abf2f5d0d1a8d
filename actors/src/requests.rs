//! Requests with an idempotency key: those under way, and those whose answer the views do not have yet.
//!
//! Invariant: of the requests of a tenant with one key only one is under way; who comes meanwhile waits, and gets its
//! answer. A request that was not written is remembered by nobody; one of which nobody knows is not repeated before the
//! views have passed the place where it would be. A claim travels with what is written, so that a sender who hangs up
//! changes nothing. It stores nothing: the answer is an event of the append that it is about.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
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
    log: Arc<dyn EventLog>,
    wait_max: Duration,
    /// By partition: what was in the log at the start, and may not be in the views yet.
    at_start: Vec<(PartitionId, Offset)>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    held: HashMap<Id, Held, FixedState>,
    /// By partition, in the order of the log: requests that go when the views have passed the place.
    passing: Vec<VecDeque<(Offset, Id)>>,
}

#[derive(Debug)]
enum Held {
    UnderWay,
    Answered(Arc<Remembered>),
    /// If it was written, it is not behind this place.
    InDoubt(PartitionId, Offset),
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
    #[error(
        "it is not known yet whether the first request with this Idempotency-Key was written; send it again a \
         little later"
    )]
    InDoubt,
    #[error("what was answered before the start is still being read; send it again a little later")]
    Behind,
    #[error("{HELD_MAX} requests with an Idempotency-Key are under way; send it again a little later")]
    Full,
    #[error(transparent)]
    Views(#[from] ViewError),
}

/// The right to answer a request. Dropped before the append begins, it leaves no trace; dropped without an answer after
/// that, it leaves a doubt.
#[derive(Debug)]
pub struct Claim {
    shared: Arc<Shared>,
    id: Id,
    stage: Stage,
}

/// What is known of a claimed request.
#[derive(Debug, Clone, Copy)]
enum Stage {
    NotWritten,
    Appending(PartitionId),
    Answered,
}

impl Requests {
    /// `progress` is that of the projection that feeds the views.
    pub fn new(
        views: ArrivalViews,
        progress: Arc<Progress>,
        clock: Arc<dyn Clock>,
        log: Arc<dyn EventLog>,
    ) -> Result<Self, ReadError> {
        Self::waiting(WAIT_MAX, views, progress, clock, log)
    }

    fn waiting(
        wait_max: Duration,
        views: ArrivalViews,
        progress: Arc<Progress>,
        clock: Arc<dyn Clock>,
        log: Arc<dyn EventLog>,
    ) -> Result<Self, ReadError> {
        let at_start = log.ends()?;
        let passing = at_start.iter().map(|_| VecDeque::new()).collect();
        let state = Mutex::new(State { held: HashMap::default(), passing });
        let changed = Notify::new();
        let shared = Shared { views, progress, clock, log, wait_max, at_start, state, changed };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Claims the key, or finds the answer, or waits for it.
    pub async fn begin(&self, tenant: TenantId, key: RequestKey) -> Result<Begun, RequestError> {
        self.begin_as_of(tenant, key, self.shared.clock.now()).await
    }

    /// The same, with the answers that held at a time and those that came later.
    pub async fn begin_as_of(
        &self,
        tenant: TenantId,
        key: RequestKey,
        time: Timestamp,
    ) -> Result<Begun, RequestError> {
        let shared = &self.shared;
        let caught_up = tokio::time::timeout(shared.wait_max, shared.caught_up()).await;
        caught_up.map_err(|_| RequestError::Behind)?;
        let begun = tokio::time::timeout(shared.wait_max, shared.claim((tenant, key))).await;
        let claim = match begun.map_err(|_| shared.still((tenant, key)))?? {
            Begun::First(claim) => claim,
            answered @ Begun::Answered(_) => return Ok(answered),
        };
        match shared.views.answer(tenant, key, time).await? {
            Some(remembered) => Ok(Begun::Answered(Arc::new(remembered))),
            None => Ok(Begun::First(claim)),
        }
    }
}

impl Shared {
    async fn caught_up(&self) {
        for (partition, last) in &self.at_start {
            self.progress.reached(*partition, *last).await;
        }
    }

    async fn claim(self: &Arc<Self>, id: Id) -> Result<Begun, RequestError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let doubt = {
                let mut state = self.lock();
                state.let_go(&self.progress);
                match state.held.get(&id) {
                    Some(Held::Answered(remembered)) => return Ok(Begun::Answered(Arc::clone(remembered))),
                    Some(Held::UnderWay) => None,
                    Some(Held::InDoubt(partition, end)) => Some((*partition, *end)),
                    None if state.held.len() >= HELD_MAX => return Err(RequestError::Full),
                    None => {
                        state.held.insert(id, Held::UnderWay);
                        let stage = Stage::NotWritten;
                        return Ok(Begun::First(Claim { shared: Arc::clone(self), id, stage }));
                    }
                }
            };
            match doubt {
                Some((partition, end)) => self.progress.reached(partition, end).await,
                None => changed.await,
            }
        }
    }

    /// Why a request cannot begin that has waited long enough.
    fn still(&self, id: Id) -> RequestError {
        match self.lock().held.get(&id) {
            Some(Held::InDoubt(..)) => RequestError::InDoubt,
            _ => RequestError::UnderWay,
        }
    }

    /// Nobody knows whether the request was written to the partition, until the views have passed all that is there now.
    fn doubt(&self, id: Id, partition: PartitionId) {
        let end = self.log.bounds(partition).map(|bounds| bounds.next.before());
        if let Err(error) = &end {
            tracing::error!(%error, %partition, "the end of the log is not known, so a doubt stays until a restart");
        }
        let mut state = self.lock();
        state
            .held
            .insert(id, Held::InDoubt(partition, end.as_ref().map_or(Offset::new(u64::MAX), |end| *end)));
        if let (Ok(end), Some(queue)) = (end, state.passing.get_mut(usize::from(partition.number()))) {
            queue.push_back((end, id));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets the requests of which the views have what there is by now.
    fn let_go(&mut self, progress: &Progress) {
        for (partition, queue) in (0..).map(PartitionId::new).zip(&mut self.passing) {
            let at = progress.at(partition);
            while let Some((offset, id)) = queue.pop_front_if(|(offset, _)| *offset <= at) {
                let is_this = |held: &Held| match held {
                    Held::UnderWay => false,
                    Held::Answered(found) => found.receipt.last == offset,
                    Held::InDoubt(of, end) => (*of, *end) == (partition, offset),
                };
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

    /// From here on the request may be in the log of the partition.
    pub fn appending(&mut self, partition: PartitionId) {
        self.stage = Stage::Appending(partition);
    }

    /// Nothing of the request is in the log.
    pub fn refused(mut self) {
        self.stage = Stage::NotWritten;
    }

    /// The request is answered, and its answer on stable storage: whoever waits gets it.
    pub fn answered(mut self, answered: &RequestAnswered, appended: &Appended) {
        let Appended { partition, last, hash, .. } = *appended;
        let receipt = answered.receipt(partition, last, hash);
        let remembered = Arc::new(Remembered { answered: answered.clone(), receipt });
        let mut state = self.shared.lock();
        state.held.insert(self.id, Held::Answered(remembered));
        if let Some(queue) = state.passing.get_mut(usize::from(partition.number())) {
            queue.push_back((last, self.id));
        }
        state.let_go(&self.shared.progress);
        drop(state);
        self.stage = Stage::Answered;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        match self.stage {
            Stage::NotWritten => drop(self.shared.lock().held.remove(&self.id)),
            Stage::Appending(partition) => self.shared.doubt(self.id, partition),
            Stage::Answered => {}
        }
        self.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
