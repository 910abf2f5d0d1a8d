//! A tenant while it is active: it owns the actors that work for it, and starts those again that fail.
//!
//! Invariant: what fails inside a tenant stays inside, unless it fails too often: then the tenant itself fails, and
//! the platform parks it. It takes no lines itself: its shards do, and whoever has its door sends to them directly.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use antler_events::ids::{PartitionId, TenantId};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

use crate::credits::Purse;
use crate::door::{Door, Doors};
use crate::ingest_shard::{IngestShard, ShardArguments, ShardMessage};
use crate::jobs::Job;
use crate::jobs::of_tenant::TenantJobs;
use crate::live::of_tenant::TenantTails;
use crate::live::request::{Subscription, TailError, TailRequest};
use crate::planted::Planted;
use crate::platform::Ports;
use crate::supervision::{Failures, Verdict};

/// What is being written gets so long at a stop.
const STOP_MAX: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub enum TenantMessage {
    /// Answers a door to it.
    Open {
        reply: RpcReplyPort<Arc<Door>>,
    },
    StartShard {
        partition: PartitionId,
    },
    Inspect {
        reply: RpcReplyPort<TenantReport>,
    },
    /// Answers the end of a tail.
    Tail {
        request: TailRequest,
        reply: RpcReplyPort<Result<Subscription, TailError>>,
    },
    StartJob {
        job: Arc<dyn Job>,
    },
    /// Answers when no job of this name runs.
    EndJob {
        name: String,
        reply: RpcReplyPort<()>,
    },
}

/// What an operator sees of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantReport {
    pub tenant: TenantId,
    pub shards: Vec<ShardReport>,
    pub bytes_held: u64,
    /// Filters that are followed.
    pub tails: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardReport {
    pub partition: PartitionId,
    pub runs: bool,
    pub failures: u32,
}

/// What a tenant needs.
#[derive(Debug, Clone)]
pub struct TenantArguments {
    pub tenant: TenantId,
    pub ports: Arc<Ports>,
    pub doors: Arc<Doors>,
}

/// The actor.
#[derive(Debug)]
pub struct Tenant;

#[derive(Debug)]
pub struct TenantState {
    with: TenantArguments,
    purse: Purse,
    shards: BTreeMap<PartitionId, Shard>,
    tails: TenantTails,
    jobs: TenantJobs,
}

#[derive(Debug, Default)]
struct Shard {
    running: Option<ActorRef<ShardMessage>>,
    failures: Failures,
}

impl Actor for Tenant {
    type Msg = TenantMessage;
    type State = TenantState;
    type Arguments = TenantArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<TenantMessage>,
        with: TenantArguments,
    ) -> Result<TenantState, ActorProcessingErr> {
        let partitions = with.ports.placement.all_lines(with.tenant);
        let purse = Purse::new(with.ports.limits.tenant_bytes_max);
        let shards = partitions.into_iter().map(|partition| (partition, Shard::default())).collect();
        let jobs = TenantJobs::new(&with.ports);
        let mut state = TenantState { with, purse, shards, tails: TenantTails::default(), jobs };
        for partition in state.shards.keys().copied().collect::<Vec<_>>() {
            state.start(&myself, partition).await?;
        }
        // Whoever waits for the tenant needs not ask it.
        state.open();
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<TenantMessage>,
        message: TenantMessage,
        state: &mut TenantState,
    ) -> Result<(), ActorProcessingErr> {
        // What is rare is boxed: a tenant that waits for messages holds room for all that it may do with one.
        match message {
            TenantMessage::Open { reply } => drop(reply.send(state.open())),
            TenantMessage::StartShard { partition } => Box::pin(state.start(&myself, partition)).await?,
            TenantMessage::Inspect { reply } => drop(reply.send(state.report())),
            TenantMessage::Tail { request, reply } => {
                let (tenant, ports) = (state.with.tenant, &state.with.ports);
                Box::pin(state.tails.subscribe(tenant, ports, &myself, request, reply)).await;
            }
            TenantMessage::StartJob { job } => {
                Box::pin(state.jobs.start(state.with.tenant, &state.with.ports, &myself, job)).await;
            }
            TenantMessage::EndJob { name, reply } => {
                Box::pin(state.jobs.end(&name)).await;
                drop(reply.send(()));
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<TenantMessage>,
        event: SupervisionEvent,
        state: &mut TenantState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => {
                let reason = error.to_string();
                let (tenant, ports) = (state.with.tenant, &state.with.ports);
                state.tails.failed(tenant, ports, who.get_id(), &reason);
                Box::pin(state.jobs.failed(tenant, ports, &myself, who.get_id(), &reason)).await;
                state.failed(&myself, who.get_id(), &reason)
            }
            SupervisionEvent::ActorTerminated(who, _, _) => {
                state.tails.ended(who.get_id());
                state.jobs.ended(who.get_id());
                state.failed(&myself, who.get_id(), "it was stopped")
            }
            _ => Ok(()),
        }
    }

    async fn post_stop(
        &self,
        myself: ActorRef<TenantMessage>,
        state: &mut TenantState,
    ) -> Result<(), ActorProcessingErr> {
        state.with.doors.close(state.with.tenant);
        state.jobs.end_all().await;
        for shard in state.shards.values().filter_map(|shard| shard.running.as_ref()) {
            if shard.drain_and_wait(Some(STOP_MAX)).await.is_err() {
                tracing::warn!(tenant = %state.with.tenant, "a shard did not stop in time");
            }
        }
        myself.stop_children_and_wait(None, Some(STOP_MAX)).await;
        Ok(())
    }
}

impl TenantState {
    /// The door as it is now; it is known to all from here on.
    fn open(&self) -> Arc<Door> {
        let running = |(partition, shard): (&PartitionId, &Shard)| Some((*partition, shard.running.clone()?));
        let shards = self.shards.iter().filter_map(running).collect();
        let door = Arc::new(Door::new(shards, self.purse.clone()));
        self.with.doors.open(self.with.tenant, Arc::clone(&door));
        door
    }

    async fn start(
        &mut self,
        myself: &ActorRef<TenantMessage>,
        partition: PartitionId,
    ) -> Result<(), ActorProcessingErr> {
        let Ports { log, turns, handovers, planted, .. } = &*self.with.ports;
        let arguments = ShardArguments {
            tenant: self.with.tenant,
            weight: 1,
            partition,
            log: Arc::clone(log),
            turns: turns.clone(),
            handovers: handovers[usize::from(partition.number())].clone(),
            planted: *planted,
        };
        let (shard, _) = Actor::spawn_linked(None, IngestShard, arguments, myself.get_cell()).await?;
        self.shards.entry(partition).or_default().running = Some(shard);
        self.with.doors.close(self.with.tenant);
        Ok(())
    }

    fn failed(
        &mut self,
        myself: &ActorRef<TenantMessage>,
        child: ActorId,
        reason: &str,
    ) -> Result<(), ActorProcessingErr> {
        let tenant = self.with.tenant;
        let of_child =
            |shard: &Shard| shard.running.as_ref().is_some_and(|running| running.get_id() == child);
        let Some((partition, shard)) = self.shards.iter_mut().find(|(_, shard)| of_child(shard)) else {
            return Ok(());
        };
        let partition = *partition;
        shard.running = None;
        self.with.doors.close(tenant);
        match shard.failures.note(self.with.ports.clock.elapsed(), &self.with.ports.supervision.shards) {
            Verdict::RestartAfter(_) if self.with.ports.planted.is(Planted::ShardStaysAway) => Ok(()),
            Verdict::RestartAfter(wait) => {
                tracing::error!(%tenant, %partition, reason, ?wait, "a shard failed and is started again");
                drop(myself.send_after(wait, move || TenantMessage::StartShard { partition }));
                Ok(())
            }
            Verdict::GiveUp { failures } => {
                Err(format!("its shard of partition {partition} failed {failures} times: {reason}").into())
            }
        }
    }

    fn report(&self) -> TenantReport {
        let shard = |(partition, shard): (&PartitionId, &Shard)| ShardReport {
            partition: *partition,
            runs: shard.running.is_some(),
            failures: shard.failures.count(),
        };
        let shards = self.shards.iter().map(shard).collect();
        let (tenant, bytes_held, tails) = (self.with.tenant, self.purse.bytes_held(), self.tails.running());
        TenantReport { tenant, shards, bytes_held, tails }
    }
}
