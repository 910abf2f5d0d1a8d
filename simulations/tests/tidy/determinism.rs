//! Rules that keep a run repeatable: one clock, one source of randomness, one hash order.
//!
//! Invariant: the same seed gives the same trace, because nothing here slips past the ports.
//! It does not prove it: the simulation runs every seed twice.

use syn::visit::{self, Visit};

use super::rule::{Finding, Rule, TestCode, each_source, names_only_in};
use super::source::{Source, plain};

pub fn rules() -> Vec<Rule> {
    vec![wall_clock(), sleep(), randomness(), hash_order()]
}

fn wall_clock() -> Rule {
    Rule {
        name: "wall clock",
        reason: "code that asks the machine for the time cannot be run on a simulated clock",
        way_out: "take a `&dyn Clock` (events/src/clock.rs)",
        check: names_only_in(
            &[
                "std::time::SystemTime::now",
                "std::time::Instant::now",
                "std::time::UNIX_EPOCH::elapsed",
                "chrono::Utc::now",
                "chrono::Local::now",
                "time::OffsetDateTime::now_utc",
            ],
            &[
                ("events/src/clock.rs", "the adapter to the machine's clock"),
                (
                    "simulations/ci/src/lib.rs",
                    "tells how long each check took, and is built from nothing of ours",
                ),
            ],
            TestCode::Bound,
        ),
        offending: &[
            &[("events/src/a.rs", "use std::time::Instant; fn f() { Instant::now(); }")],
            &[("simulations/src/a.rs", "fn f() { let now = std::time::SystemTime::now; now(); }")],
        ],
        innocent: &[
            &[("events/src/clock.rs", "fn f() { std::time::Instant::now(); }")],
            &[("events/src/a.rs", "use std::time::Instant; fn f(clock: &dyn Clock) { clock.now(); }")],
        ],
    }
}

fn sleep() -> Rule {
    Rule {
        name: "sleep",
        reason: "a fixed sleep is too short on a busy machine and too long on a quiet one",
        way_out: "wait for what you wait for: a channel, a condition, a line of output",
        check: names_only_in(&["std::thread::sleep", "std::thread::sleep_ms"], &[], TestCode::Bound),
        offending: &[&[("gateway/tests/program.rs", "use std::thread; fn f() { thread::sleep(d); }")]],
        innocent: &[&[("actors/src/a.rs", "async fn f() { tokio::time::sleep(d).await }")]],
    }
}

fn randomness() -> Rule {
    Rule {
        name: "randomness",
        reason: "ambient randomness cannot be repeated from a seed",
        way_out: "take a `&dyn Randomness` (events/src/randomness.rs) through the constructor",
        check: names_only_in(
            &[
                "rand::rng",
                "rand::thread_rng",
                "rand::random",
                "rand::rngs::OsRng",
                "getrandom",
                "fastrand",
                "uuid::Uuid::new_v4",
                "uuid::Uuid::now_v7",
            ],
            &[("events/src/randomness.rs", "the adapter to the machine's randomness")],
            TestCode::Bound,
        ),
        offending: &[
            &[("events/src/a.rs", "fn f() -> u8 { rand::random() }")],
            &[("gateway/src/a.rs", "use uuid::Uuid; fn f() { Uuid::new_v4(); }")],
            &[("gateway/src/a.rs", "use rand::*;")],
        ],
        innocent: &[&[("events/src/a.rs", "use uuid::Uuid; fn f() { Uuid::from_bytes(b); }")]],
    }
}

fn hash_order() -> Rule {
    let named = names_only_in(
        &[
            "std::hash::RandomState",
            "std::hash::DefaultHasher",
            "std::collections::hash_map::RandomState",
            "std::collections::hash_map::DefaultHasher",
            "foldhash::fast::RandomState",
            "foldhash::quality::RandomState",
            "ahash",
            "std::collections::HashMap::new",
            "std::collections::HashMap::with_capacity",
            "std::collections::HashMap::from",
            "std::collections::HashSet::new",
            "std::collections::HashSet::with_capacity",
            "std::collections::HashSet::from",
        ],
        &[],
        TestCode::Bound,
    );
    let typed = each_source(default_hashers);
    Rule {
        name: "hash order",
        reason: "a random hasher gives another order in every process, and order leaks into output",
        way_out: "use BTreeMap, or a hash map with `foldhash::fast::FixedState`",
        check: Box::new(move |repository| [named(repository), typed(repository)].concat()),
        offending: &[
            &[("events/src/a.rs", "use std::collections::HashMap; struct A { b: HashMap<u8, u8> }")],
            &[("events/src/a.rs", "use std::collections::HashSet; fn f() { HashSet::<u8>::new(); }")],
            &[("events/src/a.rs", "fn f() { i.collect::<std::collections::HashSet<_>>(); }")],
            &[("events/src/a.rs", "use std::hash::RandomState;")],
        ],
        innocent: &[
            &[(
                "events/src/a.rs",
                "use std::collections::HashMap; struct A { b: HashMap<u8, u8, FixedState> }",
            )],
            &[("events/src/a.rs", "use im::HashMap; struct A { b: HashMap<u8, u8> }")],
        ],
    }
}

/// Types that leave the hasher to the standard library.
fn default_hashers(source: &Source) -> Vec<Finding> {
    struct Types<'a> {
        source: &'a Source,
        findings: Vec<Finding>,
    }

    impl<'ast> Visit<'ast> for Types<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            if let Some(last) = path.segments.last() {
                let name = plain(&last.ident);
                let arguments = match &last.arguments {
                    syn::PathArguments::AngleBracketed(list) => list.args.len(),
                    _ => 0,
                };
                let line = last.ident.span().start().line;
                let full = format!("std::collections::{name}");
                let is_std = self.source.names.iter().any(|named| named.name == full);
                if is_std && matches!((name.as_str(), arguments), ("HashMap", 2) | ("HashSet", 1)) {
                    self.findings.push(Finding::new(
                        &self.source.path,
                        line,
                        format!("`{name}` without a hasher"),
                    ));
                }
            }
            visit::visit_path(self, path);
        }
    }

    let mut types = Types { source, findings: Vec::new() };
    types.visit_file(&source.tree);
    types.findings
}
