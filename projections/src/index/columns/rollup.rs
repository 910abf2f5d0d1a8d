//! Roll-ups of a group: how many lines each tenant has in each minute, by level and service.
//!
//! A histogram or a list of services is added up from these and reads no rows, but for minutes that the
//! asked time cuts; those are named, and whoever asks counts their rows.
//! Stored are the header and six columns as planes of bytes: tenants, ends of their minutes, minutes, ends of
//! their cells, service and level, counts.
//! Invariant: cells and rows of the cut minutes together are all lines of the tenant in that time, each
//! once. It does not know names: services are numbers of a dictionary.

use std::ops::Range;

use antler_events::clock::Timestamp;
use antler_events::line::Level;

use self::header::{HEADER_BYTES, Header};
use self::planes::Planes;

mod build;
mod header;
mod planes;
mod sealed;

#[cfg(test)]
mod tests;

pub use build::RollupBuilder;
pub use sealed::SealedRollup;

/// The service of a line that has none.
pub const SERVICE_NONE: u32 = u32::MAX;

/// Bits of a key that say the level.
const LEVEL_BITS: u32 = 3;

const NANOS_PER_MINUTE: i64 = 60_000_000_000;

/// A minute since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i32);

/// Lines of one minute that share level and service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub minute: Minute,
    pub level: Option<Level>,
    /// Number in the dictionary of the group, or `SERVICE_NONE`; that too if services are not known.
    pub service: u32,
    pub count: u32,
}

/// The time that cells do not answer: parts of at most two minutes. Without lines there, there is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CutMinutes {
    pub first: Option<Range<Timestamp>>,
    pub last: Option<Range<Timestamp>>,
}

/// A roll-up in its bytes, which are not copied.
#[derive(Debug, Clone, Copy)]
pub struct Rollup<'a> {
    has_services: bool,
    first_minute: i32,
    first: Timestamp,
    last: Timestamp,
    tenants: Planes<'a>,
    minute_ends: Planes<'a>,
    minutes: Planes<'a>,
    cell_ends: Planes<'a>,
    keys: Planes<'a>,
    counts: Planes<'a>,
}

/// Why bytes are not a roll-up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollupError {
    #[error("the roll-up ends early")]
    Short,
    #[error("the roll-up has version {0}, and this version reads {known}", known = header::VERSION)]
    Version(u8),
    #[error("the roll-up has a column of values of {0} bytes")]
    Width(u8),
    #[error("the roll-up has {0} bytes more than it says")]
    Long(usize),
    #[error("the columns of the roll-up contradict each other")]
    Contradiction,
}

/// Minutes that are wholly inside a time, and the two that it may cut.
struct Cut {
    whole: Range<i64>,
    first: Option<i64>,
    last: Option<i64>,
}

impl Minute {
    pub const fn of(time: Timestamp) -> Self {
        Self(time.nanos().div_euclid(NANOS_PER_MINUTE) as i32)
    }

    pub const fn number(self) -> i32 {
        self.0
    }

    /// Its first moment.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_nanos((self.0 as i64).saturating_mul(NANOS_PER_MINUTE))
    }
}

impl CutMinutes {
    /// What is there, in order.
    pub fn ranges(&self) -> impl Iterator<Item = Range<Timestamp>> {
        self.first.iter().chain(&self.last).cloned()
    }
}

impl<'a> Rollup<'a> {
    /// Reads what a builder wrote. Lengths are checked here; what they hold, while it is used.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RollupError> {
        let (header, mut rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(RollupError::Short)?;
        let header = Header::read(header)?;
        let mut column = |at: usize, length: u32| {
            Planes::take(&mut rest, length as usize, header.widths[at]).ok_or(RollupError::Short)
        };
        let read = Self {
            has_services: header.has_services,
            first_minute: header.first_minute,
            first: header.first,
            last: header.last,
            tenants: column(0, header.tenants)?,
            minute_ends: column(1, header.tenants)?,
            minutes: column(2, header.minutes)?,
            cell_ends: column(3, header.minutes)?,
            keys: column(4, header.cells)?,
            counts: column(5, header.cells)?,
        };
        if rest.is_empty() { Ok(read) } else { Err(RollupError::Long(rest.len())) }
    }

    /// Whether cells are told apart by service. A group of very many does not.
    pub fn has_services(&self) -> bool {
        self.has_services
    }

    /// Calls `each` for the cells of the tenant in the minutes that lie wholly in the time from `from` to
    /// before `to`, in order of time. What these do not hold is returned.
    ///
    /// A minute that the time cuts counts as whole if the group has no line in the part that is cut off.
    pub fn for_each(
        &self,
        tenant: u32,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Cell),
    ) -> Result<CutMinutes, RollupError> {
        let minutes = self.minutes_of(tenant)?;
        if from >= to || minutes.is_empty() {
            return Ok(CutMinutes::default());
        }
        let cut = self.cut(from, to);
        let place = |minute: i64| self.first_not_before(&minutes, minute);
        for at in place(cut.whole.start)..place(cut.whole.end) {
            self.each_cell(at, &mut each)?;
        }
        let has = |minute: &i64| place(*minute) < place(*minute + 1);
        Ok(cut_minutes(cut.first.filter(has), cut.last.filter(has), from, to))
    }

    fn cut(&self, from: Timestamp, to: Timestamp) -> Cut {
        let number = |time: Timestamp| time.nanos().div_euclid(NANOS_PER_MINUTE);
        let is_start = |time: Timestamp| time.nanos().rem_euclid(NANOS_PER_MINUTE) == 0;
        let (start, first) = match from {
            _ if from <= self.first => (i64::MIN, None),
            _ if is_start(from) => (number(from), None),
            _ => (number(from) + 1, Some(number(from))),
        };
        let (end, last) = match to {
            _ if to > self.last => (i64::MAX, None),
            _ if is_start(to) => (number(to), None),
            _ => (number(to), Some(number(to))),
        };
        Cut { whole: start..end, first, last }
    }

    /// The places of the minutes of a tenant.
    fn minutes_of(&self, tenant: u32) -> Result<Range<usize>, RollupError> {
        let tenants = 0..self.tenants.len();
        let at = partition_point(tenants, |at| self.tenants.at(at) < u64::from(tenant));
        if at == self.tenants.len() || self.tenants.at(at) != u64::from(tenant) {
            return Ok(0..0);
        }
        range_that_ends(&self.minute_ends, at, self.minutes.len())
    }

    /// The place of the first minute that is not before this one.
    fn first_not_before(&self, minutes: &Range<usize>, minute: i64) -> usize {
        partition_point(minutes.clone(), |at| self.minute_at(at) < minute)
    }

    fn minute_at(&self, at: usize) -> i64 {
        i64::from(self.first_minute) + self.minutes.at(at) as i64
    }

    fn each_cell(&self, at: usize, each: &mut impl FnMut(Cell)) -> Result<(), RollupError> {
        let minute = i32::try_from(self.minute_at(at)).map_err(|_| RollupError::Contradiction)?;
        for at in range_that_ends(&self.cell_ends, at, self.keys.len())? {
            let (level, service) = from_key(self.keys.at(at)).ok_or(RollupError::Contradiction)?;
            each(Cell { minute: Minute(minute), level, service, count: self.counts.at(at) as u32 });
        }
        Ok(())
    }
}

/// A cut minute as the part of it that is asked for.
fn cut_minutes(first: Option<i64>, last: Option<i64>, from: Timestamp, to: Timestamp) -> CutMinutes {
    let start = |minute: i64| Timestamp::from_nanos(minute.saturating_mul(NANOS_PER_MINUTE));
    if first.is_some() && first == last {
        return CutMinutes { first: Some(from..to), last: None };
    }
    CutMinutes {
        first: first.map(|minute| from..to.min(start(minute + 1))),
        last: last.map(|minute| from.max(start(minute))..to),
    }
}

/// What lies between the end before and this end. Ranges do not overlap, whatever the bytes say: so a pass
/// over all of them sees nothing twice.
fn range_that_ends(ends: &Planes<'_>, at: usize, length: usize) -> Result<Range<usize>, RollupError> {
    let start = if at == 0 { 0 } else { ends.at(at - 1) as usize };
    let end = ends.at(at) as usize;
    if start <= end && end <= length { Ok(start..end) } else { Err(RollupError::Contradiction) }
}

/// The first place where the condition no longer holds.
fn partition_point(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, mut end } = range;
    while start < end {
        let middle = start.midpoint(end);
        if holds(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

/// Level and service in one number, none being zero in both.
#[inline]
fn key(level: Option<Level>, service: u32) -> u64 {
    u64::from(service.wrapping_add(1)) << LEVEL_BITS | level.map_or(0, |level| level as u64)
}

fn from_key(key: u64) -> Option<(Option<Level>, u32)> {
    let level = match key & ((1 << LEVEL_BITS) - 1) {
        0 => None,
        number => Some(*Level::ALL.get(number as usize - 1)?),
    };
    Some((level, u32::try_from(key >> LEVEL_BITS).ok()?.wrapping_sub(1)))
}
