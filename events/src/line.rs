//! Lines: what a sender wrote, kept byte for byte, with its fields found but not copied.
//!
//! `builder` takes lines in and `batch` gives them out; between them `scan` reads JSON, `plain` the
//! rest, `names` remembers field names, and `timestamp` and `level` read the two fields that every
//! line is asked for; `stream` says under which name a line is filed, `numbers` under which number its sender
//! knows it.
//! Invariant: the same lines, limits and arrival give the same batch, so that a batch can be rebuilt
//! from the event log. It does not enrich, redact or drop anything: the pipeline of a tenant does.

pub mod batch;
pub mod builder;
pub mod error;
pub mod level;
mod names;
pub mod numbers;
mod plain;
pub mod role;
mod scan;
pub mod stream;
pub mod timestamp;

#[cfg(test)]
mod reference;

pub use batch::{Field, Line, LineBatch, NameId, Place, Value, ValueKind};
pub use builder::LineBatchBuilder;
pub use error::LineError;
pub use level::Level;
pub use names::known::KnownNames;
pub use numbers::LineNumbers;
pub use role::Role;
pub use stream::{StreamName, StreamParts};
