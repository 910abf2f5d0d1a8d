//! Opening a store: the catalogue is held against the files.
//!
//! Invariant: nothing counts but what the catalogue names, and what it names and is not there as it was
//! written is reported and searched no more. Groups are not read: what is wrong inside is found when a
//! search, or `verify`, comes there.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use antler_events::files::FileSystem;

use super::compactor::Compactor;
use super::disk::Disk;
use super::folder::{Folder, FoundCatalogue, Named};
use super::{ColumnStore, Finding, Opened, State, StoreError, StoreOptions};
use crate::index::columns::catalogue::{Catalogue, GroupEntry, QuarantinedGroup};

impl ColumnStore {
    /// Opens the store in a folder, and makes a new one if there is none.
    pub fn open(files: &Arc<dyn FileSystem>, options: StoreOptions) -> Result<Opened, StoreError> {
        let folder = Folder::new(files, &options.dir);
        let mut findings = Vec::new();
        folder.make()?;
        let found = found_catalogue(&folder, &mut findings)?;
        let catalogue = hold_against_files(&folder, found, &mut findings)?;
        for group in &catalogue.quarantined {
            folder.set_aside(group.entry.number)?;
        }
        remove_leftovers(&folder, &catalogue, &mut findings)?;
        let disk = Disk::new(folder, options.directories_bytes_max, options.blocks_bytes_max);
        let state = State {
            next_number: catalogue.next_number,
            catalogue: Arc::new(catalogue),
            next_sequence: 0,
            lanes: BTreeMap::new(),
            spares: Vec::new(),
            dropped: Vec::new(),
            doubtful: Vec::new(),
        };
        let compactor = Mutex::new(Compactor::new(options.planted));
        let store = Self {
            options,
            disk: Arc::new(disk),
            state: Mutex::new(state),
            commits: Mutex::new(()),
            sealer: Mutex::new(None),
            compactor,
            lanes: Mutex::default(),
        };
        Ok(Opened { store, findings })
    }
}

/// The catalogue that holds; both its files are written if they did not agree.
fn found_catalogue(folder: &Folder, findings: &mut Vec<Finding>) -> Result<Catalogue, StoreError> {
    let was_made = folder.has_format()?;
    match folder.read_catalogue()? {
        FoundCatalogue::Whole(catalogue, true) if was_made => Ok(catalogue),
        FoundCatalogue::Whole(catalogue, _) => {
            folder.write_catalogue(&catalogue)?;
            folder.write_format()?;
            Ok(catalogue)
        }
        FoundCatalogue::Copy(catalogue, fault) => {
            findings.push(Finding::Catalogue { file: folder.catalogue_path(), reason: fault.to_string() });
            folder.write_catalogue(&catalogue)?;
            Ok(catalogue)
        }
        FoundCatalogue::Missing => begin(folder, was_made),
    }
}

/// A new store; not where there was one.
fn begin(folder: &Folder, was_made: bool) -> Result<Catalogue, StoreError> {
    let groups = folder.list_groups()?.iter().filter(|(_, named)| *named != Named::Draft).count();
    if was_made || groups > 0 {
        let reason = format!("it is missing, and there are {groups} groups");
        return Err(StoreError::Catalogue { dir: folder.dir().to_owned(), reason });
    }
    let catalogue = Catalogue { sequence: 1, next_number: 1, ..Catalogue::default() };
    folder.write_catalogue(&catalogue)?;
    folder.write_format()?;
    Ok(catalogue)
}

/// Takes out groups whose files are missing or of another size.
fn hold_against_files(
    folder: &Folder,
    mut catalogue: Catalogue,
    findings: &mut Vec<Finding>,
) -> Result<Catalogue, StoreError> {
    let entries: Vec<Arc<GroupEntry>> = catalogue.groups.values().cloned().collect();
    let mut is_changed = false;
    for entry in entries {
        if let Some(reason) = fault_of(folder, &entry)? {
            findings.push(Finding::Group {
                group: entry.number,
                file: folder.group_path(entry.number),
                rows: entry.rows,
                reason: reason.clone(),
            });
            catalogue.groups.remove(&entry.number);
            catalogue.quarantined.push(Arc::new(QuarantinedGroup { entry: (*entry).clone(), reason }));
            is_changed = true;
        }
    }
    if is_changed {
        catalogue.sequence += 1;
        folder.write_catalogue(&catalogue)?;
    }
    Ok(catalogue)
}

fn fault_of(folder: &Folder, entry: &GroupEntry) -> Result<Option<String>, StoreError> {
    let size = match folder.open_group(entry.number).and_then(|file| file.size()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some("the file of the group is missing".to_owned()));
        }
        size => size.map_err(StoreError::storage("read", &folder.group_path(entry.number)))?,
    };
    let differs = size != entry.bytes;
    Ok(differs.then(|| format!("the file of the group has {size} bytes and not {}", entry.bytes)))
}

/// Removes what a crash between writing and counting left.
fn remove_leftovers(
    folder: &Folder,
    catalogue: &Catalogue,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    for (file, named) in folder.list_groups()? {
        let counts = match named {
            Named::Group(number) => catalogue.groups.contains_key(&number),
            Named::Quarantined(_) => true,
            Named::Draft => false,
        };
        if !counts {
            folder.remove(&file)?;
            findings.push(Finding::Leftover { file });
        }
    }
    Ok(())
}
