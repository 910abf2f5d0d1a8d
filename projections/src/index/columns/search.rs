//! Searching groups: which rows of a tenant a filter asks for.
//!
//! A filter is compiled once (`plan`), then asked of each group: every distinct text, template or range of
//! numbers is tested once (`values`), what passes becomes rows (`places`), and rows are joined as the filter
//! says (`evaluate`). Invariant: the answer is that of the matcher on the rendered lines; where columns
//! cannot tell, rows are rendered and asked one by one. It knows one tenant at a time, and no other row.

pub mod budget;
mod counted;
pub mod counts;
mod ends;
pub mod evaluate;
mod exclude;
pub mod fields;
pub mod lines;
mod occupied;
pub mod patterns;
pub mod pipeline;
mod places;
pub mod plan;
pub mod rows;
pub mod select;
pub mod streams;
pub mod tally;
mod templates;
mod values;
mod waves;

#[cfg(test)]
mod tests;
