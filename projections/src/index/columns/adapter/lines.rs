//! Answers that are lines: a page, and one line by its id.
//!
//! Invariant: when a search ends early only lines are given whose place no unread group can change, and the
//! cursor begins where the unread groups do; so nothing is lost or given twice. A cursor never goes back.

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use super::asked::Asked;
use crate::index::columns::block::ReadError;
use crate::index::columns::search::counts::{self, CountSearch};
use crate::index::columns::search::lines::{self, Hit, LineSearch, hits_of, search_within};
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::SearchGroup;
use crate::index::columns::view::{GroupView, TenantRows};
use crate::index::port::{
    Coverage, FoundLine, LineId, LinePage, LineQuery, OneLine, Order, Period, Position, SearchError, Total,
    Warning,
};

impl Asked<'_> {
    pub(super) fn page(&self, tenant: TenantId, query: &LineQuery) -> Result<LinePage, SearchError> {
        let begin = query.begin(tenant)?;
        let plan = Plan::new(&query.filter)?;
        let search = LineSearch {
            plan: &plan,
            period: nanos(query.period),
            order: order(query.order),
            limit: query.limit as usize + 1,
            after: begin.map(position),
        };
        let (bytes_max, budget) = (self.memory_bytes, self.budget());
        let answer = search_within(tenant, &self.groups, &search, bytes_max, &budget);
        let mut coverage = self.coverage(query.period);
        Self::note_stop(&mut coverage, answer.stopped);
        self.note_damage(&mut coverage, &answer.damaged);
        let mut page = LinePage { coverage, ..LinePage::default() };
        let unread = answer.stopped.and_then(|_| self.unread_from(query, &plan, begin));
        let is_settled = |hit: &Hit| unread.is_none_or(|unread| query.is_behind(unread, Some(of_hit(hit))));
        let settled = answer.hits.into_iter().take_while(is_settled);
        let has_more = self.fill(&mut page, settled, query.limit as usize) || answer.is_cut;
        let last = page.lines.last().map(|line| line.position);
        let behind = if has_more { last } else { unread };
        page.next = behind.map(|position| query.cursor_behind(tenant, position));
        if query.wants_total {
            page.total = Some(self.total(tenant, &plan, query.period, &mut page));
        }
        Ok(page)
    }

    /// Takes lines until there are enough, or too large ones. Says whether there are more.
    fn fill(&self, page: &mut LinePage, lines: impl Iterator<Item = Hit>, limit: usize) -> bool {
        let mut bytes = 0;
        for hit in lines {
            if page.lines.len() == limit {
                return true;
            }
            let line = found(hit);
            bytes += line.bytes_held();
            if bytes > self.memory_bytes && !page.lines.is_empty() {
                page.coverage.note(Warning::Memory);
                return true;
            }
            page.lines.push(line);
        }
        false
    }

    /// Where the first group begins, in the order of the question, that was not read to its end; none if all
    /// were.
    fn unread_from(&self, query: &LineQuery, plan: &Plan, begin: Option<Position>) -> Option<Position> {
        let (mut first, mut last) = nanos(query.period);
        (first, last) = (first.max(plan.period().0), last.min(plan.period().1));
        match (begin, query.order) {
            (Some(begin), Order::NewestFirst) => last = last.min(begin.time.nanos()),
            (Some(begin), Order::OldestFirst) => first = first.max(begin.time.nanos()),
            (None, _) => {}
        }
        let unread = self.groups.iter().filter(|group| !group.is_settled()).map(SearchGroup::span);
        let spans = unread.filter(|span| span.0 <= last && first <= span.1);
        let time = match query.order {
            Order::NewestFirst => spans.map(|span| span.1.min(last)).max(),
            Order::OldestFirst => spans.map(|span| span.0.max(first)).min(),
        };
        let from = Position::before_time(Timestamp::from_nanos(time?), query.order);
        Some(begin.filter(|begin| !query.is_behind(from, Some(*begin))).unwrap_or(from))
    }

    pub(super) fn total(&self, tenant: TenantId, plan: &Plan, period: Period, page: &mut LinePage) -> Total {
        let asked = CountSearch { plan, period: nanos(period) };
        let (total, gaps) = counts::count(tenant, &self.groups, &asked, &self.budget());
        let is_whole = gaps.stopped.is_none() && gaps.damaged.is_empty();
        self.note_gaps(&mut page.coverage, &gaps);
        let is_missing =
            |warning: &Warning| matches!(warning, Warning::SetAside { .. } | Warning::Unreadable { .. });
        if is_whole && !page.coverage.warnings.iter().any(is_missing) {
            Total::Exactly(total)
        } else {
            Total::AtLeast(total.max(page.lines.len() as u64))
        }
    }

    pub(super) fn line(&self, tenant: TenantId, id: LineId) -> OneLine {
        let mut damaged = Vec::new();
        let mut stopped = None;
        for group in &self.groups {
            stopped = self.budget().stop();
            if stopped.is_some() {
                break;
            }
            match group.with(|view| line_in(tenant, view, id)) {
                Ok(Ok(Some(hit))) => return OneLine { line: Some(found(hit)), coverage: Coverage::whole() },
                Ok(Ok(None)) => {}
                Ok(Err(error)) | Err(error) => damaged.push(error),
            }
        }
        let mut coverage = self.coverage(Period::ALWAYS);
        Self::note_stop(&mut coverage, stopped);
        self.note_damage(&mut coverage, &damaged);
        OneLine { line: None, coverage }
    }
}

/// The line, if it is a row of the tenant.
fn line_in(tenant: TenantId, view: &dyn GroupView, id: LineId) -> Result<Option<Hit>, ReadError> {
    let rows = view.tenant_rows(tenant);
    let is_empty = matches!(&rows, TenantRows::Range(range) if range.is_empty());
    if is_empty {
        return Ok(None);
    }
    let Some(row) = view.row_of(id.partition, id.offset, id.line)? else { return Ok(None) };
    let is_its = match rows {
        TenantRows::Range(range) => range.contains(&row),
        TenantRows::List(list) => list.binary_search(&row).is_ok(),
    };
    if is_its { Ok(hits_of(view, &[row])?.pop()) } else { Ok(None) }
}

pub(super) fn nanos(period: Period) -> (i64, i64) {
    (period.first.nanos(), period.last.nanos())
}

fn order(order: Order) -> lines::Order {
    match order {
        Order::NewestFirst => lines::Order::NewestFirst,
        Order::OldestFirst => lines::Order::OldestFirst,
    }
}

fn position(Position { time, id }: Position) -> lines::Position {
    lines::Position { time, partition: id.partition, offset: id.offset, line: id.line }
}

fn of_hit(hit: &Hit) -> Position {
    let lines::Position { time, partition, offset, line } = hit.position;
    Position { time, id: LineId { partition, offset, line } }
}

pub(super) fn found(hit: Hit) -> FoundLine {
    FoundLine {
        position: of_hit(&hit),
        received_at: hit.received_at,
        raw: hit.raw.into(),
        is_plain: hit.is_plain,
        arrival: hit.arrival,
    }
}
