//! Functions of expressions.
//!
//! Invariant: the table says of each function how many arguments it takes, what it does, and an example
//! that is a test. A text that is made is cut at a bound.
//! It does not read the clock: the same row has the same values always.

use super::{Cell, Expression, Number, is_true, number};
use crate::query::pipe::bin::Bin;
use crate::query::text::fold;
use crate::query::value::units::duration;

/// Longest text that a function makes; the rest of it is cut off.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// A function of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    If,
    Coalesce,
    Exists,
    Lower,
    Upper,
    Trim,
    Len,
    Concat,
    Substr,
    Replace,
    Contains,
    StartsWith,
    EndsWith,
    Number,
    Text,
    Ms,
    Round,
    Floor,
    Ceil,
    Abs,
    Min,
    Max,
    Bin,
}

/// What there is to know of a function.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub function: Function,
    pub name: &'static str,
    pub arguments: &'static str,
    /// Fewest and most arguments.
    pub count: (usize, usize),
    pub what: &'static str,
    /// An expression and its value.
    pub example: (&'static str, &'static str),
}

const MANY: usize = 64;

const fn entry(
    function: Function,
    name: &'static str,
    arguments: &'static str,
    count: (usize, usize),
    what: &'static str,
    example: (&'static str, &'static str),
) -> Entry {
    Entry { function, name, arguments, count, what, example }
}

/// Every function, in the order of the documentation.
pub const FUNCTIONS: &[Entry] = &[
    entry(
        Function::If,
        "if",
        "condition, then[, else]",
        (2, 3),
        "One of two values.",
        (r#"if(3 > 2, "yes", "no")"#, "yes"),
    ),
    entry(
        Function::Coalesce,
        "coalesce",
        "a, b, …",
        (1, MANY),
        "The first value that is not missing.",
        (r#"coalesce(1 / 0, "none")"#, "none"),
    ),
    entry(Function::Exists, "exists", "a", (1, 1), "Whether there is a value.", ("exists(1 / 0)", "false")),
    entry(Function::Lower, "lower", "text", (1, 1), "In lower case.", (r#"lower("GET")"#, "get")),
    entry(Function::Upper, "upper", "text", (1, 1), "In upper case.", (r#"upper("get")"#, "GET")),
    entry(
        Function::Trim,
        "trim",
        "text",
        (1, 1),
        "Without white space around it.",
        (r#"trim("  a b ")"#, "a b"),
    ),
    entry(Function::Len, "len", "text", (1, 1), "Count of characters.", (r#"len("größe")"#, "5")),
    entry(
        Function::Concat,
        "concat",
        "a, b, …",
        (1, MANY),
        "The texts joined; what is missing is left out.",
        (r#"concat("v", 1, ".", 2)"#, "v1.2"),
    ),
    entry(
        Function::Substr,
        "substr",
        "text, start[, length]",
        (2, 3),
        "Characters from a place, counted from 0; from the end if it is negative.",
        (r#"substr("timeout", 0, 4)"#, "time"),
    ),
    entry(
        Function::Replace,
        "replace",
        "text, old, new",
        (3, 3),
        "The text with one part in place of another, wherever it stands.",
        (r#"replace("a-b-c", "-", ".")"#, "a.b.c"),
    ),
    entry(
        Function::Contains,
        "contains",
        "text, part",
        (2, 2),
        "Whether the part stands in the text, in any case.",
        (r#"contains("Read Timeout", "timeout")"#, "true"),
    ),
    entry(
        Function::StartsWith,
        "starts_with",
        "text, part",
        (2, 2),
        "Whether the text begins with the part, in any case.",
        (r#"starts_with("/api/v1", "/API")"#, "true"),
    ),
    entry(
        Function::EndsWith,
        "ends_with",
        "text, part",
        (2, 2),
        "Whether the text ends with the part, in any case.",
        (r#"ends_with("a.JS", ".js")"#, "true"),
    ),
    entry(
        Function::Number,
        "number",
        "a",
        (1, 1),
        "The number that a text is; missing if it is none.",
        (r#"number("1e3")"#, "1000"),
    ),
    entry(Function::Text, "text", "a", (1, 1), "The value as a text.", ("text(1.50)", "1.5")),
    entry(
        Function::Ms,
        "ms",
        "duration",
        (1, 1),
        "Milliseconds of a text such as `1.5s`; a number is taken for milliseconds.",
        (r#"ms("1.5s")"#, "1500"),
    ),
    entry(
        Function::Round,
        "round",
        "number[, digits]",
        (1, 2),
        "Rounded, halves away from zero.",
        ("round(2.345, 2)", "2.35"),
    ),
    entry(Function::Floor, "floor", "number", (1, 1), "The next whole number below.", ("floor(-1.5)", "-2")),
    entry(Function::Ceil, "ceil", "number", (1, 1), "The next whole number above.", ("ceil(-1.5)", "-1")),
    entry(Function::Abs, "abs", "number", (1, 1), "Without its sign.", ("abs(-3)", "3")),
    entry(
        Function::Min,
        "min",
        "a, b, …",
        (1, MANY),
        "The least of the values that are not missing.",
        ("min(3, 1, 2)", "1"),
    ),
    entry(
        Function::Max,
        "max",
        "a, b, …",
        (1, MANY),
        "The greatest of the values that are not missing.",
        ("max(3, 1, 2)", "3"),
    ),
    entry(
        Function::Bin,
        "bin",
        "a, width",
        (2, 2),
        "The start of the interval of a number that the value lies in.",
        ("bin(257, 100)", "200"),
    ),
];

impl Function {
    pub fn named(name: &str) -> Option<&'static Entry> {
        FUNCTIONS.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    pub fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|entry| entry.function == self).map_or("", |entry| entry.name)
    }

    /// The value for a row. Only the arguments that are needed are computed.
    pub(super) fn call(self, arguments: &[Expression<usize>], row: &[Cell]) -> Cell {
        let argument = |index: usize| {
            arguments.get(index).map_or(Cell::Missing, |one: &Expression<usize>| one.evaluate(row))
        };
        let mut all = arguments.iter().map(|one| one.evaluate(row));
        match self {
            Self::If => argument(if is_true(&argument(0)) { 1 } else { 2 }),
            Self::Coalesce => all.find(|cell| !cell.is_missing()).unwrap_or_default(),
            Self::Min => all.filter(|cell| !cell.is_missing()).min().unwrap_or_default(),
            Self::Max => all.filter(|cell| !cell.is_missing()).max().unwrap_or_default(),
            Self::Concat => bounded(all.map(|cell| cell.to_string()).collect()),
            Self::Exists => Cell::Bool(!argument(0).is_missing()),
            _ if argument(0).is_missing() => Cell::Missing,
            Self::Number => number(argument(0).as_number()),
            Self::Ms => milliseconds(&argument(0)),
            Self::Abs => number(argument(0).as_number().map(Number::absolute)),
            Self::Floor => number(argument(0).as_number().map(Number::floor)),
            Self::Ceil => number(argument(0).as_number().map(|number| number.negated().floor().negated())),
            Self::Round => round(&argument(0), arguments.get(1).map(|one| one.evaluate(row))),
            Self::Bin => match argument(1).as_number() {
                Some(width) if width > Number::ZERO => Bin::Number(width).cut(&argument(0), 0),
                _ => Cell::Missing,
            },
            _ => self.of_text(&argument(0).to_string(), &argument(1), &argument(2)),
        }
    }

    fn of_text(self, text: &str, second: &Cell, third: &Cell) -> Cell {
        let part = || fold(&second.to_string());
        match self {
            Self::Lower => bounded(text.to_lowercase()),
            Self::Upper => bounded(text.to_uppercase()),
            Self::Trim => Cell::text(text.trim()),
            Self::Len => Cell::count(text.chars().count() as u64),
            Self::Text => Cell::text(text),
            Self::Contains => Cell::Bool(!second.is_missing() && fold(text).contains(&part())),
            Self::StartsWith => Cell::Bool(!second.is_missing() && fold(text).starts_with(&part())),
            Self::EndsWith => Cell::Bool(!second.is_missing() && fold(text).ends_with(&part())),
            Self::Substr => substr(text, second, third),
            Self::Replace => replace(text, &second.to_string(), &third.to_string()),
            _ => Cell::Missing,
        }
    }
}

/// A text that was made, cut where it is too long.
pub(super) fn bounded(mut text: String) -> Cell {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    Cell::Text(text.into())
}

fn milliseconds(cell: &Cell) -> Cell {
    let of_text = |text: &str| duration(text).map(|nanos| Number::rounded(i128::from(nanos), 6));
    number(cell.as_number().or_else(|| of_text(&cell.to_string())))
}

/// Digits beyond those that a number keeps change nothing; without a sensible count there is no result.
fn round(cell: &Cell, digits: Option<Cell>) -> Cell {
    let digits = digits.map_or(Some(0), |digits| whole(&digits));
    let digits = digits.and_then(|digits| u8::try_from(digits.min(i64::from(u8::MAX))).ok());
    number(cell.as_number().zip(digits).map(|(number, digits)| number.rounded_to(digits)))
}

fn substr(text: &str, start: &Cell, length: &Cell) -> Cell {
    let Some(start) = whole(start) else { return Cell::Missing };
    let count = text.chars().count() as i64;
    let start = if start < 0 { (count + start).max(0) } else { start.min(count) };
    let length = whole(length).unwrap_or(count).max(0);
    Cell::text(&text.chars().skip(start as usize).take(length as usize).collect::<String>())
}

/// Stops where the text becomes too long.
fn replace(text: &str, old: &str, new: &str) -> Cell {
    if old.is_empty() {
        return Cell::text(text);
    }
    let mut replaced = String::new();
    for (index, part) in text.split(old).enumerate() {
        if replaced.len() > TEXT_BYTES_MAX {
            break;
        }
        replaced.push_str(if index > 0 { new } else { "" });
        replaced.push_str(part);
    }
    bounded(replaced)
}

fn whole(cell: &Cell) -> Option<i64> {
    let (whole, _) = cell.as_number()?.floor().as_decimal()?;
    Some(whole)
}
