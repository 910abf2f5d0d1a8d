//! A line that was found: where it stands, what names it, and what it said.
//!
//! Invariant: a line has one id, which is written in one way and stays the same for as long as the line is kept,
//! whatever becomes of the files around it. It does not say whose line it is: the question did.

use std::fmt;
use std::str::FromStr;

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId};
use antler_events::line::{LineBatch, LineBatchBuilder, LineError};
use bytes::Bytes;

/// The longest id: three numbers of 16, 64 and 32 bits.
const TEXT_BYTES_MAX: usize = 5 + 1 + 20 + 1 + 10;

/// Which line of which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId {
    pub partition: PartitionId,
    pub offset: Offset,
    /// Its place in the batch of the event.
    pub line: u32,
}

/// Where a line stands among all lines of its tenant: by time, then by arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub time: Timestamp,
    pub id: LineId,
}

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLine {
    pub position: Position,
    pub received_at: Timestamp,
    /// The line as it came.
    pub raw: Bytes,
    /// Whether it was taken as text and not as JSON.
    pub is_plain: bool,
    pub arrival: Arrival,
}

impl FoundLine {
    pub fn id(&self) -> LineId {
        self.position.id
    }

    /// The line alone in a batch, to show its fields and to hold a matcher against it.
    pub fn parsed(&self) -> Result<LineBatch, LineError> {
        let limits = LineLimits::default().for_lines_taken_before();
        let mut builder = LineBatchBuilder::new(limits, self.received_at);
        builder.push_again(&self.raw, self.is_plain)?;
        Ok(builder.finish())
    }

    /// Memory that it holds.
    pub fn bytes_held(&self) -> usize {
        let Arrival { protocol, origin, defaults } = &self.arrival;
        let said =
            [&defaults.source, &defaults.service, &defaults.environment, &defaults.level, &defaults.host];
        let said =
            said.into_iter().flatten().chain(&defaults.tags).map(|text| size_of::<String>() + text.len());
        size_of::<Self>() + self.raw.len() + protocol.len() + origin.len() + said.sum::<usize>()
    }
}

/// Why a text is not the id of a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a line id is written as partition, offset and line, such as 3-1024-17, and not as {:?}",
    shown(text)
)]
pub struct LineIdError {
    text: String,
}

/// As much of a text from outside as a message needs.
fn shown(text: &str) -> String {
    text.chars().take(TEXT_BYTES_MAX).collect()
}

impl FromStr for LineId {
    type Err = LineIdError;

    fn from_str(text: &str) -> Result<Self, LineIdError> {
        Self::read(text).ok_or_else(|| LineIdError { text: shown(text) })
    }
}

impl LineId {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let id = Self {
            partition: PartitionId::new(number(parts.next()?)?),
            offset: Offset::new(number(parts.next()?)?),
            line: number(parts.next()?)?,
        };
        parts.next().is_none().then_some(id)
    }
}

/// A number without a sign and without zeros before it, so that a line has one id.
fn number<N: FromStr>(text: &str) -> Option<N> {
    let is_canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| is_canonical)
}

impl fmt::Display for LineId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}-{}", self.partition, self.offset, self.line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_survives_its_text(partition in any::<u16>(), offset in any::<u64>(), line in any::<u32>()) {
            let id = LineId { partition: PartitionId::new(partition), offset: Offset::new(offset), line };
            let text = id.to_string();
            prop_assert!(text.len() <= TEXT_BYTES_MAX);
            prop_assert_eq!(text.parse(), Ok(id));
        }

        #[test]
        fn any_other_text_is_refused(text in ".{0,40}") {
            if let Ok(id) = text.parse::<LineId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn a_line_has_one_id() {
        let hostile = [
            "",
            "-",
            "--",
            "1-2",
            "1-2-3-4",
            "01-2-3",
            "1-+2-3",
            " 1-2-3",
            "1-2-3 ",
            "65536-1-1",
            "1-18446744073709551616-1",
            "1-1-4294967296",
            "1-2--3",
            "١-٢-٣",
            "1-2-3\0",
            "../1-2-3",
            "1_0-2-3",
        ];
        for text in hostile {
            let error = text.parse::<LineId>().unwrap_err();
            assert!(error.to_string().starts_with("a line id is written as"), "{text}");
        }
        assert!("x".repeat(1 << 20).parse::<LineId>().unwrap_err().to_string().len() < 200);
        assert!("0-0-0".parse::<LineId>().is_ok());
    }
}
