//! `/health`, `/live` and `/ready`.
//!
//! Invariant: live means that the process answers; ready, that it takes work; healthy, that what it depends on
//! works. It changes nothing.

mod dependencies;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use antler_events::log::PartitionStatistics;
use antler_events::log::jetstream::Server;
use antler_events::log::segment::Finding;

use super::answer::json;
use super::shared::Shared;
use crate::compose::RunningLog;
use crate::listeners::{Listening, Place};
use crate::tls::Standing;

const OK: &str = "ok";
const UNHEALTHY: &str = "unhealthy";
/// Left out, and nothing that anybody asked for is missing.
const SKIPPED: &str = "skipped";
/// It works, and somebody should look at it.
const DEGRADED: &str = "degraded";
/// Who renews certificates does it earlier.
pub(crate) const DAYS_LEFT_MIN: i64 = 14;

/// The body of `/health`.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    version: &'static str,
    uptime_s: u64,
    dependencies: BTreeMap<&'static str, Dependency>,
}

#[derive(Debug, Serialize)]
struct Dependency {
    status: &'static str,
    /// How long it took to ask.
    latency_ms: f64,
    detail: String,
}

/// The body of `/live` and `/ready`.
#[derive(Debug, Serialize)]
struct Status {
    status: &'static str,
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let health = examined(&shared).await;
    let is_ill = health.status == UNHEALTHY;
    json(if is_ill { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, &health)
}

pub(super) async fn examined(shared: &Shared) -> Health {
    let mut dependencies = BTreeMap::from([("log", log(shared))]);
    dependencies.extend(shared.listeners.iter().map(|place| (place.name, listener(place))));
    dependencies.extend(shared.tls.as_ref().map(|tls| ("certificate", certificate(&tls.standing()))));
    dependencies.extend(dependencies::of(shared).await);
    let is_any = |status| dependencies.values().any(|dependency| dependency.status == status);
    let (ill, poor) = (is_any(UNHEALTHY), is_any(DEGRADED));
    Health {
        status: match (ill, poor) {
            (true, _) => UNHEALTHY,
            (false, true) => DEGRADED,
            (false, false) => OK,
        },
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: shared.clock.elapsed().as_secs(),
        dependencies,
    }
}

pub(super) async fn live() -> Response {
    json(StatusCode::OK, &Status { status: "alive" })
}

pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.stopping.load(Ordering::Relaxed) {
        false => json(StatusCode::OK, &Status { status: "ready" }),
        true => json(StatusCode::SERVICE_UNAVAILABLE, &Status { status: "stopping" }),
    }
}

/// Whether the log takes lines now, how long it took to know, and the reason.
pub(super) fn takes_lines(shared: &Shared) -> (bool, f64, String) {
    let Dependency { status, latency_ms, detail } = log(shared);
    (status == OK, latency_ms, detail)
}

fn listener(place: &Place) -> Dependency {
    let (status, detail) = match &place.state {
        Listening::At(address) => (OK, format!("listens on {address}")),
        Listening::Skipped { reason } => (SKIPPED, reason.clone()),
    };
    Dependency { status, latency_ms: 0.0, detail }
}

/// A certificate that ends soon needs somebody to look at it; the server itself works with any.
fn certificate(Standing { ends, days_left, refused }: &Standing) -> Dependency {
    let lasts = match days_left {
        ..0 => format!("ended on {ends}, so clients refuse it; put a new one in its place"),
        _ => format!("ends in {days_left} days, on {ends}"),
    };
    let (status, detail) = match refused {
        Some(why) => (DEGRADED, format!("{lasts}; a newer one is not used: {why}")),
        None if *days_left < DAYS_LEFT_MIN => (DEGRADED, lasts),
        None => (OK, lasts),
    };
    Dependency { status, latency_ms: 0.0, detail }
}

/// The log is well while every partition takes appends.
fn log(shared: &Shared) -> Dependency {
    let began = shared.clock.elapsed();
    let statistics = shared.log.statistics();
    let ended = shared.log.ended().into_iter().map(|id| format!("the writer of partition {id} is gone"));
    let faults: Vec<String> = statistics.iter().filter_map(fault).chain(ended).collect();
    let latency_ms = (shared.clock.elapsed() - began).as_secs_f64() * 1e3;
    match faults.is_empty() {
        true => Dependency { status: OK, latency_ms, detail: detail(&shared.log, statistics.len()) },
        false => Dependency { status: UNHEALTHY, latency_ms, detail: faults.join("; ") },
    }
}

fn fault(of: &PartitionStatistics) -> Option<String> {
    let id = of.partition;
    match &of.stopped {
        Some(reason) => Some(format!(
            "the writer of partition {id} has stopped: {reason}; a restart checks the log and goes on"
        )),
        None if of.disk_full => {
            Some(format!("the disk of partition {id} is full; appends go on when there is space"))
        }
        None => of.away.as_ref().map(|reason| format!("partition {id} takes nothing just now: {reason}")),
    }
}

fn detail(log: &RunningLog, partitions: usize) -> String {
    if let Some(server) = log.server() {
        let Server { name, version, cluster, .. } = server;
        let cluster = cluster.map_or_else(String::new, |cluster| format!(" of cluster {cluster}"));
        return format!(
            "{partitions} of {partitions} partitions take appends; NATS {version}, {name}{cluster}"
        );
    }
    match log.findings().iter().filter(|finding| matches!(finding, Finding::Damaged(_))).count() {
        0 => format!("{partitions} of {partitions} partitions take appends"),
        damaged => format!(
            "{partitions} of {partitions} partitions take appends; {damaged} places of damage were found at the start: \
             run antler verify after a stop"
        ),
    }
}

#[cfg(test)]
mod tests {
    use antler_events::ids::{Offset, PartitionId};
    use antler_events::log::Bounds;

    use super::*;

    fn statistics(disk_full: bool, stopped: Option<&str>) -> PartitionStatistics {
        let bounds = Bounds { lines_from: Offset::FIRST, next: Offset::FIRST };
        PartitionStatistics {
            disk_full,
            stopped: stopped.map(Into::into),
            ..PartitionStatistics::new(PartitionId::new(3), bounds)
        }
    }

    #[test]
    fn a_certificate_is_told_by_the_days_that_it_has_left() {
        let told = |days_left, refused: Option<&str>| {
            let ends = antler_events::clock::Timestamp::from_nanos(0);
            let found = certificate(&Standing { ends, days_left, refused: refused.map(str::to_owned) });
            (found.status, found.detail)
        };
        assert_eq!(told(14, None), (OK, "ends in 14 days, on 1970-01-01T00:00:00.000Z".to_owned()));
        assert_eq!(told(13, None).0, DEGRADED);
        assert!(told(-1, None).1.starts_with("ended on 1970"));
        let (status, detail) = told(90, Some("no key"));
        assert!(status == DEGRADED && detail.ends_with("a newer one is not used: no key"), "{detail}");
    }

    #[test]
    fn a_stopped_writer_and_a_full_disk_are_faults() {
        assert_eq!(fault(&statistics(false, None)), None);
        assert_eq!(
            fault(&statistics(true, None)).unwrap(),
            "the disk of partition 3 is full; appends go on when there is space"
        );
        assert_eq!(
            fault(&statistics(true, Some("sync failed"))).unwrap(),
            "the writer of partition 3 has stopped: sync failed; a restart checks the log and goes on"
        );
    }
}
