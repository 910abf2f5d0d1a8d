//! What fields lines have: their names, what their values are, and how many lines have them.
//!
//! Invariant: a field that is listed is there, and the count of its lines is exact unless a warning says which
//! lines were left out. It does not list values.

use std::collections::BTreeMap;

use antler_events::line::{Role, ValueKind};

use super::answer::{Coverage, Warning};
use super::search::Period;

/// Fields of an answer.
pub const FIELDS_MAX: u32 = 10_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldsQuery {
    pub period: Period,
    /// Only names that begin so, case aside.
    pub prefix: String,
    /// Names, at most `FIELDS_MAX`.
    pub size: u32,
}

/// Fields by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldList {
    pub fields: Vec<FieldSummary>,
    pub coverage: Coverage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSummary {
    /// Dotted.
    pub name: String,
    pub kinds: FieldKinds,
    /// Lines that have a value of it.
    pub lines: u64,
    /// The role that the name stands for.
    pub role: Option<Role>,
}

/// What values of a field are, which may be several things in different lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldKinds {
    pub text: bool,
    pub number: bool,
    pub flag: bool,
    /// The time of the line.
    pub time: bool,
}

impl FieldKinds {
    /// Of a value that tells no time; null and empty containers are no values.
    pub fn of(kind: ValueKind) -> Self {
        let none = Self::default();
        match kind {
            ValueKind::String | ValueKind::EscapedString => Self { text: true, ..none },
            ValueKind::Number => Self { number: true, ..none },
            ValueKind::True | ValueKind::False => Self { flag: true, ..none },
            ValueKind::Null | ValueKind::EmptyObject | ValueKind::EmptyArray => none,
        }
    }

    pub const TIME: Self = Self { text: false, number: false, flag: false, time: true };

    pub fn add(&mut self, other: Self) {
        self.text |= other.text;
        self.number |= other.number;
        self.flag |= other.flag;
        self.time |= other.time;
    }
}

/// Fields as they are counted.
pub type FieldCounts = BTreeMap<String, (FieldKinds, u64)>;

impl FieldList {
    /// The first of the fields that were counted, by name.
    pub fn new(counts: FieldCounts, size: u32, mut coverage: Coverage) -> Self {
        let size = size.min(FIELDS_MAX) as usize;
        if counts.len() > size {
            coverage.note(Warning::FieldsLeftOut { listed: size as u64 });
        }
        let summary = |(name, (kinds, lines)): (String, (FieldKinds, u64))| {
            let role = Role::ALL.into_iter().find(|role| role.synonyms().contains(&name.as_str()));
            FieldSummary { name, kinds, lines, role }
        };
        Self { fields: counts.into_iter().take(size).map(summary).collect(), coverage }
    }
}
