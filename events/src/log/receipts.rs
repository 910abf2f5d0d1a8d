//! Receipts held against the log: what a sender was told is what is there.
//!
//! Invariant: a receipt is proved only by the events that it names, all of them seen, with its count of lines and its
//! hash. It reads nothing itself: whoever walks the log shows it the events in order.

use crate::ids::Offset;
use crate::log::Recorded;
use crate::wire::{ChainHash, Receipt};

/// A receipt and what was seen of its events.
#[derive(Debug, Clone)]
pub struct ReceiptProof {
    receipt: Receipt,
    events: u64,
    lines: u64,
    last_hash: Option<ChainHash>,
}

/// Why a receipt is not proved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    #[error("its first event {first} stands behind its last {last}")]
    Reversed { first: Offset, last: Offset },
    #[error("{missing} of its {named} events are not in the log; line events go when they are truncated")]
    Missing { missing: u64, named: u64 },
    #[error("its events hold {actual} lines, not {expected}")]
    Count { expected: u64, actual: u64 },
    #[error("event {offset} has the hash {actual}, not {expected}")]
    Hash { offset: Offset, expected: ChainHash, actual: ChainHash },
}

impl ReceiptProof {
    pub fn new(receipt: Receipt) -> Self {
        Self { receipt, events: 0, lines: 0, last_hash: None }
    }

    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Takes in an event of the log; `lines` is how many it holds.
    pub fn see(&mut self, recorded: &Recorded, lines: u64) {
        let Receipt { partition, first, last, .. } = self.receipt;
        let offset = recorded.envelope.offset;
        if recorded.envelope.partition != partition || offset < first || offset > last {
            return;
        }
        self.events += 1;
        self.lines += lines;
        if offset == last {
            self.last_hash = Some(recorded.hash);
        }
    }

    /// The verdict when the whole log was shown.
    pub fn verdict(&self) -> Result<(), ReceiptFault> {
        let Receipt { first, last, count: expected, hash, .. } = self.receipt;
        if last < first {
            return Err(ReceiptFault::Reversed { first, last });
        }
        let named = (last.number() - first.number()).saturating_add(1);
        let Some(actual) = self.last_hash.filter(|_| self.events == named) else {
            return Err(ReceiptFault::Missing { missing: named - self.events.min(named), named });
        };
        if actual != hash {
            return Err(ReceiptFault::Hash { offset: last, expected: hash, actual });
        }
        match self.lines {
            actual if actual == expected => Ok(()),
            actual => Err(ReceiptFault::Count { expected, actual }),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::clock::Timestamp;
    use crate::codec::CodecId;
    use crate::ids::{PartitionId, TenantId};
    use crate::subject::Subject;
    use crate::wire::{Envelope, EventType, SchemaVersion};

    fn recorded(partition: u16, offset: u64) -> Recorded {
        let envelope = Envelope {
            codec: CodecId::BincodeZstd,
            event_type: EventType(1),
            schema: SchemaVersion(1),
            partition: PartitionId::new(partition),
            offset: Offset::new(offset),
            recorded_at: Timestamp::from_nanos(0),
            subject: Subject::lines(TenantId::parse("acme").unwrap()),
            previous: ChainHash::START,
            body_stored: 0,
            body_raw: 0,
            body_crc: 0,
        };
        Recorded { envelope, hash: ChainHash::of_body(&offset.to_le_bytes()), body: Bytes::new() }
    }

    fn verdict(change: impl FnOnce(&mut Receipt)) -> Result<(), String> {
        let hash = recorded(1, 4).hash;
        let (first, last) = (Offset::new(3), Offset::new(4));
        let mut receipt = Receipt { partition: PartitionId::new(1), first, last, count: 20, hash };
        change(&mut receipt);
        let mut proof = ReceiptProof::new(receipt);
        for partition in 0..3 {
            (1..6).for_each(|offset| proof.see(&recorded(partition, offset), 10));
        }
        proof.verdict().map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_receipt_is_proved_by_its_events_only() {
        assert_eq!(verdict(|_| ()), Ok(()));
    }

    #[test]
    fn a_wrong_receipt_is_told_what_is_wrong() {
        let check = |change: fn(&mut Receipt), message: &str| {
            let told = verdict(change).unwrap_err();
            assert!(told.contains(message), "{told}");
        };
        check(|receipt| receipt.count = 21, "hold 20 lines, not 21");
        check(|receipt| receipt.hash = ChainHash::START, "event 4 has the hash");
        check(|receipt| receipt.last = Offset::new(9), "4 of its 7 events are not in the log");
        check(|receipt| receipt.first = Offset::new(5), "its first event 5 stands behind its last 4");
        check(|receipt| receipt.partition = PartitionId::new(7), "2 of its 2 events are not in the log");
        check(|receipt| receipt.last = Offset::MAX, "events are not in the log");
    }
}
