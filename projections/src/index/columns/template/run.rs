//! Variables of a hole one after the other, for those who ask each of them.
//!
//! Invariant: the variables are those of consecutive texts of a template, in their order; one that stands
//! in many texts may be there once. It does not choose which: a page is given as a whole.

use super::numbers::NumbersView;

/// Takes variables; those of the first texts come first.
pub type TakeRun<'t> = dyn FnMut(&Run<'_>) + 't;

/// Variables of consecutive texts.
#[derive(Debug)]
pub struct Run<'v> {
    pub(super) count: usize,
    pub(super) bytes: &'v [u8],
    pub(super) ends: &'v [u32],
    pub(super) which: Which<'v>,
}

/// Which variable a text has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'v> {
    /// The first has the first.
    InOrder,
    Same,
    Table(&'v NumbersView),
}

impl Run<'_> {
    /// How many texts there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many variables there are. A damaged table without any has an empty one.
    pub fn variables(&self) -> usize {
        self.ends.len().max(1)
    }

    /// All variables without anything between them.
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Where a variable begins.
    pub fn start(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize)
    }

    /// The variable that a byte belongs to.
    pub fn index_at(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= at)
    }

    #[inline]
    pub fn variable(&self, index: usize) -> &[u8] {
        let start = self.start(index);
        self.ends.get(index).map_or(&[], |end| &self.bytes[start..*end as usize])
    }

    /// Calls for each text with the index of its variable. An index that a damaged table has is the first.
    #[inline]
    pub fn for_each(&self, mut take: impl FnMut(usize)) {
        match self.which {
            Which::InOrder => (0..self.count).for_each(take),
            Which::Same => (0..self.count).for_each(|_| take(0)),
            Which::Table(indices) => {
                let known = |index: u64| if index < self.ends.len() as u64 { index as usize } else { 0 };
                indices.for_each(self.count, &mut |index| take(known(index)));
            }
        }
    }
}
