//! Rules on our crates: who may import whom, and what stays out of a crate.
//!
//! Invariant: the domain can be built without the network, without JSON and without the tests' tools.
//! It does not look at single names: `places.rs` does.

use super::repository::{Dependency, METADATA, Manifest};
use super::rule::{Check, Finding, Rule};

pub fn rules() -> Vec<Rule> {
    vec![import_direction(), http_crates(), json_types(), test_features()]
}

/// Which of our crates each of our crates may import.
const IMPORTS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("events", &["config"]),
    ("projections", &["config", "events"]),
    ("actors", &["config", "events", "projections"]),
    ("gateway", &["config", "events", "projections", "actors"]),
    ("simulations", &["config", "events", "projections", "actors", "gateway"]),
    ("ci", &[]),
];

fn import_direction() -> Rule {
    Rule {
        name: "import direction",
        reason: "gateway -> actors -> projections -> events, all may use config, nothing uses simulations",
        way_out: "move the code down to the crate that both may import, or turn the call into a message",
        check: check_imports(),
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

fn check_imports() -> Check {
    Box::new(|repository| {
        let mut findings = Vec::new();
        let members = &repository.metadata.workspace_members;
        for package in repository.metadata.packages.iter().filter(|package| members.contains(&package.id)) {
            let name = &package.name;
            let short = name.trim_start_matches("antler-");
            let file = match short {
                "ci" => "simulations/ci/Cargo.toml".to_owned(),
                _ => format!("{short}/Cargo.toml"),
            };
            let Some((_, allowed)) = IMPORTS.iter().find(|(from, _)| *from == short) else {
                findings.push(Finding::new(file, 1, format!("`{name}` is no crate of the design")));
                continue;
            };
            for Dependency { name: to } in &package.dependencies {
                if to.strip_prefix("antler-").is_some_and(|to| !allowed.contains(&to)) {
                    let manifest = repository.manifests.iter().find(|manifest| manifest.path == file);
                    let line = manifest.map_or(1, |manifest| manifest.line_of(to));
                    findings.push(Finding::new(&file, line, format!("`{name}` imports `{to}`")));
                }
            }
        }
        findings
    })
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
        check: not_in(
            &["config/", "events/", "projections/", "actors/"],
            &["dependencies", "dev-dependencies"],
            HTTP,
        ),
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
        check: not_in(
            &["events/", "projections/", "actors/"],
            &["dependencies"],
            &["serde_json", "sonic-rs"],
        ),
        offending: &[&[("events/Cargo.toml", "[dependencies]\nserde_json = { workspace = true }")]],
        innocent: &[&[("events/Cargo.toml", "[dev-dependencies]\nserde_json = { workspace = true }")]],
    }
}

/// Features that are there for tests alone.
const TEST_FEATURES: &[&str] = &["planted", "conformance", "generators", "test-util"];

fn test_features() -> Rule {
    Rule {
        name: "test features",
        reason: "bugs planted for a test, and suites of assertions, must not be compiled into the product",
        way_out: "switch the feature on in [dev-dependencies], or in simulations/",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            let product = |manifest: &&Manifest| !manifest.path.starts_with("simulations/");
            for manifest in repository.manifests.iter().filter(product) {
                for (name, value) in
                    manifest.section("dependencies").chain(manifest.section("workspace.dependencies"))
                {
                    let features =
                        value.get("features").and_then(toml::Value::as_array).into_iter().flatten();
                    let mut features = features.filter_map(toml::Value::as_str);
                    if let Some(feature) = features.find(|feature| TEST_FEATURES.contains(feature)) {
                        let line = manifest.line_of(&format!("{name} "));
                        findings.push(Finding::new(
                            &manifest.path,
                            line,
                            format!("`{name}` with `{feature}`"),
                        ));
                    }
                }
            }
            findings
        }),
        offending: &[
            &[("gateway/Cargo.toml", "[dependencies]\na = { workspace = true, features = [\"planted\"] }")],
            &[("Cargo.toml", "[workspace.dependencies]\na = { path = \"a\", features = [\"conformance\"] }")],
        ],
        innocent: &[
            &[(
                "simulations/Cargo.toml",
                "[dependencies]\na = { workspace = true, features = [\"planted\"] }",
            )],
            &[(
                "gateway/Cargo.toml",
                "[dev-dependencies]\na = { workspace = true, features = [\"planted\"] }",
            )],
        ],
    }
}

/// The named dependencies do not stand in these sections of the manifests below these folders.
fn not_in(folders: &'static [&str], sections: &'static [&str], names: &'static [&str]) -> Check {
    Box::new(move |repository| {
        let mut findings = Vec::new();
        for manifest in &repository.manifests {
            if !folders.iter().any(|folder| manifest.path.starts_with(folder)) {
                continue;
            }
            for (name, _) in sections.iter().flat_map(|section| manifest.section(section)) {
                if names.contains(&name.as_str()) {
                    let line = manifest.line_of(&format!("{name} "));
                    findings.push(Finding::new(&manifest.path, line, format!("`{name}`")));
                }
            }
        }
        findings
    })
}
