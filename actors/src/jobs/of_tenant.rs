//! The jobs of one tenant: which run, and what becomes of one that fails.
//!
//! Invariant: a job runs once, however often it is started; one that fails is started again, and given up when it fails
//! too often, which costs neither the tenant nor other jobs anything. It does not know what jobs do.

use std::sync::Arc;
use std::time::Duration;

use antler_events::ids::TenantId;
use ractor::{Actor, ActorId, ActorRef};

use super::{Job, JobActor, JobArguments, JobMessage, JobTurns};
use crate::planted::Planted;
use crate::platform::Ports;
use crate::supervision::{Failures, Verdict};
use crate::tenant::TenantMessage;

#[derive(Debug)]
pub(crate) struct TenantJobs {
    turns: JobTurns,
    known: Vec<KnownJob>,
    planted: Planted,
}

#[derive(Debug)]
struct KnownJob {
    job: Arc<dyn Job>,
    /// None while it waits to be started again.
    running: Option<ActorRef<JobMessage>>,
    failures: Failures,
}

impl TenantJobs {
    pub(crate) fn new(ports: &Ports) -> Self {
        Self { turns: JobTurns::new(&ports.jobs, ports.planted), known: Vec::new(), planted: ports.planted }
    }

    /// Starts a job, unless it runs.
    pub(crate) async fn start(
        &mut self,
        tenant: TenantId,
        ports: &Ports,
        myself: &ActorRef<TenantMessage>,
        job: Arc<dyn Job>,
    ) {
        let at = match self.known.iter().position(|known| known.job.name() == job.name()) {
            Some(at) if self.known[at].running.is_some() && !self.planted.is(Planted::JobRunsTwice) => return,
            Some(at) => at,
            None => {
                self.known.push(KnownJob { job, running: None, failures: Failures::default() });
                self.known.len() - 1
            }
        };
        self.spawn(tenant, ports, myself, at, JobMessage::Run).await;
    }

    /// Ends a job where it waits. Answers when it has ended.
    pub(crate) async fn end(&mut self, name: &str) {
        let Some(at) = self.known.iter().position(|known| known.job.name() == name) else { return };
        let running = self.known.swap_remove(at).running;
        if let Some(running) = running.filter(|_| !self.planted.is(Planted::EndedJobGoesOn)) {
            // One that has ended by itself meanwhile cannot be killed, and need not be.
            let _has_ended = running.kill_and_wait(None).await;
        }
    }

    pub(crate) async fn end_all(&mut self) {
        for KnownJob { running, .. } in std::mem::take(&mut self.known) {
            if let Some(running) = running {
                let _has_ended = running.kill_and_wait(None).await;
            }
        }
    }

    pub(crate) fn ended(&mut self, who: ActorId) {
        self.known.retain(|known| known.running.as_ref().is_none_or(|running| running.get_id() != who));
    }

    pub(crate) async fn failed(
        &mut self,
        tenant: TenantId,
        ports: &Ports,
        myself: &ActorRef<TenantMessage>,
        who: ActorId,
        reason: &str,
    ) {
        let is_it = |known: &KnownJob| known.running.as_ref().is_some_and(|running| running.get_id() == who);
        let Some(at) = self.known.iter().position(is_it) else { return };
        let known = &mut self.known[at];
        known.running = None;
        let name = known.job.name();
        match known.failures.note(ports.clock.elapsed(), &ports.supervision.shards) {
            Verdict::RestartAfter(_) if self.planted.is(Planted::JobStaysAway) => {}
            Verdict::GiveUp { .. } if self.planted.is(Planted::JobNeverGivenUp) => {
                self.start_later(myself, at, ports.supervision.shards.longest);
            }
            Verdict::RestartAfter(wait) => {
                tracing::error!(%tenant, name, reason, ?wait, "a job failed and is started again");
                self.start_later(myself, at, wait);
            }
            Verdict::GiveUp { failures } => {
                tracing::error!(%tenant, name, reason, failures, "a job keeps failing and is given up");
                let reason = format!("it failed {failures} times: {reason}");
                self.spawn(tenant, ports, myself, at, JobMessage::GiveUp { reason }).await;
            }
        }
    }

    fn start_later(&self, myself: &ActorRef<TenantMessage>, at: usize, wait: Duration) {
        let job = Arc::clone(&self.known[at].job);
        drop(myself.send_after(wait, move || TenantMessage::StartJob { job }));
    }

    async fn spawn(
        &mut self,
        tenant: TenantId,
        ports: &Ports,
        myself: &ActorRef<TenantMessage>,
        at: usize,
        message: JobMessage,
    ) {
        let job = Arc::clone(&self.known[at].job);
        let with = JobArguments { job, turns: self.turns.clone(), _busy: ports.jobs.begin(tenant) };
        match Actor::spawn_linked(None, JobActor, with, myself.get_cell()).await {
            Ok((actor, _)) => {
                // A job that has just been started takes its first message.
                drop(actor.cast(message));
                self.known[at].running = Some(actor);
            }
            Err(error) => {
                tracing::error!(%tenant, %error, "a job cannot be started, and is started again");
                self.start_later(myself, at, ports.supervision.shards.longest);
            }
        }
    }
}
