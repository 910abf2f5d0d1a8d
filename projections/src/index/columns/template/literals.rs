//! The literals of all templates one after the other, so that one look goes through all of them.
//!
//! Invariant: the literals of a template lie together, in the order of the numbers, without what is between
//! them; the rest has none. It does not say where a hole lies: the template does.

use super::REST;
use super::form::{HoleKind, Template};

/// The literals of all templates.
#[derive(Debug, Clone, Default)]
pub struct Literals {
    bytes: Vec<u8>,
    /// By number.
    ends: Vec<u32>,
    /// By number: a bit for each kind of hole.
    kinds: Vec<u8>,
}

impl Literals {
    /// The templates come by their numbers, the rest first.
    pub(super) fn of<'t>(templates: impl Iterator<Item = &'t Template>) -> Self {
        let mut all = Self::default();
        for template in templates {
            all.bytes.extend_from_slice(template.text());
            all.ends.push(all.bytes.len() as u32);
            all.kinds.push(template.holes().iter().fold(0, |kinds, (_, kind)| kinds | bit(*kind)));
        }
        all
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of the template that a byte belongs to.
    pub fn number_at(&self, at: usize) -> u16 {
        self.ends.partition_point(|end| *end as usize <= at) as u16
    }

    /// Where the literals of a template lie.
    pub fn range(&self, number: u16) -> std::ops::Range<usize> {
        let start = if number == REST { 0 } else { self.ends[usize::from(number) - 1] };
        start as usize..self.ends[usize::from(number)] as usize
    }

    /// Whether a template has a hole of the kind.
    pub fn has(&self, number: u16, kind: HoleKind) -> bool {
        self.kinds[usize::from(number)] & bit(kind) != 0
    }

    /// About how much memory it needs.
    pub(super) fn bytes_held(&self) -> usize {
        self.bytes.len() + self.ends.len() * 5
    }
}

fn bit(kind: HoleKind) -> u8 {
    1 << kind as u8
}
