//! A regular expression of a query: compiled within bounds, and the pieces that every match has.
//!
//! Invariant: the time of a search is linear in the text; what an expression may take when it is compiled
//! and while it runs is bounded. Pieces are found on the conservative side: a letter whose other case is
//! not a fold of it, such as the long s, ends a piece. It does not rewrite expressions.

use std::ops::Range;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::ValueTestError;
use super::piece::Piece;
use crate::query::text::fold_char;

/// What a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 2 << 20;
/// What its searches may take for states that they meet; beyond it they go on without.
const STATES_BYTES_MAX: usize = 1 << 20;
pub(super) const NESTING_MAX: u32 = 100;
/// Of an expression that is shown in an error.
const SHOWN_CHARS_MAX: usize = 80;
/// The cases of one letter.
const CASES_MAX: usize = 4;

#[derive(Debug, Clone)]
pub(super) struct Expression {
    compiled: Regex,
    pieces: Vec<Piece>,
}

impl Expression {
    pub(super) fn new(source: &str) -> Result<Self, ValueTestError> {
        let compiled = RegexBuilder::new(source)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(STATES_BYTES_MAX)
            .nest_limit(NESTING_MAX)
            .build()
            .map_err(|error| ValueTestError::expression(source, error))?;
        let mut parser = regex_syntax::ParserBuilder::new().nest_limit(NESTING_MAX).build();
        // What compiles has been parsed before; without a tree there are no pieces, which is right too.
        let pieces = parser.parse(source).map(|tree| Pieces::of(&tree)).unwrap_or_default();
        Ok(Self { compiled, pieces })
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(super) fn source(&self) -> &str {
        self.compiled.as_str()
    }

    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        match str::from_utf8(text) {
            Ok(text) => self.compiled.is_match(text),
            Err(_) => self.compiled.is_match(&String::from_utf8_lossy(text)),
        }
    }

    pub(super) fn places(&self, text: &str, count_max: usize) -> Vec<Range<usize>> {
        let found = self.compiled.find_iter(text).map(|found| found.range());
        found.filter(|place| !place.is_empty()).take(count_max).collect()
    }
}

impl ValueTestError {
    fn expression(source: &str, error: regex::Error) -> Self {
        let mut shown: String = source.chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < source.len() {
            shown.push('…');
        }
        match error {
            regex::Error::CompiledTooBig(_) => Self::ExpressionTooLarge { expression: shown },
            other => Self::Expression { expression: shown, source: Box::new(other) },
        }
    }
}

/// Collects pieces from the tree of an expression, in order.
#[derive(Debug, Default)]
struct Pieces {
    done: Vec<Piece>,
    text: String,
    begins_word: bool,
}

impl Pieces {
    fn of(tree: &Hir) -> Vec<Piece> {
        let mut pieces = Self::default();
        pieces.take(tree);
        pieces.end(false);
        pieces.done
    }

    fn take(&mut self, tree: &Hir) {
        match tree.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => match str::from_utf8(&literal.0) {
                Ok(text) => self.text.extend(text.chars().map(fold_char)),
                Err(_) => self.end(false),
            },
            HirKind::Class(class) => match folded_alike(class) {
                Some(character) => self.text.push(character),
                None => self.end(false),
            },
            HirKind::Look(look) => self.look(*look),
            HirKind::Capture(capture) => self.take(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.take(part)),
            HirKind::Repetition(repetition) if repetition.min > 0 => {
                self.end(false);
                self.take(&repetition.sub);
                self.end(false);
            }
            HirKind::Repetition(_) | HirKind::Alternation(_) => self.end(false),
        }
    }

    fn look(&mut self, look: Look) {
        match look {
            Look::Start | Look::StartLF | Look::StartCRLF => {
                self.end(false);
                self.begins_word = true;
            }
            Look::End | Look::EndLF | Look::EndCRLF => self.end(true),
            _ => {}
        }
    }

    fn end(&mut self, ends_word: bool) {
        let begins_word = std::mem::take(&mut self.begins_word);
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() {
            self.done.push(Piece { text: text.into(), begins_word, ends_word });
        }
    }
}

/// The character that all of a class fold to.
fn folded_alike(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut characters = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let folded = fold_char(characters.next()?);
    let alike = characters.by_ref().take(CASES_MAX).all(|other| fold_char(other) == folded);
    (alike && characters.next().is_none()).then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_match_has_the_pieces() {
        let check = |source: &str, expected: &[(&str, bool, bool)]| {
            let expression = Expression::new(source).unwrap();
            let found: Vec<_> = expression
                .pieces()
                .iter()
                .map(|piece| (&*piece.text, piece.begins_word, piece.ends_word))
                .collect();
            assert_eq!(found, expected, "{source}");
        };
        check("Timeout", &[("timeout", false, false)]);
        check(r"took \d+ms", &[("took ", false, false), ("ms", false, false)]);
        check("(?i)time-out", &[("time-out", false, false)]);
        check("(?i)session", &[("e", false, false), ("ion", false, false)]);
        check("^GET (/a|/b) x$", &[("get ", true, false), (" x", false, true)]);
        check(r"(abc)+d?\bx", &[("abc", false, false), ("x", false, false)]);
        check("a|b", &[]);
        check(".*", &[]);
        check("größ[eE]", &[("größe", false, false)]);
    }

    #[test]
    fn a_bad_expression_is_an_error_that_names_it() {
        let check = |source: &str, expected: &str| {
            let error = Expression::new(source).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("a(", "the regular expression \"a(\" cannot be read");
        check(
            r"(\w{100}){100}{100}",
            "the regular expression \"(\\\\w{100}){100}{100}\" takes too much memory; shorten its repetitions",
        );
        let nested = "(".repeat(1_000) + &")".repeat(1_000);
        check(&nested, &format!("the regular expression {:?} cannot be read", "(".repeat(80) + "…"));
    }

    #[test]
    fn a_catastrophic_expression_is_linear() {
        let expression = Expression::new("(a|a)*(a*)*b$").unwrap();
        assert!(!expression.is_in("a".repeat(1 << 20).as_bytes()));
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a list of one place")]
    fn bytes_that_are_no_text_are_replacement_characters() {
        assert!(Expression::new("^a.$").unwrap().is_in(b"a\xff"));
        assert_eq!(Expression::new("b*").unwrap().places("abba", 9), [1..3]);
    }
}
