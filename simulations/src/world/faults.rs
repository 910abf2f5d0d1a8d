//! Faults: which there are, how likely each is just now, and how often each was hit.
//!
//! Invariant: a fault that happens is counted, so a fault that never happens can be seen.
//! It does not do anything bad itself: the file system and the log ask it whether to.

use std::sync::Mutex;

use super::Rng;

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $name:literal,)*) => {
        /// Something that goes wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $fault,)* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$fault,)*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }
        }
    };
}

faults! {
    /// All memory and all open files are gone; so is what was not synced, in part.
    PowerCut = "power cut",
    /// The process ends between two steps; the kernel keeps what was written.
    ProcessKilled = "process killed",
    /// Either of them comes between two steps of one operation: nothing reaches the disk any more.
    DeathInside = "death inside an operation",
    /// A write that was not synced is gone after a power cut.
    LostWrite = "lost write",
    /// A later write survived a power cut and an earlier one did not.
    ReorderedWrite = "reordered write",
    /// A part of a write survived a power cut.
    TornWrite = "torn write",
    /// After a power cut a file has its new size and something else in place of its content.
    StaleSector = "stale sector",
    /// A change of a name that was not synced is gone after a power cut.
    LostName = "lost name",
    /// A bit of a synced byte changes.
    BitFlipAtRest = "bit flip at rest",
    /// A bit changes on its way from the disk.
    BitFlipInRead = "bit flip in read",
    /// A read answers fewer bytes than were asked for, which it may.
    ShortRead = "short read",
    ReadError = "read error",
    WriteError = "write error",
    /// A write stops in the middle because there is no space left.
    DiskFull = "disk full",
    /// A sync fails, and what it was to write may be on the disk or forgotten.
    SyncError = "sync error",
    /// A sync of a folder fails.
    SyncDirError = "folder sync error",
    CreateError = "create error",
    RenameError = "rename error",
    RemoveError = "remove error",
    SlowDisk = "slow disk",
    /// The caller of an append goes away before the answer.
    AppendDropped = "append dropped",
    /// An append fails and nothing was recorded.
    FailedBeforeCommit = "failed before commit",
    /// An append was recorded and its answer is lost.
    LostAck = "lost ack",
    /// An append or a read takes its time.
    Delay = "delay",
    /// An append finds that another was quicker.
    Conflict = "conflict",
    /// An actor panics in the middle of its work.
    ActorPanic = "actor panic",
    /// A job panics between two steps.
    JobPanic = "job panic",
    /// A projection cannot go on for a moment.
    ProjectionError = "projection error",
    /// A projection has no room for a moment.
    ProjectionFull = "projection full",
    /// A projection cannot take an event this time.
    EventRefused = "event refused",
    /// An event comes that no projection can ever take.
    PoisonEvent = "poison event",
}

const COUNT: usize = Fault::ALL.len();

/// How often each fault was hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultCounts([u64; COUNT]);

impl Default for FaultCounts {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl FaultCounts {
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }
}

/// The faults of a world.
#[derive(Debug)]
pub struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    rng: Rng,
    per_mille: [u16; COUNT],
    paused: bool,
    counts: FaultCounts,
}

impl Faults {
    /// No fault happens before it is armed.
    pub fn new(rng: Rng) -> Self {
        Self {
            inner: Mutex::new(Inner {
                rng,
                per_mille: [0; COUNT],
                paused: false,
                counts: FaultCounts::default(),
            }),
        }
    }

    /// From now on `fault` happens at that rate where it can; 0 disarms it.
    pub fn arm(&self, fault: Fault, per_mille: u16) {
        self.with(|inner| inner.per_mille[fault as usize] = per_mille);
    }

    pub fn disarm_all(&self) {
        self.with(|inner| inner.per_mille = [0; COUNT]);
    }

    /// Nothing goes wrong while `action` runs: a scenario looks at the truth.
    pub fn without<T>(&self, action: impl FnOnce() -> T) -> T {
        let before = self.with(|inner| std::mem::replace(&mut inner.paused, true));
        let answer = action();
        self.with(|inner| inner.paused = before);
        answer
    }

    /// Whether `fault` happens here. The one who asks makes it happen: it is counted already.
    pub fn strikes(&self, fault: Fault) -> bool {
        self.with(|inner| {
            let per_mille = inner.per_mille[fault as usize];
            let strikes = per_mille > 0 && !inner.paused && inner.rng.chance(u64::from(per_mille));
            inner.counts.0[fault as usize] += u64::from(strikes);
            strikes
        })
    }

    /// Counts a fault that the scenario or a power cut brought about.
    pub fn count(&self, fault: Fault) {
        self.with(|inner| inner.counts.0[fault as usize] += 1);
    }

    pub fn counts(&self) -> FaultCounts {
        self.with(|inner| inner.counts.clone())
    }

    /// The randomness of what faults do.
    pub fn random<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        self.with(|inner| draw(&mut inner.rng))
    }

    fn with<T>(&self, action: impl FnOnce(&mut Inner) -> T) -> T {
        action(&mut self.inner.lock().expect("nothing panics while it asks for a fault"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_only_while_it_is_armed_and_is_counted() {
        let faults = Faults::new(Rng::new(1));
        assert!(!faults.strikes(Fault::ReadError));
        faults.arm(Fault::ReadError, 1000);
        assert!(faults.strikes(Fault::ReadError) && !faults.strikes(Fault::ShortRead));
        faults.disarm_all();
        assert!(!faults.strikes(Fault::ReadError));
        assert_eq!(faults.counts().of(Fault::ReadError), 1);
    }
}
