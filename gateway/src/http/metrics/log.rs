//! The figures of the event log, by partition.
//!
//! Invariant: counters begin at the start of the process; what is on disk counts whatever its age.
//! It keeps nothing: the log does.

use antler_events::log::PartitionStatistics;
use antler_events::log::segment::Finding;

use super::exposition::{Family, Kind};
use crate::compose::RunningLog;

type Reading = fn(&PartitionStatistics) -> u64;

const BY_PARTITION: [(Kind, &str, &str, Reading); 17] = [
    (Kind::Counter, "antler_log_appends_total", "Appends on stable storage.", |of| of.appends),
    (Kind::Counter, "antler_log_events_total", "Events on stable storage.", |of| of.events),
    (Kind::Counter, "antler_log_raw_bytes_total", "Bytes of event bodies before compression.", |of| {
        of.raw_bytes
    }),
    (Kind::Counter, "antler_log_stored_bytes_total", "Bytes of event bodies as written.", |of| {
        of.stored_bytes
    }),
    (Kind::Counter, "antler_log_syncs_total", "Times that the disk was told to make writes durable.", |of| {
        of.syncs
    }),
    (Kind::Counter, "antler_log_refused_total", "Appends that were not recorded.", |of| of.refused),
    (
        Kind::Counter,
        "antler_log_overtaken_total",
        "Times that events of another node came first, so that these were laid out anew.",
        |of| of.overtaken,
    ),
    (
        Kind::Counter,
        "antler_log_doubts_total",
        "Times that a server of the log was asked whether it had taken what it did not answer.",
        |of| of.doubts,
    ),
    (Kind::Counter, "antler_log_alarms_total", "Things in the log that are not as they should be.", |of| {
        of.alarms
    }),
    (Kind::Gauge, "antler_log_away", "1 while the server of the log does not answer.", |of| {
        of.away.is_some().into()
    }),
    (Kind::Gauge, "antler_log_segments", "Segment files.", |of| of.segments),
    (Kind::Gauge, "antler_log_disk_bytes", "Bytes of segment files.", |of| of.disk_bytes),
    (Kind::Gauge, "antler_log_waiting_bytes", "Bytes of appends that wait for the writer.", |of| {
        of.waiting_bytes
    }),
    (Kind::Gauge, "antler_log_next_offset", "Offset that the next event gets.", |of| of.bounds.next.number()),
    (Kind::Gauge, "antler_log_lines_from_offset", "Line events below this offset have been let go.", |of| {
        of.bounds.lines_from.number()
    }),
    (
        Kind::Gauge,
        "antler_log_writer_stopped",
        "1 if the writer has stopped and appends are refused.",
        |of| of.stopped.is_some().into(),
    ),
    (Kind::Gauge, "antler_log_disk_full", "1 while the disk takes no more appends.", |of| {
        of.disk_full.into()
    }),
];

pub(super) fn families(running: &RunningLog) -> Vec<Family> {
    let statistics = running.statistics();
    let damaged = running.findings().iter().filter(|finding| matches!(finding, Finding::Damaged(_))).count();
    let by_partition = BY_PARTITION.iter().map(|&(kind, name, help, read)| {
        statistics.iter().fold(Family::new(kind, name, help), |family, of| {
            family.sample(&[("partition", &of.partition.to_string())], read(of) as f64)
        })
    });
    let times = Family::new(
        Kind::Histogram,
        "antler_log_sync_duration_seconds",
        "What the disk took to make a write durable.",
    );
    let times = statistics.iter().fold(times, |family, of| {
        family.durations(&[("partition", &of.partition.to_string())], &of.sync_times)
    });
    let whole = [
        times,
        Family::gauge("antler_log_partitions", "Partitions of the event log.", statistics.len() as f64),
        Family::gauge("antler_log_damage_found", "Places of damage found at the start.", damaged as f64),
    ];
    by_partition.chain(whole).collect()
}
