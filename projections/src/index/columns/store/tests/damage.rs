//! Group files with bytes flipped and cut: named as missing or an error, and never a wrong line.

use super::lines::{Found, events, expected, found, tenant};
use super::*;
use crate::index::columns::block::ReadError;
use crate::index::columns::render::render;
use crate::index::columns::view::GroupView;

/// All lines of a group, or why it cannot be read.
fn lines_of(group: &GroupHandle) -> Result<Vec<Vec<u8>>, ReadError> {
    group.with(|view: &dyn GroupView| {
        let mut lines = Vec::new();
        for tenant in (0..3).map(tenant) {
            let rows = view.tenant_rows(tenant).into_list();
            view.origins(&rows)?;
            lines.extend(render(view, &rows)?.into_iter().map(|row| row.raw));
        }
        Ok(lines)
    })?
}

#[test]
fn every_flipped_byte_of_a_group_is_found_and_the_group_is_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    let events = events(12);
    project(&store, &events).unwrap();
    store.seal_next().unwrap();
    let whole = found(&store);
    assert_eq!(whole, expected(&events));
    drop(store);
    let number = open(dir.path()).store.snapshot().groups[0].id();
    let GroupId::Sealed(number) = number else { unreachable!() };
    let path = dir.path().join(format!("groups/{number:020}.group"));
    let bytes = std::fs::read(&path).unwrap();
    let catalogue = std::fs::read(dir.path().join("catalogue")).unwrap();
    for at in (0..bytes.len()).step_by(3).chain(bytes.len() - 40..bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        std::fs::write(&path, &damaged).unwrap();
        let verification = verify(&real(), dir.path()).unwrap().unwrap();
        let named = |finding: &Finding| matches!(finding, Finding::Group { group, .. } if *group == number);
        assert_eq!(verification.findings.iter().any(named), at >= 8, "byte {at}");
        let store = open(dir.path()).store;
        let group = store.snapshot().groups.remove(0);
        let read = lines_of(&group);
        if let Ok(lines) = &read {
            let known = |line: &Vec<u8>| whole.iter().any(|other: &Found| other.4 == *line);
            assert!(lines.iter().all(known), "byte {at} gives a wrong line");
        }
        let is_out = store.report_damage(&group).unwrap();
        // The head is looked at by nobody: the trailer says the same.
        assert!(is_out || at < 8, "byte {at}");
        if is_out {
            assert_eq!(store.snapshot().missing[0].entry.number, number);
            assert!(path.with_extension("quarantined").exists());
            assert!(store.report_damage(&group).unwrap());
            drop(store);
            let Opened { store, findings } = open(dir.path());
            assert_eq!((findings, store.snapshot().missing.len()), (vec![], 1));
            std::fs::remove_file(path.with_extension("quarantined")).unwrap();
        }
        std::fs::write(dir.path().join("catalogue"), &catalogue).unwrap();
        std::fs::write(dir.path().join("catalogue.copy"), &catalogue).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let store = open(dir.path()).store;
    let group = store.snapshot().groups.remove(0);
    assert!(!store.report_damage(&group).unwrap(), "a good group stays");
    project(&store, &events).unwrap();
    assert_eq!(found(&store), whole);
}

#[test]
fn verify_proves_a_store_and_names_what_is_wrong_beside_its_groups() {
    let dir = tempfile::tempdir().unwrap();
    let prove = || verify(&real(), dir.path()).unwrap();
    assert_eq!(prove(), None);
    let store = open(dir.path()).store;
    let events = events(24);
    project(&store, &events).unwrap();
    while store.seal_next().unwrap().is_some() {}
    let statistics = store.statistics();
    let proved = StoreVerification {
        groups: statistics.groups,
        rows: statistics.rows,
        raw_bytes: statistics.raw_bytes,
        stored_bytes: statistics.stored_bytes,
        findings: Vec::new(),
        set_aside: Default::default(),
    };
    assert!(statistics.groups > 1);
    assert_eq!(prove(), Some(proved));
    let leftover = dir.path().join("groups/00000000000000000999.group");
    std::fs::write(&leftover, "").unwrap();
    let found = prove().unwrap();
    assert_eq!(found.findings, [Finding::Leftover { file: leftover.clone() }]);
    assert!(found.is_whole());
    std::fs::remove_file(leftover).unwrap();
    let copy = dir.path().join("catalogue.copy");
    std::fs::write(&copy, "").unwrap();
    let found = prove().unwrap();
    assert!(matches!(&found.findings[..], [Finding::Catalogue { file, .. }] if *file == copy), "{found:?}");
    let disk = &store.disk.folder;
    let mut catalogue = (*store.state().catalogue).clone();
    catalogue.checkpoints.clear();
    disk.write_catalogue(&catalogue).unwrap();
    let found = prove().unwrap();
    let text = found.findings[0].to_string();
    assert!(text.contains("which the catalogue does not count"), "{text}");
    assert_eq!(found.findings.len() as u64, statistics.groups);
}
