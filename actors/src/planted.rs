//! Bugs that can be planted into the actors, to prove that the simulation finds them.
//!
//! Invariant: without the cargo feature `planted` none of them can be switched on. It is not a list of known bugs: the
//! actors have none of these.

/// One mistake that an author of actors could make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Planted {
    #[default]
    None,
    /// An append that is in doubt is answered as if it was done.
    DoubtIsTaken,
    /// An append that is in doubt is made again.
    DoubtIsRepeated,
    /// The key of a request in doubt may be used again at once.
    DoubtForgotten,
    /// Batches are handed on one offset too late.
    HandedTooLate,
    /// A receipt counts batches.
    ReceiptCountsBatches,
    /// A shard stops while it writes.
    ShardStopsAtOnce,
    /// Credit is taken for one byte, whatever comes.
    CreditOfOneByte,
    /// The credit of a batch that was refused is kept.
    CreditKept,
    /// The turn of a batch that was refused is kept.
    TurnKept,
    /// Who came first is written first.
    TurnsInOrder,
    /// What a projection could not take a moment ago is forgotten.
    WaitingForgotten,
    /// An event is set aside when it is refused once.
    SetAsideAtOnce,
    /// Events behind one that is set aside go with it.
    SetAsideTooFar,
    /// An event that cannot be taken is tried for ever.
    NeverSetAside,
    /// A projector stops without settling.
    StopsUnsettled,
    /// A shard that failed stays away.
    ShardStaysAway,
    /// A tenant that keeps failing is started for ever.
    NeverParked,
    /// A tenant that fails takes the platform along.
    FailureSpreads,
    /// Who is revived stays parked.
    RevivedInVain,
    /// A job that is started again runs beside itself.
    JobRunsTwice,
    /// A job that failed is not started again.
    JobStaysAway,
    /// A job that is ended goes on.
    EndedJobGoesOn,
    /// A job that keeps failing is started for ever.
    JobNeverGivenUp,
    /// A tenant may have as many jobs at work as it likes.
    JobsWithoutTurns,
    /// Lines are held against rules that views have not caught up with.
    RulesOfOldViews,
    /// Streams have no retention of their own.
    StreamRulesForgotten,
    /// The log lets go of lines that the index has in memory only.
    LogLetsGoTooEarly,
    /// An erasure that was cut off does not go on after a restart.
    ErasureNotResumed,
    /// Lines that are on their way are not waited for before a tenant is erased.
    ErasureDoesNotWait,
    /// Only those lines of a tenant are erased that the index has by then.
    ErasureOfAppliedOnly,
    /// Files of a tenant that cannot be removed are left to themselves.
    ErasureLeavesFiles,
    /// Exports are held against their time at the start only.
    ExportsStay,
}

impl Planted {
    /// Bugs in how lines are taken and jobs are done.
    pub const OF_INGEST: [Self; 24] = [
        Self::DoubtIsTaken,
        Self::DoubtIsRepeated,
        Self::DoubtForgotten,
        Self::HandedTooLate,
        Self::ReceiptCountsBatches,
        Self::ShardStopsAtOnce,
        Self::CreditOfOneByte,
        Self::CreditKept,
        Self::TurnKept,
        Self::TurnsInOrder,
        Self::WaitingForgotten,
        Self::SetAsideAtOnce,
        Self::SetAsideTooFar,
        Self::NeverSetAside,
        Self::StopsUnsettled,
        Self::ShardStaysAway,
        Self::NeverParked,
        Self::FailureSpreads,
        Self::RevivedInVain,
        Self::JobRunsTwice,
        Self::JobStaysAway,
        Self::EndedJobGoesOn,
        Self::JobNeverGivenUp,
        Self::JobsWithoutTurns,
    ];

    /// Bugs in what keeps and lets go, which the scenario of upkeep finds.
    pub const OF_UPKEEP: [Self; 8] = [
        Self::RulesOfOldViews,
        Self::StreamRulesForgotten,
        Self::LogLetsGoTooEarly,
        Self::ErasureNotResumed,
        Self::ErasureDoesNotWait,
        Self::ErasureOfAppliedOnly,
        Self::ErasureLeavesFiles,
        Self::ExportsStay,
    ];

    pub(crate) const fn is(self, bug: Self) -> bool {
        cfg!(feature = "planted") && self as u8 == bug as u8
    }
}
