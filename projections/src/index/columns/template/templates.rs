//! The templates of a column one after the other, so that one look goes through the literals of all.
//!
//! Invariant: the literals of a template lie together, in the order of the numbers, without what is between
//! them. It does not say which texts have a template.

use std::ops::Range;

use super::form::{ESCAPE, HoleAt, HoleKind, Template, is_marker};

/// Templates by their numbers, from 1 on. That of the rest, which has the number 0, is empty.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    literals: Vec<u8>,
    holes: Vec<HoleAt>,
    all: Vec<End>,
}

/// Where a template ends.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    literals: u32,
    holes: u32,
    /// A bit for each kind of hole.
    kinds: u8,
}

impl Templates {
    /// About how much memory so many templates need, with so many holes and bytes of literals.
    pub fn bytes_needed(templates: usize, holes: usize, literals: usize) -> usize {
        templates * size_of::<End>() + holes * size_of::<HoleAt>() + literals
    }

    pub fn with_capacity(templates: usize, holes: usize, literals: usize) -> Self {
        Self {
            literals: Vec::with_capacity(literals),
            holes: Vec::with_capacity(holes),
            all: Vec::with_capacity(templates),
        }
    }

    /// One, that the key stands for.
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let mut one = Self::default();
        one.push_key(key)?;
        Some(one)
    }

    /// Appends a template.
    pub fn push(&mut self, template: Template<'_>) {
        self.literals.extend_from_slice(template.text());
        self.holes.extend_from_slice(template.holes());
        self.end();
    }

    /// Appends the template that a key stands for. One that is none leaves everything as it was.
    pub fn push_key(&mut self, key: &[u8]) -> Option<()> {
        let (literals, holes) = (self.literals.len(), self.holes.len());
        let read = self.read_key(key, literals);
        match read {
            Some(()) => self.end(),
            None => {
                self.literals.truncate(literals);
                self.holes.truncate(holes);
            }
        }
        read
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.literals.clear();
        self.holes.clear();
        self.all.clear();
    }

    /// How many there are, the rest aside.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// How many holes all have.
    pub fn holes(&self) -> usize {
        self.holes.len()
    }

    #[inline]
    pub fn template(&self, number: usize) -> Template<'_> {
        let holes = self.end_before(number).holes as usize..self.end_of(number).holes as usize;
        Template::new(&self.literals[self.range(number)], &self.holes[holes])
    }

    /// The literals of all.
    pub fn literals(&self) -> &[u8] {
        &self.literals
    }

    /// The number of the template that a byte of the literals belongs to.
    pub fn number_at(&self, at: usize) -> usize {
        self.all.partition_point(|end| end.literals as usize <= at) + 1
    }

    /// Where the literals of a template lie.
    #[inline]
    pub fn range(&self, number: usize) -> Range<usize> {
        self.end_before(number).literals as usize..self.end_of(number).literals as usize
    }

    /// Whether a template has a hole of the kind.
    pub fn has(&self, number: usize, kind: HoleKind) -> bool {
        self.end_of(number).kinds & bit(kind) != 0
    }

    pub fn bytes_held(&self) -> usize {
        Self::bytes_needed(self.all.capacity(), self.holes.capacity(), self.literals.capacity())
    }

    #[inline]
    fn end_of(&self, number: usize) -> End {
        number.checked_sub(1).map_or(End::default(), |index| self.all[index])
    }

    #[inline]
    fn end_before(&self, number: usize) -> End {
        self.end_of(number.saturating_sub(1))
    }

    fn read_key(&mut self, key: &[u8], start: usize) -> Option<()> {
        let mut bytes = key.iter();
        while let Some(&byte) = bytes.next() {
            if let Some(kind) = HoleKind::of(byte) {
                self.holes.push(HoleAt::new(self.literals.len() - start, kind)?);
            } else if byte == ESCAPE {
                self.literals.push(*bytes.next().filter(|byte| is_marker(**byte))?);
            } else {
                self.literals.push(byte);
            }
        }
        u32::try_from(self.literals.len()).is_ok().then_some(())
    }

    fn end(&mut self) {
        let before = self.all.last().map_or(0, |end| end.holes as usize);
        let kinds = self.holes[before..].iter().fold(0, |kinds, hole| kinds | bit(hole.kind()));
        let (literals, holes) = (self.literals.len() as u32, self.holes.len() as u32);
        self.all.push(End { literals, holes, kinds });
    }
}

fn bit(kind: HoleKind) -> u8 {
    1 << kind as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_belong_to_their_templates() {
        let mut templates = Templates::default();
        for key in [&b""[..], b"a \x01 b", b"c", b"\x03", b"d\x06\x01"] {
            templates.push_key(key).unwrap();
        }
        assert_eq!(templates.literals(), b"a  bcd\x01");
        let numbers: Vec<usize> = (0..templates.literals().len()).map(|at| templates.number_at(at)).collect();
        assert_eq!(numbers, [2, 2, 2, 2, 3, 5, 5]);
        assert!(templates.has(4, HoleKind::Uuid) && !templates.has(3, HoleKind::Uuid));
        assert_eq!(templates.template(0), Template::default());
        let mut copied = Templates::default();
        (1..=templates.count()).for_each(|number| copied.push(templates.template(number)));
        for number in 0..=templates.count() {
            assert_eq!(copied.template(number), templates.template(number));
            assert_eq!(copied.range(number).len(), copied.template(number).text().len());
        }
    }

    #[test]
    fn a_damaged_key_is_refused_and_leaves_nothing() {
        let mut templates = Templates::default();
        templates.push_key(b"ok \x01").unwrap();
        for damaged in [&b"a\x01b\x06"[..], b"\x02a\x06b"] {
            assert_eq!(templates.push_key(damaged), None);
        }
        templates.push_key(b"c").unwrap();
        assert_eq!((templates.count(), templates.literals()), (2, &b"ok c"[..]));
        assert!(templates.template(2).holes().is_empty());
    }
}
