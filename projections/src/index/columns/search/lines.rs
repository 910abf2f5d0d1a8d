//! The newest or oldest lines that a filter wants.
//!
//! Groups are asked from the end that is wanted; when no group left can hold a better line the search ends.
//! Invariant: the lines are the first of all that pass, in the order of time and arrival, unless the answer
//! says where it stopped. Only lines of the answer are rendered.

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};

use super::budget::{Budget, Stop};
use super::plan::Plan;
use super::select::{Period, SearchGroup, latest_first};
use super::waves::Waves;
use crate::index::columns::block::ReadError;
use crate::index::columns::render::render;
use crate::index::columns::view::GroupView;

/// Lines that are rendered before their size is looked at.
const RENDERED_TOGETHER: usize = 128;

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
    /// Lines behind these were left out because of their size.
    pub is_cut: bool,
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
pub fn search<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &LineSearch<'_>,
    budget: &Budget<'_>,
) -> LineAnswer {
    search_within(tenant, groups, asked, usize::MAX, budget)
}

/// The same with lines of about so many bytes, and few more. As many groups are searched at once as workers join in,
/// but the first alone, which may be enough.
pub fn search_within<S: SearchGroup + Sync>(
    tenant: TenantId,
    groups: &[S],
    asked: &LineSearch<'_>,
    bytes_max: usize,
    budget: &Budget<'_>,
) -> LineAnswer {
    let mut answer = LineAnswer::default();
    let mut best: Vec<Found> = Vec::new();
    let period = asked.narrowed();
    let groups = ordered(groups, asked.order, period);
    let waves = Waves::new(budget);
    let mut next = 0;
    while next < groups.len() && answer.stopped.is_none() {
        answer.stopped = budget.stop();
        let open = groups[next..].iter().take(if next == 0 { 1 } else { waves.width() });
        let wave = open.take_while(|group| !asked.is_settled(&best, group.span())).count();
        if answer.stopped.is_some() || wave == 0 {
            break;
        }
        let period = asked.still_wanted(period, &best);
        let is_scarce = next > 0 && best.len() < asked.limit;
        let found = waves.gather(wave, |at| {
            groups[next + at].with(|view| asked.ends_of(tenant, view, period, next + at, is_scarce, budget))
        });
        for ends in found {
            match ends {
                Ok(Ok(ends)) => {
                    asked.keep_best(&mut best, ends.found);
                    answer.stopped = answer.stopped.or(ends.stopped);
                }
                Ok(Err(error)) | Err(error) => answer.damaged.push(error),
            }
        }
        next += wave;
    }
    let together = if bytes_max == usize::MAX { best.len().max(1) } else { RENDERED_TOGETHER };
    let mut bytes = 0;
    for some in best.chunks(together) {
        answer.is_cut = bytes > bytes_max;
        if answer.is_cut {
            break;
        }
        let hits = hits(&groups, some, &mut answer.damaged);
        bytes += hits.iter().map(|hit| hit.raw.len()).sum::<usize>();
        answer.hits.extend(hits);
    }
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

    /// The part of a time in which a line would be better than those that are there.
    fn still_wanted(&self, (first, last): Period, best: &[Found]) -> Period {
        match (best.last().filter(|_| best.len() >= self.limit), self.order) {
            (Some(worst), Order::NewestFirst) => (first.max(worst.position.time.nanos()), last),
            (Some(worst), Order::OldestFirst) => (first, last.min(worst.position.time.nanos())),
            (None, _) => (first, last),
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
pub(in crate::index::columns) fn hits_of(group: &dyn GroupView, rows: &[u32]) -> Result<Vec<Hit>, ReadError> {
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
