//! Rules on crates: who may import whom, how a dependency is written down, which are welcome at all.
//!
//! Invariant: a second version of a crate, a new licence or a new registry is a decision in a table here.
//! It does not look for known vulnerabilities: that needs a database from outside.

use std::collections::BTreeMap;

use serde_json::Value;

use super::repository::{METADATA, Manifest, Repository};
use super::rule::{Finding, Rule};

pub fn rules() -> Vec<Rule> {
    vec![
        import_direction(),
        http_crates(),
        json_types(),
        workspace_dependencies(),
        default_features(),
        workspace_lints(),
        licences(),
        duplicates(),
        registries(),
    ]
}

/// Which of our crates each of our crates may import.
const IMPORTS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("events", &["config"]),
    ("projections", &["config", "events"]),
    ("actors", &["config", "events", "projections"]),
    ("gateway", &["config", "events", "projections", "actors"]),
    ("simulations", &["config", "events", "projections", "actors", "gateway"]),
];

fn import_direction() -> Rule {
    Rule {
        name: "import direction",
        reason: "gateway -> actors -> projections -> events, all may use config, nothing uses simulations",
        way_out: "move the code down to the crate that both may import, or turn the call into a message",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for package in own_packages(repository) {
                let name = text(package, "name");
                let short = name.trim_start_matches("antler-");
                let file = format!("{short}/Cargo.toml");
                let Some((_, allowed)) = IMPORTS.iter().find(|(from, _)| *from == short) else {
                    findings.push(Finding::new(file, 1, format!("`{name}` is no crate of the design")));
                    continue;
                };
                for dependency in list(package, "dependencies") {
                    let to = text(dependency, "name");
                    let foreign = to.strip_prefix("antler-").is_some_and(|to| !allowed.contains(&to));
                    if foreign {
                        let manifest = repository.manifests.iter().find(|manifest| manifest.path == file);
                        let line = manifest.map_or(1, |manifest| manifest.line_of(to));
                        findings.push(Finding::new(&file, line, format!("`{name}` imports `{to}`")));
                    }
                }
            }
            findings
        }),
        offending: &[
            &[(
                METADATA,
                r#"{"workspace_members":["e"],"packages":[{"id":"e","name":"antler-events",
                    "dependencies":[{"name":"antler-actors","kind":null}]}]}"#,
            )],
            &[(
                METADATA,
                r#"{"workspace_members":["g"],"packages":[{"id":"g","name":"antler-gateway",
                    "dependencies":[{"name":"antler-simulations","kind":"dev"}]}]}"#,
            )],
            &[(METADATA, r#"{"workspace_members":["x"],"packages":[{"id":"x","name":"antler-core"}]}"#)],
        ],
        innocent: &[&[(
            METADATA,
            r#"{"workspace_members":["a"],"packages":[{"id":"a","name":"antler-actors",
                "dependencies":[{"name":"antler-events","kind":null},{"name":"tokio","kind":null}]}]}"#,
        )]],
    }
}

fn http_crates() -> Rule {
    const HTTP: &[&str] = &[
        "axum",
        "axum-extra",
        "hyper",
        "hyper-util",
        "http",
        "reqwest",
        "tower",
        "tower-http",
        "tonic",
        "tungstenite",
        "tokio-tungstenite",
        "ureq",
    ];
    Rule {
        name: "http crates",
        reason: "the domain does not know how it is reached, so a protocol can come and go",
        way_out: "map to domain types in gateway/",
        check: Box::new(|repository| {
            let inside = |manifest: &&Manifest| {
                !["gateway/", "simulations/"].iter().any(|p| manifest.path.starts_with(p))
            };
            let manifests = repository.manifests.iter().filter(inside).filter(|manifest| is_member(manifest));
            manifests
                .flat_map(|manifest| {
                    named_dependencies(manifest, &["dependencies", "dev-dependencies"], HTTP)
                })
                .collect()
        }),
        offending: &[&[("actors/Cargo.toml", "[dependencies]\nhyper = { workspace = true }")]],
        innocent: &[
            &[("gateway/Cargo.toml", "[dependencies]\naxum = { workspace = true }")],
            &[("actors/Cargo.toml", "[dependencies]\nbytes = { workspace = true }")],
        ],
    }
}

fn json_types() -> Rule {
    Rule {
        name: "json types",
        reason: "the JSON of the API and the types of the domain change for different reasons",
        way_out: "put the API's types beside their routes in gateway/ and convert",
        check: Box::new(|repository| {
            let domain = |manifest: &&Manifest| {
                ["events/", "projections/", "actors/"].iter().any(|place| manifest.path.starts_with(place))
            };
            let manifests = repository.manifests.iter().filter(domain);
            manifests
                .flat_map(|manifest| {
                    named_dependencies(manifest, &["dependencies"], &["serde_json", "sonic-rs"])
                })
                .collect()
        }),
        offending: &[&[("events/Cargo.toml", "[dependencies]\nserde_json = { workspace = true }")]],
        innocent: &[&[("events/Cargo.toml", "[dev-dependencies]\nserde_json = { workspace = true }")]],
    }
}

fn workspace_dependencies() -> Rule {
    Rule {
        name: "workspace dependencies",
        reason: "two crates with two versions of one dependency compile it twice and disagree about its types",
        way_out: "put version and features in the workspace's Cargo.toml and write `{ workspace = true }`",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for manifest in repository.manifests.iter().filter(|manifest| is_member(manifest)) {
                for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
                    for (name, value) in table(&manifest.table, section).into_iter().flatten() {
                        if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                            let line = manifest.line_of(&format!("{name} "));
                            findings.push(Finding::new(
                                &manifest.path,
                                line,
                                format!("`{name}` with its own version"),
                            ));
                        }
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
                let workspace = manifest.table.get("workspace").and_then(toml::Value::as_table);
                for (name, value) in
                    workspace.and_then(|workspace| table(workspace, "dependencies")).into_iter().flatten()
                {
                    let off = value.get("default-features").and_then(toml::Value::as_bool) == Some(false);
                    if !off && value.get("path").is_none() {
                        findings.push(Finding::new(
                            &manifest.path,
                            manifest.line_of(&format!("{name} ")),
                            name,
                        ));
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
            let members = repository.manifests.iter().filter(|manifest| is_member(manifest));
            let inherits = |manifest: &&Manifest| {
                let lints = table(&manifest.table, "lints").and_then(|lints| lints.get("workspace"));
                lints.and_then(toml::Value::as_bool) == Some(true)
            };
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
        way_out: "use another crate, or decide about the licence and add it to the list in crates.rs",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for package in list(&repository.metadata, "packages") {
                let licence = text(package, "license");
                if !is_allowed(licence) {
                    let what = format!("`{}` has the licence {licence:?}", text(package, "name"));
                    findings.push(Finding::new("Cargo.lock", lock_line(repository, package), what));
                }
            }
            findings
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
    let choice = |choices: &str| choices.split(" OR ").any(part);
    if expression.contains('(') {
        // In parentheses stands a choice; between them, AND.
        return expression.split(" AND ").all(choice);
    }
    expression.split(" OR ").any(|choice| choice.split(" AND ").all(part))
}

/// Crates of which two versions are compiled, and why nothing can be done today.
const DUPLICATES: &[(&str, &str)] = &[
    ("getrandom", "0.3 comes with sonic-rs, the yardstick of the scanner, 0.4 with the tests' libraries"),
    ("syn", "2 comes with sonic-rs too; the other derives are at 3"),
];

fn duplicates() -> Rule {
    Rule {
        name: "duplicate version",
        reason: "two versions of a crate cost build time and size, and their types do not fit",
        way_out: "`cargo tree -d` shows who asks for which; align them, or add the crate to the list with the reason",
        check: Box::new(|repository| {
            let mut versions: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
            for package in list(&repository.metadata, "packages") {
                versions.entry(text(package, "name")).or_default().push(package);
            }
            let mut findings = Vec::new();
            for (name, packages) in versions.iter().filter(|(_, packages)| packages.len() > 1) {
                if !DUPLICATES.iter().any(|(known, _)| known == name) {
                    let numbers: Vec<&str> =
                        packages.iter().map(|package| text(package, "version")).collect();
                    let what = format!("`{name}` in versions {}", numbers.join(" and "));
                    findings.push(Finding::new("Cargo.lock", lock_line(repository, packages[0]), what));
                }
            }
            findings
        }),
        offending: &[&[(
            METADATA,
            r#"{"packages":[{"name":"x","version":"1.0.0"},{"name":"x","version":"2.0.0"}]}"#,
        )]],
        innocent: &[&[(
            METADATA,
            r#"{"packages":[{"name":"x","version":"1.0.0"},{"name":"y","version":"2.0.0"}]}"#,
        )]],
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

fn is_member(manifest: &Manifest) -> bool {
    manifest.path.contains('/')
}

fn table<'a>(from: &'a toml::Table, name: &str) -> Option<&'a toml::Table> {
    from.get(name).and_then(toml::Value::as_table)
}

fn named_dependencies(manifest: &Manifest, sections: &[&str], names: &[&str]) -> Vec<Finding> {
    let sections = sections.iter().filter_map(|section| table(&manifest.table, section));
    let found = sections.flat_map(toml::Table::keys).filter(|name| names.contains(&name.as_str()));
    found
        .map(|name| Finding::new(&manifest.path, manifest.line_of(&format!("{name} ")), format!("`{name}`")))
        .collect()
}

fn own_packages(repository: &Repository) -> Vec<&Value> {
    let members: Vec<&str> =
        list(&repository.metadata, "workspace_members").iter().filter_map(Value::as_str).collect();
    let own = |package: &&Value| members.contains(&text(package, "id"));
    list(&repository.metadata, "packages").iter().filter(own).collect()
}

fn lock_line(repository: &Repository, package: &Value) -> usize {
    let lock = repository.files.iter().find(|file| file.path == "Cargo.lock").and_then(|file| file.text());
    let needle = format!("name = \"{}\"", text(package, "name"));
    lock.map_or(1, |lock| super::repository::line_of(lock, &needle))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
