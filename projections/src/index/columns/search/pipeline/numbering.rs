//! Small numbers for large keys: each key gets the next one when it first comes.
//!
//! Invariant: the same key has the same number. Keys of a small range take a place in an array, others one in a table.
//! It does not remember the keys in their order: whoever numbers notes what a new number stands for.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Ranges up to this may be an array: 1 MiB of numbers.
const DENSE_MAX: u64 = 1 << 18;
/// An array has at most so many places for each key that is asked, or costs nothing.
const PLACES_PER_KEY: u64 = 4;
const PLACES_FREE: u64 = 1_024;
const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Numbering {
    numbers: Numbers,
    next: u32,
}

#[derive(Debug)]
enum Numbers {
    Dense(Vec<u32>),
    Sparse(HashMap<u64, u32, FixedState>),
}

impl Numbering {
    /// Of keys below a bound, which are asked about so often.
    pub(super) fn below(bound: u64, asked: usize) -> Self {
        let places = (asked as u64 * PLACES_PER_KEY).clamp(PLACES_FREE, DENSE_MAX);
        let numbers = if bound <= places {
            Numbers::Dense(vec![NONE; bound as usize])
        } else {
            Numbers::Sparse(HashMap::default())
        };
        Self { numbers, next: 0 }
    }

    /// The number of a key, and whether it is new.
    #[inline]
    pub(super) fn number(&mut self, key: u64) -> (u32, bool) {
        let number = match &mut self.numbers {
            Numbers::Dense(numbers) => &mut numbers[key as usize],
            Numbers::Sparse(numbers) => numbers.entry(key).or_insert(NONE),
        };
        let is_new = *number == NONE;
        if is_new {
            *number = self.next;
            self.next += 1;
        }
        (*number, is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbered_as_they_first_come() {
        for bound in [10, u64::MAX] {
            let mut numbering = Numbering::below(bound, 4);
            let found = [7, 3, 7, 0].map(|key| numbering.number(key));
            assert_eq!(found, [(0, true), (1, true), (0, false), (2, true)]);
        }
    }
}
