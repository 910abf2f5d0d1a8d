//! The figures of questions, passwords, and work in the background.
//!
//! Invariant: they are of all tenants together, and labels are words of this program. It keeps nothing: who does the work
//! does.

use antler_actors::upkeep::schedule::{Chore, ChoreState};

use super::super::auth::{Attempt, Attempts};
use super::super::shared::Shared;
use super::exposition::{Family, Kind};

type Reading = fn(&ChoreState) -> f64;

pub(super) fn families(shared: &Shared) -> Vec<Family> {
    let mut families =
        vec![answers(shared), questions(shared), attempts(&shared.program.gate.attempts), jobs(shared)];
    families.push(Family::counter(
        "antler_slow_queries_total",
        "Questions that took longer than limits.search.slow_after.",
        shared.slow.count(),
    ));
    families.extend(upkeep(shared));
    families
}

fn answers(shared: &Shared) -> Family {
    let help = "Answers about lines, by whether lines are missing that were asked for.";
    Family::new(Kind::Counter, "antler_search_answers_total", help)
        .sample(&[("coverage", "whole")], shared.searches.whole() as f64)
        .sample(&[("coverage", "partial")], shared.searches.partial() as f64)
}

fn questions(shared: &Shared) -> Family {
    let help = "Time from a question about lines to the head of its answer.";
    let family = Family::new(Kind::Histogram, "antler_search_duration_seconds", help);
    let took = shared.searches.took();
    took.fold(family, |family, (kind, took)| family.durations(&[("kind", kind.name())], &took))
}

fn attempts(of: &Attempts) -> Family {
    Family::new(
        Kind::Counter,
        "antler_password_attempts_total",
        "Passwords that were shown, by what came of it.",
    )
    .sample(&[("result", "right")], of.of(Attempt::Right) as f64)
    .sample(&[("result", "wrong")], of.wrong() as f64)
    .sample(&[("result", "refused")], of.of(Attempt::Refused) as f64)
}

fn jobs(shared: &Shared) -> Family {
    let family = Family::new(Kind::Gauge, "antler_jobs", "Jobs of tenants that have not ended, by state.");
    let open = shared.program.uploads.uploads.open_now();
    open.iter().fold(family, |family, (state, count)| family.sample(&[("state", state)], *count as f64))
}

fn upkeep(shared: &Shared) -> impl Iterator<Item = Family> {
    let of: [(Kind, &str, &str, Reading); 4] = [
        (Kind::Counter, "antler_upkeep_done_total", "Pieces of upkeep that were done.", |of| of.done as f64),
        (Kind::Counter, "antler_upkeep_failed_total", "Pieces of upkeep that failed.", |of| of.failed as f64),
        (
            Kind::Gauge,
            "antler_upkeep_last_seconds",
            "When it began last and had something to do, since 1970; 0: never yet.",
            |of| of.last.as_ref().map_or(0.0, |(began, ..)| began.nanos() as f64 / 1e9),
        ),
        (Kind::Gauge, "antler_upkeep_last_duration_seconds", "How long that took.", |of| {
            of.last.as_ref().map_or(0.0, |(_, took, _)| took.as_secs_f64())
        }),
    ];
    let states = Chore::ALL.map(|chore| (chore.name(), shared.program.schedule.state(chore)));
    of.into_iter().map(move |(kind, name, help, read)| {
        let family = Family::new(kind, name, help);
        states.iter().fold(family, |family, (chore, state)| family.sample(&[("chore", chore)], read(state)))
    })
}
