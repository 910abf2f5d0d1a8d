//! The shapes of a group turned round: for a role, a name or a column the shapes and columns that it concerns.
//!
//! A search names few fields, and a group may have many columns and shapes; what is asked is found here without
//! going through all of them. Invariant: it says what the shapes say. It does not know rows.

use antler_events::line::Role;

use super::column::{Class, ColumnHead};
use super::shape::{NO_VALUE, Shape, Writing};
use super::view::GroupView;

/// How many values of a column a row of a shape has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeUse {
    pub shape: u32,
    pub values: u32,
}

/// The value of a shape that fills a role: which of the row's values of the column it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fill {
    pub column: u32,
    pub shape: u32,
    pub nth: u32,
}

/// What the shapes of a group are made of.
#[derive(Debug, Clone, Default)]
pub struct Forms {
    /// Sorted by columns, which begin at `starts`, then shapes.
    uses: Vec<ShapeUse>,
    starts: Vec<u32>,
    /// For each role, sorted by columns, then shapes.
    fills: [Vec<Fill>; Role::ALL.len()],
    /// Columns by their names.
    by_name: Vec<u32>,
    /// Columns with values that are neither plain texts nor whole lines.
    others: Vec<u32>,
    /// Shapes of lines that are kept whole.
    whole: Vec<u32>,
    /// Columns of times that stand in a shape, each with the shape.
    times: Vec<(u32, u32)>,
    /// Shapes whose time is told by a value of a column.
    told_by_value: Vec<u32>,
}

impl Forms {
    /// Of all shapes and heads of columns of a group.
    pub fn new<'a>(shapes: &[Shape], heads: impl Iterator<Item = &'a ColumnHead>) -> Self {
        let heads: Vec<&ColumnHead> = heads.collect();
        let mut forms = Self::default();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (shape, number) in shapes.iter().zip(0u32..) {
            pairs.extend(shape.values().map(|column| (column, number)));
            forms.note(shape, number, &heads);
        }
        pairs.sort_unstable();
        forms.count(&pairs, heads.len());
        forms.fills.iter_mut().for_each(|fills| fills.sort_unstable());
        forms.times.sort_unstable();
        forms.times.dedup();
        forms.by_name = (0..heads.len() as u32).collect();
        forms.by_name.sort_unstable_by_key(|column| (&heads[*column as usize].name, *column));
        let is_other = |column: &u32| {
            !matches!(heads[*column as usize].class, Class::Text | Class::Whole | Class::Time)
                && !forms.uses(*column).is_empty()
        };
        forms.others = (0..heads.len() as u32).filter(is_other).collect();
        forms.shrink();
        forms
    }

    /// Those of a group.
    pub fn of<G: GroupView + ?Sized>(group: &G) -> Self {
        Self::new(group.shapes(), (0..group.columns()).map(|column| group.head(column)))
    }

    /// The shapes that use a column, rising.
    pub fn uses(&self, column: u32) -> &[ShapeUse] {
        let column = column as usize;
        &self.uses[self.starts[column] as usize..self.starts[column + 1] as usize]
    }

    /// What fills a role, by columns, then shapes.
    pub fn fills(&self, role: Role) -> &[Fill] {
        &self.fills[role as usize]
    }

    /// The columns of a name. `name` gives that of a column.
    pub fn named<'f, 'h>(&'f self, wanted: &str, name: impl Fn(u32) -> &'h str) -> &'f [u32] {
        let start = self.by_name.partition_point(|column| name(*column) < wanted);
        let count = self.by_name[start..].partition_point(|column| name(*column) == wanted);
        &self.by_name[start..start + count]
    }

    /// Columns with values that are neither plain texts nor whole lines.
    pub fn others(&self) -> &[u32] {
        &self.others
    }

    /// Shapes of lines that are kept whole, rising.
    pub fn whole(&self) -> &[u32] {
        &self.whole
    }

    /// Columns of times that stand in a shape, each with the shape.
    pub fn times(&self) -> &[(u32, u32)] {
        &self.times
    }

    /// Shapes whose time is told by a value of a column, rising.
    pub fn told_by_value(&self) -> &[u32] {
        &self.told_by_value
    }

    /// The most memory that those of a group need, before they are made.
    pub fn bytes_max(shapes: &[Shape], columns: usize) -> usize {
        let of_shape = |shape: &Shape| {
            let fills = shape.roles.iter().filter(|value| **value != NO_VALUE).count();
            shape.columns().count() * size_of::<ShapeUse>() + fills * size_of::<Fill>() + 2 * size_of::<u32>()
        };
        size_of::<Self>() + shapes.iter().map(of_shape).sum::<usize>() + columns * 3 * size_of::<u32>()
    }

    fn shrink(&mut self) {
        self.uses.shrink_to_fit();
        self.fills.iter_mut().for_each(Vec::shrink_to_fit);
        self.times.shrink_to_fit();
        self.whole.shrink_to_fit();
        self.told_by_value.shrink_to_fit();
    }

    fn note(&mut self, shape: &Shape, number: u32, heads: &[&ColumnHead]) {
        let class = |column: u32| heads[column as usize].class;
        if shape.columns().any(|column| class(column) == Class::Whole) {
            self.whole.push(number);
        }
        for hole in shape.holes.iter().filter(|hole| matches!(hole.writing, Writing::Time(_))) {
            self.times.push((hole.column, number));
        }
        for role in Role::ALL {
            let Some((column, nth)) = shape.role(role) else { continue };
            self.fills[role as usize].push(Fill { column, shape: number, nth: nth as u32 });
            if role == Role::Time && class(column) != Class::Time {
                self.told_by_value.push(number);
            }
        }
    }

    /// Counts sorted pairs of column and shape.
    fn count(&mut self, pairs: &[(u32, u32)], columns: usize) {
        let mut runs = pairs.chunk_by(|one, other| one == other).peekable();
        for column in 0..columns as u32 {
            self.starts.push(self.uses.len() as u32);
            while let Some(run) = runs.next_if(|run| run[0].0 == column) {
                self.uses.push(ShapeUse { shape: run[0].1, values: run.len() as u32 });
            }
        }
        self.starts.push(self.uses.len() as u32);
    }
}
