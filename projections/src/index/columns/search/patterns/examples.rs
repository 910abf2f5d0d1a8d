//! Examples of patterns: their newest lines.
//!
//! Only groups that have a wanted pattern are asked again, the latest first, and as long as they may have a newer line.
//! Invariant: examples are the newest lines of their pattern by time and arrival, unless a group could not be read.
//! It counts nothing.

use std::cmp::Reverse;

use antler_events::clock::Timestamp;

use super::forms::Forms;
use super::ranking::{Gathered, Ranked};
use super::tally::Tally;
use super::{FoundPattern, PatternSearch, Walk};
use crate::index::columns::block::ReadError;
use crate::index::columns::search::evaluate::find;
use crate::index::columns::search::lines::{Found, Position, hits_of};
use crate::index::columns::search::places::Scan;
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::search::select::{SearchGroup, select};
use crate::index::columns::view::GroupView;

/// Lines that are rendered before their size is looked at.
const RENDERED_TOGETHER: usize = 32;

/// The patterns with their examples.
pub(super) fn add_examples<S: SearchGroup>(
    walk: &mut Walk<'_, S>,
    asked: &PatternSearch<'_>,
    forms: &mut Forms,
    tally: &Tally,
    ranked: Ranked,
) -> Vec<FoundPattern> {
    let mut newest = Newest::new(asked.details.examples, &ranked.patterns, tally, forms.len());
    let mut patterns: Vec<FoundPattern> =
        ranked.patterns.into_iter().map(|gathered| gathered.pattern).collect();
    if asked.details.examples == 0 {
        return patterns;
    }
    forms.renew_room_for_texts();
    let period = asked.narrowed();
    for group in walk.latest_first(period) {
        let wanted = newest.wanted(group, walk.groups[group].span().1);
        if wanted.is_empty() {
            continue;
        }
        let is_read = walk.read(group, |tenant, view| {
            let selection = select(tenant, view, period)?;
            let found = find(view, selection.rows.clone(), &selection.set, asked.plan)?;
            newest.add_group(group, &wanted, &Scan::new(view, selection.rows), &found, forms)
        });
        if !is_read {
            break;
        }
    }
    render(walk, &newest.best, asked.bytes_max, &mut patterns);
    patterns
}

/// Reads the lines that were chosen, as far as there is room for them.
fn render<S: SearchGroup>(
    walk: &mut Walk<'_, S>,
    best: &[Vec<Found>],
    bytes_max: usize,
    patterns: &mut [FoundPattern],
) {
    let mut places: Vec<(usize, u32, usize)> = Vec::new();
    for (at, best) in best.iter().enumerate() {
        places.extend(best.iter().map(|found| (found.group, found.row, at)));
    }
    places.sort_unstable();
    let mut bytes = 0;
    let of_groups = places.chunk_by(|one, other| one.0 == other.0);
    for some in of_groups.flat_map(|of_one| of_one.chunks(RENDERED_TOGETHER)) {
        walk.is_cut |= bytes > bytes_max;
        if walk.is_cut {
            break;
        }
        let rows: Vec<u32> = some.iter().map(|place| place.1).collect();
        walk.read(some[0].0, |_, view| {
            for (place, hit) in some.iter().zip(hits_of(view, &rows)?) {
                bytes += hit.raw.len();
                patterns[place.2].examples.push(hit);
            }
            Ok(())
        });
    }
    for pattern in patterns {
        pattern.examples.sort_by_key(|hit| Reverse(hit.position));
    }
}

/// The newest lines of patterns so far.
struct Newest {
    count: usize,
    /// By the number of a form: its pattern.
    pattern_of: Vec<Option<usize>>,
    /// By pattern: the groups that have it, rising.
    groups: Vec<Vec<u32>>,
    best: Vec<Vec<Found>>,
}

impl Newest {
    fn new(count: usize, patterns: &[Gathered], tally: &Tally, forms: usize) -> Self {
        let mut pattern_of = vec![None; forms];
        let mut groups = vec![Vec::new(); patterns.len()];
        for (at, gathered) in patterns.iter().enumerate() {
            for form in &gathered.forms {
                pattern_of[*form as usize] = Some(at);
                let of_form = tally.of_forms.get(*form as usize).map(|of_form| &of_form.groups[..]);
                groups[at].extend_from_slice(of_form.unwrap_or_default());
            }
            groups[at].sort_unstable();
        }
        Self { count, pattern_of, best: vec![Vec::new(); groups.len()], groups }
    }

    /// For each pattern whether a group whose latest line is at this time may have one of its newest lines; nothing if
    /// it has none.
    fn wanted(&self, group: usize, latest: i64) -> Vec<bool> {
        let is_wanted = |(groups, best): (&Vec<u32>, &Vec<Found>)| {
            let worst = best.last().filter(|_| best.len() >= self.count);
            let is_settled = worst.is_some_and(|worst| worst.position.time.nanos() > latest);
            !is_settled && groups.binary_search(&(group as u32)).is_ok()
        };
        let wanted: Vec<bool> = self.groups.iter().zip(&self.best).map(is_wanted).collect();
        if wanted.contains(&true) { wanted } else { Vec::new() }
    }

    fn add_group<G: GroupView + ?Sized>(
        &mut self,
        group: usize,
        wanted: &[bool],
        scan: &Scan<'_, G>,
        rows: &RowSet,
        forms: &mut Forms,
    ) -> Result<(), ReadError> {
        let of_rows = scan.message_forms(rows, forms)?.of_rows;
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); wanted.len()];
        for row in rows.iter() {
            let pattern = self.pattern_of.get(of_rows[row as usize] as usize).copied().flatten();
            if let Some(pattern) = pattern.filter(|pattern| wanted[*pattern]) {
                rows_of[pattern].push(row);
            }
        }
        let mut times = Vec::with_capacity(scan.len() as usize);
        scan.group.times(scan.rows.clone(), &mut times)?;
        for (pattern, mut rows) in rows_of.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            keep_newest(&mut rows, &times, self.count);
            let best = &mut self.best[pattern];
            let rows: Vec<u32> = rows.into_iter().map(|row| row + scan.rows.start).collect();
            for (row, origin) in rows.iter().zip(scan.group.origins(&rows)?) {
                let time = Timestamp::from_nanos(times[(row - scan.rows.start) as usize]);
                let (partition, offset, line) = (origin.partition, origin.offset, origin.line);
                best.push(Found { position: Position { time, partition, offset, line }, group, row: *row });
            }
            best.sort_unstable_by_key(|found| Reverse(found.position));
            best.truncate(self.count);
        }
        Ok(())
    }
}

/// Rows that can be among so many newest ones, whatever their arrival is.
fn keep_newest(rows: &mut Vec<u32>, times: &[i64], count: usize) {
    if rows.len() > count {
        let mut sorted: Vec<i64> = rows.iter().map(|row| times[*row as usize]).collect();
        let edge = *sorted.select_nth_unstable_by(count - 1, |one, other| other.cmp(one)).1;
        rows.retain(|row| times[*row as usize] >= edge);
    }
}
