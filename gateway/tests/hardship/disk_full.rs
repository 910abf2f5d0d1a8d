//! The disk gets full while the server serves, and has room again later.
//!
//! Invariant: what is refused is refused with the reason and is nowhere; searches, sockets and health go on answering; with
//! room again sends work without a restart, and nothing acknowledged is lost. The bound on the size of files works on every
//! machine; the small file system needs root, and is what a full disk is really like.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::client::{path_text, settings};
use super::ledger::{Fate, Tenant};
use super::load;
use super::running::{Running, get, wait};
use super::wire::{Reply, Wire};

const NDJSON: &str = "\r\nContent-Type: application/x-ndjson";
/// Far more bodies than fit.
const BODIES_MAX: u64 = 20_000;

#[test]
fn a_file_that_may_not_grow_refuses_sends_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    ordeal(&dir.path().join("data"), |data| limited(4_194_304, data, &["serve"]), |_| (), lift_limit);
}

#[test]
fn views_that_may_not_grow_answer_and_catch_up_with_room_again() {
    let dir = tempfile::tempdir().unwrap();
    // All other files are smaller than that of the views.
    let config = settings(dir.path(), "[storage]\nsegment_bytes = \"1 MiB\"\n[index]\nrows_max = 1024\n");
    let data = dir.path().join("data");
    let running = limited(1_200_000, &data, &["serve", "--config", path_text(&config)]);
    let tenant = Tenant::register(&running, "ann");
    let mut wire = Wire::open(running.http).unwrap();
    let broken = [b"{\"broken\": \"".as_slice(), &[b'x'; 8_000]].concat();
    let mut letters = 0;
    let is_stuck = (0..BODIES_MAX).any(|number| {
        let (names, line) = load::lines("fits", number, 1);
        let body = [&line[..], &broken].concat();
        let answer = wire.ask("POST /api/logs/bulk/", &(tenant.credential() + NDJSON), &body).unwrap();
        assert_eq!(answer.status, 207, "{}", answer.body);
        tenant.note(Fate::Acknowledged, &names);
        letters += 1;
        let of = &get(running.http, "/health").json()["dependencies"]["projectors"];
        of["status"] == "degraded" && of["detail"].as_str().unwrap().contains("cannot go on")
    });
    assert!(is_stuck, "{letters} dead letters did not fill the views");
    assert!(dead_letters(&running, &tenant) < letters);
    assert_eq!(send(&running, &tenant, "meanwhile").status, 200);
    tenant.catch_up(&running, "meanwhilethat");
    lift_limit(&running);
    wait(|| Some(()).filter(|()| dead_letters(&running, &tenant) == letters));
    wait(|| Some(()).filter(|()| get(running.http, "/health").json()["status"] == "ok"));
    Tenant::register(&running, "bob").catch_up(&running, "ofbob");
    running.stop("KILL");
    let running = Running::start(&data, &["serve"]);
    wait(|| Some(()).filter(|()| dead_letters(&running, &tenant) == letters));
    tenant.catch_up(&running, "restarted");
    tenant.check(&running, "after a restart");
}

/// A server of which no file may grow beyond so many bytes.
fn limited(bytes: u64, data: &Path, arguments: &[&str]) -> Running {
    // It gets an error instead of the signal that would end it, as with a disk that is full.
    let script = format!("trap '' XFSZ; exec prlimit --fsize={bytes}: \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_antler")]);
    Running::launch(command, data, arguments)
}

fn lift_limit(running: &Running) {
    let id = running.id().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().unwrap();
    assert!(lifted.success());
}

#[test]
#[ignore = "mounts a small file system, which needs root"]
fn a_full_file_system_refuses_sends_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Mounted::new(dir.path());
    // Small files, so that all that is written beside the log meets the full disk, too.
    let config = settings(
        dir.path(),
        "[storage]\nsegment_bytes = \"1 MiB\"\nkeep_lines_for = \"1 s\"\n[index]\nrows_max = 1024\nopen_for_max = \"1 s\"\n",
    );
    let filler = disk.0.join("filler");
    let start = |data: &Path| Running::start(data, &["serve", "--config", path_text(&config)]);
    let fill = |_: &Running| fill_up(&filler);
    let make_room = |_: &Running| std::fs::remove_file(&filler).unwrap();
    ordeal(&disk.0.join("data"), start, fill, make_room);
}

fn ordeal(
    data: &Path,
    start: impl Fn(&Path) -> Running,
    fill: impl Fn(&Running),
    make_room: impl Fn(&Running),
) {
    let running = start(data);
    let tenants = ["ann", "bob", "eve"].map(|name| Tenant::register(&running, name));
    let before = send(&running, &tenants[0], "before");
    assert_eq!(before.status, 200, "{}", before.body);
    tenants[0].catch_up(&running, "beforethat");
    fill(&running);
    let letters = tenants.each_ref().map(|tenant| fill_by_sending(&running, tenant));
    refuses_and_answers(&running, &tenants);
    make_room(&running);
    // Whoever sends by way of health has sent nothing until then.
    wait(|| {
        let health = get(running.http, "/health");
        Some(()).filter(|()| health.head.starts_with("HTTP/1.1 200") && health.json()["status"] == "ok")
    });
    for tenant in &tenants {
        wait(|| Some(()).filter(|()| send(&running, tenant, "after").status == 200));
        let name = format!("withroom{}", tenant.name);
        tenant.catch_up(&running, &name);
        tenant.check(&running, "with room again");
    }
    let said = running.stop("KILL").1;
    assert!(!said.contains("panicked"), "{said}");
    let running = Running::start(data, &["serve"]);
    for (tenant, letters) in tenants.iter().zip(letters) {
        wait(|| Some(()).filter(|()| dead_letters(&running, tenant) == letters as u64));
        tenant.catch_up(&running, &format!("restarted{}", tenant.name));
        tenant.check(&running, "after a restart");
    }
    Tenant::register(&running, "somebody").catch_up(&running, "ofsomebody");
    assert_eq!(running.stop("TERM").0, Some(0));
    let verify =
        Command::new(env!("CARGO_BIN_EXE_antler")).args(["verify", "--data", path_text(data)]).output();
    let verify = verify.unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}

/// One body, of which nobody knows what has become if it is refused.
fn send(running: &Running, tenant: &Tenant, prefix: &str) -> Reply {
    let (names, body) = load::lines(&format!("{prefix}{}", tenant.name), 0, 1);
    let headers = tenant.credential() + NDJSON;
    let answer = Wire::open(running.http).unwrap().ask("POST /api/logs/bulk/", &headers, &body).unwrap();
    if answer.status == 200 {
        tenant.note(Fate::Acknowledged, &names);
    }
    answer
}

/// Sends until the disk is full, at last line by line: what does not fit is refused and nowhere. Answers how many dead
/// letters there are.
fn fill_by_sending(running: &Running, tenant: &Tenant) -> usize {
    let mut wire = Wire::open(running.http).unwrap();
    let headers = tenant.credential() + NDJSON;
    let (mut bodies, mut letters) = (0..BODIES_MAX, 0);
    for (kind, count) in [("many", 20), ("one", 1)] {
        let refused = bodies.find_map(|number| {
            let (names, body) = load::noise(&format!("{kind}{}", tenant.name), number * count, count);
            let body = match count {
                1 => format!("{{\"name\":\"{}\"}}", names[0]).into_bytes(),
                // A dead letter goes to the views, and these get full, too.
                _ => {
                    let broken: Vec<u8> = body.iter().copied().filter(|byte| *byte != b'\n').collect();
                    [&body[..], b"{broken ", &broken].concat()
                }
            };
            let answer = wire.ask("POST /api/logs/bulk/", &headers, &body).unwrap();
            letters += usize::from(answer.status == 207);
            let is_taken = [200, 207].contains(&answer.status);
            tenant.note(if is_taken { Fate::Acknowledged } else { Fate::Refused }, &names);
            Some(answer).filter(|answer| !is_taken && answer.status != 429)
        });
        let refused =
            refused.unwrap_or_else(|| panic!("{BODIES_MAX} bodies of {} did not fill the disk", tenant.name));
        is_refused(&refused);
    }
    letters
}

fn dead_letters(running: &Running, tenant: &Tenant) -> u64 {
    let mut wire = Wire::open(running.http).unwrap();
    let answer = wire.ask("GET /api/logs/dead-letters/?size=1", &tenant.credential(), b"").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    page["total"].as_u64().unwrap()
}

fn is_refused(answer: &Reply) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.head.contains("\nretry-after: "), "{} {}", answer.head, answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["error"]["code"], "unavailable");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("disk of the log is full"), "{message}");
}

fn refuses_and_answers(running: &Running, tenants: &[Tenant]) {
    let health = get(running.http, "/health");
    assert!(health.head.starts_with("HTTP/1.1 503"), "{}", health.body);
    let log = &health.json()["dependencies"]["log"];
    assert!(log["detail"].as_str().unwrap().contains("is full"), "{log}");
    assert_eq!(running.json("/live")["status"], "alive");
    let metrics = get(running.http, "/metrics").body;
    assert!(
        metrics.lines().any(|line| line.starts_with("antler_log_disk_full{") && line.ends_with(" 1")),
        "{metrics}"
    );
    for tenant in tenants {
        let mut wire = Wire::open(running.http).unwrap();
        let headers = tenant.credential() + NDJSON;
        let single = wire.ask("POST /api/logs/", &headers, longer("single").as_bytes()).unwrap();
        is_refused(&single);
        let keyed = format!("{headers}\r\nIdempotency-Key: full");
        is_refused(&wire.ask("POST /api/logs/bulk/", &keyed, longer("keyed").as_bytes()).unwrap());
        let single_and_keyed = ["single".to_owned(), "keyed".to_owned()];
        tenant.note(Fate::Refused, &single_and_keyed);
        // All that was acknowledged is found.
        wait(|| Some(()).filter(|()| tenant.has_all(running)));
        tenant.check(running, "on a full disk");
    }
    let name = "nobody";
    let body = json!({"username": name, "email": "nobody@example.org", "password": "correct horse battery staple",
        "password_confirm": "correct horse battery staple"});
    let headers = "\r\nContent-Type: application/json";
    let answer = Wire::open(running.http)
        .unwrap()
        .ask("POST /api/auth/register/", headers, body.to_string().as_bytes())
        .unwrap();
    // Names may have a partition that is not full.
    assert!([201, 503].contains(&answer.status), "{}", answer.body);
}

/// A line that does not fit where the last one that was refused did not.
fn longer(name: &str) -> String {
    format!("{{\"name\":\"{name}\",\"more\":\"{}\"}}", "x".repeat(200))
}

/// A file system of its own, gone at the end.
struct Mounted(PathBuf);

impl Mounted {
    fn new(dir: &Path) -> Self {
        let at = dir.join("disk");
        std::fs::create_dir(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=32m", "antler-test", path_text(&at)]);
        assert!(mount.status().unwrap().success(), "a file system is mounted, by root");
        Self(at)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(path_text(&self.0)).status();
    }
}

/// Writes a file until nothing more fits.
fn fill_up(path: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    for size in [1 << 20, 4_096, 1] {
        while file.write_all(&vec![b'x'; size]).is_ok() {}
    }
}
