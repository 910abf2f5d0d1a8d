//! A roll-up in a group file: its cells, the names of the services, and the rows that no cell counts.
//!
//! Invariant: a row is in exactly one cell or among those that are not counted, whatever the query language
//! makes of its level and service. It does not know why a row is not counted.

use std::ops::Range;

use bytes::Bytes;

use super::{Rollup, RollupError};
use crate::index::columns::block::{BLOCK_BYTES_MAX, BlockWriter, Blocks, Extent, ReadError};
use crate::index::columns::texts::Texts;
use crate::index::columns::varint;

/// Where a roll-up is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRollup {
    cells: Extent,
    /// By the numbers that cells have.
    pub services: Texts,
    uncounted: Extent,
}

impl SealedRollup {
    /// Writes what a builder made, with the rows that it was not given, which rise.
    pub fn write<'a>(
        cells: &[u8],
        services: impl Iterator<Item = &'a [u8]>,
        uncounted: &[u32],
        blocks: &mut BlockWriter,
    ) -> Option<Self> {
        let has_services = Rollup::read(cells).is_ok_and(|rollup| rollup.has_services());
        let (mut gaps, mut before) = (Vec::new(), 0);
        for row in uncounted {
            varint::push(&mut gaps, u64::from(row - before));
            before = *row;
        }
        if cells.len().max(gaps.len()) > BLOCK_BYTES_MAX {
            return None;
        }
        let services = Texts::write(services.filter(|_| has_services), blocks);
        Some(Self { cells: blocks.put(cells), services, uncounted: blocks.put(&gaps) })
    }

    /// What `Rollup::read` reads.
    pub fn cells(&self, blocks: &impl Blocks) -> Result<Bytes, ReadError> {
        blocks.stream(self.cells)
    }

    /// Those of the rows that no cell counts.
    pub fn uncounted(&self, blocks: &impl Blocks, rows: Range<u32>) -> Result<Vec<u32>, ReadError> {
        let bytes = blocks.stream(self.uncounted)?;
        let (mut rest, mut row, mut found) = (&bytes[..], 0u32, Vec::new());
        while !rest.is_empty() {
            let gap = varint::take_u32(&mut rest).ok_or(RollupError::Contradiction)?;
            row = row.checked_add(gap).ok_or(RollupError::Contradiction)?;
            if row >= rows.end {
                break;
            }
            if row >= rows.start {
                found.push(row);
            }
        }
        Ok(found)
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        self.cells.encode(out);
        self.services.encode(out);
        self.uncounted.encode(out);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let (cells, services) = (Extent::decode(bytes)?, Texts::decode(bytes)?);
        Ok(Self { cells, services, uncounted: Extent::decode(bytes)? })
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        self.services.bytes_held()
    }
}

impl From<RollupError> for ReadError {
    fn from(_: RollupError) -> Self {
        Self::directory("a roll-up")
    }
}

#[cfg(test)]
mod tests {
    use antler_events::clock::Timestamp;
    use antler_events::line::Level;

    use super::*;
    use crate::index::columns::block::BlocksInMemory;
    use crate::index::columns::rollup::RollupBuilder;

    #[test]
    fn cells_services_and_rows_come_back() {
        let mut builder = RollupBuilder::new(100);
        builder.add(0, Timestamp::from_nanos(7), Some(Level::Error), 1);
        let cells = builder.finish().unwrap();
        let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
        let services: [&[u8]; 2] = [b"api", b"web"];
        let sealed = SealedRollup::write(&cells, services.into_iter(), &[0, 3, 4, 900], &mut blocks).unwrap();
        let mut encoded = Vec::new();
        sealed.encode(&mut encoded);
        assert_eq!(SealedRollup::decode(&mut &encoded[..]).unwrap(), sealed);
        for cut in 0..encoded.len() {
            assert!(SealedRollup::decode(&mut &encoded[..cut]).is_err(), "cut at {cut}");
        }
        let (bytes, table) = blocks.finish();
        let blocks = BlocksInMemory::new(bytes, table);
        assert_eq!(sealed.cells(&blocks).unwrap(), cells);
        assert_eq!(sealed.uncounted(&blocks, 0..1_000).unwrap(), [0, 3, 4, 900]);
        assert_eq!(sealed.uncounted(&blocks, 1..900).unwrap(), [3, 4]);
        let mut names = Vec::new();
        sealed.services.for_each(&blocks, |_, text| names.push(text.to_vec())).unwrap();
        assert_eq!(names, services);
    }
}
