//! Live tails: lines on their way from the log to whoever watches, while they come.
//!
//! `projection` hands batches on, `inbox` is where a tail takes them from, `tail` is the actor that holds a filter against
//! them, `frame` is what it makes of them, and `queue` is where a reader takes frames from.
//! `seq` numbers lines, and `budget` is what all readers together may have waiting.
//! Invariant: a reader is given every line that its filter wants, in order, once, or is told which it was not given. No
//! tail holds up what is written. It knows no socket and no form of a message.

pub mod budget;
pub mod frame;
pub mod inbox;
pub(crate) mod of_tenant;
pub mod projection;
pub mod queue;
pub mod request;
pub mod seq;
pub mod tail;

#[cfg(test)]
pub(crate) mod tests;
