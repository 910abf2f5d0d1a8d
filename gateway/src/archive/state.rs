//! What becomes of an archive, as it stands beside its file.
//!
//! Invariant: an archive that ended stays so until somebody says that it is to go on; what is counted is on stable storage.
//! It is no event: an archive is of this disk, and goes with it. It does no work.

use std::time::Duration;

use antler_events::access::StreamPatterns;
use antler_events::clock::Timestamp;
use antler_events::ids::{ArchiveId, UserId};
use serde::{Deserialize, Serialize};

use super::form::{Member, Origin};

/// Warnings that are kept; further ones say nothing new.
const WARNINGS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    pub id: ArchiveId,
    pub owner: UserId,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    pub task: Task,
    pub stage: Stage,
    pub done: Done,
    /// Why an open one does not go on just now.
    #[serde(default)]
    pub waits: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    Export(Wanted),
    Import(Brought),
}

/// What is to be in an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Times of lines, both included.
    pub from: Option<Timestamp>,
    pub to: Timestamp,
    /// None: all.
    pub streams: StreamPatterns,
    pub lines: bool,
    pub settings: bool,
    pub files: bool,
}

/// An archive that was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    pub sha256: String,
    pub bytes: u64,
    pub origin: Origin,
    pub made_at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    Open,
    /// `bytes` and `sha256` are of the file.
    Finished {
        bytes: u64,
        sha256: String,
        took_ms: u64,
    },
    Failed {
        message: String,
    },
    Cancelled,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Bytes of the archive: it goes on behind these.
    pub bytes: u64,
    pub members: Vec<Member>,
    /// Behind which line an export goes on.
    pub cursor: Option<String>,
    pub has_all_lines: bool,
    pub lines: u64,
    /// What the lines are estimated to be.
    pub of_lines: u64,
    pub searches: u64,
    pub files: u64,
    pub warnings: Vec<String>,
}

impl Archive {
    pub fn new(id: ArchiveId, owner: UserId, now: Timestamp, task: Task) -> Self {
        let (stage, done) = (Stage::Open, Done::default());
        Self { id, owner, created_at: now, changed_at: now, task, stage, done, waits: None }
    }

    pub fn is_export(&self) -> bool {
        matches!(self.task, Task::Export(_))
    }

    /// Why it was not done, or does not go on just now.
    pub fn trouble(&self) -> Option<&str> {
        match &self.stage {
            Stage::Failed { message } => Some(message),
            Stage::Open => self.waits.as_deref(),
            Stage::Finished { .. } | Stage::Cancelled => None,
        }
    }

    /// None for one that stays.
    pub fn expires_at(&self, exports_kept_for: Duration) -> Option<Timestamp> {
        let is_over = self.is_export() && self.stage != Stage::Open;
        is_over.then(|| self.changed_at.plus(exports_kept_for))
    }

    /// Percent.
    pub fn progress(&self) -> u64 {
        let part = |done: u64, of: u64| (done.saturating_mul(100)).checked_div(of).unwrap_or(0).min(99);
        match (&self.stage, &self.task) {
            (Stage::Finished { .. }, _) => 100,
            (_, Task::Export(_)) => part(self.done.lines, self.done.of_lines),
            (_, Task::Import(brought)) => part(self.done.bytes, brought.bytes),
        }
    }
}

impl Done {
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    pub fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS_MAX && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
