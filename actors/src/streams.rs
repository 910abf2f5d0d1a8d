//! Streams of tenants: how many each has, and what is taken of one that has as many as it may.
//!
//! Invariant: lines of a stream that a tenant has are taken whatever its limit says; one that would begin a stream beyond the
//! limit is a dead letter with the reason. Nothing here looks at lines of a tenant below its limit. It counts nothing
//! itself: `stream_counter` does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_config::limits::LineLimits;
use antler_events::event::lines::Arrival;
use antler_events::event::note::{LinesRejected, NamedError};
use antler_events::ids::TenantId;
use antler_events::line::{Line, LineBatch, LineBatchBuilder, StreamName};
use antler_projections::index::port::streams::CountedAs;
use foldhash::fast::FixedState;

use crate::ingest_shard::Arrived;

/// So many lines that were refused are named to their sender.
const NAMED_MAX: usize = 100;
/// The name of the reason, for programs.
const CODE: &str = "too_many_streams";
/// A count that is older is made anew, though nothing came since: streams go, too.
const RECOUNT_AFTER: Duration = Duration::from_secs(3_600);
/// Who has not half of the streams that it may have, and may have many, is not counted more often, however much it sends.
const ROOMY_AFTER: Duration = Duration::from_secs(30);
const MANY: u64 = 100;

/// The streams of a tenant that has as many as it may.
#[derive(Debug, PartialEq, Eq)]
pub struct FullStreams {
    pub max: u64,
    pub names: Arc<BTreeSet<StreamName>>,
}

/// Why a line is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the line would begin the stream {name}, and the tenant has as many streams as it may, {max}; send it to one of those, \
     or ask the operator to raise streams_max"
)]
pub struct NoRoomForStream {
    pub name: StreamName,
    pub max: u64,
}

/// Lines that were not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    pub count: u64,
    /// What the sender calls them, in their order.
    pub numbers: Vec<u64>,
    /// The first of them.
    pub errors: Vec<NamedError>,
}

impl FullStreams {
    /// Whether nothing of what arrived would begin another stream.
    pub(crate) fn check(&self, arrived: &Arrived) -> Result<(), NoRoomForStream> {
        let mut lines = arrived.batches.iter().flat_map(|batch| batch.lines());
        let counted = CountedAs::default();
        let beyond = lines.find_map(|line| self.beyond(line, &arrived.arrival, &counted));
        beyond.map_or(Ok(()), Err)
    }

    /// Makes dead letters of the lines that would begin another stream.
    pub(crate) fn sift(&self, arrived: &mut Arrived) -> Refused {
        let (mut refused, mut place) = (Refused::default(), 0);
        let Arrived { batches, arrival, rejected, numbers, request, .. } = arrived;
        for batch in batches.iter_mut() {
            let beyond = self.beyond_of(batch, arrival);
            if beyond.iter().any(Option::is_some) {
                let new = || LinesRejected::new(batch.received_at(), arrival);
                let letters = rejected.get_or_insert_with(new);
                let mut kept = builder_for(batch);
                for (line, beyond) in batch.lines().zip(&beyond) {
                    match beyond {
                        None => kept.push_again(line.raw(), line.is_plain()).expect("it was taken before"),
                        Some(why) => {
                            let (message, raw) = (why.to_string(), line.raw());
                            let number = numbers.of(place);
                            letters.push_raw(number, CODE, &message, raw, raw.len() as u64);
                            refused.add(NamedError { line: number, code: CODE.to_owned(), message });
                        }
                    }
                    place += 1;
                }
                *batch = Arc::new(kept.finish());
            } else {
                place += beyond.len() as u64;
            }
        }
        batches.retain(|batch| !batch.is_empty());
        if let Some(request) = request {
            refused.join(&mut request.errors);
        }
        refused
    }

    /// Of each line.
    fn beyond_of(&self, batch: &LineBatch, arrival: &Arrival) -> Vec<Option<NoRoomForStream>> {
        let counted = CountedAs::default();
        batch.lines().map(|line| self.beyond(line, arrival, &counted)).collect()
    }

    fn beyond(&self, line: Line<'_>, arrival: &Arrival, counted: &CountedAs) -> Option<NoRoomForStream> {
        let is_known = self.names.contains(&counted.stream(line, &arrival.defaults));
        let beyond = || {
            let name = StreamName::of_line(line, &arrival.defaults);
            NoRoomForStream { name, max: self.max }
        };
        (!is_known).then(beyond)
    }
}

/// For some lines of a batch.
fn builder_for(batch: &LineBatch) -> LineBatchBuilder {
    LineBatchBuilder::new(LineLimits::default().for_lines_taken_before(), batch.received_at())
}

impl Refused {
    fn add(&mut self, error: NamedError) {
        self.count += 1;
        self.numbers.push(error.line);
        if self.errors.len() < NAMED_MAX {
            self.errors.push(error);
        }
    }

    /// Puts them among other lines that were not taken, in their order.
    pub fn join(&self, errors: &mut Vec<NamedError>) {
        errors.extend(self.errors.iter().cloned());
        errors.sort_by_key(|error| error.line);
        errors.truncate(NAMED_MAX);
    }
}

/// How many streams tenants have, as they were counted, and whose are to be counted.
#[derive(Debug, Default)]
pub(crate) struct StreamCounts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    counted: HashMap<TenantId, Counted, FixedState>,
    due: BTreeSet<TenantId>,
}

#[derive(Debug)]
struct Counted {
    count: u64,
    /// Only of who has as many as it may: others are not asked for them.
    names: Option<Arc<BTreeSet<StreamName>>>,
    max: u64,
    is_whole: bool,
    at: Duration,
}

impl Counted {
    fn is_roomy(&self) -> bool {
        self.is_whole && self.max >= MANY && self.count < self.max / 2
    }
}

impl StreamCounts {
    /// None: not counted yet.
    pub(crate) fn of(&self, tenant: TenantId) -> Option<u64> {
        self.lock().counted.get(&tenant).map(|counted| counted.count)
    }

    /// The streams of a tenant that has as many as it may, or more.
    pub(crate) fn full(&self, tenant: TenantId, max: u64) -> Option<FullStreams> {
        let mut counts = self.lock();
        let counted = counts.counted.get(&tenant)?;
        let (names, is_full) = (counted.names.clone(), counted.count >= max);
        if counted.max != max || (is_full && names.is_none()) {
            // What it has was not counted for this limit, or not wholly.
            counts.due.insert(tenant);
        }
        Some(FullStreams { max, names: names.filter(|_| is_full)? })
    }

    /// These have sent something, or were never counted.
    pub(crate) fn are_due(&self, tenants: &[TenantId], now: Duration) {
        let mut counts = self.lock();
        let Counts { counted, due } = &mut *counts;
        let is_fresh = |counted: &Counted| counted.is_roomy() && now.saturating_sub(counted.at) < ROOMY_AFTER;
        due.extend(tenants.iter().filter(|tenant| !counted.get(tenant).is_some_and(is_fresh)));
    }

    /// Takes those whose streams are to be counted now.
    pub(crate) fn take_due(&self, now: Duration) -> Vec<TenantId> {
        let mut counts = self.lock();
        let Counts { counted, due } = &mut *counts;
        let is_old = |counted: &Counted| now.saturating_sub(counted.at) >= RECOUNT_AFTER;
        // Who is full sends nothing that counts until it is not any more.
        let others = counted.iter().filter(|(_, counted)| counted.names.is_some() || is_old(counted));
        due.extend(others.map(|(tenant, _)| *tenant));
        std::mem::take(due).into_iter().collect()
    }

    /// Notes what was counted. What was not counted wholly takes nothing away, and nobody is kept to it.
    pub(crate) fn put(
        &self,
        tenant: TenantId,
        (mut names, is_whole): (BTreeSet<StreamName>, bool),
        max: u64,
        at: Duration,
    ) {
        let mut counts = self.lock();
        let before = counts.counted.remove(&tenant).filter(|_| !is_whole);
        let known = before.as_ref().and_then(|before| before.names.as_deref());
        known.iter().for_each(|known| names.extend(known.iter().cloned()));
        let is_known = is_whole || known.is_some();
        let count = before.map_or(0, |before| before.count).max(names.len() as u64);
        let names = (is_known && count >= max).then(|| Arc::new(names));
        counts.counted.insert(tenant, Counted { count, names, max, is_whole, at });
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.lock().counted.remove(&tenant);
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
