//! The figures of actors and projections: who runs, what is under way, how far everybody is.
//!
//! Invariant: labels are bounded: of tenants, only those with most under way have a sample of their own, and only if the
//! settings say so. It keeps nothing: the actors do.

use std::cmp::Reverse;
use std::sync::Arc;

use antler_actors::platform::{Depth, PlatformReport, ProjectorReport};
use antler_actors::projector::ProjectorFigures;
use antler_actors::system::System;
use antler_events::ids::TenantId;

use super::super::lag::{self, Lag};
use super::super::shared::Shared;
use super::exposition::{Family, Kind};

/// So many tenants have a sample of their own.
const TENANTS_MAX: usize = 20;

pub(super) async fn families(shared: &Shared) -> Vec<Family> {
    let system = &shared.program.system;
    let report = system.report(Depth::Counts).await.unwrap_or_default();
    let mut families = tenants(system, &report);
    if shared.config.listeners.metrics_tenants {
        families.push(busiest(system.held_by_tenants()));
    }
    families.extend(taken(system));
    families.extend(projectors(system, &report));
    families.extend(lags(&lag::all(shared).await));
    families
}

fn tenants(system: &System, report: &PlatformReport) -> Vec<Family> {
    vec![
        Family::gauge("antler_tenants_running", "Tenants whose actors run.", report.running as f64),
        Family::gauge(
            "antler_tenants_parked",
            "Tenants that kept failing and are set aside.",
            report.parked.len() as f64,
        ),
        Family::gauge(
            "antler_ingest_held_bytes",
            "Bytes of lines under way, of all tenants.",
            system.bytes_held() as f64,
        ),
        Family::gauge(
            "antler_ingest_held_bytes_limit",
            "Most bytes of lines that may be under way.",
            system.bytes_max().into(),
        ),
        Family::gauge(
            "antler_ingest_waiting_batches",
            "Batches that wait for their turn to be written.",
            system.waiting() as f64,
        ),
    ]
}

fn busiest(mut held: Vec<(TenantId, u64)>) -> Family {
    held.retain(|(_, bytes)| *bytes > 0);
    held.sort_unstable_by_key(|(tenant, bytes)| (Reverse(*bytes), *tenant));
    let none = Family::new(
        Kind::Gauge,
        "antler_tenant_held_bytes",
        "Bytes of lines under way, of the tenants with most.",
    );
    held.iter()
        .take(TENANTS_MAX)
        .fold(none, |family, (tenant, bytes)| family.sample(&[("tenant", tenant.as_ref())], *bytes as f64))
}

fn taken(system: &System) -> Vec<Family> {
    let taken = system.taken();
    let written = Family::new(
        Kind::Histogram,
        "antler_ingest_duration_seconds",
        "Time until the lines of a request were on stable storage, of all protocols.",
    );
    let waited = taken.waited();
    let refused = Family::new(
        Kind::Counter,
        "antler_ingest_refused_total",
        "Requests whose lines were not written, by reason.",
    );
    vec![
        written.durations(&[], &waited),
        Family::counter(
            "antler_ingest_requests_total",
            "Requests whose lines are on stable storage, of all protocols.",
            waited.count,
        ),
        Family::counter(
            "antler_ingest_stored_lines_total",
            "Lines on stable storage, of all protocols.",
            taken.lines(),
        ),
        Family::counter(
            "antler_ingest_batch_bytes_total",
            "Bytes of memory of the batches that were written.",
            taken.bytes(),
        ),
        taken
            .refused()
            .fold(refused, |family, (reason, count)| family.sample(&[("reason", reason)], count as f64)),
    ]
}

type Reading = fn(&ProjectorFigures) -> u64;
type Standing = fn(&ProjectorReport) -> bool;
type LagReading = fn(&Lag) -> f64;

const OF_PROJECTORS: [(&str, &str, Reading); 3] = [
    ("antler_projector_events_total", "Events that a projection has taken.", |of| of.events()),
    ("antler_projector_retries_total", "Times that a projection was asked again.", |of| of.retries()),
    ("antler_projector_set_aside_total", "Events that a projection could not take.", |of| of.set_aside()),
];

const OF_STANDING: [(&str, &str, Standing); 2] = [
    ("antler_projector_running", "1 while the projector runs, 0 while it is being started again.", |of| {
        of.runs
    }),
    ("antler_projector_waiting", "1 while the projector cannot go on and tries again.", |of| of.waits),
];

fn projectors(system: &System, report: &PlatformReport) -> Vec<Family> {
    let counters = OF_PROJECTORS.map(|(name, help, read)| {
        let each = system.projections().iter().flat_map(|running| {
            let figures = running.figures.iter().enumerate();
            figures.map(move |(partition, figures): (usize, &Arc<ProjectorFigures>)| {
                (running.name, partition, figures)
            })
        });
        each.fold(Family::new(Kind::Counter, name, help), |family, (projection, partition, figures)| {
            family.sample(
                &[("projection", projection), ("partition", &partition.to_string())],
                read(figures) as f64,
            )
        })
    });
    let standing = OF_STANDING.map(|(name, help, read)| {
        report.projectors.iter().fold(Family::new(Kind::Gauge, name, help), |family, of| {
            let labels = [("projection", of.projection), ("partition", &of.partition.to_string())];
            family.sample(&labels, f64::from(u8::from(read(of))))
        })
    });
    counters.into_iter().chain(standing).collect()
}

fn lags(lags: &[Lag]) -> Vec<Family> {
    let of: [(&str, &str, LagReading); 3] = [
        ("antler_projector_lag_events", "Events that a projection has still to take.", |lag| {
            lag.events as f64
        }),
        (
            "antler_projector_lag_bytes",
            "Bytes on storage of the events that a projection has still to take.",
            |lag| lag.bytes as f64,
        ),
        (
            "antler_projector_lag_seconds",
            "Age of the next event that a projection takes; 0 if there is none.",
            |lag| lag.seconds,
        ),
    ];
    let family = |(name, help, read): (_, _, LagReading)| {
        lags.iter().fold(Family::new(Kind::Gauge, name, help), |family, lag| {
            let labels = [("projection", lag.projection), ("partition", &lag.partition.to_string())];
            family.sample(&labels, read(lag))
        })
    };
    of.into_iter().map(family).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_tenants_have_a_sample_and_they_are_the_largest() {
        let tenant = |number: u64| TenantId::parse(&format!("t{number:03}")).unwrap();
        let held = (0..100).map(|number| (tenant(number), number)).collect();
        let text = busiest(held).to_string();
        assert_eq!(text.lines().count(), 2 + TENANTS_MAX);
        assert!(text.contains("antler_tenant_held_bytes{tenant=\"t099\"} 99"), "{text}");
        assert!(!text.contains("t079"), "{text}");
        assert_eq!(busiest(vec![(tenant(1), 0)]).to_string().lines().count(), 2);
    }
}
