//! Pipes: what is done with the lines that a filter lets through.
//!
//! Invariant: every pipe is one file below and one entry of the table; pipes know cells and rows, never lines
//! or where they are stored. It does not read the filter before the first `|`.

pub mod cell;
pub mod number;

pub use cell::Cell;
pub use number::Number;
