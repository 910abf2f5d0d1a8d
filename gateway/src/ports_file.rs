//! The ports file: the addresses of the listeners, for whoever started the program.
//!
//! Invariant: the file appears whole, and only when every listener in it is ready.
//! It is not removed at stop: its reader decides how long an address is of use.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why the file was not written.
#[derive(Debug, thiserror::Error)]
#[error("the ports file {} cannot be written", path.display())]
pub struct PortsFileError {
    path: PathBuf,
    source: std::io::Error,
}

/// Writes `{"http":"127.0.0.1:40001"}` in one step.
pub fn write(path: &Path, listeners: &[(&str, SocketAddr)]) -> Result<(), PortsFileError> {
    let addresses: serde_json::Map<String, serde_json::Value> =
        listeners.iter().map(|(name, address)| ((*name).to_owned(), address.to_string().into())).collect();
    let text = serde_json::Value::from(addresses).to_string();
    replace(path, &text).map_err(|source| PortsFileError { path: path.to_owned(), source })
}

/// A reader that polls must never see half a file, so the name appears by a rename.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let mut file = std::fs::File::create(&draft)?;
    writeln!(file, "{text}")?;
    drop(file);
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_each_listener_and_replaces_an_older_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ports.json");
        write(&path, &[("http", "127.0.0.1:1".parse().unwrap())]).unwrap();
        write(&path, &[("http", "127.0.0.1:2".parse().unwrap()), ("tcp", "[::1]:3".parse().unwrap())])
            .unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"http\":\"127.0.0.1:2\",\"tcp\":\"[::1]:3\"}\n"
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = write(Path::new("/nowhere/ports"), &[]).unwrap_err();
        assert_eq!(error.to_string(), "the ports file /nowhere/ports cannot be written");
    }
}
