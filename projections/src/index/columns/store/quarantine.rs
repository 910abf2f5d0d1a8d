//! Taking out groups that cannot be trusted.
//!
//! Invariant: a group is taken out only when its file was read again and is still wrong; every later
//! snapshot names it as missing. Its file is kept for whoever wants to look; it is never repaired.

use std::io;
use std::sync::Arc;

use super::prove::{Fault, prove};
use super::{ColumnStore, GroupHandle, GroupId, StoreError};
use crate::index::columns::catalogue::{GroupEntry, QuarantinedGroup};

impl ColumnStore {
    /// To be called when a group could not be read. Reads all of it again, and takes it out if it is damaged.
    /// Says whether it is out; if not, the error was of the moment and another try may do.
    pub fn report_damage(&self, group: &GroupHandle) -> Result<bool, StoreError> {
        match group.id() {
            GroupId::Sealed(number) => self.check_group(number),
            GroupId::Memory(_) => Ok(false),
        }
    }

    pub(super) fn check_group(&self, number: u64) -> Result<bool, StoreError> {
        let Some(entry) = self.state().catalogue.groups.get(&number).cloned() else { return Ok(true) };
        self.disk.forget(number);
        match self.fault_of(&entry) {
            None => Ok(false),
            Some(reason) => self.quarantine(&entry, reason).map(|()| true),
        }
    }

    /// What is wrong with the file of a group, if that is certain.
    fn fault_of(&self, entry: &GroupEntry) -> Option<String> {
        match self.disk.folder.open_group(entry.number) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Some("the file of the group is missing".to_owned());
            }
            _ => {}
        }
        let opened = self.disk.open(entry.number).map_err(Fault::Read);
        let fault = opened.and_then(|group| prove(entry, &group)).err();
        self.disk.forget(entry.number);
        fault.filter(|fault| !fault.is_of_the_moment()).map(|fault| fault.to_string())
    }

    fn quarantine(&self, entry: &Arc<GroupEntry>, reason: String) -> Result<(), StoreError> {
        self.commit(
            |catalogue| {
                let removed = catalogue.groups.remove(&entry.number)?;
                let quarantined = QuarantinedGroup { entry: (*removed).clone(), reason };
                catalogue.quarantined.push(Arc::new(quarantined));
                Some(())
            },
            |_| {},
        )?;
        self.disk.folder.set_aside(entry.number)
    }
}
