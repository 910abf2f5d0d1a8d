//! Rules of the shape: each power of the program has its one place.
//!
//! Invariant: every exception stands in a table here, with its reason.
//! It looks at names only; which crate may know which is in `crates.rs`.

use super::rule::{Check, Finding, Place, Rule, TestCode, names_only_in};
use super::source::TokenKind;

pub fn rules() -> Vec<Rule> {
    vec![spawn(), sockets(), files(), environment(), bincode(), clients(), anyhow()]
}

const SIMULATIONS: Place = ("simulations/", "stands outside the product and plays the machine");
const BUILD_SCRIPT: Place = ("gateway/build.rs", "cargo talks to a build script by environment");

const SPAWN_PLACES: &[Place] = &[
    ("actors/", "owns long-lived work"),
    ("gateway/", "owns the listeners and the program's runtime"),
    SIMULATIONS,
];

fn spawn() -> Rule {
    Rule {
        name: "spawn",
        reason: "a thread or task that nobody owns is neither supervised nor joined at stop",
        way_out: "hand the work to its caller as a function or future; actors/ or gateway/ gives it a thread",
        check: no_spawn(),
        offending: &[
            &[("events/src/a.rs", "//! A.\nfn f() { std::thread::spawn(|| {}); }")],
            &[("projections/src/a.rs", "use tokio::task; fn f() { task::spawn_blocking(|| {}); }")],
            &[("events/src/a.rs", "fn f(set: &mut S) { set.spawn(async {}); }")],
            &[("config/src/a.rs", "use std::thread::Builder; fn f() { Builder::new(); }")],
            &[("events/src/a.rs", "fn f() { tokio::select! { _ = g() => tokio::spawn(h()) } }")],
        ],
        innocent: &[
            &[("actors/src/a.rs", "fn f() { tokio::spawn(async {}); }")],
            &[("events/src/a.rs", "#[cfg(test)] mod tests { fn f() { std::thread::spawn(|| {}); } }")],
            &[("events/src/a.rs", "// tokio::spawn\nfn f() { std::thread::yield_now(); }")],
        ],
    }
}

fn no_spawn() -> Check {
    const OWNERS: &[&str] = &["std::thread::Builder", "std::thread::scope", "tokio::task::JoinSet", "rayon"];
    const CALLS: &[&str] = &["spawn", "spawn_blocking", "spawn_local", "spawn_linked", "spawn_on"];
    let owners = names_only_in(OWNERS, SPAWN_PLACES, TestCode::Free);
    Box::new(move |repository| {
        let mut findings = owners(repository);
        for source in &repository.sources {
            if SPAWN_PLACES.iter().any(|(place, _)| source.path.starts_with(place)) {
                continue;
            }
            for (index, token) in source.tokens.iter().enumerate() {
                let called = source.tokens.get(index + 1).is_some_and(|next| next.text == "(");
                let method = index > 0 && [".", "::"].contains(&source.tokens[index - 1].text.as_str());
                let is_call = token.kind == TokenKind::Word && called && method;
                if is_call && CALLS.contains(&token.text.as_str()) && !source.is_test(token.line) {
                    findings.push(Finding::new(&source.path, token.line, format!("`{}`", token.text)));
                }
            }
        }
        findings
    })
}

fn sockets() -> Rule {
    Rule {
        name: "sockets",
        reason: "only the gateway opens sockets, so that limits and credentials are checked in one place",
        way_out: "decode bytes in a pure function and let gateway/ own the listener",
        check: names_only_in(
            &[
                "std::net::TcpListener",
                "std::net::TcpStream",
                "std::net::UdpSocket",
                "std::os::unix::net",
                "tokio::net",
            ],
            &[("gateway/", "the only place that opens sockets"), SIMULATIONS],
            TestCode::Bound,
        ),
        offending: &[
            &[("actors/src/a.rs", "use tokio::net::TcpListener;")],
            &[("config/src/a.rs", "fn f() { std::net::UdpSocket::bind(1); }")],
        ],
        innocent: &[
            &[("gateway/src/a.rs", "use tokio::net::TcpListener;")],
            &[("config/src/a.rs", "use std::net::SocketAddr;")],
        ],
    }
}

fn files() -> Rule {
    Rule {
        name: "files",
        reason: "what is durable goes through FileSystem, so that the simulation can cut the power under it",
        way_out: "take a `&dyn FileSystem` (events/src/files.rs)",
        check: names_only_in(
            &["std::fs", "tokio::fs", "std::os::unix::fs"],
            &[
                ("events/src/files.rs", "the adapter to the real file system"),
                ("config/", "reads the file of settings"),
                ("gateway/", "answers for the process: ports file, /proc, upload folders"),
                SIMULATIONS,
            ],
            TestCode::Free,
        ),
        offending: &[
            &[("events/src/log/segment.rs", "fn f() { std::fs::read(1); }")],
            &[("projections/src/a.rs", "use std::fs::{self, File}; fn f() { File::open(1); }")],
        ],
        innocent: &[
            &[("events/src/files.rs", "use std::fs;")],
            &[("events/src/a.rs", "#[cfg(test)] mod tests { use std::fs; }")],
        ],
    }
}

fn environment() -> Rule {
    Rule {
        name: "environment",
        reason: "a setting that is read somewhere else has no default, no type, no documented origin",
        way_out: "add it to a section of config/ and pass the value in",
        check: names_only_in(
            &["std::env"],
            &[("config/", "the only crate that reads settings"), SIMULATIONS, BUILD_SCRIPT],
            TestCode::Free,
        ),
        offending: &[
            &[("gateway/src/a.rs", "fn f() { std::env::var(\"HOME\"); }")],
            &[("events/src/a.rs", "use std::env; fn f() { env::vars(); }")],
            &[("actors/src/a.rs", "use std::*;")],
        ],
        innocent: &[
            &[("config/src/load.rs", "use std::env;")],
            &[("gateway/src/a.rs", "fn f(env: E) { env.run(); env!(\"CARGO_PKG_VERSION\"); }")],
            &[("gateway/tests/program.rs", "fn f() { std::env::temp_dir(); }")],
        ],
    }
}

fn bincode() -> Rule {
    Rule {
        name: "bincode",
        reason: "the codec is no longer maintained and must stay replaceable, always with a size limit",
        way_out: "call `antler_events::codec`",
        check: names_only_in(&["bincode"], &[("events/src/codec.rs", "the codec")], TestCode::Bound),
        offending: &[
            &[("events/src/event/tenant.rs", "fn f() { bincode::serde::encode_to_vec(1); }")],
            &[("simulations/src/a.rs", "use bincode;")],
            &[("events/src/a.rs", "#[derive(bincode::Encode)] struct A;")],
        ],
        innocent: &[
            &[("events/src/codec.rs", "fn f() { bincode::config::standard(); }")],
            &[("events/src/a.rs", "/// bincode::x\nfn f(bincode: u8) -> u8 { bincode }")],
        ],
    }
}

/// Each client of an outside server, and the files of its adapter.
const CLIENTS: &[(&str, Place)] = &[
    ("async_nats", ("events/src/log/jetstream", "the JetStream adapter of the event log")),
    ("elasticsearch", ("projections/src/index/elastic", "the Elasticsearch adapter of the index")),
    ("mongodb", ("projections/src/views/mongo", "the MongoDB adapter of the views")),
    ("redis", ("projections/src/cache/redis", "the Redis adapter of the cache")),
];

fn clients() -> Rule {
    Rule {
        name: "clients",
        reason: "a port has two adapters; a client named outside its adapter makes one of them the only one",
        way_out: "use the port (EventLog, SearchIndex, ViewStore, Cache) and compose it in the gateway",
        check: Box::new(|repository| {
            let one = |(name, place): &'static (&str, Place)| {
                let check =
                    names_only_in(std::slice::from_ref(name), std::slice::from_ref(place), TestCode::Bound);
                check(repository)
            };
            CLIENTS.iter().flat_map(one).collect()
        }),
        offending: &[
            &[("gateway/src/compose.rs", "fn f() { async_nats::connect(1); }")],
            &[("projections/src/cache/memory.rs", "use redis::Client;")],
        ],
        innocent: &[
            &[("events/src/log/jetstream/read.rs", "use async_nats::Client;")],
            &[("projections/src/cache.rs", "pub mod redis; pub use redis::Pool;")],
        ],
    }
}

fn anyhow() -> Rule {
    Rule {
        name: "anyhow",
        reason: "a caller cannot match on an error without a type",
        way_out: "one thiserror enum per family of operations in the crate that fails",
        check: names_only_in(
            &["anyhow"],
            &[("gateway/src/main.rs", "prints the error and ends"), SIMULATIONS],
            TestCode::Free,
        ),
        offending: &[&[("gateway/src/serve.rs", "fn f() -> anyhow::Result<()> { g() }")]],
        innocent: &[
            &[("gateway/src/main.rs", "fn main() -> anyhow::Result<()> { g() }")],
            &[("gateway/tests/program.rs", "use anyhow::Result;")],
        ],
    }
}
