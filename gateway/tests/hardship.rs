//! The server under hardship, through the real binary: killed, filled, flooded, cut off and lied to.
//!
//! Invariant: whatever happens, what was acknowledged is found exactly once, by its tenant and nobody else. Each ordeal
//! has a size for every day and an ignored twin for a long run. None looks at how long something took.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "program/client.rs"]
#[expect(dead_code, reason = "the tests of the program use the rest")]
mod client;
#[path = "program/running.rs"]
mod running;

#[path = "hardship/bad_input.rs"]
mod bad_input;
#[path = "hardship/disk_full.rs"]
mod disk_full;
#[path = "hardship/kills.rs"]
mod kills;
#[path = "hardship/ledger.rs"]
mod ledger;
#[path = "hardship/load.rs"]
mod load;
#[path = "hardship/overload.rs"]
mod overload;
#[path = "hardship/random.rs"]
mod random;
#[path = "hardship/tails.rs"]
mod tails;
#[path = "hardship/tenants.rs"]
mod tenants;
#[path = "hardship/wire.rs"]
mod wire;

/// Says how large an ordeal was: whoever runs one by hand wants to know.
#[expect(clippy::print_stderr, reason = "figures of a long run are for whoever started it")]
fn tell(figures: &str) {
    eprintln!("{figures}");
}
