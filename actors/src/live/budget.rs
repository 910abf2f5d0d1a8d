//! What all readers together may have waiting, and what became of lines on their way to them.
//!
//! Invariant: a frame counts once, however many readers it waits for, from the moment it is written until the last of them
//! is done with it. When most of the room is taken, readers for whom something waits already give way to those who keep
//! up. It drops nothing itself: queues do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

/// Beside the bytes of a frame.
const FRAME_OVERHEAD_BYTES: u64 = 64;

/// The room for frames, and counters since the start.
#[derive(Debug)]
pub struct ReaderBudget {
    bytes_max: u64,
    bytes: AtomicU64,
    readers: AtomicU64,
    frames: AtomicU64,
    lines: AtomicU64,
    gaps: AtomicU64,
    missed: AtomicU64,
}

/// A frame that counts until it is dropped.
#[derive(Debug)]
struct Charged {
    bytes: Bytes,
    budget: Arc<ReaderBudget>,
}

impl ReaderBudget {
    pub fn new(bytes_max: u64) -> Arc<Self> {
        let zero = || AtomicU64::new(0);
        Arc::new(Self {
            bytes_max,
            bytes: zero(),
            readers: zero(),
            frames: zero(),
            lines: zero(),
            gaps: zero(),
            missed: zero(),
        })
    }

    /// Bytes of frames that wait or are being sent.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Those who follow a tail now.
    pub fn readers(&self) -> u64 {
        self.readers.load(Ordering::Relaxed)
    }

    /// Frames that were given to readers, one for each of them.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Lines that were given to readers, one for each of them.
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Gaps that readers were told of.
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// Lines that readers were not given.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Whether a reader for whom nothing waits, or something, may be given more. What he is to be given may count already
    /// with so many bytes; without that a frame as large as all the room would never find any.
    pub(super) fn has_room(&self, is_waiting: bool, bytes: usize) -> bool {
        let most = if is_waiting { self.bytes_max / 4 * 3 } else { self.bytes_max };
        let own = if bytes == 0 { 0 } else { cost(bytes) };
        self.bytes().saturating_sub(own) < most
    }

    /// Counts the frame until its bytes are dropped.
    pub(super) fn charge(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        let charged = Charged { bytes, budget: Arc::clone(self) };
        self.bytes.fetch_add(cost(charged.bytes.len()), Ordering::Relaxed);
        Bytes::from_owner(charged)
    }

    pub(super) fn note_given(&self, readers: u64, lines: u64) {
        self.frames.fetch_add(readers, Ordering::Relaxed);
        self.lines.fetch_add(readers * lines, Ordering::Relaxed);
    }

    pub(super) fn note_missed(&self, lines: u64) {
        self.missed.fetch_add(lines, Ordering::Relaxed);
    }

    pub(super) fn note_gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn enter(&self) {
        self.readers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a frame of so many bytes counts.
fn cost(bytes: usize) -> u64 {
    bytes as u64 + FRAME_OVERHEAD_BYTES
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(cost(self.bytes.len()), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_once_until_the_last_is_done_with_it() {
        let budget = ReaderBudget::new(400);
        let frame = budget.charge(Bytes::from_static(&[b'x'; 236]));
        let others = [frame.clone(), frame.slice(10..20)];
        assert_eq!((budget.bytes(), frame.len()), (300, 236));
        assert!(budget.has_room(false, 0) && !budget.has_room(true, 0) && budget.has_room(true, 236));
        drop(frame);
        assert_eq!(budget.bytes(), 300);
        drop(others);
        assert_eq!(budget.bytes(), 0);
    }
}
