//! A column of texts that grows, and can be read while it does.
//!
//! Each text is the number of its template and, for each hole, its variable at the end of a typed vector. What
//! has no template goes to the rest.
//! Invariant: every text comes back byte for byte, and what one tenant sends does not decide whether another's
//! texts find a template. It does not compress: that is done once, by `encode.rs`.

use std::hash::BuildHasher as _;
use std::ops::Range;

use antler_events::query::text::{is_filtered, token_hash};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::admission::{self, Admission};
use super::form::HoleKind;
use super::run::TakeRun;
use super::sieve::{OpenSieve, OpenWords};
use super::split::{Hole, Split, for_each_token, for_each_token_again, mark, split_marked, split_quoted};
use super::templates::Templates;
use super::variables::{Variables, Words};
use super::{REST, TemplateError};
use crate::index::columns::narrow::NarrowNumbers;

/// A variable that is shorter is not reported as a token.
pub const VARIABLE_TOKEN_BYTES_MIN: usize = 5;
/// A word that is shorter is not reported as a token.
pub const WORD_TOKEN_BYTES_MIN: usize = 2;
/// A longer text goes to the rest.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// A template with a longer key goes to the rest, or with more holes.
pub(super) const KEY_BYTES_MAX: usize = 8 << 10;
pub(super) const HOLES_MAX: usize = 256;
/// What a column may hold, so that 32 bits count its bytes.
const COLUMN_BYTES_MAX: usize = 1 << 30;
/// So many quoted texts are remembered.
const QUOTED_RECENT: usize = 4096;
/// With more templates, one that is new must be seen twice: many are seen once only, and a text without a template
/// needs less room than a template.
const FREE_SLOTS: usize = 2_048;
/// Kinds of holes, counted from 1.
const KINDS: usize = HoleKind::Text as usize + 1;

/// A column of texts that grows.
#[derive(Debug, Default)]
pub struct TemplateColumn {
    slots: Vec<Slot>,
    by_key: HashTable<Keyed>,
    /// The keys of all templates, one behind the other.
    keys: Vec<u8>,
    /// For each kind of hole the slot of texts that are one variable of this kind, and no more: ids, mostly.
    lone: [Option<u16>; KINDS],
    hasher: FixedState,
    rest: Words,
    /// For each text the number of its template: 0 for the rest, or the index of its slot and one more.
    numbers: Vec<u16>,
    /// For each text how many texts of its template came before.
    ranks: NarrowNumbers,
    admission: Admission,
    split: Split,
    quoted: QuotedTokens,
    sieve: OpenSieve,
    wide: WideLooks,
    bytes: usize,
    templates: Templates,
}

/// A template as the table of keys knows it, so that a key is compared without looking into its slot: with many
/// templates each is another place in memory for each text.
#[derive(Debug, Clone, Copy)]
struct Keyed {
    hash: u64,
    key: Key,
    index: u16,
}

/// Where a key stands among those of the column.
#[derive(Debug, Clone, Copy)]
struct Key {
    start: u32,
    length: u32,
}

impl Key {
    /// All keys have fewer bytes than 32 bits count, because what templates cost is bounded.
    fn keep(key: &[u8], keys: &mut Vec<u8>) -> Self {
        let start = keys.len() as u32;
        keys.extend_from_slice(key);
        Self { start, length: key.len() as u32 }
    }

    #[inline]
    fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

/// The key of a template and its variables.
#[derive(Debug)]
pub(super) struct Slot {
    key: Key,
    pub(super) count: u32,
    pub(super) holes: Box<[Variables]>,
}

impl Slot {
    /// What it needs beside its variables.
    fn bytes(&self) -> usize {
        size_of::<Self>() + 3 * self.key.length as usize + self.holes.len() * (size_of::<Variables>() + 8)
    }

    fn clear(&mut self) {
        self.count = 0;
        self.holes.iter_mut().for_each(Variables::clear);
    }
}

impl TemplateColumn {
    /// Appends a text and answers the number of its template.
    ///
    /// Reports the hashes of the tokens that a filter needs: of the words of a template that is new, and of every text each
    /// variable of at least `VARIABLE_TOKEN_BYTES_MIN` bytes. An id counts as the tokens that it is made of,
    /// an address as a whole. Of a text of the rest, every token of at least `WORD_TOKEN_BYTES_MIN` bytes.
    pub fn push(
        &mut self,
        tenant: u32,
        text: &[u8],
        token: &mut impl FnMut(u64),
    ) -> Result<u16, TemplateError> {
        let held = self.bytes;
        if held + text.len() > COLUMN_BYTES_MAX {
            return Err(TemplateError::Full { held, text: text.len() });
        }
        self.admission.count(tenant);
        let number = match self.slot_of(text) {
            Some(index) => self.push_variables(index, text, token),
            None => self.push_rest(text, token),
        };
        // Its place: the number, and the rank that was pushed with it.
        self.bytes += size_of::<u16>() + self.ranks.width();
        self.numbers.push(number);
        Ok(number)
    }

    pub fn count(&self) -> u32 {
        self.numbers.len() as u32
    }

    /// How many templates there are; they have the numbers from 1 to that.
    pub fn template_count(&self) -> u16 {
        self.slots.len() as u16
    }

    /// All templates by their numbers.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// How many texts have the template of this number.
    pub fn texts_of(&self, number: u16) -> u32 {
        if number == REST { self.rest.len() as u32 } else { self.slot(number).count }
    }

    /// The numbers of the templates of these texts.
    pub fn numbers(&self, texts: Range<u32>) -> Result<&[u16], TemplateError> {
        let out_of = TemplateError::Position { position: texts.end, count: self.count() };
        self.numbers.get(texts.start as usize..texts.end as usize).ok_or(out_of)
    }

    /// The number of the template of a text.
    pub fn template_of(&self, position: u32) -> Result<u16, TemplateError> {
        let number = self.numbers.get(position as usize).copied();
        number.ok_or(TemplateError::Position { position, count: self.count() })
    }

    /// Appends the text to `out`.
    pub fn render(&self, position: u32, out: &mut Vec<u8>) -> Result<(), TemplateError> {
        let number = self.template_of(position)?;
        let rank = self.ranks.at(position as usize) as usize;
        if number == REST {
            out.extend_from_slice(self.rest.word(rank));
            return Ok(());
        }
        let (template, holes) = (self.templates.template(usize::from(number)), &self.slot(number).holes);
        for (index, hole) in holes.iter().enumerate() {
            out.extend_from_slice(template.literal(index));
            hole.write(rank, out);
        }
        out.extend_from_slice(template.literal(holes.len()));
        Ok(())
    }

    /// Gives all variables of a hole; the texts of the rest are variables of its first.
    pub fn give_variables(&self, number: u16, hole: usize, take: &mut TakeRun<'_>) {
        match number {
            REST => self.rest.give(take),
            number => self.slot(number).holes[hole].give(self.texts_of(number) as usize, take),
        }
    }

    /// Forgets all texts and keeps the memory, the templates that were in use, and which texts have wide ones:
    /// the next texts will be much like the last. Templates have other numbers from now on.
    pub fn clear(&mut self) {
        self.slots.retain(|slot| slot.count > 0);
        self.templates.clear();
        self.by_key.clear();
        self.lone = [None; KINDS];
        let mut cost = 0;
        self.bytes = 0;
        let keys = std::mem::take(&mut self.keys);
        for index in 0..self.slots.len() {
            let key = &keys[self.slots[index].key.range()];
            self.slots[index].key = Key::keep(key, &mut self.keys);
            self.enter(self.hash(key), index as u16);
            let slot = &mut self.slots[index];
            self.templates.push_key(key).expect("it was pushed before");
            slot.clear();
            self.bytes += slot.bytes();
            cost += admission::cost(key, slot.holes.len());
        }
        self.admission = Admission::of_cost(cost);
        self.rest.clear();
        self.quoted.recent.clear();
        self.sieve.clear();
        self.numbers.clear();
        self.ranks.clear();
    }

    /// About how much memory the column needs.
    pub fn bytes_held(&self) -> usize {
        self.bytes + self.admission.bytes_held() + self.sieve.bytes_held()
    }

    pub(super) fn slot(&self, number: u16) -> &Slot {
        &self.slots[usize::from(number) - 1]
    }

    pub(super) fn rest(&self) -> &Words {
        &self.rest
    }

    pub(super) fn sieve(&self) -> &OpenSieve {
        &self.sieve
    }

    pub(super) fn place(&self, position: u32) -> (u16, u32) {
        (self.numbers[position as usize], self.ranks.at(position as usize) as u32)
    }

    /// The slot that the text belongs to, which may be new; none if it belongs to the rest.
    #[inline]
    fn slot_of(&mut self, text: &[u8]) -> Option<usize> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        mark(text, &mut self.split);
        match self.split.quotes() {
            0 => self.slot_of_narrow(text),
            quotes => self.slot_of_quoting(text, quotes),
        }
    }

    #[inline]
    fn slot_of_narrow(&mut self, text: &[u8]) -> Option<usize> {
        split_marked(text, &mut self.split);
        if let (Some(lone), [_], [_]) = (self.lone_slot(), self.split.key(), self.split.holes()) {
            return Some(lone);
        }
        self.slot_of_parts(|column, hash| column.admit(hash, Admission::admit))
    }

    /// The slot of a text with quotes. Where texts that look like it had no room for a template but for a wider
    /// one, that is looked for first.
    fn slot_of_quoting(&mut self, text: &[u8], quotes: u32) -> Option<usize> {
        let look = WideLooks::look(text, quotes);
        if self.wide.has(look) {
            split_quoted(text, &mut self.split);
            if let Some(slot) = self.slot_of_parts(|_, _| None) {
                return Some(slot);
            }
        }
        let narrow = self.slot_of_narrow(text);
        if narrow.is_some() {
            self.wide.note(look, false);
            return narrow;
        }
        split_quoted(text, &mut self.split);
        let wide = self.slot_of_parts(|column, hash| column.admit(hash, Admission::admit_quoted));
        self.wide.note(look, wide.is_some());
        wide
    }

    #[inline]
    fn slot_of_parts(&mut self, unknown: impl FnOnce(&mut Self, u64) -> Option<usize>) -> Option<usize> {
        let key = self.split.key();
        let hash = self.hash(key);
        match self.by_key.find(hash, |keyed| keyed.hash == hash) {
            // Two keys with one hash: the second one has no template.
            Some(keyed) => (self.keys[keyed.key.range()] == *key).then_some(usize::from(keyed.index)),
            None => unknown(self, hash),
        }
    }

    /// The slot of texts that are one variable of the kind that the text begins with.
    #[inline]
    fn lone_slot(&self) -> Option<usize> {
        let kind = usize::from(*self.split.key().first()?);
        self.lone.get(kind).copied().flatten().map(usize::from)
    }

    /// Makes the slot be found by its key.
    fn enter(&mut self, hash: u64, index: u16) {
        let Slot { key, holes, .. } = &self.slots[usize::from(index)];
        self.by_key.insert_unique(hash, Keyed { hash, key: *key, index }, |keyed| keyed.hash);
        if let ([kind], [_]) = (&self.keys[key.range()], &**holes) {
            self.lone[usize::from(*kind)] = Some(index);
        }
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> u64 {
        use std::hash::Hasher as _;
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    #[cold]
    fn admit(&mut self, hash: u64, admit: fn(&mut Admission, &[u8], usize) -> bool) -> Option<usize> {
        let (key, holes) = (self.split.key(), self.split.holes());
        let is_large = key.len() > KEY_BYTES_MAX || holes.len() > HOLES_MAX;
        if self.slots.len() >= FREE_SLOTS && !self.admission.is_second_sight(hash) {
            return None;
        }
        if is_large || !admit(&mut self.admission, key, holes.len()) {
            return None;
        }
        self.templates.push_key(key)?;
        let index = self.slots.len();
        let holes: Box<[Variables]> = holes.iter().map(|hole| Variables::new(hole.kind)).collect();
        let key = Key::keep(key, &mut self.keys);
        let slot = Slot { key, count: 0, holes };
        self.bytes += slot.bytes();
        self.slots.push(slot);
        self.enter(hash, index as u16);
        Some(index)
    }

    #[inline]
    fn push_variables(&mut self, index: usize, text: &[u8], token: &mut impl FnMut(u64)) -> u16 {
        let slot = &mut self.slots[index];
        if slot.count == 0 {
            let mut report = |word: &[u8], _| token(token_hash(word));
            let key = &self.keys[slot.key.range()];
            for_each_token(key, WORD_TOKEN_BYTES_MIN, &mut self.quoted.split, &mut report);
        }
        self.ranks.push(slot.count.into());
        slot.count += 1;
        for (variables, hole) in slot.holes.iter_mut().zip(self.split.holes()) {
            self.bytes += variables.push(text, hole);
            if hole.kind == HoleKind::Text {
                self.quoted.report(hole.text(text), &mut self.sieve.quotes, token);
            } else {
                report_variable(text, hole, token);
            }
        }
        index as u16 + 1
    }

    fn push_rest(&mut self, text: &[u8], token: &mut impl FnMut(u64)) -> u16 {
        let words = &mut self.sieve.rest;
        let mut report = |word: &[u8], has_digit| report_word(word, has_digit, words, token);
        if text.len() > TEXT_BYTES_MAX {
            for_each_token(text, 1, &mut self.split, &mut report);
        } else {
            for_each_token_again(text, 1, &self.split, &mut report);
        }
        self.ranks.push(self.rest.len() as u64);
        self.bytes += self.rest.push(text);
        REST
    }
}

#[inline]
fn report_variable(text: &[u8], hole: &Hole, token: &mut impl FnMut(u64)) {
    let variable = hole.text(text);
    match hole.kind {
        HoleKind::Uuid => {
            let parts = variable.split(|byte| *byte == b'-').filter(|part| is_filtered(part));
            parts.map(token_hash).for_each(token);
        }
        _ if variable.len() >= VARIABLE_TOKEN_BYTES_MIN => token(token_hash(variable)),
        _ => {}
    }
}

/// Reports a token of a text that templates do not tell.
#[inline]
fn report_word(word: &[u8], has_digit: bool, words: &mut OpenWords, token: &mut impl FnMut(u64)) {
    let hash = token_hash(word);
    if !has_digit {
        words.note(hash);
    }
    if word.len() >= WORD_TOKEN_BYTES_MIN {
        token(hash);
    }
}

/// Reports the tokens of quoted texts, which come again and again: browsers, pages, queries.
#[derive(Debug, Default)]
struct QuotedTokens {
    /// The hashes of texts that were reported not long ago.
    recent: Vec<u64>,
    hasher: FixedState,
    split: Split,
}

impl QuotedTokens {
    fn report(&mut self, text: &[u8], words: &mut OpenWords, token: &mut impl FnMut(u64)) {
        let hash = self.hasher.hash_one(text);
        self.recent.resize(QUOTED_RECENT, 0);
        let recent = &mut self.recent[hash as usize % QUOTED_RECENT];
        if *recent != hash {
            *recent = hash;
            let mut report = |word: &[u8], has_digit| report_word(word, has_digit, words, token);
            for_each_token(text, 1, &mut self.split, &mut report);
        }
    }
}

/// What texts look like whose templates found no room, but wider ones did: one bit for each look.
#[derive(Debug, Default)]
struct WideLooks([u64; 4]);

impl WideLooks {
    /// Looks of few kinds of texts are the same; then both are cut twice, which costs time and nothing else.
    fn look(text: &[u8], quotes: u32) -> usize {
        let begins = text.first().is_some_and(u8::is_ascii_digit);
        let ends = text.last() == Some(&b'"');
        (quotes as usize * 4 + usize::from(begins) * 2 + usize::from(ends)) % 256
    }

    fn has(&self, look: usize) -> bool {
        self.0[look / 64] >> (look % 64) & 1 != 0
    }

    fn note(&mut self, look: usize, is_wide: bool) {
        let bit = 1 << (look % 64);
        self.0[look / 64] = self.0[look / 64] & !bit | if is_wide { bit } else { 0 };
    }
}

#[cfg(test)]
mod tests;
