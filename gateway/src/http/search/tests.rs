//! Tests of the search API: its routes in memory, over a column store in a folder.
//!
//! Invariant: sentences are compared whole, because people act on them. No socket is opened.

mod counts;
mod export;
mod given;
mod history;
mod keeping;
mod lines;
mod refusals;
mod saved;
mod search;
mod validate;
