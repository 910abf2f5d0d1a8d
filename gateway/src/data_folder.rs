//! The data folder: whose it is, which version made it, and who uses it now.
//!
//! Invariant: while a `DataFolder` lives, no other process works in the folder.
//! It does not look into the event log: `compose` opens that.

use std::io;
use std::path::{Path, PathBuf};

use antler_events::files::{self, Access, FileSystem, Lock};

/// The version of the folder that this program makes and reads.
pub const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "format";
const LOCK_FILE: &str = "lock";
const ELSEWHERE_FILE: &str = "log-elsewhere";
/// More than any format or lock file holds.
const MARK_BYTES_MAX: u64 = 256;
/// Names that do not make a folder someone else's: our lock, a draft of our mark, and what a fresh disk has.
const HARMLESS: [&str; 3] = [LOCK_FILE, "format.draft", "lost+found"];

/// A folder of the right version, locked.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: Box<dyn Lock>,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    #[error("the data folder {} cannot be made", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("the data folder {} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the data folder {} cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "the data folder {} is in use by another antler{}; a folder serves one process at a time: \
         stop that one, or name another folder with --data", path.display(), process(holder)
    )]
    InUse { path: PathBuf, holder: Option<String> },
    #[error(
        "{} is not a data folder of antler: it holds {name:?} and no file \"format\"; \
         name an empty or a new folder with --data", path.display()
    )]
    Foreign { path: PathBuf, name: String },
    #[error("{} is not a data folder of antler: {reason}", path.display())]
    NotAFolder { path: PathBuf, reason: &'static str },
    #[error(
        "the data folder {} has format {found}, and this version of antler ({}) reads format {FORMAT}; \
         use the version that wrote it, or another folder", path.display(), env!("CARGO_PKG_VERSION")
    )]
    OtherFormat { path: PathBuf, found: String },
    #[error(
        "the file {} is damaged: it holds {found:?} instead of the folder's format; if the folder is of this version, \
         write \"antler data {FORMAT}\" into it", path.display()
    )]
    DamagedFormat { path: PathBuf, found: String },
}

impl DataFolder {
    /// Takes a folder for this process; makes it if it is missing or empty.
    pub fn open_or_create(files: &dyn FileSystem, path: &Path) -> Result<Self, DataFolderError> {
        files.create_dir(path).map_err(|source| DataFolderError::Create { path: path.to_owned(), source })?;
        // A look before the lock leaves a folder that is not ours as it was.
        refuse_foreign(files, path)?;
        let folder = Self::lock(files, path)?;
        if !is_marked(files, path)? {
            files::replace(files, &path.join(FORMAT_FILE), mark().as_bytes())
                .map_err(|e| unwritable(path, e))?;
        }
        Ok(folder)
    }

    /// Takes a folder that is there already.
    pub fn open(files: &dyn FileSystem, path: &Path) -> Result<Self, DataFolderError> {
        let refused = |reason| DataFolderError::NotAFolder { path: path.to_owned(), reason };
        let marked = is_marked(files, path).map_err(|error| match error {
            DataFolderError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                refused("there is no such folder")
            }
            DataFolderError::Read { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                refused("it is not a folder")
            }
            other => other,
        })?;
        match marked {
            true => Self::lock(files, path),
            false => Err(refused("it has no file \"format\"")),
        }
    }

    /// Whether a folder could be made here; it makes nothing.
    pub fn may_be_made(files: &dyn FileSystem, path: &Path) -> Result<(), DataFolderError> {
        match files.list(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            _ => refuse_foreign(files, path),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the event log is.
    pub fn log_dir(&self) -> PathBuf {
        self.path.join("log")
    }

    /// What log this folder was folded from, if that does not lie in it.
    pub fn log_elsewhere(&self, files: &dyn FileSystem) -> Result<Option<String>, DataFolderError> {
        match files::read_whole(files, &self.path.join(ELSEWHERE_FILE), MARK_BYTES_MAX) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataFolderError::Read { path: self.path.clone(), source }),
        }
    }

    /// Notes what log this folder is folded from.
    pub fn note_log_elsewhere(&self, files: &dyn FileSystem, log: &str) -> Result<(), DataFolderError> {
        let text = format!("{log}\n");
        files::replace(files, &self.path.join(ELSEWHERE_FILE), text.as_bytes())
            .map_err(|source| DataFolderError::Write { path: self.path.clone(), source })
    }

    /// Where the embedded search index is.
    pub fn index_dir(&self) -> PathBuf {
        self.path.join("index")
    }

    /// The file of views.
    pub fn views_file(&self) -> PathBuf {
        self.path.join("views").join("views.redb")
    }

    /// Where uploaded files are.
    pub fn uploads_dir(&self) -> PathBuf {
        self.path.join("uploads")
    }

    /// Where archives of tenants are.
    pub fn archives_dir(&self) -> PathBuf {
        self.path.join("archives")
    }

    /// Where the key of access tokens is.
    pub fn credentials_dir(&self) -> PathBuf {
        self.path.join("credentials")
    }

    fn lock(files: &dyn FileSystem, path: &Path) -> Result<Self, DataFolderError> {
        let lock_path = path.join(LOCK_FILE);
        let lock = files.lock(&lock_path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                DataFolderError::InUse { path: path.to_owned(), holder: read_holder(files, &lock_path) }
            }
            _ => unwritable(path, error),
        })?;
        write_holder(files, &lock_path).map_err(|error| unwritable(path, error))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }
}

fn mark() -> String {
    format!("antler data {FORMAT}\n")
}

/// Whether the folder bears the mark of this version; another mark is an error.
fn is_marked(files: &dyn FileSystem, path: &Path) -> Result<bool, DataFolderError> {
    let unreadable = |source| DataFolderError::Read { path: path.to_owned(), source };
    if !files.list(path).map_err(unreadable)?.iter().any(|name| name == FORMAT_FILE) {
        return Ok(false);
    }
    let file = path.join(FORMAT_FILE);
    let bytes = files::read_whole(files, &file, MARK_BYTES_MAX).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    match text.strip_prefix("antler data ").map(str::trim_end) {
        Some(version) if version == FORMAT.to_string() => Ok(true),
        Some(version) if version.parse::<u32>().is_ok() => {
            Err(DataFolderError::OtherFormat { path: path.to_owned(), found: version.to_owned() })
        }
        _ => Err(DataFolderError::DamagedFormat { path: file, found: text.chars().take(40).collect() }),
    }
}

fn refuse_foreign(files: &dyn FileSystem, path: &Path) -> Result<(), DataFolderError> {
    if is_marked(files, path)? {
        return Ok(());
    }
    let names = files.list(path).map_err(|source| DataFolderError::Read { path: path.to_owned(), source })?;
    match names.into_iter().find(|name| !HARMLESS.contains(&name.as_str())) {
        Some(name) => Err(DataFolderError::Foreign { path: path.to_owned(), name }),
        None => Ok(()),
    }
}

/// Leaves our process id in the lock file, for the message that the next process gives.
fn write_holder(files: &dyn FileSystem, lock_path: &Path) -> io::Result<()> {
    let file = files.open(lock_path, Access::Write)?;
    file.set_size(0)?;
    file.write_at(0, std::process::id().to_string().as_bytes())
}

fn read_holder(files: &dyn FileSystem, lock_path: &Path) -> Option<String> {
    let bytes = files::read_whole(files, lock_path, MARK_BYTES_MAX).ok()?;
    String::from_utf8(bytes).ok().filter(|text| text.parse::<u32>().is_ok())
}

fn process(holder: &Option<String>) -> String {
    holder.as_ref().map_or_else(String::new, |id| format!(" (process {id})"))
}

fn unwritable(path: &Path, source: io::Error) -> DataFolderError {
    DataFolderError::Write { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use antler_events::files::RealFiles;

    use super::*;

    fn open_or_create(path: &Path) -> Result<DataFolder, String> {
        DataFolder::open_or_create(&RealFiles, path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_new_folder_is_marked_and_opens_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        assert!(DataFolder::open(&RealFiles, &path).unwrap_err().to_string().contains("no such folder"));
        drop(open_or_create(&path).unwrap());
        assert_eq!(std::fs::read_to_string(path.join("format")).unwrap(), "antler data 1\n");
        drop(open_or_create(&path).unwrap());
        assert_eq!(DataFolder::open(&RealFiles, &path).unwrap().log_dir(), path.join("log"));
    }

    #[test]
    fn a_folder_in_use_is_refused_and_names_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let first = open_or_create(dir.path()).unwrap();
        let message = open_or_create(dir.path()).unwrap_err();
        assert!(
            message.contains(&format!("in use by another antler (process {})", std::process::id())),
            "{message}"
        );
        drop(first);
        assert!(open_or_create(dir.path()).is_ok());
    }

    #[test]
    fn a_folder_of_something_else_is_refused_and_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.tex"), "x").unwrap();
        let message = open_or_create(dir.path()).unwrap_err();
        assert!(message.contains("it holds \"thesis.tex\""), "{message}");
        assert_eq!(RealFiles.list(dir.path()).unwrap(), ["thesis.tex"]);
        assert!(
            DataFolder::open(&RealFiles, dir.path()).unwrap_err().to_string().contains("no file \"format\"")
        );
        std::fs::remove_file(dir.path().join("thesis.tex")).unwrap();
        std::fs::create_dir(dir.path().join("lost+found")).unwrap();
        assert!(open_or_create(dir.path()).is_ok());
    }

    #[test]
    fn another_format_is_refused_with_both_versions() {
        let dir = tempfile::tempdir().unwrap();
        let check = |content: &str, expected: &str| {
            std::fs::write(dir.path().join("format"), content).unwrap();
            let message = open_or_create(dir.path()).unwrap_err();
            assert!(message.contains(expected), "{message}");
        };
        check("antler data 2\n", "has format 2, and this version of antler (0.1.0) reads format 1");
        check("antler data x\n", "is damaged: it holds \"antler data x\\n\"");
        check("", "is damaged: it holds \"\"");
    }
}
