//! Rules on what comes from outside: how a dependency is written down, its licence, its source.
//!
//! Invariant: a second version of a crate, a new licence or a new registry is a decision in a table here.
//! It does not look for known vulnerabilities: that needs a database from outside.

use std::collections::BTreeMap;

use super::repository::{METADATA, Manifest, Package, Repository, line_of};
use super::rule::{Finding, Rule};

pub fn rules() -> Vec<Rule> {
    vec![
        workspace_dependencies(),
        default_features(),
        workspace_lints(),
        licences(),
        duplicates(),
        registries(),
    ]
}

fn workspace_dependencies() -> Rule {
    const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
    Rule {
        name: "workspace dependencies",
        reason: "two crates with two versions of one dependency compile it twice and disagree about its types",
        way_out: "put version and features in the workspace's Cargo.toml and write `{ workspace = true }`",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for manifest in repository.manifests.iter().filter(|manifest| manifest.is_member()) {
                for (name, value) in SECTIONS.iter().flat_map(|section| manifest.section(section)) {
                    if !is_true(value.get("workspace")) {
                        let line = manifest.line_of(&format!("{name} "));
                        findings.push(Finding::new(
                            &manifest.path,
                            line,
                            format!("`{name}` with its own version"),
                        ));
                    }
                }
            }
            findings
        }),
        offending: &[
            &[("events/Cargo.toml", "[dependencies]\nbytes = \"1\"")],
            &[("events/Cargo.toml", "[dev-dependencies]\nbytes = { version = \"1\" }")],
        ],
        innocent: &[&[("events/Cargo.toml", "[dependencies]\nbytes = { workspace = true, features = [] }")]],
    }
}

fn default_features() -> Rule {
    Rule {
        name: "default features",
        reason: "default features pull in what nobody asked for, and it grows with each update",
        way_out: "`default-features = false`, and name the features that are used",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for manifest in &repository.manifests {
                for (name, value) in manifest.section("workspace.dependencies") {
                    let off = value.get("default-features").and_then(toml::Value::as_bool) == Some(false);
                    if !off && value.get("path").is_none() {
                        let line = manifest.line_of(&format!("{name} "));
                        findings.push(Finding::new(&manifest.path, line, format!("`{name}`")));
                    }
                }
            }
            findings
        }),
        offending: &[
            &[("Cargo.toml", "[workspace.dependencies]\nbytes = \"1\"")],
            &[("Cargo.toml", "[workspace.dependencies]\nbytes = { version = \"1\", features = [\"std\"] }")],
        ],
        innocent: &[&[(
            "Cargo.toml",
            "[workspace.dependencies]\na = { path = \"a\" }\nbytes = { version = \"1\", default-features = false }",
        )]],
    }
}

fn workspace_lints() -> Rule {
    Rule {
        name: "workspace lints",
        reason: "a crate that does not inherit the lints is not checked",
        way_out: "`[lints]` with `workspace = true`",
        check: Box::new(|repository| {
            let inherits = |manifest: &Manifest| {
                manifest.section("lints").any(|(key, value)| key == "workspace" && is_true(Some(value)))
            };
            let members = repository.manifests.iter().filter(|manifest| manifest.is_member());
            let loose = members.filter(|manifest| !inherits(manifest));
            loose.map(|manifest| Finding::new(&manifest.path, 1, "no `[lints] workspace = true`")).collect()
        }),
        offending: &[&[("events/Cargo.toml", "[package]\nname = \"antler-events\"")]],
        innocent: &[&[(
            "events/Cargo.toml",
            "[package]\nname = \"antler-events\"\n[lints]\nworkspace = true",
        )]],
    }
}

/// Licences that ask for no more than a notice.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn licences() -> Rule {
    Rule {
        name: "licence",
        reason: "Antler is given away under Apache-2.0; a dependency must not ask for more than a notice",
        way_out: "use another crate, or decide about the licence and add it to the list in dependencies.rs",
        check: Box::new(|repository| {
            let licence = |package: &Package| package.license.clone().unwrap_or_default();
            let refused =
                repository.metadata.packages.iter().filter(|package| !is_allowed(&licence(package)));
            let finding = |package: &Package| {
                let what = format!("`{}` has the licence {:?}", package.name, licence(package));
                Finding::new("Cargo.lock", lock_line(repository, package), what)
            };
            refused.map(finding).collect()
        }),
        offending: &[
            &[(METADATA, r#"{"packages":[{"name":"x","license":"GPL-3.0-only"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"x","license":"MIT AND AGPL-3.0"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"x","license":null}]}"#)],
        ],
        innocent: &[
            &[(METADATA, r#"{"packages":[{"name":"x","license":"GPL-3.0 OR MIT"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"x","license":"(MIT OR Apache-2.0) AND Unicode-3.0"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"x","license":"MIT/Apache-2.0"}]}"#)],
        ],
    }
}

/// Whether one of the choices that a licence expression offers is on the list in all its parts.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let part = |part: &str| LICENCES.contains(&part.trim().trim_matches(['(', ')']).trim());
    if expression.contains('(') {
        // In parentheses stands a choice; between them, AND.
        return expression.split(" AND ").all(|choices| choices.split(" OR ").any(part));
    }
    expression.split(" OR ").any(|choice| choice.split(" AND ").all(part))
}

/// Crates of which two versions are compiled, and why nothing can be done today.
const DUPLICATES: &[(&str, &str)] = &[
    ("base64", "0.22 comes with the WebSockets of axum and with jsonwebtoken, 0.23 with lettre"),
    ("block-buffer", "0.10 comes with the sha1 of axum's WebSocket handshake; hashes of our own are at 0.12"),
    ("cpufeatures", "0.2 comes with the same sha1"),
    ("crypto-common", "0.1 comes with the same sha1"),
    ("digest", "0.10 comes with the same sha1"),
    ("getrandom", "0.2 comes with ring, 0.3 with sonic-rs, the yardstick of the scanner; our own is at 0.4"),
    ("rand_core", "0.6 comes with jsonwebtoken, by the traits of signatures; the hashes are at 0.10"),
    ("hashbrown", "0.14 comes with dashmap, which comes with ractor; our own is at 0.17"),
    (
        "rand",
        "0.9 comes with tungstenite, which axum's WebSockets are made of; the tests' libraries are at 0.10",
    ),
    ("rand_core", "0.9 comes with the same rand"),
    ("syn", "2 comes with sonic-rs too; the other derives are at 3"),
];

fn duplicates() -> Rule {
    Rule {
        name: "duplicate version",
        reason: "two versions of a crate cost build time and size, and their types do not fit",
        way_out: "`cargo tree -d` shows who asks for which; align them, or add the crate to the list with the reason",
        check: Box::new(|repository| {
            let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
            for package in &repository.metadata.packages {
                versions.entry(&package.name).or_default().push(package);
            }
            versions.retain(|name, packages| {
                packages.len() > 1 && !DUPLICATES.iter().any(|(known, _)| known == name)
            });
            let finding = |(name, packages): (&str, Vec<&Package>)| {
                let numbers: Vec<&str> = packages.iter().map(|package| package.version.as_str()).collect();
                let what = format!("`{name}` in versions {}", numbers.join(" and "));
                Finding::new("Cargo.lock", lock_line(repository, packages[0]), what)
            };
            versions.into_iter().map(finding).collect()
        }),
        offending: &[&[(
            METADATA,
            r#"{"packages":[{"name":"x","version":"1.0.0"},{"name":"x","version":"2.0.0"}]}"#,
        )]],
        innocent: &[
            &[(METADATA, r#"{"packages":[{"name":"x","version":"1.0.0"},{"name":"y","version":"2.0.0"}]}"#)],
            &[(
                METADATA,
                r#"{"packages":[{"name":"syn","version":"2.0.0"},{"name":"syn","version":"3.0.0"}]}"#,
            )],
        ],
    }
}

fn registries() -> Rule {
    Rule {
        name: "registry",
        reason: "a clone builds the same everywhere only from the public registry",
        way_out: "use a published version; keep a mirror in your own cargo settings",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for file in &repository.files {
                let foreign: fn(&str) -> bool = match file.path.as_str() {
                    "Cargo.lock" => |line| {
                        line.starts_with("source = ")
                            && line != "source = \"registry+https://github.com/rust-lang/crates.io-index\""
                    },
                    ".cargo/config.toml" => {
                        |line| line.starts_with("[source") || line.starts_with("[registr")
                    }
                    _ => continue,
                };
                let lines = file.text().unwrap_or_default().lines().enumerate();
                for (index, line) in lines.filter(|(_, line)| foreign(line)) {
                    findings.push(Finding::new(&file.path, index + 1, line));
                }
            }
            findings
        }),
        offending: &[
            &[("Cargo.lock", "[[package]]\nsource = \"git+https://example.org/a\"")],
            &[(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"mirror\"")],
        ],
        innocent: &[&[(
            "Cargo.lock",
            "[[package]]\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"",
        )]],
    }
}

fn is_true(value: Option<&toml::Value>) -> bool {
    value.and_then(toml::Value::as_bool) == Some(true)
}

fn lock_line(repository: &Repository, package: &Package) -> usize {
    let lock = repository.files.iter().find(|file| file.path == "Cargo.lock").and_then(|file| file.text());
    lock.map_or(1, |lock| line_of(lock, &format!("name = \"{}\"", package.name)))
}
