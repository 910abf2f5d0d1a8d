//! Asking for lines: which, in which order, how many, and from where on.
//!
//! Invariant: pages that follow each other's cursors give every line that was there when the first was asked for
//! exactly once, in order; a line that comes meanwhile is given at most once and moves no other. It does not find
//! lines: adapters do.

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::query::tree::Filter;

use super::answer::{Coverage, Total};
use super::cursor::{Cursor, Fingerprint};
use super::error::{SearchError, within};
use super::line::{FoundLine, LineId, Position};

/// Lines of one page.
pub const PAGE_LINES_MAX: u32 = 10_000;

/// A time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Period {
    pub const ALWAYS: Self =
        Self { first: Timestamp::from_nanos(i64::MIN), last: Timestamp::from_nanos(i64::MAX) };

    pub fn contains(self, time: Timestamp) -> bool {
        self.first <= time && time <= self.last
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// What both have; empty if its first moment is behind its last.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), last: self.last.min(other.last) }
    }
}

/// Which end of time comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

/// From where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Where another page of the same question ended.
    Cursor(Cursor),
    /// Only lines behind this one in the order.
    Position(Position),
}

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct LineQuery {
    pub filter: Filter,
    pub period: Period,
    pub order: Order,
    /// Lines of the page.
    pub limit: u32,
    pub after: Option<After>,
    /// Whether all lines that the filter wants are counted too.
    pub wants_total: bool,
    /// The moment that relative times of the question were counted from. The cursor keeps it, so that the same
    /// question can be asked again.
    pub asked_at: Timestamp,
}

impl LineQuery {
    /// All lines of all times, the newest first.
    pub fn newest(limit: u32) -> Self {
        Self {
            filter: Filter::All,
            period: Period::ALWAYS,
            order: Order::NewestFirst,
            limit,
            after: None,
            wants_total: false,
            asked_at: Timestamp::from_nanos(0),
        }
    }

    /// The line behind which the page begins. Refuses a cursor of another question, and too large a page.
    pub fn begin(&self, tenant: TenantId) -> Result<Option<Position>, SearchError> {
        within("lines", u64::from(self.limit), u64::from(PAGE_LINES_MAX))?;
        match self.after {
            None => Ok(None),
            Some(After::Position(position)) => Ok(Some(position)),
            Some(After::Cursor(cursor)) => Ok(Some(cursor.open(self.fingerprint(tenant))?)),
        }
    }

    /// A cursor for going on behind a position.
    pub fn cursor_behind(&self, tenant: TenantId, position: Position) -> Cursor {
        Cursor::new(self.asked_at, self.fingerprint(tenant), position)
    }

    /// Whether a line comes behind a position in the order.
    pub fn is_behind(&self, line: Position, position: Option<Position>) -> bool {
        match (position, self.order) {
            (None, _) => true,
            (Some(position), Order::NewestFirst) => line < position,
            (Some(position), Order::OldestFirst) => line > position,
        }
    }

    fn fingerprint(&self, tenant: TenantId) -> Fingerprint {
        Fingerprint::of(tenant, &self.filter, self.period, self.order)
    }
}

impl Position {
    /// The place in an order that is before all lines of a time: a page that begins behind it begins with them.
    pub fn before_time(time: Timestamp, order: Order) -> Self {
        let (partition, offset, line) = match order {
            Order::NewestFirst => (u16::MAX, Offset::MAX, u32::MAX),
            Order::OldestFirst => (0, Offset::ZERO, 0),
        };
        Self { time, id: LineId { partition: PartitionId::new(partition), offset, line } }
    }
}

/// Lines in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinePage {
    pub lines: Vec<FoundLine>,
    /// If it was wanted.
    pub total: Option<Total>,
    /// Where the next page begins; none if there are no more lines.
    pub next: Option<Cursor>,
    pub coverage: Coverage,
}

/// A line, if there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneLine {
    pub line: Option<FoundLine>,
    pub coverage: Coverage,
}
