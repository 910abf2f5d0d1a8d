//! A data folder with events in it, made through the log's own door.
//!
//! Invariant: the folder has one partition and is closed cleanly. It knows no format of the log's files.

use std::path::Path;

use antler_config::Config;
use antler_events::clock::Timestamp;
use antler_events::files::RealFiles;
use antler_events::ids::{PartitionId, TenantId};
use antler_events::log::{Append, EventLog, NewEvent};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::{EventType, SchemaVersion};
use antler_gateway::compose;
use antler_gateway::data_folder::DataFolder;

/// Makes a folder with so many line events.
pub(crate) fn write(data: &Path, events: u8) {
    let subject = Subject::lines(TenantId::parse("acme").unwrap());
    append(data, (0..events).map(|number| event(subject, 1, vec![number; 300])));
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

fn append(data: &Path, events: impl IntoIterator<Item = NewEvent>) {
    let folder = DataFolder::open_or_create(&RealFiles, data).unwrap();
    let storage = antler_config::Storage { partitions: 1, ..Config::default().storage };
    let running = compose::open_log(&folder, &storage).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for event in events {
        let append = Append { events: vec![event], expected: vec![] };
        runtime.block_on(running.log.append(PartitionId::new(0), append)).unwrap();
    }
    running.writers.stop().unwrap();
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
