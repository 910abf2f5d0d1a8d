//! What the log must hold, by what senders were told.
//!
//! Invariant: it knows no more than the senders do. It does not know how the system works.

use std::collections::BTreeMap;

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::EventLog as _;
use antler_events::wire::{ChainHash, Receipt};
use anyhow::{Context as _, ensure};

use super::ledger::{InLog, hashes_of, lines_of};
use super::senders::{Sent, Told};
use crate::world::SimulatedLog;

#[derive(Debug, Default)]
pub(super) struct Model {
    /// What was sent in each life.
    pub(super) lives: Vec<Vec<Sent>>,
}

/// What all partitions have.
struct Found(BTreeMap<PartitionId, FoundIn>);

struct FoundIn {
    /// Events with lines.
    lines: BTreeMap<Offset, InLog>,
    /// Of all events.
    hashes: BTreeMap<Offset, ChainHash>,
}

impl Model {
    /// Holds the log against what was told.
    pub(super) fn check(&self, log: &SimulatedLog) -> anyhow::Result<()> {
        let partitions = (0..log.partitions()).map(PartitionId::new);
        let found = partitions.map(|partition| {
            let (lines, hashes) = (lines_of(log, partition)?, hashes_of(log, partition)?);
            Ok((partition, FoundIn { lines, hashes }))
        });
        let found = Found(found.collect::<anyhow::Result<_>>()?);
        for sent in &self.lives {
            for sent in sent {
                let text = String::from_utf8_lossy(&sent.text[..sent.text.len().min(60)]);
                found.check(sent).with_context(|| format!("told {:?} of {text}", sent.told))?;
            }
            check_order(sent)?;
        }
        Ok(())
    }
}

impl Found {
    fn check(&self, sent: &Sent) -> anyhow::Result<()> {
        let times = self.times(sent);
        match &sent.told {
            Told::Taken(receipt) => {
                self.check_receipt(sent, receipt)?;
                ensure!(times == 1, "acknowledged, and {times} times in the log");
            }
            Told::Refused => ensure!(times == 0, "refused, and in the log"),
            Told::Unknown => ensure!(times <= 1, "{times} times in the log"),
        }
        Ok(())
    }

    fn check_receipt(&self, sent: &Sent, receipt: &Receipt) -> anyhow::Result<()> {
        let Receipt { partition, first, last, count, hash } = receipt;
        let FoundIn { lines, hashes } = self.0.get(partition).context("there is no such partition")?;
        let mut text = Vec::new();
        for (_, event) in lines.range(*first..=*last) {
            ensure!(event.tenant == sent.tenant, "recorded as {}'s", event.tenant);
            text.extend_from_slice(&event.text());
        }
        ensure!(text == sent.text, "something else is where the receipt says");
        // The last event may be the answer to the request.
        ensure!(hashes.get(last) == Some(hash), "the receipt names another hash");
        ensure!(*count == sent.lines, "the receipt counts {count} lines of {}", sent.lines);
        Ok(())
    }

    /// How often the first event of a batch is in the log.
    fn times(&self, sent: &Sent) -> usize {
        let events = self.0.values().flat_map(|found| found.lines.values());
        events.filter(|event| sent.text.starts_with(&event.text())).count()
    }
}

/// What one sender sent one after another stands in the log in that order.
fn check_order(sent: &[Sent]) -> anyhow::Result<()> {
    let mut last: BTreeMap<(usize, PartitionId), Offset> = BTreeMap::new();
    for sent in sent {
        let Told::Taken(receipt) = &sent.told else { continue };
        let before = last.insert((sent.sender, receipt.partition), receipt.last);
        ensure!(before.is_none_or(|before| before < receipt.first), "batches of a sender changed places");
    }
    Ok(())
}
