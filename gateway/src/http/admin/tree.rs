//! The tree of actors as JSON.
//!
//! Invariant: it shows what the report has, and decides nothing about who may see it.

use antler_actors::platform::{Parked, PlatformReport, ProjectorReport};
use antler_actors::system::System;
use antler_actors::tenant::{ShardReport, TenantReport};
use serde::Serialize;

use super::super::lag::Lag;

const RUNNING: &str = "running";
/// It runs, cannot go on and tries again.
const WAITING: &str = "waiting";
const STARTING: &str = "starting";
const PARKED: &str = "parked";

#[derive(Debug, Serialize)]
pub(super) struct Tree {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    pub tenants: Vec<Tenant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projectors: Option<Vec<Projector>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Platform {
    tenants_running: usize,
    tenants_parked: usize,
    /// Of lines that are under way: what the mailboxes of all shards hold.
    bytes_held: u64,
    bytes_held_max: u32,
    batches_waiting: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Tenant {
    id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    bytes_held: u64,
    shards: Vec<Shard>,
}

#[derive(Debug, Serialize)]
struct Shard {
    partition: u16,
    status: &'static str,
    failures: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Projector {
    projection: &'static str,
    partition: u16,
    status: &'static str,
    failures: u32,
    events: u64,
    retries: u64,
    set_aside: u64,
    lag: Behind,
}

#[derive(Debug, Serialize)]
struct Behind {
    events: u64,
    bytes: u64,
    seconds: f64,
}

fn status(runs: bool) -> &'static str {
    if runs { RUNNING } else { STARTING }
}

impl Platform {
    pub(super) fn of(report: &PlatformReport, system: &System) -> Self {
        Self {
            tenants_running: report.running,
            tenants_parked: report.parked.len(),
            bytes_held: system.bytes_held(),
            bytes_held_max: system.bytes_max(),
            batches_waiting: system.waiting(),
        }
    }
}

impl Tenant {
    /// Those that are parked come first: they want to be seen.
    pub(super) fn all(report: &PlatformReport) -> Vec<Self> {
        let parked = report.parked.iter().map(Self::parked);
        parked.chain(report.tenants.iter().map(Self::running)).collect()
    }

    fn parked(of: &Parked) -> Self {
        let reason = Some(of.reason.to_string());
        Self { id: of.tenant.to_string(), status: PARKED, reason, bytes_held: 0, shards: Vec::new() }
    }

    fn running(of: &TenantReport) -> Self {
        let shard = |shard: &ShardReport| Shard {
            partition: shard.partition.number(),
            status: status(shard.runs),
            failures: shard.failures,
        };
        Self {
            id: of.tenant.to_string(),
            status: RUNNING,
            reason: None,
            bytes_held: of.bytes_held,
            shards: of.shards.iter().map(shard).collect(),
        }
    }
}

impl Projector {
    pub(super) fn all(report: &PlatformReport, system: &System, lags: &[Lag]) -> Vec<Self> {
        report.projectors.iter().map(|of| Self::of(of, system, lags)).collect()
    }

    fn of(of: &ProjectorReport, system: &System, lags: &[Lag]) -> Self {
        let running = system.projections().iter().find(|running| running.name == of.projection);
        let figures = running.and_then(|running| running.figures.get(usize::from(of.partition.number())));
        let (events, retries, set_aside) =
            figures.map_or((0, 0, 0), |of| (of.events(), of.retries(), of.set_aside()));
        let lag = lags.iter().find(|lag| lag.projection == of.projection && lag.partition == of.partition);
        let lag = lag.map_or(Behind { events: 0, bytes: 0, seconds: 0.0 }, |lag| Behind {
            events: lag.events,
            bytes: lag.bytes,
            seconds: lag.seconds,
        });
        Self {
            projection: of.projection,
            partition: of.partition.number(),
            status: if of.runs && of.waits { WAITING } else { status(of.runs) },
            failures: of.failures,
            events,
            retries,
            set_aside,
            lag,
        }
    }
}
