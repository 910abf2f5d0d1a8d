//! Grouping: rows gathered by the values of some columns, with measures for each group.
//!
//! Invariant: memory stays within `PipeLimits` plus a few megabytes: first percentiles and distinct counts
//! are estimated, then no group is added, then nothing is; lines that are left out are counted. Until then the groups
//! are the same in whatever order rows came and parts were merged.
//! It does not read rows: whoever does gives keys and values, an index column by column.

use std::collections::HashMap;
use std::sync::Arc;

use antler_config::limits::PipeLimits;
use foldhash::fast::FixedState;

use super::aggregate::{Measure, State};
use super::bin::Bin;
use super::cell::Cell;
use crate::clock::Timestamp;
use crate::query::tree::FieldName;

/// Additions, and bytes of their values, after which memory is counted anew.
const ADDITIONS_UNCOUNTED_MAX: u64 = 65_536;
const BYTES_UNCOUNTED_MAX: u64 = 4 << 20;
/// What a group costs beside its key and states.
const GROUP_BYTES: u64 = 64;

/// What is grouped by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    pub keys: Vec<Key>,
    pub measures: Vec<Measure>,
    /// Whether a line without a value for each key is left out.
    pub only_complete: bool,
}

/// A column to group by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub field: FieldName,
    pub bin: Option<Bin>,
    /// The column of the result.
    pub name: Arc<str>,
}

/// When the query looks, and from which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    pub from: Timestamp,
    /// The first moment that does not belong to it.
    pub to: Timestamp,
    /// Of the reader's clock, east of Greenwich.
    pub utc_offset_seconds: i32,
}

/// Groups that grow.
#[derive(Debug, Clone)]
pub struct Groups {
    grouping: Arc<Grouping>,
    limits: PipeLimits,
    /// Where the states of a key stand.
    places: HashMap<Box<[Cell]>, usize, FixedState>,
    states: Vec<Box<[State]>>,
    bytes: u64,
    uncounted: (u64, u64),
    room: Room,
    lines_left_out: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Free,
    /// For groups that are there.
    NoNewGroup,
    None,
}

impl Key {
    pub fn new(field: FieldName, bin: Option<Bin>) -> Self {
        let name = super::name_of(&field).into();
        Self { field, bin, name }
    }

    /// The key of a value.
    pub fn of(&self, value: &Cell, range: &TimeRange) -> Cell {
        self.bin.map_or_else(|| value.clone(), |bin| bin.cut(value, range.utc_offset_seconds))
    }
}

impl Grouping {
    /// The columns of the result.
    pub fn columns(&self) -> impl Iterator<Item = &Arc<str>> {
        self.keys.iter().map(|key| &key.name).chain(self.measures.iter().map(|measure| &measure.name))
    }
}

impl Groups {
    pub fn new(grouping: Arc<Grouping>, limits: &PipeLimits) -> Self {
        Self {
            grouping,
            limits: limits.clone(),
            places: HashMap::default(),
            states: Vec::new(),
            bytes: 0,
            uncounted: (0, 0),
            room: Room::Free,
            lines_left_out: 0,
        }
    }

    pub fn grouping(&self) -> &Arc<Grouping> {
        &self.grouping
    }

    pub fn len(&self) -> usize {
        self.states.len()
    }

    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Adds lines that have one key. `values` has a cell for each measure, which is not read where the measure
    /// has no field.
    pub fn add(&mut self, key: &[Cell], values: &[Cell], lines: u64, at: Timestamp) {
        let Some(place) = self.place(key, lines) else { return };
        for ((state, measure), value) in
            self.states[place].iter_mut().zip(&self.grouping.measures).zip(values)
        {
            if measure.field.is_some() {
                state.add(value, lines, at);
                self.uncounted.1 += value.bytes_held() as u64;
            } else {
                state.add_lines(lines);
            }
        }
    }

    /// The states of a key for so many lines, one for each measure, to be fed by the caller. None where memory ends, or where
    /// the key is not complete and has to be.
    pub fn states(&mut self, key: &[Cell], lines: u64) -> Option<&mut [State]> {
        self.place(key, lines).map(|place| &mut *self.states[place])
    }

    /// Counts bytes that states took when they were fed by the caller.
    pub fn count_bytes(&mut self, bytes: usize) {
        self.uncounted.1 += bytes as u64;
    }

    fn place(&mut self, key: &[Cell], lines: u64) -> Option<usize> {
        if self.grouping.only_complete && key.iter().any(Cell::is_missing) {
            return None;
        }
        self.uncounted.0 += 1;
        if self.uncounted.0 >= ADDITIONS_UNCOUNTED_MAX || self.uncounted.1 >= BYTES_UNCOUNTED_MAX {
            self.count_memory();
        }
        let place = match self.room {
            Room::None => None,
            Room::NoNewGroup => self.places.get(key).copied(),
            Room::Free => self.places.get(key).copied().or_else(|| self.open(key)),
        };
        self.lines_left_out += if place.is_none() { lines } else { 0 };
        place
    }

    /// Takes in the groups of another part of the lines.
    pub fn merge(&mut self, other: Self) {
        self.lines_left_out += other.lines_left_out;
        for (key, states) in other.into_sorted() {
            // How many lines a group stands for is known only where it counts them.
            let lines = states
                .iter()
                .find_map(|state| if let State::Count(count) = state { Some(*count) } else { None });
            self.uncounted.1 += bytes_of(&key, &states);
            if let Some(mine) = self.states(&key, lines.unwrap_or(1)) {
                mine.iter_mut().zip(&states).for_each(|(mine, theirs)| mine.merge(theirs));
            }
        }
    }

    /// Lines that are in no group because memory ended.
    pub fn lines_left_out(&self) -> u64 {
        self.lines_left_out
    }

    /// Bytes of memory.
    pub fn bytes_held(&self) -> u64 {
        self.places.iter().map(|(key, place)| bytes_of(key, &self.states[*place])).sum()
    }

    /// For each measure whether it is, for some key, an estimate and not the result of every value.
    pub fn are_estimates(&mut self) -> Vec<bool> {
        let mut estimates = vec![false; self.grouping.measures.len()];
        for states in &mut self.states {
            for (is_estimate, state) in estimates.iter_mut().zip(states) {
                *is_estimate |= !state.is_exact();
            }
        }
        estimates
    }

    /// A row for each group, in the order of their keys. Without keys there is one row, also of no lines.
    pub fn finish(mut self, range: &TimeRange) -> Vec<Vec<Cell>> {
        if self.grouping.keys.is_empty() && self.is_empty() {
            self.open(&[]);
        }
        let grouping = Arc::clone(&self.grouping);
        let row = |(key, mut states): (Box<[Cell]>, Box<[State]>)| {
            let seconds = seconds(&grouping, &key, range);
            let results: Vec<Cell> = states.iter_mut().map(|state| state.finish(seconds)).collect();
            key.into_vec().into_iter().chain(results).collect()
        };
        self.into_sorted().map(row).collect()
    }

    /// The groups in the order of their keys, so that nothing depends on that of the map.
    fn into_sorted(self) -> impl Iterator<Item = (Box<[Cell]>, Box<[State]>)> {
        let mut states = self.states;
        let mut groups: Vec<_> = self.places.into_iter().collect();
        groups.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        groups.into_iter().map(move |(key, place)| (key, std::mem::take(&mut states[place])))
    }

    /// A new group, if there is room for it.
    fn open(&mut self, key: &[Cell]) -> Option<usize> {
        if self.len() >= self.limits.groups_max as usize {
            return None;
        }
        let new = |measure: &Measure| State::new(measure.function, &self.limits);
        let states: Box<[State]> = self.grouping.measures.iter().map(new).collect();
        self.bytes += bytes_of(key, &states);
        self.places.insert(key.into(), self.states.len());
        self.states.push(states);
        if self.bytes > self.limits.group_bytes_max {
            self.count_memory();
        }
        Some(self.len() - 1)
    }

    /// Makes room where there is none.
    fn count_memory(&mut self) {
        self.uncounted = (0, 0);
        self.bytes = self.bytes_held();
        if self.bytes <= self.limits.group_bytes_max {
            return;
        }
        self.states.iter_mut().flatten().for_each(State::settle);
        self.bytes = self.bytes_held();
        if self.bytes <= self.limits.group_bytes_max {
            return;
        }
        self.states.iter_mut().flatten().for_each(State::coarsen);
        self.bytes = self.bytes_held();
        if self.bytes > self.limits.group_bytes_max {
            let twice = self.bytes > self.limits.group_bytes_max.saturating_mul(2);
            self.room = self.room.max(if twice { Room::None } else { Room::NoNewGroup });
        }
    }
}

fn bytes_of(key: &[Cell], states: &[State]) -> u64 {
    let key: usize = key.iter().map(Cell::bytes_held).sum();
    let states: usize = states.iter().map(State::bytes_held).sum();
    GROUP_BYTES + (key + states) as u64
}

/// How long a group lasted: its bin of time as far as the query looks at it, else as long as the query looks.
fn seconds(grouping: &Grouping, key: &[Cell], range: &TimeRange) -> f64 {
    let (mut from, mut to) = (range.from.nanos(), range.to.nanos());
    for (key, cell) in grouping.keys.iter().zip(key) {
        if let (Some(Bin::Time(width)), Cell::Time(start)) = (key.bin, cell) {
            from = from.max(start.nanos());
            to = to.min(start.nanos().saturating_add(width));
        }
    }
    to.saturating_sub(from).max(0) as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::pipe::aggregate::Function;

    const RANGE: TimeRange = TimeRange {
        from: Timestamp::from_nanos(0),
        to: Timestamp::from_nanos(90_000_000_000),
        utc_offset_seconds: 0,
    };

    fn grouping(keys: Vec<Key>) -> Arc<Grouping> {
        let field = || Some(FieldName::named("value"));
        let measures = vec![
            Measure::new(Function::Count, None),
            Measure::new(Function::Sum, field()),
            Measure::new(Function::named("p90").unwrap(), field()),
            Measure::new(Function::Distinct, field()),
        ];
        Arc::new(Grouping { keys, measures, only_complete: false })
    }

    fn by_name() -> Arc<Grouping> {
        grouping(vec![Key::new(FieldName::named("name"), None)])
    }

    fn add(groups: &mut Groups, key: &Cell, value: &Cell) {
        groups.add(std::slice::from_ref(key), &vec![value.clone(); 4], 1, Timestamp::from_nanos(0));
    }

    #[test]
    fn without_keys_there_is_always_one_row() {
        let rows = Groups::new(grouping(Vec::new()), &PipeLimits::default()).finish(&RANGE);
        assert_eq!(rows, [vec![Cell::count(0), Cell::Missing, Cell::Missing, Cell::count(0)]]);
    }

    #[test]
    fn a_rate_is_per_second_of_the_bin_inside_the_range() {
        let key = Key::new(FieldName::named("timestamp"), Bin::parse("1m"));
        let measures = vec![Measure::new(Function::Rate, None)];
        let grouping = Arc::new(Grouping { keys: vec![key], measures, only_complete: false });
        let mut groups = Groups::new(grouping, &PipeLimits::default());
        for second in [0, 1, 61] {
            let time = Cell::Time(Timestamp::from_nanos(second * 1_000_000_000));
            let key = groups.grouping().keys[0].of(&time, &RANGE);
            groups.add(&[key], &[Cell::Missing], 30, Timestamp::default());
        }
        let rates: Vec<_> = groups.finish(&RANGE).into_iter().map(|row| row[1].to_string()).collect();
        assert_eq!(rates, ["1", "1"]);
    }

    #[test]
    fn groups_beyond_the_bound_are_left_out_and_counted() {
        let limits = PipeLimits { groups_max: 2, ..PipeLimits::default() };
        let mut groups = Groups::new(by_name(), &limits);
        for key in ["a", "b", "c", "a", "c"] {
            add(&mut groups, &Cell::text(key), &Cell::count(1));
        }
        assert_eq!((groups.len(), groups.lines_left_out()), (2, 2));
    }

    #[test]
    fn memory_is_bounded_by_estimates_first_and_then_by_leaving_out() {
        let limits = PipeLimits { group_bytes_max: 1 << 20, ..PipeLimits::default() };
        let mut groups = Groups::new(by_name(), &limits);
        for value in 0..200_000 {
            add(&mut groups, &Cell::text("one"), &Cell::count(value));
        }
        assert_eq!(groups.are_estimates(), [false, false, true, true]);
        assert_eq!(groups.lines_left_out(), 0);
        for value in 0..20_000u64 {
            add(&mut groups, &Cell::text(&"x".repeat(100 + value as usize)), &Cell::count(value));
        }
        assert!(groups.lines_left_out() > 0);
        let held = groups.bytes_held();
        assert!(held <= 2 * limits.group_bytes_max + BYTES_UNCOUNTED_MAX, "{held}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn parts_make_the_whole(lines in prop::collection::vec((0u64..5, -50i64..50, 0usize..3), 0..200)) {
            let limits = PipeLimits::default();
            let mut whole = Groups::new(by_name(), &limits);
            let mut parts = vec![Groups::new(by_name(), &limits); 3];
            for (name, value, part) in &lines {
                let value = Cell::Number(Number::decimal(*value, 1));
                add(&mut whole, &Cell::count(*name), &value);
                add(&mut parts[*part], &Cell::count(*name), &value);
            }
            let mut merged = Groups::new(by_name(), &limits);
            parts.into_iter().for_each(|part| merged.merge(part));
            prop_assert_eq!(merged.finish(&RANGE), whole.finish(&RANGE));
        }
    }

    use crate::query::pipe::number::Number;
}
