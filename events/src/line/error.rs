//! Why a line is refused.
//!
//! Invariant: an error names what is wrong and at which byte of the line, and never quotes the line,
//! so that it can be shown and stored whatever the line holds. It does not decide what becomes of the
//! line: the caller keeps it as a dead letter or answers the sender.

use antler_config::limits::LineLimits;

/// Why a line did not enter a batch. `at` counts bytes from the start of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("the line has {length} bytes, more than {max}")]
    TooLong { length: usize, max: u32 },
    #[error("the batch is full with {lines} lines and {bytes} bytes")]
    BatchFull { lines: usize, bytes: usize },
    #[error("the line is not valid utf-8 at byte {at}")]
    Utf8 { at: usize },
    #[error("the line ends where {expected} should follow")]
    End { expected: &'static str },
    #[error("byte {at} of the line is {found:#04x} where {expected} should be")]
    Syntax { at: usize, found: u8, expected: &'static str },
    #[error("byte {at} of the line opens nesting level {level}, more than {max}", level = max + 1)]
    TooDeep { at: usize, max: u16 },
    #[error("the number at byte {at} of the line has more than {max} bytes")]
    NumberTooLong { at: usize, max: u16 },
    #[error("byte {at} of the line is the control character {found:#04x}, which a string must escape")]
    ControlCharacter { at: usize, found: u8 },
    #[error("the escape at byte {at} of the line is not one that JSON knows")]
    Escape { at: usize },
    #[error("the escape at byte {at} of the line is half of a surrogate pair, which is no character")]
    LoneSurrogate { at: usize },
}

impl LineError {
    /// A name for programs; it stays the same when the message changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "line_too_long",
            Self::BatchFull { .. } => "batch_full",
            Self::Utf8 { .. } => "invalid_utf8",
            Self::End { .. } => "json_ends_early",
            Self::Syntax { .. } => "invalid_json",
            Self::TooDeep { .. } => "json_too_deep",
            Self::NumberTooLong { .. } => "number_too_long",
            Self::ControlCharacter { .. } => "control_character",
            Self::Escape { .. } => "invalid_escape",
            Self::LoneSurrogate { .. } => "lone_surrogate",
        }
    }

    pub(super) fn check_length(length: usize, limits: &LineLimits) -> Result<(), Self> {
        let max = limits.line_bytes_max;
        if length > max as usize { Err(Self::TooLong { length, max }) } else { Ok(()) }
    }
}
