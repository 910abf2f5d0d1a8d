//! The rows that a filter lets through, the newest first over all groups.
//!
//! Invariant: a row is given only when no group that was not opened yet can hold a newer one, so that only groups whose times
//! overlap are held at once. It does not render rows.

use antler_events::ids::TenantId;

use crate::index::columns::block::ReadError;
use crate::index::columns::search::budget::Stop;
use crate::index::columns::search::lines::{Found, LineSearch, Order};
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::{Period, SearchGroup};
use crate::index::columns::search::waves::Waves;

/// Rows, taken from groups as they are needed.
pub(super) struct Newest<'a, S> {
    groups: &'a [S],
    tenant: TenantId,
    asked: LineSearch<'a>,
    period: Period,
    /// Groups that were not opened yet; the latest stands last.
    closed: Vec<usize>,
    /// Rows of those that were; the newest stands last.
    pending: Vec<Found>,
    /// Nobody ends before the last row, so groups can be opened ahead.
    pub(super) are_all_wanted: bool,
    pub(super) damaged: Vec<ReadError>,
    /// Why there are no more rows, if there might be.
    pub(super) stopped: Option<Stop>,
}

impl<'a, S: SearchGroup + Sync> Newest<'a, S> {
    pub(super) fn new(tenant: TenantId, groups: &'a [S], plan: &'a Plan, period: Period) -> Self {
        let asked = LineSearch { plan, period, order: Order::NewestFirst, limit: usize::MAX, after: None };
        let period = asked.narrowed();
        let overlaps =
            |group: &usize| groups[*group].span().0 <= period.1 && period.0 <= groups[*group].span().1;
        let mut closed: Vec<usize> = (0..groups.len()).filter(overlaps).collect();
        closed.sort_by_key(|group| groups[*group].span().1);
        Self {
            groups,
            tenant,
            asked,
            period,
            closed,
            pending: Vec::new(),
            are_all_wanted: false,
            damaged: Vec::new(),
            stopped: None,
        }
    }

    /// The next rows, up to so many; none at the end.
    pub(super) fn take(&mut self, count: usize, waves: &Waves<'_>) -> Vec<Found> {
        let mut taken = Vec::new();
        while taken.len() < count {
            while self.needs_group() {
                self.stopped = waves.budget().stop();
                if self.stopped.is_some() {
                    return taken;
                }
                self.open(waves);
            }
            let Some(row) = self.pending.pop() else { break };
            taken.push(row);
        }
        taken
    }

    /// Whether the latest group that is closed can hold a newer row than those that are pending.
    fn needs_group(&self) -> bool {
        let newest = self.pending.last();
        let can_hold = |group: &usize| {
            newest.is_none_or(|newest| self.groups[*group].span().1 >= newest.position.time.nanos())
        };
        self.closed.last().is_some_and(can_hold)
    }

    /// Opens the latest groups that are closed: one, or as many as are looked through at once.
    fn open(&mut self, waves: &Waves<'_>) {
        let count = if self.are_all_wanted { waves.width() } else { 1 };
        let opened = self.closed.split_off(self.closed.len().saturating_sub(count));
        let (groups, asked, tenant, period) = (self.groups, &self.asked, self.tenant, self.period);
        let job = |at: usize| {
            let group = opened[at];
            groups[group].with(|view| asked.rows_of(tenant, view, period, group)).flatten()
        };
        for rows in waves.gather(opened.len(), job).into_iter().rev() {
            match rows {
                Ok(rows) => self.pending.extend(rows),
                Err(error) => self.damaged.push(error),
            }
        }
        // A stable sort finds the runs that are sorted already.
        self.pending.sort_by_key(|found| found.position);
    }
}
