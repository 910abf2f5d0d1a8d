//! The forms of messages under numbers, so that rows of many groups are counted by small integers.
//!
//! Invariant: equal forms have one number, whichever template or text they came from, and memory is bounded: what finds
//! no room is unknown. A template is looked at once however many groups have it. It does not count.

use std::hash::BuildHasher as _;

use antler_events::query::pattern::Form;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::local::LocalForms;
use crate::index::columns::template::split::{Split, split};
use crate::index::columns::template::{Template, Templates};

/// More forms are unknown. Whoever has that many has no patterns.
const FORMS_MAX: usize = 32_768;
const FORM_BYTES_MAX: usize = 24 << 20;
/// Keys that are remembered with their forms, and their bytes.
const KEYS_MAX: usize = 131_072;
const KEY_BYTES_MAX: usize = 24 << 20;
/// Texts without a template that are looked at, and their bytes.
const TEXTS_MAX: usize = 65_536;
const TEXT_BYTES_MAX: usize = 32 << 20;

/// The number of a form that is unknown, and that of a row without a message.
pub(super) const UNKNOWN: u32 = u32::MAX - 1;
pub(super) const NO_MESSAGE: u32 = u32::MAX;

/// Gives the forms of messages numbers.
pub(super) trait Numbers {
    /// The number of the form of a text.
    fn of_text(&mut self, text: &[u8]) -> u32;

    /// The number of the form of a template.
    fn of_template(&mut self, template: Template<'_>) -> u32;

    /// For texts.
    fn room(&self) -> Room;
}

/// Texts without a template that may still be looked at, and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) texts: usize,
    pub(super) bytes: usize,
}

impl Room {
    const FIRST: Self = Self { texts: TEXTS_MAX, bytes: TEXT_BYTES_MAX };

    pub(super) fn is_empty(self) -> bool {
        self.texts == 0 || self.bytes == 0
    }

    /// Takes what one more text needs, if any is left. The last one may need more.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let may = !self.is_empty();
        if may {
            self.texts -= 1;
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        may
    }
}

/// Different forms.
#[derive(Debug)]
pub(super) struct Forms {
    all: Vec<Form>,
    by_form: HashTable<u32>,
    /// Keys of templates and texts, each with the number of its form.
    by_key: HashTable<(Box<[u8]>, u32)>,
    split: Split,
    /// That of the template which is looked at.
    key: Vec<u8>,
    hasher: FixedState,
    form_bytes: usize,
    key_bytes: usize,
    room: Room,
}

impl Default for Forms {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            by_form: HashTable::new(),
            by_key: HashTable::new(),
            split: Split::default(),
            key: Vec::new(),
            hasher: FixedState::default(),
            form_bytes: 0,
            key_bytes: 0,
            room: Room::FIRST,
        }
    }
}

impl Forms {
    pub(super) fn all(&self) -> &[Form] {
        &self.all
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Lets as many texts be looked at as in the beginning.
    pub(super) fn renew_room_for_texts(&mut self) {
        self.room = Room::FIRST;
    }

    /// Takes in the forms of a group; gives for each number of theirs the own one.
    pub(super) fn take_in(&mut self, local: &LocalForms) -> Vec<u32> {
        let used = local.used();
        self.room.texts = self.room.texts.saturating_sub(used.texts);
        self.room.bytes = self.room.bytes.saturating_sub(used.bytes);
        local.keys().map(|key| self.of_key(key)).collect()
    }

    /// The number of the form of texts whose template has the key.
    fn of_key(&mut self, key: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(key);
        if let Some((_, number)) = self.by_key.find(hash, |(other, _)| **other == *key) {
            return *number;
        }
        let template = Templates::of_key(key).expect("the split writes keys");
        let number = self.number(template.template(1).form());
        if self.by_key.len() < KEYS_MAX && self.key_bytes < KEY_BYTES_MAX {
            self.key_bytes += key.len();
            let Self { by_key, hasher, .. } = self;
            by_key.insert_unique(hash, (key.into(), number), |(key, _)| hasher.hash_one(&**key));
        }
        number
    }

    fn number(&mut self, form: Form) -> u32 {
        let Self { all, by_form, hasher, .. } = self;
        let hash = hasher.hash_one(&form);
        // What is shown tells variables apart that are equal: a pattern may be of addresses only.
        let is_same = |number: &u32| all[*number as usize].is_shown_like(&form);
        if let Some(number) = by_form.find(hash, is_same) {
            return *number;
        }
        if all.len() >= FORMS_MAX || self.form_bytes > FORM_BYTES_MAX {
            return UNKNOWN;
        }
        let number = all.len() as u32;
        self.form_bytes += form.bytes_held();
        all.push(form);
        by_form.insert_unique(hash, number, |number| hasher.hash_one(&all[*number as usize]));
        number
    }
}

impl Numbers for Forms {
    fn room(&self) -> Room {
        self.room
    }

    fn of_text(&mut self, text: &[u8]) -> u32 {
        if !self.room.take(text.len()) {
            return UNKNOWN;
        }
        let mut parts = std::mem::take(&mut self.split);
        split(text, &mut parts);
        let number = self.of_key(parts.key());
        self.split = parts;
        number
    }

    fn of_template(&mut self, template: Template<'_>) -> u32 {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        template.write_key(&mut key);
        let number = self.of_key(&key);
        self.key = key;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_texts_of_one_form_have_one_number() {
        let mut forms = Forms::default();
        let template = |text: &str| {
            let mut parts = Split::default();
            split(text.as_bytes(), &mut parts);
            Templates::of_key(parts.key()).unwrap()
        };
        let first = forms.of_template(template("took 5 ms").template(1));
        assert_eq!(forms.of_text(b"took 7  ms"), first);
        assert_eq!(forms.of_template(template("took 12 ms").template(1)), first);
        assert_ne!(forms.of_text(b"took 7ms"), first);
        assert_eq!(forms.len(), 2);
    }

    #[test]
    fn what_finds_no_room_is_unknown() {
        let mut forms = Forms::default();
        let text = |at: usize| format!("{} and", "ab".repeat(1 + at / 100) + &"c".repeat(at % 100));
        let known =
            (0..TEXTS_MAX).filter(|at| forms.of_text(text(*at % 60_000).as_bytes()) < UNKNOWN).count();
        assert!(known >= forms.len() && forms.len() <= FORMS_MAX);
        assert_eq!(forms.of_text(b"one more"), UNKNOWN);
        forms.renew_room_for_texts();
        assert!(!forms.room().is_empty());
    }
}
