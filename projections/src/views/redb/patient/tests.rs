//! The file held against what was written, on a disk that is full now and then.
//!
//! Invariant: the disk holds what the writer had written at some moment, at most one write half done.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;

/// A disk with room for so many more changes; one that has none does half of a write.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    room: usize,
    /// What syncs answer.
    sync: Option<io::ErrorKind>,
}

impl Disk {
    fn with<T>(&self, action: impl FnOnce(&mut Content) -> T) -> T {
        action(&mut self.0.lock().unwrap())
    }

    fn file(&self) -> PatientFile {
        PatientFile::new(Box::new(self.clone()))
    }
}

impl Content {
    fn takes_room(&mut self) -> bool {
        self.room = self.room.saturating_sub(1);
        self.room > 0
    }
}

fn put(bytes: &mut Vec<u8>, at: u64, with: &[u8]) {
    let at = usize::try_from(at).unwrap();
    bytes.resize(bytes.len().max(at + with.len()), 0);
    bytes[at..at + with.len()].copy_from_slice(with);
}

impl File for Disk {
    fn size(&self) -> io::Result<u64> {
        Ok(self.with(|content| content.bytes.len() as u64))
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.with(|content| {
            let from = content.bytes.get(usize::try_from(at).unwrap()..).unwrap_or_default();
            let count = from.len().min(into.len());
            into[..count].copy_from_slice(&from[..count]);
            Ok(count)
        })
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|content| {
            let has_room = content.takes_room();
            put(&mut content.bytes, at, if has_room { bytes } else { half(bytes) });
            if has_room { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        })
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.with(|content| {
            if !content.takes_room() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            content.bytes.resize(usize::try_from(size).unwrap(), 0);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|content| content.sync.map_or(Ok(()), |kind| Err(kind.into())))
    }
}

fn half(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() / 2]
}

#[derive(Debug, Clone)]
enum Deed {
    Write { at: u64, bytes: Vec<u8> },
    Resize(u64),
    Sync,
    Room(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0_u64..60, proptest::collection::vec(1_u8.., 1..20)).prop_map(|(at, bytes)| Deed::Write { at, bytes }),
        1 => (0_u64..80).prop_map(Deed::Resize),
        1 => Just(Deed::Sync),
        2 => (0_usize..5).prop_map(Deed::Room),
    ]
}

proptest! {
    #[test]
    fn what_was_written_is_read_and_the_disk_follows(deeds in proptest::collection::vec(deed(), 1..40)) {
        let disk = Disk::default();
        let (file, mut expected) = (disk.file(), Vec::new());
        let mut moments = vec![Vec::new()];
        for deed in &deeds {
            match deed {
                Deed::Write { at, bytes } => {
                    let mut torn = expected.clone();
                    put(&mut torn, *at, half(bytes));
                    moments.push(torn);
                    file.write(*at, bytes).unwrap();
                    put(&mut expected, *at, bytes);
                }
                Deed::Resize(size) => {
                    file.resize(*size).unwrap();
                    expected.resize(usize::try_from(*size).unwrap(), 0);
                }
                Deed::Sync => file.sync().unwrap(),
                Deed::Room(room) => disk.with(|content| content.room = *room),
            }
            moments.push(expected.clone());
            prop_assert_eq!(file.size().unwrap(), expected.len() as u64);
            let mut read = vec![0; expected.len()];
            file.read_exact(0, &mut read).unwrap();
            prop_assert_eq!(&read, &expected);
            if let Some(middle) = expected.len().checked_sub(20) {
                let mut read = [0; 10];
                file.read_exact(middle as u64, &mut read).unwrap();
                prop_assert_eq!(&read[..], &expected[middle..middle + 10]);
            }
            prop_assert!(file.read_exact(expected.len() as u64, &mut [0]).is_err());
            prop_assert!(disk.with(|content| moments.contains(&content.bytes)));
        }
        disk.with(|content| content.room = usize::MAX);
        file.catch_up().unwrap();
        prop_assert_eq!(disk.with(|content| content.bytes.clone()), expected);
    }
}

#[test]
fn a_sync_that_fails_while_it_catches_up_fails_everything_after_it() {
    let disk = Disk::default();
    let file = disk.file();
    file.write(0, b"waits").unwrap();
    file.sync().unwrap();
    disk.with(|content| (content.room, content.sync) = (100, Some(io::ErrorKind::StorageFull)));
    assert!(file.catch_up().is_err());
    disk.with(|content| content.sync = None);
    assert!(file.catch_up().is_err() && file.write(0, b"more").is_err() && file.sync().is_err());
}

#[test]
fn an_error_that_room_does_not_mend_is_told_at_once() {
    let disk = Disk::default();
    let file = disk.file();
    disk.with(|content| content.sync = Some(io::ErrorKind::Other));
    assert!(file.sync().is_err());
}
