//! Aggregates: what `stats` computes of the values of a group.
//!
//! Invariant: a state is the same whether its values came one by one, counted, or from merged states, in any
//! order: only the last digits of sums of floats may differ. A value that is missing, or no number where one is needed, is
//! left out. It does not know rows or groups, so an index can fill states from its columns.

pub mod distinct;
pub mod quantiles;
pub mod sum;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use antler_config::limits::PipeLimits;

use super::cell::Cell;
use super::number::Number;
use crate::clock::Timestamp;
use crate::query::tree::FieldName;

pub use distinct::Distinct;
pub use quantiles::Quantiles;
pub use sum::Sum;

/// Longest text that `min`, `max`, `first` and `last` keep; the rest of it is cut off.
const KEPT_TEXT_BYTES_MAX: usize = 4_096;

/// A function over the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Lines, or lines with the field.
    Count,
    Sum,
    Average,
    /// By the order of cells.
    Minimum,
    Maximum,
    Percentile(Percent),
    /// How many different values.
    Distinct,
    /// Of the earliest line that has the field.
    First,
    Last,
    /// Lines, or the sum of the field, per second.
    Rate,
}

/// A percentage in thousandths, from 0 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

/// A function of a field, under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub function: Function,
    /// None counts lines.
    pub field: Option<FieldName>,
    /// The column of the result.
    pub name: Arc<str>,
}

/// What a measure knows of a group so far. An index may feed the parts directly.
#[derive(Debug, Clone)]
pub enum State {
    Count(u64),
    Sum {
        sum: Sum,
        count: u64,
    },
    Average {
        sum: Sum,
        count: u64,
    },
    Minimum(Cell),
    Maximum(Cell),
    Percentile {
        percent: Percent,
        values: Quantiles,
    },
    Distinct(Distinct),
    First(Option<(Timestamp, Cell)>),
    Last(Option<(Timestamp, Cell)>),
    /// Counts, or sums, until it is known how many seconds there are.
    Rate(Sum),
}

impl Percent {
    /// From a percentage with at most three digits after the point.
    pub fn new(percent: Number) -> Option<Self> {
        let (mantissa, scale) = percent.as_decimal()?;
        let thousandths = mantissa.checked_mul(10i64.checked_pow(3u32.checked_sub(u32::from(scale))?)?)?;
        u32::try_from(thousandths).ok().filter(|thousandths| *thousandths <= 100_000).map(Self)
    }

    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

impl Function {
    /// The function of a name: `count`, `p95`, `p99.9`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let plain = Self::PLAIN.into_iter().find(|function| function.to_string() == name);
        plain.or_else(|| {
            let percent = name
                .strip_prefix('p')
                .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))?;
            Percent::new(Number::parse(percent.as_bytes())?).map(Self::Percentile)
        })
    }

    /// All but the percentiles.
    pub const PLAIN: [Self; 9] = [
        Self::Count,
        Self::Sum,
        Self::Average,
        Self::Minimum,
        Self::Maximum,
        Self::Distinct,
        Self::First,
        Self::Last,
        Self::Rate,
    ];

    /// Whether it can do without a field.
    pub fn counts_lines(self) -> bool {
        matches!(self, Self::Count | Self::Rate)
    }

    /// Whether it asks when a value was.
    pub fn needs_time(self) -> bool {
        matches!(self, Self::First | Self::Last)
    }
}

impl Measure {
    /// Under the name that it has without `as`: `count`, `avg_duration`.
    pub fn new(function: Function, field: Option<FieldName>) -> Self {
        let name = match &field {
            Some(field) => format!("{function}_{}", super::name_of(field)),
            None => function.to_string(),
        };
        Self { function, field, name: name.into() }
    }
}

impl State {
    pub fn new(function: Function, limits: &PipeLimits) -> Self {
        match function {
            Function::Count => Self::Count(0),
            Function::Sum => Self::Sum { sum: Sum::default(), count: 0 },
            Function::Average => Self::Average { sum: Sum::default(), count: 0 },
            Function::Minimum => Self::Minimum(Cell::Missing),
            Function::Maximum => Self::Maximum(Cell::Missing),
            Function::Percentile(percent) => {
                Self::Percentile { percent, values: Quantiles::new(limits.percentile_values_max as usize) }
            }
            Function::Distinct => Self::Distinct(Distinct::new(limits.distinct_values_max as usize)),
            Function::First => Self::First(None),
            Function::Last => Self::Last(None),
            Function::Rate => Self::Rate(Sum::default()),
        }
    }

    /// Lines, for a measure without a field.
    pub fn add_lines(&mut self, lines: u64) {
        match self {
            Self::Count(count) => *count += lines,
            Self::Rate(sum) => sum.add(Number::integer(1), lines),
            _ => {}
        }
    }

    /// A value that came so many times, at some time.
    pub fn add(&mut self, value: &Cell, times: u64, at: Timestamp) {
        match self {
            _ if value.is_missing() => {}
            Self::Count(count) => *count += times,
            Self::Sum { sum, count } | Self::Average { sum, count } => {
                if let Some(number) = value.as_number() {
                    sum.add(number, times);
                    *count += times;
                }
            }
            Self::Minimum(least) if *value < *least => *least = shortened(value),
            // What is missing is the greatest, but no maximum.
            Self::Maximum(greatest) if greatest.is_missing() || *value > *greatest => {
                *greatest = shortened(value)
            }
            Self::Minimum(_) | Self::Maximum(_) => {}
            Self::Percentile { values, .. } => {
                if let Some(number) = value.as_number() {
                    values.add(number.as_f64(), times);
                }
            }
            Self::Distinct(distinct) => distinct.add(value),
            Self::First(first) => keep(first, at, value, |new, kept| new < kept),
            Self::Last(last) => keep(last, at, value, |new, kept| new > kept),
            Self::Rate(sum) => {
                if let Some(number) = value.as_number() {
                    sum.add(number, times);
                }
            }
        }
    }

    /// Takes in what another state of the same function knows.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::Sum { sum, count }, Self::Sum { sum: more, count: counted })
            | (Self::Average { sum, count }, Self::Average { sum: more, count: counted }) => {
                sum.merge(more);
                *count += counted;
            }
            (mine @ Self::Minimum(_), Self::Minimum(cell))
            | (mine @ Self::Maximum(_), Self::Maximum(cell)) => {
                mine.add(cell, 1, Timestamp::default());
            }
            (Self::Percentile { values, .. }, Self::Percentile { values: more, .. }) => values.merge(more),
            (Self::Distinct(distinct), Self::Distinct(more)) => distinct.merge(more),
            (mine @ Self::First(_), Self::First(Some((at, cell))))
            | (mine @ Self::Last(_), Self::Last(Some((at, cell)))) => {
                mine.add(cell, 1, *at);
            }
            (Self::First(_), Self::First(None)) | (Self::Last(_), Self::Last(None)) => {}
            (Self::Rate(sum), Self::Rate(more)) => sum.merge(more),
            (_, _) => unreachable!("states of one measure have one function"),
        }
    }

    /// The result; `seconds` is how long the group lasted, for a rate.
    pub fn finish(&mut self, seconds: f64) -> Cell {
        let number = |number: Option<Number>| number.map_or(Cell::Missing, Cell::Number);
        match self {
            Self::Count(count) => Cell::count(*count),
            Self::Sum { count: 0, .. } | Self::Average { count: 0, .. } => Cell::Missing,
            Self::Sum { sum, .. } => number(sum.finish()),
            Self::Average { sum, count } => {
                number(sum.finish().and_then(|sum| sum.divided_by(Number::count(*count))))
            }
            Self::Minimum(cell) | Self::Maximum(cell) => cell.clone(),
            Self::Percentile { percent, values } => {
                number(values.percentile(percent.as_f64()).and_then(Number::of))
            }
            Self::Distinct(distinct) => Cell::count(distinct.finish()),
            Self::First(found) | Self::Last(found) => {
                found.as_ref().map_or(Cell::Missing, |(_, cell)| cell.clone())
            }
            Self::Rate(sum) => number(sum.finish().and_then(|sum| sum.divided_by(Number::of(seconds)?))),
        }
    }

    /// Whether the result is that of every value, not an estimate.
    pub fn is_exact(&mut self) -> bool {
        match self {
            Self::Percentile { values, .. } => values.is_exact(),
            Self::Distinct(distinct) => distinct.is_exact(),
            _ => true,
        }
    }

    /// Lets go of what it collected more often than it has to know.
    pub fn settle(&mut self) {
        match self {
            Self::Percentile { values, .. } => values.settle(),
            Self::Distinct(distinct) => distinct.settle(),
            _ => {}
        }
    }

    /// Gives up exactness for memory.
    pub fn coarsen(&mut self) {
        match self {
            Self::Percentile { values, .. } => values.coarsen(),
            Self::Distinct(distinct) => distinct.coarsen(),
            _ => {}
        }
    }

    pub fn bytes_held(&self) -> usize {
        let held = match self {
            Self::Minimum(cell) | Self::Maximum(cell) => cell.bytes_held(),
            Self::Sum { sum, .. } | Self::Average { sum, .. } | Self::Rate(sum) => sum.bytes_held(),
            Self::Percentile { values, .. } => values.bytes_held(),
            Self::Distinct(distinct) => distinct.bytes_held(),
            Self::First(found) | Self::Last(found) => found.as_ref().map_or(0, |(_, cell)| cell.bytes_held()),
            Self::Count(_) => 0,
        };
        size_of::<Self>() + held
    }
}

/// Keeps a value if it is better by time; of two at the same time the smaller one, so that no order matters.
fn keep(
    kept: &mut Option<(Timestamp, Cell)>,
    at: Timestamp,
    value: &Cell,
    better: fn(Timestamp, Timestamp) -> bool,
) {
    let replaces =
        kept.as_ref().is_none_or(|(kept_at, cell)| better(at, *kept_at) || (at == *kept_at && value < cell));
    if replaces {
        *kept = Some((at, shortened(value)));
    }
}

fn shortened(cell: &Cell) -> Cell {
    match cell {
        Cell::Text(text) if text.len() > KEPT_TEXT_BYTES_MAX => {
            Cell::text(&text[..text.floor_char_boundary(KEPT_TEXT_BYTES_MAX)])
        }
        other => other.clone(),
    }
}

impl fmt::Display for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Minimum => "min",
            Self::Maximum => "max",
            Self::Percentile(percent) => return write!(out, "p{}", Number::decimal(i64::from(percent.0), 3)),
            Self::Distinct => "distinct",
            Self::First => "first",
            Self::Last => "last",
            Self::Rate => "rate",
        })
    }
}
