//! What tests need of `deploy/services`: its files, and interpreters that have what they ask for.
//!
//! Invariant: an interpreter has exactly what its list says, in the versions of the list. It starts no server.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of `deploy/services`.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services").join(name)
}

/// The programs of an interpreter that has what a list of `deploy/services` names. They are in the build folder,
/// installed when they are first needed and when the list has changed.
pub(crate) fn python(list: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/services").join(list);
    let (wanted, installed) = (std::fs::read(file(list)).unwrap(), folder.join("installed"));
    if std::fs::read(&installed).is_ok_and(|list| list == wanted) {
        return folder.join("bin");
    }
    let run = |command: &mut Command| {
        let output = command.output().expect("python3 with venv is needed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    run(Command::new(folder.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "-r"])
        .arg(file(list)));
    std::fs::write(installed, wanted).unwrap();
    folder.join("bin")
}
