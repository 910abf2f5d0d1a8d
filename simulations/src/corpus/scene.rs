//! The scene of a record: when it was written, by which instance, for which account, in which trace.
//!
//! Invariant: accounts, instances and traces are few and skewed, as in a real system, and records share them.
//! It does not know what a record says.

use antler_events::clock::Timestamp;

use crate::draw::{Draw, mix};

const ACCOUNTS: u64 = 50_000;
const INSTANCES: u64 = 320;
/// Copies of one program that run side by side.
const INSTANCES_PER_DEPLOYMENT: u64 = 4;
/// Requests under way at a time.
const TRACES: usize = 64;

/// A thing that keeps its values from record to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Record,
    Trace,
    Account,
    Instance,
    Deployment,
}

impl Scope {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "record" => Self::Record,
            "trace" => Self::Trace,
            "account" => Self::Account,
            "instance" => Self::Instance,
            "deployment" => Self::Deployment,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) at: Timestamp,
    pub(super) instance: u64,
    record: u64,
    trace: u64,
    account: u64,
}

impl Scene {
    /// The number from which all values of a scope follow.
    pub(super) fn seed(&self, scope: Scope) -> u64 {
        let number = match scope {
            Scope::Record => self.record,
            Scope::Trace => self.trace,
            Scope::Account => self.account,
            Scope::Instance => self.instance,
            Scope::Deployment => self.instance / INSTANCES_PER_DEPLOYMENT,
        };
        mix(number ^ ((scope as u64 + 1) << 56))
    }

    #[cfg(test)]
    pub(super) fn sample(number: u64) -> Self {
        let at = Timestamp::from_nanos(1_772_352_000_123_456_789);
        Self { at, instance: number, record: number, trace: number, account: number }
    }
}

/// Draws scenes: a request is seen in several records, of one account.
#[derive(Debug)]
pub(super) struct Scenes {
    traces: Vec<u64>,
}

impl Scenes {
    pub(super) fn new(draw: &mut Draw) -> Self {
        Self { traces: (0..TRACES).map(|_| draw.number()).collect() }
    }

    pub(super) fn next(&mut self, at: Timestamp, draw: &mut Draw) -> Scene {
        let slot = &mut self.traces[draw.below(TRACES as u64) as usize];
        if draw.one_in(10) {
            *slot = draw.number();
        }
        let trace = *slot;
        let account = Draw::new(trace).skewed(ACCOUNTS);
        Scene { at, instance: draw.skewed(INSTANCES), record: draw.number(), trace, account }
    }
}
