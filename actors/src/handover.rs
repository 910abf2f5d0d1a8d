//! Batches, and notes about them, on their way from those who append them to one who follows the log: parsed already, by reference.
//!
//! Who appends announces it before, because an event can be read from the log before its append has been answered.
//! So a follower knows whether to wait for a batch or to read the log. Who appends much waits for room before, so that a
//! follower that is slower than the log is not made slower still by reading it; but never for one that stands still.
//! Invariant: a batch is given at most once, at its own offset; what is not given is in the log. Memory is bounded: what
//! has no room is not kept. It does not order anything: offsets do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::event::note::Note;
use antler_events::ids::{Offset, TenantId};
use antler_events::line::LineBatch;
use antler_events::wire::ChainHash;
use tokio::sync::Notify;

use crate::credits::Credit;

/// Who appends no more does not wait for room: there is always some left for it.
const LITTLE_BYTES: usize = 64 << 10;
/// A follower that takes nothing for so long stands still.
const STILL_AFTER: Duration = Duration::from_millis(100);

/// A batch that is in the log.
#[derive(Debug)]
pub struct Handed {
    pub tenant: TenantId,
    pub offset: Offset,
    pub batch: Arc<LineBatch>,
    pub arrival: Arc<Arrival>,
    /// Comes back when the last follower has gone past.
    pub credit: Arc<Credit>,
}

/// A note that is in the log.
#[derive(Debug)]
pub struct HandedNote {
    pub tenant: TenantId,
    pub offset: Offset,
    pub recorded_at: Timestamp,
    /// Of the last event of its append.
    pub hash: ChainHash,
    pub note: Arc<Note>,
    /// Comes back when the last follower has gone past.
    pub credit: Arc<Credit>,
}

/// What is handed over.
#[derive(Debug, Clone)]
pub enum Passed {
    Lines(Arc<Handed>),
    Note(Arc<HandedNote>),
}

impl Passed {
    pub fn offset(&self) -> Offset {
        match self {
            Self::Lines(handed) => handed.offset,
            Self::Note(handed) => handed.offset,
        }
    }

    pub fn bytes_held(&self) -> usize {
        match self {
            Self::Lines(handed) => handed.batch.bytes_held(),
            Self::Note(handed) => handed.note.bytes_held(),
        }
    }
}

/// Batches for one follower of one partition.
#[derive(Debug)]
pub struct Handover {
    state: Mutex<State>,
    changed: Notify,
    /// There may be room that was not there before.
    has_gone_on: Notify,
    bytes_max: usize,
}

#[derive(Debug)]
struct State {
    announced: usize,
    batches: BTreeMap<Offset, Passed>,
    bytes: usize,
    /// Room that is kept for what is being appended.
    bytes_coming: usize,
    /// Somebody has waited for room for nothing, and the follower has not gone on since.
    stands_still: bool,
    /// What is before has been passed.
    next: Offset,
}

/// What there is at an offset.
#[derive(Debug)]
pub enum Found {
    Batch(Passed),
    /// Perhaps soon: somebody is appending.
    Coming,
    /// It is to be read from the log.
    Nothing,
}

/// Room for a batch that is to be appended.
#[derive(Debug)]
pub struct Room {
    handover: Arc<Handover>,
    bytes: usize,
}

/// A batch is being appended; dropped without delivering if that fails.
#[derive(Debug)]
pub struct Announced(Room);

impl Handover {
    pub fn new(next: Offset, bytes_max: usize) -> Arc<Self> {
        let batches = BTreeMap::new();
        let state = State { announced: 0, batches, bytes: 0, bytes_coming: 0, stands_still: false, next };
        Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            has_gone_on: Notify::new(),
            bytes_max,
        })
    }

    /// Waits for room, as long as the follower goes on.
    pub async fn room(self: &Arc<Self>, bytes: usize) -> Room {
        loop {
            let gone_on = self.has_gone_on.notified();
            tokio::pin!(gone_on);
            gone_on.as_mut().enable();
            if let Some(room) = self.take_room(bytes) {
                return room;
            }
            let still = tokio::time::timeout(STILL_AFTER, gone_on).await.is_err();
            self.lock().stands_still |= still;
        }
    }

    fn take_room(self: &Arc<Self>, bytes: usize) -> Option<Room> {
        let mut state = self.lock();
        // The rest is for those who do not wait.
        let bytes_max = self.bytes_max / 4 * 3;
        let is_room = state.bytes + state.bytes_coming + bytes <= bytes_max;
        let takes = is_room || bytes <= LITTLE_BYTES || bytes > bytes_max || state.stands_still;
        takes.then(|| {
            state.bytes_coming += bytes;
            Room { handover: Arc::clone(self), bytes }
        })
    }

    /// Takes what stands at the offset; whoever follows has passed all before.
    pub fn take(&self, next: Offset) -> Found {
        let mut state = self.lock();
        state.pass(next);
        state.stands_still = false;
        let found = match state.remove(next) {
            Some(batch) => Found::Batch(batch),
            None if state.announced > 0 => Found::Coming,
            None => Found::Nothing,
        };
        drop(state);
        self.has_gone_on.notify_waiters();
        found
    }

    /// Resolves when something was delivered, or given up, since this was called.
    pub fn changed(&self) -> impl Future<Output = ()> {
        self.changed.notified()
    }

    pub fn bytes_held(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pass(&mut self, next: Offset) {
        self.next = self.next.max(next);
        while let Some(offset) = self.batches.first_key_value().map(|(offset, _)| *offset)
            && offset < next
        {
            self.remove(offset);
        }
    }

    fn remove(&mut self, offset: Offset) -> Option<Passed> {
        let batch = self.batches.remove(&offset)?;
        self.bytes -= batch.bytes_held();
        Some(batch)
    }
}

impl Room {
    pub fn announce(self) -> Announced {
        self.handover.lock().announced += 1;
        Announced(self)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.handover.lock().bytes_coming -= self.bytes;
        self.handover.has_gone_on.notify_waiters();
    }
}

impl Announced {
    /// All of them at once, so that nobody who follows reads one of them from the log.
    pub fn deliver(self, batches: &[Passed]) {
        let Room { handover, .. } = &self.0;
        let mut state = handover.lock();
        for passed in batches {
            let (offset, bytes) = (passed.offset(), passed.bytes_held());
            if offset >= state.next && state.bytes + bytes <= handover.bytes_max {
                state.bytes += bytes;
                state.batches.insert(offset, passed.clone());
            }
        }
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.handover.lock().announced -= 1;
        self.0.handover.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;
    use antler_events::line::LineBatchBuilder;

    use super::*;
    use crate::credits::{self, Purse};

    fn handed(offset: u64) -> Passed {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(0));
        builder.push(b"a line").unwrap();
        let purse = Purse::new(1_000);
        Passed::Lines(Arc::new(Handed {
            tenant: TenantId::parse("acme").unwrap(),
            offset: Offset::new(offset),
            batch: Arc::new(builder.finish()),
            arrival: Arc::default(),
            credit: Arc::new(credits::take(&purse, &Purse::new(1_000), 6).unwrap()),
        }))
    }

    fn announced(handover: &Arc<Handover>) -> Announced {
        handover.take_room(6).unwrap().announce()
    }

    fn found(handover: &Handover, offset: u64) -> String {
        match handover.take(Offset::new(offset)) {
            Found::Batch(batch) => batch.offset().to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_batch_is_given_at_its_offset_and_only_once() {
        let handover = Handover::new(Offset::new(5), 1 << 20);
        assert_eq!(found(&handover, 5), "Nothing");
        let (one, other) = (announced(&handover), announced(&handover));
        assert_eq!(found(&handover, 5), "Coming");
        other.deliver(&[handed(6)]);
        assert_eq!(found(&handover, 5), "Coming");
        one.deliver(&[handed(5)]);
        assert_eq!(
            (found(&handover, 5), found(&handover, 6), found(&handover, 6)),
            ("5".into(), "6".into(), "Nothing".into())
        );
        assert_eq!(handover.bytes_held(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_appends_much_waits_for_a_follower_that_goes_on_and_for_no_other() {
        let handover = Handover::new(Offset::new(5), 400_000);
        let large = handover.room(200_000).await;
        let waiting = tokio::spawn({
            let handover = Arc::clone(&handover);
            async move { drop(handover.room(200_000).await) }
        });
        drop(handover.room(1_000).await);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(large.announce());
        waiting.await.unwrap();
        let began = tokio::time::Instant::now();
        let _held = handover.room(200_000).await;
        drop(handover.room(200_000).await);
        assert_eq!(began.elapsed().as_millis(), 100, "the follower stood still");
        drop(handover.room(200_000).await);
        drop(handover.room(900_000).await);
        assert_eq!(
            began.elapsed().as_millis(),
            100,
            "nobody waits for it again, nor for room that there is not"
        );
        assert_eq!(found(&handover, 5), "Nothing");
        drop(handover.room(200_000).await);
        assert_eq!(began.elapsed().as_millis(), 200, "it has gone on since");
    }

    #[test]
    fn what_was_read_from_the_log_meanwhile_is_dropped() {
        let handover = Handover::new(Offset::new(5), 1 << 20);
        announced(&handover).deliver(&[handed(5)]);
        let late = announced(&handover);
        assert_eq!(found(&handover, 8), "Coming");
        late.deliver(&[handed(7)]);
        assert_eq!((found(&handover, 8).as_str(), handover.bytes_held()), ("Nothing", 0));
    }

    #[test]
    fn what_has_no_room_is_left_to_the_log() {
        let bytes = handed(5).bytes_held();
        let handover = Handover::new(Offset::new(5), bytes + bytes / 2);
        announced(&handover).deliver(&[handed(5)]);
        announced(&handover).deliver(&[handed(6)]);
        drop(announced(&handover));
        assert_eq!((found(&handover, 5).as_str(), found(&handover, 6).as_str()), ("5", "Nothing"));
    }
}
