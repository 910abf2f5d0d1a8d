//! Changes of the index, and what it says of itself.
//!
//! Invariant: what has no room is refused with the reason, and what was taken before it stays. It does not decide
//! when upkeep is done: whoever hosts the index does.

use antler_events::clock::Timestamp;
use antler_events::ids::PartitionId;

use super::asked::name;
use crate::index::columns::store::{ColumnStore, GroupId, StoreError};
use crate::index::port::feed::check_rising;
use crate::index::port::{ApplyReport, BatchAt, IndexError, IndexStatistics, Verification};

pub(super) fn apply(
    store: &ColumnStore,
    partition: PartitionId,
    batches: &[BatchAt],
) -> Result<ApplyReport, IndexError> {
    check_rising(batches)?;
    let mut report = ApplyReport::default();
    for BatchAt { offset, lines } in batches {
        if *offset <= store.applied(partition) {
            report.known += 1;
            continue;
        }
        match lines {
            None => store.pass(partition, *offset),
            Some(lines) => {
                match store.apply(lines.tenant, partition, *offset, &lines.batch, &lines.arrival) {
                    Ok(applied) => {
                        report.lines += u64::from(applied.rows);
                        report.is_upkeep_due = applied.seal_due;
                    }
                    Err(error) => {
                        report.refused = Some(error.to_string().into());
                        report.is_upkeep_due = true;
                        break;
                    }
                }
            }
        }
        report.events += 1;
    }
    report.applied = store.applied(partition);
    Ok(report)
}

/// Seals before it compacts: lines that wait keep the log from letting go of them.
pub(super) fn upkeep(store: &ColumnStore) -> Result<bool, IndexError> {
    let is_sealed = store.seal_next().map_err(failed)?.is_some();
    if is_sealed {
        return Ok(true);
    }
    Ok(store.compact_next().map_err(failed)?.is_some())
}

pub(super) fn cool(store: &ColumnStore, now: Timestamp) -> Result<bool, IndexError> {
    Ok(store.cold_next(now).map_err(failed)?.is_some())
}

pub(super) fn flush(store: &ColumnStore) -> Result<(), IndexError> {
    while store.flush().is_err() {
        store.seal_next().map_err(failed)?;
    }
    while store.seal_next().map_err(failed)?.is_some() {}
    Ok(())
}

pub(super) fn verify(store: &ColumnStore) -> Result<Verification, IndexError> {
    let mut verification = Verification::default();
    for group in store.snapshot().groups {
        let GroupId::Sealed(_) = group.id() else { continue };
        if !store.report_damage(&group).map_err(failed)? {
            verification.parts += 1;
            verification.lines += u64::from(group.rows());
            verification.raw_bytes += group.raw_bytes();
            verification.stored_bytes += group.stored_bytes();
        }
    }
    verification.findings = set_aside(store);
    Ok(verification)
}

pub(super) fn statistics(store: &ColumnStore) -> IndexStatistics {
    let figures = store.statistics();
    IndexStatistics {
        lines: figures.rows + figures.open_rows,
        raw_bytes: figures.raw_bytes + figures.open_raw_bytes,
        stored_bytes: figures.stored_bytes,
        memory_bytes: figures.open_bytes_held + figures.directories_bytes_held + figures.blocks_bytes_held,
        parts: figures.groups + figures.sealing,
        set_aside: set_aside(store),
        erasing: figures.erasing,
    }
}

fn set_aside(store: &ColumnStore) -> Vec<String> {
    let missing = store.snapshot().missing;
    missing.iter().map(|group| format!("{}: {}", name(group.entry.number), group.reason)).collect()
}

pub(super) fn failed(error: StoreError) -> IndexError {
    IndexError::Storage { is_full: error.is_disk_full(), source: Box::new(error) }
}
