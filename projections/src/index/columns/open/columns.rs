//! The columns of an open group: found by name and class, filled value by value.
//!
//! Invariant: a column holds its values in the order of the rows, and for each the row. A column of texts
//! begins as a dictionary and becomes templates when most of its texts are new, and stays so in later groups.

use antler_events::line::{LineBatch, NameId, Role};
use antler_events::query::text::{is_filtered, token_hash, tokens};
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::rows::RowList;
use super::tenants::Usage;
use crate::index::columns::column::{Class, ColumnHead};
use crate::index::columns::decimal::Decimal;
use crate::index::columns::dictionary::OpenDictionary;
use crate::index::columns::number::OpenNumbers;
use crate::index::columns::same::same;
use crate::index::columns::template::TemplateColumn;

/// Different texts that any dictionary may have.
const DICTIONARY_TEXTS_MIN: usize = 1_024;
/// A dictionary of more texts has at least so many values for each.
const VALUES_PER_TEXT_MIN: usize = 3;

/// The values of a column.
#[derive(Debug)]
pub enum OpenValues {
    Dictionary(OpenDictionary),
    Template(Box<TemplateColumn>),
    Numbers(OpenNumbers),
}

/// A column under construction.
#[derive(Debug)]
pub struct OpenColumn {
    pub head: ColumnHead,
    /// The row of each value; a row with several values comes as often.
    pub rows: RowList,
    pub values: OpenValues,
}

/// All columns of a group.
#[derive(Debug, Default)]
pub struct OpenColumns {
    columns: Vec<OpenColumn>,
    /// Columns by their heads, so that a head is looked up without being made: each batch asks for each of its names.
    by_head: HashTable<Named>,
    /// The names of all columns, one behind the other: looking one up reads no column.
    names: Vec<u8>,
    hasher: FixedState,
}

/// A column as the table knows it.
#[derive(Debug, Clone, Copy)]
struct Named {
    /// In `names`.
    start: usize,
    length: u32,
    class: Class,
    column: u32,
}

impl Named {
    #[inline]
    fn name(self, names: &[u8]) -> &[u8] {
        &names[self.start..self.start + self.length as usize]
    }
}

/// What the names of a batch mean in a group, found out once.
#[derive(Debug)]
pub(super) struct BatchColumns<'a> {
    batch: &'a LineBatch,
    /// For each name and class the column.
    columns: Vec<[u32; Class::ALL.len()]>,
}

const UNKNOWN: u32 = u32::MAX;
const REFUSED: u32 = u32::MAX - 1;

impl<'a> BatchColumns<'a> {
    pub(super) fn new(batch: &'a LineBatch) -> Self {
        Self { batch, columns: vec![[UNKNOWN; Class::ALL.len()]; batch.names().len()] }
    }

    /// The column of a name; none if the tenant may not add one.
    #[inline]
    pub(super) fn column(
        &mut self,
        name: NameId,
        class: Class,
        columns: &mut OpenColumns,
        usage: &mut Usage,
    ) -> Option<u32> {
        let known = &mut self.columns[name.index()][class as usize];
        if *known == UNKNOWN {
            *known = columns.add(self.batch.name(name), class, usage).unwrap_or(REFUSED);
        }
        (*known != REFUSED).then_some(*known)
    }
}

impl std::ops::Index<u32> for OpenColumns {
    type Output = OpenColumn;

    fn index(&self, column: u32) -> &OpenColumn {
        &self.columns[column as usize]
    }
}

impl OpenColumns {
    /// Forgets all values. Columns that had some stay, with their memory and what has been learned of them.
    pub(super) fn clear(&mut self) {
        self.columns.retain(|column| !column.rows.is_empty());
        self.by_head.clear();
        self.names.clear();
        for number in 0..self.columns.len() {
            self.columns[number].clear();
            self.enter(number as u32);
        }
    }

    pub fn len(&self) -> usize {
        self.columns.len()
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    pub fn bytes_held(&self) -> usize {
        let columns: usize = self.columns.iter().map(OpenColumn::bytes_held).sum();
        columns + self.names.capacity() + self.by_head.capacity() * (size_of::<Named>() + 1)
    }

    fn add(&mut self, name: &str, class: Class, usage: &mut Usage) -> Option<u32> {
        let hash = hash_of(&self.hasher, name.as_bytes(), class);
        let is_it = |named: &Named| named.class == class && same(named.name(&self.names), name.as_bytes());
        if let Some(named) = self.by_head.find(hash, is_it) {
            return Some(named.column);
        }
        usage.admit_column(self.columns.len()).then(|| self.insert(ColumnHead { name: name.into(), class }))
    }

    /// A column that is never refused, because its name is one of a few.
    pub(super) fn ensure(&mut self, name: &str, class: Class, usage: &mut Usage) -> u32 {
        self.add(name, class, usage).unwrap_or_else(|| self.insert(ColumnHead { name: name.into(), class }))
    }

    fn insert(&mut self, head: ColumnHead) -> u32 {
        let number = self.columns.len() as u32;
        let values = match head.class {
            Class::Number => OpenValues::Numbers(OpenNumbers::default()),
            _ if begins_as_templates(&head) => OpenValues::Template(Box::default()),
            _ => OpenValues::Dictionary(OpenDictionary::default()),
        };
        self.columns.push(OpenColumn { head, rows: RowList::default(), values });
        self.enter(number);
        number
    }

    /// Makes the column be found by its head.
    fn enter(&mut self, column: u32) {
        let ColumnHead { name, class } = &self.columns[column as usize].head;
        let (start, length) = (self.names.len(), name.len() as u32);
        self.names.extend_from_slice(name.as_bytes());
        let hash = hash_of(&self.hasher, name.as_bytes(), *class);
        let (names, hasher) = (&self.names, &self.hasher);
        let named = Named { start, length, class: *class, column };
        self.by_head.insert_unique(hash, named, |named| hash_of(hasher, named.name(names), named.class));
    }

    pub(super) fn push_number(&mut self, column: u32, row: u32, number: Decimal) {
        let column = &mut self.columns[column as usize];
        match &mut column.values {
            OpenValues::Numbers(numbers) => numbers.push(number),
            _ => unreachable!("columns of the class Number are made for numbers"),
        }
        column.rows.push(row);
    }

    /// Appends the text of a row of a tenant. `tenants` are those of the rows before.
    #[inline]
    pub(super) fn push_text(
        &mut self,
        column: u32,
        (row, tenant): (u32, u32),
        text: &[u8],
        tenants: &[u32],
        token: &mut impl FnMut(u64),
    ) {
        let column = &mut self.columns[column as usize];
        match &mut column.values {
            OpenValues::Dictionary(dictionary) => {
                if dictionary.push(text) {
                    tokens(text).filter(|token| is_filtered(token)).map(token_hash).for_each(&mut *token);
                    if has_few_repeats(dictionary) {
                        column.rows.push(row);
                        let tenants = |row: u32| tenants.get(row as usize).copied().unwrap_or(tenant);
                        column.become_templates(tenants, token);
                        return;
                    }
                }
            }
            OpenValues::Template(templates) => {
                templates.push(tenant, text, token).expect("a group is smaller than a column may be");
            }
            OpenValues::Numbers(_) => unreachable!("columns of the class Number are made for numbers"),
        }
        column.rows.push(row);
    }
}

fn hash_of(hasher: &FixedState, name: &[u8], class: Class) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(name);
    hasher.write_u8(class as u8);
    hasher.finish()
}

fn begins_as_templates(head: &ColumnHead) -> bool {
    head.class == Class::Whole || Role::Message.synonyms().contains(&&*head.name)
}

fn has_few_repeats(dictionary: &OpenDictionary) -> bool {
    dictionary.texts() > DICTIONARY_TEXTS_MIN && dictionary.texts() * VALUES_PER_TEXT_MIN > dictionary.len()
}

impl OpenColumn {
    #[cold]
    fn become_templates(&mut self, tenant_of: impl Fn(u32) -> u32, token: &mut impl FnMut(u64)) {
        let OpenValues::Dictionary(dictionary) = &self.values else { return };
        let mut templates = Box::<TemplateColumn>::default();
        for (row, id) in self.rows.iter().zip(dictionary.ids(0..dictionary.len())) {
            templates
                .push(tenant_of(row), dictionary.text(id), token)
                .expect("a group is smaller than a column may be");
        }
        self.values = OpenValues::Template(templates);
    }

    fn clear(&mut self) {
        self.rows.clear();
        match &mut self.values {
            OpenValues::Dictionary(values) => values.clear(),
            OpenValues::Template(values) => values.clear(),
            OpenValues::Numbers(values) => values.clear(),
        }
    }

    fn bytes_held(&self) -> usize {
        let values = match &self.values {
            OpenValues::Dictionary(values) => values.bytes_held(),
            OpenValues::Template(values) => values.bytes_held(),
            OpenValues::Numbers(values) => values.bytes_held(),
        };
        size_of::<Self>() + self.head.name.len() + self.rows.bytes_held() + values
    }
}
