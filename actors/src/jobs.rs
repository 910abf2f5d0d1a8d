//! Jobs: work of a tenant that takes long and goes on when nobody waits for it.
//!
//! Invariant: so many jobs are at work at once, and so many of them of one tenant; a tenant with jobs is not idle. A job
//! may be cut off at any point where it waits, so it keeps what it has to know in events. It knows no kind of work.

pub(crate) mod of_tenant;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_events::ids::TenantId;
use antler_events::log::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::planted::Planted;

/// Jobs of all tenants.
#[derive(Debug)]
pub struct Jobs {
    at_work: Arc<Semaphore>,
    per_tenant: usize,
    running: Mutex<BTreeMap<TenantId, usize>>,
}

/// A piece of work.
pub trait Job: Send + Sync + fmt::Debug {
    /// A job of the same name is the same job: it runs once.
    fn name(&self) -> &str;

    /// Does the work, in turn with others.
    fn run<'a>(&'a self, turns: &'a JobTurns) -> BoxFuture<'a, ()>;

    /// It failed too often and is not tried again.
    fn given_up<'a>(&'a self, reason: &'a str) -> BoxFuture<'a, ()>;
}

/// Where a job waits for its turn.
#[derive(Debug, Clone)]
pub struct JobTurns {
    of_tenant: Arc<Semaphore>,
    of_all: Arc<Semaphore>,
}

/// A job may work until this is dropped.
#[derive(Debug)]
pub struct JobTurn {
    _of_tenant: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// A tenant is not idle until this is dropped.
#[derive(Debug)]
pub(crate) struct Busy {
    tenant: TenantId,
    jobs: Arc<Jobs>,
}

#[derive(Debug)]
pub(crate) enum JobMessage {
    Run,
    GiveUp { reason: String },
}

/// What the actor of a job needs.
#[derive(Debug)]
pub(crate) struct JobArguments {
    pub job: Arc<dyn Job>,
    pub turns: JobTurns,
    pub _busy: Busy,
}

/// The actor: it does one job and ends. Whoever wants it to end before kills it.
#[derive(Debug)]
pub(crate) struct JobActor;

impl Actor for JobActor {
    type Msg = JobMessage;
    type State = JobArguments;
    type Arguments = JobArguments;

    async fn pre_start(
        &self,
        _myself: ActorRef<JobMessage>,
        with: JobArguments,
    ) -> Result<JobArguments, ActorProcessingErr> {
        Ok(with)
    }

    async fn handle(
        &self,
        myself: ActorRef<JobMessage>,
        message: JobMessage,
        state: &mut JobArguments,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            JobMessage::Run => state.job.run(&state.turns).await,
            JobMessage::GiveUp { reason } => state.job.given_up(&reason).await,
        }
        myself.stop(None);
        Ok(())
    }
}

impl Jobs {
    pub fn new(at_once: usize, per_tenant: usize) -> Self {
        Self { at_work: Arc::new(Semaphore::new(at_once)), per_tenant, running: Mutex::default() }
    }

    /// Has the tenant jobs that have not ended?
    pub fn are_running(&self, tenant: TenantId) -> bool {
        self.running().contains_key(&tenant)
    }

    pub(crate) fn begin(self: &Arc<Self>, tenant: TenantId) -> Busy {
        *self.running().entry(tenant).or_default() += 1;
        Busy { tenant, jobs: Arc::clone(self) }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<TenantId, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut running = self.jobs.running();
        if let Some(count) = running.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.tenant);
            }
        }
    }
}

impl JobTurns {
    pub(crate) fn new(jobs: &Jobs, planted: Planted) -> Self {
        let is_unbounded = planted.is(Planted::JobsWithoutTurns);
        let of_tenant = Arc::new(Semaphore::new(if is_unbounded { 1_000 } else { jobs.per_tenant }));
        Self { of_tenant, of_all: Arc::clone(&jobs.at_work) }
    }

    /// Waits for the turn among those of the tenant first, so that a tenant with many jobs keeps nobody waiting.
    pub async fn take(&self) -> JobTurn {
        let take = |turns: &Arc<Semaphore>| Arc::clone(turns).acquire_owned();
        let of_tenant = take(&self.of_tenant).await.expect("the semaphore is never closed");
        let of_all = take(&self.of_all).await.expect("the semaphore is never closed");
        JobTurn { _of_tenant: of_tenant, _of_all: of_all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_with_many_jobs_leaves_turns_to_others() {
        let jobs = Arc::new(Jobs::new(2, 1));
        let (one, other) = (JobTurns::new(&jobs, Planted::None), JobTurns::new(&jobs, Planted::None));
        let first = one.take().await;
        let second = one.take();
        tokio::pin!(second);
        tokio::select! {
            biased;
            _ = &mut second => panic!("one job of the tenant is at work"),
            () = std::future::ready(()) => {}
        }
        let _of_other = other.take().await;
        drop(first);
        drop(second.await);
    }

    #[test]
    fn a_tenant_is_busy_while_it_has_jobs() {
        let jobs = Arc::new(Jobs::new(1, 1));
        let tenant = TenantId::parse("acme").unwrap();
        let (one, other) = (jobs.begin(tenant), jobs.begin(tenant));
        drop(one);
        assert!(jobs.are_running(tenant));
        drop(other);
        assert!(!jobs.are_running(tenant));
    }
}
