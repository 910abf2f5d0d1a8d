//! Figures of one tenant: lines, bytes, and when.
//!
//! A sealed group says of all its lines together how long they are and when; where it has several tenants the lines of
//! one are rendered once to know, and the result is remembered. Invariant: what is counted are the rows that the tenant
//! can find. It counts nothing of others.

use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;

use super::asked::Asked;
use crate::index::columns::block::ReadError;
use crate::index::columns::recent::Recent;
use crate::index::columns::render::render;
use crate::index::columns::search::budget::Stop;
use crate::index::columns::search::select::SearchGroup;
use crate::index::columns::store::GroupId;
use crate::index::columns::view::GroupView;
use crate::index::port::{Period, TenantStatistics};

/// Rows that are rendered together.
const ROWS_TOGETHER: usize = 1_024;
/// Memory of what is remembered, and what one entry takes.
const KNOWN_BYTES_MAX: usize = 4 << 20;
const KNOWN_ENTRY_BYTES: usize = 128;

/// What groups that never change have of tenants.
pub(super) struct KnownShares(Recent<(u64, TenantId), Share>);

impl Default for KnownShares {
    fn default() -> Self {
        Self(Recent::new(KNOWN_BYTES_MAX))
    }
}

impl std::fmt::Debug for KnownShares {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("KnownShares")
    }
}

/// What one group has of a tenant.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    lines: u64,
    raw_bytes: u64,
    span: Option<(i64, i64)>,
}

impl Asked<'_> {
    pub(super) fn figures(&self, tenant: TenantId) -> TenantStatistics {
        let mut figures =
            TenantStatistics { coverage: self.coverage(Period::ALWAYS), ..TenantStatistics::default() };
        let mut damaged = Vec::new();
        for group in &self.groups {
            let number = match group.handle.id() {
                GroupId::Sealed(number) => Some(number),
                GroupId::Memory(_) => None,
            };
            let raw_bytes = group.handle.raw_bytes();
            match group.with(|view| self.share(tenant, view, number, raw_bytes)) {
                Ok(Ok(Ok(share))) => add(&mut figures, &share, group.handle.stored_bytes(), raw_bytes),
                Ok(Ok(Err(stop))) => {
                    Self::note_stop(&mut figures.coverage, Some(stop));
                    break;
                }
                Ok(Err(error)) | Err(error) => damaged.push(error),
            }
        }
        self.note_damage(&mut figures.coverage, &damaged);
        figures
    }

    fn share(
        &self,
        tenant: TenantId,
        view: &dyn GroupView,
        number: Option<u64>,
        raw_bytes: u64,
    ) -> Result<Result<Share, Stop>, ReadError> {
        let rows = view.tenant_rows(tenant);
        let lines = rows.len() as u64;
        if lines == 0 {
            return Ok(Ok(Share::default()));
        }
        if let Some(stop) = self.budget().stop() {
            return Ok(Err(stop));
        }
        if number.is_some() && lines == u64::from(view.rows()) {
            return Ok(Ok(Share { lines, raw_bytes, span: view.span() }));
        }
        // Lines that were erased since are not there any more.
        let find = |number| self.known_shares.0.find(&(number, tenant)).filter(|share| share.lines == lines);
        if let Some(known) = number.and_then(find) {
            return Ok(Ok(known));
        }
        let rows = rows.into_list();
        let raw_bytes = match view.known_raw_bytes(&rows) {
            Some(bytes) => bytes,
            None => match self.rendered_bytes(view, &rows)? {
                Ok(bytes) => bytes,
                Err(stop) => return Ok(Err(stop)),
            },
        };
        let share = Share { lines, raw_bytes, span: span_of(view, &rows)? };
        if let Some(number) = number {
            self.known_shares.0.keep((number, tenant), share, KNOWN_ENTRY_BYTES);
        }
        Ok(Ok(share))
    }

    fn rendered_bytes(&self, view: &dyn GroupView, rows: &[u32]) -> Result<Result<u64, Stop>, ReadError> {
        let mut bytes = 0;
        for some in rows.chunks(ROWS_TOGETHER) {
            if let Some(stop) = self.budget().stop() {
                return Ok(Err(stop));
            }
            bytes += render(view, some)?.iter().map(|row| row.raw.len() as u64).sum::<u64>();
        }
        Ok(Ok(bytes))
    }
}

/// Earliest and latest time of rows.
fn span_of(view: &dyn GroupView, rows: &[u32]) -> Result<Option<(i64, i64)>, ReadError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(None) };
    let mut times = Vec::new();
    view.times(*first..last + 1, &mut times)?;
    let of_rows = || rows.iter().map(|row| times[(row - first) as usize]);
    Ok(of_rows().min().zip(of_rows().max()))
}

fn add(figures: &mut TenantStatistics, share: &Share, stored_bytes: u64, raw_bytes: u64) {
    figures.lines += share.lines;
    figures.raw_bytes += share.raw_bytes;
    let part = u128::from(stored_bytes) * u128::from(share.raw_bytes) / u128::from(raw_bytes.max(1));
    figures.stored_bytes += u64::try_from(part).unwrap_or(stored_bytes);
    if let Some((first, last)) = share.span {
        let (first, last) = (Timestamp::from_nanos(first), Timestamp::from_nanos(last));
        figures.earliest = Some(figures.earliest.map_or(first, |known| known.min(first)));
        figures.latest = Some(figures.latest.map_or(last, |known| known.max(last)));
    }
}
