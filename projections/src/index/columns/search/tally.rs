//! How many lines of a group pass, without finding them where the columns tell it.
//!
//! Roll-ups know how many rows have a level and a service in a minute. Dictionaries know how often each text occurs
//! and templates how many texts they have, so that a condition on what fills a role is counted by testing each of
//! these once, if all rows of the group are asked. Invariant: the number is that of the rows that `find` finds. It
//! counts nothing but lines.

use antler_events::ids::TenantId;
use antler_events::query::matcher::Target;

use super::counted::Counted;
use super::evaluate::find;
use super::exclude::Untold;
use super::plan::{Leaf, Node, Plan};
use super::rows::RowSet;
use super::select::{Period, Selection, select};
use super::templates::passing_count;
use super::values::{Check, passing};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::dictionary::SealedDictionary;
use crate::index::columns::forms::Forms;
use crate::index::columns::group::GroupBlocks;
use crate::index::columns::view::{CountedBy, GroupView, Values};

/// How many rows of a tenant in a time pass.
pub fn tally(tenant: TenantId, group: &dyn GroupView, plan: &Plan, period: Period) -> Result<u64, ReadError> {
    if !plan.may_pass(group)? {
        return Ok(0);
    }
    let (first, last) = plan.period();
    let period = (first.max(period.0), last.min(period.1));
    if let Some(counted) = Counted::open(tenant, group, plan, false)? {
        group.note_counted(CountedBy::Rollup);
        let mut count = 0;
        let rest = counted.for_each(period, |cell| count += u64::from(cell.count))?;
        return Ok(count + count_found(group, rest, plan)?);
    }
    let selection = select(tenant, group, period)?;
    let leaf = plan.root.only_leaf();
    let is_selected = leaf.is_some_and(|leaf| matches!(leaf.condition.target, Target::Period(..)));
    if is_selected || matches!(plan.root, Node::All) {
        return Ok(u64::from(selection.set.count()));
    }
    if let (Some(leaf), true) = (leaf, is_whole(&selection, group))
        && let Some(count) = leaf.tally(group)?
    {
        group.note_counted(CountedBy::Columns);
        return Ok(count);
    }
    count_found(group, selection, plan)
}

fn count_found(group: &dyn GroupView, asked: Selection, plan: &Plan) -> Result<u64, ReadError> {
    if asked.set.is_empty() {
        return Ok(0);
    }
    Ok(u64::from(find(group, asked.rows, &asked.set, plan)?.count()))
}

/// Whether all rows of the group are asked.
fn is_whole(selection: &Selection, group: &dyn GroupView) -> bool {
    selection.rows == (0..group.rows()) && selection.set.count() == group.rows()
}

impl Node {
    /// The condition that a filter is, if it is a single one.
    fn only_leaf(&self) -> Option<&Leaf> {
        match self {
            Self::Is(leaf) => Some(leaf),
            Self::And(parts) => match &**parts {
                [only] => only.only_leaf(),
                _ => None,
            },
            Self::All | Self::Or(_) | Self::Not(_) | Self::Filed(_) => None,
        }
    }
}

impl Leaf {
    /// The rows of the whole group that pass, if columns tell it: a row has one value that fills a role, and every
    /// value of the columns must be such a one.
    fn tally(&self, group: &dyn GroupView) -> Result<Option<u64>, ReadError> {
        let forms = group.forms();
        let Some(role) = self.role() else { return Ok(None) };
        if self.untold(&forms, group) != Untold::Some(Vec::new()) {
            return Ok(None);
        }
        let texts_may_have = self.may_have_all(group)?;
        let columns = self.columns(&forms, group, texts_may_have);
        let of_role = |column: u32| {
            let fills = forms.fills(role).iter().filter(|fill| fill.column == column);
            fills.map(|fill| fill.shape).eq(shapes_with_one(&forms, column))
        };
        if !columns.iter().all(|column| of_role(*column)) {
            return Ok(None);
        }
        let mut count = 0;
        for column in columns.into_iter().filter(|column| self.may_pass(group.head(*column).class)) {
            let check = Check { leaf: self, head: group.head(column) };
            count += count_values(check, group.values(column))?;
        }
        Ok(Some(count))
    }
}

/// The shapes that use a column, as long as each has one value of it.
fn shapes_with_one(forms: &Forms, column: u32) -> impl Iterator<Item = u32> {
    forms.uses(column).iter().map(|of| if of.values == 1 { of.shape } else { u32::MAX })
}

/// How many of all values of a column pass.
fn count_values(check: Check<'_>, values: Values<'_>) -> Result<u64, ReadError> {
    let all = 0..values.len() as u32;
    match values {
        _ if check.passes_all() || all.is_empty() => Ok(u64::from(all.end)),
        Values::Dictionary(values, blocks) => count_texts(check, values, blocks),
        // A text with escapes is asked as it was written: the templates do not know what it says.
        Values::Templates(texts, blocks) if check.head.class == Class::Text => {
            texts.with_texts(blocks, |texts| passing_count(check, texts))
        }
        values => {
            let wanted = RowSet::all(all.end);
            Ok(u64::from(passing(check, values, &all, wanted)?.count()))
        }
    }
}

fn count_texts(check: Check<'_>, values: &SealedDictionary, blocks: &GroupBlocks) -> Result<u64, ReadError> {
    let mut counts = Vec::with_capacity(values.texts.len());
    values.counts.read(blocks, 0..values.texts.len(), &mut counts)?;
    let mut count = 0;
    values.texts.for_each(blocks, |id, text| {
        if check.passes_text(text) {
            count += counts[id as usize];
        }
    })?;
    Ok(count)
}
