//! The platform: starts tenants when somebody asks for them, stops those that are idle, parks those that keep failing,
//! and keeps the projectors running.
//!
//! Invariant: a tenant that fails is felt by nobody else. A parked tenant stays parked until somebody revives it. It
//! knows no lines: doors lead past it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::ids::{PartitionId, TenantId};
use antler_events::log::EventLog;
use antler_events::placement::Placement;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

use crate::door::{Door, Doors};
use crate::handover::Handover;
use crate::jobs::{Job, Jobs};
use crate::live::inbox::Tails;
use crate::live::request::{Subscription, TailError, TailRequest};
use crate::planted::Planted;
use crate::projector::{Projector, ProjectorArguments, ProjectorMessage};
use crate::supervision::{Failures, Supervision, Verdict};
use crate::system::SystemLimits;
use crate::tenant::{Tenant, TenantArguments, TenantMessage, TenantReport};
use crate::turns::Turns;
use crate::upkeep::{Upkeep, UpkeepMessage, UpkeepParts};

/// A tenant answers its supervisor within this time or not at all.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How often idle tenants are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const STOP_MAX: Duration = Duration::from_secs(6);

/// What actors use of the program.
#[derive(Debug)]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub log: Arc<dyn EventLog>,
    pub placement: Placement,
    pub turns: Turns,
    pub limits: SystemLimits,
    pub supervision: Supervision,
    /// By partition: those of all projections.
    pub handovers: Vec<Arc<[Arc<Handover>]>>,
    pub tails: Arc<Tails>,
    pub jobs: Arc<Jobs>,
    pub planted: Planted,
}

#[derive(Debug)]
pub enum PlatformMessage {
    Open {
        tenant: TenantId,
        reply: RpcReplyPort<Result<Arc<Door>, Parked>>,
    },
    /// Lets a parked tenant run again. Answers whether it was parked.
    Revive {
        tenant: TenantId,
        reply: RpcReplyPort<bool>,
    },
    Inspect {
        depth: Depth,
        reply: RpcReplyPort<PlatformReport>,
    },
    StartTenant {
        tenant: TenantId,
    },
    StartProjector {
        at: usize,
    },
    StartUpkeep,
    LookForIdle,
    /// Answers the end of a tail.
    Tail {
        tenant: TenantId,
        request: TailRequest,
        reply: RpcReplyPort<Result<Subscription, TailError>>,
    },
    /// Answers when the job is known.
    StartJob {
        tenant: TenantId,
        job: Arc<dyn Job>,
        reply: RpcReplyPort<Result<(), Parked>>,
    },
    /// Answers when no job of this name runs.
    EndJob {
        tenant: TenantId,
        name: String,
        reply: RpcReplyPort<()>,
    },
}

/// Why a tenant does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tenant {tenant} keeps failing and is set aside: {reason}")]
pub struct Parked {
    pub tenant: TenantId,
    pub reason: Arc<str>,
}

/// How much somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// No tenant by itself, but those that are parked.
    Counts,
    /// This tenant, and no other.
    Tenant(TenantId),
    Everything,
}

/// What an operator sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlatformReport {
    /// How many tenants run, whether they were asked for or not.
    pub running: usize,
    pub tenants: Vec<TenantReport>,
    pub parked: Vec<Parked>,
    pub projectors: Vec<ProjectorReport>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorReport {
    pub projection: &'static str,
    pub partition: PartitionId,
    pub runs: bool,
    /// It could not go on the last time it tried, and tries again.
    pub waits: bool,
    pub failures: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct PlatformArguments {
    pub ports: Arc<Ports>,
    pub doors: Arc<Doors>,
    pub projectors: Vec<ProjectorArguments>,
    pub upkeep: Option<UpkeepParts>,
}

/// The actor.
#[derive(Debug)]
pub(crate) struct Platform;

#[derive(Debug)]
pub(crate) struct PlatformState {
    ports: Arc<Ports>,
    doors: Arc<Doors>,
    tenants: BTreeMap<TenantId, Child>,
    parked: BTreeMap<TenantId, Parked>,
    projectors: Vec<Needed<ProjectorArguments, ProjectorMessage>>,
    upkeep: Option<Needed<UpkeepParts, UpkeepMessage>>,
}

#[derive(Debug, Default)]
struct Child {
    running: Option<ActorRef<TenantMessage>>,
    failures: Failures,
    /// Uses of its door when it was looked at last.
    uses: Option<usize>,
}

/// A child that the program cannot do without: it is never given up.
#[derive(Debug)]
struct Needed<A, M> {
    with: A,
    running: Option<ActorRef<M>>,
    failures: Failures,
}

impl<A, M> Needed<A, M> {
    fn new(with: A) -> Self {
        Self { with, running: None, failures: Failures::default() }
    }

    /// Answers when it is to be started again.
    fn failed(&mut self, ports: &Ports) -> Duration {
        self.running = None;
        self.failures.note_of_needed(ports.clock.elapsed(), &ports.supervision.projectors)
    }
}

impl Actor for Platform {
    type Msg = PlatformMessage;
    type State = PlatformState;
    type Arguments = PlatformArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<PlatformMessage>,
        arguments: PlatformArguments,
    ) -> Result<PlatformState, ActorProcessingErr> {
        let mut state = PlatformState::new(arguments);
        for at in 0..state.projectors.len() {
            state.start_projector(&myself, at).await?;
        }
        state.start_upkeep(&myself).await?;
        drop(myself.send_interval(LOOK_EVERY, || PlatformMessage::LookForIdle));
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<PlatformMessage>,
        message: PlatformMessage,
        state: &mut PlatformState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            PlatformMessage::Open { tenant, reply } => drop(reply.send(state.open(tenant, &myself).await)),
            PlatformMessage::Revive { tenant, reply } => {
                let in_vain = state.ports.planted.is(Planted::RevivedInVain);
                drop(reply.send(in_vain || state.parked.remove(&tenant).is_some()));
            }
            PlatformMessage::Inspect { depth, reply } => drop(reply.send(state.report(depth).await)),
            PlatformMessage::StartTenant { tenant } => state.restart_tenant(tenant, &myself).await,
            PlatformMessage::StartProjector { at } => state.start_projector(&myself, at).await?,
            PlatformMessage::StartUpkeep => state.start_upkeep(&myself).await?,
            PlatformMessage::LookForIdle => state.stop_idle(),
            PlatformMessage::Tail { tenant, request, reply } => match state.running(tenant, &myself).await {
                Ok(actor) => drop(actor.cast(TenantMessage::Tail { request, reply })),
                Err(parked) => drop(reply.send(Err(parked.into()))),
            },
            PlatformMessage::StartJob { tenant, job, reply } => {
                let running = state.running(tenant, &myself).await;
                let told = running.map(|actor| drop(actor.cast(TenantMessage::StartJob { job })));
                drop(reply.send(told));
            }
            PlatformMessage::EndJob { tenant, name, reply } => {
                match state.tenants.get(&tenant).and_then(|child| child.running.as_ref()) {
                    Some(actor) => drop(actor.cast(TenantMessage::EndJob { name, reply })),
                    None => drop(reply.send(())),
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<PlatformMessage>,
        event: SupervisionEvent,
        state: &mut PlatformState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => {
                state.failed(&myself, who.get_id(), &error.to_string());
                if state.ports.planted.is(Planted::FailureSpreads) {
                    return Err(error);
                }
            }
            SupervisionEvent::ActorTerminated(who, _, _) => state.ended(who.get_id()),
            _ => {}
        }
        Ok(())
    }

    /// Tenants first, so that what they write is still followed; then projectors.
    async fn post_stop(
        &self,
        myself: ActorRef<PlatformMessage>,
        state: &mut PlatformState,
    ) -> Result<(), ActorProcessingErr> {
        for tenant in state.tenants.values().filter_map(|child| child.running.as_ref()) {
            // One that has stopped already is not waited for below either.
            drop(tenant.drain());
        }
        for (name, child) in &state.tenants {
            let Some(tenant) = &child.running else { continue };
            if tenant.wait(Some(STOP_MAX)).await.is_err() {
                tracing::warn!(tenant = %name, "a tenant did not stop in time");
            }
        }
        let projectors = || state.projectors.iter().filter_map(|child| child.running.as_ref());
        projectors().for_each(|projector| projector.stop(None));
        for projector in projectors() {
            drop(projector.wait(Some(STOP_MAX)).await);
        }
        if let Some(Needed { with, running: Some(upkeep), .. }) = &state.upkeep {
            upkeep.stop(None);
            with.arguments.due.notify_one();
            drop(upkeep.wait(Some(STOP_MAX)).await);
        }
        myself.stop_children_and_wait(None, Some(STOP_MAX)).await;
        Ok(())
    }
}

impl PlatformState {
    fn new(arguments: PlatformArguments) -> Self {
        let PlatformArguments { ports, doors, projectors, upkeep } = arguments;
        let projectors = projectors.into_iter().map(Needed::new).collect();
        let (tenants, parked) = (BTreeMap::new(), BTreeMap::new());
        Self { ports, doors, tenants, parked, projectors, upkeep: upkeep.map(Needed::new) }
    }

    async fn open(
        &mut self,
        tenant: TenantId,
        myself: &ActorRef<PlatformMessage>,
    ) -> Result<Arc<Door>, Parked> {
        let actor = self.running(tenant, myself).await?;
        if let Some(door) = self.doors.find(tenant) {
            return Ok(door);
        }
        let opened = actor.call(|reply| TenantMessage::Open { reply }, Some(ANSWER_MAX)).await;
        match opened {
            Ok(ractor::rpc::CallResult::Success(door)) => Ok(door),
            _ => Err(Parked { tenant, reason: "it does not answer and is being started again".into() }),
        }
    }

    /// The tenant, started if need be.
    async fn running(
        &mut self,
        tenant: TenantId,
        myself: &ActorRef<PlatformMessage>,
    ) -> Result<ActorRef<TenantMessage>, Parked> {
        if let Some(parked) = self.parked.get(&tenant) {
            return Err(parked.clone());
        }
        match self.tenants.get(&tenant).and_then(|child| child.running.clone()) {
            Some(actor) => Ok(actor),
            None => self
                .start_tenant(tenant, myself)
                .await
                .map_err(|error| Parked { tenant, reason: error.to_string().into() }),
        }
    }

    async fn start_tenant(
        &mut self,
        tenant: TenantId,
        myself: &ActorRef<PlatformMessage>,
    ) -> Result<ActorRef<TenantMessage>, ractor::SpawnErr> {
        let arguments =
            TenantArguments { tenant, ports: Arc::clone(&self.ports), doors: Arc::clone(&self.doors) };
        let (actor, _) = Actor::spawn_linked(None, Tenant, arguments, myself.get_cell()).await?;
        let child = self.tenants.entry(tenant).or_default();
        child.running = Some(actor.clone());
        child.uses = None;
        tracing::debug!(%tenant, "a tenant was started");
        Ok(actor)
    }

    async fn restart_tenant(&mut self, tenant: TenantId, myself: &ActorRef<PlatformMessage>) {
        if self.tenants.get(&tenant).is_some_and(|child| child.running.is_some()) {
            return;
        }
        if let Err(error) = self.start_tenant(tenant, myself).await {
            self.tenant_failed(tenant, myself, &error.to_string());
        }
    }

    async fn start_projector(
        &mut self,
        myself: &ActorRef<PlatformMessage>,
        at: usize,
    ) -> Result<(), ActorProcessingErr> {
        let child = &mut self.projectors[at];
        let with = child.with.clone();
        let (actor, _) = Actor::spawn_linked(None, Projector, with, myself.get_cell()).await?;
        child.running = Some(actor);
        Ok(())
    }

    async fn start_upkeep(&mut self, myself: &ActorRef<PlatformMessage>) -> Result<(), ActorProcessingErr> {
        if let Some(child) = &mut self.upkeep {
            let (actor, _) = Actor::spawn_linked(None, Upkeep, child.with.clone(), myself.get_cell()).await?;
            child.running = Some(actor);
        }
        Ok(())
    }

    fn failed(&mut self, myself: &ActorRef<PlatformMessage>, who: ActorId, reason: &str) {
        let tenant = self.tenants.iter().find(|(_, child)| is(child.running.as_ref(), who));
        if let Some(tenant) = tenant.map(|(tenant, _)| *tenant) {
            return self.tenant_failed(tenant, myself, reason);
        }
        if let Some(at) = self.projectors.iter().position(|child| is(child.running.as_ref(), who)) {
            self.projector_failed(myself, at, reason);
        }
        if let Some(child) = self.upkeep.as_mut().filter(|child| is(child.running.as_ref(), who)) {
            let wait = child.failed(&self.ports);
            tracing::error!(reason, ?wait, "upkeep failed and is started again");
            drop(myself.send_after(wait, || PlatformMessage::StartUpkeep));
        }
    }

    fn tenant_failed(&mut self, tenant: TenantId, myself: &ActorRef<PlatformMessage>, reason: &str) {
        self.doors.close(tenant);
        let child = self.tenants.entry(tenant).or_default();
        child.running = None;
        match child.failures.note(self.ports.clock.elapsed(), &self.ports.supervision.tenants) {
            Verdict::RestartAfter(wait) => {
                tracing::error!(%tenant, reason, ?wait, "a tenant failed and is started again");
                drop(myself.send_after(wait, move || PlatformMessage::StartTenant { tenant }));
            }
            Verdict::GiveUp { .. } if self.ports.planted.is(Planted::NeverParked) => {
                drop(myself.send_after(LOOK_EVERY, move || PlatformMessage::StartTenant { tenant }));
            }
            Verdict::GiveUp { failures } => {
                tracing::error!(%tenant, reason, failures, "a tenant keeps failing and is parked");
                self.tenants.remove(&tenant);
                self.parked.insert(tenant, Parked { tenant, reason: reason.into() });
            }
        }
    }

    fn projector_failed(&mut self, myself: &ActorRef<PlatformMessage>, at: usize, reason: &str) {
        let child = &mut self.projectors[at];
        let wait = child.failed(&self.ports);
        let ProjectorArguments { partition, projection, .. } = &child.with;
        let projection = projection.name();
        tracing::error!(projection, %partition, reason, ?wait, "a projector failed and is started again");
        drop(myself.send_after(wait, move || PlatformMessage::StartProjector { at }));
    }

    /// A tenant has stopped as it was told.
    fn ended(&mut self, who: ActorId) {
        self.tenants.retain(|_, child| !is(child.running.as_ref(), who));
    }

    /// Stops tenants without tails and jobs whose door nobody used since the last look. Who comes later finds a new one.
    fn stop_idle(&mut self) {
        let (doors, tails, jobs) = (&self.doors, &self.ports.tails, &self.ports.jobs);
        self.tenants.retain(|tenant, child| {
            let Some(running) = &child.running else { return true };
            let uses = doors.find(*tenant).map_or(0, |door| door.uses());
            let is_busy = tails.are_open(*tenant) || jobs.are_running(*tenant);
            if child.uses.replace(uses) != Some(uses) || is_busy {
                return true;
            }
            doors.close(*tenant);
            tracing::debug!(%tenant, "an idle tenant is stopped");
            running.drain().is_err()
        });
    }

    async fn report(&self, depth: Depth) -> PlatformReport {
        let wanted = |tenant: &TenantId| match depth {
            Depth::Counts => false,
            Depth::Tenant(only) => only == *tenant,
            Depth::Everything => true,
        };
        let running =
            || self.tenants.iter().filter_map(|(tenant, child)| Some((tenant, child.running.as_ref()?)));
        let mut tenants = Vec::new();
        for (_, tenant) in running().filter(|(tenant, _)| wanted(tenant)) {
            let answered = tenant.call(|reply| TenantMessage::Inspect { reply }, Some(ANSWER_MAX)).await;
            if let Ok(ractor::rpc::CallResult::Success(report)) = answered {
                tenants.push(report);
            }
        }
        let projector = |child: &Needed<ProjectorArguments, _>| ProjectorReport {
            projection: child.with.projection.name(),
            partition: child.with.partition,
            runs: child.running.is_some(),
            waits: child.with.figures.waits(),
            failures: child.failures.count(),
        };
        let projectors = self.projectors.iter().map(projector).collect();
        let shown = |parked: &&Parked| depth == Depth::Counts || wanted(&parked.tenant);
        let parked = self.parked.values().filter(shown).cloned().collect();
        PlatformReport { running: running().count(), tenants, parked, projectors }
    }
}

fn is<M>(running: Option<&ActorRef<M>>, who: ActorId) -> bool {
    running.is_some_and(|running| running.get_id() == who)
}
