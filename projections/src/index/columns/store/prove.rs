//! Proving a group: reading all of it and holding it against what is said of it.
//!
//! Invariant: a group that passes gives every row back, each of its day, its tenant and its event. It
//! changes nothing and keeps nothing of what it read.

use std::ops::Range;

use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::GroupEntry;
use crate::index::columns::group::SealedGroup;
use crate::index::columns::render::render;
use crate::index::columns::seal::NANOS_PER_DAY;
use crate::index::columns::view::GroupView;

/// Rows that are read together.
pub(super) const ROWS_AT_ONCE: u32 = 4_096;

/// What is wrong with a group.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the group has {found} {what} and not {said}")]
    Differs { what: &'static str, found: u64, said: u64 },
    #[error("row {row} is out of place: {what}")]
    Row { row: u32, what: &'static str },
}

impl Fault {
    /// Whether another try may end otherwise.
    pub(super) fn is_of_the_moment(&self) -> bool {
        matches!(self, Self::Read(ReadError::Storage { .. }))
    }
}

/// Reads everything of a group.
pub(super) fn prove(entry: &GroupEntry, group: &SealedGroup) -> Result<(), Fault> {
    group.check_blocks()?;
    let same = |what, found: u64, said: u64| {
        if found == said { Ok(()) } else { Err(Fault::Differs { what, found, said }) }
    };
    same("rows", u64::from(group.rows()), u64::from(entry.rows))?;
    same("bytes of lines", group.directory.raw_bytes, entry.raw_bytes)?;
    let (mut start, mut raw_bytes) = (0, 0);
    let mut span: Option<(i64, i64)> = None;
    for (_, end) in &group.directory.tenants {
        raw_bytes += prove_tenant(entry, group, start..*end, &mut span)?;
        start = *end;
    }
    same("bytes in its lines", raw_bytes, entry.raw_bytes)?;
    match span {
        Some(span) if span == (entry.earliest, entry.latest) => Ok(()),
        _ => Err(Fault::Row { row: 0, what: "the span of the group is not that of its rows" }),
    }
}

/// The bytes of the lines of a tenant's rows.
fn prove_tenant(
    entry: &GroupEntry,
    group: &SealedGroup,
    rows: Range<u32>,
    span: &mut Option<(i64, i64)>,
) -> Result<u64, Fault> {
    let (mut raw_bytes, mut before) = (0, i64::MIN);
    for chunk in chunks(rows) {
        let rows: Vec<u32> = chunk.collect();
        // Each row must name its event.
        group.origins(&rows)?;
        for row in render(group, &rows)? {
            let time = row.time.nanos();
            let out_of_place = |what| Err(Fault::Row { row: row.row, what });
            if time.div_euclid(NANOS_PER_DAY) != entry.day {
                return out_of_place("it is of another day");
            }
            if time < before {
                return out_of_place("it is earlier than the row before");
            }
            before = time;
            let (earliest, latest) = span.unwrap_or((time, time));
            *span = Some((earliest.min(time), latest.max(time)));
            raw_bytes += row.raw.len() as u64;
        }
    }
    Ok(raw_bytes)
}

/// Rows in portions that are read together.
pub(super) fn chunks(rows: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let end = rows.end;
    rows.step_by(ROWS_AT_ONCE as usize).map(move |start| start..end.min(start.saturating_add(ROWS_AT_ONCE)))
}
