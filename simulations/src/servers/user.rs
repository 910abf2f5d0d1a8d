//! The user of the machine as whom root runs servers that refuse to run as root.
//!
//! Invariant: only root makes or uses it; it owns no more than the folders of its servers.
//! It does not remove the user again: that is for who administers the machine.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use super::cache::Cache;

const NAME: &str = "antler-services";

/// By number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: u32,
    pub(super) group: u32,
}

impl User {
    /// Who runs what may not run as root; nobody else, where we are not root.
    pub(super) fn for_servers(cache: &Cache) -> anyhow::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let _guard = cache.lock("user")?;
        if let Some(user) = Self::known() {
            return Ok(Some(user));
        }
        let output = Command::new("useradd").args(["-r", "-M", "-s", "/usr/sbin/nologin", NAME]).output();
        let output = output.with_context(|| format!("cannot make the user {NAME}"))?;
        match Self::known() {
            Some(user) => Ok(Some(user)),
            None => bail!("cannot make the user {NAME}: {}", String::from_utf8_lossy(&output.stderr).trim()),
        }
    }

    fn known() -> Option<Self> {
        Self::parse(&fs::read_to_string("/etc/passwd").ok()?)
    }

    fn parse(users: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(NAME))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { id: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }

    /// Gives it a folder with all that lies in it.
    pub(super) fn take_over(&self, folder: &Path) -> anyhow::Result<()> {
        let cannot = || format!("cannot give {} to the user {NAME}", folder.display());
        chown(folder, Some(self.id), Some(self.group)).with_context(cannot)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.take_over(&entry.path())?;
            } else {
                chown(entry.path(), Some(self.id), Some(self.group)).with_context(cannot)?;
            }
        }
        Ok(())
    }

    /// Fails with the first folder above, or the folder itself, that is closed to it.
    pub(super) fn may_enter(&self, folder: &Path) -> anyhow::Result<()> {
        let mut above: Vec<&Path> = folder.ancestors().collect();
        above.reverse();
        for folder in above {
            let about = fs::metadata(folder).with_context(|| format!("there is no {}", folder.display()))?;
            let bit = if about.uid() == self.id { 0o100 } else { 0o001 };
            if about.mode() & bit == 0 {
                bail!(
                    "{} is closed to the user {NAME}, as whom root runs this server; \
                     choose places below open folders with --dir and ANTLER_SERVICES_CACHE",
                    folder.display()
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\nantler-services-2:x:7:7::/:/bin/sh\n\
                     antler-services:x:998:997::/nonexistent:/usr/sbin/nologin\n";
        assert_eq!(User::parse(users), Some(User { id: 998, group: 997 }));
        assert_eq!(User::parse("antler-services:x:none:1::/:/bin/sh"), None);
        assert_eq!(User::parse(""), None);
    }

    #[test]
    fn a_closed_folder_above_is_named() {
        let user = User { id: 4_000_000, group: 4_000_000 };
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let error = user.may_enter(&folder.path().join("below")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{} is closed to the user", folder.path().display())), "{error}");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        user.may_enter(&folder.path().join("below")).unwrap();
        assert!(user.may_enter(&folder.path().join("lost")).is_err());
    }
}
