//! Numbers of a page in byte planes.
//!
//! The lowest bytes of all numbers stand together, then the next ones: bytes of one plane are alike, and a
//! plane of nothing is left out. The numbers are those above the smallest one, or the steps between them if
//! those are smaller, or indices of a table if few numbers occur.
//! Invariant: the numbers come back exactly. It does not choose pages.

use bytes::Bytes;

use super::TemplateError;
use super::layout::{Blocks, Cursor, Matter, PartWriter, Placing};
use crate::index::columns::varint;

const PLAIN: u8 = 0;
const STEPS: u8 = 1;
const TABLE: u8 = 2;
const WIDTH_MAX: u8 = 8;
/// After so many steps their range is looked at.
const STEPS_AT_ONCE: usize = 256;
/// Fewer numbers have no table.
const TABLE_NUMBERS_MIN: usize = 512;
const SAMPLE: usize = 256;
/// With more different numbers in the sample there is no table.
const SAMPLE_DISTINCT_MAX: usize = 128;
/// One of a table must occur so often.
const TABLE_USES_MIN: usize = 3;

/// Writes the numbers.
pub(super) fn write(numbers: &[u64], out: &mut PartWriter<'_>) {
    let (min, max) = range(numbers);
    let width = width(max - min);
    if let Some(table) = table(numbers, width) {
        write_table(numbers, &table, out);
    } else if let Some((least, steps_width)) = steps(numbers, width) {
        out.byte(STEPS << 4 | steps_width);
        out.varint(numbers[0]);
        out.varint(varint::zigzag(least));
        let steps: Vec<u64> = numbers.array_windows().map(|pair| step(pair) as u64).collect();
        planes(&steps, least as u64, steps_width, out);
    } else {
        out.byte(PLAIN << 4 | width);
        out.varint(min);
        planes(numbers, min, width, out);
    }
}

fn range(numbers: &[u64]) -> (u64, u64) {
    let both = numbers.iter().fold((u64::MAX, 0), |(min, max), number| (min.min(*number), max.max(*number)));
    if numbers.is_empty() { (0, 0) } else { both }
}

/// How many bytes hold the number.
fn width(number: u64) -> u8 {
    (8 - number.leading_zeros() / 8) as u8
}

/// Writes what the numbers are above the base.
fn planes(numbers: &[u64], base: u64, width: u8, out: &mut PartWriter<'_>) {
    let mut bytes = Vec::with_capacity(numbers.len());
    for plane in 0..width {
        bytes.clear();
        bytes.extend(numbers.iter().map(|number| (number.wrapping_sub(base) >> (8 * plane)) as u8));
        out.part(Matter::Numbers, &bytes);
    }
}

fn step([before, number]: &[u64; 2]) -> i64 {
    number.wrapping_sub(*before) as i64
}

/// The least step, and how many bytes the others need above it, if that is less than the numbers need. Whether it
/// is shows early, mostly.
fn steps(numbers: &[u64], width: u8) -> Option<(i64, u8)> {
    let mut steps = numbers.array_windows().map(step);
    let first = steps.next()?;
    let (mut least, mut most) = (first, first);
    loop {
        let steps_width = self::width(most.checked_sub(least)? as u64);
        if steps_width >= width {
            return None;
        }
        if steps.len() == 0 {
            return Some((least, steps_width));
        }
        for step in steps.by_ref().take(STEPS_AT_ONCE) {
            (least, most) = (least.min(step), most.max(step));
        }
    }
}

/// The different numbers in rising order, if they are few.
fn table(numbers: &[u64], width: u8) -> Option<Vec<u64>> {
    if numbers.len() < TABLE_NUMBERS_MIN || width < 2 {
        return None;
    }
    let mut sample: Vec<u64> = numbers.iter().step_by(numbers.len() / SAMPLE).copied().collect();
    sample.sort_unstable();
    sample.dedup();
    if sample.len() > SAMPLE_DISTINCT_MAX {
        return None;
    }
    let mut table = numbers.to_vec();
    table.sort_unstable();
    table.dedup();
    let pays = table.len() * TABLE_USES_MIN < numbers.len() && self::width(table.len() as u64 - 1) < width;
    pays.then_some(table)
}

fn write_table(numbers: &[u64], table: &[u64], out: &mut PartWriter<'_>) {
    let width = width(table.len() as u64 - 1);
    out.byte(TABLE << 4 | width);
    out.varint(table.len() as u64);
    let gaps: Vec<u64> = table.array_windows().map(|pair| step(pair) as u64).collect();
    let gap_width = self::width(range(&gaps).1);
    out.byte(gap_width);
    out.varint(table[0]);
    planes(&gaps, 0, gap_width, out);
    let index = |number: &u64| table.partition_point(|other| other < number) as u64;
    let indices: Vec<u64> = numbers.iter().map(index).collect();
    planes(&indices, 0, width, out);
}

/// How numbers were written, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    count: u32,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Plain { min: u64, planes: Planes },
    Steps { first: u64, least: i64, planes: Planes },
    Table { first: u64, count: u32, gaps: Planes, indices: Planes },
}

/// The planes lie one after the other from some place on.
#[derive(Debug, Clone, Copy)]
struct Planes {
    placing: Placing,
    count: u32,
    width: u8,
}

impl Numbers {
    /// Reads what stands in the directory about so many numbers.
    pub(super) fn read(count: u32, cursor: &mut Cursor<'_>) -> Result<Self, TemplateError> {
        let tag = cursor.byte()?;
        let width = tag & 15;
        let form = match tag >> 4 {
            PLAIN => Form::Plain { min: cursor.varint()?, planes: Planes::read(count, width, cursor)? },
            STEPS => Form::Steps {
                first: cursor.varint()?,
                least: varint::unzigzag(cursor.varint()?),
                planes: Planes::read(count.saturating_sub(1), width, cursor)?,
            },
            TABLE => {
                let entries = cursor.count(count)?;
                let gap_width = cursor.byte()?;
                let first = cursor.varint()?;
                let gaps = Planes::read(entries.saturating_sub(1), gap_width, cursor)?;
                Form::Table { first, count: entries, gaps, indices: Planes::read(count, width, cursor)? }
            }
            _ => return Err(TemplateError::Damaged("the form of its numbers")),
        };
        Ok(Self { count, form })
    }

    /// One number so many times.
    pub(super) fn same(count: u32, number: u64) -> Self {
        let planes = Planes { placing: Placing::default(), count, width: 0 };
        Self { count, form: Form::Plain { min: number, planes } }
    }

    /// Whether the number may be among them, as far as the directory says.
    pub(super) fn may_have(&self, number: u64) -> bool {
        match self.form {
            Form::Plain { min, planes } => {
                number.checked_sub(min).is_some_and(|above| width(above) <= planes.width)
            }
            Form::Steps { .. } | Form::Table { .. } => true,
        }
    }

    /// All of them lie between these two, as far as the directory says.
    pub(super) fn range(&self) -> (u64, u64) {
        match self.form {
            Form::Plain { min, planes } if planes.width < WIDTH_MAX => {
                (min, min.saturating_add((1 << (8 * planes.width)) - 1))
            }
            _ => (0, u64::MAX),
        }
    }

    /// Fetches the numbers.
    pub(super) fn view(&self, blocks: &mut Blocks<'_>) -> Result<NumbersView, TemplateError> {
        Ok(match self.form {
            Form::Plain { min, planes } => NumbersView::Plain(min, planes.view(blocks)?),
            Form::Steps { first, least, planes } => {
                let steps = planes.view(blocks)?;
                let step = |index| least.wrapping_add(steps.at(index) as i64);
                NumbersView::Whole(sums(first, (0..self.count.saturating_sub(1) as usize).map(step)))
            }
            Form::Table { first, count, gaps, indices } => {
                let gaps = gaps.view(blocks)?;
                let gaps = (0..count.saturating_sub(1) as usize).map(|index| gaps.at(index) as i64);
                NumbersView::Table(sums(first, gaps), indices.view(blocks)?)
            }
        })
    }
}

/// An entry of a table. Whatever a damaged one lacks is 0.
fn entry(table: &[u64], index: u64) -> u64 {
    usize::try_from(index).ok().and_then(|index| table.get(index)).copied().unwrap_or_default()
}

fn sums(first: u64, steps: impl Iterator<Item = i64>) -> Vec<u64> {
    let mut sums = Vec::with_capacity(steps.size_hint().0 + 1);
    sums.push(first);
    let mut last = first;
    sums.extend(steps.map(|step| {
        last = last.wrapping_add_signed(step);
        last
    }));
    sums
}

impl Planes {
    fn read(count: u32, width: u8, cursor: &mut Cursor<'_>) -> Result<Self, TemplateError> {
        if width > WIDTH_MAX {
            return Err(TemplateError::Damaged("the width of its numbers"));
        }
        let planes = Self { placing: cursor.placing, count, width };
        for _ in 0..width {
            cursor.part(Matter::Numbers, u64::from(count))?;
        }
        Ok(planes)
    }

    fn view(&self, blocks: &mut Blocks<'_>) -> Result<PlanesView, TemplateError> {
        let mut cursor = Cursor { bytes: &[], placing: self.placing };
        let mut planes = Vec::with_capacity(usize::from(self.width));
        for _ in 0..self.width {
            planes.push(blocks.part(cursor.part(Matter::Numbers, u64::from(self.count))?)?);
        }
        Ok(PlanesView(planes))
    }
}

/// The bytes of numbers.
#[derive(Debug)]
pub(super) struct PlanesView(Vec<Bytes>);

impl PlanesView {
    fn whole(&self, base: u64, count: usize) -> Vec<u64> {
        let mut numbers = vec![base; count];
        for (plane, bytes) in self.0.iter().enumerate() {
            let add = |(number, byte): (&mut u64, &u8)| {
                *number = number.wrapping_add(u64::from(*byte) << (8 * plane));
            };
            numbers.iter_mut().zip(bytes.iter()).for_each(add);
        }
        numbers
    }

    /// All numbers, if each has 16 bits whatever the bytes are.
    fn short(&self, base: u64, count: usize) -> Option<Vec<u16>> {
        let most = base.checked_add(u64::MAX.checked_shr(64 - 8 * self.0.len() as u32).unwrap_or(0))?;
        let base = u16::try_from(most).ok().and(u16::try_from(base).ok())?;
        Some(match &self.0[..] {
            [] => vec![base; count],
            [low] => low.iter().take(count).map(|low| base + u16::from(*low)).collect(),
            [low, high] => {
                let number = |(low, high): (&u8, &u8)| base + u16::from_le_bytes([*low, *high]);
                low.iter().zip(high.iter()).take(count).map(number).collect()
            }
            _ => return None,
        })
    }

    fn for_each_equal(&self, number: u64, count: usize, take: &mut dyn FnMut(usize)) {
        let is_wider = self.0.len() < usize::from(WIDTH_MAX) && number >> (8 * self.0.len()) != 0;
        match self.0.first() {
            _ if is_wider => {}
            None => (0..count).for_each(take),
            Some(lowest) => {
                let candidates = memchr::memchr_iter(number as u8, lowest);
                candidates.filter(|index| self.at(*index) == number).for_each(take);
            }
        }
    }

    #[inline]
    fn at(&self, index: usize) -> u64 {
        let byte = |(plane, bytes): (usize, &Bytes)| u64::from(bytes[index]) << (8 * plane);
        self.0.iter().enumerate().map(byte).sum()
    }
}

/// Numbers that can be looked at.
#[derive(Debug)]
pub(super) enum NumbersView {
    Plain(u64, PlanesView),
    Whole(Vec<u64>),
    Table(Vec<u64>, PlanesView),
}

impl NumbersView {
    /// All numbers.
    pub(super) fn whole(&self, count: usize) -> Vec<u64> {
        match self {
            Self::Plain(min, planes) => planes.whole(*min, count),
            Self::Whole(numbers) => numbers.clone(),
            Self::Table(table, planes) => {
                let mut numbers = planes.whole(0, count);
                numbers.iter_mut().for_each(|number| *number = entry(table, *number));
                numbers
            }
        }
    }

    /// All numbers, if it is certain that each has 16 bits.
    pub(super) fn short(&self, count: usize) -> Option<Vec<u16>> {
        match self {
            Self::Plain(min, planes) => planes.short(*min, count),
            Self::Table(table, planes) => {
                let entries: Option<Vec<u16>> =
                    table.iter().map(|entry| u16::try_from(*entry).ok()).collect();
                let (entries, mut numbers) = (entries?, planes.short(0, count)?);
                let entry = |index: u16| entries.get(usize::from(index)).copied().unwrap_or_default();
                numbers.iter_mut().for_each(|number| *number = entry(*number));
                Some(numbers)
            }
            Self::Whole(_) => None,
        }
    }

    /// Takes so many of them from the first on.
    #[inline]
    pub(super) fn for_each(&self, count: usize, take: &mut impl FnMut(u64)) {
        match self {
            // One plane is the usual case.
            Self::Plain(min, PlanesView(planes)) if planes.len() == 1 => {
                planes[0].iter().take(count).for_each(|byte| take(min.wrapping_add(u64::from(*byte))));
            }
            _ => self.whole(count).into_iter().for_each(take),
        }
    }

    /// Takes the index of every such number.
    pub(super) fn for_each_equal(&self, number: u64, count: usize, take: &mut dyn FnMut(usize)) {
        match self {
            Self::Plain(min, planes) => {
                if let Some(above) = number.checked_sub(*min) {
                    planes.for_each_equal(above, count, take);
                }
            }
            Self::Whole(numbers) => {
                let all = numbers.iter().take(count).enumerate();
                all.filter(|(_, other)| **other == number).for_each(|(index, _)| take(index));
            }
            Self::Table(table, planes) => {
                for entry in (0..).zip(table).filter(|(_, other)| **other == number) {
                    planes.for_each_equal(entry.0, count, take);
                }
            }
        }
    }

    /// The number of this index, which is below the count.
    #[inline]
    pub(super) fn at(&self, index: usize) -> u64 {
        match self {
            Self::Plain(min, planes) => min.wrapping_add(planes.at(index)),
            Self::Whole(numbers) => numbers[index],
            Self::Table(table, planes) => entry(table, planes.at(index)),
        }
    }
}
