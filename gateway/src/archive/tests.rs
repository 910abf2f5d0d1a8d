//! Archives written and read again, whole and spoiled.
//!
//! Invariant: whatever byte is spoiled, a sentence says so. It starts no server.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::ingest_shard::Arrived;
use antler_events::access::StreamPatterns;
use antler_events::clock::Timestamp;
use antler_events::event::lines::LineDefaults;
use antler_events::files::{Access, File, FileSystem as _, RealFiles};
use antler_events::ids::{ArchiveId, TenantId, UserId};

use super::form::{
    END, End, KIND, LineRecord, MANIFEST, Manifest, Origin, SETTINGS, Setting, VERSION, json_line, lines_name,
};
use super::pieces::pieces;
use super::reading::prove_readable;
use super::state::{Archive, Brought, Stage, Task, Wanted};
use super::store::ArchiveStore;
use super::tar::{BLOCK, header};
use super::writing::Writing;

fn origin() -> Origin {
    Origin { id: "acme".to_owned(), name: "Acme".to_owned() }
}

fn manifest(version: u32) -> Manifest {
    Manifest {
        kind: KIND.to_owned(),
        version,
        tenant: origin(),
        made_at: "2026-03-01T08:00:00.000Z".to_owned(),
        from: None,
        to: "2026-03-01T08:00:00.000Z".to_owned(),
        streams: Vec::new(),
        include: vec!["lines".to_owned()],
    }
}

fn line(number: i64, origin: &str, raw: &[u8]) -> LineRecord {
    let text = std::str::from_utf8(raw).ok().map(str::to_owned);
    LineRecord {
        time: String::new(),
        received_at: String::new(),
        received_at_ns: number,
        stream: "logs-generic-default".to_owned(),
        protocol: "http".to_owned(),
        origin: origin.to_owned(),
        defaults: LineDefaults::default(),
        plain: true,
        raw_base64: text.is_none().then(|| "/w==".to_owned()),
        raw: text,
    }
}

fn packed(lines: &[LineRecord]) -> Vec<u8> {
    let lines: Vec<u8> = lines.iter().flat_map(json_line).collect();
    zstd::encode_all(&lines[..], 1).unwrap()
}

/// An archive with these members, and an end that names them.
fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let file: Arc<dyn File> = RealFiles.open(&dir.path().join("a"), Access::Create).unwrap().into();
    let mut writing = Writing { file, end: 0, at_s: 1_700_000_000 };
    let members = members.iter().map(|(name, content)| writing.add(name, content).unwrap()).collect();
    let end = End { members, lines: 0, files: 0, searches: 0, warnings: Vec::new(), sha256: String::new() };
    writing.add(END, &json_line(&end.sealed())).unwrap();
    writing.finish().unwrap();
    std::fs::read(dir.path().join("a")).unwrap()
}

fn whole() -> Vec<u8> {
    let lines = packed(&[line(1, "a", b"one"), line(2, "a", b"\xff")]);
    archive(&[
        (MANIFEST, json_line(&manifest(VERSION))),
        (SETTINGS, json_line(&Setting::Tenant { name: "Acme".to_owned() })),
        (&lines_name(1), lines),
    ])
}

/// What is wrong with it; nothing if it can be taken.
fn fault(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a"), bytes).unwrap();
    let file = RealFiles.open(&dir.path().join("a"), Access::Read).unwrap();
    prove_readable(&*file).err().map(|fault| fault.to_string()).unwrap_or_default()
}

#[test]
fn a_whole_archive_is_taken_and_no_torn_one() {
    let whole = whole();
    assert_eq!(fault(&whole), "");
    for cut in (0..whole.len()).step_by(97).chain([whole.len() - 1, whole.len() - BLOCK]) {
        assert_ne!(fault(&whole[..cut]), "", "cut at {cut}");
    }
    assert!(fault(&whole[..BLOCK * 5]).contains("torn"), "{}", fault(&whole[..BLOCK * 5]));
    assert!(fault(&[&whole[..], b"more"].concat()).contains("behind the end"));
}

#[test]
fn a_byte_that_was_flipped_is_noticed_wherever_it_is() {
    let whole = whole();
    let mut unnoticed = Vec::new();
    for at in (0..whole.len()).step_by(7) {
        let mut spoiled = whole.clone();
        spoiled[at] ^= 1;
        if fault(&spoiled).is_empty() {
            unnoticed.push(at);
        }
    }
    // What fills the blocks up behind members says nothing, and nobody reads it.
    let is_filling = |at: &usize| whole[*at] == 0;
    assert!(unnoticed.iter().all(is_filling), "{unnoticed:?}");
}

#[test]
fn what_is_no_archive_or_a_trap_is_told_in_a_sentence() {
    let check = |bytes: &[u8], said: &str| assert!(fault(bytes).contains(said), "{said}: {}", fault(bytes));
    let first = || (MANIFEST, json_line(&manifest(VERSION)));
    check(b"", "no archive of a tenant");
    check(b"{\"message\":\"a line\"}\n", "no archive of a tenant");
    check(&vec![0; 4 * BLOCK], "no archive of a tenant");
    check(&archive(&[("settings.ndjson", b"{}\n".to_vec())]), "no archive of a tenant");
    check(&archive(&[(MANIFEST, json_line(&manifest(2)))]), "of version 2, and this server reads version 1");
    check(&archive(&[first(), ("../../etc/passwd", b"x".to_vec())]), "which is in no archive");
    check(&archive(&[first(), ("files/../../x", b"x".to_vec())]), "which is in no archive");
    check(&archive(&[first(), ("/etc/x", b"x".to_vec())]), "which is in no archive");
    check(&archive(&[first(), first()]), "in the wrong place");
    check(&archive(&[first(), ("files/f1", b"x".to_vec())]), "in the wrong place");
    check(&archive(&[first(), (&lines_name(2), packed(&[]))]), "in the wrong place");
    check(&archive(&[first(), (&lines_name(1), b"no zstd".to_vec())]), "cannot be unpacked");
    check(
        &archive(&[first(), (SETTINGS, b"{\"kind\":\"secret\"}\n".to_vec())]),
        "line 1 of the member settings",
    );
    let neither = LineRecord { raw: None, ..line(1, "a", b"one") };
    check(&archive(&[first(), (&lines_name(1), packed(&[neither]))]), "not one of raw and raw_base64");
    let bomb = zstd::encode_all(&vec![b' '; 129 << 20][..], 1).unwrap();
    check(&archive(&[first(), (&lines_name(1), bomb)]), "becomes more than");
    let mut huge = archive(&[first()]);
    huge.truncate(2 * BLOCK);
    huge.extend(header(&lines_name(1), 8 << 30 >> 1, 0));
    check(&huge, "torn");
}

#[test]
fn lines_are_cut_by_how_they_came_and_always_in_the_same_way() {
    let records: Vec<LineRecord> = (0..12_000)
        .map(|number| {
            line(number / 1_000, if number % 3 == 0 { "a" } else { "b" }, format!("{number}").as_bytes())
        })
        .collect();
    let shape = || -> Vec<(String, u64, Vec<u8>)> {
        let (pieces, refused) = pieces(&records);
        assert_eq!(refused, 0);
        let of = |piece: &Arrived| {
            let lines: usize = piece.batches.iter().map(|batch| batch.len()).sum();
            let bytes = piece.batches.iter().flat_map(|batch| batch.buffer().to_vec()).collect();
            (piece.arrival.origin.clone(), lines as u64, bytes)
        };
        pieces.iter().map(of).collect()
    };
    let cut = shape();
    assert_eq!(cut, shape());
    assert_eq!(cut.iter().map(|(_, lines, _)| lines).sum::<u64>(), 12_000);
    assert_eq!(cut.iter().map(|(origin, ..)| origin.as_str()).collect::<Vec<_>>(), ["a", "b", "b"]);
    let (pieces, _) = pieces(&records);
    let times = pieces.iter().flat_map(|piece| piece.batches.iter().map(|batch| batch.received_at()));
    assert_eq!(times.collect::<std::collections::BTreeSet<_>>().len(), 12);
}

#[test]
fn exports_that_ended_go_when_their_time_is_over_and_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let store = ArchiveStore::open(Arc::new(RealFiles), dir.path().to_owned()).unwrap();
    let (acme, day) = (TenantId::parse("acme").unwrap(), Duration::from_secs(86_400));
    let now = Timestamp::from_nanos(1_760_000_000_000_000_000);
    let wanted = || Wanted {
        from: None,
        to: now,
        streams: StreamPatterns::default(),
        lines: true,
        settings: true,
        files: true,
    };
    let brought = Brought { sha256: String::new(), bytes: 0, origin: origin(), made_at: String::new() };
    let put = |id: &str, task: Task, stage: Stage, changed_at: Timestamp| {
        let (id, owner) = (ArchiveId::parse(id).unwrap(), UserId::parse("ann").unwrap());
        let archive = Archive { stage, ..Archive::new(id, owner, changed_at, task) };
        store.open_file(acme, id).unwrap();
        store.put(acme, archive).unwrap();
    };
    put("open", Task::Export(wanted()), Stage::Open, now);
    put("old", Task::Export(wanted()), Stage::Cancelled, now);
    put("young", Task::Export(wanted()), Stage::Cancelled, now.plus(day));
    put("brought", Task::Import(brought), Stage::Cancelled, now);
    assert_eq!(store.expire(now.plus(day / 2), day).unwrap(), 0);
    assert_eq!(store.expire(now.plus(day), day).unwrap(), 1);
    let mut left: Vec<String> = store.list(acme).iter().map(|archive| archive.id.to_string()).collect();
    left.sort_unstable();
    assert_eq!(left, ["brought", "open", "young"]);
    assert_eq!(std::fs::read_dir(dir.path().join("acme")).unwrap().count(), 2 * left.len());
}
