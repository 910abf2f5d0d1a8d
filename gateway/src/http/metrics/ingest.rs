//! The figures of the listeners that take nothing but lines.
//!
//! Invariant: counters begin at the start of the process. It keeps nothing: the listeners do.

use std::sync::atomic::{AtomicU64, Ordering};

use super::exposition::{Family, Kind};
use crate::ingest::intake::{ConnectionFigures, DatagramFigures, IntakeFigures};

pub(super) fn families(of: &IntakeFigures) -> Vec<Family> {
    let connections = [("tcp", &of.tcp), ("syslog_tcp", &of.syslog_tcp)];
    let datagrams = [("udp", &of.udp), ("syslog_udp", &of.syslog_udp)];
    let lines = |name, help, connections_of: OfConnections, datagrams_of: OfDatagrams| {
        let family = Family::new(Kind::Counter, name, help);
        let family = by_protocol(family, &connections, connections_of);
        by_protocol(family, &datagrams, datagrams_of)
    };
    let counter = |name, help| Family::new(Kind::Counter, name, help);
    let open = |of: &ConnectionFigures| read(&of.accepted).saturating_sub(read(&of.closed));
    let open_now = connections.iter().fold(
        Family::new(Kind::Gauge, "antler_ingest_tcp_connections_open", "Open TCP connections for lines."),
        |family, (protocol, figures)| family.sample(&[("protocol", protocol)], open(figures) as f64),
    );
    vec![
        lines("antler_ingest_lines_total", "Lines taken by a listener.", |of| &of.lines, |of| &of.lines),
        lines(
            "antler_ingest_rejected_lines_total",
            "Lines that cannot be taken.",
            |of| &of.rejected,
            |of| &of.rejected,
        ),
        by_protocol(
            counter("antler_ingest_tcp_connections_total", "TCP connections accepted for lines."),
            &connections,
            |of| &of.accepted,
        ),
        open_now,
        by_protocol(
            counter("antler_ingest_tcp_refused_total", "TCP connections that were closed with an error."),
            &connections,
            |of| &of.refused,
        ),
        by_protocol(counter("antler_ingest_udp_datagrams_total", "Datagrams received."), &datagrams, |of| {
            &of.datagrams
        }),
        by_protocol(
            counter(
                "antler_ingest_udp_dropped_total",
                "Datagrams that were not written: no credential, no room, or no log.",
            ),
            &datagrams,
            |of| &of.dropped,
        ),
    ]
}

type OfConnections = fn(&ConnectionFigures) -> &AtomicU64;
type OfDatagrams = fn(&DatagramFigures) -> &AtomicU64;

fn by_protocol<F>(family: Family, all: &[(&str, &F)], of: fn(&F) -> &AtomicU64) -> Family {
    let add = |family: Family, (protocol, figures): &(&str, &F)| {
        family.sample(&[("protocol", protocol)], read(of(figures)) as f64)
    };
    all.iter().fold(family, add)
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
