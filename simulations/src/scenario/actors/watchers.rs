//! Those who watch a tenant's lines come in, some of them slowly, and come back when they were cut off.
//!
//! Invariant: they note all that they were told, in order. What they should have been told is for `check` to say, which
//! holds their notes against the log.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use antler_actors::live::frame::{FrameForm, TailLine};
use antler_actors::live::queue::{Gap, QueueBounds, Told};
use antler_actors::live::request::{Begin, Subscription, TailRequest};
use antler_actors::live::seq::Seq;
use antler_actors::system::System;
use antler_events::ids::TenantId;
use antler_events::log::EventLog as _;
use antler_events::query::tree::Filter;
use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;

use super::ledger::lines_of;
use crate::world::{Rng, SimulatedLog};

/// A line as its number and its text.
#[derive(Debug)]
struct Text;

impl FrameForm for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn line(&self, tenant: TenantId, line: &TailLine<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} {tenant} ", line.seq).as_bytes());
        out.extend_from_slice(line.line.raw());
        out.push(b'\n');
    }

    fn frame(&self, _count: u64, _first: Seq, _last: Seq, lines: &[u8]) -> Bytes {
        Bytes::copy_from_slice(lines)
    }
}

/// What a watcher was told.
#[derive(Debug, Default)]
struct Heard {
    /// From where on it has to be told everything.
    begin: Option<Seq>,
    lines: Vec<(Seq, String)>,
    gaps: Vec<Gap>,
    /// All before this was told.
    told: Seq,
}

/// The notes of one watcher.
#[derive(Debug)]
pub(super) struct Watched {
    tenant: TenantId,
    heard: Mutex<Heard>,
}

/// Somebody who watches.
#[derive(Debug)]
pub(super) struct Watcher {
    rng: Rng,
    queue: QueueBounds,
    pause_max: u64,
    watched: Arc<Watched>,
}

impl Watched {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("nothing panics while it notes")
    }

    /// Holds what was told against the log; to its end if everything must have been told.
    pub(super) fn check(&self, log: &SimulatedLog, is_all: bool) -> anyhow::Result<()> {
        let heard = self.heard();
        let Some(begin) = heard.begin else { return Ok(()) };
        let mut expected = BTreeSet::new();
        for partition in (0..log.partitions()).map(antler_events::ids::PartitionId::new) {
            for (offset, event) in lines_of(log, partition)? {
                let its = event.lines.iter().enumerate().filter(|_| event.tenant == self.tenant);
                for (row, text) in its {
                    let seq = Seq::of(offset, row).context("a number for a line")?;
                    expected.insert((seq, String::from_utf8_lossy(text).into_owned()));
                }
            }
        }
        let mut last = None;
        for (seq, text) in &heard.lines {
            ensure!(last < Some(*seq), "a watcher was told line {seq} behind {last:?}");
            last = Some(*seq);
            ensure!(
                expected.contains(&(*seq, text.clone())),
                "a watcher was told line {seq}, which is another"
            );
        }
        let told: BTreeSet<Seq> = heard.lines.iter().map(|(seq, _)| *seq).collect();
        let is_missing =
            |seq: Seq| !told.contains(&seq) && !heard.gaps.iter().any(|gap| gap.from <= seq && seq <= gap.to);
        let due =
            expected.iter().map(|(seq, _)| *seq).filter(|seq| begin <= *seq && (is_all || *seq < heard.told));
        if let Some(missing) = due.clone().find(|seq| is_missing(*seq)) {
            bail!("a watcher of {} was neither told line {missing} nor of a gap", self.tenant);
        }
        for gap in &heard.gaps {
            let within =
                due.clone().filter(|seq| gap.from <= *seq && *seq <= gap.to && !told.contains(seq)).count();
            let counted = gap.count.context("the log has all lines, and a gap has no count")?;
            ensure!(counted == within as u64, "a gap counts {counted} lines, and {within} are missing");
        }
        Ok(())
    }
}

impl Watcher {
    pub(super) fn new(tenant: TenantId, rng: &mut Rng) -> (Self, Arc<Watched>) {
        let watched = Arc::new(Watched { tenant, heard: Mutex::default() });
        let frames_max = *rng.pick(&[1, 2, 1_000]);
        let queue = QueueBounds { frames_max, bytes_max: *rng.pick(&[500, 1 << 20]) };
        let pause_max = *rng.pick(&[0, 0, 200, 3_000]);
        (Self { rng: rng.fork(), queue, pause_max, watched: Arc::clone(&watched) }, watched)
    }

    /// Watches until it is dropped.
    pub(super) async fn watch(mut self, system: Arc<System>) {
        let mut begin = Begin::Now;
        loop {
            let form = Arc::new(Text);
            let request =
                TailRequest::new(Filter::All, form, begin, self.queue).expect("all lines can be matched");
            let Ok(subscription) = system.tail(self.watched.tenant, &request).await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            self.watched.heard().begin.get_or_insert(subscription.position());
            self.listen(&subscription).await;
            begin = Begin::At(subscription.exact_position().await);
        }
    }

    /// Listens for a while: until the tail ends or the connection is lost.
    async fn listen(&mut self, subscription: &Subscription) {
        let patience = self.rng.between(1, 30);
        for _ in 0..patience {
            let told = subscription.next().await;
            if told == Told::Ended {
                return;
            }
            self.note(&told);
            if self.rng.chance(100) {
                subscription.pause();
                tokio::time::sleep(Duration::from_millis(self.rng.below(500))).await;
                subscription.resume();
            }
            tokio::time::sleep(Duration::from_millis(self.rng.below(self.pause_max + 1))).await;
        }
        self.watched.heard().told = subscription.position();
    }

    fn note(&self, told: &Told) {
        let mut heard = self.watched.heard();
        match told {
            Told::Frame(frame) => {
                for line in String::from_utf8_lossy(&frame.bytes).lines() {
                    let (seq, text) = line.split_once(' ').expect("a number comes first");
                    let seq = seq.parse().ok().and_then(Seq::from_number).expect("it is a number");
                    let (tenant, text) = text.split_once(' ').expect("a tenant comes next");
                    assert_eq!(tenant, self.watched.tenant.as_str(), "a line of another tenant");
                    heard.lines.push((seq, text.to_owned()));
                }
                heard.told = frame.last.next();
            }
            Told::Gap(gap) => {
                heard.told = gap.to.next();
                heard.gaps.push(*gap);
            }
            Told::Ended => {}
        }
    }
}
