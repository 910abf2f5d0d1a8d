//! The repository as the rules see it: every file that could be committed, parsed where it is code.
//!
//! Invariant: a file that git would ignore is not there, and a new one is, committed or not.
//! It does not judge anything: the rules do.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::source::Source;

/// In a sample, the file that stands for what `cargo metadata` prints.
pub const METADATA: &str = "cargo-metadata.json";

pub struct Repository {
    pub files: Vec<File>,
    pub sources: Vec<Source>,
    pub manifests: Vec<Manifest>,
    pub metadata: Metadata,
}

/// What `cargo metadata` prints, as far as a rule asks for it.
#[derive(Default, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    #[serde(default)]
    pub workspace_members: Vec<String>,
}

#[derive(Deserialize)]
pub struct Package {
    #[serde(default)]
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub version: String,
    pub license: Option<String>,
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
}

pub struct File {
    /// Path from the top of the repository, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
}

impl File {
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

pub struct Manifest {
    pub path: String,
    pub text: String,
    pub table: toml::Table,
}

impl Manifest {
    /// Not the workspace's own.
    pub fn is_member(&self) -> bool {
        self.path.contains('/')
    }

    /// The table at a dotted path, or an empty one.
    pub fn section(&self, path: &str) -> impl Iterator<Item = (&String, &toml::Value)> {
        let mut table = Some(&self.table);
        for name in path.split('.') {
            table = table.and_then(|table| table.get(name)).and_then(toml::Value::as_table);
        }
        table.into_iter().flatten()
    }

    /// The line on which `needle` first stands.
    pub fn line_of(&self, needle: &str) -> usize {
        line_of(&self.text, needle)
    }
}

/// The line on which `needle` first stands, or the first.
pub fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |index| index + 1)
}

impl Repository {
    /// Reads the repository that this test was built in.
    pub fn read() -> anyhow::Result<Self> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace");
        let ignored = Ignored::parse(&std::fs::read_to_string(top.join(".gitignore"))?);
        let mut files = Vec::new();
        walk(top, "", &ignored, &mut files)?;
        let mut repository = Self::of(files)?;
        repository.metadata = metadata(top)?;
        Ok(repository)
    }

    /// A small repository for a test of a rule.
    pub fn sample(files: &[(&str, &str)]) -> anyhow::Result<Self> {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).to_owned(), bytes: text.as_bytes().into() };
        let mut repository = Self::of(files.iter().map(file).collect())?;
        if let Some((_, text)) = files.iter().find(|(path, _)| *path == METADATA) {
            repository.metadata = serde_json::from_str(text)?;
        }
        Ok(repository)
    }

    fn of(files: Vec<File>) -> anyhow::Result<Self> {
        let mut sources = Vec::new();
        let mut manifests = Vec::new();
        for file in &files {
            let path = file.path.as_str();
            let Some(text) = file.text() else { continue };
            if path.ends_with(".rs") {
                let source = Source::parse(path, text).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
                sources.push(source);
            } else if path.ends_with("Cargo.toml") {
                let table = text.parse().map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
                manifests.push(Manifest { path: path.to_owned(), text: text.to_owned(), table });
            }
        }
        mark_test_files(&mut sources);
        Ok(Self { files, sources, manifests, metadata: Metadata::default() })
    }
}

/// A file is a test when the file that declares its module says so.
fn mark_test_files(sources: &mut [Source]) {
    let modules: Vec<String> = sources.iter().flat_map(|source| source.test_modules.clone()).collect();
    for source in sources {
        let stem = source.path.trim_end_matches(".rs");
        let inside = |module: &String| {
            stem.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        source.is_test_file |= modules.iter().any(inside);
    }
}

fn walk(top: &Path, folder: &str, ignored: &Ignored, into: &mut Vec<File>) -> anyhow::Result<()> {
    let mut entries = std::fs::read_dir(top.join(folder))?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if ignored.holds(&path, &name) {
            continue;
        }
        match entry.file_type()? {
            kind if kind.is_dir() => walk(top, &path, ignored, into)?,
            kind if kind.is_file() => into.push(File { bytes: std::fs::read(entry.path())?, path }),
            _ => {}
        }
    }
    Ok(())
}

/// The forms of `.gitignore` that ours uses: `/name` at the top, `name` and `*.ending` anywhere.
struct Ignored {
    patterns: Vec<String>,
}

impl Ignored {
    fn parse(text: &str) -> Self {
        let line = |line: &str| line.trim().trim_end_matches('/').to_owned();
        let patterns = text.lines().map(line).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { patterns: patterns.chain([".git".to_owned()]).collect() }
    }

    fn holds(&self, path: &str, name: &str) -> bool {
        self.patterns.iter().any(|pattern| match (pattern.strip_prefix('/'), pattern.strip_prefix('*')) {
            (Some(anchored), _) => anchored == path,
            (None, Some(ending)) => name.ends_with(ending),
            (None, None) => pattern == name,
        })
    }
}

/// Packages for this machine only: what is not built here need not be downloaded.
fn metadata(top: &Path) -> anyhow::Result<Metadata> {
    let version = Command::new("rustc").arg("-vV").output()?;
    let version = String::from_utf8(version.stdout)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| anyhow::anyhow!("rustc -vV names no host"))?;
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
        .current_dir(top)
        .output()?;
    anyhow::ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_ignores_is_not_there() {
        let ignored = Ignored::parse("/target\nnode_modules\n*.log\n# note\n");
        for (path, expected) in [
            ("target", true),
            ("events/target", false),
            ("gateway/node_modules", true),
            ("a/b.log", true),
            ("a/log.rs", false),
            (".git", true),
            (".gitignore", false),
        ] {
            let name = path.rsplit('/').next().unwrap();
            assert_eq!(ignored.holds(path, name), expected, "{path}");
        }
    }

    #[test]
    fn a_file_below_a_test_module_is_a_test() {
        let files = [
            ("events/src/event.rs", "#[cfg(test)] mod given; mod tenant;"),
            ("events/src/event/given.rs", "fn a() {}"),
            ("events/src/event/tenant.rs", "fn a() {}"),
            ("events/src/event/tenant/tests.rs", "fn a() {}"),
            ("events/tests/all.rs", "fn a() {}"),
        ];
        let repository = Repository::sample(&files).unwrap();
        let tests: Vec<bool> = repository.sources.iter().map(|source| source.is_test_file).collect();
        assert_eq!(tests, [false, true, false, true, true]);
    }
}
