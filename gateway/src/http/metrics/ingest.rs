//! The figures of the listeners that take nothing but lines.
//!
//! Invariant: counters begin at the start of the process. It keeps nothing: the listeners do.

use std::sync::atomic::{AtomicU64, Ordering};

use super::exposition::{Family, Kind};
use crate::ingest::intake::IntakeFigures;

pub(super) fn families(of: &IntakeFigures) -> Vec<Family> {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let by_protocol = |name, help, tcp: &AtomicU64, udp: &AtomicU64| {
        Family::new(Kind::Counter, name, help)
            .sample(&[("protocol", "tcp")], read(tcp) as f64)
            .sample(&[("protocol", "udp")], read(udp) as f64)
    };
    let (accepted, closed) = (read(&of.tcp_accepted), read(&of.tcp_closed));
    vec![
        by_protocol("antler_ingest_lines_total", "Lines taken by a listener.", &of.tcp_lines, &of.udp_lines),
        by_protocol(
            "antler_ingest_rejected_lines_total",
            "Lines that cannot be taken.",
            &of.tcp_rejected,
            &of.udp_rejected,
        ),
        Family::counter(
            "antler_ingest_tcp_connections_total",
            "TCP connections accepted for lines.",
            accepted,
        ),
        Family::gauge(
            "antler_ingest_tcp_connections_open",
            "Open TCP connections for lines.",
            accepted.saturating_sub(closed) as f64,
        ),
        Family::counter(
            "antler_ingest_tcp_refused_total",
            "TCP connections that were closed with an error.",
            read(&of.tcp_refused),
        ),
        Family::counter("antler_ingest_udp_datagrams_total", "Datagrams received.", read(&of.udp_datagrams)),
        Family::counter(
            "antler_ingest_udp_dropped_total",
            "Datagrams that were not written: no credential, no room, or no log.",
            read(&of.udp_dropped),
        ),
    ]
}
