//! Why a question or a change fails.
//!
//! Invariant: an error names what was asked and what the way out is; that lines are missing is no error but
//! `Coverage`. It does not know status codes.

use std::sync::Arc;

use antler_events::ids::Offset;
use antler_events::query::MatcherError;
use antler_events::query::pipe::PipelineError;

use super::cursor::CursorError;
use super::workers::WorkLost;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Filter(#[from] MatcherError),
    #[error(transparent)]
    Pipes(#[from] PipelineError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error("the question asks for {asked} {what}, and an answer has at most {max}")]
    TooMany { what: &'static str, asked: u64, max: u64 },
    #[error("the field {field} has no values to count: name one field")]
    NoField { field: String },
    #[error("the index cannot be asked now: {reason}")]
    Unavailable { reason: Arc<str> },
    #[error(transparent)]
    Lost(#[from] WorkLost),
}

/// Refuses what an answer has no room for.
pub fn within(what: &'static str, asked: u64, max: u64) -> Result<(), SearchError> {
    if asked <= max { Ok(()) } else { Err(SearchError::TooMany { what, asked, max }) }
}

/// Why the index cannot be changed. It is as good as before, and a retry may do.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("event {offset} comes behind event {before}: offsets must rise")]
    NotRising { before: Offset, offset: Offset },
    #[error("a retention rule of tenant {tenant} cannot be held against lines")]
    Rule {
        tenant: Box<str>,
        #[source]
        source: MatcherError,
    },
    #[error("the storage of the index failed")]
    Storage {
        is_full: bool,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(transparent)]
    Lost(#[from] WorkLost),
}
