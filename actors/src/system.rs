//! The actor system as the gateway sees it: lines go in here, and it is started and stopped as a whole.
//!
//! Invariant: lines are answered with a receipt when they are on stable storage, or with the reason why they are not
//! taken; a stop ends in a fixed order. It knows no socket and no protocol.

use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;
use antler_events::log::{AppendError, EventLog};
use antler_events::placement::Placement;
use antler_events::wire::Receipt;
use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef};

use crate::credits::{self, NoCredit, Purse, Whose};
use crate::door::{Door, Doors};
use crate::handover::Handover;
use crate::ingest_shard::{Arrived, ShardMessage, WriteError};
use crate::jobs::{Job, Jobs};
use crate::live::inbox::Tails;
use crate::live::request::{Subscription, TailError, TailRequest};
use crate::planted::Planted;
use crate::platform::{Depth, Parked, Platform, PlatformArguments, PlatformMessage, PlatformReport, Ports};
use crate::progress::Progress;
use crate::projector::{Projection, ProjectorArguments, ProjectorFigures, views};
use crate::quotas::{NotAdmitted, Quotas};
use crate::streams::{NoRoomForStream, Refused};
use crate::supervision::Supervision;
use crate::taken::{self, TakenFigures};
use crate::turns::Turns;
use crate::upkeep::{UpkeepArguments, UpkeepParts};

/// The platform answers within this time or not at all.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// A write takes no longer, or its sender is told that nobody knows.
const WRITE_MAX: Duration = Duration::from_secs(30);
const STOP_MAX: Duration = Duration::from_secs(7);
/// A tail that is just ending is asked for again so often.
const TAIL_ATTEMPTS: usize = 5;
const TAIL_PAUSE: Duration = Duration::from_millis(10);

/// Bytes that may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemLimits {
    /// Of lines of one tenant.
    pub tenant_bytes_max: u32,
    /// Of lines of all tenants.
    pub bytes_max: u32,
    /// Of lines that are being written at once; beyond that tenants take turns.
    pub writing_bytes_max: u64,
    /// Of batches that wait for a projector; it reads further ones from the log.
    pub handover_bytes_max: usize,
    /// Jobs that are at work at once, and those of one tenant among them.
    pub jobs_max: usize,
    pub jobs_per_tenant_max: usize,
}

/// What the system is made of.
#[derive(Debug)]
pub struct SystemParts {
    pub clock: Arc<dyn Clock>,
    pub log: Arc<dyn EventLog>,
    pub placement: Placement,
    pub limits: SystemLimits,
    pub supervision: Supervision,
    pub projections: Vec<Arc<dyn Projection>>,
    /// None if nothing has to be kept in shape.
    pub upkeep: Option<UpkeepArguments>,
    pub tails: Arc<Tails>,
    pub quotas: Arc<Quotas>,
    pub planted: Planted,
}

/// Why lines were not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IngestError {
    #[error(
        "too much is under way for tenant {tenant}: {bytes_max} bytes at once; send again a little later"
    )]
    TenantBusy { tenant: TenantId, bytes_max: u32 },
    #[error("the server has as much under way as it can hold, {bytes_max} bytes; send again a little later")]
    ServerBusy { bytes_max: u32 },
    #[error(
        "a batch of {bytes} bytes is more than the {bytes_max} bytes that may be under way; send less at once"
    )]
    TooLarge { bytes: usize, bytes_max: u32 },
    #[error(transparent)]
    Parked(#[from] Parked),
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    #[error(transparent)]
    NoRoomForStream(#[from] NoRoomForStream),
    #[error("the tenant is being started again; send again a little later")]
    Starting,
    #[error("the server is stopping")]
    Stopping,
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("it is not known whether the lines were written; a repeat with the same Idempotency-Key is safe")]
    Unknown,
}

impl IngestError {
    /// Nothing was written, and the same lines may be taken soon.
    pub fn passes(&self) -> bool {
        match self {
            Self::TenantBusy { .. } | Self::ServerBusy { .. } | Self::Starting => true,
            Self::Write(WriteError::Log(error)) => {
                matches!(error, AppendError::DiskFull | AppendError::Away { .. })
            }
            Self::TooLarge { .. }
            | Self::Parked(_)
            | Self::NotAdmitted(_)
            | Self::NoRoomForStream(_)
            | Self::Stopping
            | Self::Write(WriteError::Record { .. })
            | Self::Unknown => false,
        }
    }
}

/// What became of what arrived together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub receipt: Receipt,
    /// Lines that would have begun more streams than the tenant may have. They are dead letters.
    pub refused: Refused,
}

/// A projection and how far it is.
#[derive(Debug, Clone)]
pub struct RunningProjection {
    pub name: &'static str,
    pub progress: Arc<Progress>,
    /// By partition.
    pub figures: Vec<Arc<ProjectorFigures>>,
}

/// The running system.
#[derive(Debug)]
pub struct System {
    clock: Arc<dyn Clock>,
    log: Arc<dyn EventLog>,
    platform: ActorRef<PlatformMessage>,
    doors: Arc<Doors>,
    purse: Purse,
    turns: Turns,
    projections: Vec<RunningProjection>,
    taken: TakenFigures,
    quotas: Arc<Quotas>,
    planted: Planted,
}

/// The system could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the actors cannot be started: {reason}")]
pub struct StartError {
    reason: String,
}

impl System {
    pub async fn start(parts: SystemParts) -> Result<Self, StartError> {
        let SystemParts { clock, log, placement, limits, supervision, .. } = parts;
        let SystemParts { projections, upkeep, tails, quotas, planted, .. } = parts;
        let running: Vec<RunningProjection> =
            projections.iter().map(|projection| running(&**projection, log.partitions())).collect();
        let mut projectors = Vec::new();
        let mut handovers = Vec::new();
        for partition in (0..log.partitions()).map(PartitionId::new) {
            let each = projections.iter().zip(&running);
            let of_partition: Vec<ProjectorArguments> = each
                .map(|(projection, running)| {
                    projector(partition, (&clock, &log, planted), projection, running, limits)
                })
                .collect();
            handovers.push(of_partition.iter().map(|with| Arc::clone(&with.handover)).collect());
            projectors.extend(of_partition);
        }
        let turns = Turns::with_planted(limits.writing_bytes_max, planted);
        let ports = Arc::new(Ports {
            clock: Arc::clone(&clock),
            log: Arc::clone(&log),
            placement,
            turns: turns.clone(),
            limits,
            supervision,
            handovers,
            tails,
            jobs: Arc::new(Jobs::new(limits.jobs_max, limits.jobs_per_tenant_max)),
            planted,
        });
        let doors = Arc::<Doors>::default();
        let fed = running.iter().find(|projection| projection.name == views::NAME);
        let fed = fed.map(|projection| Arc::clone(&projection.progress));
        let upkeep = upkeep.map(|arguments| UpkeepParts { arguments, views: fed, planted });
        let arguments = PlatformArguments { ports, doors: Arc::clone(&doors), projectors, upkeep };
        let started = Actor::spawn(None, Platform, arguments).await;
        let (platform, _) = started.map_err(|error| StartError { reason: error.to_string() })?;
        let purse = Purse::new(limits.bytes_max);
        Ok(Self {
            clock,
            log,
            platform,
            doors,
            purse,
            turns,
            projections: running,
            taken: TakenFigures::default(),
            quotas,
            planted,
        })
    }

    /// Has batches written, of which there is at least one: all of them or none. Resolves when they are on stable
    /// storage.
    pub async fn ingest(
        &self,
        tenant: TenantId,
        batches: Vec<Arc<LineBatch>>,
        arrival: Arc<Arrival>,
    ) -> Result<Receipt, IngestError> {
        let arrived = Arrived { batches, arrival, ..Arrived::default() };
        Ok(self.take(tenant, arrived).await?.receipt)
    }

    /// The same for all that arrived together: lines, those that were rejected, and the answer to be remembered.
    pub async fn take(&self, tenant: TenantId, mut arrived: Arrived) -> Result<Taken, IngestError> {
        let began = self.clock.elapsed();
        let admitted = self.admit(tenant, &mut arrived);
        let bytes = taken::bytes_of(arrived.batches.iter().map(|batch| &**batch));
        let (answer, refused) = match admitted {
            Ok(refused) => (self.write(tenant, arrived).await, refused),
            Err(error) => (Err(error), Refused::default()),
        };
        self.taken.note(bytes as u64, self.clock.elapsed().saturating_sub(began), &answer);
        self.taken.note_refused(&refused);
        Ok(Taken { receipt: answer?, refused })
    }

    /// What is not taken, of a tenant that sends now.
    fn admit(&self, tenant: TenantId, arrived: &mut Arrived) -> Result<Refused, IngestError> {
        self.quotas.admit(tenant)?;
        let Some(full) = self.quotas.full_streams(tenant) else { return Ok(Refused::default()) };
        if arrived.is_whole {
            full.check(arrived)?;
        }
        Ok(full.sift(arrived))
    }

    async fn write(&self, tenant: TenantId, mut arrived: Arrived) -> Result<Receipt, IngestError> {
        let mut door = self.door(tenant).await?;
        let is_unbounded = self.planted.is(Planted::CreditOfOneByte);
        let bytes = if is_unbounded { 1 } else { arrived.bytes_held() };
        let taken = credits::take(door.purse(), &self.purse, bytes);
        let mut credit = taken.map_err(|refused| refusal(tenant, refused))?;
        for _ in 0..2 {
            let shard = door.shard().ok_or(IngestError::Starting)?.clone();
            let (reply, answer) = ractor::concurrency::oneshot();
            let message = ShardMessage::Ingest { arrived, credit, reply: reply.into() };
            match shard.cast(message) {
                Ok(()) => return written(answer).await,
                Err(ractor::MessagingErr::SendErr(ShardMessage::Ingest {
                    arrived: lines,
                    credit: taken,
                    ..
                })) => {
                    (arrived, credit) = (lines, taken);
                }
                Err(_) => return Err(IngestError::Stopping),
            }
            self.doors.close(tenant);
            door = self.door(tenant).await?;
        }
        Err(IngestError::Starting)
    }

    /// Follows the lines of a tenant that a filter wants.
    pub async fn tail(&self, tenant: TenantId, request: &TailRequest) -> Result<Subscription, TailError> {
        for _ in 0..TAIL_ATTEMPTS {
            let asked = |reply| PlatformMessage::Tail { tenant, request: request.clone(), reply };
            match self.platform.call(asked, Some(ANSWER_MAX)).await {
                Ok(CallResult::Success(answer)) => return answer,
                // The tail, or its tenant, was just ending.
                Ok(CallResult::SenderError) => tokio::time::sleep(TAIL_PAUSE).await,
                Ok(CallResult::Timeout) => return Err(TailError::Starting),
                Err(_) => return Err(TailError::Stopping),
            }
        }
        Err(TailError::Starting)
    }

    /// Has a job done, unless it is being done.
    pub async fn start_job(&self, tenant: TenantId, job: Arc<dyn Job>) -> Result<(), IngestError> {
        let asked = |reply| PlatformMessage::StartJob { tenant, job, reply };
        match self.platform.call(asked, Some(ANSWER_MAX)).await {
            Ok(CallResult::Success(started)) => Ok(started?),
            Ok(CallResult::Timeout) => Err(IngestError::Starting),
            _ => Err(IngestError::Stopping),
        }
    }

    /// Ends a job where it waits; what it has begun to write is written.
    pub async fn end_job(&self, tenant: TenantId, name: &str) -> Result<(), IngestError> {
        let asked = |reply| PlatformMessage::EndJob { tenant, name: name.to_owned(), reply };
        match self.platform.call(asked, Some(ANSWER_MAX)).await {
            Ok(CallResult::Success(())) => Ok(()),
            Ok(CallResult::Timeout) => Err(IngestError::Starting),
            _ => Err(IngestError::Stopping),
        }
    }

    /// What runs, for an operator.
    pub async fn report(&self, depth: Depth) -> Option<PlatformReport> {
        let asked = |reply| PlatformMessage::Inspect { depth, reply };
        match self.platform.call(asked, Some(ANSWER_MAX)).await {
            Ok(CallResult::Success(report)) => Some(report),
            _ => None,
        }
    }

    /// Lets a parked tenant run again. Answers whether it was parked.
    pub async fn revive(&self, tenant: TenantId) -> bool {
        let asked = |reply| PlatformMessage::Revive { tenant, reply };
        matches!(self.platform.call(asked, Some(ANSWER_MAX)).await, Ok(CallResult::Success(true)))
    }

    /// Bytes of lines that are under way.
    pub fn bytes_held(&self) -> u64 {
        self.purse.bytes_held()
    }

    pub fn bytes_max(&self) -> u32 {
        self.purse.bytes_max()
    }

    /// Bytes of lines of a tenant that are under way.
    pub fn held_by(&self, tenant: TenantId) -> u64 {
        self.doors.find(tenant).map_or(0, |door| door.purse().bytes_held())
    }

    /// Tenants that take lines now, with the bytes of theirs that are under way.
    pub fn held_by_tenants(&self) -> Vec<(TenantId, u64)> {
        self.doors.held()
    }

    /// What became of the lines that came.
    pub fn taken(&self) -> &TakenFigures {
        &self.taken
    }

    /// Batches that wait for their turn to be written.
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    /// What tenants have sent, and may.
    pub fn quotas(&self) -> &Arc<Quotas> {
        &self.quotas
    }

    pub(crate) fn has_planted(&self, bug: Planted) -> bool {
        self.planted.is(bug)
    }

    pub fn projections(&self) -> &[RunningProjection] {
        &self.projections
    }

    /// Waits until a projection has taken all that is in a partition now.
    pub async fn settled(&self, projection: &str, partition: PartitionId) {
        let running = self.projections.iter().find(|running| running.name == projection);
        if let (Some(running), Ok(bounds)) = (running, self.log.bounds(partition)) {
            running.progress.reached(partition, bounds.next.before()).await;
        }
    }

    /// The same of all partitions.
    pub async fn settled_everywhere(&self, projection: &str) {
        for partition in (0..self.log.partitions()).map(PartitionId::new) {
            self.settled(projection, partition).await;
        }
    }

    /// Lets what is under way be written, and stops all actors.
    pub async fn stop(&self) {
        if self.platform.stop_and_wait(None, Some(STOP_MAX)).await.is_err() {
            tracing::warn!("the actors did not stop in time");
        }
    }

    async fn door(&self, tenant: TenantId) -> Result<Arc<Door>, IngestError> {
        if let Some(door) = self.doors.find(tenant) {
            return Ok(door);
        }
        let asked = |reply| PlatformMessage::Open { tenant, reply };
        match self.platform.call(asked, Some(ANSWER_MAX)).await {
            Ok(CallResult::Success(opened)) => Ok(opened?),
            Ok(CallResult::Timeout) => Err(IngestError::Starting),
            _ => Err(IngestError::Stopping),
        }
    }
}

async fn written(
    answer: ractor::concurrency::OneshotReceiver<Result<Receipt, WriteError>>,
) -> Result<Receipt, IngestError> {
    match tokio::time::timeout(WRITE_MAX, answer).await {
        Ok(Ok(written)) => Ok(written?),
        Ok(Err(_)) | Err(_) => Err(IngestError::Unknown),
    }
}

fn refusal(tenant: TenantId, refused: NoCredit) -> IngestError {
    match refused {
        NoCredit::Spent { whose: Whose::Tenant, bytes_max } => IngestError::TenantBusy { tenant, bytes_max },
        NoCredit::Spent { whose: Whose::Program, bytes_max } => IngestError::ServerBusy { bytes_max },
        NoCredit::TooLarge { bytes, bytes_max } => IngestError::TooLarge { bytes, bytes_max },
    }
}

fn running(projection: &dyn Projection, partitions: u16) -> RunningProjection {
    let progress = Progress::new(partitions);
    for partition in (0..partitions).map(PartitionId::new) {
        progress.advance(partition, projection.applied(partition));
    }
    let figures = (0..partitions).map(|_| Arc::default()).collect();
    RunningProjection { name: projection.name(), progress: Arc::new(progress), figures }
}

fn projector(
    partition: PartitionId,
    (clock, log, planted): (&Arc<dyn Clock>, &Arc<dyn EventLog>, Planted),
    projection: &Arc<dyn Projection>,
    running: &RunningProjection,
    limits: SystemLimits,
) -> ProjectorArguments {
    let next: Offset = projection.applied(partition).plus(1);
    ProjectorArguments {
        partition,
        clock: Arc::clone(clock),
        log: Arc::clone(log),
        projection: Arc::clone(projection),
        handover: Handover::new(next, limits.handover_bytes_max),
        progress: Arc::clone(&running.progress),
        figures: Arc::clone(&running.figures[usize::from(partition.number())]),
        planted,
    }
}

#[cfg(test)]
mod tests;
