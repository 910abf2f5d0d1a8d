//! Number columns: decimals, the mantissas apart from the scales.
//!
//! Invariant: a number is written again as it came. Numbers that no `Decimal` holds do not belong here.

use std::ops::Range;

use super::block::{BlockWriter, Blocks, ReadError};
use super::decimal::{Decimal, MANTISSA_MAX, SCALE_MAX};
use super::narrow::NarrowNumbers;
use super::plane::{PlaneWriter, Planes};
use super::varint::{unzigzag, zigzag};

/// A column under construction.
#[derive(Debug, Default)]
pub struct OpenNumbers {
    /// Each so that small numbers of both signs are narrow.
    mantissas: NarrowNumbers,
    scales: Vec<u8>,
}

impl OpenNumbers {
    #[inline]
    pub fn push(&mut self, number: Decimal) {
        self.mantissas.push(zigzag(number.mantissa()));
        self.scales.push(number.scale());
    }

    pub fn len(&self) -> usize {
        self.mantissas.len()
    }

    pub fn is_empty(&self) -> bool {
        self.mantissas.is_empty()
    }

    /// Forgets all numbers and keeps the memory.
    pub fn clear(&mut self) {
        self.mantissas.clear();
        self.scales.clear();
    }

    pub fn at(&self, index: usize) -> Decimal {
        Decimal::new(unzigzag(self.mantissas.at(index)), self.scales[index])
            .expect("it was pushed as a decimal")
    }

    /// The mantissas of a range, with their scales.
    pub fn parts(&self, range: Range<usize>) -> NumberParts {
        let scales = Scales::Each(self.scales[range.clone()].to_vec());
        NumberParts { mantissas: self.mantissas.iter(range).map(unzigzag).collect(), scales }
    }

    /// Memory that the column holds.
    pub fn bytes_held(&self) -> usize {
        self.mantissas.bytes_held() + self.scales.capacity()
    }

    /// Writes the numbers at these positions, in their order.
    pub fn seal(&self, order: &[u32], planes: &mut PlaneWriter, blocks: &mut BlockWriter) -> SealedNumbers {
        let mantissas: Vec<u64> =
            order.iter().map(|at| ordered(unzigzag(self.mantissas.at(*at as usize)))).collect();
        let scales: Vec<u8> = order.iter().map(|at| self.scales[*at as usize]).collect();
        SealedNumbers { mantissas: planes.write(&mantissas, blocks), scales: planes.write(&scales, blocks) }
    }
}

/// Numbers of a column as those need them who calculate.
#[derive(Debug, Clone)]
pub struct NumberParts {
    pub mantissas: Vec<i64>,
    pub scales: Scales,
}

/// The scales of numbers.
#[derive(Debug, Clone)]
pub enum Scales {
    /// All have the same.
    One(u8),
    Each(Vec<u8>),
}

impl Scales {
    fn largest(&self) -> u8 {
        match self {
            Self::One(scale) => *scale,
            Self::Each(scales) => scales.iter().copied().max().unwrap_or(0),
        }
    }

    #[inline]
    pub fn at(&self, index: usize) -> u8 {
        match self {
            Self::One(scale) => *scale,
            Self::Each(scales) => scales[index],
        }
    }
}

/// Signed numbers as unsigned ones of the same order.
const fn ordered(number: i64) -> u64 {
    number as u64 ^ 1 << 63
}

/// The number of two planes.
fn number(mantissa: u64, scale: u64) -> Result<Decimal, ReadError> {
    let scale = u8::try_from(scale).unwrap_or(u8::MAX);
    Decimal::new(ordered(mantissa as i64) as i64, scale).ok_or(ReadError::directory("a number"))
}

/// A sealed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedNumbers {
    mantissas: Planes,
    scales: Planes,
}

impl SealedNumbers {
    pub fn len(&self) -> usize {
        self.mantissas.len()
    }

    pub fn is_empty(&self) -> bool {
        self.mantissas.is_empty()
    }

    /// Appends the numbers of a range.
    pub fn read(
        &self,
        blocks: &impl Blocks,
        range: Range<usize>,
        out: &mut Vec<Decimal>,
    ) -> Result<(), ReadError> {
        let (mut mantissas, mut scales) = (Vec::with_capacity(range.len()), Vec::new());
        self.mantissas.read(blocks, range.clone(), &mut mantissas)?;
        self.scales.read(blocks, range, &mut scales)?;
        for (mantissa, scale) in mantissas.into_iter().zip(scales) {
            out.push(number(mantissa, scale)?);
        }
        Ok(())
    }

    /// The numbers at some positions.
    pub fn at(&self, blocks: &impl Blocks, ranks: &[u32]) -> Result<Vec<Decimal>, ReadError> {
        let (mut mantissas, mut scales) = (Vec::with_capacity(ranks.len()), Vec::with_capacity(ranks.len()));
        self.mantissas.pick(blocks, ranks, &mut mantissas)?;
        self.scales.pick(blocks, ranks, &mut scales)?;
        let numbers = mantissas.into_iter().zip(scales).map(|(mantissa, scale)| number(mantissa, scale));
        numbers.collect()
    }

    /// The mantissas of a range, with their scales.
    pub fn parts(&self, blocks: &impl Blocks, range: Range<usize>) -> Result<NumberParts, ReadError> {
        let wrong = || ReadError::directory("a number");
        let (mut mantissas, mut wide) = (Vec::with_capacity(range.len()), Vec::new());
        self.mantissas.read(blocks, range.clone(), &mut mantissas)?;
        let mantissas: Vec<i64> =
            mantissas.into_iter().map(|mantissa| ordered(mantissa as i64) as i64).collect();
        let scales = match self.scales.constant() {
            Some(scale) => Scales::One(u8::try_from(scale).map_err(|_| wrong())?),
            None => {
                self.scales.read(blocks, range, &mut wide)?;
                let scales = wide.into_iter().map(|scale| u8::try_from(scale).map_err(|_| wrong()));
                Scales::Each(scales.collect::<Result<_, _>>()?)
            }
        };
        let largest = mantissas.iter().map(|mantissa| mantissa.unsigned_abs()).max().unwrap_or(0);
        let scale = scales.largest();
        let is_bounded = largest <= MANTISSA_MAX as u64 && scale <= SCALE_MAX;
        if is_bounded { Ok(NumberParts { mantissas, scales }) } else { Err(wrong()) }
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        self.mantissas.encode(out);
        self.scales.encode(out);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let (mantissas, scales) = (Planes::decode(bytes)?, Planes::decode(bytes)?);
        if mantissas.len() != scales.len() {
            return Err(ReadError::directory("a column of numbers"));
        }
        Ok(Self { mantissas, scales })
    }

    /// Memory that the directory holds.
    pub fn bytes_held(&self) -> usize {
        self.mantissas.bytes_held() + self.scales.bytes_held()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::block::BlocksInMemory;
    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_in_their_new_order(
            numbers in proptest::collection::vec((-999_999_999_999_999_999i64..=999_999_999_999_999_999, 0u8..=18), 0..200),
            keys in proptest::collection::vec(any::<u32>(), 200),
        ) {
            let mut open = OpenNumbers::default();
            let numbers: Vec<_> = numbers.iter().map(|(m, s)| Decimal::new(*m, *s).unwrap()).collect();
            numbers.iter().for_each(|number| open.push(*number));
            let mut order: Vec<u32> = (0..numbers.len() as u32).filter(|at| keys[*at as usize] % 4 > 0).collect();
            order.sort_by_key(|at| keys[*at as usize]);
            let mut blocks = BlockWriter::new(1, Vec::new()).unwrap();
            let sealed = open.seal(&order, &mut PlaneWriter::default(), &mut blocks);
            let mut encoded = Vec::new();
            sealed.encode(&mut encoded);
            prop_assert_eq!(&SealedNumbers::decode(&mut &encoded[..]).unwrap(), &sealed);
            let (bytes, table) = blocks.finish();
            let mut read = Vec::new();
            let blocks = BlocksInMemory::new(bytes, table);
            sealed.read(&blocks, 0..order.len(), &mut read).unwrap();
            let all: Vec<u32> = (0..order.len() as u32).collect();
            prop_assert_eq!(&sealed.at(&blocks, &all).unwrap(), &read);
            let parts = sealed.parts(&blocks, 0..order.len()).unwrap();
            let whole = |at: usize| Decimal::new(parts.mantissas[at], parts.scales.at(at)).unwrap();
            prop_assert_eq!(&(0..order.len()).map(whole).collect::<Vec<_>>(), &read);
            prop_assert_eq!(read, order.iter().map(|at| open.at(*at as usize)).collect::<Vec<_>>());
        }
    }
}
