//! Whether a group can have lines that a filter wants, before any row of it is looked at.
//!
//! Tokens that every passing text has are asked of the filter of the group, all conditions of a query at once; a
//! search for an id ends here in nearly all groups. Invariant: a group with a line that passes is never left out.
//! It reads no values.

use antler_events::line::Role;
use antler_events::query::matcher::Target;

use super::plan::{Leaf, Node, Plan};
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::forms::Forms;
use crate::index::columns::view::GroupView;

/// Shapes whose columns do not tell whether a line passes a condition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Untold {
    All,
    /// Rising.
    Some(Vec<u32>),
}

impl Plan {
    /// Whether some line of a group may pass, of whatever tenant.
    pub(super) fn may_pass<G: GroupView + ?Sized>(&self, group: &G) -> Result<bool, ReadError> {
        self.root.may_pass(group)
    }
}

impl Node {
    fn may_pass<G: GroupView + ?Sized>(&self, group: &G) -> Result<bool, ReadError> {
        match self {
            Self::All | Self::Not(_) | Self::Filed(_) => Ok(true),
            Self::And(parts) => {
                for part in parts {
                    if !part.may_pass(group)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(parts) => {
                for part in parts {
                    if part.may_pass(group)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Is(leaf) => Ok(leaf.may_have_all(group)? || leaf.passes_without_tokens(group)),
        }
    }
}

impl Leaf {
    /// Whether a text with all tokens of the condition may be in the group.
    pub(super) fn may_have_all<G: GroupView + ?Sized>(&self, group: &G) -> Result<bool, ReadError> {
        for token in &self.tokens {
            if !group.may_have(*token)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether lines may pass by what filters do not have: numbers, texts with escapes, lines that are kept whole.
    fn passes_without_tokens<G: GroupView + ?Sized>(&self, group: &G) -> bool {
        let forms = group.forms();
        self.untold(&forms, group) != Untold::Some(Vec::new())
            || self
                .columns(&forms, group, false)
                .iter()
                .any(|column| self.may_pass(group.head(*column).class))
    }

    /// The columns with values that are asked; plain texts only if those may pass.
    pub(super) fn columns<G: GroupView + ?Sized>(&self, forms: &Forms, group: &G, texts: bool) -> Vec<u32> {
        let of_name = |column: &u32| self.condition.asks_name(&group.head(*column).name);
        let asked: Vec<u32> = match (&self.condition.target, self.role()) {
            (_, Some(role)) => {
                let of_columns = forms.fills(role).chunk_by(|one, other| one.column == other.column);
                of_columns.map(|fills| fills[0].column).collect()
            }
            (Target::Named(name), _) => forms.named(name, |column| &*group.head(column).name).to_vec(),
            _ if texts => (0..group.columns()).filter(of_name).collect(),
            _ => forms.others().iter().copied().filter(of_name).collect(),
        };
        let has_values = |column: &u32| {
            let class = group.head(*column).class;
            (texts || class != Class::Text) && !matches!(class, Class::Whole | Class::Time)
        };
        asked.into_iter().filter(has_values).collect()
    }

    /// A line that was kept whole has its values nowhere else, a time is in no column, and any value does not
    /// mean the one that tells the time.
    pub(super) fn untold<G: GroupView + ?Sized>(&self, forms: &Forms, group: &G) -> Untold {
        let mut shapes = forms.whole().to_vec();
        match self.condition.target {
            Target::Role(Role::Time) => return Untold::All,
            Target::Any => shapes.extend_from_slice(forms.told_by_value()),
            Target::Named(_) | Target::Like(_) => {
                let asked = |(column, _): &&(u32, u32)| self.condition.asks_name(&group.head(*column).name);
                shapes.extend(forms.times().iter().filter(asked).map(|(_, shape)| *shape));
            }
            Target::Role(_) | Target::Levels(_) | Target::Period(..) => {}
        }
        shapes.sort_unstable();
        shapes.dedup();
        Untold::Some(shapes)
    }
}
