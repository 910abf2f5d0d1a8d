//! Many tenants, each with its own key, its own lines, and nothing of the others.
//!
//! Invariant: each finds its own lines and no other; memory is bounded, however many there are; those that are idle stop,
//! and are there again when somebody asks.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::client::start_with;
use super::ledger::Tenant;
use super::overload::peak_bytes;
use super::running::{Running, wait};
use super::wire::Wire;

const OPERATOR: &str = "an operator's own token";
const SETTINGS: &str = "[listeners]\noperator_token = \"an operator's own token\"\n";
/// What the program takes with its default settings and nobody in it, and what one tenant may add.
const PROGRAM_BYTES: u64 = 256 << 20;
const TENANT_BYTES: u64 = 24 << 10;
/// Who registers at once.
const REGISTERING: usize = 4;

#[test]
fn hundreds_of_tenants_have_their_own_lines() {
    ordeal(150);
}

#[test]
#[ignore = "a long run"]
fn ten_thousand_tenants_have_their_own_lines() {
    ordeal(10_000);
}

fn ordeal(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let running = start_with(dir.path(), SETTINGS);
    let tenants = register_all(&running, count);
    for round in 0..2 {
        let next = AtomicUsize::new(0);
        each(&tenants, &next, |number, tenant| {
            send(&running, tenant, &format!("{{\"name\":\"r{round}t{number}\",\"owner\":{number}}}\n"));
        });
    }
    let next = AtomicUsize::new(0);
    each(&tenants, &next, |number, tenant| owns_two_lines(&running, number, tenant));
    let peak = peak_bytes(&running);
    super::tell(&format!("{count} tenants: memory at most {} MiB", peak >> 20));
    assert!(peak < PROGRAM_BYTES + count as u64 * TENANT_BYTES, "{} MiB", peak >> 20);
    assert!(tenants_running(&running) as usize <= count);
    assert_eq!(running.stop("TERM").0, Some(0));
    // None runs until somebody asks, and all is there.
    let running = start_with(dir.path(), SETTINGS);
    assert_eq!(tenants_running(&running), 0);
    let next = AtomicUsize::new(0);
    each(&tenants[..count.min(100)], &next, |number, tenant| owns_two_lines(&running, number, tenant));
    send(&running, &tenants[0], "{\"name\":\"awake\",\"owner\":0}\n");
    assert_eq!(tenants_running(&running), 1);
    let said = running.stop("TERM").1;
    assert!(!said.contains("panicked"), "{said}");
}

fn register_all(running: &Running, count: usize) -> Vec<Tenant> {
    let each = |first: usize| {
        let names = (first..count).step_by(REGISTERING);
        names
            .map(|number| (number, Tenant::register(running, &format!("tenant{number}"))))
            .collect::<Vec<_>>()
    };
    let mut tenants: Vec<_> = std::thread::scope(|scope| {
        let registering: Vec<_> = (0..REGISTERING).map(|first| scope.spawn(move || each(first))).collect();
        registering.into_iter().flat_map(|registered| registered.join().unwrap()).collect()
    });
    tenants.sort_by_key(|(number, _)| *number);
    tenants.into_iter().map(|(_, tenant)| tenant).collect()
}

/// Does something for all tenants, a few at once.
fn each(tenants: &[Tenant], next: &AtomicUsize, act: impl Fn(usize, &Tenant) + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(tenant) = tenants.get(number) else { return };
                    act(number, tenant);
                }
            });
        }
    });
}

fn send(running: &Running, tenant: &Tenant, line: &str) {
    let headers = format!("{}\r\nContent-Type: application/x-ndjson", tenant.credential());
    let answer = Wire::open(running.http).unwrap().ask("POST /api/logs/bulk/", &headers, line.as_bytes());
    let answer = answer.unwrap();
    assert_eq!(answer.status, 200, "{}: {}", tenant.name, answer.body);
}

/// Asks for everything, and finds its own.
fn owns_two_lines(running: &Running, number: usize, tenant: &Tenant) {
    let page = wait(|| {
        let mut wire = Wire::open(running.http).unwrap();
        let answer = wire.ask("GET /api/logs/search/?q=*", &tenant.credential(), b"").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let page: Value = serde_json::from_str(&answer.body).unwrap();
        Some(page).filter(|page| page["total"] == 2)
    });
    let lines = page["results"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["owner"] == number), "{}: {page}", tenant.name);
}

fn tenants_running(running: &Running) -> u64 {
    let headers = format!("\r\nAuthorization: Bearer {OPERATOR}");
    let answer = Wire::open(running.http).unwrap().ask("GET /api/admin/actors/", &headers, b"").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tree: Value = serde_json::from_str(&answer.body).unwrap();
    tree["platform"]["tenants_running"].as_u64().unwrap()
}
