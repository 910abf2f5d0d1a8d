//! What an answer says about itself: whether lines are missing from it, and why.
//!
//! Invariant: an answer without `is_partial` is the whole one. A warning is a sentence for whoever asked, and
//! names no other tenant. It does not decide what to do about it.

use std::fmt;
use std::sync::Arc;

use antler_events::query::pipe::pipeline::Warning as TableWarning;

use super::search::Period;

/// What is missing, and what else there is to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Lines are missing that the question asks for.
    pub is_partial: bool,
    pub warnings: Vec<Warning>,
}

/// How many lines there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    Exactly(u64),
    AtLeast(u64),
}

/// Something about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A part of the index, by its name, could not be read just now.
    Unreadable {
        part: String,
        reason: Arc<str>,
    },
    /// A part that was set aside earlier because it is damaged, and the time that its lines are of.
    SetAside {
        part: String,
        period: Period,
        reason: Arc<str>,
    },
    Deadline,
    Cancelled,
    /// The answer has grown to its bound of memory.
    Memory,
    /// Only the first so many fields are listed.
    FieldsLeftOut {
        listed: u64,
    },
    /// Lines with too many or too odd fields, whose fields are not listed. They can be searched.
    LinesNotListed {
        lines: u64,
    },
    /// There are so many different values of a field that rare ones were left out before all were counted.
    ValuesLeftOut {
        field: String,
    },
    /// Lines whose messages were not looked at: there are too many different ones.
    MessagesLeftOut {
        lines: u64,
    },
    /// The same for older lines: what is called new may stand there.
    OlderMessagesLeftOut {
        lines: u64,
    },
    Table(TableWarning),
}

impl Warning {
    /// Whether lines are missing because of it.
    pub fn is_of_missing_lines(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::SetAside { .. }
            | Self::Deadline
            | Self::Cancelled
            | Self::Memory => true,
            Self::FieldsLeftOut { .. }
            | Self::LinesNotListed { .. }
            | Self::ValuesLeftOut { .. }
            | Self::MessagesLeftOut { .. }
            | Self::OlderMessagesLeftOut { .. }
            | Self::Table(_) => false,
        }
    }
}

impl Coverage {
    pub fn whole() -> Self {
        Self::default()
    }

    pub fn note(&mut self, warning: Warning) {
        self.is_partial |= warning.is_of_missing_lines();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Takes in what is missing from a part of the answer.
    pub fn add(&mut self, other: Self) {
        self.is_partial |= other.is_partial;
        other.warnings.into_iter().for_each(|warning| self.note(warning));
    }
}

impl Total {
    pub fn count(self) -> u64 {
        match self {
            Self::Exactly(count) | Self::AtLeast(count) => count,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { part, reason } => {
                write!(out, "Lines are missing: {part} of the index cannot be read ({reason}).")
            }
            Self::SetAside { part, period, reason } => write!(
                out,
                "Lines from {} to {} may be missing: {part} of the index is damaged ({reason}).",
                period.first, period.last
            ),
            Self::Deadline => {
                out.write_str("The time for this question ran out: go on with the cursor, or ask for less.")
            }
            Self::Cancelled => out.write_str("The question was withdrawn."),
            Self::Memory => {
                out.write_str("The answer has grown too large: go on with the cursor, or ask for less.")
            }
            Self::FieldsLeftOut { listed } => {
                write!(out, "There are more than these {listed} fields: ask for those with a prefix.")
            }
            Self::LinesNotListed { lines } => write!(
                out,
                "The fields of {lines} lines are not listed: they have too many. The lines can be searched."
            ),
            Self::ValuesLeftOut { field } => write!(
                out,
                "{field} has too many different values: counts of rare ones are too low, or missing."
            ),
            Self::MessagesLeftOut { lines } => write!(
                out,
                "There are too many different messages: {lines} lines are in no pattern. Ask for less."
            ),
            Self::OlderMessagesLeftOut { lines } => write!(
                out,
                "There are too many different messages before: {lines} lines were not compared, so a pattern may be \
                 older than it seems."
            ),
            Self::Table(warning) => warning.fmt(out),
        }
    }
}
