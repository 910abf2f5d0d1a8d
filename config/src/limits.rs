//! Every limit of the program in one file.
//!
//! Invariant: nothing that comes from outside is read, kept or looped over without one of these.
//! It does not enforce them: the code that owns the resource does.

use serde::{Deserialize, Serialize};

/// What one log line, and one batch of lines, may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineLimits {
    /// Longest line in bytes; a longer one is refused.
    pub line_bytes_max: u32,
    /// Deepest nesting of objects and arrays; a deeper line is refused.
    pub depth_max: u16,
    /// Fields of one line that are indexed; further ones stay in the raw line only.
    pub fields_per_line_max: u16,
    /// Different field names in one batch; further ones stay in the raw line only.
    pub names_per_batch_max: u16,
    /// Longest dotted field name in bytes; a longer one stays in the raw line only.
    pub name_bytes_max: u16,
    /// Longest number in bytes; a line with a longer one is refused.
    pub number_bytes_max: u16,
    /// Lines in one batch.
    pub lines_per_batch_max: u32,
}

impl Default for LineLimits {
    fn default() -> Self {
        Self {
            line_bytes_max: 1 << 20,
            depth_max: 64,
            fields_per_line_max: 1_000,
            names_per_batch_max: 8_192,
            name_bytes_max: 512,
            number_bytes_max: 400,
            lines_per_batch_max: 1_000_000,
        }
    }
}
