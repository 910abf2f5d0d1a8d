//! Measures fed from a column without a cell for each value: numbers as mantissas, texts as hashes.
//!
//! Invariant: a state knows afterwards what it would know if each value had been added as a cell. Functions that
//! need more of a value than its number or its hash are not fed here.

use antler_events::clock::Timestamp;
use antler_events::line::Role;
use antler_events::query::pipe::aggregate::distinct::hash_of_text;
use antler_events::query::pipe::aggregate::{Function, State};
use antler_events::query::pipe::{Cell, Number};
use antler_events::query::tree::FieldName;

use super::codes::ColumnRows;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::number::{NumberParts, Scales};
use crate::index::columns::view::Values;

/// Integers up to here are exact as floats.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
/// All texts of a range are hashed if at least one of so many is asked for.
const TEXTS_PER_ASKED: usize = 8;

/// Which slot the rows of a scan are in.
#[derive(Debug)]
pub(super) enum SlotOf {
    One,
    Each(Vec<u32>),
}

impl SlotOf {
    #[inline]
    fn at(&self, row: u32) -> usize {
        match self {
            Self::One => 0,
            Self::Each(slots) => slots[row as usize] as usize,
        }
    }
}

/// Whether a function of a field can be fed from a column.
pub(super) fn is_fed(function: Function, field: &FieldName, values: Values<'_>, class: Class) -> bool {
    match values {
        Values::OpenNumbers(_) | Values::Numbers(..) => {
            let is_number = !matches!(function, Function::Distinct | Function::First | Function::Last);
            is_number && *field != FieldName::Role(Role::Level)
        }
        _ => {
            let is_text = class == Class::Text && *field != FieldName::Role(Role::Level);
            is_text && matches!(function, Function::Count | Function::Distinct)
        }
    }
}

/// Adds the values of a column to the states of some measures, whose functions `is_fed` lets through.
pub(super) fn feed(
    values: Values<'_>,
    column: &ColumnRows,
    slots: &SlotOf,
    measures: &[usize],
    states: &mut [Vec<State>],
) -> Result<(), ReadError> {
    let range = column.ranks.start as usize..column.ranks.end as usize;
    match values {
        Values::OpenNumbers(numbers) => feed_numbers(&numbers.parts(range), column, slots, measures, states),
        Values::Numbers(numbers, blocks) => {
            feed_numbers(&numbers.parts(blocks, range)?, column, slots, measures, states)
        }
        Values::OpenDictionary(texts) => {
            let hashes: Vec<u64> =
                (0..texts.texts() as u32).map(|id| hash_of_bytes(texts.text(id))).collect();
            feed_ids(&hashes, &texts.ids(range), column, slots, measures, states)?;
        }
        Values::Dictionary(texts, blocks) => {
            let (mut hashes, mut ids) = (Vec::with_capacity(texts.texts.len()), Vec::new());
            texts.texts.for_each(blocks, |_, text| hashes.push(hash_of_bytes(text)))?;
            let has_all = column.placed.values.len() == texts.len();
            if has_all && matches!(slots, SlotOf::One) {
                // Each text is there because some value has it.
                add_hashes(&mut states[0], measures, &hashes, texts.len());
                return Ok(());
            }
            texts.ids(blocks, range, &mut ids)?;
            feed_ids(&hashes, &ids, column, slots, measures, states)?;
        }
        Values::Templates(texts, blocks)
            if column.placed.values.len() == texts.len() && matches!(slots, SlotOf::One) =>
        {
            let mut take = |some: &[u64]| add_hashes(&mut states[0], measures, some, some.len());
            texts.each_hash(blocks, &mut take)?;
        }
        Values::OpenTemplates(_) | Values::Templates(..) => {
            feed_hashes(&hashes(values, column)?, column, slots, measures, states);
        }
    }
    Ok(())
}

/// Feeds texts by the hashes of their numbers.
fn feed_ids(
    hashes: &[u64],
    ids: &[u32],
    column: &ColumnRows,
    slots: &SlotOf,
    measures: &[usize],
    states: &mut [Vec<State>],
) -> Result<(), ReadError> {
    let hash = |value: &u32| hashes.get(*ids.get(*value as usize)? as usize).copied();
    let of_values: Option<Vec<u64>> = column.placed.values.iter().map(hash).collect();
    let of_values = of_values.ok_or(ReadError::directory("the number of a text"))?;
    feed_hashes(&of_values, column, slots, measures, states);
    Ok(())
}

fn feed_numbers(
    numbers: &NumberParts,
    column: &ColumnRows,
    slots: &SlotOf,
    measures: &[usize],
    states: &mut [Vec<State>],
) {
    let is_percentile =
        |measure: &usize| states.first().is_some_and(|of| matches!(of[*measure], State::Percentile { .. }));
    let (percentiles, others): (Vec<usize>, Vec<usize>) = measures.iter().copied().partition(is_percentile);
    if !percentiles.is_empty() {
        let by_slot = by_slot(states.len(), column, slots, |value, _| float(numbers, value));
        for (states, floats) in states.iter_mut().zip(&by_slot) {
            for measure in &percentiles {
                if let State::Percentile { values, .. } = &mut states[*measure] {
                    values.add_all(floats.iter().copied());
                }
            }
        }
    }
    if others.is_empty() {
        return;
    }
    for scale in scales(numbers, column) {
        let mut totals = vec![Total::NONE; states.len()];
        for (row, value) in column.placed.rows.iter().zip(&column.placed.values) {
            if numbers.scales.at(*value as usize) == scale {
                totals[slots.at(*row)].add(numbers.mantissas[*value as usize]);
            }
        }
        for (states, total) in states.iter_mut().zip(totals).filter(|(_, total)| total.count > 0) {
            others.iter().for_each(|measure| total.add_to(&mut states[*measure], scale));
        }
    }
}

/// As a number of that mantissa and scale says it.
#[inline]
fn float(numbers: &NumberParts, value: usize) -> f64 {
    const POWERS: [f64; 19] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18,
    ];
    let (mantissa, scale) = (numbers.mantissas[value], numbers.scales.at(value));
    if mantissa.unsigned_abs() <= EXACT_MAX {
        mantissa as f64 / POWERS[usize::from(scale)]
    } else {
        Number::decimal(mantissa, scale).as_f64()
    }
}

/// The scales that occur.
fn scales(numbers: &NumberParts, column: &ColumnRows) -> Vec<u8> {
    match &numbers.scales {
        Scales::One(scale) => vec![*scale],
        Scales::Each(scales) => {
            let used = column.placed.values.iter().map(|value| scales[*value as usize]);
            let bits = used.fold(0u32, |bits, scale| bits | 1 << scale);
            (0..u32::BITS as u8).filter(|scale| bits >> scale & 1 == 1).collect()
        }
    }
}

/// What the mantissas of one scale come to.
#[derive(Debug, Clone, Copy)]
struct Total {
    count: u64,
    sum: i128,
    least: i64,
    most: i64,
}

impl Total {
    const NONE: Self = Self { count: 0, sum: 0, least: i64::MAX, most: i64::MIN };

    #[inline]
    fn add(&mut self, mantissa: i64) {
        self.count += 1;
        self.sum += i128::from(mantissa);
        self.least = self.least.min(mantissa);
        self.most = self.most.max(mantissa);
    }

    fn add_to(&self, state: &mut State, scale: u8) {
        let cell = |mantissa| Cell::Number(Number::decimal(mantissa, scale));
        match state {
            State::Count(count) => *count += self.count,
            State::Sum { sum, count } | State::Average { sum, count } => {
                sum.add_at(scale, self.sum);
                *count += self.count;
            }
            State::Rate(sum) => sum.add_at(scale, self.sum),
            State::Minimum(_) => state.add(&cell(self.least), 1, Timestamp::default()),
            State::Maximum(_) => state.add(&cell(self.most), 1, Timestamp::default()),
            State::Percentile { .. } | State::Distinct(_) | State::First(_) | State::Last(_) => {}
        }
    }
}

fn feed_hashes(
    hashes: &[u64],
    column: &ColumnRows,
    slots: &SlotOf,
    measures: &[usize],
    states: &mut [Vec<State>],
) {
    let by_slot = match slots {
        SlotOf::One => None,
        SlotOf::Each(_) => Some(by_slot(states.len(), column, slots, |_, at| hashes[at])),
    };
    for (slot, states) in states.iter_mut().enumerate() {
        let hashes = by_slot.as_ref().map_or(hashes, |by_slot| &by_slot[slot]);
        add_hashes(states, measures, hashes, hashes.len());
    }
}

/// Adds so many values, which have these hashes and no others.
fn add_hashes(states: &mut [State], measures: &[usize], hashes: &[u64], count: usize) {
    for measure in measures {
        match &mut states[*measure] {
            State::Count(values) => *values += count as u64,
            State::Distinct(distinct) => distinct.add_hashes(hashes),
            _ => {}
        }
    }
}

/// Of what the bytes say as a text.
fn hash_of_bytes(text: &[u8]) -> u64 {
    hash_of_text(String::from_utf8_lossy(text).as_bytes())
}

/// The hashes of the values that rows have.
fn hashes(values: Values<'_>, column: &ColumnRows) -> Result<Vec<u64>, ReadError> {
    let ColumnRows { ranks, placed } = column;
    if let Values::Templates(texts, blocks) = values
        && placed.values.len() >= ranks.len() / TEXTS_PER_ASKED
    {
        let all = texts.hashes(blocks, ranks.clone())?;
        // As many rising values as there are are all of them.
        return Ok(if placed.values.len() == all.len() {
            all
        } else {
            placed.values.iter().map(|value| all[*value as usize]).collect()
        });
    }
    let asked: Vec<u32> = placed.values.iter().map(|value| ranks.start + value).collect();
    let mut hashes = Vec::with_capacity(asked.len());
    values.texts(&asked, &mut |_, text| hashes.push(hash_of_bytes(text)))?;
    if hashes.len() == asked.len() { Ok(hashes) } else { Err(ReadError::directory("a text")) }
}

/// What is made of each value and its place among the values, by the slots of their rows.
fn by_slot<T>(
    count: usize,
    column: &ColumnRows,
    slots: &SlotOf,
    make: impl Fn(usize, usize) -> T,
) -> Vec<Vec<T>> {
    let mut by_slot: Vec<Vec<T>> = Vec::new();
    by_slot.resize_with(count, Vec::new);
    for (at, (row, value)) in column.placed.rows.iter().zip(&column.placed.values).enumerate() {
        by_slot[slots.at(*row)].push(make(*value as usize, at));
    }
    by_slot
}
