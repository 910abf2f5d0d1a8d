//! An append on its way to a writer.
//!
//! Invariant: it holds its bytes of the partition's budget until it is answered, so what waits is bounded.
//! It does not say how the writer is reached: each adapter has a queue of its own.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::body::PreparedEvent;
use super::heads::LastOf;
use super::{AppendError, Appended, Expected};

/// An append on its way.
pub(super) struct Pending {
    pub events: Vec<PreparedEvent>,
    pub expected: Vec<Expected>,
    pub answer: oneshot::Sender<Result<Appended, AppendError>>,
    /// Given back when the append is answered.
    #[expect(dead_code, reason = "held for its bytes of the budget")]
    pub permit: OwnedSemaphorePermit,
}

impl Pending {
    pub(super) fn stored_bytes(&self) -> usize {
        self.events.iter().map(|event| event.stored.len()).sum()
    }

    /// The first expectation that does not hold, if `staged` goes before what is `recorded`.
    pub(super) fn conflict(&self, staged: &LastOf, recorded: &LastOf) -> Option<AppendError> {
        self.expected.iter().find_map(|expected| {
            let subject = expected.subject;
            let last = staged.get(&subject).or_else(|| recorded.get(&subject));
            let (expected, actual) = (expected.last, last.copied().unwrap_or_default());
            (actual != expected).then_some(AppendError::Conflict { subject, expected, actual })
        })
    }
}
