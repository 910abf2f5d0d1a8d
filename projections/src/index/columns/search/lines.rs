//! The newest or oldest lines that a filter wants.
//!
//! Groups are asked from the end that is wanted; when no group left can hold a better line the search ends.
//! Invariant: the lines are the first of all that pass, in the order of time and arrival, unless the answer
//! says where it stopped. Only lines of the answer are rendered.

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};

use super::budget::{Budget, Stop};
use super::evaluate::find;
use super::plan::Plan;
use super::select::{Period, SearchGroup, latest_first, select};
use crate::index::columns::block::ReadError;
use crate::index::columns::render::render;
use crate::index::columns::view::GroupView;

/// Where a line stands among all lines of its tenant: by time, then by arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub time: Timestamp,
    pub partition: PartitionId,
    pub offset: Offset,
    pub line: u32,
}

/// Which end of time is wanted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

/// What is asked.
#[derive(Debug)]
pub struct LineSearch<'a> {
    pub plan: &'a Plan,
    pub period: Period,
    pub order: Order,
    /// Lines of an answer.
    pub limit: usize,
    /// Only lines behind this one, in the order that is asked.
    pub after: Option<Position>,
}

/// A line that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub position: Position,
    pub received_at: Timestamp,
    /// The line as it came.
    pub raw: Vec<u8>,
    pub is_plain: bool,
    pub arrival: Arrival,
}

/// Lines, and what is missing.
#[derive(Debug, Default)]
pub struct LineAnswer {
    pub hits: Vec<Hit>,
    /// Groups could not be read.
    pub damaged: Vec<ReadError>,
    pub stopped: Option<Stop>,
}

/// A row that may be in the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) position: Position,
    /// Which of the groups, and which row.
    pub(super) group: usize,
    pub(super) row: u32,
}

/// Finds lines of a tenant.
pub fn search<S: SearchGroup>(
    tenant: TenantId,
    groups: &[S],
    asked: &LineSearch<'_>,
    budget: &Budget<'_>,
) -> LineAnswer {
    let mut answer = LineAnswer::default();
    let mut best: Vec<Found> = Vec::new();
    let period = asked.narrowed();
    let groups = ordered(groups, asked.order, period);
    for (number, group) in groups.iter().enumerate() {
        answer.stopped = budget.stop();
        if answer.stopped.is_some() || asked.is_settled(&best, group.span()) {
            break;
        }
        match group.with(|view| asked.rows_of(tenant, view, period, number)) {
            Ok(Ok(found)) => asked.keep_best(&mut best, found),
            Ok(Err(error)) | Err(error) => answer.damaged.push(error),
        }
    }
    let hits = hits(&groups, &best, &mut answer.damaged);
    answer.hits = hits;
    answer
}

fn ordered<S: SearchGroup>(groups: &[S], order: Order, period: Period) -> Vec<&S> {
    let mut groups = latest_first(groups, period);
    if order == Order::OldestFirst {
        groups.sort_by_key(|group| group.span().0);
    }
    groups
}

impl LineSearch<'_> {
    /// The time in which lines of the answer can lie.
    pub(super) fn narrowed(&self) -> Period {
        let (first, last) = self.plan.period();
        let (mut first, mut last) = (first.max(self.period.0), last.min(self.period.1));
        match (self.after, self.order) {
            (Some(after), Order::NewestFirst) => last = last.min(after.time.nanos()),
            (Some(after), Order::OldestFirst) => first = first.max(after.time.nanos()),
            (None, _) => {}
        }
        (first, last)
    }

    /// Whether no row of a group with this span, or of those after it, can be in the answer.
    fn is_settled(&self, best: &[Found], (earliest, latest): Period) -> bool {
        let Some(worst) = best.last().filter(|_| best.len() >= self.limit) else { return self.limit == 0 };
        match self.order {
            Order::NewestFirst => latest < worst.position.time.nanos(),
            Order::OldestFirst => earliest > worst.position.time.nanos(),
        }
    }

    /// The rows of a group that may be in the answer.
    pub(super) fn rows_of(
        &self,
        tenant: TenantId,
        group: &dyn GroupView,
        period: Period,
        number: usize,
    ) -> Result<Vec<Found>, ReadError> {
        let selection = select(tenant, group, period)?;
        let found = find(group, selection.rows.clone(), &selection.set, self.plan)?;
        let mut rows: Vec<u32> = found.iter().map(|row| row + selection.rows.start).collect();
        let times = self.times_of(group, &mut rows)?;
        let origins = group.origins(&rows)?;
        let mut all = Vec::with_capacity(rows.len());
        for ((row, time), origin) in rows.into_iter().zip(times).zip(origins) {
            let (partition, offset, line) = (origin.partition, origin.offset, origin.line);
            let position = Position { time: Timestamp::from_nanos(time), partition, offset, line };
            if self.is_behind(position) {
                all.push(Found { position, group: number, row });
            }
        }
        Ok(all)
    }

    /// Times of the rows, of which only those stay that can be in the answer, whatever their arrival is.
    fn times_of(&self, group: &dyn GroupView, rows: &mut Vec<u32>) -> Result<Vec<i64>, ReadError> {
        let (Some(first), Some(last)) = (rows.first().copied(), rows.last().copied()) else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        group.times(first..last + 1, &mut all)?;
        let mut times: Vec<i64> = rows.iter().map(|row| all[(row - first) as usize]).collect();
        if self.after.is_some() || rows.len() <= self.limit {
            return Ok(times);
        }
        let mut sorted = times.clone();
        let edge = match self.order {
            Order::NewestFirst => *sorted.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a)).1,
            Order::OldestFirst => *sorted.select_nth_unstable(self.limit - 1).1,
        };
        let stays = |time: i64| match self.order {
            Order::NewestFirst => time >= edge,
            Order::OldestFirst => time <= edge,
        };
        let mut kept = times.iter().map(|time| stays(*time));
        rows.retain(|_| kept.next().unwrap_or(false));
        times.retain(|time| stays(*time));
        Ok(times)
    }

    fn is_behind(&self, position: Position) -> bool {
        match (self.after, self.order) {
            (None, _) => true,
            (Some(after), Order::NewestFirst) => position < after,
            (Some(after), Order::OldestFirst) => position > after,
        }
    }

    fn keep_best(&self, best: &mut Vec<Found>, found: Vec<Found>) {
        best.extend(found);
        best.sort_unstable_by(|a, b| match self.order {
            Order::NewestFirst => b.position.cmp(&a.position),
            Order::OldestFirst => a.position.cmp(&b.position),
        });
        best.truncate(self.limit);
    }
}

/// The rows as lines, in their order.
fn hits<S: SearchGroup>(groups: &[&S], best: &[Found], damaged: &mut Vec<ReadError>) -> Vec<Hit> {
    let mut hits: Vec<Option<Hit>> = vec![None; best.len()];
    for (number, group) in groups.iter().enumerate() {
        let mut places: Vec<(u32, usize)> = (best.iter().enumerate())
            .filter(|(_, found)| found.group == number)
            .map(|(place, found)| (found.row, place))
            .collect();
        places.sort_unstable();
        if places.is_empty() {
            continue;
        }
        let rows: Vec<u32> = places.iter().map(|(row, _)| *row).collect();
        match group.with(|view| hits_of(view, &rows)) {
            Ok(Ok(found)) => places.iter().zip(found).for_each(|((_, place), hit)| hits[*place] = Some(hit)),
            Ok(Err(error)) | Err(error) => damaged.push(error),
        }
    }
    hits.into_iter().flatten().collect()
}

/// Rising rows of a group as lines.
pub(super) fn hits_of(group: &dyn GroupView, rows: &[u32]) -> Result<Vec<Hit>, ReadError> {
    let origins = group.origins(rows)?;
    let mut hits = Vec::with_capacity(rows.len());
    for (row, origin) in render(group, rows)?.into_iter().zip(origins) {
        let arrival = group.arrivals().get(origin.arrival as usize);
        let (partition, offset, line) = (origin.partition, origin.offset, origin.line);
        hits.push(Hit {
            position: Position { time: row.time, partition, offset, line },
            received_at: origin.received_at,
            raw: row.raw,
            is_plain: row.is_plain,
            arrival: arrival.ok_or(ReadError::directory("the arrival of a row"))?.clone(),
        });
    }
    Ok(hits)
}
