//! What the streams and subjects of a log are called.
//!
//! Invariant: two prefixes never share a name. A stream of a partition has two subjects, so that records of lines alone
//! can go one day while the others stay. It does not know what lies under a name.

use crate::ids::PartitionId;

/// Longest prefix; what a stream may be called leaves room for more.
const PREFIX_BYTES_MAX: usize = 32;

/// The names of one log.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
}

/// Why a prefix is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a prefix of names has 1 to {PREFIX_BYTES_MAX} of the characters a-z, 0-9 and -, and {0:?} has not")]
pub struct PrefixError(String);

impl Names {
    pub(super) fn new(prefix: &str) -> Result<Self, PrefixError> {
        let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=PREFIX_BYTES_MAX).contains(&prefix.len()) && prefix.bytes().all(is_good) {
            true => Ok(Self { prefix: prefix.to_owned() }),
            false => Err(PrefixError(prefix.chars().take(80).collect())),
        }
    }

    /// The stream of a partition.
    pub(super) fn stream(&self, partition: PartitionId) -> String {
        format!("{}-ev-{:03}", self.prefix, partition.number())
    }

    /// All records of a partition.
    pub(super) fn records(&self, partition: PartitionId) -> String {
        format!("{}.ev.{}.>", self.prefix, partition.number())
    }

    /// Records of lines alone.
    pub(super) fn lines(&self, partition: PartitionId) -> String {
        format!("{}.ev.{}.lines", self.prefix, partition.number())
    }

    /// Records that hold a control event.
    pub(super) fn control(&self, partition: PartitionId) -> String {
        format!("{}.ev.{}.control", self.prefix, partition.number())
    }

    /// The stream of all snapshots; it says of itself how many partitions the log has.
    pub(super) fn snapshots_stream(&self) -> String {
        format!("{}-snapshots", self.prefix)
    }

    pub(super) fn snapshots(&self) -> String {
        format!("{}.snapshots.>", self.prefix)
    }

    /// Which snapshot of a partition counts.
    pub(super) fn pointer(&self, partition: PartitionId) -> String {
        format!("{}.snapshots.{}.now", self.prefix, partition.number())
    }

    /// A piece of the snapshot that was taken at a sequence.
    pub(super) fn piece(&self, partition: PartitionId, sequence: u64, at: usize) -> String {
        format!("{}.snapshots.{}.at.{sequence}.{at}", self.prefix, partition.number())
    }

    /// All pieces of that snapshot.
    pub(super) fn all_pieces(&self, partition: PartitionId, sequence: u64) -> String {
        format!("{}.snapshots.{}.at.{sequence}.*", self.prefix, partition.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_below_their_prefix() {
        let names = Names::new("antler-2").unwrap();
        let partition = PartitionId::new(7);
        assert_eq!(names.stream(partition), "antler-2-ev-007");
        assert_eq!(names.lines(partition), "antler-2.ev.7.lines");
        assert_eq!(names.control(partition), "antler-2.ev.7.control");
        assert_eq!(names.piece(partition, 12, 0), "antler-2.snapshots.7.at.12.0");
    }

    #[test]
    fn a_prefix_that_means_something_to_the_server_is_refused() {
        for prefix in ["", "a.b", "a*", ">", "A", "a b", &"x".repeat(33)] {
            let told = Names::new(prefix).unwrap_err().to_string();
            assert!(told.contains(&format!("{prefix:?}")), "{told}");
        }
    }
}
