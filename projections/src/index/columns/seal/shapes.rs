//! The shapes that the rows of a file use, under new numbers: the most frequent first.
//!
//! Invariant: a shape keeps its pieces, roles and values; only the numbers of shape and columns change.

use crate::index::columns::open::OpenGroup;
use crate::index::columns::shape::{Hole, Shape};

const UNUSED: u32 = u32::MAX;

pub(super) struct UsedShapes {
    /// Old numbers, in the new order.
    shapes: Vec<u32>,
    /// For each old number the new one.
    new_shapes: Vec<u32>,
    /// Old numbers of the columns, in the new order.
    pub(super) columns: Vec<u32>,
    new_columns: Vec<u32>,
}

impl UsedShapes {
    pub(super) fn of(group: &OpenGroup, rows: &[u32]) -> Self {
        let all = group.shapes.shapes();
        let mut counts = vec![0u32; all.len()];
        rows.iter().for_each(|row| counts[group.shape_of[*row as usize] as usize] += 1);
        let mut shapes: Vec<u32> =
            (0..all.len() as u32).filter(|shape| counts[*shape as usize] > 0).collect();
        shapes.sort_by_key(|shape| std::cmp::Reverse(counts[*shape as usize]));
        let mut is_used = vec![false; group.columns.len()];
        for column in shapes.iter().flat_map(|shape| all[*shape as usize].columns()) {
            is_used[column as usize] = true;
        }
        let columns: Vec<u32> =
            (0..group.columns.len() as u32).filter(|column| is_used[*column as usize]).collect();
        let new_shapes = inverse(&shapes, all.len());
        let new_columns = inverse(&columns, group.columns.len());
        Self { shapes, new_shapes, columns, new_columns }
    }

    /// For each row the new number of its shape.
    pub(super) fn numbers_of(&self, group: &OpenGroup, rows: &[u32]) -> Vec<u32> {
        let number = |row: &u32| self.new_shapes[group.shape_of[*row as usize] as usize];
        rows.iter().map(number).collect()
    }

    /// The shapes with the new numbers of their columns.
    pub(super) fn renumbered(&self, group: &OpenGroup) -> Vec<Shape> {
        let column = |old: u32| self.new_columns[old as usize];
        let renumber = |old: &u32| {
            let shape = &group.shapes.shapes()[*old as usize];
            let holes = shape.holes.iter().map(|hole| Hole { column: column(hole.column), ..*hole });
            Shape {
                text: Box::default(),
                ends: shape.ends.clone(),
                holes: holes.collect(),
                defaults: shape.defaults.iter().map(|old| column(*old)).collect(),
                roles: shape.roles,
            }
        };
        self.shapes.iter().map(renumber).collect()
    }

    pub(super) fn texts<'a>(&'a self, group: &'a OpenGroup) -> impl Iterator<Item = &'a [u8]> {
        self.shapes.iter().map(|shape| &*group.shapes.shapes()[*shape as usize].text)
    }
}

/// For each old number its place, if it has one.
fn inverse(old: &[u32], count: usize) -> Vec<u32> {
    let mut places = vec![UNUSED; count];
    for (place, old) in old.iter().enumerate() {
        places[*old as usize] = place as u32;
    }
    places
}
