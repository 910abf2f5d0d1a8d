//! Turns at the log: which tenant's batch is written next.
//!
//! As long as few bytes are being written everybody goes at once. Beyond that tenants go round: each round gives every
//! tenant that waits the same number of bytes times its weight, so one with a thousand batches before it waits behind
//! one batch of each other, and not behind a thousand.
//! Invariant: a turn that was given comes back when it is dropped, also if nobody waits for it any more; batches of one
//! tenant go in the order in which they came. It does not bound how much waits: credits do.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_events::ids::TenantId;
use foldhash::fast::FixedState;
use tokio::sync::oneshot;

use crate::planted::Planted;

/// Bytes that a tenant of weight 1 gets in a round.
const ROUND_BYTES: u64 = 256 << 10;

/// Gives turns.
#[derive(Debug, Clone)]
pub struct Turns {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bytes_max: u64,
    planted: Planted,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes_written: u64,
    waiting: HashMap<TenantId, Queue, FixedState>,
    /// Tenants that wait, the next one first.
    round: VecDeque<TenantId>,
}

#[derive(Debug)]
struct Queue {
    weight: u32,
    /// What is left of this round.
    bytes_left: u64,
    batches: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    bytes: u64,
    turn: oneshot::Sender<Turn>,
}

/// May be written now.
#[derive(Debug)]
pub struct Turn {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.shared.lock().bytes_written -= self.bytes;
        self.shared.give();
    }
}

impl Turns {
    /// So many bytes may be written at once; a larger batch goes alone.
    pub fn new(bytes_max: u64) -> Self {
        Self::with_planted(bytes_max, Planted::None)
    }

    /// The same with a bug.
    pub fn with_planted(bytes_max: u64, planted: Planted) -> Self {
        Self { shared: Arc::new(Shared { bytes_max, planted, state: Mutex::default() }) }
    }

    /// Waits for the tenant's turn.
    pub async fn take(&self, tenant: TenantId, weight: u32, bytes: u64) -> Turn {
        let (turn, given) = oneshot::channel();
        self.shared.lock().enqueue(tenant, weight, Waiting { bytes, turn });
        self.shared.give();
        given.await.expect("whoever waits is given a turn as long as this lives")
    }

    /// Batches that wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting.values().map(|queue| queue.batches.len()).sum()
    }
}

impl Shared {
    /// Gives turns as long as there is room. Those that nobody waits for come back by being dropped, outside the lock.
    fn give(self: &Arc<Self>) {
        loop {
            let next = self.lock().next(self.bytes_max, self.planted);
            let Some(Waiting { bytes, turn }) = next else { return };
            let _refused = turn.send(Turn { shared: Arc::clone(self), bytes });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(&mut self, tenant: TenantId, weight: u32, waiting: Waiting) {
        let queue = self.waiting.entry(tenant).or_insert_with(|| {
            self.round.push_back(tenant);
            Queue { weight, bytes_left: 0, batches: VecDeque::new() }
        });
        queue.weight = weight.max(1);
        queue.batches.push_back(waiting);
    }

    /// The batch that goes now; its bytes count from here on.
    fn next(&mut self, bytes_max: u64, planted: Planted) -> Option<Waiting> {
        loop {
            let tenant = *self.round.front()?;
            let queue = self.waiting.get_mut(&tenant).expect("who is in the round waits");
            let bytes = queue.batches.front().expect("who waits has a batch").bytes;
            if self.bytes_written > 0 && self.bytes_written + bytes > bytes_max {
                return None;
            }
            if queue.bytes_left < bytes && !planted.is(Planted::TurnsInOrder) {
                self.next_in_round();
                continue;
            }
            queue.bytes_left = queue.bytes_left.saturating_sub(bytes);
            let batch = queue.batches.pop_front();
            if queue.batches.is_empty() {
                self.waiting.remove(&tenant);
                self.round.pop_front();
            }
            self.bytes_written += bytes;
            return batch;
        }
    }

    /// Whoever comes next has its share at once, so that it waits for a part of one round and not of two.
    fn next_in_round(&mut self) {
        self.round.rotate_left(1);
        let next = self.round.front().and_then(|tenant| self.waiting.get_mut(tenant));
        let queue = next.expect("who is in the round waits");
        queue.bytes_left += ROUND_BYTES * u64::from(queue.weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[tokio::test]
    async fn a_flood_waits_behind_one_batch_of_each_other() {
        let turns = Turns::new(1 << 20);
        let first = turns.take(tenant("flood"), 1, 1 << 20).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = tokio::task::JoinSet::new();
        for (name, batches) in [("flood", 20), ("quiet", 1), ("calm", 1)] {
            for _ in 0..batches {
                let (turns, order) = (turns.clone(), Arc::clone(&order));
                tasks.spawn(async move {
                    let _turn = turns.take(tenant(name), 1, 200 << 10).await;
                    order.lock().unwrap().push(name);
                });
            }
        }
        while turns.waiting() < 22 {
            tokio::task::yield_now().await;
        }
        drop(first);
        tasks.join_all().await;
        let order = order.lock().unwrap();
        let place = |name| order.iter().position(|other| *other == name).unwrap();
        assert_eq!(order.len(), 22);
        assert!(place("quiet") < 6 && place("calm") < 6, "{order:?}");
    }

    #[tokio::test]
    async fn a_turn_that_nobody_waits_for_is_given_back() {
        let turns = Turns::new(10);
        let held = turns.take(tenant("a"), 1, 10).await;
        let given_up = turns.take(tenant("b"), 1, 10);
        assert!(tokio::time::timeout(std::time::Duration::ZERO, given_up).await.is_err());
        drop(held);
        drop(turns.take(tenant("c"), 1, 10).await);
        assert_eq!(turns.waiting(), 0);
    }

    #[tokio::test]
    async fn a_batch_larger_than_all_goes_alone() {
        let turns = Turns::new(10);
        let large = turns.take(tenant("a"), 1, 1 << 30).await;
        let other = turns.take(tenant("b"), 1, 1);
        assert!(tokio::time::timeout(std::time::Duration::ZERO, other).await.is_err());
        drop(large);
        drop(turns.take(tenant("b"), 1, 1).await);
    }
}
