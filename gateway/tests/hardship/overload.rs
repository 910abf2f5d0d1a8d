//! One tenant floods, others send a little and search.
//!
//! Invariant: who floods is refused with a status, a reason and a time to wait, the others are not; memory stays within what
//! the settings allow; whatever was acknowledged is found.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;

use super::client::start_with;
use super::ledger::{Fate, Tenant};
use super::load;
use super::running::Running;
use super::wire::{Reply, Wire};

/// A tenth of the usual sizes, so that the flood can be a tenth, too.
const SETTINGS: &str = "[storage]\nqueue_bytes = \"8 MiB\"\n\
     [index]\nopen_bytes_max = \"16 MiB\"\ndirectories_bytes_max = \"8 MiB\"\nblocks_bytes_max = \"8 MiB\"\n\
     raw_bytes_max = \"8 MiB\"\n\
     [limits.ingest]\nbodies_bytes_max = \"64 MiB\"\ntenant_bytes_max = \"8 MiB\"\nbytes_max = \"32 MiB\"\n\
     handover_bytes_max = \"8 MiB\"\n";
/// What these settings add up to, with the groups that wait to be written. Beside each body that was received are its lines,
/// taken apart, until they have credit or are refused.
const ALLOWED_BYTES: u64 = (8 + 16 + 8 + 8 + 3 * 8 + 3 * 64 + 32 + 2 * 8) << 20;
/// The program itself, its caches, stacks and what the allocator keeps.
const PROGRAM_BYTES: u64 = 128 << 20;
/// Lines of a body: two megabytes.
const LINES: u64 = 1_000;
const NDJSON: &str = "\r\nContent-Type: application/x-ndjson";

#[test]
fn a_flood_is_refused_and_felt_by_nobody_else() {
    flood(24, 6);
}

#[test]
#[ignore = "a long run"]
fn a_long_flood_is_refused_and_felt_by_nobody_else() {
    flood(100, 40);
}

fn flood(connections: u64, bodies: u64) {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), SETTINGS);
    let loud = Tenant::register(&running, "loud");
    let quiet = ["ann", "bob", "eve"].map(|name| Tenant::register(&running, name));
    let (refused, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let quiet: Vec<_> =
            quiet.iter().map(|tenant| scope.spawn(|| send_a_little(&running, tenant, &ended))).collect();
        let flooding: Vec<_> = (0..connections)
            .map(|number| (number, &running, &loud, &refused))
            .map(|(number, running, loud, refused)| {
                scope.spawn(move || refused.fetch_add(pour(running, loud, number, bodies), Ordering::Relaxed))
            })
            .collect();
        let poured: Vec<_> = flooding.into_iter().map(|connection| connection.join()).collect();
        ended.store(true, Ordering::Relaxed);
        assert!(poured.iter().all(Result::is_ok));
        quiet.into_iter().for_each(|tenant| tenant.join().unwrap());
    });
    let mut lines = 0;
    for tenant in quiet.iter().chain([&loud]) {
        tenant.catch_up(&running, &format!("last{}", tenant.name));
        lines += tenant.check(&running, "after a flood");
    }
    let peak = peak_bytes(&running);
    let refused = refused.into_inner();
    super::tell(&format!(
        "{connections} connections: {refused} of {} bodies refused, {lines} lines hold, memory at most {} MiB",
        connections * bodies,
        peak >> 20
    ));
    assert!(refused > 0, "nothing was refused: that was no flood");
    assert!(peak < ALLOWED_BYTES + PROGRAM_BYTES, "{} MiB", peak >> 20);
    let (code, said) = running.stop("TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// Sends large bodies and never waits. Answers how many were refused.
fn pour(running: &Running, tenant: &Tenant, connection: u64, bodies: u64) -> u64 {
    let mut wire = Wire::open(running.http).unwrap();
    let headers = tenant.credential() + NDJSON;
    let mut refused = 0;
    for number in 0..bodies {
        let (names, body) = load::noise(&format!("c{connection}"), number * LINES, LINES);
        // Who answers before it has read all closes, and what was on its way is lost with the answer.
        let Ok(answer) = wire.ask("POST /api/logs/bulk/", &headers, &body) else {
            tenant.note(Fate::Refused, &names);
            refused += 1;
            wire = Wire::open(running.http).unwrap();
            continue;
        };
        tenant.note(Fate::of_status(answer.status), &names);
        if answer.status != 200 {
            refused += 1;
            is_refused_politely(&answer);
        }
        if answer.head.contains("connection: close") {
            wire = Wire::open(running.http).unwrap();
        }
    }
    refused
}

fn is_refused_politely(answer: &Reply) {
    assert!([429, 503].contains(&answer.status), "{}", answer.body);
    assert!(answer.head.contains("\nretry-after: 1\n"), "{}", answer.head);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("again"), "{message}");
}

/// Sends and searches again and again; nothing of it is refused.
fn send_a_little(running: &Running, tenant: &Tenant, ended: &AtomicBool) {
    let mut wire = Wire::open(running.http).unwrap();
    let headers = tenant.credential() + NDJSON;
    for number in 0.. {
        let (names, body) = load::lines(&tenant.name, number * 5, 5);
        let answer = wire.ask("POST /api/logs/bulk/", &headers, &body).unwrap();
        assert_eq!(answer.status, 200, "{}: {}", tenant.name, answer.body);
        tenant.note(Fate::Acknowledged, &names);
        let found = wire.ask("GET /api/logs/search/?q=*&size=5", &tenant.credential(), b"").unwrap();
        assert_eq!(found.status, 200, "{}: {}", tenant.name, found.body);
        if ended.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// The most memory that the server has had.
pub(crate) fn peak_bytes(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}
