//! An event log in memory that fails the way logs fail.
//!
//! Invariant: what it acknowledged stays readable until it is truncated, and without armed faults it keeps
//! every promise of the port. It has no segments: truncation lets go of exactly what it is asked to.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use antler_events::codec::CodecId;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{
    Append, AppendError, Appended, Bounds, BoxFuture, Chunk, EventLog, Expected, Hold, NewEvent, ReadError,
    Recorded, TruncateError,
};
use antler_events::subject::{Kind, Subject};
use antler_events::wire::chain::ChainId;
use antler_events::wire::{ChainHash, Envelope};

use super::{Fault, Faults, SimulatedClock};

/// What a delayed operation takes at most.
const DELAY_MAX: std::time::Duration = std::time::Duration::from_secs(180);

/// A log of a world.
#[derive(Debug)]
pub struct SimulatedLog {
    partitions: Vec<Arc<Mutex<Partition>>>,
    faults: Arc<Faults>,
    clock: Arc<SimulatedClock>,
}

#[derive(Debug, Default)]
struct Partition {
    events: BTreeMap<Offset, Recorded>,
    last: Offset,
    chains: BTreeMap<ChainId, ChainHash>,
    subjects: BTreeMap<Subject, Offset>,
    lines_from: Offset,
    holds: BTreeMap<u64, Offset>,
    holds_made: u64,
    waiting: Vec<Waker>,
}

impl SimulatedLog {
    pub fn new(partitions: u16, faults: Arc<Faults>, clock: Arc<SimulatedClock>) -> Self {
        let partition =
            |_| Arc::new(Mutex::new(Partition { lines_from: Offset::FIRST, ..Partition::default() }));
        Self { partitions: (0..partitions).map(partition).collect(), faults, clock }
    }

    fn with<T>(&self, partition: PartitionId, action: impl FnOnce(&mut Partition) -> T) -> Option<T> {
        self.partitions.get(usize::from(partition.number())).map(|found| locked(found, action))
    }

    fn no_partition(&self, partition: PartitionId) -> ReadError {
        ReadError::NoPartition { partition, partitions: self.partitions() }
    }

    /// Lets others go first, and the clock move, if the fault is armed.
    async fn delay(&self) {
        if !self.faults.strikes(Fault::Delay) {
            return;
        }
        self.clock.advance_up_to(DELAY_MAX);
        let mut turns = self.faults.random(|rng| rng.below(4));
        poll_fn(|context| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn fail_before_commit(&self, append: &Append) -> Result<(), AppendError> {
        if self.faults.strikes(Fault::FailedBeforeCommit) {
            return Err(AppendError::Unknown { reason: "simulated failure before the commit".into() });
        }
        if self.faults.strikes(Fault::DiskFull) {
            return Err(AppendError::DiskFull);
        }
        match append.expected.first() {
            Some(Expected { subject, last }) if self.faults.strikes(Fault::Conflict) => {
                Err(AppendError::Conflict { subject: *subject, expected: *last, actual: last.plus(1) })
            }
            _ => Ok(()),
        }
    }
}

impl EventLog for SimulatedLog {
    fn partitions(&self) -> u16 {
        self.partitions.len() as u16
    }

    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            append.check()?;
            self.delay().await;
            self.fail_before_commit(&append)?;
            let missing = AppendError::NoPartition { partition, partitions: self.partitions() };
            let appended =
                self.with(partition, |found| found.append(partition, &append)).ok_or(missing)??;
            self.delay().await;
            if self.faults.strikes(Fault::LostAck) {
                return Err(AppendError::Unknown { reason: "simulated loss of the answer".into() });
            }
            Ok(appended)
        })
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Offset,
        bytes_max: usize,
    ) -> BoxFuture<'_, Result<Chunk, ReadError>> {
        Box::pin(async move {
            self.delay().await;
            if self.faults.strikes(Fault::ReadError) {
                return Err(ReadError::Storage { partition, reason: "simulated read error".into() });
            }
            self.with(partition, |found| found.read(from, bytes_max))
                .ok_or_else(|| self.no_partition(partition))
        })
    }

    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(poll_fn(move |context| {
            let ready = self.with(partition, |found| {
                let ready = found.last >= from && found.last > Offset::ZERO;
                if !ready {
                    found.waiting.push(context.waker().clone());
                }
                ready
            });
            match ready {
                None => Poll::Ready(Err(self.no_partition(partition))),
                Some(true) => Poll::Ready(Ok(())),
                Some(false) => Poll::Pending,
            }
        }))
    }

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError> {
        self.with(partition, |found| Bounds { lines_from: found.lines_from, next: found.last.plus(1) })
            .ok_or_else(|| self.no_partition(partition))
    }

    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError> {
        let bytes = |found: &mut Partition| {
            found.events.range(from..).map(|(_, event)| event.body.len() as u64).sum()
        };
        self.with(partition, bytes).ok_or_else(|| self.no_partition(partition))
    }

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        self.with(partition, |found| found.last_of(subject)).ok_or_else(|| self.no_partition(partition))
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        let number = self.with(partition, |found| {
            found.holds_made += 1;
            found.holds.insert(found.holds_made, from);
            found.holds_made
        });
        let number = number.ok_or_else(|| self.no_partition(partition))?;
        let partition = Arc::clone(&self.partitions[usize::from(partition.number())]);
        Ok(Box::new(SimulatedHold { partition, number }))
    }

    fn truncate(
        &self,
        partition: PartitionId,
        below: Offset,
    ) -> BoxFuture<'_, Result<Offset, TruncateError>> {
        Box::pin(async move {
            let missing = TruncateError::NoPartition { partition, partitions: self.partitions() };
            self.with(partition, |found| found.truncate(below)).ok_or(missing)
        })
    }
}

impl Partition {
    fn append(&mut self, partition: PartitionId, append: &Append) -> Result<Appended, AppendError> {
        for Expected { subject, last } in &append.expected {
            let (expected, actual) = (*last, self.last_of(*subject));
            if expected != actual {
                return Err(AppendError::Conflict { subject: *subject, expected, actual });
            }
        }
        let first = self.last.plus(1);
        let mut hash = ChainHash::START;
        for event in &append.events {
            hash = self.record(partition, event);
        }
        self.waiting.drain(..).for_each(Waker::wake);
        Ok(Appended { partition, first, last: self.last, hash })
    }

    /// Records one event; its body stays as it is, so it counts as stored with its own length.
    fn record(&mut self, partition: PartitionId, event: &NewEvent) -> ChainHash {
        let offset = self.last.plus(1);
        let chain = self.chains.entry(event.subject.into()).or_insert(ChainHash::START);
        let envelope = Envelope {
            codec: CodecId::BincodeZstd,
            event_type: event.event_type,
            schema: event.schema,
            partition,
            offset,
            recorded_at: event.recorded_at,
            subject: event.subject,
            previous: *chain,
            body_stored: event.body.len() as u32,
            body_raw: event.body.len() as u32,
            body_crc: 0,
        };
        let mut encoded = Vec::new();
        envelope.encode(&mut encoded);
        let hash = ChainHash::of_event(&encoded, &ChainHash::of_body(&event.body));
        *chain = hash;
        self.last = offset;
        if event.subject.kind.is_control() {
            self.subjects.insert(event.subject, offset);
        }
        self.events.insert(offset, Recorded { envelope, hash, body: event.body.clone() });
        hash
    }

    fn read(&self, from: Offset, bytes_max: usize) -> Chunk {
        let mut chunk = Chunk { events: Vec::new(), next: from.max(self.last.plus(1)) };
        let mut bytes = 0;
        for (offset, event) in self.events.range(from..) {
            if bytes > bytes_max {
                chunk.next = *offset;
                return chunk;
            }
            bytes += event.body.len();
            chunk.events.push(event.clone());
        }
        chunk
    }

    fn last_of(&self, subject: Subject) -> Offset {
        self.subjects.get(&subject).copied().unwrap_or(Offset::ZERO)
    }

    fn truncate(&mut self, below: Offset) -> Offset {
        let held = self.holds.values().copied().min().unwrap_or(Offset::new(u64::MAX));
        self.lines_from = self.lines_from.max(below.min(held).min(self.last.plus(1)));
        let lines_from = self.lines_from;
        self.events
            .retain(|offset, event| *offset >= lines_from || event.envelope.subject.kind != Kind::Lines);
        lines_from
    }
}

#[derive(Debug)]
struct SimulatedHold {
    partition: Arc<Mutex<Partition>>,
    number: u64,
}

impl Hold for SimulatedHold {
    fn advance(&self, position: Offset) {
        locked(&self.partition, |partition| {
            let held = partition.holds.entry(self.number).or_insert(position);
            *held = position.max(*held);
        });
    }
}

impl Drop for SimulatedHold {
    fn drop(&mut self) {
        locked(&self.partition, |partition| partition.holds.remove(&self.number));
    }
}

fn locked<T>(partition: &Mutex<Partition>, action: impl FnOnce(&mut Partition) -> T) -> T {
    action(&mut partition.lock().expect("nothing panics while it holds a partition"))
}

#[cfg(test)]
mod tests {
    use antler_events::log::conformance::{CASES, LogUnderTest};

    use super::*;
    use crate::world::Rng;

    fn log() -> SimulatedLog {
        let clock = Arc::new(SimulatedClock::new(Rng::new(2)));
        SimulatedLog::new(2, Arc::new(Faults::new(Rng::new(1))), clock)
    }

    #[test]
    fn it_keeps_the_promises_of_the_port() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for case in CASES {
            println!("{}", case.name);
            let log: LogUnderTest = Arc::new(log());
            runtime.block_on((case.run)(log));
        }
    }

    fn append_with(fault: Fault) -> (Result<Appended, AppendError>, Offset) {
        let log = log();
        log.faults.arm(fault, 1000);
        let tenant = antler_events::ids::TenantId::parse("acme").unwrap();
        let subject = Subject::control(tenant, antler_events::subject::Aggregate::Tenant);
        let event = NewEvent {
            subject,
            event_type: antler_events::wire::EventType(1),
            schema: antler_events::wire::SchemaVersion(1),
            recorded_at: antler_events::clock::Timestamp::from_nanos(0),
            body: "body".into(),
        };
        let append = Append { events: vec![event], expected: vec![Expected { subject, last: Offset::ZERO }] };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(log.append(PartitionId::new(0), append));
        (answer, log.bounds(PartitionId::new(0)).unwrap().next)
    }

    #[test]
    fn each_fault_answers_and_records_as_it_should() {
        let nothing = Offset::FIRST;
        let one = nothing.plus(1);
        assert!(
            matches!(append_with(Fault::FailedBeforeCommit), (Err(AppendError::Unknown { .. }), next) if next == nothing)
        );
        assert!(
            matches!(append_with(Fault::LostAck), (Err(AppendError::Unknown { .. }), next) if next == one)
        );
        assert!(
            matches!(append_with(Fault::Conflict), (Err(AppendError::Conflict { .. }), next) if next == nothing)
        );
        assert!(
            matches!(append_with(Fault::DiskFull), (Err(AppendError::DiskFull), next) if next == nothing)
        );
        assert!(matches!(append_with(Fault::Delay), (Ok(_), next) if next == one));
    }
}
