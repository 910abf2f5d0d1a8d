//! Rules on the repository as a whole: what lies in it, and what it speaks of.
//!
//! Invariant: every file is small, belongs to one of the seven rooms, and is about the product.
//! It does not read generated log samples: they may speak of any machine.

use super::repository::File;
use super::rule::{Finding, Rule, text_of};
use super::source::{Source, TokenKind};

pub fn rules() -> Vec<Rule> {
    vec![top_level(), large_files(), golden_files(), machine_paths(), readme()]
}

const ROOMS: &[&str] = &["config", "events", "projections", "actors", "gateway", "simulations", "deploy"];
const TOP_FILES: &[&str] = &["Cargo.toml", "Cargo.lock", "README.md", "LICENSE"];

fn top_level() -> Rule {
    Rule {
        name: "top level",
        reason: "seven rooms, and a newcomer sees all of them at once",
        way_out: "put it into the room that owns it; settings of tools are dot files",
        check: Box::new(|repository| {
            let known = |file: &&File| match file.path.split_once('/') {
                Some((folder, _)) => ROOMS.contains(&folder) || folder.starts_with('.'),
                None => TOP_FILES.contains(&file.path.as_str()) || file.path.starts_with('.'),
            };
            let strangers = repository.files.iter().filter(|file| !known(file));
            strangers.map(|file| Finding::new(&file.path, 1, "not one of the rooms")).collect()
        }),
        offending: &[&[("docs/notes.md", "")], &[("NOTES.md", "")]],
        innocent: &[&[
            (".clippy.toml", ""),
            (".ci/run", ""),
            ("deploy/systemd/antler.service", ""),
            ("README.md", ""),
        ]],
    }
}

const FILE_BYTES_MAX: usize = 1 << 20;

fn large_files() -> Rule {
    Rule {
        name: "large file",
        reason: "every clone carries it for ever",
        way_out: "generate it from a seed",
        check: Box::new(|repository| {
            let large = repository.files.iter().filter(|file| file.bytes.len() > FILE_BYTES_MAX);
            large.map(|file| Finding::new(&file.path, 1, format!("{} bytes", file.bytes.len()))).collect()
        }),
        offending: &[&[("simulations/fuzz/corpus/a", BIG)]],
        innocent: &[&[("simulations/fuzz/corpus/a", "a")]],
    }
}

const BIG: &str = text_of(&[b'a'; FILE_BYTES_MAX + 1]);

fn golden_files() -> Rule {
    Rule {
        name: "golden file",
        reason: "a golden file that no test reads protects nothing",
        way_out: "name it in a test that encodes and decodes it, or remove it",
        check: Box::new(|repository| {
            let golden = repository.files.iter().filter(|file| file.path.contains("/golden/"));
            let unread =
                golden.filter(|file| !repository.sources.iter().any(|source| reads(source, &file.path)));
            unread.map(|file| Finding::new(&file.path, 1, "no test names it or its folder")).collect()
        }),
        offending: &[
            &[("events/src/event/golden/a_v1.bin", "")],
            &[("events/src/a/golden/a_v1.bin", ""), ("events/src/a.rs", "const A: &str = \"a_v1.bin\";")],
        ],
        innocent: &[&[
            ("events/src/a/golden/a_v1.bin", ""),
            ("events/src/a.rs", "#[test]\nfn f() { check(include_bytes!(\"golden/a_v1.bin\")); }"),
            ("events/src/b/golden/b_v1.bin", ""),
            ("events/src/b.rs", "#[test]\nfn f() { walk(\"src/b/golden\"); }"),
        ]],
    }
}

/// Whether a test of the file names a golden file, or the folder in which it walks over all of them.
fn reads(source: &Source, golden: &str) -> bool {
    let (folder, name) = golden.rsplit_once('/').unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let tests = source.tokens.iter().filter(|token| source.is_test(token.line));
    let mut texts =
        tests.filter(|token| token.kind == TokenKind::Literal).map(|token| token.text.trim_matches('"'));
    texts.any(|text| text.contains(stem) || (text.ends_with("/golden") && folder.ends_with(text)))
}

/// Folders whose text is data: log lines speak of machines.
const DATA: &[&str] = &["simulations/src/corpus", "simulations/fuzz/", "simulations/tests/tidy/top.rs"];

fn machine_paths() -> Rule {
    Rule {
        name: "machine path",
        reason: "the path of one machine means nothing on the next, and tells who wrote it",
        way_out: "use a path relative to the repository, a flag or a setting",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for file in
                repository.files.iter().filter(|file| !DATA.iter().any(|data| file.path.starts_with(data)))
            {
                for (index, line) in file.text().unwrap_or_default().lines().enumerate() {
                    if let Some(path) = machine_path(line) {
                        findings.push(Finding::new(&file.path, index + 1, format!("`{path}`")));
                    }
                }
            }
            findings
        }),
        offending: &[
            &[("README.md", "Unpack it to /home/ann/antler.")],
            &[("deploy/compose.yaml", "dir: \"/root/data\"")],
        ],
        innocent: &[&[("README.md", "See /var/lib/antler, events/home/ and https://example.org/home/.")]],
    }
}

fn machine_path(line: &str) -> Option<&'static str> {
    const STARTS: &[&str] = &["/home/", "/root/", "/Users/", "/work/", "/workspace/", "/tmp/"];
    let begins = |at: usize| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "/.-_~".contains(before))
    };
    STARTS.iter().copied().find(|start| line.match_indices(start).any(|(at, _)| begins(at)))
}

const README_LINES_MAX: usize = 250;
const LONG_README: &str = text_of(&[b'\n'; README_LINES_MAX + 1]);

fn readme() -> Rule {
    Rule {
        name: "readme",
        reason: "a map that names places which are not there is worse than none, and a long one is not read",
        way_out: "keep README.md true and at most 250 lines; details belong to the header of their file",
        check: Box::new(|repository| {
            let Some(readme) = repository.files.iter().find(|file| file.path == "README.md") else {
                return Vec::new();
            };
            let text = readme.text().unwrap_or_default();
            let lost = |path: &&str| !repository.files.iter().any(|file| file.path.starts_with(path));
            let mut findings = Vec::new();
            for (index, line) in text.lines().enumerate() {
                // Every second piece stands between backticks.
                let quoted = line.split('`').skip(1).step_by(2);
                let paths = quoted.filter(|quoted| ROOMS.iter().any(|room| is_below(quoted, room)));
                findings.extend(
                    paths.filter(lost).map(|path| Finding::new("README.md", index + 1, format!("`{path}`"))),
                );
            }
            if text.lines().count() > README_LINES_MAX {
                findings.push(Finding::new("README.md", README_LINES_MAX + 1, "more than 250 lines"));
            }
            findings
        }),
        offending: &[
            &[("README.md", "See `events/src/lost.rs`."), ("events/src/ids.rs", "")],
            &[("README.md", LONG_README)],
        ],
        innocent: &[&[
            ("README.md", "See `events/src/ids.rs`, `events/`, `a/b` and events/x."),
            ("events/src/ids.rs", ""),
        ]],
    }
}

fn is_below(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/') && !rest.contains(' '))
}
