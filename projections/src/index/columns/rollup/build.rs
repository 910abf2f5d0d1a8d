//! The making of a roll-up, row by row.
//!
//! Invariant: a roll-up that is finished counted every row. If there would be too many cells the services are
//! dropped, and if that is not enough there is no roll-up; likewise if rows did not come in order.
//! It does not sort rows: they come by tenant and time, as a group holds them.

use std::ops::Range;

use antler_events::clock::Timestamp;
use antler_events::line::Level;

use super::header::{COLUMNS, Header, WIDTHS_MAX};
use super::{LEVEL_BITS, Minute, NANOS_PER_MINUTE, key, planes};

/// Places that remember where the cell of a key is.
const RECENT: usize = 1_024;

/// Counts rows.
#[derive(Debug)]
pub struct RollupBuilder {
    cells_max: usize,
    has_services: bool,
    has_given_up: bool,
    first: Timestamp,
    last: Timestamp,
    open: OpenMinute,
    closed: Closed,
}

/// The minute that rows are being added to.
#[derive(Debug)]
struct OpenMinute {
    /// Nothing before the first row.
    of: Option<(u32, Minute)>,
    tenant: u32,
    span: Range<Timestamp>,
    /// Several cells may have the same key, until they are merged.
    cells: Vec<(u64, u64)>,
    recent: Box<[Recent; RECENT]>,
    /// What was remembered in an earlier turn holds no longer.
    turn: u32,
}

/// Where the cell of a key is in this turn.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    key: u64,
    turn: u32,
    place: u32,
}

/// The minutes before it, in the columns that are stored.
#[derive(Debug, Default)]
struct Closed {
    tenants: Vec<u32>,
    minute_ends: Vec<u32>,
    minutes: Vec<i32>,
    cell_ends: Vec<u32>,
    /// Keys and counts; the keys of a minute ascend.
    cells: Vec<(u64, u64)>,
}

impl RollupBuilder {
    /// A roll-up of at most `cells_max` cells. While it is made it may hold three times as many.
    pub fn new(cells_max: usize) -> Self {
        Self {
            // Places are 32 bits wide.
            cells_max: cells_max.min(1 << 30),
            has_services: true,
            has_given_up: false,
            first: Timestamp::from_nanos(i64::MAX),
            last: Timestamp::from_nanos(i64::MIN),
            open: OpenMinute::new(),
            closed: Closed::default(),
        }
    }

    /// Counts a row. Rows come by tenant, and those of a tenant by minute. `service` is a number of the
    /// group's dictionary or `SERVICE_NONE`.
    #[inline]
    pub fn add(&mut self, tenant: u32, time: Timestamp, level: Option<Level>, service: u32) {
        if self.has_given_up {
            return;
        }
        if tenant != self.open.tenant || !self.open.span.contains(&time) {
            self.turn_to(tenant, Minute::of(time));
        }
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        let key = key(level, service);
        self.open.count(if self.has_services { key } else { without_service(key) });
        if self.open.cells.len() > self.cells_max * 2 + RECENT {
            self.open.merge();
            self.keep_within_bound();
        }
    }

    /// Bytes on the heap.
    pub fn bytes_held(&self) -> usize {
        let cells = self.open.cells.capacity() + self.closed.cells.capacity();
        let minutes = self.closed.minutes.capacity() + self.closed.cell_ends.capacity();
        let tenants = self.closed.tenants.capacity() + self.closed.minute_ends.capacity();
        size_of_val(&*self.open.recent) + cells * size_of::<(u64, u64)>() + (minutes + tenants) * 4
    }

    /// The bytes of the roll-up, to be compressed; nothing if it would have too many cells.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        self.close();
        if self.has_given_up { None } else { self.bytes() }
    }

    #[cold]
    fn turn_to(&mut self, tenant: u32, minute: Minute) {
        let next = Some((tenant, minute));
        if self.open.of != next {
            self.close();
            // Rows that come back to an earlier minute would make two of it.
            self.has_given_up |= self.open.of > next;
            self.open.turn_to(tenant, minute);
        }
    }

    fn close(&mut self) {
        self.open.merge();
        if let Some((tenant, minute)) = self.open.of.filter(|_| !self.open.cells.is_empty()) {
            self.closed.push(tenant, minute, &self.open.cells);
            self.open.cells.clear();
            self.keep_within_bound();
        }
    }

    fn keep_within_bound(&mut self) {
        let is_within =
            |rollup: &Self| rollup.closed.cells.len() + rollup.open.cells.len() <= rollup.cells_max;
        if !is_within(self) && self.has_services {
            self.has_services = false;
            self.closed.drop_services();
            self.open.drop_services();
        }
        if !is_within(self) {
            self.has_given_up = true;
            self.closed = Closed::default();
            self.open = OpenMinute::new();
        }
    }

    /// Nothing if a count is beyond 32 bits.
    fn bytes(&self) -> Option<Vec<u8>> {
        let first_minute = self.closed.minutes.iter().copied().min().unwrap_or(0);
        let columns = self.closed.columns(first_minute);
        let widths = columns.each_ref().map(|column| planes::width(column));
        let header = Header {
            has_services: self.has_services,
            widths,
            first_minute,
            tenants: self.closed.tenants.len() as u32,
            minutes: self.closed.minutes.len() as u32,
            cells: self.closed.cells.len() as u32,
            first: self.first,
            last: self.last,
        };
        let mut out = Vec::new();
        header.write(&mut out);
        for (column, width) in columns.iter().zip(widths) {
            planes::write(column, width, &mut out);
        }
        widths.iter().zip(WIDTHS_MAX).all(|(width, max)| *width <= max).then_some(out)
    }
}

impl OpenMinute {
    fn new() -> Self {
        let never = Timestamp::default()..Timestamp::default();
        let recent = Box::new([Recent::default(); RECENT]);
        Self { of: None, tenant: 0, span: never, cells: Vec::new(), recent, turn: 1 }
    }

    fn turn_to(&mut self, tenant: u32, minute: Minute) {
        let start = minute.start();
        let end = Timestamp::from_nanos(start.nanos().saturating_add(NANOS_PER_MINUTE));
        (self.of, self.tenant, self.span) = (Some((tenant, minute)), tenant, start..end);
    }

    #[inline]
    fn count(&mut self, key: u64) {
        let recent = &mut self.recent[key as usize % RECENT];
        if recent.key == key && recent.turn == self.turn {
            self.cells[recent.place as usize].1 += 1;
        } else {
            *recent = Recent { key, turn: self.turn, place: self.cells.len() as u32 };
            self.cells.push((key, 1));
        }
    }

    /// One cell for each key, in their order.
    fn merge(&mut self) {
        self.turn += 1;
        self.cells.sort_unstable();
        self.cells.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
    }

    fn drop_services(&mut self) {
        self.cells.iter_mut().for_each(|cell| cell.0 = without_service(cell.0));
        self.merge();
    }
}

impl Closed {
    fn push(&mut self, tenant: u32, minute: Minute, cells: &[(u64, u64)]) {
        self.cells.extend_from_slice(cells);
        self.cell_ends.push(self.cells.len() as u32);
        self.minutes.push(minute.number());
        if self.tenants.last() != Some(&tenant) {
            self.tenants.push(tenant);
            self.minute_ends.push(0);
        }
        let end = self.minute_ends.last_mut().expect("there is one for each tenant");
        *end = self.minutes.len() as u32;
    }

    fn columns(&self, first_minute: i32) -> [Vec<u64>; COLUMNS] {
        let wide = |numbers: &[u32]| numbers.iter().map(|number| u64::from(*number)).collect();
        let minutes = self.minutes.iter().map(|minute| u64::from(minute.abs_diff(first_minute))).collect();
        let (keys, counts) = self.cells.iter().copied().unzip();
        [wide(&self.tenants), wide(&self.minute_ends), minutes, wide(&self.cell_ends), keys, counts]
    }

    fn drop_services(&mut self) {
        let (mut start, mut kept) = (0, 0);
        for end in &mut self.cell_ends {
            let mut counts = [0; 1 << LEVEL_BITS];
            for (key, count) in &self.cells[start..*end as usize] {
                counts[without_service(*key) as usize] += count;
            }
            start = *end as usize;
            for (level, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                self.cells[kept] = (level as u64, count);
                kept += 1;
            }
            *end = kept as u32;
        }
        self.cells.truncate(kept);
    }
}

/// The key of the same level with no service.
fn without_service(key: u64) -> u64 {
    key & ((1 << LEVEL_BITS) - 1)
}
