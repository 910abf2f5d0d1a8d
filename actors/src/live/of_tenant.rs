//! The tails of one tenant: which run, and what becomes of one that fails.
//!
//! Invariant: readers of one filter and one form share a tail; a filter on which tails keep failing is refused for a
//! while, and costs neither the tenant nor other filters anything. It holds no lines.

use std::sync::Arc;

use antler_events::ids::TenantId;
use ractor::{Actor, ActorId, ActorRef, RpcReplyPort};

use super::request::{Subscription, TailError, TailRequest};
use super::tail::{LiveTail, TailArguments, TailMessage};
use crate::platform::Ports;
use crate::supervision::{Failures, Verdict};
use crate::tenant::TenantMessage;

/// Filters whose failures are remembered.
const FAILED_MAX: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct TenantTails {
    running: Vec<RunningTail>,
    failed: Vec<FailedTail>,
}

#[derive(Debug)]
struct RunningTail {
    request: TailRequest,
    tail: ActorRef<TailMessage>,
}

#[derive(Debug)]
struct FailedTail {
    request: TailRequest,
    failures: Failures,
    reason: Arc<str>,
    /// Not before the clock has elapsed so long.
    again_at: std::time::Duration,
}

impl TenantTails {
    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// The tail answers, or the reason why there is none is.
    pub(crate) async fn subscribe(
        &mut self,
        tenant: TenantId,
        ports: &Ports,
        myself: &ActorRef<TenantMessage>,
        request: TailRequest,
        reply: RpcReplyPort<Result<Subscription, TailError>>,
    ) {
        let (begin, queue) = (request.begin, request.queue);
        let found = self.running.iter().find(|running| running.request.shares_tail_with(&request));
        let tail = match found {
            Some(running) => Ok(running.tail.clone()),
            None => self.start(tenant, ports, myself, request).await,
        };
        match tail {
            // If it has ended meanwhile the port is dropped, and whoever asked asks again.
            Ok(tail) => drop(tail.cast(TailMessage::Subscribe { begin, queue, reply })),
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    async fn start(
        &mut self,
        tenant: TenantId,
        ports: &Ports,
        myself: &ActorRef<TenantMessage>,
        request: TailRequest,
    ) -> Result<ActorRef<TailMessage>, TailError> {
        let partitions = ports.placement.all_lines(tenant);
        let [partition] = partitions[..] else {
            return Err(TailError::Spread { tenant, partitions: partitions.len() });
        };
        let tails_max = ports.tails.bounds.tails_max;
        if self.running.len() >= tails_max {
            return Err(TailError::TooMany { tenant, tails_max });
        }
        let failed = self.failed.iter().find(|failed| failed.request.shares_tail_with(&request));
        if let Some(failed) = failed.filter(|failed| failed.again_at > ports.clock.elapsed()) {
            return Err(TailError::Failing { reason: Arc::clone(&failed.reason) });
        }
        let (log, tails) = (Arc::clone(&ports.log), Arc::clone(&ports.tails));
        let with = TailArguments { tenant, partition, log, tails, request: request.clone() };
        let started = Actor::spawn_linked(None, LiveTail, with, myself.get_cell()).await;
        let (tail, _) = started.map_err(|error| TailError::Failing { reason: error.to_string().into() })?;
        self.running.push(RunningTail { request, tail: tail.clone() });
        Ok(tail)
    }

    /// Its readers were told that it ended, and come again; that may be too soon.
    pub(crate) fn failed(&mut self, tenant: TenantId, ports: &Ports, who: ActorId, reason: &str) {
        let Some(at) = self.running.iter().position(|running| running.tail.get_id() == who) else { return };
        let RunningTail { request, .. } = self.running.swap_remove(at);
        let known = self.failed.iter().position(|failed| failed.request.shares_tail_with(&request));
        let mut failures = known.map(|at| self.failed.swap_remove(at).failures).unwrap_or_default();
        let now = ports.clock.elapsed();
        let patience = &ports.supervision.shards;
        let wait = match failures.note(now, patience) {
            Verdict::RestartAfter(wait) => wait,
            Verdict::GiveUp { .. } => patience.forgiven_after,
        };
        tracing::error!(%tenant, reason, ?wait, "a live tail failed and may be started again");
        if self.failed.len() >= FAILED_MAX {
            self.failed.remove(0);
        }
        self.failed.push(FailedTail { request, failures, reason: reason.into(), again_at: now + wait });
    }

    pub(crate) fn ended(&mut self, who: ActorId) {
        self.running.retain(|running| running.tail.get_id() != who);
    }
}
