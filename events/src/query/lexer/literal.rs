//! Literals: what a word, a quoted text or a regex says once its escapes are resolved.
//!
//! Invariant: an escape that means nothing is an error with its place, never dropped; what is read on with is
//! the text as it was written. It does not compile regexes and knows no fields.

use super::Token;
use crate::query::diagnose::{Diagnostic, Diagnostics, Span};

/// What a word says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    /// A wildcard as `tree::Wildcard` has it: `\` before what stands for itself, no two stars in a row.
    Pattern(String),
}

/// Reads a word: `\` makes the next character stand for itself, `*` and `?` are wildcards.
pub fn word(text: &str, token: Token, diagnostics: &mut Diagnostics) -> Literal {
    let source = token.span.of(text);
    if !source.contains(['\\', '*', '?']) {
        return Literal::Text(source.to_owned());
    }
    let mut reader = Escapes { source, base: token.span.start, at: 0, diagnostics };
    let (mut plain, mut pattern, mut is_pattern) = (String::new(), String::new(), false);
    while let Some((character, escaped)) = reader.next() {
        let wild = !escaped && matches!(character, '*' | '?');
        is_pattern |= wild;
        plain.push(character);
        if wild && character == '*' && pattern_ends_with_star(&pattern) {
            continue;
        }
        if !wild && matches!(character, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    if is_pattern { Literal::Pattern(pattern) } else { Literal::Text(plain) }
}

/// The pattern that matches exactly this text.
pub fn escaped_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Reads what stands between quotes; complains if they are not closed.
pub fn quoted(text: &str, token: Token, closed: bool, diagnostics: &mut Diagnostics) -> String {
    let quote = &token.text(text)[..1];
    if !closed {
        let message = format!("The text in quotes has no end: put {quote} where it ends.");
        let suggestion = format!("{}{quote}", token.text(text));
        diagnostics.push(
            Diagnostic::error(token.span, "unclosed_quote", message)
                .expecting("a closing quote")
                .suggesting(suggestion),
        );
    }
    let inner = Span::new(token.span.start + 1, token.span.end - usize::from(closed));
    let mut reader = Escapes { source: inner.of(text), base: inner.start, at: 0, diagnostics };
    let mut plain = String::with_capacity(inner.len());
    while let Some((character, _)) = reader.next() {
        plain.push(character);
    }
    plain
}

/// The expression between slashes, in which `\/` is a slash; and where each of its parts stands in the text.
pub fn regex(text: &str, token: Token) -> String {
    let source = Span::new(token.span.start + 1, token.span.end - 1).of(text);
    let mut expression = String::with_capacity(source.len());
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match (character, characters.as_str().chars().next()) {
            ('\\', Some('/')) => {}
            ('\\', Some(escaped)) => {
                expression.extend(['\\', escaped]);
                characters.next();
            }
            (other, _) => expression.push(other),
        }
    }
    expression
}

/// The place in the text of a place in the expression that `regex` made.
pub fn place_in_regex(text: &str, token: Token, place: usize) -> usize {
    let source = Span::new(token.span.start + 1, token.span.end - 1).of(text).as_bytes();
    let (mut at, mut made) = (0, 0);
    while made < place && at < source.len() {
        match source[at..] {
            [b'\\', b'/', ..] => at += 1,
            [b'\\', _, ..] => (at, made) = (at + 1, made + 1),
            _ => {}
        }
        (at, made) = (at + 1, made + 1);
    }
    text.floor_char_boundary(token.span.start + 1 + at)
}

fn pattern_ends_with_star(pattern: &str) -> bool {
    let Some(before) = pattern.strip_suffix('*') else { return false };
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes.is_multiple_of(2)
}

/// Reads characters and resolves escapes.
struct Escapes<'t, 'd> {
    source: &'t str,
    /// Where the source begins in the text.
    base: usize,
    at: usize,
    diagnostics: &'d mut Diagnostics,
}

impl Escapes<'_, '_> {
    /// The next character, and whether a backslash made it.
    fn next(&mut self) -> Option<(char, bool)> {
        let mut characters = self.source[self.at..].chars();
        let character = characters.next()?;
        if character != '\\' {
            self.at += character.len_utf8();
            return Some((character, false));
        }
        let start = self.at;
        let escaped = match characters.next() {
            Some('n') => self.step('n', '\n'),
            Some('r') => self.step('r', '\r'),
            Some('t') => self.step('t', '\t'),
            Some('u') => self.unicode(),
            Some(other) if !other.is_alphanumeric() => self.step(other, other),
            _ => None,
        };
        escaped.map(|character| (character, true)).or_else(|| {
            self.at = start + 1;
            self.complain(start);
            Some(('\\', true))
        })
    }

    fn step(&mut self, escape: char, meant: char) -> Option<char> {
        self.at += 1 + escape.len_utf8();
        Some(meant)
    }

    /// `\u00e4`, or two of them for a character beyond 65,535.
    fn unicode(&mut self) -> Option<char> {
        let first = self.code_unit(self.at)?;
        self.at += 6;
        if let Some(character) = char::from_u32(first) {
            return Some(character);
        }
        let second = self.code_unit(self.at)?;
        self.at += 6;
        if !(0xD800..0xDC00).contains(&first) || !(0xDC00..0xE000).contains(&second) {
            return None;
        }
        char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    }

    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.source.get(at..at + 6)?.strip_prefix("\\u")?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if all_hex { u32::from_str_radix(digits, 16).ok() } else { None }
    }

    fn complain(&mut self, start: usize) {
        let after = self.source[start + 1..].chars().next();
        let end = start + 1 + after.map_or(0, char::len_utf8);
        let span = Span::new(self.base + start, self.base + end);
        let message = match after {
            Some('u') => {
                "After \\u stand four hexadecimal digits of a character, such as \\u00e4.".to_owned()
            }
            Some(_) => {
                format!("There is no escape {}: write \\\\ for a backslash.", &self.source[start..end])
            }
            None => "A backslash needs a character after it: write \\\\ for a backslash.".to_owned(),
        };
        self.diagnostics.push(
            Diagnostic::error(span, "bad_escape", message)
                .expecting("one of \\\\ \\\" \\n \\r \\t \\uXXXX, or a sign such as \\*")
                .suggesting(format!("\\{}", &self.source[start..end])),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Lexer, Mode, TokenKind};
    use super::*;

    fn diagnostics() -> Diagnostics {
        Diagnostics::new(10)
    }

    fn read_word(text: &str) -> (Literal, Vec<Diagnostic>) {
        let mut found = diagnostics();
        let literal = word(text, Lexer::new(text).peek(Mode::Value), &mut found);
        (literal, found.into_sorted())
    }

    #[test]
    fn a_word_is_a_text_or_a_pattern() {
        let check = |text: &str, expected: Literal| {
            let (literal, complaints) = read_word(text);
            assert_eq!((literal, complaints), (expected, vec![]), "{text}");
        };
        let text = |text: &str| Literal::Text(text.to_owned());
        let pattern = |text: &str| Literal::Pattern(text.to_owned());
        check("timeout", text("timeout"));
        check("time*", pattern("time*"));
        check("a***b?", pattern("a*b?"));
        check(r"a\*b", text("a*b"));
        check(r"a\**b", pattern(r"a\**b"));
        check(r"a\\**", pattern(r"a\\*"));
        check(r"a\:b\ c\(", text("a:b c("));
        check(r"\u00e4\n\t", text("ä\n\t"));
        check(r"\uD83D\uDE00", text("😀"));
    }

    #[test]
    fn a_bad_escape_is_an_error_with_its_place() {
        for (text, span, suggestion) in [
            (r"a\qb", Span::new(1, 3), r"\\q"),
            (r"a\ub", Span::new(1, 3), r"\\u"),
            (r"\uDC00x", Span::new(0, 2), r"\\u"),
            (r"a\ä", Span::new(1, 4), r"\\ä"),
            ("a\\", Span::new(1, 2), r"\\"),
        ] {
            let (_, complaints) = read_word(text);
            assert_eq!(complaints.len(), 1, "{text}");
            let one = &complaints[0];
            assert_eq!((one.code, one.span), ("bad_escape", span), "{text}");
            assert_eq!(one.suggestion.as_deref(), Some(suggestion), "{text}");
        }
    }

    #[test]
    fn quotes_hold_a_text_and_must_be_closed() {
        let check = |text: &str, expected: &str, codes: &[&str]| {
            let token = Lexer::new(text).peek(Mode::Value);
            let TokenKind::Quoted { closed } = token.kind else { panic!("{text} is no quoted text") };
            let mut found = diagnostics();
            assert_eq!(quoted(text, token, closed, &mut found), expected, "{text}");
            let found: Vec<_> = found.into_sorted().into_iter().map(|one| one.code).collect();
            assert_eq!(found, codes, "{text}");
        };
        check(r#""read \"timeout\" *""#, "read \"timeout\" *", &[]);
        check(r#""C:\\temp""#, "C:\\temp", &[]);
        check(r#""C:\Windows""#, "C:\\Windows", &["bad_escape"]);
        check(r#""open"#, "open", &["unclosed_quote"]);
        check(r#"""#, "", &["unclosed_quote"]);
        check(r#""a\"#, "a\\", &["unclosed_quote", "bad_escape"]);
        check(r#""""#, "", &[]);
    }

    #[test]
    fn a_regex_keeps_its_escapes_but_that_of_the_slash() {
        let text = r"/ä\d+\/\\x/";
        let token = Lexer::new(text).peek(Mode::Value);
        assert_eq!(token.kind, TokenKind::Regex);
        let expression = regex(text, token);
        assert_eq!(expression, r"ä\d+/\\x");
        let check = |part: &str, in_text: &str| {
            let place = expression.find(part).unwrap();
            assert!(text[place_in_regex(text, token, place)..].starts_with(in_text), "{part}");
        };
        check("ä", "ä");
        check(r"\d", r"\d");
        check("/", r"\/");
        check(r"\\x", r"\\x");
        check("x", "x/");
        assert_eq!(place_in_regex(text, token, expression.len()), text.len() - 1);
    }
}
