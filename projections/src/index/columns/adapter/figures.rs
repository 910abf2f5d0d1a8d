//! Figures of one tenant: lines, bytes, and when.
//!
//! A group says of all its lines together how long they are; where it has several tenants the lines of one are
//! rendered once to know, and the result is remembered. Invariant: what is counted are the rows that the tenant
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
use crate::index::columns::view::{GroupView, TenantRows};
use crate::index::port::{Period, TenantStatistics};

/// Rows that are rendered together.
const ROWS_TOGETHER: usize = 1_024;
/// Memory of what is remembered, and what one entry takes.
const KNOWN_BYTES_MAX: usize = 4 << 20;
const KNOWN_ENTRY_BYTES: usize = 128;

/// Bytes of the lines of tenants in groups that never change.
pub(super) struct KnownBytes(Recent<(u64, TenantId), u64>);

impl Default for KnownBytes {
    fn default() -> Self {
        Self(Recent::new(KNOWN_BYTES_MAX))
    }
}

impl std::fmt::Debug for KnownBytes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("KnownBytes")
    }
}

/// What one group has of a tenant.
#[derive(Debug, Default)]
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
        let rows: Vec<u32> = match view.tenant_rows(tenant) {
            TenantRows::Range(range) => range.collect(),
            TenantRows::List(list) => list,
        };
        if let Some(stop) = self.budget().stop() {
            return Ok(Err(stop));
        }
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Ok(Share::default())) };
        let mut times = Vec::new();
        view.times(*first..last + 1, &mut times)?;
        let of_rows = || rows.iter().filter_map(|row| times.get((row - first) as usize)).copied();
        let span = of_rows().min().zip(of_rows().max());
        let known = number.and_then(|number| {
            let is_alone = rows.len() == view.rows() as usize;
            if is_alone { Some(raw_bytes) } else { self.known_bytes.0.find(&(number, tenant)) }
        });
        let raw_bytes = match known {
            Some(known) => known,
            None => match self.rendered_bytes(view, &rows)? {
                Ok(bytes) => bytes,
                Err(stop) => return Ok(Err(stop)),
            },
        };
        if let (None, Some(number)) = (known, number) {
            self.known_bytes.0.keep((number, tenant), raw_bytes, KNOWN_ENTRY_BYTES);
        }
        Ok(Ok(Share { lines: rows.len() as u64, raw_bytes, span }))
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
