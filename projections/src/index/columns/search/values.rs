//! Testing the values of a column: each distinct text once, numbers as ranges of mantissas.
//!
//! Invariant: a value is found exactly if the test passes it in the class of its column. Values outside
//! `wanted` may be left out or found, as is cheaper.

use std::borrow::Cow;
use std::ops::Range;

use antler_events::line::{Level, Value, ValueKind};
use antler_events::query::matcher::Target;
use antler_events::query::value::Decimals;

use super::plan::Leaf;
use super::rows::RowSet;
use super::templates;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::{Class, ColumnHead};
use crate::index::columns::decimal::Decimal;
use crate::index::columns::dictionary::SealedDictionary;
use crate::index::columns::group::GroupBlocks;
use crate::index::columns::view::Values;

/// So many values are asked one by one.
const FEW_VALUES: u32 = 64;

/// A test as it is put to the values of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) leaf: &'a Leaf,
    pub(super) head: &'a ColumnHead,
}

/// Which values of a range of ranks pass, counted from the first of them.
pub(super) fn passing(
    check: Check<'_>,
    values: Values<'_>,
    ranks: &Range<u32>,
    mut wanted: RowSet,
) -> Result<RowSet, ReadError> {
    let count = ranks.end - ranks.start;
    if check.passes_all() {
        return Ok(RowSet::all(count));
    }
    narrow(check, values, ranks, &mut wanted)?;
    if wanted.count() <= FEW_VALUES {
        return passing_few(check, values, ranks, &wanted);
    }
    let wanted = &wanted;
    let range = ranks.start as usize..ranks.end as usize;
    match values {
        Values::OpenDictionary(values) => {
            let passes: Vec<bool> =
                (0..values.texts() as u32).map(|id| check.passes_text(values.text(id))).collect();
            Ok(RowSet::passing(&values.ids(range), |id| passes[*id as usize]))
        }
        Values::Dictionary(values, blocks) => in_dictionary(check, (values, blocks), range, wanted),
        Values::OpenNumbers(values) => Ok(numbers(check, count, range.map(|at| values.at(at)))),
        Values::Numbers(values, blocks) => {
            let mut read = Vec::with_capacity(range.len());
            values.read(blocks, range, &mut read)?;
            Ok(numbers(check, count, read.into_iter()))
        }
        Values::OpenTemplates(texts) => templates::passing(check, texts, ranks, wanted),
        Values::Templates(texts, blocks) => {
            texts.with_texts(blocks, |texts| templates::passing(check, texts, ranks, wanted))
        }
    }
}

/// Values that are asked one by one, because they are few.
fn passing_few(
    check: Check<'_>,
    values: Values<'_>,
    ranks: &Range<u32>,
    wanted: &RowSet,
) -> Result<RowSet, ReadError> {
    let mut found = RowSet::none(ranks.end - ranks.start);
    let some: Vec<u32> = wanted.iter().map(|at| ranks.start + at).collect();
    if some.is_empty() {
        return Ok(found);
    }
    values.texts(&some, &mut |at, text| {
        if check.passes_text(text) {
            found.insert(some[at] - ranks.start);
        }
    })?;
    Ok(found)
}

/// Leaves those of the wanted values that can have the token, if it is told without reading the texts.
fn narrow(
    check: Check<'_>,
    values: Values<'_>,
    ranks: &Range<u32>,
    wanted: &mut RowSet,
) -> Result<(), ReadError> {
    let (Some(token), Values::Templates(texts, blocks)) = (&check.leaf.rare_token, values) else {
        return Ok(());
    };
    if check.head.class != Class::Text {
        return Ok(());
    }
    if let Some(places) = texts.candidates(blocks, token)? {
        let mut possible = RowSet::none(wanted.range_len());
        let inside = places.into_iter().filter(|place| ranks.contains(place));
        inside.for_each(|place| possible.insert(place - ranks.start));
        wanted.intersect(&possible);
    }
    Ok(())
}

/// Each text is tested once; of a large dictionary only those that are wanted.
fn in_dictionary(
    check: Check<'_>,
    (values, blocks): (&SealedDictionary, &GroupBlocks),
    range: Range<usize>,
    wanted: &RowSet,
) -> Result<RowSet, ReadError> {
    let texts = values.texts.len();
    let mut ids = Vec::with_capacity(range.len());
    let mut passes = Vec::with_capacity(texts);
    if texts <= wanted.count() as usize {
        values.texts.for_each(blocks, |_, text| passes.push(check.passes_text(text)))?;
        if !passes.contains(&true) {
            return Ok(RowSet::none(wanted.range_len()));
        }
        values.ids(blocks, range, &mut ids)?;
    } else {
        values.ids(blocks, range, &mut ids)?;
        passes.resize(texts, false);
        wanted.iter().for_each(|at| passes[ids[at as usize] as usize] = true);
        let asked: Vec<u32> = (0..texts as u32).filter(|id| passes[*id as usize]).collect();
        let test = |id: u32, text: &[u8]| passes[id as usize] = check.passes_text(text);
        values.texts.visit(blocks, asked.into_iter(), test)?;
    }
    Ok(RowSet::passing(&ids, |id| passes[*id as usize]))
}

fn numbers(check: Check<'_>, count: u32, numbers: impl Iterator<Item = Decimal>) -> RowSet {
    let mut found = RowSet::none(count);
    let mut known: Option<(u8, Decimals)> = None;
    for (at, number) in numbers.enumerate() {
        let passing = match known {
            Some((scale, passing)) if scale == number.scale() => passing,
            _ => {
                let passing = check.decimals(number.scale());
                known = Some((number.scale(), passing));
                passing
            }
        };
        let passes = match passing {
            Decimals::None => false,
            Decimals::All => true,
            Decimals::Between(first, last) => (first..=last).contains(&number.mantissa()),
            Decimals::Each => check.passes_decimal(number),
        };
        if passes {
            found.insert(at as u32);
        }
    }
    found
}

impl Check<'_> {
    pub(super) fn passes_all(&self) -> bool {
        self.leaf.condition.test.is_exists() && !matches!(self.leaf.condition.target, Target::Levels(_))
    }

    /// Whether a value passes, as it is in its column.
    pub(super) fn passes_text(&self, text: &[u8]) -> bool {
        let test = &self.leaf.condition.test;
        if let Target::Levels(levels) = self.leaf.condition.target {
            // What the sender said for the whole batch may be no level.
            if let Some(level) = Level::parse(&resolved(self.head.class, text)) {
                return levels >> level as u8 & 1 == 1;
            }
        }
        match self.head.class {
            Class::Text => test.matches_text(text),
            Class::EscapedText => test.matches_text(&resolved(Class::EscapedText, text)),
            Class::Number | Class::OtherNumber => test.matches_number(text, self.leaf.units(self.head)),
            Class::Flag => test.matches_literal(text == b"true"),
            Class::Whole | Class::Time => false,
        }
    }

    fn passes_decimal(&self, number: Decimal) -> bool {
        if matches!(self.leaf.condition.target, Target::Levels(_)) {
            let mut text = Vec::new();
            number.write(&mut text);
            return self.passes_text(&text);
        }
        self.leaf.condition.test.matches_decimal(
            number.mantissa(),
            number.scale(),
            self.leaf.units(self.head),
        )
    }

    fn decimals(&self, scale: u8) -> Decimals {
        match self.leaf.condition.target {
            Target::Levels(_) => Decimals::Each,
            _ => self.leaf.condition.test.decimals(scale, self.leaf.units(self.head)),
        }
    }
}

/// What a text says that is kept as it was written.
pub(super) fn resolved(class: Class, text: &[u8]) -> Cow<'_, [u8]> {
    if class != Class::EscapedText {
        return Cow::Borrowed(text);
    }
    match (Value { kind: ValueKind::EscapedString, raw: text }).text() {
        Cow::Borrowed(said) => Cow::Borrowed(said.as_bytes()),
        Cow::Owned(said) => Cow::Owned(said.into_bytes()),
    }
}
