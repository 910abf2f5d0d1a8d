//! Figures as Prometheus reads them, held against the form, against their table, and against the alerts about them.
//!
//! Invariant: the form is read strictly: what Prometheus would only tolerate fails here. The table and the alerts are the files
//! that are shipped.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{found, register, ship, start_with, wait_for};
use super::running::get;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus/metrics.md");
const RULES: &str = include_str!("../../../deploy/prometheus/antler.rules.yml");
const TESTS_OF_RULES: &str = include_str!("../../../deploy/prometheus/antler.rules.tests.yml");
/// They are there only with a certificate.
const CONDITIONAL: [&str; 1] = ["antler_tls_certificate_end_seconds"];

#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    labels: BTreeSet<String>,
    samples: BTreeMap<(String, Vec<(String, String)>), f64>,
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(allowed)
}

/// The labels between braces, and what stands behind them.
fn labels(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut labels = Vec::new();
    loop {
        let (name, behind) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label in {rest}"));
        assert!(is_name(name), "{name}");
        let (mut value, mut characters) = (String::new(), behind.char_indices());
        let end = loop {
            match characters.next().expect("a label value ends") {
                (at, '"') => break at,
                (_, '\\') => match characters.next().expect("something is escaped").1 {
                    'n' => value.push('\n'),
                    escaped @ ('"' | '\\') => value.push(escaped),
                    other => panic!("{other} is escaped"),
                },
                (_, other) => value.push(other),
            }
        };
        labels.push((name.to_owned(), value));
        rest = &behind[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (labels, rest.strip_prefix('}').expect("the labels end")),
        }
    }
}

fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'));
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(is_name(name) && help.ends_with('.') && !families.contains_key(name), "{line}");
            current = name.to_owned();
            families.insert(current.clone(), Family { help: help.to_owned(), ..Family::default() });
            continue;
        }
        let family = families.get_mut(&current).unwrap_or_else(|| panic!("no family before {line}"));
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(name == current && family.kind.is_empty() && family.samples.is_empty(), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            family.kind = kind.to_owned();
            continue;
        }
        let end = line.find(['{', ' ']).unwrap();
        let (name, rest) = line.split_at(end);
        let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("{line} below {current}"));
        let is_histogram = family.kind == "histogram";
        assert!(suffix.is_empty() != is_histogram, "{line}");
        assert!(!is_histogram || ["_bucket", "_sum", "_count"].contains(&suffix), "{line}");
        let (labels, value) = match rest.strip_prefix('{') {
            Some(inner) => labels(inner),
            None => (Vec::new(), rest),
        };
        let value: f64 = value.strip_prefix(' ').unwrap().parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(value.is_finite() && (family.kind == "gauge" || value >= 0.0), "{line}");
        family.labels.extend(labels.iter().map(|(name, _)| name.clone()).filter(|name| name != "le"));
        let before = family.samples.insert((suffix.to_owned(), labels), value);
        assert_eq!(before, None, "twice: {line}");
    }
    families
}

/// Buckets only grow, and the last one has all.
fn check_histogram(family: &Family) {
    for ((suffix, labels), count) in &family.samples {
        if suffix != "_count" {
            continue;
        }
        let of_these = family.samples.iter().filter(|((suffix, with), _)| {
            suffix == "_bucket" && with.iter().filter(|(name, _)| name != "le").eq(labels.iter())
        });
        let mut buckets: Vec<(f64, f64)> = of_these
            .map(|((_, with), value)| {
                let bound = &with.iter().find(|(name, _)| name == "le").unwrap().1;
                (if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() }, *value)
            })
            .collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{buckets:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)));
    }
}

fn row(name: &str, family: &Family) -> String {
    let labels: Vec<&str> = family.labels.iter().map(String::as_str).collect();
    format!("| `{name}` | {} | {} | {} |", family.kind, labels.join(", "), family.help)
}

/// The figures of a server that has done a little of everything.
fn figures() -> BTreeMap<String, Family> {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), "[listeners]\nmetrics_tenants = true\n");
    let (token, key) = register(&running, "ann");
    ship(&running, &key, "application/x-ndjson", b"{\"message\":\"one\"}\n{\"message\": broken\n");
    wait_for(&running, &token, "one", 1);
    found(&running, &token, "*");
    // A tenant has a sample of its own while its lines are under way, which is over by now.
    let mut families = parse(&get(running.http, "/metrics").body);
    families.get_mut("antler_tenant_held_bytes").unwrap().labels.insert("tenant".to_owned());
    families
}

#[test]
fn every_figure_has_its_form_and_stands_in_the_table() {
    let families = figures();
    assert!(families.len() >= 80, "{}", families.len());
    for (name, family) in &families {
        assert!(!family.kind.is_empty(), "{name} has no type");
        assert_eq!(family.kind == "counter", name.ends_with("_total"), "{name} is a {}", family.kind);
        assert!(name.starts_with("antler_") || name.starts_with("process_"), "{name}");
        if family.kind == "histogram" {
            check_histogram(family);
        }
    }
    let table = std::fs::read_to_string(TABLE).unwrap_or_default();
    let told: BTreeSet<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: Vec<String> = families.iter().map(|(name, family)| row(name, family)).collect();
    let missing: Vec<&String> = rows.iter().filter(|row| !told.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "not in deploy/prometheus/metrics.md:\n{missing:#?}");
    let is_conditional = |row: &str| CONDITIONAL.iter().any(|name| row.contains(&format!("`{name}`")));
    let gone: Vec<&&str> =
        told.iter().filter(|told| !rows.iter().any(|row| row == **told) && !is_conditional(told)).collect();
    assert!(gone.is_empty(), "only in deploy/prometheus/metrics.md:\n{gone:#?}");
}

/// The names of figures in an expression.
fn names(expression: &str) -> Vec<&str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    let words = expression.split(|character: char| !is_part(character));
    words
        .filter(|word| ["antler_", "antler:", "process_"].iter().any(|begin| word.starts_with(begin)))
        .collect()
}

#[test]
fn every_alert_is_about_figures_that_there_are() {
    let table = std::fs::read_to_string(TABLE).unwrap();
    let mut known: BTreeSet<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    // What is reckoned of figures is one to those who ask for it.
    known.extend(RULES.lines().filter_map(|line| line.trim().strip_prefix("- record: ")));
    let is_known = |name: &str| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        known.contains(name) || base.is_some_and(|base| known.contains(base))
    };
    for line in RULES.lines().filter_map(|line| line.trim().strip_prefix("expr: ")) {
        let unknown: Vec<&str> = names(line).into_iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "there is no {unknown:?}: {line}");
    }
    let mut alerts = 0;
    for alert in RULES.split("- alert: ").skip(1) {
        let title = alert.lines().next().unwrap();
        let line = |key: &str| {
            let found = alert.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
            found.unwrap_or_else(|| panic!("{title} has no {key}"))
        };
        assert!(line("expr").contains("up{") || !names(line("expr")).is_empty(), "{title} is about nothing");
        assert!(["{severity: warning}", "{severity: critical}"].contains(&line("labels")), "{title}");
        assert!(
            !line("summary").is_empty() && line("description").ends_with(".\""),
            "{title} says what to do"
        );
        for what in ["in trouble", "beside trouble"] {
            let test = format!("- name: {title}, {what}\n");
            assert!(TESTS_OF_RULES.contains(&test), "antler.rules.tests.yml has no {title}, {what}");
        }
        alerts += 1;
    }
    assert!(alerts >= 20, "{alerts}");
}
