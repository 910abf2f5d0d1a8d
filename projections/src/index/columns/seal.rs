//! Sealing: the rows of an open group become a file, sorted by tenant, then time.
//!
//! Invariant: every row given is in the file exactly once, with every value, under new numbers for shapes and
//! columns, of which only those in use are kept. It writes to memory; the store writes the file and makes
//! it count.

mod columns;
mod events;
mod rollup;
mod shapes;

use std::io;

use antler_events::ids::TenantId;

use self::columns::ColumnSealer;
use self::events::UsedEvents;
use self::shapes::UsedShapes;
use super::block::BlockWriter;
use super::group::directory::{Directory, Events, SealedFilter};
use super::group::trailer;
use super::open::OpenGroup;
use super::plane::PlaneWriter;
use super::texts::Texts;
use super::time::Times;

pub(super) const NANOS_PER_DAY: i64 = 86_400_000_000_000;
/// A day with fewer rows than one in so many of its group does without a filter.
const FILTER_SHARE: usize = 64;
/// A group with fewer bytes of lines was not full but old when it was closed. So few of those come that they are
/// compressed more strongly, and a question that their filter does not end costs little.
const SMALL_RAW_BYTES: u64 = 8 << 20;
const SMALL_LEVEL: i32 = 9;
const SMALL_FILTER_BITS_PER_TOKEN: usize = 7;

/// A day's rows of an open group, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRows {
    /// Days since 1970.
    pub day: i64,
    pub rows: Vec<u32>,
}

/// Cuts a group by day and sorts each by tenant, time and arrival.
pub fn days(group: &OpenGroup) -> Vec<DayRows> {
    let mut days: Vec<DayRows> = Vec::new();
    for row in rows_by_tenant(group) {
        let day = group.times[row as usize].div_euclid(NANOS_PER_DAY);
        let at = match days.iter().rposition(|other| other.day == day) {
            Some(at) => at,
            None => {
                days.push(DayRows { day, rows: Vec::new() });
                days.len() - 1
            }
        };
        days[at].rows.push(row);
    }
    days.sort_unstable_by_key(|day| day.day);
    days.iter_mut().for_each(|day| sort_by_time(group, &mut day.rows));
    days
}

/// All rows by the order of their tenants' ids, those of one tenant as they came. There are fewer tenants than rows,
/// so they are counted, which costs less than to compare.
fn rows_by_tenant(group: &OpenGroup) -> Vec<u32> {
    let ranks = tenant_ranks(group);
    let rank_of = |tenant: &u32| ranks[*tenant as usize] as usize;
    let mut next = vec![0u32; ranks.len() + 1];
    group.tenant_of.iter().for_each(|tenant| next[rank_of(tenant) + 1] += 1);
    for rank in 1..next.len() {
        next[rank] += next[rank - 1];
    }
    let mut rows = vec![0; group.rows()];
    for (row, tenant) in group.tenant_of.iter().enumerate() {
        let place = &mut next[rank_of(tenant)];
        rows[*place as usize] = row as u32;
        *place += 1;
    }
    rows
}

/// Sorts the rows of each tenant, which stand together as they came. Times are taken along, so that comparing two
/// looks nowhere else.
fn sort_by_time(group: &OpenGroup, rows: &mut [u32]) {
    let mut timed: Vec<(i64, u32)> = Vec::new();
    let tenant = |row: &u32| group.tenant_of[*row as usize];
    for rows in rows.chunk_by_mut(|left, right| tenant(left) == tenant(right)) {
        timed.clear();
        timed.extend(rows.iter().map(|row| (group.times[*row as usize], *row)));
        timed.sort();
        rows.iter_mut().zip(&timed).for_each(|(row, timed)| *row = timed.1);
    }
}

/// For each tenant's number its place in the order of ids.
fn tenant_ranks(group: &OpenGroup) -> Vec<u32> {
    let ids = group.tenants.ids();
    let mut sorted: Vec<u32> = (0..ids.len() as u32).collect();
    sorted.sort_unstable_by_key(|number| ids[*number as usize]);
    let mut ranks = vec![0; ids.len()];
    for (rank, number) in sorted.into_iter().enumerate() {
        ranks[number as usize] = rank as u32;
    }
    ranks
}

/// The bytes of the file for some rows of a group of a partition.
pub fn seal(group: &OpenGroup, rows: &[u32], level: i32) -> io::Result<Vec<u8>> {
    let is_small = group.raw_bytes() < SMALL_RAW_BYTES;
    let level = if is_small { level.max(SMALL_LEVEL) } else { level };
    let mut blocks = BlockWriter::new(level, head_with_room(group, rows))?;
    let mut planes = PlaneWriter::default();
    let used = UsedShapes::of(group, rows);
    let mut sealer = ColumnSealer::new(group, rows);
    let columns = used.columns.iter().map(|old| sealer.seal(*old, &mut planes, &mut blocks)).collect();
    let times: Vec<i64> = rows.iter().map(|row| group.times[*row as usize]).collect();
    let shapes = used.renumbered(group);
    let finish = || match is_small {
        true => group.filter.finish_with(SMALL_FILTER_BITS_PER_TOKEN),
        false => group.filter.finish(),
    };
    let filter = (rows.len() * FILTER_SHARE >= group.rows()).then(finish);
    let used_events = UsedEvents::of(group, rows);
    let places: Vec<u64> = rows.iter().map(|row| group.place(*row)).collect();
    let tenants = tenants(group, rows);
    let rollup = rollup::write(group, rows, &tenants, &mut blocks);
    let directory = Directory {
        rows: rows.len() as u32,
        raw_bytes: group.raw_bytes_of(rows),
        tenants,
        times: Times::write(&times, &mut blocks),
        shape_of: planes.write(&used.numbers_of(group, rows), &mut blocks),
        shape_texts: Texts::write(used.texts(group), &mut blocks),
        shapes,
        columns,
        events: Events::write(&places, &used_events.events, &used_events.arrivals, &mut planes, &mut blocks),
        filter: SealedFilter::write(&filter.unwrap_or_default(), &mut blocks),
        rollup,
    };
    let (file, table) = blocks.finish();
    let mut bytes = Vec::new();
    table.encode(&mut bytes);
    directory.encode(&mut bytes);
    trailer::finish(file, &bytes, level)
}

/// The head, and room for what files have behind it: growing a step at a time costs fresh memory and a copy each
/// time, and room that is not used costs nothing. Hardly any file is larger than its lines.
fn head_with_room(group: &OpenGroup, rows: &[u32]) -> Vec<u8> {
    let raw_bytes = group.raw_bytes() / group.rows().max(1) as u64 * rows.len() as u64;
    let mut out = Vec::with_capacity(trailer::HEAD.len() + raw_bytes as usize);
    out.extend_from_slice(&trailer::HEAD[..]);
    out
}

fn tenants(group: &OpenGroup, rows: &[u32]) -> Vec<(TenantId, u32)> {
    let mut tenants: Vec<(TenantId, u32)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let tenant = group.tenants.ids()[group.tenant_of[*row as usize] as usize];
        match tenants.last_mut() {
            Some((last, end)) if *last == tenant => *end = at as u32 + 1,
            _ => tenants.push((tenant, at as u32 + 1)),
        }
    }
    tenants
}
