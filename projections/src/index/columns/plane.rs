//! Byte planes: numbers as the plane of their lowest bytes, then of the next, in pages.
//!
//! A plane of high bytes is nearly constant and costs nothing; a page is read without its neighbours.
//! Invariant: numbers come back as they were put, whatever they are. It does not choose what the numbers
//! mean: signs, differences and bases are the caller's.

use bytes::Bytes;

use super::block::{BlockWriter, Blocks, Extent, ReadError};
use super::varint;

/// Numbers in a page.
pub const PAGE: usize = 16_384;

/// Numbers in memory in order to be written, with scratch room.
#[derive(Debug, Default)]
pub struct PlaneWriter {
    scratch: Vec<u8>,
}

/// Where the numbers of a column are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planes {
    len: u32,
    /// Subtracted from all.
    base: u64,
    /// Bytes of the largest number, base subtracted.
    width: u8,
    /// For each page its planes, the lowest first.
    extents: Vec<Extent>,
}

impl PlaneWriter {
    /// Numbers that are narrow in memory need no wide copy.
    pub fn write<N: Copy + Ord + Into<u64>>(&mut self, numbers: &[N], blocks: &mut BlockWriter) -> Planes {
        let (base, largest): (u64, u64) = match (numbers.iter().min(), numbers.iter().max()) {
            (Some(base), Some(largest)) => ((*base).into(), (*largest).into()),
            _ => return Planes::default(),
        };
        let width = width(largest - base);
        let mut extents = Vec::with_capacity(numbers.len().div_ceil(PAGE) * usize::from(width));
        for page in numbers.chunks(PAGE) {
            for plane in 0..width {
                self.scratch.clear();
                self.scratch
                    .extend(page.iter().map(|number| (((*number).into() - base) >> (8 * plane)) as u8));
                extents.push(blocks.put(&self.scratch));
            }
        }
        Planes { len: numbers.len() as u32, base, width, extents }
    }
}

/// Bytes that a number needs; none for 0.
pub const fn width(number: u64) -> u8 {
    (64 - number.leading_zeros()).div_ceil(8) as u8
}

impl Planes {
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number that all are, if they are all the same.
    pub const fn constant(&self) -> Option<u64> {
        if self.width == 0 { Some(self.base) } else { None }
    }

    /// Appends the numbers of a range.
    pub fn read(
        &self,
        blocks: &impl Blocks,
        range: std::ops::Range<usize>,
        out: &mut Vec<u64>,
    ) -> Result<(), ReadError> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        let mut at = range.start;
        while at < range.end {
            let page = at / PAGE;
            let end = range.end.min((page + 1) * PAGE);
            let start = out.len();
            out.resize(start + end - at, self.base);
            self.read_page(blocks, page, at % PAGE, &mut out[start..])?;
            at = end;
        }
        Ok(())
    }

    /// Appends the numbers at some positions. Each page is fetched once as long as they stay in it.
    pub fn pick(&self, blocks: &impl Blocks, positions: &[u32], out: &mut Vec<u64>) -> Result<(), ReadError> {
        let (width, page_of) = (usize::from(self.width), |at: &u32| *at as usize / PAGE);
        for here in positions.chunk_by(|one, other| page_of(one) == page_of(other)) {
            if here.iter().any(|at| *at as usize >= self.len()) {
                return Err(ReadError::directory("a plane"));
            }
            let (page, start) = (page_of(&here[0]), out.len());
            out.resize(start + here.len(), self.base);
            for (plane, extent) in self.extents[page * width..(page + 1) * width].iter().enumerate() {
                let bytes = blocks.stream(*extent)?;
                for (number, at) in out[start..].iter_mut().zip(here) {
                    let byte = bytes.get(*at as usize % PAGE).ok_or(ReadError::directory("a plane"))?;
                    *number = number.wrapping_add(u64::from(*byte) << (8 * plane));
                }
            }
        }
        Ok(())
    }

    /// Appends the numbers of a range, none of which is above a bound.
    pub fn read_narrow(
        &self,
        blocks: &impl Blocks,
        range: std::ops::Range<usize>,
        most: u32,
        out: &mut Vec<u32>,
    ) -> Result<(), ReadError> {
        let wrong = || ReadError::directory("a plane");
        let start = out.len();
        let range = range.start.min(self.len())..range.end.min(self.len());
        if range.is_empty() {
            return Ok(());
        }
        // The planes of numbers that are too large need not be looked at.
        let base = u32::try_from(self.base).ok().filter(|_| self.width <= 4).ok_or_else(wrong)?;
        let above = most.checked_sub(base).ok_or_else(wrong)?;
        let may_be_wrong = (1u64 << (8 * self.width)) - 1 > u64::from(above);
        out.resize(start + range.len(), base);
        let (mut at, mut rest) = (range.start, &mut out[start..]);
        while at < range.end {
            let (page, count) = (at / PAGE, range.end.min((at / PAGE + 1) * PAGE) - at);
            let (numbers, behind) = rest.split_at_mut(count);
            let width = usize::from(self.width);
            let extents = &self.extents[page * width..(page + 1) * width];
            let planes = extents.iter().map(|extent| blocks.stream(*extent));
            let planes: Vec<Bytes> = planes.collect::<Result<_, _>>()?;
            let bytes = planes.iter().map(|plane| plane.get(at % PAGE..at % PAGE + count));
            let bytes: Vec<&[u8]> = bytes.collect::<Option<_>>().ok_or_else(wrong)?;
            widen(&bytes, numbers);
            let is_wrong = |number: &u32| number.wrapping_sub(base) > above;
            if may_be_wrong && numbers.iter().fold(false, |any, number| any | is_wrong(number)) {
                return Err(wrong());
            }
            (at, rest) = (at + count, behind);
        }
        Ok(())
    }

    /// Adds a page's planes, from a position on, to numbers that are the base.
    fn read_page(
        &self,
        blocks: &impl Blocks,
        page: usize,
        from: usize,
        out: &mut [u64],
    ) -> Result<(), ReadError> {
        let width = usize::from(self.width);
        for (plane, extent) in self.extents[page * width..(page + 1) * width].iter().enumerate() {
            let bytes = blocks.stream(*extent)?;
            let bytes = bytes.get(from..from + out.len()).ok_or(ReadError::directory("a plane"))?;
            for (number, byte) in out.iter_mut().zip(bytes) {
                *number = number.wrapping_add(u64::from(*byte) << (8 * plane));
            }
        }
        Ok(())
    }

    /// One number.
    pub fn one(&self, blocks: &impl Blocks, at: usize) -> Result<u64, ReadError> {
        let mut out = [self.base];
        if at >= self.len() {
            return Err(ReadError::directory("a plane"));
        }
        self.read_page(blocks, at / PAGE, at % PAGE, &mut out)?;
        Ok(out[0])
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, u64::from(self.len));
        varint::push(out, self.base);
        out.push(self.width);
        for extent in &self.extents {
            extent.encode(out);
        }
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let wrong = || ReadError::directory("the directory of planes");
        let len = varint::take_u32(bytes).ok_or_else(wrong)?;
        let base = varint::take(bytes).ok_or_else(wrong)?;
        let (width, rest) = bytes.split_first().ok_or_else(wrong)?;
        let (width, count) = (*width, (len as usize).div_ceil(PAGE) * usize::from(*width));
        *bytes = rest;
        if width > 8 || count > bytes.len() {
            return Err(wrong());
        }
        let extents = (0..count).map(|_| Extent::decode(bytes)).collect::<Result<_, _>>()?;
        Ok(Self { len, base, width, extents })
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        self.extents.capacity() * size_of::<Extent>()
    }
}

/// Adds planes, the lowest first, to numbers.
fn widen(planes: &[&[u8]], numbers: &mut [u32]) {
    match planes {
        [low, high, higher @ ..] => {
            for ((number, low), high) in numbers.iter_mut().zip(*low).zip(*high) {
                *number = number.wrapping_add(u32::from(*low) | u32::from(*high) << 8);
            }
            for (plane, bytes) in higher.iter().enumerate() {
                for (number, byte) in numbers.iter_mut().zip(*bytes) {
                    *number = number.wrapping_add(u32::from(*byte) << (16 + 8 * plane));
                }
            }
        }
        [only] => {
            numbers
                .iter_mut()
                .zip(*only)
                .for_each(|(number, byte)| *number = number.wrapping_add(u32::from(*byte)));
        }
        [] => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::block::BlocksInMemory;
    use super::*;

    fn written(numbers: &[u64]) -> (Planes, BlocksInMemory) {
        let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
        let planes = PlaneWriter::default().write(numbers, &mut blocks);
        let mut encoded = Vec::new();
        planes.encode(&mut encoded);
        assert_eq!(Planes::decode(&mut &encoded[..]).unwrap(), planes);
        for cut in 0..encoded.len() {
            assert!(Planes::decode(&mut &encoded[..cut]).is_err());
        }
        let (bytes, table) = blocks.finish();
        (planes, BlocksInMemory::new(bytes, table))
    }

    #[test]
    fn constants_need_no_bytes() {
        let (planes, _) = written(&[u64::MAX; 40_000]);
        assert_eq!((planes.constant(), planes.extents.len()), (Some(u64::MAX), 0));
        assert_eq!(written(&[]).0.len(), 0);
    }

    #[test]
    fn a_page_that_is_shorter_than_it_says_is_an_error() {
        let (mut planes, blocks) = written(&[1, 2, 3]);
        planes.len = 4;
        assert!(planes.read(&blocks, 0..4, &mut Vec::new()).is_err());
        assert!(planes.one(&blocks, 4).is_err());
    }

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop_oneof![
            proptest::collection::vec(any::<u64>(), 0..300),
            proptest::collection::vec(1_000u64..1_900, 16_000..40_000),
        ], cut in any::<(u16, u16)>()) {
            let (planes, blocks) = written(&numbers);
            let ends = (usize::from(cut.0), usize::from(cut.1));
            let range = ends.0.min(ends.1).min(numbers.len())..ends.0.max(ends.1).min(numbers.len());
            let mut read = Vec::new();
            planes.read(&blocks, range.clone(), &mut read).unwrap();
            prop_assert_eq!(&read[..], &numbers[range.clone()]);
            let largest = read.iter().copied().max().unwrap_or(0);
            let mut narrow = vec![7];
            let is_read = planes.read_narrow(&blocks, range.clone(), u32::MAX, &mut narrow).is_ok();
            if is_read {
                prop_assert!(narrow[1..].iter().map(|number| u64::from(*number)).eq(read.iter().copied()));
                let below = u32::try_from(largest).unwrap().checked_sub(1);
                prop_assert!(below.is_none_or(|most| planes.read_narrow(&blocks, range.clone(), most, &mut vec![]).is_err()));
            } else {
                prop_assert!(numbers.iter().any(|number| *number > u64::from(u32::MAX)));
            }
            for at in range.clone().step_by(997) {
                prop_assert_eq!(planes.one(&blocks, at).unwrap(), numbers[at]);
            }
            let positions: Vec<u32> = range.step_by(97).map(|at| at as u32).collect();
            let mut picked = Vec::new();
            planes.pick(&blocks, &positions, &mut picked).unwrap();
            for (at, number) in positions.iter().zip(picked) {
                prop_assert_eq!(number, numbers[*at as usize]);
                prop_assert_eq!(planes.one(&blocks, *at as usize).unwrap(), numbers[*at as usize]);
            }
            prop_assert!(planes.pick(&blocks, &[numbers.len() as u32], &mut Vec::new()).is_err());
        }
    }
}
