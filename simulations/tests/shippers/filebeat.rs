//! Filebeat follows a growing file and sends it as to Elasticsearch, through a kill of the server and with a wrong key.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use antler_simulations::servers::{Client, Running, scratch, wait_for};

use super::site::{PATIENCE, Site, Tenant, client, numbers, text};

const LINES: u32 = 2_000;

#[test]
#[ignore = "needs a release build, Go and, for the first time, the network"]
fn filebeat_loses_nothing_when_the_server_is_killed() {
    let folder = scratch().unwrap();
    let mut site = Site::start(folder.path());
    let (ann, bob) = (site.register("ann"), site.register("bob"));
    let log = folder.path().join("app.log");
    write(&log, 1..=LINES / 2);
    // Small batches, so that there is a middle.
    let settings = "  bulk_max_size: 50\n  backoff.init: 200ms\n  backoff.max: 1s\n";
    let filebeat = start(folder.path(), &settings_of(&site, &ann.key, &log, settings));
    let said = || filebeat.said();
    ann.wait_for_lines("number", 100, &said);
    site.kill9();
    write(&log, LINES / 2 + 1..=LINES * 3 / 4);
    site.restart();
    write(&log, LINES * 3 / 4 + 1..=LINES);
    ann.wait_for_lines(&format!("\"number={LINES} \""), 1, &said);
    let distinct = wait_for(PATIENCE, || {
        let mut found = numbers(&ann.search("number"));
        let all = found.len();
        found.dedup();
        (found.len() == LINES as usize).then_some(all)
    });
    let mut found = numbers(&ann.search("number"));
    found.dedup();
    let lost: Vec<u32> = (1..=LINES).filter(|number| found.binary_search(number).is_err()).collect();
    let stored = distinct.unwrap_or_else(|| panic!("lost: {lost:?}; Filebeat said:\n{}", said()));
    println!("{} lines came twice", stored - LINES as usize);
    assert_eq!(bob.search("*"), Vec::<serde_json::Value>::new());
}

#[test]
#[ignore = "needs a release build, Go and, for the first time, the network"]
fn filebeat_with_a_wrong_key_loses_nothing_until_the_key_is_right() {
    let folder = scratch().unwrap();
    let site = Site::start(folder.path());
    let (ann, bob) = (site.register("ann"), site.register("bob"));
    let log = folder.path().join("app.log");
    write(&log, 1..=100);
    let wrong = format!("{}0", &ann.key[..ann.key.len() - 1]);
    let wrong = if wrong == ann.key { format!("{}1", &ann.key[..ann.key.len() - 1]) } else { wrong };
    let mut filebeat = start(folder.path(), &settings_of(&site, &wrong, &log, ""));
    let refused = wait_for(PATIENCE, || filebeat.has_said("unauthorized access").then_some(()));
    assert!(
        refused.is_some(),
        "Filebeat does not say that its key is refused; it said:\n{}",
        filebeat.said()
    );
    filebeat.stop();
    assert_eq!(ann.search("*").len(), 0);
    let filebeat = start(folder.path(), &settings_of(&site, &ann.key, &log, ""));
    let said = || filebeat.said();
    let lines = ann.wait_for_lines("number", 100, &said);
    assert_eq!(numbers(&lines), (1..=100).collect::<Vec<u32>>(), "{}", said());
    check_fields(&ann, &log, &said);
    assert_eq!(bob.search("*"), Vec::<serde_json::Value>::new());
}

fn check_fields(ann: &Tenant, log: &Path, said: &dyn Fn() -> String) {
    let line = ann.wait_for_line("\"number=7 \"", said);
    assert_eq!(text(&line, "message"), message(7));
    let shown = line.to_string();
    for expected in [log.to_str().unwrap(), "\"filebeat\"", "7.17.29"] {
        assert!(shown.contains(expected), "{expected} is not in {line:#}");
    }
}

fn message(number: u32) -> String {
    format!("number={number} of a file that grows")
}

fn write(log: &Path, numbers: std::ops::RangeInclusive<u32>) {
    let mut file: File = OpenOptions::new().create(true).append(true).open(log).unwrap();
    let lines: String = numbers.map(|number| message(number) + "\n").collect();
    file.write_all(lines.as_bytes()).unwrap();
}

fn settings_of(site: &Site, key: &str, log: &Path, more: &str) -> String {
    format!(
        "filebeat.inputs:\n- type: filestream\n  id: shop\n  paths: [\"{}\"]\n  \
         prospector.scanner.check_interval: 200ms\nqueue.mem.flush.timeout: 100ms\n\
         output.elasticsearch:\n  hosts: [\"{}\"]\n  api_key: \"antler:{key}\"\n  \
         allow_older_versions: true\n{more}",
        log.display(),
        site.url()
    )
}

/// Filebeat with these settings, and all its files in the folder.
pub(super) fn start(folder: &Path, settings: &str) -> Running {
    let home = folder.join("filebeat");
    std::fs::create_dir_all(&home).unwrap();
    let file = folder.join("filebeat.yml");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new(client(Client::Filebeat));
    command.arg("-e").arg("-c").arg(&file).arg("--strict.perms=false").arg("--path.home").arg(&home);
    Running::start(&mut command, &folder.join("filebeat.log")).unwrap()
}
