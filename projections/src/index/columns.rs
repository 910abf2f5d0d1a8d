//! The column store: lines as columns, in groups that are sealed once.
//!
//! A line is a *shape* (the bytes between its values) and its values, each kind in a room of its own:
//! `dictionary` for texts that repeat, `number` for decimals, `template` for texts that are written by
//! programs, `time` for when. `open` takes lines in, `seal` writes a group, `group` reads it again.
//! Invariant: every line comes back byte for byte. Durability is the event log's: what is not sealed is
//! built again from there.

pub mod adapter;
pub mod block;
pub mod catalogue;
pub mod column;
pub mod decimal;
pub mod dictionary;
mod digits;
pub mod escape;
pub mod filter;
pub mod forms;
pub mod group;
pub mod narrow;
pub mod number;
pub mod open;
pub mod plane;
mod recent;
pub mod render;
pub mod rollup;
mod same;
pub mod seal;
pub mod search;
pub mod shape;
pub mod store;
pub mod template;
pub mod templates;
pub mod texts;
pub mod time;
pub mod time_text;
pub mod varint;
pub mod view;
