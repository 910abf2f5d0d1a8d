//! What the view of usage must say, by what the log has.
//!
//! Invariant: it adds up the log by itself. It is asked when everything was counted and the system has stopped.

use std::collections::BTreeMap;

use antler_events::codec;
use antler_events::ids::PartitionId;
use antler_events::log::EventLog as _;
use antler_projections::views::port::{PAGE_DOCUMENTS_MAX, Page, ViewStore};
use antler_projections::views::usage::{Sent, USAGE};
use anyhow::{Context as _, ensure};

use super::ledger::lines_of;
use crate::world::SimulatedLog;
use crate::world::poll::poll_now;

/// Holds the sums against the log.
pub(super) fn check(store: &dyn ViewStore, log: &SimulatedLog) -> anyhow::Result<()> {
    let mut sent: BTreeMap<String, Sent> = BTreeMap::new();
    for partition in (0..log.partitions()).map(PartitionId::new) {
        for event in lines_of(log, partition)?.values() {
            let bytes = event.text().len() as u64;
            let lines = event.lines.len() as u64;
            sent.entry(event.tenant.to_string()).or_default().add(Sent { lines, bytes });
        }
    }
    let counted = counted(store)?;
    ensure!(counted == sent, "the usage is {counted:?}, and the log has {sent:?}");
    Ok(())
}

/// By tenant, over all days and partitions.
fn counted(store: &dyn ViewStore) -> anyhow::Result<BTreeMap<String, Sent>> {
    let page = Page { prefix: b"sent/", after: None, limit: PAGE_DOCUMENTS_MAX };
    let found = poll_now(store.scan(USAGE, page)).context("views in memory wait")??;
    let mut counted: BTreeMap<String, Sent> = BTreeMap::new();
    for sum in found {
        let tenant = String::from_utf8_lossy(&sum.key).rsplit('/').next().unwrap_or_default().to_owned();
        counted.entry(tenant).or_default().add(codec::decode(&sum.document)?);
    }
    Ok(counted)
}
