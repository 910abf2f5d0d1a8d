//! Configuration: the only crate that reads files and the environment for settings.
//!
//! Invariant: every setting has a default, a type with a unit, and a known origin.
//! It never opens a socket, never touches the data folder and knows no other crate.
pub mod limits;
