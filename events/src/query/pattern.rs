//! Patterns: what messages have in common that differ only in their variables.
//!
//! A message has a *form*: its words, where whatever holds a digit is a variable. Forms that differ in one word which
//! takes several values become one (`merge`), so `Failed password for <*> from <ip>` comes out of many users.
//! Invariant: the form of a message depends on nothing but its text, a form comes back from how it is shown, and
//! its id is the same in every process and for ever: links and rules keep it.
//! It does not know where messages are stored.

mod form;
mod merge;
mod scan;
mod word;

pub use form::{Form, FormBuilder, Hole, PatternId, PatternIdError};
pub use merge::{Merged, merge};
