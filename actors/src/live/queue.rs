//! The queue of one reader: frames that wait to be sent, and what did not fit.
//!
//! Invariant: frames come out in the order in which they went in; between two of them the reader is told what is missing.
//! What waits is bounded in number and bytes, but for one frame, and that of all readers together by their budget. Nobody
//! waits to put something in.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::budget::ReaderBudget;
use super::frame::Frame;
use super::seq::Seq;

/// Lines that a reader was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub from: Seq,
    pub to: Seq,
    /// How many the filter wanted; none if nobody knows, because the log has them no more.
    pub count: Option<u64>,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Frame(Frame),
    Gap(Gap),
    /// The tail ended; another one may go on from the reader's position.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueBounds {
    pub frames_max: usize,
    pub bytes_max: usize,
}

#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
    bounds: QueueBounds,
    budget: Arc<ReaderBudget>,
    /// Somebody has more for the reader and waits until there is room.
    room_wanted: AtomicBool,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Told>,
    bytes: usize,
    /// What was dropped behind the last that waits.
    gap: Option<Gap>,
    /// All before this was put in, dropped, or not wanted.
    looked_at: Seq,
    /// All before this was taken out, unless more waits.
    taken: Seq,
    pending: u64,
    is_ended: bool,
}

impl Queue {
    pub fn new(bounds: QueueBounds, budget: Arc<ReaderBudget>, begin: Seq) -> Arc<Self> {
        budget.enter();
        let state = State {
            waiting: VecDeque::new(),
            bytes: 0,
            gap: None,
            looked_at: begin,
            taken: begin,
            pending: 0,
            is_ended: false,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            bounds,
            budget,
            room_wanted: AtomicBool::new(false),
        })
    }

    pub fn has_room(&self) -> bool {
        self.room(&self.lock(), 0)
    }

    /// Says that somebody has more once there is room; false if there is room already.
    pub fn want_room(&self) -> bool {
        let state = self.lock();
        let wants = !self.room(&state, 0);
        self.room_wanted.store(wants, Ordering::Relaxed);
        wants
    }

    /// Puts a frame in; if there is no room it is dropped, and counted. Answers whether there was.
    pub fn push(&self, frame: &Frame) -> bool {
        let has_room = self.put(frame);
        if !has_room {
            self.miss(Gap { from: frame.first, to: frame.last, count: Some(frame.lines) });
        }
        has_room
    }

    /// Puts a frame in if there is room, and answers whether there was.
    pub fn put(&self, frame: &Frame) -> bool {
        let mut state = self.lock();
        let has_room = self.room(&state, frame.bytes.len());
        if has_room {
            state.let_know_of_gap(&self.budget);
            state.bytes += frame.bytes.len();
            state.waiting.push_back(Told::Frame(frame.clone()));
        }
        drop(state);
        self.changed.notify_one();
        has_room
    }

    /// Counts lines that are dropped without being written first.
    pub fn miss(&self, gap: Gap) {
        self.budget.note_missed(gap.count.unwrap_or_default());
        self.lock().miss(gap);
        self.changed.notify_one();
    }

    /// All before this has been dealt with.
    pub fn look_at(&self, next: Seq) {
        let mut state = self.lock();
        state.looked_at = state.looked_at.max(next);
    }

    /// Counts lines that come while nobody wants to see them.
    pub fn keep_back(&self, lines: u64) {
        self.lock().pending += lines;
    }

    pub fn forget_kept_back(&self) {
        self.lock().pending = 0;
    }

    pub fn end(&self) {
        self.lock().is_ended = true;
        self.changed.notify_one();
    }

    /// The next thing to tell. Dropping this loses nothing.
    pub async fn next(&self) -> Told {
        loop {
            if let Some(told) = self.take() {
                return told;
            }
            self.changed.notified().await;
        }
    }

    /// What can be told at once.
    pub fn take(&self) -> Option<Told> {
        self.lock().take(&self.budget)
    }

    /// Whether somebody waits for the room that there is now; he is asked for only once.
    pub fn is_room_wanted(&self) -> bool {
        self.room_wanted.load(Ordering::Relaxed)
            && self.lock().is_half_empty(self.bounds)
            && self.room_wanted.swap(false, Ordering::Relaxed)
    }

    /// Lines that wait, and lines that were kept back.
    pub fn pending(&self) -> u64 {
        let state = self.lock();
        let lines = |told: &Told| if let Told::Frame(frame) = told { frame.lines } else { 0 };
        state.pending + state.waiting.iter().map(lines).sum::<u64>()
    }

    /// Where another reader has to begin, so that it is given what this one was not.
    pub fn position(&self) -> Seq {
        let state = self.lock();
        match state.waiting.is_empty() && state.gap.is_none() {
            true => state.looked_at.max(state.taken),
            false => state.taken,
        }
    }

    /// Whether there is room for a frame of which so many bytes count already.
    fn room(&self, state: &State, bytes: usize) -> bool {
        state.has_room(self.bounds) && self.budget.has_room(!state.waiting.is_empty(), bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.budget.leave();
    }
}

impl State {
    fn has_room(&self, bounds: QueueBounds) -> bool {
        self.waiting.len() < bounds.frames_max && self.bytes < bounds.bytes_max
    }

    fn is_half_empty(&self, bounds: QueueBounds) -> bool {
        self.waiting.len() <= bounds.frames_max / 2 && self.bytes <= bounds.bytes_max / 2
    }

    fn miss(&mut self, gap: Gap) {
        self.gap = Some(match self.gap {
            None => gap,
            Some(before) => Gap {
                from: before.from.min(gap.from),
                to: before.to.max(gap.to),
                count: before.count.zip(gap.count).map(|(one, other)| one + other),
            },
        });
    }

    fn let_know_of_gap(&mut self, budget: &ReaderBudget) {
        if let Some(gap) = self.gap.take() {
            budget.note_gap();
            self.waiting.push_back(Told::Gap(gap));
        }
    }

    fn take(&mut self, budget: &ReaderBudget) -> Option<Told> {
        if self.waiting.is_empty() {
            self.let_know_of_gap(budget);
        }
        let Some(told) = self.waiting.pop_front() else { return self.is_ended.then_some(Told::Ended) };
        match &told {
            Told::Frame(frame) => {
                self.bytes -= frame.bytes.len();
                self.taken = self.taken.max(frame.last.next());
            }
            Told::Gap(gap) => self.taken = self.taken.max(gap.to.next()),
            Told::Ended => {}
        }
        if self.waiting.is_empty() && self.waiting.capacity() > 16 {
            self.waiting.shrink_to(0);
        }
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use antler_events::ids::Offset;
    use bytes::Bytes;

    use super::*;

    fn seq(row: usize) -> Seq {
        Seq::of(Offset::FIRST, row).unwrap()
    }

    fn frame(first: usize, lines: usize) -> Frame {
        let bytes = Bytes::from(vec![b'x'; lines * 10]);
        Frame { bytes, lines: lines as u64, first: seq(first), last: seq(first + lines - 1) }
    }

    fn queue() -> Arc<Queue> {
        Queue::new(QueueBounds { frames_max: 2, bytes_max: 100 }, ReaderBudget::new(1 << 20), seq(0))
    }

    #[test]
    fn what_has_no_room_is_counted_and_told_before_the_next() {
        let queue = queue();
        for at in 0..5 {
            queue.push(&frame(at * 3, 3));
        }
        assert_eq!(queue.take(), Some(Told::Frame(frame(0, 3))));
        queue.push(&frame(15, 3));
        assert_eq!(queue.take(), Some(Told::Frame(frame(3, 3))));
        let gap = Gap { from: seq(6), to: seq(14), count: Some(9) };
        assert_eq!(queue.take(), Some(Told::Gap(gap)));
        assert_eq!((queue.take(), queue.take()), (Some(Told::Frame(frame(15, 3))), None));
    }

    #[test]
    fn a_gap_is_told_also_if_nothing_comes_behind_it() {
        let queue = queue();
        queue.push(&frame(0, 20));
        queue.push(&frame(20, 1));
        assert_eq!(queue.take(), Some(Told::Frame(frame(0, 20))));
        assert_eq!(queue.position(), seq(20));
        assert_eq!(queue.take(), Some(Told::Gap(Gap { from: seq(20), to: seq(20), count: Some(1) })));
        queue.look_at(seq(50));
        queue.end();
        assert_eq!((queue.position(), queue.take()), (seq(50), Some(Told::Ended)));
    }

    #[test]
    fn who_waits_for_room_is_asked_once_when_half_is_free() {
        let queue = queue();
        queue.push(&frame(0, 3));
        assert!(!queue.want_room() && !queue.is_room_wanted());
        queue.push(&frame(3, 3));
        assert!(queue.want_room() && !queue.is_room_wanted());
        queue.take();
        assert!(queue.is_room_wanted() && !queue.is_room_wanted());
    }
}
