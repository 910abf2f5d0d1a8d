//! Carrying rows from a group on disk into an open one.
//!
//! Rows are rendered and read again as they were when they came, so there is one way in and no second one to
//! keep equal. Invariant: a row keeps its bytes, its tenant and its origin. It does not decide which rows.

use antler_config::limits::LineLimits;
use antler_events::ids::TenantId;
use antler_events::line::LineBatchBuilder;

use super::prove::chunks;
use crate::index::columns::block::ReadError;
use crate::index::columns::group::SealedGroup;
use crate::index::columns::group::directory::EventRow;
use crate::index::columns::open::OpenGroup;
use crate::index::columns::render::{RenderedRow, render};
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::view::GroupView;

/// Carries all rows but some.
pub(super) fn carry(from: &SealedGroup, into: &mut OpenGroup, leaving: &RowSet) -> Result<(), ReadError> {
    let events = from.directory.events.events(from.blocks())?;
    let mut start = 0;
    for (tenant, end) in &from.directory.tenants {
        for chunk in chunks(start..*end) {
            let rows: Vec<u32> = chunk.filter(|row| !leaving.contains(*row)).collect();
            if !rows.is_empty() {
                carry_chunk(*tenant, from, into, &events, &rows)?;
            }
        }
        start = *end;
    }
    Ok(())
}

fn carry_chunk(
    tenant: TenantId,
    from: &SealedGroup,
    into: &mut OpenGroup,
    events: &[EventRow],
    rows: &[u32],
) -> Result<(), ReadError> {
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    let mut places = Vec::with_capacity((last - first) as usize + 1);
    from.directory.events.places(from.blocks(), first as usize..last as usize + 1, &mut places)?;
    let place = |row: &u32| places.get((row - first) as usize).copied();
    let places: Option<Vec<u64>> = rows.iter().map(place).collect();
    let places = places.ok_or(ReadError::directory("the place of a row"))?;
    let mut placed: Vec<(u64, RenderedRow)> = places.into_iter().zip(render(from, rows)?).collect();
    placed.sort_unstable_by_key(|(place, _)| *place);
    let event_of = |place: u64| events.partition_point(|event| event.first <= place).checked_sub(1);
    for run in placed.chunk_by(|a, b| event_of(a.0) == event_of(b.0)) {
        let event = event_of(run[0].0).ok_or(ReadError::directory("the event of a row"))?;
        carry_event(tenant, from, into, &events[event], run)?;
    }
    Ok(())
}

fn carry_event(
    tenant: TenantId,
    from: &SealedGroup,
    into: &mut OpenGroup,
    event: &EventRow,
    rows: &[(u64, RenderedRow)],
) -> Result<(), ReadError> {
    let arrival = from.arrivals().get(event.arrival as usize);
    let arrival = arrival.ok_or(ReadError::directory("the arrival of an event"))?;
    let mut builder =
        LineBatchBuilder::new(LineLimits::default().for_lines_taken_before(), event.received_at);
    let mut lines = Vec::with_capacity(rows.len());
    for (place, row) in rows {
        builder.push_again(&row.raw, row.is_plain).map_err(|_| ReadError::directory("a line"))?;
        lines.push(
            u32::try_from(place - event.first).map_err(|_| ReadError::directory("the place of a row"))?,
        );
    }
    into.apply_rows(tenant, (event.partition, event.offset), &builder.finish(), arrival, &lines);
    Ok(())
}
