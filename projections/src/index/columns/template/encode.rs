//! Seals a column: writes it as blocks and a small root that finds them.
//!
//! The numbers of the templates and the ranks of pages come first, then the rest, then each template's holes.
//! The templates are numbered anew by how often they occur, so that most numbers are one byte.
//! Invariant: texts come out in the order that was asked for, and none else. It does not compress.

use super::column::TemplateColumn;
use super::layout::{BlockSink, PartWriter};
use super::page::{self, PAGE_COUNT_MAX};
use super::root::{Root, RunOfBlocks};
use super::sieve::Sieve;
use super::templates::Templates;
use super::{REST, TemplateError, numbers};
use crate::index::columns::varint;

/// Writes the texts of the column at these positions, in this order, and answers the root.
pub fn encode(
    column: &TemplateColumn,
    order: &[u32],
    sink: &mut dyn BlockSink,
) -> Result<Root, TemplateError> {
    let sorted = Sorted::new(column, order)?;
    let mut parts = PartWriter::new(sink);
    write_places(&sorted, &mut parts);
    page::write_rest(column.rest(), sorted.ranks_of(REST), &mut parts);
    for (number, old) in (1..).zip(&sorted.templates) {
        let ranks = sorted.ranks_of(number);
        column.slot(*old).holes.iter().for_each(|variables| page::write(variables, ranks, &mut parts));
    }
    let pages = parts.finish();
    let templates = column.templates().picked(&sorted.templates);
    let sieve = Sieve::of(column, &templates);
    Ok(Root {
        texts: order.len() as u32,
        templates: sorted.templates.len() as u32,
        keys: RunOfBlocks::put(&with_counts(&templates, &sorted), sink),
        pages: RunOfBlocks::put(&pages, sink),
        sieve: RunOfBlocks::put(&sieve.write(), sink),
    })
}

/// The texts that are to be written, with new numbers.
struct Sorted {
    /// For each new number from 1 on the old one.
    templates: Vec<u16>,
    /// For each text its new number.
    numbers: Vec<u16>,
    /// The ranks of all texts, those of one template together and in their order.
    ranks: Vec<u32>,
    /// For each new number where its ranks begin, and the end.
    starts: Vec<u32>,
}

impl Sorted {
    fn new(column: &TemplateColumn, order: &[u32]) -> Result<Self, TemplateError> {
        let count = column.count();
        if let Some(&position) = order.iter().find(|position| **position >= count) {
            return Err(TemplateError::Position { position, count });
        }
        let mut counts = vec![0u32; usize::from(column.template_count()) + 1];
        order.iter().for_each(|position| counts[usize::from(column.place(*position).0)] += 1);
        let used = (1..=column.template_count()).filter(|number| counts[usize::from(*number)] > 0);
        let mut templates: Vec<u16> = used.collect();
        templates.sort_by_key(|number| (std::cmp::Reverse(counts[usize::from(*number)]), *number));
        let mut new_of = vec![REST; counts.len()];
        let mut starts = vec![0, counts[0]];
        for (new, old) in (1..).zip(&templates) {
            new_of[usize::from(*old)] = new;
            starts.push(starts[usize::from(new)] + counts[usize::from(*old)]);
        }
        let mut next = starts.clone();
        let (mut numbers, mut ranks) = (Vec::with_capacity(order.len()), vec![0; order.len()]);
        for position in order {
            let (old, rank) = column.place(*position);
            let new = new_of[usize::from(old)];
            let next = &mut next[usize::from(new)];
            ranks[*next as usize] = rank;
            *next += 1;
            numbers.push(new);
        }
        Ok(Self { templates, numbers, ranks, starts })
    }

    fn ranks_of(&self, number: u16) -> &[u32] {
        let number = usize::from(number);
        &self.ranks[self.starts[number] as usize..self.starts[number + 1] as usize]
    }
}

/// The numbers of all texts, and for each page how often each of its templates occurred before it.
fn write_places(sorted: &Sorted, parts: &mut PartWriter<'_>) {
    let mut before = vec![0u64; sorted.templates.len() + 1];
    for page in sorted.numbers.chunks(PAGE_COUNT_MAX) {
        numbers::write(&page.iter().map(|number| u64::from(*number)).collect::<Vec<_>>(), parts);
        let mut occurring = page.to_vec();
        occurring.sort_unstable();
        occurring.dedup();
        parts.varint(occurring.len() as u64);
        let of_number = |number: &u16| before[usize::from(*number)];
        numbers::write(&occurring.iter().map(of_number).collect::<Vec<_>>(), parts);
        page.iter().for_each(|number| before[usize::from(*number)] += 1);
    }
}

/// How many texts each number has, and the templates.
fn with_counts(templates: &Templates, sorted: &Sorted) -> Vec<u8> {
    let mut out = Vec::new();
    let count = |pair: &[u32; 2]| u64::from(pair[1] - pair[0]);
    sorted.starts.array_windows().for_each(|pair| varint::push(&mut out, count(pair)));
    templates.write(&mut out);
    out
}
