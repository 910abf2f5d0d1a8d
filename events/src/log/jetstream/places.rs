//! Where the records of a partition lie: offsets, sequences and bytes of some of them.
//!
//! Invariant: a place is the first message of a record that counts. There are never more than `PLACES_MAX`; what lies
//! between two of them is found by asking the server. Bytes are exact at places and reckoned between them.

use crate::ids::Offset;

const PLACES_MAX: usize = 8_192;

/// A record whose place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub offset: Offset,
    pub sequence: u64,
    /// Of all records before it.
    pub bytes: u64,
}

#[derive(Debug)]
pub(super) struct Places {
    known: Vec<Place>,
    /// Behind the last record.
    end: Place,
}

impl Places {
    /// Of a log whose first message is at `first`, and that ends before `end`.
    pub(super) fn new(first: Place, end: Place) -> Self {
        let known = if first.offset < end.offset { vec![first] } else { Vec::new() };
        Self { known, end }
    }

    /// A record that follows all others.
    pub(super) fn note(&mut self, first: Offset, (begins, ends): (u64, u64), next: Offset, bytes: u64) {
        self.known.push(Place { offset: first, sequence: begins, bytes: self.end.bytes });
        self.end = Place { offset: next, sequence: ends + 1, bytes: self.end.bytes + bytes };
        if self.known.len() > PLACES_MAX {
            self.thin();
        }
    }

    /// The last known place at or before an offset, and the first one behind it.
    pub(super) fn around(&self, offset: Offset) -> (Option<Place>, Place) {
        let behind = self.known.partition_point(|place| place.offset <= offset);
        let before = behind.checked_sub(1).map(|at| self.known[at]);
        (before, self.known.get(behind).copied().unwrap_or(self.end))
    }

    pub(super) fn bytes_from(&self, from: Offset) -> u64 {
        if from >= self.end.offset {
            return 0;
        }
        let first = self.known.first().copied().unwrap_or(self.end);
        let (before, behind) = self.around(from);
        let Some(before) = before else { return self.end.bytes - first.bytes };
        let events = behind.offset.number() - before.offset.number();
        let passed = from.number() - before.offset.number();
        let bytes = (behind.bytes - before.bytes) as u128 * u128::from(passed) / u128::from(events.max(1));
        self.end.bytes - before.bytes - bytes as u64
    }

    /// Lines below an offset are gone: what is left there is little, and is looked for from the beginning.
    pub(super) fn cut(&mut self, below: Offset) {
        let kept = self.known.partition_point(|place| place.offset < below);
        let at = self.known.get(kept).copied().unwrap_or(self.end);
        self.known.drain(..kept);
        if at.offset > Offset::FIRST {
            self.known.insert(0, Place { offset: Offset::FIRST, sequence: 1, bytes: at.bytes });
        }
    }

    /// Of the older half every second one goes.
    fn thin(&mut self) {
        let half = self.known.len() / 2;
        let mut at = 0;
        self.known.retain(|_| {
            at += 1;
            at > half || at % 2 == 1
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: u64, sequence: u64, bytes: u64) -> Place {
        Place { offset: Offset::new(offset), sequence, bytes }
    }

    fn noted(records: u64) -> Places {
        let start = place(1, 1, 0);
        let mut places = Places::new(start, start);
        for at in 0..records {
            places.note(Offset::new(1 + at * 10), (1 + at, 1 + at), Offset::new(11 + at * 10), 100);
        }
        places
    }

    #[test]
    fn a_place_is_at_or_before_what_is_looked_for() {
        let places = noted(3);
        assert_eq!(places.around(Offset::new(1)), (Some(place(1, 1, 0)), place(11, 2, 100)));
        assert_eq!(places.around(Offset::new(25)), (Some(place(21, 3, 200)), place(31, 4, 300)));
        assert_eq!(places.around(Offset::ZERO), (None, place(1, 1, 0)));
    }

    #[test]
    fn bytes_become_fewer_and_are_exact_at_places() {
        let places = noted(3);
        let bytes: Vec<u64> = (1..=31).map(|from| places.bytes_from(Offset::new(from))).collect();
        assert_eq!((bytes[0], bytes[10], bytes[15], bytes[20], bytes[30]), (300, 200, 150, 100, 0));
        assert!(bytes.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn there_are_never_too_many_and_the_newest_stay_exact() {
        let places = noted(40_000);
        assert!(places.known.len() <= PLACES_MAX);
        assert_eq!(places.around(Offset::new(399_985)).0, Some(place(399_981, 39_999, 3_999_800)));
        let (before, behind) = places.around(Offset::new(5_005));
        assert!(before.unwrap().offset <= Offset::new(5_005) && behind.offset > Offset::new(5_005));
    }

    #[test]
    fn what_was_cut_is_looked_for_from_the_beginning() {
        let mut places = noted(10);
        places.cut(Offset::new(51));
        assert_eq!(places.around(Offset::new(30)), (Some(place(1, 1, 500)), place(51, 6, 500)));
        assert_eq!(places.bytes_from(Offset::FIRST), 500);
    }
}
