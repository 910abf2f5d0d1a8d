//! The figures of sockets, and of the lines that they are sent.
//!
//! Invariant: they are of all tenants together. It keeps nothing: sockets and tails do.

use antler_actors::live::budget::ReaderBudget;

use super::exposition::{Family, Kind};
use crate::socket::Sockets;
use crate::socket::figures::{Ended, SocketKind, TurnedAway};

pub(super) fn families(sockets: &Sockets) -> Vec<Family> {
    let mut families = of_sockets(sockets);
    families.extend(of_readers(&sockets.budget));
    families
}

fn of_sockets(sockets: &Sockets) -> Vec<Family> {
    let figures = &sockets.open.figures;
    let by_kind = |kind, name, help, read: &dyn Fn(SocketKind) -> u64| {
        SocketKind::ALL.into_iter().fold(Family::new(kind, name, help), |family, of| {
            family.sample(&[("kind", of.name())], read(of) as f64)
        })
    };
    let ended = Family::new(Kind::Counter, "antler_sockets_closed_total", "Sockets that ended, by reason.");
    let turned_away =
        Family::new(Kind::Counter, "antler_sockets_refused_total", "Sockets that got no place, by reason.");
    vec![
        by_kind(Kind::Gauge, "antler_sockets_open", "Open sockets.", &|kind| figures.open(kind)),
        Family::gauge(
            "antler_sockets_without_credential",
            "Open sockets that have shown no credential yet.",
            sockets.open.unknown() as f64,
        ),
        Family::gauge(
            "antler_sockets_limit",
            "Most sockets that are open at once.",
            sockets.limits.sockets_max.into(),
        ),
        by_kind(Kind::Counter, "antler_sockets_total", "Sockets opened.", &|kind| figures.opened(kind)),
        Ended::ALL
            .into_iter()
            .fold(ended, |family, why| family.sample(&[("reason", why.name())], figures.ended(why) as f64)),
        TurnedAway::ALL.into_iter().fold(turned_away, |family, why| {
            family.sample(&[("reason", why.name())], figures.turned_away(why) as f64)
        }),
    ]
}

fn of_readers(budget: &ReaderBudget) -> Vec<Family> {
    vec![
        Family::gauge(
            "antler_live_readers",
            "Readers who follow lines as they come.",
            budget.readers() as f64,
        ),
        Family::counter(
            "antler_live_frames_total",
            "Messages of lines given to readers; one for many readers counts for each.",
            budget.frames(),
        ),
        Family::counter(
            "antler_live_lines_total",
            "Lines given to readers; one for many readers counts for each.",
            budget.lines(),
        ),
        Family::counter("antler_live_gaps_total", "Gaps that slow readers were told of.", budget.gaps()),
        Family::counter(
            "antler_live_missed_lines_total",
            "Lines that slow readers were not given.",
            budget.missed(),
        ),
        Family::gauge(
            "antler_live_waiting_bytes",
            "Bytes of messages that wait for readers; one for many readers counts once.",
            budget.bytes() as f64,
        ),
        Family::gauge(
            "antler_live_waiting_bytes_limit",
            "Most bytes of messages that may wait for readers.",
            budget.bytes_max() as f64,
        ),
    ]
}
