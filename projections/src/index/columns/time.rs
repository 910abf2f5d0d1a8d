//! When rows happened: sorted times as differences, others above the earliest, page by page.
//!
//! Invariant: every time comes back to the nanosecond. A page knows its earliest and latest time, so that
//! pages outside a range are not read. It does not know how the sender wrote it: `time_text` does.

use std::ops::Range;

use super::block::{BlockWriter, Blocks, Extent, ReadError};
use super::plane::{PAGE, width};
use super::varint;

/// Units that all times of a column may be a multiple of, in nanoseconds.
const UNITS: [i64; 4] = [1_000_000_000, 1_000_000, 1_000, 1];

/// Where the times of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    len: u32,
    unit: i64,
    pages: Vec<Page>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    /// In units.
    earliest: i64,
    latest: i64,
    /// Each is the difference to the one before, and not to the earliest.
    is_sorted: bool,
    planes: Vec<Extent>,
}

impl Times {
    /// Nanoseconds, in any order.
    pub fn write(times: &[i64], blocks: &mut BlockWriter) -> Self {
        let divides = |unit: &i64| times.iter().all(|time| time % unit == 0);
        let unit = UNITS.into_iter().find(divides).unwrap_or(1);
        let pages = times.chunks(PAGE).map(|page| Page::write(page, unit, blocks)).collect();
        Self { len: times.len() as u32, unit, pages }
    }

    pub const fn len(&self) -> usize {
        self.len as usize
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Earliest and latest time of the rows of a page.
    pub fn span(&self, page: usize) -> Option<(i64, i64)> {
        let page = self.pages.get(page)?;
        Some((page.earliest * self.unit, page.latest * self.unit))
    }

    /// Appends the times of a range of rows.
    pub fn read(
        &self,
        blocks: &impl Blocks,
        range: Range<usize>,
        out: &mut Vec<i64>,
    ) -> Result<(), ReadError> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        if range.is_empty() {
            return Ok(());
        }
        let mut units = Vec::new();
        for index in range.start / PAGE..=(range.end - 1) / PAGE {
            let first = index * PAGE;
            let count = (self.len() - first).min(PAGE);
            let end = range.end.min(first + count) - first;
            let start = range.start.max(first) - first;
            self.pages[index].read(blocks, end, &mut units)?;
            out.extend(units[start..end].iter().map(|time| time.wrapping_mul(self.unit)));
        }
        Ok(())
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, u64::from(self.len));
        varint::push(out, self.unit as u64);
        for page in &self.pages {
            varint::push(out, varint::zigzag(page.earliest));
            varint::push(out, page.latest.wrapping_sub(page.earliest) as u64);
            out.push(page.planes.len() as u8 | u8::from(page.is_sorted) << 4);
            for extent in &page.planes {
                extent.encode(out);
            }
        }
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the directory of times");
        let len = varint::take_u32(bytes).ok_or_else(wrong)?;
        let unit = varint::take(bytes).ok_or_else(wrong)? as i64;
        let count = (len as usize).div_ceil(PAGE);
        if !UNITS.contains(&unit) || count > bytes.len() {
            return Err(wrong());
        }
        let pages = (0..count).map(|_| Page::decode(bytes, unit)).collect::<Result<_, _>>()?;
        Ok(Self { len, unit, pages })
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        let planes: usize = self.pages.iter().map(|page| page.planes.capacity() * size_of::<Extent>()).sum();
        self.pages.capacity() * size_of::<Page>() + planes
    }
}

impl Page {
    fn write(times: &[i64], unit: i64, blocks: &mut BlockWriter) -> Self {
        let units: Vec<i64> = times.iter().map(|time| time / unit).collect();
        let earliest = *units.iter().min().expect("a chunk is not empty");
        let latest = *units.iter().max().expect("a chunk is not empty");
        let is_sorted = units.is_sorted();
        let before = std::iter::once(&earliest).chain(&units);
        let numbers: Vec<u64> = if is_sorted {
            units.iter().zip(before).map(|(time, before)| time.wrapping_sub(*before) as u64).collect()
        } else {
            units.iter().map(|time| time.wrapping_sub(earliest) as u64).collect()
        };
        let width = width(numbers.iter().copied().max().unwrap_or(0));
        let mut plane = Vec::with_capacity(numbers.len());
        let planes = (0..width)
            .map(|index| {
                plane.clear();
                plane.extend(numbers.iter().map(|number| (number >> (8 * index)) as u8));
                blocks.put(&plane)
            })
            .collect();
        Self { earliest, latest, is_sorted, planes }
    }

    /// Reads the first rows, in units.
    fn read(&self, blocks: &impl Blocks, count: usize, out: &mut Vec<i64>) -> Result<(), ReadError> {
        out.clear();
        out.resize(count, 0);
        for (index, extent) in self.planes.iter().enumerate() {
            let plane = blocks.stream(*extent)?;
            let plane = plane.get(..count).ok_or(ReadError::directory("a plane of times"))?;
            for (number, byte) in out.iter_mut().zip(plane) {
                *number |= i64::from(*byte) << (8 * index);
            }
        }
        let mut before = self.earliest;
        for number in out {
            *number = number.wrapping_add(before);
            before = if self.is_sorted { *number } else { self.earliest };
        }
        Ok(())
    }

    fn decode(bytes: &mut &[u8], unit: i64) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the directory of times");
        let earliest = varint::unzigzag(varint::take(bytes).ok_or_else(wrong)?);
        let latest = earliest.wrapping_add(varint::take(bytes).ok_or_else(wrong)? as i64);
        let (mode, rest) = bytes.split_first().ok_or_else(wrong)?;
        *bytes = rest;
        let (count, is_sorted) = (mode & 0xf, mode >> 4 == 1);
        let reachable = earliest.checked_mul(unit).is_some() && latest.checked_mul(unit).is_some();
        if count > 8 || mode >> 4 > 1 || latest < earliest || !reachable {
            return Err(wrong());
        }
        let planes = (0..count).map(|_| Extent::decode(bytes)).collect::<Result<_, _>>()?;
        Ok(Self { earliest, latest, is_sorted, planes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::block::BlocksInMemory;
    use super::*;

    proptest! {
        #[test]
        fn times_come_back(
            mut times in proptest::collection::vec(any::<i64>(), 1..400),
            (unit, narrow, sorted, cut) in (0usize..4, any::<bool>(), any::<bool>(), any::<(u16, u16)>()),
        ) {
            for time in &mut times {
                let reach = if narrow { 1_000 } else { i64::MAX / UNITS[unit] };
                *time = (*time % reach) * UNITS[unit];
            }
            if sorted {
                times.sort_unstable();
            }
            let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
            let column = Times::write(&times, &mut blocks);
            let mut encoded = Vec::new();
            column.encode(&mut encoded);
            prop_assert_eq!(&Times::decode(&mut &encoded[..]).unwrap(), &column);
            for cut in 0..encoded.len() {
                prop_assert!(Times::decode(&mut &encoded[..cut]).is_err());
            }
            let (bytes, table) = blocks.finish();
            let blocks = BlocksInMemory::new(bytes, table);
            let (a, b) = (usize::from(cut.0) % times.len(), usize::from(cut.1) % times.len());
            let mut read = Vec::new();
            column.read(&blocks, a.min(b)..a.max(b), &mut read).unwrap();
            prop_assert_eq!(&read[..], &times[a.min(b)..a.max(b)]);
            let span = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
            prop_assert_eq!(column.span(0), Some(span));
        }
    }

    #[test]
    fn many_pages_are_read_in_part() {
        let times: Vec<i64> = (0..50_000).map(|at| 1_772_352_000_000_000_000 + at * 500_000).collect();
        let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
        let column = Times::write(&times, &mut blocks);
        assert_eq!((column.unit, column.pages.len()), (1_000, 4));
        let (bytes, table) = blocks.finish();
        assert!(bytes.len() < 600, "{}", bytes.len());
        let blocks = BlocksInMemory::new(bytes, table);
        for range in [0..50_000, 16_000..33_000, 49_999..60_000, 7..7] {
            let mut read = Vec::new();
            column.read(&blocks, range.clone(), &mut read).unwrap();
            assert_eq!(read, &times[range.start..range.end.min(50_000)]);
        }
    }
}
