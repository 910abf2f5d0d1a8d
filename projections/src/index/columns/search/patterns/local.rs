//! The forms of the messages of one group, under numbers of its own, so that several groups are looked at at once.
//!
//! Nothing is looked up here: templates and keys of texts are kept until `Forms` takes them in, in the order of groups.
//! Invariant: taken in, they are what the group alone would have made of the room that there is then; if that cannot be
//! said, the group is looked at again. It does not make forms.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::forms::{Numbers, Room, UNKNOWN};
use crate::index::columns::template::split::{Split, split};
use crate::index::columns::template::{Template, Templates};

/// What makes a form.
#[derive(Debug)]
pub(super) enum Source {
    /// By its number among those of the group.
    Template(u32),
    /// The key of a text that has no template.
    Text(Box<[u8]>),
}

/// The forms of one group.
#[derive(Debug)]
pub(super) struct LocalForms {
    /// By their numbers.
    sources: Vec<Source>,
    templates: Templates,
    by_key: HashTable<u32>,
    split: Split,
    hasher: FixedState,
    /// For texts, in the beginning and by now.
    first_room: Room,
    room: Room,
    key_bytes: usize,
}

impl LocalForms {
    pub(super) fn with_room(room: Room) -> Self {
        let (by_key, hasher) = (HashTable::new(), FixedState::default());
        let split = Split::default();
        Self {
            sources: Vec::new(),
            templates: Templates::default(),
            by_key,
            split,
            hasher,
            first_room: room,
            room,
            key_bytes: 0,
        }
    }

    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(super) fn template(&self, number: u32) -> Template<'_> {
        self.templates.template(number as usize)
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
        self.key_bytes
            + self.templates.bytes_held()
            + self.sources.capacity() * size_of::<Source>()
            + self.by_key.capacity() * size_of::<u32>()
    }

    fn push(&mut self, source: Source) -> u32 {
        self.sources.push(source);
        self.sources.len() as u32 - 1
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
        let (sources, key) = (&self.sources, self.split.key());
        let is_it =
            |number: &u32| matches!(&sources[*number as usize], Source::Text(other) if **other == *key);
        if let Some(number) = self.by_key.find(hash, is_it) {
            return *number;
        }
        let key: Box<[u8]> = key.into();
        self.key_bytes += key.len();
        let number = self.push(Source::Text(key));
        let Self { sources, by_key, hasher, .. } = self;
        by_key.insert_unique(hash, number, |number| match &sources[*number as usize] {
            Source::Text(key) => hasher.hash_one(&**key),
            Source::Template(_) => unreachable!("only texts have keys"),
        });
        number
    }

    /// A template of which it is known that it did not come before, or which is only counted apart.
    fn of_template(&mut self, template: Template<'_>) -> u32 {
        self.templates.push(template);
        self.push(Source::Template(self.templates.count() as u32))
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
        assert_eq!(local.sources().len(), 3);
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
