//! What else the server's health depends on: the index, the views, the projectors, the tenants.
//!
//! Invariant: the answer is public, so it names no tenant; an operator finds the names under `/api/admin/actors/`. What costs
//! answers is degraded; what stops the program's work is unhealthy. It repairs nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use antler_actors::platform::{Depth, PlatformReport};
use antler_actors::post::PostFigures;
use antler_events::ids::PartitionId;
use antler_projections::index::port::IndexStatistics;

use super::super::lag::{self, Lag};
use super::super::shared::Shared;
use super::{DEGRADED, Dependency, OK, UNHEALTHY};

/// A projection that is so far behind is worth a look.
const BEHIND_MAX: Duration = Duration::from_secs(60);

/// Status and detail.
type Verdict = (&'static str, String);

pub(super) async fn of(shared: &Shared) -> Vec<(&'static str, Dependency)> {
    let mut found = Vec::new();
    let mut began = shared.clock.elapsed();
    let mut note = |name, (status, detail): Verdict| {
        let ended = shared.clock.elapsed();
        let latency_ms = ended.saturating_sub(began).as_secs_f64() * 1e3;
        began = ended;
        found.push((name, Dependency { status, latency_ms, detail }));
    };
    note("index", index(&shared.program.index.statistics()));
    note("views", views(shared).await);
    let report = shared.program.system.report(Depth::Counts).await;
    note("tenants", tenants(report.as_ref()));
    if let Some(post) = &shared.program.gate.post {
        note("mail", mail(post.figures()));
    }
    note("projectors", projectors(report.as_ref(), &lag::all(shared).await));
    found
}

fn index(of: &IndexStatistics) -> Verdict {
    match of.set_aside.len() {
        0 => (OK, format!("{} lines in {} parts", of.lines, of.parts)),
        damaged => (
            DEGRADED,
            format!(
                "{damaged} parts are damaged and not searched; answers that miss their lines say so: run antler verify after a stop"
            ),
        ),
    }
}

async fn views(shared: &Shared) -> Verdict {
    match shared.program.gate.accounts.views.checkpoint(PartitionId::new(0)).await {
        Ok(_) => (OK, "accounts can be looked up".to_owned()),
        Err(error) => {
            tracing::error!(%error, "the views cannot be asked");
            (UNHEALTHY, "accounts cannot be looked up; the server's own log has the reason".to_owned())
        }
    }
}

fn tenants(report: Option<&PlatformReport>) -> Verdict {
    let Some(report) = report else {
        return (UNHEALTHY, "the actors do not answer; a restart starts them again".to_owned());
    };
    match report.parked.len() {
        0 => (OK, format!("tenants that run: {}", report.running)),
        parked => (
            DEGRADED,
            format!(
                "tenants that run: {}; {parked} kept failing and are set aside; an operator sees why under /api/admin/actors/",
                report.running
            ),
        ),
    }
}

fn mail(of: &PostFigures) -> Verdict {
    let waiting = of.waiting.load(Ordering::Relaxed);
    match of.down() {
        None => (OK, format!("{waiting} mails wait")),
        Some(_) => (
            DEGRADED,
            format!("no mail can be sent, and {waiting} wait; the server's own log has the reason"),
        ),
    }
}

fn projectors(report: Option<&PlatformReport>, lags: &[Lag]) -> Verdict {
    let held_up = report.iter().flat_map(|report| &report.projectors).filter_map(|of| {
        let why = match (of.runs, of.waits) {
            (false, _) => "is being started again",
            (true, true) => "cannot go on and tries again; the server's own log has the reason",
            (true, false) => return None,
        };
        Some(format!("{} of partition {} {why}", of.projection, of.partition))
    });
    let late = lags.iter().filter(|lag| lag.seconds > BEHIND_MAX.as_secs_f64());
    let late = late.map(|lag| {
        format!(
            "{} of partition {} is {:.0} s and {} bytes behind",
            lag.projection, lag.partition, lag.seconds, lag.bytes
        )
    });
    let faults: Vec<String> = held_up.chain(late).collect();
    match faults.is_empty() {
        true => (
            OK,
            format!("{} run, {} events to go", lags.len(), lags.iter().map(|lag| lag.events).sum::<u64>()),
        ),
        false => (DEGRADED, faults.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use antler_actors::platform::{Parked, ProjectorReport};
    use antler_events::ids::TenantId;

    use super::*;

    #[test]
    fn damage_and_parked_tenants_degrade_and_name_nobody() {
        let whole = IndexStatistics { lines: 7, parts: 2, ..IndexStatistics::default() };
        assert_eq!(index(&whole), (OK, "7 lines in 2 parts".to_owned()));
        let damaged = IndexStatistics { set_aside: vec!["group 3: torn".to_owned()], ..whole };
        assert_eq!(index(&damaged).0, DEGRADED);
        let parked = Parked { tenant: TenantId::parse("acme").unwrap(), reason: "it panics".into() };
        let report = PlatformReport { running: 4, parked: vec![parked], ..PlatformReport::default() };
        let (status, detail) = tenants(Some(&report));
        assert_eq!(status, DEGRADED);
        assert!(
            detail.starts_with("tenants that run: 4; 1 kept failing") && !detail.contains("acme"),
            "{detail}"
        );
        assert_eq!(tenants(None).0, UNHEALTHY);
    }

    #[test]
    fn a_projector_that_is_gone_or_long_behind_is_named() {
        let partition = PartitionId::new(3);
        let lag = |seconds| Lag { projection: "index", partition, events: 5, bytes: 900, seconds };
        assert_eq!(projectors(None, &[lag(59.0)]), (OK, "1 run, 5 events to go".to_owned()));
        let late = (DEGRADED, "index of partition 3 is 61 s and 900 bytes behind".to_owned());
        assert_eq!(projectors(None, &[lag(61.0)]), late);
        let of = |runs, waits| {
            let projector = ProjectorReport { projection: "views", partition, runs, waits, failures: 2 };
            let report = PlatformReport { projectors: vec![projector], ..PlatformReport::default() };
            projectors(Some(&report), &[]).1
        };
        assert_eq!(of(false, true), "views of partition 3 is being started again");
        assert!(of(true, true).starts_with("views of partition 3 cannot go on and tries again"));
        assert_eq!(of(true, false), "0 run, 0 events to go");
    }
}
