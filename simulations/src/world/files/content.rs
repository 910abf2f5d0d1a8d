//! The content of one file: what a reader sees, what is on the disk, and the changes between them.
//!
//! Invariant: after `sync` nothing takes a byte back. Before it, a power cut may lose any change, keep a later
//! one without an earlier one, or tear one; only changes of the size keep their order, because file
//! systems journal them. It knows no names: those are in `names.rs`.

use crate::world::{Fault, Faults, Rng};

const SECTOR: u64 = 512;

/// The bytes of a file.
#[derive(Debug, Default)]
pub(super) struct Content {
    cache: Vec<u8>,
    stored: Vec<u8>,
    unsynced: Vec<Change>,
    /// A failed sync left the cache with bytes that the disk will never get.
    forgotten: bool,
}

#[derive(Debug)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    SetSize(u64),
}

/// What a power cut does to one file.
#[derive(Debug, Clone, Copy)]
enum Mood {
    KeepsAll,
    LosesAll,
    /// Everything up to some byte of some change.
    KeepsPrefix,
    /// Each change on its own.
    KeepsSome,
    /// Each sector on its own.
    KeepsSectors,
}

const MOODS: [Mood; 5] =
    [Mood::KeepsAll, Mood::LosesAll, Mood::KeepsPrefix, Mood::KeepsSome, Mood::KeepsSectors];

impl Content {
    /// What a reader sees.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.cache
    }

    /// What a power cut cannot take back.
    pub(super) fn stored(&self) -> &[u8] {
        &self.stored
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) {
        overwrite(&mut self.cache, at, bytes);
        self.unsynced.push(Change::Write { at, bytes: bytes.to_vec() });
    }

    pub(super) fn set_size(&mut self, size: u64) {
        self.cache.resize(size as usize, 0);
        self.unsynced.push(Change::SetSize(size));
    }

    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.stored);
        }
    }

    /// Some of it reaches the disk, and the rest is taken for written: no later sync brings it there.
    pub(super) fn fail_sync(&mut self, rng: &mut Rng) {
        let keeps = *rng.pick(&[0, 500, 1000]);
        for change in std::mem::take(&mut self.unsynced) {
            if matches!(change, Change::SetSize(_)) || rng.chance(keeps) {
                change.apply(&mut self.stored);
            }
        }
        self.forgotten = true;
    }

    /// Memory is gone; what was not synced survives as the mood of the disk has it.
    pub(super) fn cut_power(&mut self, faults: &Faults) {
        if self.unsynced.is_empty() && !self.forgotten {
            return;
        }
        let changes = std::mem::take(&mut self.unsynced);
        match faults.random(|rng| *rng.pick(&MOODS)) {
            Mood::KeepsAll => changes.iter().for_each(|change| change.apply(&mut self.stored)),
            Mood::LosesAll => count_lost(faults, changes.len()),
            Mood::KeepsPrefix => self.keep_prefix(&changes, faults),
            Mood::KeepsSome => self.keep_some(&changes, faults),
            Mood::KeepsSectors => self.keep_sectors(&changes, faults),
        }
        self.cache.clone_from(&self.stored);
        self.forgotten = false;
    }

    /// Flips a bit for every reader from now on.
    pub(super) fn flip(&mut self, at: u64, bit: u8) {
        for bytes in [&mut self.cache, &mut self.stored] {
            if let Some(byte) = bytes.get_mut(at as usize) {
                *byte ^= 1 << bit;
            }
        }
    }

    fn keep_prefix(&mut self, changes: &[Change], faults: &Faults) {
        let Some(torn) = faults.random(|rng| rng.below(changes.len() as u64 + 1)).checked_sub(1) else {
            return count_lost(faults, changes.len());
        };
        let (kept, rest) = changes.split_at(torn as usize);
        kept.iter().for_each(|change| change.apply(&mut self.stored));
        if let Change::Write { at, bytes } = &rest[0] {
            let length = faults.random(|rng| rng.index(bytes.len() + 1));
            let length = whole_sectors(*at, length, self.stored.len() as u64);
            overwrite(&mut self.stored, *at, &bytes[..length]);
            if length > 0 && length < bytes.len() {
                faults.count(Fault::TornWrite);
            }
        }
        count_lost(faults, rest.len() - 1);
    }

    fn keep_some(&mut self, changes: &[Change], faults: &Faults) {
        let mut lost = 0;
        for change in changes {
            if faults.random(|rng| rng.chance(500)) {
                change.apply(&mut self.stored);
                if lost > 0 {
                    faults.count(Fault::ReorderedWrite);
                }
            } else if matches!(change, Change::SetSize(_)) {
                break;
            } else {
                lost += 1;
            }
        }
        count_lost(faults, lost);
    }

    fn keep_sectors(&mut self, changes: &[Change], faults: &Faults) {
        let allocated = self.stored.len() as u64;
        for change in changes {
            match change {
                Change::SetSize(_) => change.apply(&mut self.stored),
                Change::Write { at, bytes } => self.tear(*at, bytes, allocated, faults),
            }
        }
    }

    /// A sector that had its place on the disk is old or new; one behind them may hold whatever was there.
    fn tear(&mut self, at: u64, bytes: &[u8], allocated: u64, faults: &Faults) {
        let mut rest = bytes;
        let mut position = at;
        while !rest.is_empty() {
            let length = rest.len().min((SECTOR - position % SECTOR) as usize);
            let (sector, behind) = rest.split_at(length);
            match faults.random(|rng| rng.below(8)) {
                0..4 => overwrite(&mut self.stored, position, sector),
                4 => {
                    let mut stale = vec![0; length];
                    faults.random(|rng| rng.fill(&mut stale));
                    self.leave(position, &stale, allocated);
                    faults.count(Fault::StaleSector);
                }
                5 => self.leave(position, &vec![0; length], allocated),
                _ => {}
            }
            position += length as u64;
            rest = behind;
        }
        faults.count(Fault::TornWrite);
    }

    fn leave(&mut self, position: u64, stale: &[u8], allocated: u64) {
        let old = allocated.saturating_sub(position).min(stale.len() as u64);
        overwrite(&mut self.stored, position + old, &stale[old as usize..]);
    }
}

/// How much of the beginning of a write is done when it breaks off: within what had its place on the disk, a sector
/// is written whole or not at all.
pub(super) fn whole_sectors(at: u64, length: usize, allocated: u64) -> usize {
    let end = at + length as u64;
    if end >= allocated { length } else { (end - end % SECTOR).saturating_sub(at) as usize }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => overwrite(to, *at, bytes),
            Self::SetSize(size) => to.resize(*size as usize, 0),
        }
    }
}

fn overwrite(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (at, end) = (at as usize, at as usize + bytes.len());
    if bytes.is_empty() {
        return;
    }
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

fn count_lost(faults: &Faults, writes: usize) {
    (0..writes).for_each(|_| faults.count(Fault::LostWrite));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survivors(prepare: impl Fn(&mut Content)) -> std::collections::BTreeSet<Vec<u8>> {
        let faults = Faults::new(Rng::new(1));
        let survive = |_| {
            let mut content = Content::default();
            prepare(&mut content);
            content.cut_power(&faults);
            content.bytes().to_vec()
        };
        (0..300).map(survive).collect()
    }

    #[test]
    fn what_was_synced_survives_and_nothing_else_must() {
        assert_eq!(
            survivors(|content| {
                content.write(0, b"kept");
                content.sync();
            }),
            [b"kept".to_vec()].into()
        );
        let after = survivors(|content| content.write(0, b"abc"));
        for possible in [&b""[..], b"a", b"ab", b"abc", b"\0\0\0"] {
            assert!(after.contains(possible), "{possible:?} in {after:?}");
        }
    }

    #[test]
    fn a_later_write_may_survive_alone() {
        let after = survivors(|content| {
            content.write(0, b"aa");
            content.write(2, b"bb");
        });
        assert!(after.contains(&b"\0\0bb"[..]) && after.contains(&b"aa"[..]), "{after:?}");
    }

    #[test]
    fn what_was_durable_and_is_written_over_is_old_or_new() {
        let after = survivors(|content| {
            content.write(0, b"old");
            content.sync();
            content.write(0, b"new!");
        });
        let starts: std::collections::BTreeSet<_> = after.iter().map(|bytes| bytes[..3].to_vec()).collect();
        assert_eq!(starts, [b"old".to_vec(), b"new".to_vec()].into());
    }

    #[test]
    fn a_write_survives_only_with_the_cut_before_it() {
        let after = survivors(|content| {
            content.write(0, b"long content");
            content.sync();
            content.set_size(2);
            content.write(2, b"X");
        });
        assert!(after.contains(&b"lo"[..]) && after.contains(&b"loX"[..]), "{after:?}");
        assert!(!after.contains(&b"loXg content"[..]), "{after:?}");
    }

    #[test]
    fn a_failed_sync_may_forget_what_readers_still_see() {
        let mut rng = Rng::new(1);
        let lost = (0..20).any(|_| {
            let mut content = Content::default();
            content.write(0, b"x");
            content.fail_sync(&mut rng);
            content.sync();
            content.bytes() == b"x" && content.stored().is_empty()
        });
        assert!(lost);
    }
}
