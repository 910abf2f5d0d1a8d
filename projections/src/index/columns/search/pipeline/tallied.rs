//! Lines by the value of one field, from how often a dictionary says that each of its texts occurs.
//!
//! Invariant: this is done only if all rows of the group are asked for, and every value of the columns counts. It
//! reads no row.

use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::pipe::{Cell, Grouping};
use antler_events::query::tree::FieldName;

use super::codes::{Source, cell_of, columns_of, sources};
use crate::index::columns::block::ReadError;
use crate::index::columns::search::places::Scan;
use crate::index::columns::search::plan::Plan;
use crate::index::columns::search::select::Period;
use crate::index::columns::view::{GroupView, TenantRows, Values};

/// Lines of each cell of the only key, if dictionaries tell those of all rows.
pub(super) fn tallies(
    tenant: TenantId,
    view: &dyn GroupView,
    (plan, period): (&Plan, Period),
    grouping: &Grouping,
) -> Result<Option<Vec<(Cell, u64)>>, ReadError> {
    let Some(field) = field_of(grouping) else { return Ok(None) };
    let has_all = view.tenant_rows(tenant) == TenantRows::Range(0..view.rows());
    let is_inside = view.span().is_some_and(|(first, last)| period.0 <= first && last <= period.1);
    if !has_all || !is_inside || !plan.root.asks_time_only() {
        return Ok(None);
    }
    let scan = Scan::new(view, 0..view.rows());
    let sources = sources(&scan, field);
    let columns = columns_of(&sources);
    if !counts_all(&scan, &sources, &columns) {
        return Ok(None);
    }
    let mut tallies = Vec::new();
    let mut missing = u64::from(view.rows());
    for column in columns {
        let Values::Dictionary(values, blocks) = view.values(column) else { return Ok(None) };
        let mut counts = Vec::new();
        values.counts.read(blocks, 0..values.counts.len(), &mut counts)?;
        let (class, is_level) = (view.head(column).class, *field == FieldName::Role(Role::Level));
        let mut counted = counts.iter();
        values.texts.for_each(blocks, |_, text| {
            let lines = counted.next().copied().unwrap_or(0);
            tallies.push((cell_of(class, text, is_level), lines));
        })?;
        let total = counts.iter().try_fold(0u64, |total, count| total.checked_add(*count));
        if total != Some(values.len() as u64) {
            return Err(ReadError::directory("the counts of a dictionary"));
        }
        missing = missing.saturating_sub(values.len() as u64);
    }
    if missing > 0 {
        tallies.push((Cell::Missing, missing));
    }
    Ok(Some(tallies))
}

/// The only key, if lines are counted and nothing else.
fn field_of(grouping: &Grouping) -> Option<&FieldName> {
    let [key] = &grouping.keys[..] else { return None };
    let is_counted = grouping.measures.iter().all(|measure| measure.field.is_none());
    let is_plain = key.bin.is_none() && key.field != FieldName::Role(Role::Time);
    (is_counted && is_plain).then_some(&key.field)
}

/// Whether each row has the field as the only value of the columns, or none of these.
fn counts_all<'a>(scan: &Scan<'a, dyn GroupView + 'a>, sources: &[Source], columns: &[u32]) -> bool {
    let mut values = vec![0; sources.len()];
    for of in columns.iter().flat_map(|column| scan.forms().uses(*column)) {
        values[of.shape as usize] += of.values;
    }
    values.into_iter().zip(sources).all(|(values, source)| match source {
        Source::Missing => values == 0,
        Source::Value { nth: 0, .. } => values == 1,
        _ => false,
    })
}
