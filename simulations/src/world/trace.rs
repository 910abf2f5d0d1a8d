//! The trace of a world: what happened in it, as a hash, and as text on request.
//!
//! Invariant: the hash covers every line, so two runs with the same hash did the same.
//! It keeps no text unless asked to: a replay of one seed asks, ten thousand seeds do not.

use std::fmt::{self, Write as _};

/// The lines of a run, hashed.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    hash: u64,
    line: String,
    text: Option<String>,
}

impl Trace {
    /// A trace of which only the hash is kept.
    pub fn hashed() -> Self {
        Self::default()
    }

    /// A trace that can be printed.
    pub fn kept() -> Self {
        Self { text: Some(String::new()), ..Self::default() }
    }

    pub fn note(&mut self, line: fmt::Arguments<'_>) {
        self.line.clear();
        self.line.write_fmt(line).expect("a string takes every text");
        self.line.push('\n');
        // A chunk at a time: the multiplication spreads each one over all later bits.
        for chunk in self.line.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let mixed = (self.hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.hash = mixed ^ (mixed >> 32);
        }
        if let Some(text) = &mut self.text {
            text.push_str(&self.line);
        }
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(lines: &[&str]) -> u64 {
        let mut trace = Trace::hashed();
        lines.iter().for_each(|line| trace.note(format_args!("{line}")));
        trace.hash()
    }

    #[test]
    fn order_and_line_ends_count() {
        assert_eq!(hash(&["a", "b"]), hash(&["a", "b"]));
        assert_ne!(hash(&["a", "b"]), hash(&["b", "a"]));
        assert_ne!(hash(&["a", "b"]), hash(&["ab"]));
        assert_ne!(hash(&["append 1 to 7"]), hash(&["append 1 to 8"]));
    }
}
