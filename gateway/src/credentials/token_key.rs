//! The key that access tokens are signed with: a file of the data folder that only its owner may read.
//!
//! Invariant: the key is drawn once and outlives restarts; a file that others may read is refused, because who has the
//! key can be anybody. It is not part of the event log, so that copies of the log give no access.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use antler_events::files::{FileSystem, RealFiles};
use antler_events::randomness::{Randomness, RandomnessError};

const KEY_BYTES: usize = 32;

/// A key of 256 random bits.
#[derive(Clone)]
pub struct TokenKey([u8; KEY_BYTES]);

impl fmt::Debug for TokenKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenKey(***)")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeyError {
    #[error("the key {} cannot be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the key {} can be read by others; make it private: chmod 600 {}", path.display(), path.display())]
    Exposed { path: PathBuf },
    #[error(
        "the key {} is damaged; remove it and start again: what it signed before, such as logins, counts no more",
        path.display()
    )]
    Damaged { path: PathBuf },
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl TokenKey {
    /// The key of a data folder; drawn if there is none yet.
    pub fn open_or_create(dir: &Path, randomness: &dyn Randomness) -> Result<Self, TokenKeyError> {
        Self::open_or_create_as(dir, "token.key", randomness)
    }

    /// The same under another name.
    pub(super) fn open_or_create_as(
        dir: &Path,
        file: &str,
        randomness: &dyn Randomness,
    ) -> Result<Self, TokenKeyError> {
        let path = dir.join(file);
        let failed = |source| TokenKeyError::File { path: path.clone(), source };
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::create(dir, &path, randomness);
            }
            read => read.map_err(failed)?,
        };
        if fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(TokenKeyError::Exposed { path });
        }
        bytes.try_into().map(Self).map_err(|_| TokenKeyError::Damaged { path })
    }

    /// A key that is drawn for this process alone.
    pub fn draw(randomness: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = [0; KEY_BYTES];
        randomness.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn create(dir: &Path, path: &Path, randomness: &dyn Randomness) -> Result<Self, TokenKeyError> {
        let key = Self::draw(randomness)?;
        write_private(dir, path, &key.0)
            .map_err(|source| TokenKeyError::File { path: path.to_owned(), source })?;
        Ok(key)
    }
}

/// A crash leaves the whole file or none, and nobody else can read it at any time.
pub(crate) fn write_private(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    RealFiles.create_dir(dir)?;
    let draft = path.with_extension("draft");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    RealFiles.sync_dir(dir)
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn a_key_is_drawn_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("credentials");
        let key = TokenKey::open_or_create(&folder, &SystemRandomness).unwrap();
        let again = TokenKey::open_or_create(&folder, &SystemRandomness).unwrap();
        assert_eq!(key.0, again.0);
        let mode = fs::metadata(folder.join("token.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{key:?}"), "TokenKey(***)");
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_cut_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        TokenKey::open_or_create(dir.path(), &SystemRandomness).unwrap();
        let path = dir.path().join("token.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let message = TokenKey::open_or_create(dir.path(), &SystemRandomness).unwrap_err().to_string();
        assert!(message.contains("chmod 600"), "{message}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        let message = TokenKey::open_or_create(dir.path(), &SystemRandomness).unwrap_err().to_string();
        assert!(message.contains("is damaged"), "{message}");
    }
}
