//! Bugs that can be planted into the store, to prove that the tests and the simulation find them.
//!
//! Invariant: outside tests and without the cargo feature `planted` none of them can be switched on, whatever
//! the options say. It is not a list of known bugs: the store has none of these.

/// One mistake that an author of a store could make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Planted {
    #[default]
    None,
    /// The checkpoint of a sealed group is how far lines were applied, not how far they were sealed.
    CheckpointTooFar,
    /// Files count, and the checkpoint stays where it was.
    CheckpointNotMoved,
    /// A group counts although its file was not synced.
    GroupNotSynced,
    /// A group counts although its name was not synced.
    FolderNotSynced,
    /// What was merged stays beside what it was merged into.
    InputsStay,
    /// Files go although a search reads them.
    RemovedWhileRead,
    /// The mark of an erased tenant goes although the log can still give its lines.
    EraseEndsTooEarly,
    /// The erased lines of groups in memory are sealed.
    EraseForgottenBySeal,
    /// The newest group is not erased.
    EraseOffByOne,
    /// Events that were applied are applied again.
    RepeatTaken,
    /// The age of lines counts from the time that they tell, however late they came.
    AgeOfOwnTime,
}

impl Planted {
    pub const ALL: [Self; 11] = [
        Self::CheckpointTooFar,
        Self::CheckpointNotMoved,
        Self::GroupNotSynced,
        Self::FolderNotSynced,
        Self::InputsStay,
        Self::RemovedWhileRead,
        Self::EraseEndsTooEarly,
        Self::EraseForgottenBySeal,
        Self::EraseOffByOne,
        Self::RepeatTaken,
        Self::AgeOfOwnTime,
    ];

    pub(super) const fn is(self, bug: Self) -> bool {
        cfg!(any(test, feature = "planted")) && self as u8 == bug as u8
    }
}
