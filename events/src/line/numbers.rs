//! The numbers under which a sender knows the lines that stand in batches.
//!
//! Invariant: a line has the number that it was pushed with; what nobody numbered is counted from 1. It takes room only where
//! numbers do not follow each other, and holds no lines.

/// Numbers of lines, by their places among all that were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineNumbers {
    count: u64,
    /// Where a run of numbers begins, and with which.
    runs: Vec<(u64, u64)>,
}

impl LineNumbers {
    /// The number of the next line.
    pub fn push(&mut self, number: u64) {
        let place = self.count;
        self.count += 1;
        let expected = self.runs.last().map_or(place + 1, |(from, first)| first + (place - from));
        if number != expected {
            self.runs.push((place, number));
        }
    }

    /// The number of a line by its place, the first of which is 0.
    pub fn of(&self, place: u64) -> u64 {
        match self.runs.partition_point(|(from, _)| *from <= place).checked_sub(1) {
            None => place + 1,
            Some(run) => self.runs[run].1 + (place - self.runs[run].0),
        }
    }

    /// So many lines stood before all of these.
    pub fn stand_behind(&mut self, before: u64) {
        self.runs.iter_mut().for_each(|(_, first)| *first += before);
        if before > 0 && self.runs.first().is_none_or(|(from, _)| *from > 0) {
            self.runs.insert(0, (0, before + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_number_that_it_was_pushed_with() {
        let check = |numbers: &[u64], before: u64, runs: usize| {
            let mut known = LineNumbers::default();
            numbers.iter().for_each(|number| known.push(*number));
            known.stand_behind(before);
            let found: Vec<u64> = (0..numbers.len() as u64).map(|place| known.of(place)).collect();
            let expected: Vec<u64> = numbers.iter().map(|number| number + before).collect();
            assert_eq!((found, known.runs.len()), (expected, runs), "{numbers:?} behind {before}");
        };
        check(&[], 0, 0);
        check(&[1, 2, 3], 0, 0);
        check(&[1, 2, 3], 5, 1);
        check(&[2, 3, 7, 8], 0, 2);
        check(&[2, 3, 7, 8], 10, 2);
        check(&[1, 2, 7, 8], 10, 2);
        check(&[1, 1, 2, 1], 0, 2);
        assert_eq!(LineNumbers::default().of(4), 5, "what nobody numbered is counted from 1");
    }
}
