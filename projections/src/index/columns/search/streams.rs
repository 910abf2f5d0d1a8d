//! The stream of each row of a tenant, read from columns.
//!
//! Invariant: the stream of a row is what `StreamName::of_line` says of its line. Lines are rendered only
//! where columns cannot tell: those that are kept whole, and those that say a part several times.

use std::ops::Range;

use antler_events::ids::TenantId;
use antler_events::line::stream::STREAM_FIELDS;
use antler_events::line::{Role, StreamName, StreamParts};
use antler_events::query::tree::FieldName;

use super::evaluate::{READ_TOGETHER, read_lines};
use super::fields::TextNumbers;
use super::places::Scan;
use super::rows::RowSet;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::{GroupView, TenantRows};

/// A row says nothing of a part.
const UNSAID: u32 = u32::MAX;

/// The streams of some rows.
#[derive(Debug)]
pub struct Streams {
    /// For each row of the range which of the names.
    of_rows: Vec<u32>,
    names: TextNumbers,
}

/// For each of the four texts that make a name, its number in each row.
type Parts = [Vec<u32>; 4];

impl Streams {
    /// Of the rows of a tenant, which are those of `rows`; only `candidates`, which count from their start,
    /// are looked at.
    pub fn read(tenant: TenantId, group: &dyn GroupView, candidates: &RowSet) -> Result<Self, ReadError> {
        let rows = match group.tenant_rows(tenant) {
            TenantRows::Range(rows) => rows,
            TenantRows::List(_) => 0..group.rows(),
        };
        let scan = Scan::new(group, rows);
        let (mut streams, untold) = Self::told(&scan, candidates)?;
        streams.add_untold(group, &scan.rows, &untold)?;
        Ok(streams)
    }

    /// As far as columns tell them; and the candidates of which they do not.
    pub(super) fn told<G: GroupView + ?Sized>(
        scan: &Scan<'_, G>,
        candidates: &RowSet,
    ) -> Result<(Self, RowSet), ReadError> {
        let mut streams = Self { of_rows: vec![0; scan.len() as usize], names: TextNumbers::default() };
        let untold = scan.rows_of_shapes(candidates, |shape| is_untold(scan, shape))?;
        let mut told = candidates.clone();
        told.remove(&untold);
        streams.add_told(scan, &told)?;
        Ok((streams, untold))
    }

    /// Those of the candidates whose stream passes. Each name is asked once.
    pub fn passing(&self, candidates: &RowSet, passes: impl Fn(&str) -> bool) -> RowSet {
        let name = |number: u32| str::from_utf8(self.names.text(number)).is_ok_and(&passes);
        let passing: Vec<bool> = (0..self.names.len() as u32).map(name).collect();
        let mut found = RowSet::none(candidates.range_len());
        for row in candidates.iter() {
            if passing[self.of_rows[row as usize] as usize] {
                found.insert(row);
            }
        }
        found
    }

    fn add_told<G: GroupView + ?Sized>(
        &mut self,
        scan: &Scan<'_, G>,
        rows: &RowSet,
    ) -> Result<(), ReadError> {
        let mut texts = TextNumbers::default();
        let parts = read_parts(scan, rows, &mut texts)?;
        // Rows that say the same have the same name.
        let (mut saids, mut numbers) = (TextNumbers::default(), Vec::new());
        for row in rows.iter() {
            let said = parts.each_ref().map(|part| part[row as usize]);
            let key: [u8; 16] = std::array::from_fn(|at| said[at / 4].to_le_bytes()[at % 4]);
            let at = saids.number(&key) as usize;
            if at == numbers.len() {
                numbers.push(self.names.number(name(said, &texts).as_str().as_bytes()));
            }
            self.of_rows[row as usize] = numbers[at];
        }
        Ok(())
    }

    fn add_untold(
        &mut self,
        group: &dyn GroupView,
        rows: &Range<u32>,
        untold: &RowSet,
    ) -> Result<(), ReadError> {
        let untold: Vec<u32> = untold.iter().map(|row| row + rows.start).collect();
        for some in untold.chunks(READ_TOGETHER) {
            for (origin, row) in read_lines(group, some)? {
                let batch = row.parsed(origin.received_at)?;
                let line = batch.line(0).ok_or(ReadError::directory("a line"))?;
                let arrival = group.arrivals().get(origin.arrival as usize);
                let arrival = arrival.ok_or(ReadError::directory("the arrival of a row"))?;
                let name = StreamName::of_line(line, &arrival.defaults);
                self.of_rows[(row.row - rows.start) as usize] = self.names.number(name.as_str().as_bytes());
            }
        }
        Ok(())
    }
}

/// Whether the columns of a shape do not tell which value of a part comes first.
fn is_untold<G: GroupView + ?Sized>(scan: &Scan<'_, G>, shape: u32) -> bool {
    let holes = || scan.group.shapes()[shape as usize].holes.iter();
    let times = |name: &str| holes().filter(|hole| *scan.group.head(hole.column).name == *name).count();
    scan.is_whole(shape) || STREAM_FIELDS.into_iter().any(|name| times(name) > 1)
}

fn read_parts<G: GroupView + ?Sized>(
    scan: &Scan<'_, G>,
    rows: &RowSet,
    texts: &mut TextNumbers,
) -> Result<Parts, ReadError> {
    let [kind, dataset, namespace] = STREAM_FIELDS.map(|name| FieldName::Named(name.into()));
    let fields = [kind, dataset, namespace, FieldName::Role(Role::Service)];
    let mut parts: Parts = std::array::from_fn(|_| vec![UNSAID; scan.len() as usize]);
    for (field, part) in fields.iter().zip(&mut parts) {
        scan.field(field, rows, texts, &mut |row, number| part[row as usize] = number)?;
    }
    Ok(parts)
}

fn name(said: [u32; 4], texts: &TextNumbers) -> StreamName {
    let text = |number| (number != UNSAID).then(|| String::from_utf8_lossy(texts.text(number)));
    let [kind, dataset, namespace, service] = said.map(text);
    StreamName::of_parts(&StreamParts {
        fields: [kind.as_deref(), dataset.as_deref(), namespace.as_deref()],
        service: service.as_deref(),
    })
}
