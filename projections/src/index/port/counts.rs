//! Counts over the lines that a filter wants: by time and level, and by the values of fields.
//!
//! Invariant: every line is counted once in a histogram, and once for each of its values in a facet; the same
//! question gives the same buckets whatever keeps the lines. It does not fill buckets without lines.

use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::line::{Level, Role};
use antler_events::query::print_name;
use antler_events::query::text::fold;
use antler_events::query::tree::{FieldName, Filter};

use super::answer::Coverage;
use super::error::{SearchError, within};
use super::search::Period;

/// Buckets of a histogram.
pub const BUCKETS_MAX: u32 = 10_000;
/// Fields of one question for facets.
pub const FACETS_MAX: usize = 100;
/// Values of a facet.
pub const VALUES_MAX: u32 = 10_000;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Steps that people read easily, in nanoseconds.
const STEPS: [u64; 35] = [
    MILLISECOND,
    2 * MILLISECOND,
    5 * MILLISECOND,
    10 * MILLISECOND,
    20 * MILLISECOND,
    50 * MILLISECOND,
    100 * MILLISECOND,
    200 * MILLISECOND,
    500 * MILLISECOND,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
    364 * DAY,
    3_640 * DAY,
];

/// Lines by level; the first place is for lines without one.
pub type LevelCounts = [u64; Level::ALL.len() + 1];

/// How finely time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    Step(Duration),
    /// The finest easy step that gives at most so many buckets.
    Buckets(u32),
}

#[derive(Debug, Clone, PartialEq)]
pub struct HistogramQuery {
    pub filter: Filter,
    pub period: Period,
    pub resolution: Resolution,
}

/// Counts over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    pub step: Duration,
    /// Those with lines, in the order of time. They begin at multiples of the step since 1970.
    pub buckets: Vec<Bucket>,
    pub coverage: Coverage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    pub start: Timestamp,
    pub by_level: LevelCounts,
}

impl Bucket {
    pub fn lines(&self) -> u64 {
        self.by_level.iter().sum()
    }
}

impl Resolution {
    /// The step for a question about a period. Where that does not end, the time of all lines of the tenant in it is
    /// cut.
    pub fn step_within(self, period: Period, of_lines: impl FnOnce() -> Period) -> Result<i64, SearchError> {
        let (from_ever, for_ever) =
            (period.first == Period::ALWAYS.first, period.last == Period::ALWAYS.last);
        if !from_ever && !for_ever {
            return self.step_nanos(period);
        }
        let of_lines = of_lines();
        let first = if from_ever { of_lines.first } else { period.first };
        let last = if for_ever { of_lines.last } else { period.last };
        self.step_nanos(Period { first, last })
    }

    /// The step in nanoseconds for a time in which there are lines.
    pub fn step_nanos(self, period: Period) -> Result<i64, SearchError> {
        let buckets = |step: u64| {
            let bucket = |time: Timestamp| i128::from(time.nanos()).div_euclid(i128::from(step));
            u64::try_from(bucket(period.last) - bucket(period.first) + 1).unwrap_or(u64::MAX)
        };
        let step = match self {
            Self::Step(step) => u64::try_from(step.as_nanos()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64),
            Self::Buckets(wanted) => {
                let wanted = u64::from(wanted.clamp(1, BUCKETS_MAX));
                let fits = |step: &&u64| buckets(**step) <= wanted;
                STEPS.iter().find(fits).copied().unwrap_or(i64::MAX as u64)
            }
        };
        within("buckets", buckets(step), u64::from(BUCKETS_MAX))?;
        Ok(step as i64)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct FacetQuery {
    pub filter: Filter,
    pub period: Period,
    /// Roles, or fields by their names.
    pub fields: Vec<FieldName>,
    /// Values of each field.
    pub size: u32,
}

impl FacetQuery {
    pub fn check(&self) -> Result<(), SearchError> {
        within("facets", self.fields.len() as u64, FACETS_MAX as u64)?;
        within("values", u64::from(self.size), u64::from(VALUES_MAX))?;
        self.fields.iter().try_for_each(check_field)
    }
}

/// Only one field can be counted, and time is counted by a histogram.
fn check_field(field: &FieldName) -> Result<(), SearchError> {
    match field {
        FieldName::Named(_) => Ok(()),
        FieldName::Role(role) if *role != Role::Time => Ok(()),
        _ => Err(SearchError::NoField { field: print_name(field) }),
    }
}

/// Values of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// In the order of the question.
    pub facets: Vec<Facet>,
    pub coverage: Coverage,
}

/// Values of one field, the most frequent first, those equally frequent by their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    pub field: FieldName,
    pub values: Vec<ValueCount>,
    /// How often there are other values.
    pub others: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueCount {
    pub value: String,
    pub lines: u64,
}

impl Facet {
    /// Of all values with their counts.
    pub fn new(field: FieldName, mut values: Vec<ValueCount>, size: u32) -> Self {
        values.sort_unstable_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.value.cmp(&b.value)));
        let rest = values.split_off(values.len().min(size as usize));
        Self { field, values, others: rest.iter().map(|value| value.lines).sum() }
    }
}

/// The text under which a value of a field is counted: levels by their names, everything else as it is.
pub fn counted_as(field: &FieldName, text: &str) -> Option<&'static str> {
    match field {
        FieldName::Role(Role::Level) => Level::parse(text.as_bytes()).map(Level::as_str),
        _ => None,
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ValuesQuery {
    /// A role, or a field by its name.
    pub field: FieldName,
    pub period: Period,
    pub like: ValueMatch,
    pub size: u32,
}

/// What values look like, case aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueMatch {
    Any,
    Prefix(String),
    Contains(String),
}

impl ValueMatch {
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => fold(value).starts_with(&fold(prefix)),
            Self::Contains(part) => fold(value).contains(&fold(part)),
        }
    }
}

impl ValuesQuery {
    pub fn check(&self) -> Result<(), SearchError> {
        within("values", u64::from(self.size), u64::from(VALUES_MAX))?;
        check_field(&self.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(first: i64, last: i64) -> Period {
        Period { first: Timestamp::from_nanos(first), last: Timestamp::from_nanos(last) }
    }

    #[test]
    fn the_finest_step_that_fits_is_taken() {
        let check = |(first, last), wanted, expected: Duration| {
            let step = Resolution::Buckets(wanted).step_nanos(period(first, last)).unwrap();
            assert_eq!(Duration::from_nanos(step as u64), expected, "{wanted} of {first} to {last}");
        };
        let hour = HOUR as i64;
        check((0, hour - 1), 60, Duration::from_secs(60));
        check((0, hour), 60, Duration::from_secs(120));
        check((hour, hour), 0, Duration::from_millis(1));
        check((0, hour), 1, Duration::from_secs(7_200));
        check((i64::MIN, i64::MAX), 2, Duration::from_nanos(i64::MAX as u64));
    }

    #[test]
    fn too_many_buckets_are_refused() {
        let step = Resolution::Step(Duration::from_secs(1));
        assert_eq!(step.step_nanos(period(0, 9_999 * SECOND as i64)).unwrap(), SECOND as i64);
        let error = step.step_nanos(period(-1, 9_999 * SECOND as i64)).unwrap_err().to_string();
        assert_eq!(error, "the question asks for 10001 buckets, and an answer has at most 10000");
        assert!(Resolution::Step(Duration::ZERO).step_nanos(period(0, i64::MAX)).is_err());
        assert_eq!(Resolution::Step(Duration::MAX).step_nanos(period(0, 1)).unwrap(), i64::MAX);
    }

    #[test]
    fn a_facet_has_the_most_frequent_first() {
        let value = |value: &str, lines| ValueCount { value: value.to_owned(), lines };
        let all = vec![value("b", 2), value("c", 5), value("a", 2), value("d", 1)];
        let facet = Facet::new(FieldName::named("x"), all, 2);
        assert_eq!((facet.values, facet.others), (vec![value("c", 5), value("a", 2)], 3));
    }

    #[test]
    fn values_are_matched_without_case() {
        assert!(ValueMatch::Prefix("ap".to_owned()).matches("API"));
        assert!(!ValueMatch::Prefix("pi".to_owned()).matches("API"));
        assert!(ValueMatch::Contains("GRÖẞE".to_owned()).matches("die größe"));
    }
}
