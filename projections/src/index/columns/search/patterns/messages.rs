//! The messages of rows as forms: from template numbers and dictionaries, and of texts only where nothing else tells.
//!
//! Invariant: every row has the form of its message, wherever the message is kept; only templates and texts of rows
//! that are asked for are looked at, so nothing of another tenant shows. It renders no line but those kept whole.

use std::ops::Range;

use antler_events::line::Role;

use super::forms::{NO_MESSAGE, Numbers, UNKNOWN};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::plane::PAGE;
use crate::index::columns::search::evaluate::{READ_TOGETHER, read_lines};
use crate::index::columns::search::places::{Scan, Use};
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::search::values::resolved;
use crate::index::columns::template::{REST, TemplateTexts};
use crate::index::columns::view::{GroupView, Values};

/// Texts that are rendered together: those of a page, so that it is read once.
const TEXTS_TOGETHER: usize = PAGE;

/// Which rows are asked for, and for each row of the scan the number of its form.
pub(super) struct RowForms<'r> {
    pub(super) rows: &'r RowSet,
    pub(super) of_rows: Vec<u32>,
}

impl<'r> RowForms<'r> {
    pub(super) fn none(rows: &'r RowSet) -> Self {
        Self { rows, of_rows: vec![NO_MESSAGE; rows.range_len() as usize] }
    }
}

/// A column that messages are in.
struct MessageColumn {
    number: u32,
    class: Class,
    uses: Vec<Use>,
    ranks: Range<u32>,
}

impl<G: GroupView + ?Sized> Scan<'_, G> {
    /// The forms of the messages of rows.
    pub(super) fn message_forms<'r>(
        &self,
        rows: &'r RowSet,
        forms: &mut dyn Numbers,
    ) -> Result<RowForms<'r>, ReadError> {
        let mut found = RowForms::none(rows);
        for column in self.message_columns()? {
            self.column_forms(&column, forms, &mut found)?;
        }
        self.forms_of_whole_lines(forms, &mut found)?;
        Ok(found)
    }

    /// Counts messages by their forms. If all rows of the group are asked for, templates tell how often they come, and
    /// no row is looked at.
    pub(super) fn count_forms(
        &self,
        rows: &RowSet,
        forms: &mut dyn Numbers,
        add: &mut dyn FnMut(u32, u64),
    ) -> Result<(), ReadError> {
        let mut found = RowForms::none(rows);
        let is_whole = self.len() == self.group.rows() && rows.count() == self.len();
        for column in self.message_columns()? {
            let is_each = |of: &Use| of.values == 0 || (of.values == 1 && !of.ignored);
            let counted = is_whole && column.class == Class::Text && column.uses.iter().all(is_each);
            if !counted || !self.column_counts(&column, forms, add)? {
                self.column_forms(&column, forms, &mut found)?;
            }
        }
        self.forms_of_whole_lines(forms, &mut found)?;
        found.of_rows.iter().filter(|form| **form != NO_MESSAGE).for_each(|form| add(*form, 1));
        Ok(())
    }

    fn message_columns(&self) -> Result<Vec<MessageColumn>, ReadError> {
        let roles = self.group.shapes().iter().filter_map(|shape| shape.role(Role::Message));
        let mut numbers: Vec<u32> = roles.map(|(column, _)| column).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let column = |number| {
            let uses = self.uses_in_role(number, Role::Message);
            let ranks = self.ranks(number, &uses)?;
            Ok(MessageColumn { number, class: self.group.head(number).class, uses, ranks })
        };
        let is_asked = |number: &u32| !matches!(self.group.head(*number).class, Class::Whole | Class::Time);
        numbers.into_iter().filter(is_asked).map(column).collect()
    }

    /// Counts all values of the column by templates; nothing if it has none.
    fn column_counts(
        &self,
        column: &MessageColumn,
        forms: &mut dyn Numbers,
        add: &mut dyn FnMut(u32, u64),
    ) -> Result<bool, ReadError> {
        let values = self.group.values(column.number);
        let rest = match values {
            Values::OpenTemplates(texts) => template_counts(texts, forms, add)?,
            Values::Templates(texts, blocks) => {
                texts.with_texts(blocks, |texts| template_counts(texts, forms, add))?
            }
            _ => return Ok(false),
        };
        let mut visit = |_, form| add(form, 1);
        visit_texts(values, column.class, &rest, forms, &mut visit)?;
        Ok(true)
    }

    fn column_forms(
        &self,
        column: &MessageColumn,
        forms: &mut dyn Numbers,
        found: &mut RowForms<'_>,
    ) -> Result<(), ReadError> {
        let values = self.group.values(column.number);
        let mut texts = Vec::new();
        match values {
            Values::OpenTemplates(of_column) if column.class == Class::Text => {
                self.template_forms(column, of_column, forms, found, &mut texts)?;
            }
            Values::Templates(of_column, blocks) if column.class == Class::Text => {
                let with = |of_column: &dyn TemplateTexts| {
                    self.template_forms(column, of_column, forms, found, &mut texts)
                };
                of_column.with_texts(blocks, with)?;
            }
            Values::OpenDictionary(_) | Values::Dictionary(..) => {
                self.dictionary_forms(column, forms, found)?;
            }
            _ => self.for_each_message(column, found.rows, |row, value| {
                texts.push((row, column.ranks.start + value));
            })?,
        }
        visit_texts(values, column.class, &texts, forms, &mut |row, form| {
            found.of_rows[row as usize] = form;
        })
    }

    fn template_forms(
        &self,
        column: &MessageColumn,
        of_column: &dyn TemplateTexts,
        forms: &mut dyn Numbers,
        found: &mut RowForms<'_>,
        texts: &mut Vec<(u32, u32)>,
    ) -> Result<(), ReadError> {
        let mut numbers = Vec::with_capacity(column.ranks.len());
        of_column.numbers(column.ranks.clone(), &mut numbers)?;
        let mut known = vec![NO_MESSAGE; usize::from(of_column.template_count()) + 1];
        let RowForms { rows, of_rows } = found;
        self.for_each_message(column, rows, |row, value| match numbers.get(value as usize) {
            None | Some(&REST) => texts.push((row, column.ranks.start + value)),
            Some(&number) => {
                let form = &mut known[usize::from(number)];
                if *form == NO_MESSAGE {
                    *form = forms.of_template(of_column.template(number));
                }
                of_rows[row as usize] = *form;
            }
        })
    }

    fn dictionary_forms(
        &self,
        column: &MessageColumn,
        forms: &mut dyn Numbers,
        found: &mut RowForms<'_>,
    ) -> Result<(), ReadError> {
        let range = column.ranks.start as usize..column.ranks.end as usize;
        let mut ids = Vec::new();
        match self.group.values(column.number) {
            Values::OpenDictionary(values) => ids = values.ids(range),
            Values::Dictionary(values, blocks) => values.ids(blocks, range, &mut ids)?,
            _ => {}
        }
        let mut of_rows: Vec<(u32, u32)> = Vec::new();
        self.for_each_message(column, found.rows, |row, value| {
            of_rows.extend(ids.get(value as usize).map(|id| (*id, row)));
        })?;
        let mut asked: Vec<u32> = of_rows.iter().map(|(id, _)| *id).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut of_ids = Vec::with_capacity(asked.len());
        let mut number = |text: &[u8]| of_ids.push(forms.of_text(&resolved(column.class, text)));
        match self.group.values(column.number) {
            Values::OpenDictionary(values) => asked.iter().for_each(|id| number(values.text(*id))),
            Values::Dictionary(values, blocks) => {
                values.texts.visit(blocks, asked.iter().copied(), |_, text| number(text))?;
            }
            _ => {}
        }
        for (id, row) in of_rows {
            let form = asked.binary_search(&id).ok().and_then(|at| of_ids.get(at));
            found.of_rows[row as usize] = form.copied().unwrap_or(UNKNOWN);
        }
        Ok(())
    }

    /// Visits row and value of every message of the column, values counted from its first rank.
    fn for_each_message(
        &self,
        column: &MessageColumn,
        rows: &RowSet,
        mut visit: impl FnMut(u32, u32),
    ) -> Result<(), ReadError> {
        let placed = self.placed(column.number, &column.uses, &column.ranks, rows)?;
        placed.rows.into_iter().zip(placed.values).for_each(|(row, value)| visit(row, value));
        Ok(())
    }

    /// Lines that are kept whole are read again.
    fn forms_of_whole_lines(
        &self,
        forms: &mut dyn Numbers,
        found: &mut RowForms<'_>,
    ) -> Result<(), ReadError> {
        let whole = self.rows_of_shapes(found.rows, |shape| self.is_whole(shape))?;
        let whole: Vec<u32> = whole.iter().collect();
        for some in whole.chunks(READ_TOGETHER) {
            if forms.room().is_empty() {
                some.iter().for_each(|row| found.of_rows[*row as usize] = UNKNOWN);
                continue;
            }
            let rows: Vec<u32> = some.iter().map(|row| row + self.rows.start).collect();
            for (origin, row) in read_lines(self.group, &rows)? {
                let batch = row.parsed(origin.received_at)?;
                let line = batch.line(0).ok_or(ReadError::directory("a line"))?;
                if let Some(message) = line.message() {
                    let at = (row.row - self.rows.start) as usize;
                    found.of_rows[at] = forms.of_text(message.as_bytes());
                }
            }
        }
        Ok(())
    }
}

/// Counts the texts of all templates, and gives the ranks of those that have none.
fn template_counts(
    texts: &dyn TemplateTexts,
    forms: &mut dyn Numbers,
    add: &mut dyn FnMut(u32, u64),
) -> Result<Vec<(u32, u32)>, ReadError> {
    for number in (REST + 1..=texts.template_count()).filter(|number| texts.texts_of(*number) > 0) {
        add(forms.of_template(texts.template(number)), u64::from(texts.texts_of(number)));
    }
    if texts.texts_of(REST) == 0 {
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    texts.numbers(0..texts.count(), &mut numbers)?;
    let rest = (0..).zip(numbers).filter(|(_, number)| *number == REST);
    Ok(rest.map(|(rank, _)| (rank, rank)).collect())
}

/// Visits the forms of texts, each given with the row that has it and its rank.
fn visit_texts(
    values: Values<'_>,
    class: Class,
    texts: &[(u32, u32)],
    forms: &mut dyn Numbers,
    visit: &mut dyn FnMut(u32, u32),
) -> Result<(), ReadError> {
    for some in texts.chunks(TEXTS_TOGETHER) {
        if forms.room().is_empty() {
            some.iter().for_each(|(row, _)| visit(*row, UNKNOWN));
            continue;
        }
        let ranks: Vec<u32> = some.iter().map(|(_, rank)| *rank).collect();
        values.texts(&ranks, &mut |at, text| visit(some[at].0, forms.of_text(&resolved(class, text))))?;
    }
    Ok(())
}
