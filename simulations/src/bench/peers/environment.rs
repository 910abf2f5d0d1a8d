//! The Python of a peer: a virtual environment of its own, made when it is first needed.
//!
//! Invariant: nothing is installed outside the build folder, and always the same version, so that figures
//! of two days compare. It does not install Python itself: it says that it is missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, bail, ensure};

use crate::bench::Report;

/// The engine alone, without the data frames that the package could also answer with.
const PACKAGE: &str = "chdb-core==26.9.0";
const PYTHON: &str = "python3";

/// The interpreter of an environment that has ClickHouse in it.
pub(super) fn clickhouse(report: &mut Report<'_>) -> anyhow::Result<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate is in the workspace")?;
    let folder = top.join("target/peers").join(PACKAGE.replace("==", "-"));
    let python = folder.join("bin/python");
    if imports(&python) {
        return Ok(python);
    }
    report.note(&format!("peers: installing {PACKAGE} in {}", folder.display()))?;
    make(Path::new(PYTHON), &folder)?;
    let reason = format!("cannot install {PACKAGE} from PyPI, which `peers` needs");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--no-deps", PACKAGE]), &reason)?;
    ensure!(imports(&python), "{PACKAGE} is installed in {} but cannot be used", folder.display());
    Ok(python)
}

fn imports(python: &Path) -> bool {
    let output = Command::new(python).args(["-c", "import chdb.session"]).output();
    output.is_ok_and(|output| output.status.success())
}

/// Makes an environment, in place of one that is not whole.
fn make(python: &Path, folder: &Path) -> anyhow::Result<()> {
    let reason = format!("cannot make a virtual environment with {}, which `peers` needs", python.display());
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder), &reason)
}

fn run(command: &mut Command, reason: &str) -> anyhow::Result<()> {
    let output = command.output().with_context(|| reason.to_owned())?;
    if !output.status.success() {
        bail!("{reason}: {}", last_words(&output));
    }
    Ok(())
}

/// The end of what a program said, which is where the reason stands.
pub(super) fn last_words(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&all);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(4)..].join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_in_one_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let check = |python: &Path, expected: &str| {
            let error = format!("{:#}", make(python, &dir.path().join("made")).unwrap_err());
            assert!(error.starts_with("cannot make a virtual environment with "), "{error}");
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        };
        check(&dir.path().join("python9"), "which `peers` needs: No such file or directory");
        check(Path::new("/bin/false"), "which `peers` needs: ");
    }
}
