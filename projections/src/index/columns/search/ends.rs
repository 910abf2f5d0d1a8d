//! The rows of one group that may be in an answer of lines, taken from the end that is wanted.
//!
//! Sealed rows of a tenant are in the order of time, so the newest that pass are the last that pass: a few pages
//! are asked first, then more and more, until there are enough. Invariant: a row that is left out comes behind
//! those that are given. It does not join groups: `lines` does.

use std::ops::Range;

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use super::budget::{Budget, Stop};
use super::evaluate::find_until;
use super::lines::{Found, LineSearch, Order, Position};
use super::select::{Period, Selection, select};
use crate::index::columns::block::ReadError;
use crate::index::columns::plane::PAGE;
use crate::index::columns::view::GroupView;

/// How much more is asked at least when there was not enough.
const GROWTH: usize = 4;

/// More than any group has.
const ALL_PAGES: usize = u32::MAX as usize / PAGE;

/// Rows of a group, or why there are none.
#[derive(Debug, Default)]
pub(super) struct Ends {
    pub(super) found: Vec<Found>,
    pub(super) stopped: Option<Stop>,
}

/// Rows that pass, each with its time.
type Timed = Vec<(u32, i64)>;

impl LineSearch<'_> {
    /// The rows of a group that may be in the answer.
    pub(super) fn rows_of(
        &self,
        tenant: TenantId,
        group: &dyn GroupView,
        period: Period,
        number: usize,
    ) -> Result<Vec<Found>, ReadError> {
        let selection = select(tenant, group, period)?;
        let mut rows = Timed::new();
        self.add_passing(group, &selection, &mut rows, &|| None)?;
        self.placed(group, rows, number)
    }

    /// The same, with no more rows than are needed, and only as long as the search may go on. `is_scarce` says that
    /// other groups did not have enough.
    pub(super) fn ends_of(
        &self,
        tenant: TenantId,
        group: &dyn GroupView,
        period: Period,
        number: usize,
        is_scarce: bool,
        budget: &Budget<'_>,
    ) -> Result<Ends, ReadError> {
        if !self.plan.may_pass(group)? {
            return Ok(Ends::default());
        }
        let selection = select(tenant, group, period)?;
        let mut rows = Timed::new();
        let mut rest = selection.rows.clone();
        let is_for_some = group.is_sorted() && !is_scarce && !self.plan.is_rare();
        let (mut pages, mut asked) = (if is_for_some { 1 } else { ALL_PAGES }, 0);
        while !rest.is_empty() {
            let part = cut(&mut rest, pages, self.order);
            let stop = || budget.stop();
            let mut stopped = stop();
            if stopped.is_none() {
                stopped = self.add_passing(group, &selection.part(part), &mut rows, &stop)?;
            }
            if stopped.is_some() {
                return Ok(Ends { found: Vec::new(), stopped });
            }
            if self.is_enough(group, &mut rows, &rest)? {
                break;
            }
            asked += pages;
            pages = self.pages_next(asked, rows.len());
        }
        Ok(Ends { found: self.placed(group, rows, number)?, stopped: None })
    }

    /// How many pages should have as many rows as are missing, if they are like those before.
    fn pages_next(&self, asked: usize, found: usize) -> usize {
        if found == 0 {
            return ALL_PAGES;
        }
        let expected = self.limit.saturating_sub(found).saturating_mul(asked) / found;
        expected.saturating_add(1).max(asked.saturating_mul(GROWTH - 1))
    }

    fn add_passing(
        &self,
        group: &dyn GroupView,
        asked: &Selection,
        out: &mut Timed,
        stop: &dyn Fn() -> Option<Stop>,
    ) -> Result<Option<Stop>, ReadError> {
        let (found, stopped) = find_until(group, asked.rows.clone(), &asked.set, self.plan, stop)?;
        let mut rows = found.iter().map(|row| row + asked.rows.start);
        let Some(first) = rows.next() else { return Ok(stopped) };
        let last = rows.last().unwrap_or(first);
        let mut times = Vec::with_capacity((last - first) as usize + 1);
        group.times(first..last + 1, &mut times)?;
        let time = |row: u32| times.get((row - first) as usize).copied();
        for row in found.iter().map(|row| row + asked.rows.start) {
            out.push((row, time(row).ok_or(ReadError::directory("a time"))?));
        }
        Ok(stopped)
    }

    /// Leaves rows that can be in the answer, whatever their arrival is; says whether none of the rest can.
    fn is_enough(
        &self,
        group: &dyn GroupView,
        rows: &mut Timed,
        rest: &Range<u32>,
    ) -> Result<bool, ReadError> {
        let Some(edge) = self.keep_nearest(rows) else { return Ok(false) };
        let next = match self.order {
            Order::NewestFirst => rest.end.saturating_sub(1),
            Order::OldestFirst => rest.start,
        };
        if rest.is_empty() {
            return Ok(true);
        }
        let is_behind = |time: i64| match self.order {
            Order::NewestFirst => time < edge,
            Order::OldestFirst => time > edge,
        };
        let span = group.page_span(next as usize / PAGE);
        if span.is_some_and(|(earliest, latest)| is_behind(earliest) && is_behind(latest)) {
            return Ok(true);
        }
        let mut times = Vec::with_capacity(1);
        group.times(next..next + 1, &mut times)?;
        Ok(times.first().is_some_and(|time| is_behind(*time)))
    }

    /// The time of the last row that is needed, if there are so many: those behind it are let go.
    fn keep_nearest(&self, rows: &mut Timed) -> Option<i64> {
        // Of rows with the time of the line that was last only some are wanted.
        let is_sure = |time: i64| self.after.is_none_or(|after| time != after.time.nanos());
        let mut sure: Vec<i64> = rows.iter().map(|(_, time)| *time).filter(|time| is_sure(*time)).collect();
        if sure.len() < self.limit || self.limit == 0 {
            return None;
        }
        let edge = match self.order {
            Order::NewestFirst => *sure.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a)).1,
            Order::OldestFirst => *sure.select_nth_unstable(self.limit - 1).1,
        };
        rows.retain(|(_, time)| match self.order {
            Order::NewestFirst => *time >= edge,
            Order::OldestFirst => *time <= edge,
        });
        Some(edge)
    }

    /// Rows with where they stand, without those that are not behind the line that was last.
    fn placed(
        &self,
        group: &dyn GroupView,
        mut timed: Timed,
        number: usize,
    ) -> Result<Vec<Found>, ReadError> {
        self.keep_nearest(&mut timed);
        timed.sort_unstable();
        let rows: Vec<u32> = timed.iter().map(|(row, _)| *row).collect();
        let origins = group.origins(&rows)?;
        let mut all = Vec::with_capacity(rows.len());
        for ((row, time), origin) in timed.into_iter().zip(origins) {
            let (partition, offset, line) = (origin.partition, origin.offset, origin.line);
            let position = Position { time: Timestamp::from_nanos(time), partition, offset, line };
            if self.is_behind(position) {
                all.push(Found { position, group: number, row });
            }
        }
        Ok(all)
    }

    fn is_behind(&self, position: Position) -> bool {
        match (self.after, self.order) {
            (None, _) => true,
            (Some(after), Order::NewestFirst) => position < after,
            (Some(after), Order::OldestFirst) => position > after,
        }
    }
}

/// Takes some pages from the end that is wanted.
fn cut(rest: &mut Range<u32>, pages: usize, order: Order) -> Range<u32> {
    let (page, pages) = (PAGE as u32, pages.min(ALL_PAGES) as u32);
    match order {
        Order::NewestFirst => {
            let start = rest.end.div_ceil(page).saturating_sub(pages) * page;
            let part = start.max(rest.start)..rest.end;
            rest.end = part.start;
            part
        }
        Order::OldestFirst => {
            let end = (rest.start / page).saturating_add(pages).saturating_mul(page);
            let part = rest.start..end.min(rest.end);
            rest.start = part.end;
            part
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_pages_from_the_end_that_is_wanted() {
        let check = |rows: Range<u32>, order: Order, expected: &[Range<u32>]| {
            let (mut rest, mut pages, mut parts) = (rows, 1, Vec::new());
            while !rest.is_empty() {
                parts.push(cut(&mut rest, pages, order));
                pages *= GROWTH;
            }
            assert_eq!(parts, expected);
        };
        let page = PAGE as u32;
        check(5..9, Order::NewestFirst, std::slice::from_ref(&(5..9)));
        check(5..9, Order::OldestFirst, std::slice::from_ref(&(5..9)));
        let (start, end) = (7, 8 * page + 1);
        check(start..end, Order::NewestFirst, &[8 * page..end, 4 * page..8 * page, start..4 * page]);
        check(start..end, Order::OldestFirst, &[start..page, page..5 * page, 5 * page..end]);
        let mut rest = start..end;
        assert_eq!(cut(&mut rest, usize::MAX, Order::NewestFirst), start..end);
    }
}
