//! Where tails take batches from, and who has a tail at all.
//!
//! Invariant: from the moment on that an inbox is open, every batch of its tenant behind `looking_at` is put into it, in
//! order, or noted as refused; so a tail knows what it has to read from the log. Memory is bounded; whoever puts
//! something in never waits. It holds no credit: those who write go on without tails.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_config::limits::LineLimits;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;
use antler_events::log::{EventLog, ReadError};
use dashmap::DashMap;
use foldhash::fast::FixedState;
use ractor::ActorRef;

use super::budget::ReaderBudget;
use super::frame::FrameBounds;
use super::tail::TailMessage;

/// What tails may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailBounds {
    /// Tails of one tenant.
    pub tails_max: usize,
    pub inbox_bytes_max: usize,
    /// Of frames that wait for readers of all tenants.
    pub waiting_bytes_max: u64,
    /// Batches that come within this time share frames.
    pub linger: Duration,
    pub frames: FrameBounds,
    pub lines: LineLimits,
}

/// The tails of all tenants.
#[derive(Debug)]
pub struct Tails {
    pub bounds: TailBounds,
    pub budget: Arc<ReaderBudget>,
    inboxes: DashMap<TenantId, Vec<Arc<Inbox>>, FixedState>,
    /// By partition, the last event whose tails have been looked up.
    looking_at: Vec<AtomicU64>,
}

/// A batch on its way to tails.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub offset: Offset,
    pub batch: Arc<LineBatch>,
    pub arrival: Arc<Arrival>,
}

/// What waits for one tail.
#[derive(Debug)]
pub struct Inbox {
    tail: ActorRef<TailMessage>,
    state: Mutex<State>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Delivery>,
    bytes: usize,
    /// The last of the batches that found no room.
    refused: Option<Offset>,
    /// The tail knows that there is something, or will look again.
    is_awake: bool,
}

/// What was in an inbox.
#[derive(Debug)]
pub struct Taken {
    pub deliveries: VecDeque<Delivery>,
    /// Batches behind those, up to this one, are to be read from the log.
    pub refused: Option<Offset>,
}

/// An inbox that is open until this is dropped.
#[derive(Debug)]
pub struct OpenInbox {
    tenant: TenantId,
    tails: Arc<Tails>,
    inbox: Arc<Inbox>,
}

impl Tails {
    /// Begins at the end of the log.
    pub fn new(log: &dyn EventLog, bounds: TailBounds) -> Result<Arc<Self>, ReadError> {
        let looking_at = log.ends()?.into_iter().map(|(_, end)| AtomicU64::new(end.number())).collect();
        let budget = ReaderBudget::new(bounds.waiting_bytes_max);
        Ok(Arc::new(Self { bounds, budget, inboxes: DashMap::default(), looking_at }))
    }

    pub fn are_open(&self, tenant: TenantId) -> bool {
        self.inboxes.contains_key(&tenant)
    }

    /// The last event whose tails have been looked up; those before it have been given to tails.
    pub fn looking_at(&self, partition: PartitionId) -> Offset {
        let at = self.looking_at.get(usize::from(partition.number()));
        Offset::new(at.map_or(0, |at| at.load(Ordering::SeqCst)))
    }

    /// Gives a batch to all tails of the tenant. Events come in order; one that comes again is known to its tails.
    pub(super) fn give(&self, tenant: TenantId, partition: PartitionId, delivery: &Delivery) {
        self.look_at(partition, delivery.offset);
        if let Some(inboxes) = self.inboxes.get(&tenant) {
            inboxes.iter().for_each(|inbox| inbox.put(delivery));
        }
    }

    /// An event that tails have no use for.
    pub(super) fn look_at(&self, partition: PartitionId, offset: Offset) {
        if let Some(at) = self.looking_at.get(usize::from(partition.number())) {
            at.fetch_max(offset.number(), Ordering::SeqCst);
        }
    }

    pub(super) fn open(self: &Arc<Self>, tenant: TenantId, tail: ActorRef<TailMessage>) -> OpenInbox {
        let inbox = Arc::new(Inbox { tail, state: Mutex::default(), bytes_max: self.bounds.inbox_bytes_max });
        self.inboxes.entry(tenant).or_default().push(Arc::clone(&inbox));
        OpenInbox { tenant, tails: Arc::clone(self), inbox }
    }
}

impl Inbox {
    fn put(&self, delivery: &Delivery) {
        let bytes = delivery.batch.bytes_held();
        let mut state = self.lock();
        if state.refused.is_some() || state.bytes + bytes > self.bytes_max {
            state.refused = Some(delivery.offset);
        } else {
            state.bytes += bytes;
            state.waiting.push_back(delivery.clone());
        }
        if !std::mem::replace(&mut state.is_awake, true) {
            drop(state);
            let _tail_is_gone = self.tail.cast(TailMessage::Wake);
        }
    }

    /// Takes all there is; none if there is nothing, and then the tail is woken by the next batch. Else it has to look
    /// again by itself.
    pub(super) fn take(&self) -> Option<Taken> {
        let mut state = self.lock();
        if state.waiting.is_empty() && state.refused.is_none() {
            state.is_awake = false;
            return None;
        }
        state.bytes = 0;
        Some(Taken { deliveries: std::mem::take(&mut state.waiting), refused: state.refused.take() })
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && state.refused.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::ops::Deref for OpenInbox {
    type Target = Inbox;

    fn deref(&self) -> &Inbox {
        &self.inbox
    }
}

impl Drop for OpenInbox {
    fn drop(&mut self) {
        if let Some(mut inboxes) = self.tails.inboxes.get_mut(&self.tenant) {
            inboxes.retain(|inbox| !Arc::ptr_eq(inbox, &self.inbox));
        }
        self.tails.inboxes.remove_if(&self.tenant, |_, inboxes| inboxes.is_empty());
    }
}
