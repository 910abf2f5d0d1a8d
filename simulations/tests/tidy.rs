//! Tidy: the rules of the shape and the measurable ones of the style, as a test.
//!
//! Invariant: every rule says what, where, why and the way out, and is caught by its own samples.
//! It does not know the rules: each family is a file in `tidy/`, and a new rule is one entry there.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod tidy {
    pub mod crates;
    pub mod dependencies;
    pub mod determinism;
    pub mod form;
    pub mod names;
    pub mod panics;
    pub mod places;
    pub mod repository;
    pub mod rule;
    pub mod source;
    pub mod top;
}

use tidy::repository::Repository;
use tidy::rule::Rule;
use tidy::{crates, dependencies, determinism, form, names, panics, places, top};

fn rules() -> Vec<Rule> {
    let families = [
        places::rules(),
        determinism::rules(),
        panics::rules(),
        form::rules(),
        names::rules(),
        crates::rules(),
        dependencies::rules(),
        top::rules(),
    ];
    families.into_iter().flatten().collect()
}

#[test]
fn the_repository_is_tidy() {
    let repository = Repository::read().unwrap();
    assert!(repository.sources.len() > 10, "the sources were not found");
    let rules = rules();
    let violations: Vec<String> =
        rules.iter().flat_map(|rule| rule.violations(&repository)).map(|found| found.to_string()).collect();
    assert!(violations.is_empty(), "{} violations\n\n{}\n", violations.len(), violations.join("\n\n"));
}

#[test]
fn every_rule_catches_its_offending_samples() {
    for rule in rules() {
        assert!(!rule.offending.is_empty(), "{} has no sample", rule.name);
        for sample in rule.offending {
            let repository = Repository::sample(sample).unwrap();
            assert!(!rule.violations(&repository).is_empty(), "{} does not catch {sample:.200?}", rule.name);
        }
    }
}

#[test]
fn every_rule_passes_its_innocent_samples() {
    for rule in rules() {
        assert!(!rule.innocent.is_empty(), "{} has no innocent sample", rule.name);
        for sample in rule.innocent {
            let repository = Repository::sample(sample).unwrap();
            let violations: Vec<String> =
                rule.violations(&repository).iter().map(ToString::to_string).collect();
            assert!(violations.is_empty(), "{} finds in {sample:.200?}: {violations:?}", rule.name);
        }
    }
}

#[test]
fn a_violation_is_shown_with_place_reason_and_way_out() {
    let rules = rules();
    let rule = rules.iter().find(|rule| rule.name == "unwrap").unwrap();
    let repository = Repository::sample(&[("events/src/a.rs", "fn f() {\n    g().unwrap();\n}")]).unwrap();
    assert_eq!(
        rule.violations(&repository)[0].to_string(),
        "events/src/a.rs:2: unwrap: `unwrap`\n    \
         why: an unwrap stops the program without saying which invariant broke\n    \
         way out: return the error, or `expect(\"why it cannot happen\")`"
    );
}
