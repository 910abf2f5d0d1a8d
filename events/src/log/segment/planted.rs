//! Bugs that can be planted into the segment log, to prove that the simulation finds them.
//!
//! Invariant: without the cargo feature `planted` none of them can be switched on, whatever the options say.
//! It is not a list of known bugs: the log has none of these.

/// One mistake that an author of a log could make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Planted {
    #[default]
    None,
    /// Appends are acknowledged although nothing was synced.
    AckBeforeSync,
    /// The folder is not synced after a segment was made.
    NoFolderSync,
    /// A sync that failed counts as done.
    SyncErrorSwallowed,
    /// The checksum of a body is not looked at.
    BodyChecksumIgnored,
    /// A torn tail takes the good frame before it along.
    TailCutTooFar,
    /// An append that was only half written is kept.
    HalfAppendKept,
    /// Bytes that were synced once and are gone pass for a torn tail.
    LossTakenForTornTail,
    /// After a failed sync the tail is believed as it is read, and not written again.
    TailNotWrittenAgain,
    /// `verify` does not compare the hash chain.
    ChainNotChecked,
    /// A new segment is named one offset too late.
    RollOffByOne,
    /// The sparse index points one frame too far.
    IndexOffByOne,
    /// Expected offsets of aggregates are not compared.
    ExpectedIgnored,
    /// Truncation does not ask the readers.
    HoldIgnored,
    /// Truncation takes control events too.
    ControlTruncated,
    /// What a full disk took of a write stays in the file.
    FullDiskTailLeft,
}

impl Planted {
    pub const ALL: [Self; 15] = [
        Self::AckBeforeSync,
        Self::NoFolderSync,
        Self::SyncErrorSwallowed,
        Self::BodyChecksumIgnored,
        Self::TailCutTooFar,
        Self::HalfAppendKept,
        Self::LossTakenForTornTail,
        Self::TailNotWrittenAgain,
        Self::ChainNotChecked,
        Self::RollOffByOne,
        Self::IndexOffByOne,
        Self::ExpectedIgnored,
        Self::HoldIgnored,
        Self::ControlTruncated,
        Self::FullDiskTailLeft,
    ];

    pub(super) const fn is(self, bug: Self) -> bool {
        cfg!(feature = "planted") && self as u8 == bug as u8
    }
}
