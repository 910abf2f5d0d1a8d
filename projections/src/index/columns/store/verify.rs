//! `verify`: proves a store that nobody is using, or names its damage.
//!
//! Every group, every block, every line and where it came from, and the catalogue against the folder.
//! Invariant: it changes nothing, and a store that it calls whole gives back every line that it counts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_events::files::FileSystem;
use antler_events::ids::Offset;

use super::disk::Disk;
use super::folder::{Folder, FoundCatalogue, Named};
use super::prove::{Fault, prove};
use super::{Finding, StoreError};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{Catalogue, GroupEntry};
use crate::index::columns::group::SealedGroup;

/// Blocks that are kept while a group is proved.
const BLOCKS_BYTES_MAX: usize = 32 << 20;

/// What was proved, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreVerification {
    pub groups: u64,
    pub rows: u64,
    /// Bytes of all lines as they came, and of the files they are in.
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    pub findings: Vec<Finding>,
    /// Groups among the findings that were set aside before: their damage is known.
    pub set_aside: BTreeSet<u64>,
}

impl StoreVerification {
    pub fn is_whole(&self) -> bool {
        self.damage_but(&BTreeSet::new()) == 0
    }

    /// Places of damage, without groups that were set aside and whose loss is accepted.
    pub fn damage_but(&self, accepted: &BTreeSet<u64>) -> usize {
        let counts = |finding: &&Finding| match finding {
            Finding::Group { group, .. } => !(self.is_set_aside(*group) && accepted.contains(group)),
            finding => finding.is_damage(),
        };
        self.findings.iter().filter(counts).count()
    }

    pub fn is_set_aside(&self, group: u64) -> bool {
        self.set_aside.contains(&group)
    }
}

/// Proves the store in a folder; nothing if there is none.
pub fn verify(files: &Arc<dyn FileSystem>, dir: &Path) -> Result<Option<StoreVerification>, StoreError> {
    let folder = Folder::new(files, dir);
    let was_made = folder.has_format()?;
    let mut verification = StoreVerification::default();
    let catalogue = match folder.read_catalogue()? {
        FoundCatalogue::Missing if was_made => {
            let reason = "it is missing".to_owned();
            return Err(StoreError::Catalogue { dir: dir.to_owned(), reason });
        }
        FoundCatalogue::Missing => return Ok(None),
        FoundCatalogue::Whole(catalogue, _) => catalogue,
        FoundCatalogue::Copy(catalogue, fault) => {
            let file = folder.catalogue_path();
            verification.findings.push(Finding::Catalogue { file, reason: fault.to_string() });
            catalogue
        }
    };
    verification.note_copy(&folder)?;
    verification.note_files(&folder, &catalogue)?;
    let disk = Disk::new(folder, 0, BLOCKS_BYTES_MAX);
    for entry in catalogue.groups.values() {
        verification.prove(&disk, &catalogue, entry);
    }
    Ok(Some(verification))
}

impl StoreVerification {
    /// A copy that cannot be read is no help when it is needed.
    fn note_copy(&mut self, folder: &Folder) -> Result<(), StoreError> {
        if let Some(fault) = folder.copy_fault()? {
            self.findings.push(Finding::Catalogue { file: folder.copy_path(), reason: fault.to_string() });
        }
        Ok(())
    }

    fn note_files(&mut self, folder: &Folder, catalogue: &Catalogue) -> Result<(), StoreError> {
        for quarantined in &catalogue.quarantined {
            let entry = &quarantined.entry;
            self.set_aside.insert(entry.number);
            self.note_group(folder.quarantined_path(entry.number), entry, quarantined.reason.clone());
        }
        for (file, named) in folder.list_groups()? {
            let counts = match named {
                Named::Group(number) => {
                    let was_to_be_set_aside =
                        catalogue.quarantined.iter().any(|group| group.entry.number == number);
                    catalogue.groups.contains_key(&number) || was_to_be_set_aside
                }
                Named::Quarantined(_) => true,
                Named::Draft => false,
            };
            if !counts {
                self.findings.push(Finding::Leftover { file });
            }
        }
        Ok(())
    }

    fn prove(&mut self, disk: &Disk, catalogue: &Catalogue, entry: &GroupEntry) {
        let opened = disk.open(entry.number).map_err(Fault::Read);
        let proved = opened.and_then(|group| {
            prove(entry, &group)?;
            Ok(behind_checkpoint(catalogue, &group)?)
        });
        disk.forget(entry.number);
        let path = disk.folder.group_path(entry.number);
        match proved {
            Ok(None) => {
                self.groups += 1;
                self.rows += u64::from(entry.rows);
                self.raw_bytes += entry.raw_bytes;
                self.stored_bytes += entry.bytes;
            }
            Ok(Some(offset)) => {
                let reason = format!("it has event {offset}, which the catalogue does not count");
                self.note_group(path, entry, reason);
            }
            Err(fault) => self.note_group(path, entry, fault.to_string()),
        }
    }

    fn note_group(&mut self, file: PathBuf, entry: &GroupEntry, reason: String) {
        self.findings.push(Finding::Group { group: entry.number, file, rows: entry.rows, reason });
    }
}

/// An event of the group that the checkpoint of its partition does not cover.
fn behind_checkpoint(catalogue: &Catalogue, group: &SealedGroup) -> Result<Option<Offset>, ReadError> {
    let events = group.directory.events.events(group.blocks())?;
    let checkpoint = |partition| catalogue.checkpoints.get(partition).copied().unwrap_or(Offset::ZERO);
    let behind = events.iter().find(|event| event.offset > checkpoint(&event.partition));
    Ok(behind.map(|event| event.offset))
}
