//! A data folder with events in it, made through the log's own door.
//!
//! Invariant: the folder has one partition and is closed cleanly. It knows no format of the log's files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_config::Config;
use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::lines::{self, Arrival};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_events::log::{Append, Appended, NewEvent};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::{EventType, Receipt, SchemaVersion};
use antler_gateway::compose;
use antler_gateway::data_folder::{DataFolder, DataFolderError};
use antler_projections::index::columns::store::{ColumnStore, StoreOptions};

use super::running::wait;

/// Makes a folder with so many events of two lines each; answers the receipt of the last one.
pub(crate) fn write(data: &Path, events: u8) -> Receipt {
    let batches: Vec<_> = (0..events).map(batch).collect();
    let appended = append(data, batches).unwrap();
    let Appended { partition, first, last, hash } = appended;
    Receipt { partition, first, last, count: 2, hash }
}

/// A process that another test is about to start holds what this one has locked, until it becomes another program.
fn taken(open: impl Fn() -> Result<DataFolder, DataFolderError>) -> DataFolder {
    wait(|| match open() {
        Err(DataFolderError::InUse { .. }) => None,
        opened => Some(opened.unwrap()),
    })
}

/// Puts so many batches of two lines into the search index; answers the file that holds them.
pub(crate) fn write_index(data: &Path, batches: u8) -> PathBuf {
    let folder = taken(|| DataFolder::open(&RealFiles, data));
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let options = StoreOptions::new(folder.index_dir());
    let store = ColumnStore::open(&files, options).unwrap().store;
    let (tenant, partition) = (TenantId::parse("acme").unwrap(), PartitionId::new(0));
    for number in 0..batches {
        let (offset, arrival) = (Offset::new(u64::from(number) + 1), Arrival::default());
        store.apply(tenant, partition, offset, &two_lines(number), &arrival).unwrap();
    }
    store.flush().unwrap();
    let report = store.seal_next().unwrap().unwrap();
    folder.index_dir().join(format!("groups/{:020}.group", report.groups[0]))
}

/// Lets the search index find out that its only group is damaged.
pub(crate) fn set_aside(data: &Path) {
    let folder = taken(|| DataFolder::open(&RealFiles, data));
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let store = ColumnStore::open(&files, StoreOptions::new(folder.index_dir())).unwrap().store;
    let group = store.snapshot().groups.remove(0);
    assert!(store.report_damage(&group).unwrap());
}

fn batch(number: u8) -> NewEvent {
    lines::record(TenantId::parse("acme").unwrap(), &two_lines(number), &Arrival::default()).unwrap()
}

fn two_lines(number: u8) -> LineBatch {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(1));
    builder.push(format!(r#"{{"message":"line {number}","level":"info"}}"#).as_bytes()).unwrap();
    builder.push(b"a plain line").unwrap();
    builder.finish()
}

/// Adds a control event whose body is not what its type says.
pub(crate) fn write_meaningless_control(data: &Path) {
    let subject = Subject::control(TenantId::parse("acme").unwrap(), Aggregate::Tenant);
    append(data, [event(subject, 16, vec![0xff; 9])]);
}

fn event(subject: Subject, number: u16, body: Vec<u8>) -> NewEvent {
    let (event_type, schema) = (EventType(number), SchemaVersion(1));
    NewEvent { subject, event_type, schema, recorded_at: Timestamp::from_nanos(1), body: body.into() }
}

/// Answers where the last event is.
fn append(data: &Path, events: impl IntoIterator<Item = NewEvent>) -> Option<Appended> {
    let folder = taken(|| DataFolder::open_or_create(&RealFiles, data));
    let mut config = Config::default();
    config.storage.partitions = 1;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let running = runtime.block_on(compose::open_log(&folder, &config)).unwrap();
    let mut last = None;
    for event in events {
        let append = Append { events: vec![event], expected: vec![] };
        last = Some(runtime.block_on(running.log.append(PartitionId::new(0), append)).unwrap());
    }
    runtime.block_on(running.stop()).unwrap();
    last
}

/// Changes one bit in the middle of the only segment; answers where.
pub(crate) fn flip_a_byte(data: &Path) -> (String, usize) {
    let dir = data.join("log/p000");
    let names = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let segment = names.into_iter().find(|path| path.extension().is_some_and(|end| end == "seg")).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let position = bytes.len() / 2;
    bytes[position] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    (segment.display().to_string(), position)
}
