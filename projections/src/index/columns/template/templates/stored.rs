//! Templates as bytes: their literals, and for each template which of them it has.
//!
//! Invariant: what is read is what was written, and templates are no larger than a column takes, each and all
//! together, though they share their literals; damaged bytes are an error. It does not compress.

use super::{End, NO_HOLE, Templates, bit};
use crate::index::columns::template::TemplateError;
use crate::index::columns::template::admission::KEYS_BYTES_MAX;
use crate::index::columns::template::column::{HOLES_MAX, KEY_BYTES_MAX};
use crate::index::columns::template::form::HoleKind;
use crate::index::columns::template::layout::Cursor;
use crate::index::columns::template::literals::Literals;
use crate::index::columns::varint;

impl Templates {
    /// Some of them in this order, with the literals that they have.
    pub(in crate::index::columns::template) fn picked(&self, numbers: &[u16]) -> Self {
        let mut new_of = vec![None; self.literals.count()];
        let mut picked = Self::default();
        for number in numbers {
            let template = self.template(usize::from(*number));
            for literal in template.parts {
                let append = || picked.literals.append(self.literals.get(*literal));
                let new = new_of[usize::from(*literal)].get_or_insert_with(append);
                picked.parts.push(new.expect("they are a part of those that there are"));
            }
            picked.holes.extend_from_slice(template.holes);
            picked.end();
        }
        picked
    }

    pub(in crate::index::columns::template) fn write(&self, out: &mut Vec<u8>) {
        let literals = &self.literals;
        varint::push(out, literals.count() as u64);
        literals.iter().for_each(|literal| varint::push(out, literal.len() as u64));
        out.extend_from_slice(literals.bytes());
        varint::push(out, self.parts.len() as u64);
        out.extend_from_slice(&self.holes);
        self.parts.iter().for_each(|literal| varint::push(out, u64::from(*literal)));
    }

    /// Reads so many.
    pub(in crate::index::columns::template) fn read(
        count: usize,
        cursor: &mut Cursor<'_>,
    ) -> Result<Self, TemplateError> {
        let literals = read_literals(cursor)?;
        let parts = cursor.count(cursor.bytes.len() as u32)? as usize;
        let split = cursor.bytes.split_at_checked(parts);
        let (holes, rest) = split.ok_or(TemplateError::Damaged("the holes of its templates"))?;
        cursor.bytes = rest;
        let (holes, all) = (holes.to_vec(), Vec::with_capacity(count));
        let mut read = Self { literals, parts: Vec::with_capacity(parts), holes, all };
        let mut bytes = 0;
        for _ in 0..count {
            bytes += read.read_template(cursor)?;
            if bytes > KEYS_BYTES_MAX {
                return Err(TemplateError::Damaged("the size of its templates"));
            }
        }
        let is_whole = read.parts.len() == parts && cursor.bytes.is_empty();
        if is_whole { Ok(read) } else { Err(TemplateError::Damaged("the number of its templates")) }
    }

    /// Reads one, and answers how many bytes its literals have.
    fn read_template(&mut self, cursor: &mut Cursor<'_>) -> Result<usize, TemplateError> {
        let (mut bytes, mut kinds) = (0, 0);
        for _ in 0..=HOLES_MAX {
            let hole = self.holes.get(self.parts.len()).copied();
            let literal = u16::try_from(cursor.varint()?).ok();
            let literal = literal.filter(|literal| usize::from(*literal) < self.literals.count());
            let (Some(hole), Some(literal)) = (hole, literal) else { break };
            bytes += self.literals.get(literal).len();
            self.parts.push(literal);
            match HoleKind::of(hole) {
                Some(hole) => kinds |= bit(hole),
                None if hole == NO_HOLE && bytes <= KEY_BYTES_MAX => {
                    self.all.push(End { parts: self.parts.len() as u32, kinds });
                    return Ok(bytes);
                }
                None => break,
            }
        }
        Err(TemplateError::Damaged("a template"))
    }
}

fn read_literals(cursor: &mut Cursor<'_>) -> Result<Literals, TemplateError> {
    let damaged = TemplateError::Damaged("the literals of its templates");
    let count = cursor.count(cursor.bytes.len() as u32)?;
    let lengths = (0..count).map(|_| cursor.count(KEY_BYTES_MAX as u32)).collect::<Result<Vec<u32>, _>>()?;
    let total = lengths.iter().map(|length| *length as usize).sum();
    let (mut bytes, rest) = cursor.bytes.split_at_checked(total).ok_or(damaged.clone())?;
    cursor.bytes = rest;
    let mut literals = Literals::with_capacity(count as usize, total);
    for length in lengths {
        let (literal, rest) = bytes.split_at(length as usize);
        literals.append(literal).ok_or(damaged.clone())?;
        bytes = rest;
    }
    Ok(literals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::columns::template::layout::Placing;
    use crate::index::columns::template::samples::any_text;
    use crate::index::columns::template::split::{Split, split};

    fn read(bytes: &[u8], count: usize) -> Result<Templates, TemplateError> {
        Templates::read(count, &mut Cursor { bytes, placing: Placing::default() })
    }

    proptest! {
        #[test]
        fn what_was_picked_is_read_again(
            texts in proptest::collection::vec(any_text(), 1..20),
            picked in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
            at in any::<proptest::sample::Index>(),
        ) {
            let mut templates = Templates::default();
            for text in &texts {
                let mut parts = Split::default();
                split(text, &mut parts);
                templates.push_key(parts.key()).unwrap();
            }
            let picked: Vec<u16> = picked.iter().map(|at| at.index(texts.len()) as u16 + 1).collect();
            let mut bytes = Vec::new();
            templates.picked(&picked).write(&mut bytes);
            let again = read(&bytes, picked.len()).unwrap();
            for (new, old) in (1..).zip(&picked) {
                let old = templates.template(usize::from(*old));
                prop_assert_eq!(again.template(new).key(), old.key());
                for kind in old.kinds() {
                    prop_assert!(again.has(new, kind));
                }
            }
            prop_assert!(read(&bytes, picked.len() + 1).is_err());
            let at = at.index(bytes.len());
            prop_assert!(read(&bytes[..at], picked.len()).is_err());
            bytes[at] ^= 1;
            drop(read(&bytes, picked.len()));
        }
    }

    #[test]
    fn more_templates_than_a_column_takes_are_damage() {
        let mut templates = Templates::default();
        let most = KEYS_BYTES_MAX / 8_000;
        (0..=most).for_each(|_| templates.push_key(&[b'a'; 8_000]).unwrap());
        let read_of = |count: usize| {
            let mut bytes = Vec::new();
            templates.picked(&(1..=count as u16).collect::<Vec<_>>()).write(&mut bytes);
            assert!(bytes.len() < 20_000, "they share a literal");
            read(&bytes, count).map(|templates| templates.count())
        };
        assert_eq!(read_of(most), Ok(most));
        assert_eq!(read_of(most + 1), Err(TemplateError::Damaged("the size of its templates")));
    }

    #[test]
    fn a_template_that_no_column_takes_is_damage() {
        let literal = vec![b'a'; KEY_BYTES_MAX];
        let mut templates = Templates::default();
        templates.push_part(&literal, Some(HoleKind::Word)).unwrap();
        templates.push_part(&literal, None).unwrap();
        templates.end();
        let mut bytes = Vec::new();
        templates.write(&mut bytes);
        assert_eq!(read(&bytes, 1).unwrap_err(), TemplateError::Damaged("a template"));
    }
}
