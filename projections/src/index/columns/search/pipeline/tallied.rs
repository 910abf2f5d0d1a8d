//! Lines by the value of one field, from how often a dictionary says that each of its texts occurs.
//!
//! Groups mostly have the same texts, so these are added up as they stand, and become cells once. Invariant: this is
//! done only if all rows of a group are asked for, and every value of the columns counts; keys come in the order in which
//! groups first have them. It reads no row.

use std::hash::{BuildHasher, Hasher};

use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::pipe::{Cell, Grouping, Groups};
use antler_events::query::tree::FieldName;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::codes::{Source, cell_of, columns_of, sources};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::search::places::Scan;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::Period;
use crate::index::columns::view::{GroupView, TenantRows, Values};

/// Sums that hold more are given before more is added.
const HELD_BYTES_MAX: usize = 4 << 20;

/// Lines of texts, each as often as it is said.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    texts: Vec<u8>,
    /// In the order in which they were added.
    list: Vec<Tally>,
}

/// Lines of one text of a column, or lines that have no value.
#[derive(Debug, Clone, Copy)]
struct Tally {
    class: Option<Class>,
    /// Where its text ends; it begins where the one before ends.
    end: usize,
    lines: u64,
}

impl Tallies {
    fn push(&mut self, class: Option<Class>, text: &[u8], lines: u64) {
        self.texts.extend_from_slice(text);
        self.list.push(Tally { class, end: self.texts.len(), lines });
    }

    fn text(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.list[before].end);
        &self.texts[start..self.list[at].end]
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.texts.capacity() + self.list.capacity() * size_of::<Tally>()
    }
}

/// Tallies of several groups, each text once.
#[derive(Debug, Default)]
pub(super) struct TallySums {
    sums: Tallies,
    /// Numbers of sums.
    places: HashTable<u32>,
    hasher: FixedState,
}

impl TallySums {
    /// Adds what a group has, and gives the sums to `groups` if they are many.
    pub(super) fn add(&mut self, tallies: &Tallies, groups: &mut Groups) {
        let Self { sums, places, hasher } = self;
        for (at, Tally { class, lines, .. }) in tallies.list.iter().copied().enumerate() {
            let text = tallies.text(at);
            let hash = hash_of(hasher, class, text);
            let is_it =
                |place: &u32| sums.list[*place as usize].class == class && sums.text(*place as usize) == text;
            if let Some(place) = places.find(hash, is_it) {
                sums.list[*place as usize].lines += lines;
                continue;
            }
            let place = sums.list.len() as u32;
            sums.push(class, text, lines);
            let again =
                |place: &u32| hash_of(hasher, sums.list[*place as usize].class, sums.text(*place as usize));
            places.insert_unique(hash, place, again);
        }
        if self.sums.bytes_held() > HELD_BYTES_MAX {
            self.give(groups);
        }
    }

    /// Adds the sums to groups of a grouping that has tallies.
    pub(super) fn give(&mut self, groups: &mut Groups) {
        let is_level = is_level(groups.grouping());
        for (at, Tally { class, lines, .. }) in self.sums.list.iter().copied().enumerate() {
            let cell = class.map_or(Cell::Missing, |class| cell_of(class, self.sums.text(at), is_level));
            if let Some(states) = groups.states(std::slice::from_ref(&cell), lines) {
                states.iter_mut().for_each(|state| state.add_lines(lines));
            }
        }
        *self = Self::default();
    }
}

fn hash_of(hasher: &FixedState, class: Option<Class>, text: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u8(class.map_or(u8::MAX, |class| class as u8));
    hasher.write(text);
    hasher.finish()
}

/// Lines of each text of the only key, if dictionaries tell those of all rows.
pub(super) fn tallies(
    tenant: TenantId,
    view: &dyn GroupView,
    (plan, period): (&Plan, Period),
    grouping: &Grouping,
) -> Result<Option<Tallies>, ReadError> {
    let Some(field) = field_of(grouping) else { return Ok(None) };
    let has_all = view.tenant_rows(tenant) == TenantRows::Range(0..view.rows());
    let is_inside = view.span().is_some_and(|(first, last)| period.0 <= first && last <= period.1);
    if !has_all || !is_inside || !plan.root.asks_time_only() {
        return Ok(None);
    }
    let scan = Scan::new(view, 0..view.rows());
    let sources = sources(&scan, field);
    let columns = columns_of(&sources);
    if !counts_all(&scan, &sources, &columns) {
        return Ok(None);
    }
    let mut tallies = Tallies::default();
    let mut missing = u64::from(view.rows());
    for column in columns {
        let Values::Dictionary(values, blocks) = view.values(column) else { return Ok(None) };
        let mut counts = Vec::new();
        values.counts.read(blocks, 0..values.counts.len(), &mut counts)?;
        let class = Some(view.head(column).class);
        let mut counted = counts.iter();
        values.texts.for_each(blocks, |_, text| {
            let lines = counted.next().copied().unwrap_or(0);
            tallies.push(class, text, lines);
        })?;
        let total = counts.iter().try_fold(0u64, |total, count| total.checked_add(*count));
        if total != Some(values.len() as u64) {
            return Err(ReadError::directory("the counts of a dictionary"));
        }
        missing = missing.saturating_sub(values.len() as u64);
    }
    if missing > 0 {
        tallies.push(None, &[], missing);
    }
    Ok(Some(tallies))
}

/// The only key, if lines are counted and nothing else.
fn field_of(grouping: &Grouping) -> Option<&FieldName> {
    let [key] = &grouping.keys[..] else { return None };
    let is_counted = grouping.measures.iter().all(|measure| measure.field.is_none());
    let is_plain = key.bin.is_none() && key.field != FieldName::Role(Role::Time);
    (is_counted && is_plain).then_some(&key.field)
}

fn is_level(grouping: &Grouping) -> bool {
    grouping.keys.iter().any(|key| key.field == FieldName::Role(Role::Level))
}

/// Whether each row has the field as the only value of the columns, or none of these.
fn counts_all<'a>(scan: &Scan<'a, dyn GroupView + 'a>, sources: &[Source], columns: &[u32]) -> bool {
    let mut values = vec![0; sources.len()];
    for of in columns.iter().flat_map(|column| scan.forms().uses(*column)) {
        values[of.shape as usize] += of.values;
    }
    values.into_iter().zip(sources).all(|(values, source)| match source {
        Source::Missing => values == 0,
        Source::Value { nth: 0, .. } => values == 1,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use antler_config::limits::PipeLimits;
    use antler_events::clock::Timestamp;
    use antler_events::query::pipe::TimeRange;
    use antler_events::query::pipe::aggregate::{Function, Measure};
    use antler_events::query::pipe::grouping::Key;

    use super::*;

    fn rows(groups: Groups) -> Vec<Vec<Cell>> {
        let range = TimeRange { from: Timestamp::default(), to: Timestamp::default(), utc_offset_seconds: 0 };
        groups.finish(&range)
    }

    #[test]
    fn sums_that_are_given_now_and_then_are_those_of_all() {
        let key = Key::new(FieldName::named("host"), None);
        let measures = vec![Measure::new(Function::Count, None)];
        let grouping = Arc::new(Grouping { keys: vec![key], measures, only_complete: false });
        let new = || Groups::new(Arc::clone(&grouping), &PipeLimits::default());
        let (mut summed, mut expected, mut sums) = (new(), new(), TallySums::default());
        for group in 0..8u64 {
            let mut tallies = Tallies::default();
            for at in 0..200 {
                // Half of the texts come in every group.
                let text = format!("{at}{}", "x".repeat(10_000 + (at % 2 * group) as usize));
                let class = if at % 5 == 0 { Class::OtherNumber } else { Class::Text };
                tallies.push(Some(class), text.as_bytes(), at + 1);
                let cell = cell_of(class, text.as_bytes(), false);
                expected.add(&[cell], &[Cell::Missing], at + 1, Timestamp::default());
            }
            tallies.push(None, &[], 7);
            expected.add(&[Cell::Missing], &[Cell::Missing], 7, Timestamp::default());
            sums.add(&tallies, &mut summed);
            assert!(sums.sums.bytes_held() <= HELD_BYTES_MAX);
        }
        assert!(!summed.is_empty(), "some were given before the end");
        sums.give(&mut summed);
        assert_eq!(rows(summed), rows(expected));
    }
}
