//! Real lines for the corpus, from a folder of log files that the user has.
//!
//! The layout is that of the loghub collection: `DIR/NAME/*.log`. Invariant: a line is written byte for
//! byte, bare or as the message of a shipper's JSON. It does not download anything, and none are built in.

use std::path::Path;

use anyhow::{Context as _, ensure};

use super::calendar::TimeForm;
use super::scene::Scene;
use crate::draw::Draw;

/// The lines of each system, and where each is.
#[derive(Debug)]
pub struct Samples {
    systems: Vec<System>,
}

#[derive(Debug)]
struct System {
    name: String,
    lines: Vec<String>,
    next: usize,
}

impl Samples {
    pub fn load(dir: &Path) -> anyhow::Result<Self> {
        let mut systems = Vec::new();
        for (folder, bytes) in logs(dir)? {
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<String> =
                text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
            systems.push(System { name: folder.to_lowercase(), lines, next: 0 });
        }
        systems.retain(|system| !system.lines.is_empty());
        ensure!(!systems.is_empty(), "the .log files in {} hold only empty lines", dir.display());
        Ok(Self { systems })
    }

    /// Writes the next line of some system, in the order of its file, from the start again after the end.
    pub(super) fn write(&mut self, scene: &Scene, draw: &mut Draw, out: &mut Vec<u8>) {
        let chosen = draw.below(self.systems.len() as u64) as usize;
        let System { name, lines, next } = &mut self.systems[chosen];
        let line = &lines[*next];
        *next = (*next + 1) % lines.len();
        if draw.one_in(2) {
            out.extend_from_slice(line.as_bytes());
            return;
        }
        out.extend_from_slice(b"{\"@timestamp\":\"");
        TimeForm::Millis.write(scene.at, out);
        out.extend_from_slice(b"\",\"service\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\",\"input\":{\"type\":\"filestream\"},\"message\":");
        serde_json::to_writer(&mut *out, line).expect("a text is JSON, and a vector takes every byte");
        out.push(b'}');
    }
}

/// All samples as they are, one file after the other: each line once, and never two on one line.
pub fn unrepeated(dir: &Path) -> anyhow::Result<Vec<u8>> {
    let mut all = Vec::new();
    for (_, bytes) in logs(dir)? {
        all.extend_from_slice(&bytes);
        if !all.ends_with(b"\n") {
            all.push(b'\n');
        }
    }
    Ok(all)
}

/// The bytes of each file, and the name of the folder that it is in.
fn logs(dir: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut logs = Vec::new();
    for folder in sorted(dir)?.iter().filter(|path| path.is_dir()) {
        for file in sorted(folder)?.iter().filter(|path| path.extension().is_some_and(|end| end == "log")) {
            let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            logs.push((folder.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes));
        }
    }
    logs.retain(|(_, bytes)| !bytes.is_empty());
    ensure!(!logs.is_empty(), "{} has no folders with .log files in them", dir.display());
    Ok(logs)
}

fn sorted(dir: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_order_bare_or_as_a_message() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("Cron")).unwrap();
        std::fs::write(dir.path().join("Cron/cron.log"), "say \"one\"\r\n\ntwo\n").unwrap();
        std::fs::write(dir.path().join("Cron/notes.csv"), "not a log").unwrap();
        let mut samples = Samples::load(dir.path()).unwrap();
        let mut draw = Draw::new(1);
        for expected in ["say \"one\"", "two", "say \"one\"", "two", "say \"one\"", "two"] {
            let mut out = Vec::new();
            samples.write(&Scene::sample(1), &mut draw, &mut out);
            let text = String::from_utf8(out).unwrap();
            let message = match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(object) => {
                    assert_eq!(object["service"], "cron");
                    object["message"].as_str().unwrap().to_owned()
                }
                Err(_) => text,
            };
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn a_folder_without_logs_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = Samples::load(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("has no folders with .log files in them"), "{error}");
    }
}
