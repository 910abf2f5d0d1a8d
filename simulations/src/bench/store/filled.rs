//! A store with the corpus in it, and what it cost to fill.
//!
//! Invariant: everything is sealed, and on the disk that is measured. CPU is that of the one thread that did
//! the work.

use std::path::PathBuf;
use std::sync::Arc;

use antler_events::event::lines::Arrival;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;
use antler_projections::index::columns::store::{ColumnStore, StoreOptions};
use anyhow::ensure;

use crate::bench::memory::MemoryMark;
use crate::bench::reading::line_batches_of;
use crate::bench::{Setting, cpu};
use crate::draw::Draw;

const PARTITION: PartitionId = PartitionId::new(0);
/// What one sender sends at once, and one of many.
const BATCH_BYTES: usize = 1_000_000;
const SMALL_BATCH_BYTES: usize = 20_000;

/// CPU seconds for each gigabyte, and memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Of taking lines apart into batches, which is done once, before the event log.
    pub read: f64,
    pub apply: f64,
    pub seal: f64,
    pub open_bytes_max: f64,
    /// Of the whole process while it was filled, beyond what it had before: groups, batches and files on their
    /// way, without the corpus.
    pub peak_bytes: f64,
}

/// A filled store.
#[derive(Debug)]
pub struct Filled {
    pub store: ColumnStore,
    pub files: Arc<dyn FileSystem>,
    pub dir: PathBuf,
    pub lines: u64,
    pub bytes: f64,
    pub cost: Cost,
    _folder: tempfile::TempDir,
}

impl Filled {
    pub fn new(setting: &Setting) -> anyhow::Result<Self> {
        Self::beside(setting, &mut |_| Ok(()))
    }

    /// Calls now and then with the bytes that are in the store by then.
    pub fn beside(
        setting: &Setting,
        aside: &mut dyn FnMut(f64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("store-").tempdir_in(&setting.dir)?;
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let dir = folder.path().join("index");
        let opened = ColumnStore::open(&files, StoreOptions::new(dir.clone()))?;
        ensure!(opened.findings.is_empty(), "a new store has findings: {:?}", opened.findings);
        let bytes = setting.corpus.len() as f64;
        let mut filled =
            Self { store: opened.store, files, dir, lines: 0, bytes, cost: Cost::default(), _folder: folder };
        let mark = MemoryMark::set()?;
        filled.fill(setting, aside)?;
        filled.cost.peak_bytes = mark.grown_bytes()? as f64;
        filled.cost.read /= bytes / 1e9;
        filled.cost.apply /= bytes / 1e9;
        filled.cost.seal /= bytes / 1e9;
        Ok(filled)
    }

    fn fill(
        &mut self,
        setting: &Setting,
        aside: &mut dyn FnMut(f64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (arrival, mut raw_bytes) = (Arrival::default(), 0.0);
        let mut batches = dealt(setting).zip(1..);
        loop {
            let before = cpu::of_thread();
            let Some(((number, batch), offset)) = batches.next() else { break };
            let (tenant, batch) = (tenant(number), batch?);
            self.cost.read += cpu::of_thread() - before;
            self.lines += batch.len() as u64;
            let before = cpu::of_thread();
            let applied = self.store.apply(tenant, PARTITION, Offset::new(offset), &batch, &arrival)?;
            self.cost.apply += cpu::of_thread() - before;
            if applied.seal_due {
                self.note_memory();
                self.seal_all()?;
            }
            raw_bytes += (batch.buffer().len() + batch.len()) as f64;
            aside(raw_bytes)?;
        }
        self.store.flush()?;
        self.seal_all()
    }

    fn seal_all(&mut self) -> anyhow::Result<()> {
        let before = cpu::of_thread();
        while self.store.seal_next()?.is_some() {}
        self.cost.seal += cpu::of_thread() - before;
        Ok(())
    }

    fn note_memory(&mut self) {
        let held = self.store.statistics().open_bytes_held as f64;
        self.cost.open_bytes_max = self.cost.open_bytes_max.max(held);
    }
}

/// The batches of the corpus, each with the number of its tenant: large ones of one, or small ones of many.
pub fn dealt(setting: &Setting) -> impl Iterator<Item = (u32, anyhow::Result<LineBatch>)> {
    let mut draw = Draw::new(1);
    let tenants = u64::from(setting.tenants);
    let bytes = if tenants > 1 { SMALL_BATCH_BYTES } else { BATCH_BYTES };
    line_batches_of(&setting.corpus, bytes).map(move |batch| (draw.below(tenants) as u32, batch))
}

/// The tenants of benches.
pub fn tenant(number: u32) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).expect("letters, a dash and digits")
}
