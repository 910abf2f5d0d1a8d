//! A support bundle: what somebody has to know who is to help with a server, as one file.
//!
//! Invariant: no secret goes in: settings are masked, texts pass `masking`, and files of the data folder are counted and never
//! read. Lines of tenants are not in it. It is made for whoever asks and kept nowhere.

mod archive;
mod masking;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use antler_config::Config;
use serde::Serialize;

/// Folders below the data folder that are told apart: `log/p000`, but nothing further down.
const DEPTH_MAX: usize = 2;
/// Folders that are listed; further ones are counted where they are.
const FOLDERS_MAX: usize = 1_000;

/// The files of a bundle, by name.
#[derive(Debug, Default)]
pub struct Bundle(Vec<(&'static str, Vec<u8>)>);

/// What lies in a folder, with all below it that is not listed by itself.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Size {
    files: u64,
    bytes: u64,
}

impl Bundle {
    /// What is known without a server that runs.
    pub fn of_machine(config: &Config) -> Self {
        let mut bundle = Self::default();
        let version = format!("antler {}\n{} cores\n", env!("CARGO_PKG_VERSION"), crate::compose::cores());
        // Elsewhere than on Linux there is no such file, and nothing to tell.
        let system = std::fs::read_to_string("/proc/version").unwrap_or_default();
        bundle.add_text("version.txt", &(version + &system));
        bundle.add_json("settings.json", config);
        let data = &config.storage.data;
        match sizes(data) {
            Ok(sizes) => bundle.add_json("folder-sizes.json", &sizes),
            Err(error) => bundle.add_text("folder-sizes.txt", &format!("{}: {error}\n", data.display())),
        }
        bundle
    }

    /// Adds a text without the secrets in it.
    pub fn add_text(&mut self, name: &'static str, text: &str) {
        let lines: Vec<String> = text.lines().map(masking::masked).collect();
        self.0.push((name, (lines.join("\n") + "\n").into_bytes()));
    }

    pub fn add_json(&mut self, name: &'static str, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).expect("what is added has text keys");
        self.add_text(name, &text);
    }

    /// Adds a bundle as a file of this one.
    pub fn add_bundle(&mut self, name: &'static str, packed: Vec<u8>) {
        self.0.push((name, packed));
    }

    /// All of it as a compressed archive. `now_s`: seconds since 1970.
    pub fn packed(&self, now_s: u64) -> io::Result<Vec<u8>> {
        archive::packed(&self.0, now_s)
    }
}

/// Files and bytes by folder, the data folder itself as `.`.
fn sizes(data: &Path) -> io::Result<BTreeMap<String, Size>> {
    let mut sizes = BTreeMap::new();
    let mut open = vec![(data.to_owned(), ".".to_owned(), 0)];
    while let Some((path, name, depth)) = open.pop() {
        for entry in std::fs::read_dir(&path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let own = if depth == 0 { String::new() } else { format!("{name}/") };
                let is_listed = depth < DEPTH_MAX && sizes.len() < FOLDERS_MAX;
                let below = if is_listed { own + &entry.file_name().to_string_lossy() } else { name.clone() };
                open.push((entry.path(), below, depth + 1));
                continue;
            }
            let size: &mut Size = sizes.entry(name.clone()).or_default();
            size.files += 1;
            // A file may be gone by now.
            size.bytes += entry.metadata().map_or(0, |about| about.len());
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_told_by_files_and_bytes_two_levels_deep() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("log/p000/deep")).unwrap();
        for (name, bytes) in
            [("format", 3), ("log/layout", 5), ("log/p000/a.seg", 7), ("log/p000/deep/b", 11)]
        {
            std::fs::write(dir.path().join(name), vec![0; bytes]).unwrap();
        }
        let sizes = sizes(dir.path()).unwrap();
        let shown: Vec<(&str, u64, u64)> =
            sizes.iter().map(|(name, size)| (name.as_str(), size.files, size.bytes)).collect();
        assert_eq!(shown, [(".", 1, 3), ("log", 1, 5), ("log/p000", 2, 18)]);
    }

    #[test]
    fn settings_are_masked() {
        let mut config = Config::default();
        config.listeners.operator_token = antler_config::Secret::new("seven red herons".to_owned());
        let Bundle(files) = Bundle::of_machine(&config);
        for (name, content) in files {
            assert!(!String::from_utf8(content).unwrap().contains("herons"), "{name}");
        }
    }
}
