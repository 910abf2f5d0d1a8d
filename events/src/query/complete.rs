//! Completion: what could stand at the cursor in a query that is being written.
//!
//! It reads the text up to the cursor as the parser does, and asks what it waits for at the end; so it works
//! behind any mistake. Names of fields and their values are the caller's to fill in.
//! Invariant: what is to be replaced lies inside the text, on borders of characters, and holds the cursor.
//! It knows no names of pipes or functions, and the grammar of pipes only so far as to say which of them could stand.

use antler_config::limits::QueryLimits;

use super::diagnose::{Diagnostics, Span};
use super::lexer::literal::{self, Literal};
use super::lexer::{Lexer, Mode, Token, TokenKind};
use super::parse::{Point, check_length, parse_filter, probe};
use super::tree::FieldName;
use crate::clock::Timestamp;

/// What could stand at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// What a completion is put in place of: the word around the cursor, or the cursor itself.
    pub replace: Span,
    /// What is written of it before the cursor, without quotes and escapes.
    pub prefix: String,
    pub expected: Vec<Expected>,
}

/// A kind of completion.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// The name of a field.
    Field,
    /// A value of this field.
    Value(FieldName),
    /// One of these words or signs.
    Word(&'static [&'static str]),
    /// The name of a pipe.
    Pipe,
    /// The name of a function of a pipe.
    Function,
}

const OPERATORS: &[&str] = &[":", ">", ">=", "<", "<="];
const JOINTS: &[&str] = &["and", "or", "|"];
const NEGATION: &[&str] = &["not"];
const TO: &[&str] = &["TO"];
const PIPE_WORDS: &[&str] = &["by", "as", "|"];

/// What could stand at the cursor, which is a place in bytes.
pub fn complete(text: &str, cursor: usize, limits: &QueryLimits) -> Completion {
    let cursor = text.floor_char_boundary(cursor);
    if check_length(text, limits).is_err() {
        return Completion { replace: Span::at(cursor), prefix: String::new(), expected: Vec::new() };
    }
    let before = &text[..cursor];
    match start_of_stage(before, limits) {
        None => in_filter(text, before, 0, limits),
        Some(start) => in_stage(text, before, start, limits),
    }
}

/// Where the stage of the pipeline begins that a text ends in; `None` if it ends in the filter.
fn start_of_stage(before: &str, limits: &QueryLimits) -> Option<usize> {
    let mut unheard = Diagnostics::new(0);
    let (_, end) = parse_filter(before, 0, Timestamp::default(), limits, &mut unheard);
    let mut start = None;
    let mut lexer = Lexer::starting_at(before, end);
    loop {
        let token = lexer.next(Mode::Pipe);
        match token.kind {
            TokenKind::Pipe => start = Some(token.span.end),
            TokenKind::End => return start,
            _ => {}
        }
    }
}

fn in_filter(text: &str, before: &str, from: usize, limits: &QueryLimits) -> Completion {
    let found = probe(before, from, Timestamp::default(), limits);
    let Some(token) = found.token else {
        return Completion { replace: Span::at(before.len()), prefix: String::new(), expected: Vec::new() };
    };
    let mode = found.points.first().map_or(Mode::Term, |(_, mode)| *mode);
    let expected = found.points.into_iter().flat_map(|(point, _)| expected_at(point)).collect();
    completion(text, before, token, mode, expected)
}

fn expected_at(point: Point) -> Vec<Expected> {
    match point {
        Point::Term => vec![Expected::Field, Expected::Word(NEGATION)],
        Point::Value(field) => vec![Expected::Value(field)],
        Point::Operator => vec![Expected::Word(OPERATORS), Expected::Word(JOINTS)],
        Point::To => vec![Expected::Word(TO)],
    }
}

/// Behind a `|`: the name of a pipe comes first; `where` goes on as a filter, all others with fields and functions.
fn in_stage(text: &str, before: &str, start: usize, limits: &QueryLimits) -> Completion {
    let mut lexer = Lexer::starting_at(before, start);
    let name = lexer.next(Mode::Pipe);
    if name.span.end == before.len() {
        return completion(text, before, name, Mode::Pipe, vec![Expected::Pipe]);
    }
    if name.is_word(before, "where") {
        return in_filter(text, before, name.span.end, limits);
    }
    let mut last = lexer.next(Mode::Pipe);
    while last.span.end < before.len() {
        last = lexer.next(Mode::Pipe);
    }
    let is_word = matches!(last.kind, TokenKind::Word | TokenKind::End);
    let place = if is_word { last } else { Token { kind: TokenKind::End, span: Span::at(before.len()) } };
    let expected = vec![Expected::Field, Expected::Function, Expected::Word(PIPE_WORDS)];
    completion(text, before, place, Mode::Pipe, expected)
}

/// `token` is the last one of the text before the cursor; in the whole text it may go on.
fn completion(text: &str, before: &str, token: Token, mode: Mode, expected: Vec<Expected>) -> Completion {
    let cursor = before.len();
    if token.span.is_empty() {
        return Completion { replace: Span::at(cursor), prefix: String::new(), expected };
    }
    let whole = Lexer::starting_at(text, token.span.start).peek(mode);
    let goes_on = match whole.kind {
        TokenKind::Word => true,
        // The next quote closes this text only if it is near: else it opens the next one.
        TokenKind::Quoted { closed } => {
            let behind = text.get(cursor..whole.span.end).unwrap_or_default();
            closed && !behind.contains(char::is_whitespace)
        }
        _ => false,
    };
    let end = if goes_on { whole.span.end.max(cursor) } else { cursor };
    Completion { replace: Span::new(token.span.start, end), prefix: prefix_of(before, token), expected }
}

fn prefix_of(before: &str, token: Token) -> String {
    let mut unheard = Diagnostics::new(0);
    match token.kind {
        TokenKind::Quoted { closed } => literal::quoted(before, token, closed, &mut unheard),
        _ => match literal::word(before, token, &mut unheard) {
            Literal::Text(text) => text,
            Literal::Pattern(_) => token.text(before).to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The cursor stands at `‸`.
    fn at(text: &str) -> (Completion, String) {
        let cursor = text.find('‸').unwrap();
        let text = text.replace('‸', "");
        (complete(&text, cursor, &QueryLimits::default()), text)
    }

    fn check(text: &str, replaced: &str, prefix: &str, expected: &[Expected]) {
        let (completion, plain) = at(text);
        assert_eq!(completion.replace.of(&plain), replaced, "{text}");
        assert_eq!(
            (completion.prefix.as_str(), completion.expected.as_slice()),
            (prefix, expected),
            "{text}"
        );
    }

    fn value(name: &str) -> Expected {
        Expected::Value(FieldName::named(name))
    }

    const TERM: &[Expected] = &[Expected::Field, Expected::Word(NEGATION)];

    #[test]
    fn a_term_is_a_field_or_a_negation() {
        check("‸", "", "", TERM);
        check("lev‸", "lev", "lev", TERM);
        check("le‸vel:x", "level", "le", TERM);
        check("(a or ser‸", "ser", "ser", TERM);
        check("not ‸", "", "", TERM);
        check("a:{ b and c‸", "c", "c", TERM);
        check("\"user a‸", "\"user a", "user a", TERM);
    }

    #[test]
    fn behind_a_colon_stands_a_value_of_that_field() {
        check("level:‸", "", "", &[value("level")]);
        check("level:er‸r and x", "err", "er", &[value("level")]);
        check("level:(err or w‸", "w", "w", &[value("level")]);
        check("service:\"my a‸", "\"my a", "my a", &[value("service")]);
        check("service:\"my a‸pi\" b", "\"my api\"", "my a", &[value("service")]);
        check("service:\"my a‸ and b:\"c\"", "\"my a", "my a", &[value("service")]);
        check("took >= ‸", "", "", &[value("took")]);
        check("http:{status:4‸}", "4", "4", &[value("http.status")]);
        check("x:[1‸", "1", "1", &[value("x")]);
    }

    #[test]
    fn behind_a_word_stands_an_operator_or_another_term() {
        let (completion, _) = at("level ‸");
        assert!(completion.expected.contains(&Expected::Word(OPERATORS)));
        assert!(completion.expected.contains(&Expected::Word(JOINTS)));
        assert!(completion.expected.contains(&Expected::Field));
        check("x:[1 ‸", "", "", &[Expected::Word(TO)]);
    }

    #[test]
    fn it_works_behind_mistakes() {
        check(") or level=error) and ser‸", "ser", "ser", TERM);
        check("a:[1 2] b:/[/ level:e‸", "e", "e", &[value("level")]);
    }

    #[test]
    fn behind_a_bar_stands_a_pipe_and_then_what_it_takes() {
        let of_pipe = [Expected::Field, Expected::Function, Expected::Word(PIPE_WORDS)];
        check("a | ‸", "", "", &[Expected::Pipe]);
        check("a |sta‸", "sta", "sta", &[Expected::Pipe]);
        check("a | sort ts | lim‸", "lim", "lim", &[Expected::Pipe]);
        check("a | stats count() by le‸v", "lev", "le", &of_pipe);
        check("a | stats avg(‸", "", "", &of_pipe);
        check("a | where level:e‸", "e", "e", &[value("level")]);
        check("a \"|\" b‸", "b", "b", TERM);
    }

    proptest! {
        #[test]
        fn what_is_replaced_is_around_the_cursor(text in r#"([a-cé :=<>|,/\\"*()\[\]{}-]|\PC){0,30}"#, cursor in 0usize..100) {
            let found = complete(&text, cursor, &QueryLimits::default());
            let cursor = text.floor_char_boundary(cursor);
            prop_assert!(found.replace.start <= cursor && cursor <= found.replace.end);
            prop_assert!(text.get(found.replace.start..found.replace.end).is_some());
        }
    }
}
