//! Compares a log with what its writers acknowledged.
//!
//! Invariant: every event in the log belongs to an append that some writer made, whole and once; every
//! acknowledged one is there. It opens the log as the program does, so that each look is a recovery too.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::segment::{Finding, Opened, Planted, SegmentLog, verify};
use antler_events::log::{EventLog as _, Recorded};
use antler_events::wire::ChainHash;
use anyhow::{Context as _, bail, ensure};

use super::load::{Number, PARTITIONS};
use super::writer::options;

/// What must be in the log.
pub(crate) struct Checker {
    dir: PathBuf,
    acknowledged: BTreeMap<Number, (Offset, ChainHash)>,
    /// First offset of each append that was seen in the log.
    seen: BTreeMap<Number, Offset>,
    /// Per partition: everything below was compared.
    compared: BTreeMap<PartitionId, Offset>,
    looks: u64,
    torn_tails: u64,
}

impl Checker {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            acknowledged: BTreeMap::new(),
            seen: BTreeMap::new(),
            compared: BTreeMap::new(),
            looks: 0,
            torn_tails: 0,
        }
    }

    /// Takes the lines that a writer has printed.
    pub(crate) fn expect(&mut self, acks: &[String]) -> anyhow::Result<()> {
        for ack in acks {
            let mut words = ack.split(' ');
            let (Some(number), Some(first), Some(hash)) = (words.next(), words.next(), words.next()) else {
                bail!("the writer printed {ack:?}");
            };
            let place = (Offset::new(first.parse()?), hash.parse()?);
            self.acknowledged.insert(Number::parse(number)?, place);
        }
        Ok(())
    }

    /// Looks at what is new, or at the whole log.
    pub(crate) fn check(&mut self, whole: bool) -> anyhow::Result<()> {
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let Opened { log, committers, findings } = SegmentLog::open(&files, options(&self.dir))?;
        for finding in findings {
            match finding {
                Finding::TornTail { .. } => self.torn_tails += 1,
                Finding::Damaged(damage) => bail!("a kill cannot damage the log: {damage}"),
            }
        }
        if whole {
            self.compared.clear();
            self.seen.clear();
        }
        self.looks += 1;
        for partition in (0..PARTITIONS).map(PartitionId::new) {
            self.compare(&log, partition).with_context(|| format!("partition {partition}"))?;
        }
        for (number, (first, _)) in &self.acknowledged {
            ensure!(
                self.seen.get(number) == Some(first),
                "append {} was acknowledged at {first} and is gone",
                number.text()
            );
        }
        log.close();
        drop(committers);
        if whole { self.verify() } else { Ok(()) }
    }

    pub(crate) fn summary(&self) -> String {
        let Self { acknowledged, seen, looks, torn_tails, .. } = self;
        format!(
            "{} appends acknowledged, {} in the log, nothing lost, {looks} looks, {torn_tails} torn tails",
            acknowledged.len(),
            seen.len()
        )
    }

    fn compare(&mut self, log: &SegmentLog, partition: PartitionId) -> anyhow::Result<()> {
        let mut from = self.compared.get(&partition).copied().unwrap_or(Offset::FIRST);
        let end = log.bounds(partition)?.next;
        ensure!(end >= from, "the log ends at {end}, and it reached {from}");
        let mut events: Vec<Recorded> = Vec::new();
        while from < end {
            let chunk = now(log.read(partition, from, 1 << 20))?;
            from = chunk.next;
            events.extend(chunk.events);
        }
        let mut rest = events.as_slice();
        while let [first, ..] = rest {
            let number = Number::of_first(first.envelope.recorded_at);
            let count = self.compare_append(number, partition, rest)?;
            rest = &rest[count..];
        }
        self.compared.insert(partition, end);
        Ok(())
    }

    fn compare_append(
        &mut self,
        number: Number,
        partition: PartitionId,
        events: &[Recorded],
    ) -> anyhow::Result<usize> {
        let append = number.append();
        let count = append.events.len();
        let first = events[0].envelope.offset;
        ensure!(number.partition() == partition, "append {} is in the wrong partition", number.text());
        ensure!(events.len() >= count, "append {} at {first} is there in part", number.text());
        for (at, (event, found)) in append.events.iter().zip(events).enumerate() {
            let same = found.envelope.offset == first.plus(at as u64)
                && found.envelope.subject == event.subject
                && found.envelope.recorded_at == event.recorded_at
                && found.body == event.body;
            ensure!(same, "event {} is not as it was appended", found.envelope.offset);
        }
        if let Some((_, hash)) = self.acknowledged.get(&number) {
            ensure!(events[count - 1].hash == *hash, "append {} has another hash", number.text());
        }
        let before = self.seen.insert(number, first);
        ensure!(before.is_none(), "append {} is in the log twice", number.text());
        Ok(count)
    }

    fn verify(&self) -> anyhow::Result<()> {
        let verification = verify(&RealFiles, &self.dir, Planted::None, &mut |_| Ok(()))?;
        ensure!(verification.findings.is_empty(), "verify finds {:?}", verification.findings);
        Ok(())
    }
}

/// Reads of this log never wait.
fn now<T, E>(answer: impl Future<Output = Result<T, E>>) -> anyhow::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    Ok(antler_simulations::world::poll::poll_now(answer).context("a read waits")??)
}
