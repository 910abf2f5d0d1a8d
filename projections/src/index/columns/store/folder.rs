//! The folder of a store: which files there are and how they come to be there.
//!
//! ```text
//! index/format                            "antler index 1"
//! index/catalogue  index/catalogue.copy   the same twice; the copy is written first
//! index/groups/00000000000000000007.group        named by a number that is never given twice
//! index/groups/00000000000000000005.quarantined  cannot be trusted; kept for whoever wants to look
//! ```
//! Invariant: a group file under its own name is complete and synced. Being there does not make it count:
//! the catalogue does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_events::files::{self, Access, File, FileSystem};

use super::Planted;
use super::error::StoreError;
use crate::index::columns::catalogue::{Catalogue, CatalogueFault};

const FORMAT: &str = "antler index 1";
const GROUP_ENDING: &str = "group";
const QUARANTINED_ENDING: &str = "quarantined";
const DRAFT_ENDING: &str = "draft";
const CATALOGUE_BYTES_MAX: u64 = 80 << 20;

/// Names and files of a store.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    files: Arc<dyn FileSystem>,
    dir: PathBuf,
    groups: PathBuf,
}

/// What the name of a file in the folder of groups says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Group(u64),
    Quarantined(u64),
    Draft,
}

/// A catalogue as it was found.
#[derive(Debug)]
pub(super) enum FoundCatalogue {
    Missing,
    /// And whether its copy is the same.
    Whole(Catalogue, bool),
    /// Only the copy can be read.
    Copy(Catalogue, CatalogueFault),
}

impl Folder {
    pub(super) fn new(files: &Arc<dyn FileSystem>, dir: &Path) -> Self {
        Self { files: Arc::clone(files), dir: dir.to_owned(), groups: dir.join("groups") }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the folders where they are missing, and what is in them durable: after a commit whose sync failed,
    /// only the running kernel may know a name, and what is read here must still be there after a power cut.
    pub(super) fn make(&self) -> Result<(), StoreError> {
        self.files.create_dir(&self.groups).map_err(StoreError::storage("made", &self.groups))?;
        self.sync_groups()?;
        self.files.sync_dir(&self.dir).map_err(StoreError::storage("synced", &self.dir))
    }

    /// Whether the folder was made by a program of this version; an error if it was one of another.
    pub(super) fn has_format(&self) -> Result<bool, StoreError> {
        let path = self.dir.join("format");
        let bytes = match files::read_whole(&*self.files, &path, 4_096) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            read => read.map_err(StoreError::storage("read", &path))?,
        };
        let text = String::from_utf8_lossy(&bytes);
        if text.trim_end() == FORMAT {
            return Ok(true);
        }
        let begins: String = text.chars().take(40).collect();
        Err(StoreError::Version { file: path, reason: format!("it says {begins:?} and not {FORMAT:?}") })
    }

    pub(super) fn write_format(&self) -> Result<(), StoreError> {
        let path = self.dir.join("format");
        files::replace(&*self.files, &path, format!("{FORMAT}\n").as_bytes())
            .map_err(StoreError::storage("written", &path))
    }

    pub(super) fn catalogue_path(&self) -> PathBuf {
        self.dir.join("catalogue")
    }

    pub(super) fn copy_path(&self) -> PathBuf {
        self.dir.join("catalogue.copy")
    }

    /// The copy is written first: it is never behind, so either of the two will do.
    pub(super) fn write_catalogue(&self, catalogue: &Catalogue) -> Result<(), StoreError> {
        let bytes = catalogue.encode()?;
        for path in [self.copy_path(), self.catalogue_path()] {
            files::replace(&*self.files, &path, &bytes).map_err(StoreError::storage("written", &path))?;
        }
        Ok(())
    }

    pub(super) fn read_catalogue(&self) -> Result<FoundCatalogue, StoreError> {
        let (first, copy) = (self.read(&self.catalogue_path())?, self.read(&self.copy_path())?);
        match (first, copy) {
            (None, None) => Ok(FoundCatalogue::Missing),
            (Some(Ok(catalogue)), copy) => {
                let is_same = copy.and_then(Result::ok).is_some_and(|copy| copy == catalogue);
                Ok(FoundCatalogue::Whole(catalogue, is_same))
            }
            (Some(Err(fault)), Some(Ok(copy))) => Ok(FoundCatalogue::Copy(copy, fault)),
            // The first catalogue of all may be there as a copy only.
            (None, Some(Ok(copy))) if copy.sequence <= 1 => Ok(FoundCatalogue::Whole(copy, false)),
            (None, Some(Ok(copy))) => Ok(FoundCatalogue::Copy(copy, CatalogueFault::Missing)),
            (Some(Err(fault)), _) | (None, Some(Err(fault))) => {
                Err(StoreError::Catalogue { dir: self.dir.clone(), reason: fault.to_string() })
            }
        }
    }

    /// Why the copy alone would not do.
    pub(super) fn copy_fault(&self) -> Result<Option<CatalogueFault>, StoreError> {
        Ok(self.read(&self.copy_path())?.unwrap_or(Err(CatalogueFault::Missing)).err())
    }

    fn read(&self, path: &Path) -> Result<Option<Result<Catalogue, CatalogueFault>>, StoreError> {
        match files::read_whole(&*self.files, path, CATALOGUE_BYTES_MAX) {
            Ok(bytes) => Ok(Some(Catalogue::decode(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::storage("read", path)(error)),
        }
    }

    /// Names that are not ours are left out.
    pub(super) fn list_groups(&self) -> Result<Vec<(PathBuf, Named)>, StoreError> {
        let names = self.files.list(&self.groups).map_err(StoreError::storage("listed", &self.groups))?;
        let named = names.into_iter().filter_map(|name| Some((self.groups.join(&name), read_name(&name)?)));
        Ok(named.collect())
    }

    pub(super) fn group_path(&self, number: u64) -> PathBuf {
        self.groups.join(format!("{number:020}.{GROUP_ENDING}"))
    }

    pub(super) fn quarantined_path(&self, number: u64) -> PathBuf {
        self.groups.join(format!("{number:020}.{QUARANTINED_ENDING}"))
    }

    pub(super) fn open_group(&self, number: u64) -> io::Result<Box<dyn File>> {
        self.files.open(&self.group_path(number), Access::Read)
    }

    /// The whole file, if it is not larger than it was written.
    pub(super) fn read_group(&self, number: u64, bytes: u64) -> io::Result<Vec<u8>> {
        files::read_whole(&*self.files, &self.group_path(number), bytes)
    }

    /// Its name is durable after `sync_groups`.
    pub(super) fn write_group(&self, number: u64, bytes: &[u8], planted: Planted) -> Result<(), StoreError> {
        let path = self.group_path(number);
        let draft = path.with_extension(DRAFT_ENDING);
        let write = || {
            let file = self.files.open(&draft, Access::Create)?;
            file.write_at(0, bytes)?;
            if !planted.is(Planted::GroupNotSynced) {
                file.sync()?;
            }
            self.files.rename(&draft, &path)
        };
        let written = write();
        if written.is_err() {
            // A full disk needs the space, and what is not named never counts: an open would remove it too.
            drop(self.files.remove(&draft));
        }
        written.map_err(StoreError::storage("written", &path))
    }

    pub(super) fn sync_groups(&self) -> Result<(), StoreError> {
        self.files.sync_dir(&self.groups).map_err(StoreError::storage("synced", &self.groups))
    }

    /// Removes a file that does not count; it is fine if it is not there.
    pub(super) fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match self.files.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::storage("removed", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Takes the file of a group out of use; it is fine if it is not there.
    pub(super) fn set_aside(&self, number: u64) -> Result<(), StoreError> {
        let (from, to) = (self.group_path(number), self.quarantined_path(number));
        match self.files.rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => renamed
                .and_then(|()| self.files.sync_dir(&self.groups))
                .map_err(StoreError::storage("set aside", &from)),
        }
    }
}

fn read_name(name: &str) -> Option<Named> {
    let (digits, ending) = name.split_once('.').filter(|(digits, _)| digits.len() == 20)?;
    let number = digits.parse().ok()?;
    match ending {
        GROUP_ENDING => Some(Named::Group(number)),
        QUARANTINED_ENDING => Some(Named::Quarantined(number)),
        DRAFT_ENDING => Some(Named::Draft),
        _ => None,
    }
}
