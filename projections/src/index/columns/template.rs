//! Columns of texts as templates and typed variables.
//!
//! A text such as `user 4711 from 10.0.0.9` is kept as the template `user <number> from <address>` and the two
//! variables. Texts of one template have their variables column-wise, where numbers, addresses and ids are
//! stored in a few bytes each; texts that have no template lie whole in the *rest*, which has the number 0.
//! Invariant: every text comes back byte for byte, whatever its bytes. It does not know what a query is.

pub mod column;
pub mod directory;
pub mod encode;
pub mod form;
pub mod layout;
pub mod literals;
mod pattern;
pub mod read;
pub mod root;
pub mod run;
pub mod spelling;
pub mod split;
pub mod templates;
pub mod texts;
pub mod word_index;

mod admission;
mod alphabet;
mod notation;
mod numbers;
mod page;
mod page_index;
#[cfg(test)]
mod samples;
mod sieve;
mod variables;
mod words;

pub use column::TemplateColumn;
pub use directory::TemplateDirectory;
pub use encode::encode;
pub use form::{HoleKind, Piece};
pub use layout::{BlockSink, BlockSource};
pub use read::TemplateReader;
pub use root::Root;
pub use run::{Run, TakeRun};
pub use sieve::Beside;
pub use spelling::{Alphabet, Atom, Spelling};
pub use templates::{LiteralAt, Template, Templates};
pub use texts::{TakeText, TemplateTexts};
pub use word_index::WordIndex;

/// The number of the texts that have no template.
pub const REST: u16 = 0;

/// Why a column cannot take or give a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("the column is full: it holds {held} bytes, and a text of {text} bytes is too much")]
    Full { held: usize, text: usize },
    #[error("the column has {count} texts, and no text {position}")]
    Position { position: u32, count: u32 },
    #[error("the positions of texts do not rise")]
    Order,
    #[error("the column is damaged: {0} cannot be")]
    Damaged(&'static str),
    #[error("the block {id} of the column cannot be read: {reason}")]
    Block { id: u32, reason: String },
}
