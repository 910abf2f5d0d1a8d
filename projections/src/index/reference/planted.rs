//! Bugs that a test can switch on, to prove that the conformance suite finds them.
//!
//! Invariant: without one the index is as it should be. They are no faults of the machine.

/// One of the bugs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Planted {
    #[default]
    None,
    /// Lines of all tenants are everybody's.
    TenantForgotten,
    /// A line is found by its id whoever asks.
    IdOfAnyTenant,
    /// An event that comes again is taken again.
    RepeatTaken,
    /// A page goes on behind the time of the last line, and not behind the line.
    TiesDropped,
    /// A cursor is used whatever it was given out for.
    AnyCursor,
    /// A search that ran out of time goes on where nothing was looked at.
    StopSkipsLines,
    /// An answer does not say that lines are missing.
    PartialNotSaid,
    /// The page is the limit long, whatever memory that takes.
    MemoryUnbounded,
    /// The total is that of the page.
    TotalOfPage,
    /// What a sender said for all lines is forgotten when values are counted.
    DefaultsForgotten,
    /// Erased lines stay.
    ErasureForgotten,
    /// The log gives erased lines again, and they are taken.
    ErasedComeAgain,
    /// Lines go before their time.
    RetainedTooShort,
    /// The last rule that a line meets counts, and not the first.
    LastRuleCounts,
    /// A bucket begins a step too late.
    BucketsShifted,
    /// The lines around a line begin with the line.
    ContextOffByOne,
    /// Whatever comes is a new pattern.
    EverythingNew,
    /// A pattern is first seen when it was seen last.
    FirstSeenLast,
    /// Examples of a pattern are its oldest lines.
    OldestExamples,
}

impl Planted {
    /// All but `None`.
    pub const ALL: [Self; 19] = [
        Self::TenantForgotten,
        Self::IdOfAnyTenant,
        Self::RepeatTaken,
        Self::TiesDropped,
        Self::AnyCursor,
        Self::StopSkipsLines,
        Self::PartialNotSaid,
        Self::MemoryUnbounded,
        Self::TotalOfPage,
        Self::DefaultsForgotten,
        Self::ErasureForgotten,
        Self::ErasedComeAgain,
        Self::RetainedTooShort,
        Self::LastRuleCounts,
        Self::BucketsShifted,
        Self::ContextOffByOne,
        Self::EverythingNew,
        Self::FirstSeenLast,
        Self::OldestExamples,
    ];

    pub(super) fn is(self, planted: Self) -> bool {
        self == planted
    }
}
