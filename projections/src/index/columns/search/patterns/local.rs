//! The forms of the messages of one group, under numbers of its own, so that several groups are looked at at once.
//!
//! Nothing is looked up here: keys of templates and texts are kept until `Forms` takes them in, in the order of groups.
//! Invariant: taken in, they are what the group alone would have made of the room that there is then; if that cannot be
//! said, the group is looked at again. It does not make forms.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::forms::{Numbers, Room, UNKNOWN};
use crate::index::columns::same::run_at;
use crate::index::columns::template::Template;
use crate::index::columns::template::split::{Split, split};

/// The forms of one group.
#[derive(Debug)]
pub(super) struct LocalForms {
    /// The keys of templates and of texts, each at its number.
    keys: Vec<u8>,
    ends: Vec<u32>,
    /// The numbers of those that are of texts.
    by_key: HashTable<u32>,
    split: Split,
    hasher: FixedState,
    /// For texts, in the beginning and by now.
    first_room: Room,
    room: Room,
}

impl LocalForms {
    pub(super) fn with_room(room: Room) -> Self {
        Self {
            keys: Vec::new(),
            ends: Vec::new(),
            by_key: HashTable::new(),
            split: Split::default(),
            hasher: FixedState::default(),
            first_room: room,
            room,
        }
    }

    /// What stands for each form, by number.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|number| run_at(&self.keys, &self.ends, number))
    }

    /// What was looked at, as room.
    pub(super) fn used(&self) -> Room {
        let Room { texts, bytes } = self.first_room;
        Room { texts: texts - self.room.texts, bytes: bytes - self.room.bytes }
    }

    /// Whether the same texts would have been looked at if there had been so much room.
    pub(super) fn fits(&self, room: Room) -> bool {
        let Room { texts, bytes } = self.used();
        let has_sufficed = !self.room.is_empty() && texts < room.texts && bytes < room.bytes;
        room == self.first_room || texts == 0 && !self.first_room.is_empty() || has_sufficed
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.keys.capacity()
            + self.ends.capacity() * size_of::<u32>()
            + self.by_key.capacity() * size_of::<u32>()
    }

    /// The number of the key that was appended last.
    fn end(&mut self) -> u32 {
        self.ends.push(self.keys.len() as u32);
        self.ends.len() as u32 - 1
    }
}

impl Numbers for LocalForms {
    fn room(&self) -> Room {
        self.room
    }

    fn of_text(&mut self, text: &[u8]) -> u32 {
        if !self.room.take(text.len()) {
            return UNKNOWN;
        }
        split(text, &mut self.split);
        let hash = self.hasher.hash_one(self.split.key());
        let is_it = |number: &u32| run_at(&self.keys, &self.ends, *number as usize) == self.split.key();
        if let Some(number) = self.by_key.find(hash, is_it) {
            return *number;
        }
        self.keys.extend_from_slice(self.split.key());
        let number = self.end();
        let Self { keys, ends, by_key, hasher, .. } = self;
        by_key.insert_unique(hash, number, |number| hasher.hash_one(run_at(keys, ends, *number as usize)));
        number
    }

    /// A template of which it is known that it did not come before, or which is only counted apart.
    fn of_template(&mut self, template: Template<'_>) -> u32 {
        template.write_key(&mut self.keys);
        self.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::columns::search::patterns::forms::Forms;

    #[test]
    fn forms_are_taken_in_as_if_they_had_come_at_once() {
        let texts: [&[u8]; 4] = [b"took 5 ms", b"up", b"took 7 ms", b"down"];
        let (mut whole, mut parts) = (Forms::default(), Forms::default());
        let mut local = LocalForms::with_room(parts.room());
        let numbers: Vec<u32> = texts.iter().map(|text| local.of_text(text)).collect();
        assert_eq!(local.keys().count(), 3);
        let taken = parts.take_in(&local);
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(taken[number as usize], whole.of_text(text));
        }
        assert_eq!((parts.room(), parts.all()), (whole.room(), whole.all()));
    }

    #[test]
    fn what_was_left_out_for_want_of_room_fits_the_same_room_only() {
        let room = |texts| Room { texts, bytes: 1_000 };
        let mut local = LocalForms::with_room(room(2));
        assert!(local.fits(room(2)) && local.fits(room(0)), "no text was asked for");
        assert!([local.of_text(b"a"), local.of_text(b"b"), local.of_text(b"c")] == [0, 1, UNKNOWN]);
        assert!(local.fits(room(2)) && !local.fits(room(3)) && !local.fits(room(1)));
        let mut local = LocalForms::with_room(room(3));
        local.of_text(b"a");
        assert!(local.fits(room(2)) && !local.fits(room(1)));
        let mut none = LocalForms::with_room(room(0));
        assert_eq!(none.of_text(b"a"), UNKNOWN);
        assert!(none.fits(room(0)) && !none.fits(room(1)));
    }
}
