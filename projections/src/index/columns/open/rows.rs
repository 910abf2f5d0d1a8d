//! The rows of the values of a column: mostly the next one, or one not far behind it.
//!
//! Invariant: rows come back in the order in which they were pushed, which never falls. Each is the distance from the
//! one before it, which is one byte nearly always: there are as many of them as values. It finds a page of rows and no
//! single one.

use crate::index::columns::plane::PAGE;
use crate::index::columns::varint;

/// From here on a distance needs more than its byte.
const FAR: u32 = 0x80;

/// Rows that are appended and gone through.
#[derive(Debug, Default)]
pub struct RowList {
    distances: Vec<u8>,
    len: u32,
    last: u32,
    /// How many rows stand where they do not in 0, 1, 2 and so on.
    displaced: u32,
    /// For each page of rows up to that of the last how many rows stand before it.
    ranks: Vec<u32>,
}

impl RowList {
    #[inline]
    pub fn push(&mut self, row: u32) {
        let distance = row - self.last;
        if distance < FAR {
            self.distances.push(distance as u8);
        } else {
            varint::push(&mut self.distances, u64::from(distance));
        }
        if row as usize / PAGE >= self.ranks.len() {
            self.ranks.resize(row as usize / PAGE + 1, self.len);
        }
        self.displaced += u32::from(row != self.len);
        self.last = row;
        self.len += 1;
    }

    pub const fn len(&self) -> usize {
        self.len as usize
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the rows are 0, 1, 2 and so on.
    pub const fn is_counting(&self) -> bool {
        self.displaced == 0
    }

    /// How many rows stand before a page.
    pub fn rank_at_page(&self, page: usize) -> u32 {
        self.ranks.get(page).copied().unwrap_or(self.len)
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let (mut bytes, mut row) = (&self.distances[..], 0);
        std::iter::from_fn(move || {
            row += match bytes.split_first() {
                Some((distance, rest)) if u32::from(*distance) < FAR => {
                    bytes = rest;
                    u32::from(*distance)
                }
                Some(_) => varint::take_u32(&mut bytes).expect("it was pushed as one"),
                None => return None,
            };
            Some(row)
        })
    }

    /// Whether the rows of both are the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.distances == other.distances
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.distances.clear();
        self.ranks.clear();
        (self.len, self.last, self.displaced) = (0, 0, 0);
    }

    pub fn bytes_held(&self) -> usize {
        self.distances.capacity() + self.ranks.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back(
            distances in proptest::collection::vec(
                prop_oneof![6 => Just(1), 2 => 0u32..3, 1 => 100u32..300, 1 => 0u32..60_000], 0..60),
            start in prop_oneof![Just(0), 0u32..40_000],
        ) {
            let mut list = RowList::default();
            list.push(7);
            list.clear();
            let mut rows = Vec::new();
            let mut row = start;
            for distance in distances {
                rows.push(row);
                list.push(row);
                row += distance;
            }
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), rows.clone());
            prop_assert_eq!((list.len(), list.is_empty()), (rows.len(), rows.is_empty()));
            let is_counting = rows.iter().zip(0..).all(|(row, at)| *row == at);
            prop_assert_eq!(list.is_counting(), is_counting);
            for page in 0..row as usize / PAGE + 3 {
                let before = rows.iter().filter(|row| (**row as usize) < page * PAGE).count();
                prop_assert_eq!(list.rank_at_page(page), before as u32);
            }
            let mut other = RowList::default();
            rows.iter().for_each(|row| other.push(*row));
            prop_assert!(list.is_same(&other));
            other.push(row);
            prop_assert!(!list.is_same(&other));
        }
    }
}
