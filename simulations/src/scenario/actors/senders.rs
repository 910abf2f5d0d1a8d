//! Those who send lines, one after another, and write down what they were told. Some give a request a key and send it
//! again, when they do not know what became of it, or for no reason.
//!
//! Invariant: no two batches of a world have the same text, so one that is found in the log names its sender. They do
//! not know what the log should answer.

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use antler_actors::ingest_shard::{Arrived, Request, WriteError};
use antler_actors::requests::{Begun, Requests};
use antler_actors::system::{IngestError, System};
use antler_config::limits::LineLimits;
use antler_events::clock::Clock;
use antler_events::event::note::{AnswerForm, RequestKey};
use antler_events::ids::TenantId;
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_events::log::AppendError;
use antler_events::wire::Receipt;

use crate::world::{Fault, Faults, Rng};

/// What an event that no projection can take begins with.
pub(super) const POISON: &[u8] = b"poison";
/// The longest batch, and a little more.
pub(super) const BATCH_BYTES_MAX: usize = 8_000;

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scenario) enum Told {
    /// It is in the log, there.
    Taken(Receipt),
    /// It is not in the log.
    Refused,
    /// It is there once, or not at all.
    Unknown,
}

/// A batch that was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) sender: usize,
    pub(super) tenant: TenantId,
    pub(super) text: Vec<u8>,
    pub(super) lines: u64,
    pub(super) told: Told,
}

/// All that was sent in a life.
#[derive(Debug, Default)]
pub(super) struct Notes {
    sent: Mutex<Vec<Sent>>,
    /// What somebody may still hold.
    batches: Mutex<Vec<(TenantId, Weak<LineBatch>)>>,
}

impl Notes {
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.lock().clone()
    }

    /// Bytes that the system holds of a tenant, or of all.
    pub(super) fn bytes_held(&self, of: Option<TenantId>) -> usize {
        let mut batches = self.batches.lock().expect("nothing panics while it notes");
        batches.retain(|(_, batch)| batch.strong_count() > 0);
        let its = batches.iter().filter(|(tenant, _)| of.is_none_or(|of| of == *tenant));
        its.filter_map(|(_, batch)| batch.upgrade()).map(|batch| batch.bytes_held()).sum()
    }

    fn note(&self, sent: Sent, batches: &[Arc<LineBatch>]) -> usize {
        let held = batches.iter().map(|batch| (sent.tenant, Arc::downgrade(batch)));
        self.batches.lock().expect("nothing panics while it notes").extend(held);
        let mut all = self.lock();
        all.push(sent);
        all.len() - 1
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().expect("nothing panics while it notes")
    }
}

/// Somebody who sends.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) number: usize,
    pub(super) tenant: TenantId,
    pub(super) rng: Rng,
    pub(super) faults: Arc<Faults>,
    pub(super) notes: Arc<Notes>,
    pub(super) system: Arc<System>,
    pub(super) requests: Requests,
    pub(super) clock: Arc<dyn Clock>,
}

/// A request with a key is sent so often.
const ATTEMPTS_MAX: u32 = 5;

impl Sender {
    /// Sends so many batches. What it waits for when it is dropped stays unknown.
    pub(super) async fn send(mut self, life: usize, count: u64, pause_max: Duration) {
        for number in 0..count {
            self.pause(pause_max).await;
            let batches = self.batches(life, number);
            let text: Vec<u8> = batches.iter().flat_map(|batch| batch.buffer().to_vec()).collect();
            let lines = batches.iter().map(|batch| batch.len() as u64).sum();
            let sent = Sent { sender: self.number, tenant: self.tenant, text, lines, told: Told::Unknown };
            let at = self.notes.note(sent, &batches);
            if self.rng.chance(400) {
                let key = RequestKey::of(&format!("{life} {} {number}", self.number));
                self.send_with(key.expect("it can be printed"), at, batches).await;
            } else {
                let told = told(self.system.ingest(self.tenant, batches, Arc::default()).await);
                self.notes.lock()[at].told = told;
            }
        }
    }

    /// Sends with a key until it knows what became of the batches, and now and then once more.
    async fn send_with(&mut self, key: RequestKey, at: usize, batches: Vec<Arc<LineBatch>>) {
        let mut known = None;
        for _ in 0..ATTEMPTS_MAX {
            // It was refused before, and may be taken now.
            if known == Some(Told::Refused) {
                self.notes.lock()[at].told = Told::Unknown;
            }
            let told = self.send_once(key, batches.clone()).await;
            let now_known = match (known.take(), told) {
                // What a repeat was refused says nothing of the requests before.
                (Some(before), Told::Refused) | (Some(before @ Told::Taken(_)), Told::Unknown) => before,
                (_, told) => told,
            };
            self.notes.lock()[at].told = now_known.clone();
            if now_known != Told::Unknown && !self.rng.chance(300) {
                return;
            }
            known = Some(now_known);
            let is_at_once = self.rng.chance(700);
            self.pause(if is_at_once { Duration::ZERO } else { Duration::from_secs(1) }).await;
        }
    }

    async fn send_once(&self, key: RequestKey, batches: Vec<Arc<LineBatch>>) -> Told {
        let claim = match self.requests.begin(self.tenant, key).await {
            Ok(Begun::First(claim)) => claim,
            Ok(Begun::Answered(remembered)) => return Told::Taken(remembered.receipt.clone()),
            Err(_) => return Told::Refused,
        };
        let request = Some(Request { claim, form: AnswerForm::Many, errors: Vec::new() });
        let arrived = Arrived { batches, request, ..Arrived::default() };
        told(self.system.take(self.tenant, arrived).await.map(|taken| taken.receipt))
    }

    async fn pause(&mut self, most: Duration) {
        let pause = self.rng.below(most.as_millis() as u64 + 1);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    /// Mostly one batch, and now and then one that no projection can take.
    fn batches(&mut self, life: usize, number: u64) -> Vec<Arc<LineBatch>> {
        let parts = if self.rng.chance(800) { 1 } else { self.rng.between(2, 4) };
        (0..parts).map(|part| Arc::new(self.batch(life, number, part))).collect()
    }

    fn batch(&mut self, life: usize, number: u64, part: u64) -> LineBatch {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), self.clock.now());
        let mark = if self.faults.strikes(Fault::PoisonEvent) { "poison" } else { "line" };
        let padding = match self.rng.below(10) {
            0..8 => self.rng.below(100),
            _ => self.rng.below(BATCH_BYTES_MAX as u64 - 200),
        };
        for line in 0..self.rng.between(1, 4) {
            let tenant = self.tenant;
            let text = format!("{mark} {line} {tenant} {} {life} {number} {part} ", self.number);
            let padding = "x".repeat(if line == 0 { padding as usize } else { 0 });
            builder.push_plain((text + &padding).as_bytes()).expect("it is shorter than a line may be");
        }
        builder.finish()
    }
}

pub(in crate::scenario) fn told(answer: Result<Receipt, IngestError>) -> Told {
    match answer {
        Ok(receipt) => Told::Taken(receipt),
        Err(IngestError::Unknown | IngestError::Write(WriteError::Log(AppendError::Unknown { .. }))) => {
            Told::Unknown
        }
        Err(_) => Told::Refused,
    }
}
