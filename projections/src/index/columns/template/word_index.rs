//! Which literals have a word, and which templates a literal: so that words are found without going through all.
//!
//! It is made when a sealed column is asked for words for the first time. Invariant: no literal that has the words is
//! left out; some that have only one of them are named. It knows words without digits only, and no variable.

use antler_events::query::text::{token_hash, tokens};

use super::form::HoleKind;
use super::templates::Templates;

/// Bits of a hash that tell words apart.
const TAG_BITS: u32 = 16;
/// The holes that words without digits may be in.
const KINDS: [HoleKind; 2] = [HoleKind::Text, HoleKind::Uuid];

/// Finds literals by words, and templates by literals.
#[derive(Debug)]
pub struct WordIndex {
    /// A tag of a word above the number of a literal that has it, sorted.
    words: Vec<u32>,
    /// By literal: where its templates begin, and the end.
    starts: Vec<u32>,
    /// The numbers of templates, rising for each literal.
    templates: Vec<u16>,
    /// The numbers of templates with a hole that words may be in, rising for each kind.
    with_holes: [Box<[u16]>; KINDS.len()],
}

impl WordIndex {
    pub(super) fn new(templates: &Templates) -> Self {
        let literals = templates.literals();
        let mut words = Vec::new();
        for (literal, number) in literals.iter().zip(0u32..) {
            let in_it = tokens(literal).filter(|word| !word.iter().any(u8::is_ascii_digit));
            words.extend(in_it.map(|word| u32::from(tag(token_hash(word))) << TAG_BITS | number));
        }
        words.sort_unstable();
        words.dedup();
        words.shrink_to_fit();
        let mut starts = vec![0u32; literals.count() + 1];
        each_use(templates, |literal, _| starts[usize::from(literal) + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        let mut next = starts.clone();
        let mut by_literal = vec![0; starts.last().map_or(0, |end| *end as usize)];
        each_use(templates, |literal, number| {
            let next = &mut next[usize::from(literal)];
            by_literal[*next as usize] = number;
            *next += 1;
        });
        let with_hole = |kind| templates.with_hole(kind).map(|number| number as u16).collect();
        Self { words, starts, templates: by_literal, with_holes: KINDS.map(with_hole) }
    }

    /// The literals, rising, that may have all words with these hashes.
    pub fn literals_with(&self, hashes: &[u64]) -> impl Iterator<Item = u16> {
        let with = |hash: &u64| {
            let least = u32::from(tag(*hash)) << TAG_BITS;
            let start = self.words.partition_point(|word| *word < least);
            let count = self.words[start..].partition_point(|word| word >> TAG_BITS == least >> TAG_BITS);
            &self.words[start..start + count]
        };
        let rarest = hashes.iter().map(with).min_by_key(|words| words.len()).unwrap_or_default();
        rarest.iter().map(|word| *word as u16)
    }

    /// The numbers of the templates that have a literal, rising.
    pub fn templates_with(&self, literal: u16) -> &[u16] {
        let literal = usize::from(literal);
        &self.templates[self.starts[literal] as usize..self.starts[literal + 1] as usize]
    }

    /// The numbers of the templates with a hole of the kind, rising, if words may be in holes of that kind.
    pub fn templates_with_hole(&self, kind: HoleKind) -> Option<&[u16]> {
        let at = KINDS.iter().position(|known| *known == kind)?;
        Some(&self.with_holes[at])
    }

    pub(super) fn bytes_held(&self) -> usize {
        let with_holes: usize = self.with_holes.iter().map(|numbers| numbers.len()).sum();
        size_of::<Self>()
            + (self.words.len() + self.starts.len()) * size_of::<u32>()
            + (self.templates.len() + with_holes) * size_of::<u16>()
    }
}

fn tag(hash: u64) -> u16 {
    (hash >> (u64::BITS - TAG_BITS)) as u16
}

/// Visits each literal of each template once, with the number of the template.
fn each_use(templates: &Templates, mut visit: impl FnMut(u16, u16)) {
    let mut last = vec![0; templates.literals().count()];
    for number in 1..=templates.count() as u16 {
        for literal in templates.template(usize::from(number)).literals() {
            let last = &mut last[usize::from(*literal)];
            if *last != number {
                *last = number;
                visit(*literal, number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_literals_and_those_in_templates() {
        let mut templates = Templates::default();
        for key in [&b"read \x01 of"[..], b"of", b"Read of \x02 of", b"\x01", b"read \x02read "] {
            templates.push_key(key).unwrap();
        }
        let index = WordIndex::new(&templates);
        let found = |text: &str| {
            let hashes: Vec<u64> = tokens(text.as_bytes()).map(token_hash).collect();
            let literals = index.literals_with(&hashes);
            let texts = literals.map(|literal| {
                (templates.literals().get(literal).to_vec(), index.templates_with(literal).to_vec())
            });
            texts.collect::<Vec<_>>()
        };
        let literal = |text: &[u8], numbers: &[u16]| (text.to_vec(), numbers.to_vec());
        assert_eq!(found("read"), [literal(b"read ", &[1, 5]), literal(b"Read of ", &[3])]);
        assert_eq!(found("of read"), [literal(b"read ", &[1, 5]), literal(b"Read of ", &[3])]);
        assert_eq!(found("of").len(), 3);
        assert_eq!(found("reads"), []);
        assert_eq!(index.templates_with_hole(HoleKind::Uuid), Some(&[][..]));
        assert_eq!(index.templates_with_hole(HoleKind::Word), None);
        assert_eq!(WordIndex::new(&Templates::default()).literals_with(&[7]).count(), 0);
    }
}
