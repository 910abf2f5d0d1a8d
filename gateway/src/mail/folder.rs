//! Mails as files of a folder, for those who try the program out, and for tests.
//!
//! Invariant: a file is there whole or not at all, and the same mail is one file however often it is sent. It sends nothing
//! to anybody.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_actors::post::Undelivered;
use antler_events::files::{FileSystem, replace};
use antler_events::ids::MailId;
use antler_events::log::BoxFuture;

use super::{MailError, Transport};

#[derive(Debug)]
pub(super) struct Folder {
    files: Arc<dyn FileSystem>,
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(files: Arc<dyn FileSystem>, path: &Path) -> Result<Self, MailError> {
        files.create_dir(path).map_err(MailError::Folder)?;
        Ok(Self { files, path: path.to_owned() })
    }
}

impl Transport for Folder {
    fn hand_over<'a>(
        &'a self,
        id: MailId,
        _to: &'a str,
        message: &'a str,
    ) -> BoxFuture<'a, Result<(), Undelivered>> {
        let file = self.path.join(format!("{id}.eml"));
        let written = replace(&*self.files, &file, message.as_bytes());
        Box::pin(std::future::ready(written.map_err(|error| Undelivered::Down { reason: error.to_string() })))
    }
}

#[cfg(test)]
mod tests {
    use antler_events::files::RealFiles;

    use super::*;

    #[tokio::test]
    async fn a_mail_is_one_file_and_a_folder_that_is_gone_is_a_fault_of_the_server() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mails");
        let folder = Folder::open(Arc::new(RealFiles), &path).unwrap();
        let id = MailId::parse("m1").unwrap();
        for text in ["one", "two"] {
            folder.hand_over(id, "ann@example.org", text).await.unwrap();
        }
        assert_eq!(std::fs::read_to_string(path.join("m1.eml")).unwrap(), "two");
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
        std::fs::remove_dir_all(&path).unwrap();
        let gone = folder.hand_over(id, "ann@example.org", "three").await;
        assert!(matches!(gone, Err(Undelivered::Down { .. })), "{gone:?}");
    }
}
