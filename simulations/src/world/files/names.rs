//! The names in one folder: which a program sees, which are on the disk, and the changes between them.
//!
//! Invariant: a change of a name is lost or kept as a whole: a rename never leaves both names or none
//! of a durable file. It holds no bytes: a name leads to the number of a file.

use std::collections::BTreeMap;

use crate::world::{Fault, Faults};

/// Which file a name leads to.
pub(super) type FileNumber = usize;

/// A folder.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: BTreeMap<String, FileNumber>,
    stored: BTreeMap<String, FileNumber>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Link { name: String, file: FileNumber },
    Unlink { name: String },
    Rename { from: String, to: String, file: FileNumber },
}

impl Names {
    pub(super) fn find(&self, name: &str) -> Option<FileNumber> {
        self.seen.get(name).copied()
    }

    pub(super) fn seen(&self) -> impl Iterator<Item = (&str, FileNumber)> {
        self.seen.iter().map(|(name, file)| (name.as_str(), *file))
    }

    pub(super) fn link(&mut self, name: String, file: FileNumber) {
        self.change(Change::Link { name, file });
    }

    pub(super) fn unlink(&mut self, name: String) {
        self.change(Change::Unlink { name });
    }

    pub(super) fn rename(&mut self, from: String, to: String, file: FileNumber) {
        self.change(Change::Rename { from, to, file });
    }

    pub(super) fn sync(&mut self) {
        self.unsynced.clear();
        self.stored.clone_from(&self.seen);
    }

    /// Each unsynced change is kept or lost: all alike, up to some point, or each on its own.
    pub(super) fn cut_power(&mut self, faults: &Faults) {
        let changes = std::mem::take(&mut self.unsynced);
        let (mood, until) = faults.random(|rng| (rng.below(4), rng.index(changes.len() + 1)));
        for (index, change) in changes.into_iter().enumerate() {
            let kept = match mood {
                0 => true,
                1 => false,
                2 => index < until,
                _ => faults.random(|rng| rng.chance(500)),
            };
            if kept {
                change.apply(&mut self.stored);
            } else {
                faults.count(Fault::LostName);
            }
        }
        self.seen.clone_from(&self.stored);
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, FileNumber>) {
        match self {
            Self::Link { name, file } => {
                names.insert(name.clone(), *file);
            }
            Self::Unlink { name } => {
                names.remove(name);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Rng;

    #[test]
    fn an_unsynced_rename_leaves_the_old_or_the_new_file() {
        let faults = Faults::new(Rng::new(1));
        let mut outcomes = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let mut names = Names::default();
            names.link("mark".into(), 1);
            names.sync();
            names.link("draft".into(), 2);
            names.rename("draft".into(), "mark".into(), 2);
            names.cut_power(&faults);
            outcomes.insert(names.seen().map(|(name, file)| (name.to_owned(), file)).collect::<Vec<_>>());
        }
        let one = |name: &str, file| (name.to_owned(), file);
        assert_eq!(
            outcomes,
            [vec![one("mark", 1)], vec![one("mark", 2)], vec![one("draft", 2), one("mark", 1)]].into()
        );
    }

    #[test]
    fn synced_names_survive() {
        let faults = Faults::new(Rng::new(1));
        let mut names = Names::default();
        names.link("a".into(), 1);
        names.unlink("a".into());
        names.link("b".into(), 2);
        names.sync();
        names.cut_power(&faults);
        assert_eq!(names.seen().collect::<Vec<_>>(), [("b", 2)]);
    }
}
