//! Cells: one value of one row, with its type.
//!
//! Invariant: the order of cells is total and typed, for columns that hold mixed types: truth values,
//! numbers, times, levels, texts, and what is missing last. A text that is a number as a whole stands among
//! the numbers, other texts stand by their folded characters. Only the same cells are equal.
//! It does not hold several values: of a field with several in one line a cell has the first.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::number::Number;
use crate::clock::Timestamp;
use crate::event::lines::LineDefaults;
use crate::line::{Level, Line, Role, Value, ValueKind};
use crate::query::text::fold_char;
use crate::query::tree::FieldName;

/// A number with more digits than a float tells apart is kept as text: it is an id.
const NUMBER_BYTES_MAX: usize = 17;

/// A value of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Cell {
    #[default]
    Missing,
    Bool(bool),
    Number(Number),
    Time(Timestamp),
    Level(Level),
    Text(Arc<str>),
}

impl Cell {
    /// What a line says under a name: the first value there is, else what its sender said for the whole batch.
    pub fn of_line(line: Line<'_>, defaults: &LineDefaults, field: &FieldName) -> Self {
        let own = match field {
            FieldName::Role(Role::Time) => Self::Time(line.timestamp()),
            FieldName::Role(Role::Level) if line.level().is_some() => {
                line.level().map_or(Self::Missing, Self::Level)
            }
            FieldName::Role(role) => line.role(*role).map_or(Self::Missing, Self::of_value),
            FieldName::Named(name) => {
                let mut fields = line.fields();
                let found = fields.find(|field| field.name_text == &**name && field.value.kind.is_scalar());
                found.map_or(Self::Missing, |field| Self::of_value(field.value))
            }
            FieldName::Any | FieldName::Like(_) => Self::Missing,
        };
        if own.is_missing() { Self::of_defaults(defaults, field) } else { own }
    }

    fn of_defaults(defaults: &LineDefaults, field: &FieldName) -> Self {
        let said = match field {
            FieldName::Role(Role::Level) => {
                let level = defaults.level.as_deref();
                let known = level.and_then(|level| Level::parse(level.as_bytes()));
                return known.map_or_else(|| level.map_or(Self::Missing, Self::text), Self::Level);
            }
            FieldName::Role(Role::Service) => defaults.service.as_deref(),
            FieldName::Role(Role::Source) => defaults.source.as_deref(),
            FieldName::Role(Role::Environment) => defaults.environment.as_deref(),
            FieldName::Role(Role::Host) => defaults.host.as_deref(),
            FieldName::Named(name) if &**name == "tags" => defaults.tags.first().map(String::as_str),
            _ => None,
        };
        said.map_or(Self::Missing, Self::text)
    }

    /// What a value of a line is.
    pub fn of_value(value: Value<'_>) -> Self {
        match value.kind {
            ValueKind::Null | ValueKind::EmptyObject | ValueKind::EmptyArray => Self::Missing,
            ValueKind::True => Self::Bool(true),
            ValueKind::False => Self::Bool(false),
            ValueKind::Number => Self::of_number_text(value.raw),
            ValueKind::String | ValueKind::EscapedString => Self::text(&value.text()),
        }
    }

    fn of_number_text(raw: &[u8]) -> Self {
        let number = Number::parse(raw)
            .filter(|number| number.as_decimal().is_some() || raw.len() <= NUMBER_BYTES_MAX);
        number.map_or_else(|| Self::text(&String::from_utf8_lossy(raw)), Self::Number)
    }

    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// What a found piece of text says: a number if it prints as it was, else the text.
    pub fn read(text: &str) -> Self {
        match Number::parse(text.as_bytes()) {
            Some(number) if number.to_string() == text => Self::Number(number),
            _ => Self::text(text),
        }
    }

    pub fn count(count: u64) -> Self {
        Self::Number(Number::count(count))
    }

    pub fn is_missing(&self) -> bool {
        *self == Self::Missing
    }

    /// The number that it is, also as a text.
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => Number::parse(text.as_bytes()),
            _ => None,
        }
    }

    /// Whether two cells say the same: numbers by value, texts without case, levels and truth values also
    /// by their names. What is missing says nothing.
    pub fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Missing, _) | (_, Self::Missing) => false,
            (Self::Level(level), Self::Text(text)) | (Self::Text(text), Self::Level(level)) => {
                Level::parse(text.as_bytes()) == Some(*level)
            }
            _ => match (self.as_number(), other.as_number()) {
                (Some(mine), Some(theirs)) => mine == theirs,
                (None, None) => compare_folded(&self.to_string(), &other.to_string()) == Ordering::Equal,
                _ => false,
            },
        }
    }

    /// Bytes of memory, those of the text included.
    pub fn bytes_held(&self) -> usize {
        let text = if let Self::Text(text) = self { text.len() + 2 * size_of::<usize>() } else { 0 };
        size_of::<Self>() + text
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Time(_) => 2,
            Self::Level(_) => 3,
            Self::Text(_) => 4,
            Self::Missing => 5,
        }
    }
}

/// Texts by their folded characters.
pub fn compare_folded(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        return one.bytes().map(lower).cmp(other.bytes().map(lower));
    }
    one.chars().map(fold_char).cmp(other.chars().map(fold_char))
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.cmp(other),
            (Self::Time(one), Self::Time(other)) => one.cmp(other),
            (Self::Level(one), Self::Level(other)) => one.cmp(other),
            (Self::Text(_), Self::Text(_) | Self::Number(_)) | (Self::Number(_), Self::Text(_)) => {
                match (self.as_number(), other.as_number()) {
                    (Some(mine), Some(theirs)) => mine.cmp(&theirs).then_with(|| self.tie(other)),
                    (None, None) => self.tie(other),
                    (mine, theirs) => theirs.is_some().cmp(&mine.is_some()),
                }
            }
            (Self::Text(_), _) if self.as_number().is_some() => {
                Self::Number(Number::ZERO).rank().cmp(&other.rank())
            }
            (_, Self::Text(_)) if other.as_number().is_some() => {
                self.rank().cmp(&Self::Number(Number::ZERO).rank())
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Cell {
    /// The order of a number and texts that are equal as numbers, or of texts that are none.
    fn tie(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => compare_folded(one, other).then_with(|| one.cmp(other)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Cell {
    /// As a person reads it; what is missing is nothing.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Time(value) => write!(out, "{value}"),
            Self::Level(value) => write!(out, "{value}"),
            Self::Text(value) => out.write_str(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;
    use proptest::prelude::*;

    use super::*;
    use crate::line::LineBatchBuilder;

    #[test]
    fn mixed_types_have_one_order() {
        let mut cells = vec![
            Cell::Missing,
            Cell::text("Beta"),
            Cell::text("alpha"),
            Cell::Level(Level::Error),
            Cell::Level(Level::Debug),
            Cell::Time(Timestamp::from_nanos(0)),
            Cell::text("10"),
            Cell::count(9),
            Cell::count(10),
            Cell::Bool(true),
        ];
        cells.sort();
        let shown: Vec<String> = cells.iter().map(Cell::to_string).collect();
        assert_eq!(
            shown,
            ["true", "9", "10", "10", "1970-01-01T00:00:00.000Z", "debug", "error", "alpha", "Beta", ""]
        );
        assert_eq!(cells[2], Cell::count(10));
    }

    #[test]
    fn cells_say_the_same_as_a_person_reads_them() {
        assert!(Cell::text("10").says_the_same(&Cell::count(10)));
        assert!(Cell::text("API").says_the_same(&Cell::text("api")));
        assert!(Cell::text("warn").says_the_same(&Cell::Level(Level::Warning)));
        assert!(Cell::Bool(true).says_the_same(&Cell::text("True")));
        assert!(!Cell::Missing.says_the_same(&Cell::Missing));
        assert!(!Cell::text("").says_the_same(&Cell::Missing));
    }

    #[test]
    fn numbers_that_are_ids_keep_their_digits() {
        let value = |raw: &'static [u8]| Cell::of_value(Value { kind: ValueKind::Number, raw });
        assert_eq!(value(b"12345678901234567890"), Cell::text("12345678901234567890"));
        assert_eq!(value(b"1e3"), Cell::count(1_000));
        assert_eq!(value(b"0.25"), Cell::Number(Number::decimal(25, 2)));
        assert_eq!(Cell::read("007"), Cell::text("007"));
        assert_eq!(Cell::read("7"), Cell::count(7));
    }

    #[test]
    fn what_a_sender_said_for_all_lines_fills_what_a_line_leaves_open() {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(5));
        builder.push(br#"{"level":"fatal","msg":"a\tb","x":[null,1.50,2],"host":"own"}"#).unwrap();
        builder.push(b"plain").unwrap();
        let batch = builder.finish();
        let said = |text: &str| Some(text.to_owned());
        let defaults = LineDefaults {
            level: said("warn"),
            host: said("box"),
            tags: vec!["t".to_owned()],
            ..LineDefaults::default()
        };
        let names = ["timestamp", "level", "message", "host", "x", "tags", "service"];
        let shown = |line: Line<'_>| {
            names.map(|name| Cell::of_line(line, &defaults, &FieldName::named(name)).to_string()).join("|")
        };
        let shown: Vec<String> = batch.lines().map(shown).collect();
        let time = "1970-01-01T00:00:00.000000005Z";
        assert_eq!(
            shown,
            [format!("{time}|critical|a\tb|own|1.5|t|"), format!("{time}|warning|plain|box||t|")]
        );
    }

    fn cells() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Missing),
            any::<bool>().prop_map(Cell::Bool),
            (-20i64..20, 0u8..2).prop_map(|(mantissa, scale)| Cell::Number(Number::decimal(mantissa, scale))),
            (0i64..3).prop_map(|nanos| Cell::Time(Timestamp::from_nanos(nanos))),
            prop_oneof![Just(Level::Info), Just(Level::Error)].prop_map(Cell::Level),
            "[aAbÄä1-2.]{0,2}".prop_map(|text| Cell::text(&text)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn the_order_is_total(a in cells(), b in cells(), c in cells()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c, "{:?} {:?} {:?}", a, b, c);
            }
        }
    }
}
