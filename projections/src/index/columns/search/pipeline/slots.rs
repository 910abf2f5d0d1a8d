//! Rows in slots: one for each combination of the keys that occurs.
//!
//! Invariant: each row is in one slot, and each slot has a row. It knows cells by their numbers only.

use antler_events::clock::Timestamp;
use antler_events::query::pipe::aggregate::State;

use super::codes::Codes;
use super::measured::SlotOf;
use super::numbering::Numbering;
use crate::index::columns::search::rows::RowSet;

/// Rows by the combination of their keys.
pub(super) struct Slots<'r> {
    rows: &'r RowSet,
    /// The slot of each row; nothing as long as all are in one.
    of_rows: Option<Vec<u32>>,
    /// For each slot a row that is in it.
    pub(super) examples: Vec<u32>,
}

impl<'r> Slots<'r> {
    /// All rows in one.
    pub(super) fn new(rows: &'r RowSet) -> Self {
        Self { rows, of_rows: None, examples: rows.iter().next().into_iter().collect() }
    }

    /// Divides each slot by the cells of its rows.
    pub(super) fn split(&mut self, codes: &Codes) {
        let cells = codes.cells.len() as u64;
        let mut numbering = Numbering::below(self.examples.len() as u64 * cells, self.rows.count() as usize);
        self.examples.clear();
        let of_rows = self.of_rows.get_or_insert_with(|| vec![0; self.rows.count() as usize]);
        for (row, slot) in self.rows.iter().zip(of_rows) {
            let key = u64::from(*slot) * cells + u64::from(codes.of_rows[row as usize]);
            let (number, is_new) = numbering.number(key);
            if is_new {
                self.examples.push(row);
            }
            *slot = number;
        }
    }

    /// The slot of each row of a scan of so many.
    pub(super) fn by_row(&self, len: u32) -> SlotOf {
        match &self.of_rows {
            Some(of_rows) if self.examples.len() > 1 => {
                let mut slots = vec![0; len as usize];
                self.rows.iter().zip(of_rows).for_each(|(row, slot)| slots[row as usize] = *slot);
                SlotOf::Each(slots)
            }
            _ => SlotOf::One,
        }
    }

    /// How many rows each slot has.
    pub(super) fn lines(&self) -> Vec<u64> {
        let Some(of_rows) = &self.of_rows else { return vec![u64::from(self.rows.count())] };
        let mut lines = vec![0; self.examples.len()];
        of_rows.iter().for_each(|slot| lines[*slot as usize] += 1);
        lines
    }

    /// Each row with its slot.
    fn placed(&self) -> impl Iterator<Item = (u32, u32)> {
        let mut of_rows = self.of_rows.iter().flatten();
        self.rows.iter().map(move |row| (row, of_rows.next().copied().unwrap_or(0)))
    }

    /// Adds each cell of a slot once, with how often it comes.
    pub(super) fn add_counted(&self, codes: &Codes, measures: &[usize], states: &mut [Vec<State>]) {
        let cells = codes.cells.len() as u64;
        let mut numbering = Numbering::below(self.examples.len() as u64 * cells, self.rows.count() as usize);
        let mut pairs: Vec<(u32, u32, u64)> = Vec::new();
        for (row, slot) in self.placed() {
            let code = codes.of_rows[row as usize];
            if code == 0 {
                continue;
            }
            let (pair, is_new) = numbering.number(u64::from(slot) * cells + u64::from(code));
            if is_new {
                pairs.push((slot, code, 0));
            }
            pairs[pair as usize].2 += 1;
        }
        for (slot, code, count) in pairs {
            let cell = &codes.cells[code as usize];
            for measure in measures {
                states[slot as usize][*measure].add(cell, count, Timestamp::default());
            }
        }
    }

    /// Adds the cell of each row with its time.
    pub(super) fn add_timed(
        &self,
        codes: &Codes,
        times: &[i64],
        measures: &[usize],
        states: &mut [Vec<State>],
    ) {
        for (row, slot) in self.placed() {
            let (row, slot) = (row as usize, slot as usize);
            let at = Timestamp::from_nanos(times[row]);
            for measure in measures {
                states[slot][*measure].add(&codes.cells[codes.of_rows[row] as usize], 1, at);
            }
        }
    }
}
