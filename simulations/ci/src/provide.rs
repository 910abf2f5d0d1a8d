//! What stages need and the machine lacks: root installs it, and others are told the one line that does.
//!
//! Invariant: without root nothing is installed, and nothing begins that could not end well. It does not know what a tool
//! is for.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use super::command::is_there;
use super::{Install, Stage};

/// Says whether the stages may begin. Of what root could not install the stages fail by themselves, behind the others.
pub fn provide(stages: &[Stage], top: &Path, is_root: bool, out: &mut dyn Write) -> io::Result<bool> {
    let missing = missing(stages, top);
    if missing.is_empty() {
        return Ok(true);
    }
    let line = line_that_installs(&missing, is_root);
    if !is_root {
        writeln!(out, "something is missing; run this, and then cargo ci again: {line}")?;
        return Ok(false);
    }
    writeln!(out, "== installing what is missing: {line}")?;
    out.flush()?;
    let installed = Command::new("sh").args(["-c", &line]).status()?;
    if !installed.success() {
        writeln!(out, "== it could not be installed: {installed}")?;
    }
    Ok(true)
}

/// Each once, in order.
fn missing(stages: &[Stage], top: &Path) -> Vec<Install> {
    let tools = stages.iter().filter_map(|stage| stage.tool.as_ref());
    let mut missing: Vec<Install> =
        tools.filter(|tool| !is_there(tool, top)).map(|tool| tool.install).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

pub(super) fn line_that_installs(missing: &[Install], is_root: bool) -> String {
    let sudo = if is_root { "" } else { "sudo " };
    let (mut components, mut packages) = (Vec::new(), Vec::new());
    for install in missing {
        match install {
            Install::Component(name) => components.push(*name),
            Install::Package(name) => packages.push(*name),
        }
    }
    let mut commands = Vec::new();
    if !components.is_empty() {
        commands.push(format!("rustup component add {}", components.join(" ")));
    }
    if !packages.is_empty() {
        let names = packages.join(" ");
        commands.push(format!("{sudo}apt-get update -q && {sudo}apt-get install -y {names}"));
    }
    commands.join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tool;

    fn stage(name: &'static str, probe: &'static [&'static str], install: Install) -> Stage {
        Stage {
            name,
            program: "true",
            arguments: Vec::new(),
            tool: Some(Tool { probe, install }),
            counts_tests: false,
            needs_more: false,
        }
    }

    fn provided(stages: &[Stage], is_root: bool) -> (bool, String) {
        let mut out = Vec::new();
        let may_begin = provide(stages, Path::new("/"), is_root, &mut out).unwrap();
        (may_begin, String::from_utf8(out).unwrap())
    }

    #[test]
    fn without_root_one_line_names_all_that_is_missing_and_nothing_begins() {
        let stages = [
            stage("mails", &["false"], Install::Package("python3-venv")),
            stage("lints", &["false"], Install::Component("clippy")),
            stage("format", &["true"], Install::Component("rustfmt")),
            stage("schemathesis", &["no-such-program"], Install::Package("python3-venv")),
        ];
        let line =
            "rustup component add clippy && sudo apt-get update -q && sudo apt-get install -y python3-venv";
        let said = format!("something is missing; run this, and then cargo ci again: {line}\n");
        assert_eq!(provided(&stages, false), (false, said));
    }

    #[test]
    fn where_nothing_is_missing_nothing_is_said() {
        let stages = [stage("format", &["true"], Install::Component("rustfmt"))];
        assert_eq!(provided(&stages, false), (true, String::new()));
        assert_eq!(provided(&stages, true), (true, String::new()));
    }

    #[test]
    fn root_needs_nobody_to_become_root() {
        let missing = [Install::Package("prometheus"), Install::Package("python3-venv")];
        let line = "apt-get update -q && apt-get install -y prometheus python3-venv";
        assert_eq!(line_that_installs(&missing, true), line);
    }
}
