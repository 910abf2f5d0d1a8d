//! An uploaded file: received, read for its lines in the background, kept until somebody deletes it.
//!
//! Invariants: what was read of a file never becomes less; a deleted file stays deleted; a file that ended is read again
//! only if somebody says so, and then from where it was. It does not know the bytes of the file, nor who may.

use serde::{Deserialize, Serialize};

pub mod wire;

pub use wire::{
    UploadCountsV1 as UploadCounts, UploadFailedV1 as UploadFailed, UploadFinishedV1 as UploadFinished,
    UploadLabelsV1 as UploadLabels, UploadProblemV1 as UploadProblem, UploadReceivedV1 as UploadReceived,
};

/// Problems of lines that are kept with a file; further ones are only counted.
pub const PROBLEMS_MAX: usize = 100;

/// `None` until the file is received.
pub type UploadState = Option<Upload>;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub received: UploadReceived,
    /// As they are now; lines have those that the file came with.
    pub labels: UploadLabels,
    pub counts: UploadCounts,
    pub stage: UploadStage,
}

/// How far it is. A view stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadStage {
    /// Its lines are to be read, or are being read.
    Open,
    Finished {
        took_ms: u64,
    },
    Failed {
        code: String,
        message: String,
    },
    Cancelled,
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadCommand {
    Receive(UploadReceived),
    /// A file that was read before, elsewhere: it comes with what became of it.
    Bring(UploadReceived, UploadFinished),
    /// Of all that was read of the file so far.
    Progress(UploadCounts),
    Finish(UploadFinished),
    Fail(UploadFailed),
    Cancel,
    /// Reads what was not read yet.
    Retry,
    Edit(UploadLabels),
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadEvent {
    Received(UploadReceived),
    Progressed(UploadCounts),
    Finished(UploadFinished),
    Failed(UploadFailed),
    Cancelled,
    Retried,
    Edited(UploadLabels),
    Deleted,
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadRejection {
    #[error("the upload does not exist")]
    NotReceived,
    #[error("the upload exists already")]
    AlreadyReceived,
    #[error("the upload has been deleted")]
    Deleted,
    #[error("the upload is not being read any more")]
    NotOpen,
}

/// What happens on a command. A command that asks for what is so already is obeyed without an event.
pub fn decide(state: &UploadState, command: UploadCommand) -> Result<Vec<UploadEvent>, UploadRejection> {
    use UploadCommand::{Bring, Cancel, Delete, Edit, Fail, Finish, Progress, Receive, Retry};
    use UploadStage::{Cancelled, Deleted, Failed, Finished, Open};
    let Some(upload) = state else {
        return match command {
            Receive(received) => Ok(vec![UploadEvent::Received(received)]),
            Bring(received, finished) => {
                Ok(vec![UploadEvent::Received(received), UploadEvent::Finished(finished)])
            }
            _ => Err(UploadRejection::NotReceived),
        };
    };
    Ok(match (&upload.stage, command) {
        (_, Receive(_) | Bring(..)) => return Err(UploadRejection::AlreadyReceived),
        (Deleted, Delete) => vec![],
        (Deleted, _) => return Err(UploadRejection::Deleted),
        (_, Delete) => vec![UploadEvent::Deleted],
        (_, Edit(labels)) if labels == upload.labels => vec![],
        (_, Edit(labels)) => vec![UploadEvent::Edited(labels)],
        (Failed { .. } | Cancelled, Retry) => vec![UploadEvent::Retried],
        (Open | Finished { .. }, Retry) => vec![],
        (Open, Cancel) => vec![UploadEvent::Cancelled],
        (_, Cancel) => vec![],
        (Open, Progress(counts)) if counts.items <= upload.counts.items => vec![],
        (Open, Progress(counts)) => vec![UploadEvent::Progressed(counts)],
        (Open, Finish(finished)) => vec![UploadEvent::Finished(finished)],
        (Open, Fail(failed)) => vec![UploadEvent::Failed(failed)],
        (_, Progress(_) | Finish(_) | Fail(_)) => return Err(UploadRejection::NotOpen),
    })
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut UploadState, event: &UploadEvent) {
    let Some(upload) = state else {
        if let UploadEvent::Received(received) = event {
            *state = Some(Upload::received(received));
        }
        return;
    };
    match event {
        UploadEvent::Received(_) => {}
        UploadEvent::Progressed(counts) => upload.counts = counts.clone(),
        UploadEvent::Finished(UploadFinished { counts, took_ms }) => {
            upload.end(counts, UploadStage::Finished { took_ms: *took_ms });
        }
        UploadEvent::Failed(UploadFailed { counts, code, message }) => {
            upload.end(counts, UploadStage::Failed { code: code.clone(), message: message.clone() });
        }
        UploadEvent::Cancelled => upload.stage = UploadStage::Cancelled,
        UploadEvent::Retried => upload.stage = UploadStage::Open,
        UploadEvent::Edited(labels) => upload.labels = labels.clone(),
        UploadEvent::Deleted => upload.stage = UploadStage::Deleted,
    }
}

impl Upload {
    fn received(received: &UploadReceived) -> Self {
        let (labels, counts) = (received.labels.clone(), UploadCounts::default());
        Self { received: received.clone(), labels, counts, stage: UploadStage::Open }
    }

    fn end(&mut self, counts: &UploadCounts, stage: UploadStage) {
        self.counts = counts.clone();
        self.stage = stage;
    }
}

impl UploadCounts {
    /// Adds what was read behind this.
    pub fn add(&mut self, indexed: u64, failed: u64, problems: impl IntoIterator<Item = UploadProblem>) {
        self.items += indexed + failed;
        self.indexed += indexed;
        self.failed += failed;
        let room = PROBLEMS_MAX.saturating_sub(self.problems.len());
        self.problems.extend(problems.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::given::{self, Given};
    use crate::event::samples::upload_received;

    fn given(events: &[UploadEvent]) -> Given<UploadState, UploadCommand, UploadEvent, UploadRejection> {
        given::given(decide, evolve, events)
    }

    fn received() -> UploadEvent {
        UploadEvent::Received(upload_received())
    }

    fn counts(items: u64) -> UploadCounts {
        UploadCounts { items, indexed: items, ..UploadCounts::default() }
    }

    #[test]
    fn a_file_is_received_once() {
        let receive = || UploadCommand::Receive(upload_received());
        given(&[]).when(receive()).then(&[received()]);
        given(&[received()]).when(receive()).then_rejected(UploadRejection::AlreadyReceived);
        given(&[]).when(UploadCommand::Delete).then_rejected(UploadRejection::NotReceived);
    }

    #[test]
    fn a_file_that_was_read_elsewhere_is_not_read_again() {
        let finished = UploadFinished { counts: counts(7), took_ms: 3 };
        let bring = || UploadCommand::Bring(upload_received(), finished.clone());
        given(&[]).when(bring()).then(&[received(), UploadEvent::Finished(finished.clone())]);
        given(&[received()]).when(bring()).then_rejected(UploadRejection::AlreadyReceived);
    }

    #[test]
    fn progress_never_goes_back() {
        let progressed = [received(), UploadEvent::Progressed(counts(5))];
        given(&progressed).when(UploadCommand::Progress(counts(5))).then(&[]);
        let further = UploadEvent::Progressed(counts(6));
        given(&progressed).when(UploadCommand::Progress(counts(6))).then(&[further]);
    }

    #[test]
    fn what_ended_goes_on_only_if_it_did_not_finish() {
        let finished = UploadFinished { counts: counts(7), took_ms: 3 };
        let ended = [received(), UploadEvent::Finished(finished.clone())];
        given(&ended).when(UploadCommand::Retry).then(&[]);
        given(&ended).when(UploadCommand::Cancel).then(&[]);
        given(&ended).when(UploadCommand::Finish(finished)).then_rejected(UploadRejection::NotOpen);
        let cancelled = [received(), UploadEvent::Cancelled];
        given(&cancelled).when(UploadCommand::Progress(counts(1))).then_rejected(UploadRejection::NotOpen);
        given(&cancelled).when(UploadCommand::Retry).then(&[UploadEvent::Retried]);
        let again = [received(), UploadEvent::Cancelled, UploadEvent::Retried];
        given(&again).when(UploadCommand::Cancel).then(&[UploadEvent::Cancelled]);
    }

    #[test]
    fn a_deleted_file_stays_deleted() {
        let deleted = [received(), UploadEvent::Deleted];
        given(&[received()]).when(UploadCommand::Delete).then(&[UploadEvent::Deleted]);
        given(&deleted).when(UploadCommand::Delete).then(&[]);
        given(&deleted).when(UploadCommand::Retry).then_rejected(UploadRejection::Deleted);
    }

    #[test]
    fn labels_change_and_the_rest_does_not() {
        let labels = UploadLabels { description: "new".to_owned(), tags: vec![] };
        let edited = UploadEvent::Edited(labels.clone());
        given(&[received()]).when(UploadCommand::Edit(labels.clone())).then(std::slice::from_ref(&edited));
        given(&[received(), edited]).when(UploadCommand::Edit(labels)).then(&[]);
    }

    #[test]
    fn so_many_problems_are_kept() {
        let mut counts = UploadCounts::default();
        let problem = |line| UploadProblem { line, code: "c".to_owned(), message: "m".to_owned() };
        counts.add(1, 150, (0..150).map(problem));
        counts.add(5, 1, [problem(151)]);
        assert_eq!((counts.items, counts.indexed, counts.failed, counts.problems.len()), (157, 6, 151, 100));
    }
}
