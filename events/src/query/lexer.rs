//! The lexer: a text as tokens, read one at a time, in the mode of the place where the reader stands.
//!
//! The same bytes are other tokens in other places: `a-b` is a word of a filter and a difference in `eval`,
//! `:` ends the name of a field and stands in a time. So the parser says with each token where it stands.
//! Invariant: each token begins where white space after the one before ends, is not empty except at the
//! end, and is found in time linear in its length. It does not resolve escapes: `literal` does.

pub mod literal;

#[cfg(test)]
mod tests;

use super::diagnose::Span;

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A term of a filter begins, or may go on: names, bare words, keywords, operators of a field.
    Term,
    /// The value of a field: `:` `=` `/` `-` are part of words, `[` opens a range, `/…/` is a regex.
    Value,
    /// An end of a range: as a value, and `]` and `}` end it.
    RangeEnd,
    /// A stage of a pipeline: commas and `=` are tokens, `-` inside a word is part of it, and `/…/` is a regex.
    Pipe,
    /// Arithmetic: words are names, numbers and durations; `+ - * / %` are tokens, and `` `…` `` quotes a name.
    Expression,
    /// The syntax of Lucene: as `Term`, and `+ ^ ~ [ {` mean something.
    Lucene,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// With the quotes or slashes around it.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name, number, keyword or bare text, with its escapes and wildcards as they were written.
    Word,
    /// `"…"`; not closed if the text ends before it does.
    Quoted {
        closed: bool,
    },
    /// `` `…` ``: a name in an expression.
    Backquoted {
        closed: bool,
    },
    /// `/…/`.
    Regex,
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Pipe,
    Comma,
    Colon,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    EqualEqual,
    NotEqual,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// A `-` that belongs to what follows, or the operator.
    Minus,
    Plus,
    Star,
    Slash,
    Percent,
    Caret,
    Tilde,
    End,
}

/// Reads tokens from a place in a text. A copy is a bookmark.
#[derive(Debug, Clone, Copy)]
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// From a place in the text; spans count from the start of the text all the same.
    pub fn starting_at(text: &'t str, at: usize) -> Self {
        Self { text, at: text.floor_char_boundary(at) }
    }

    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Where the last token ended.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next token, which stays the next one.
    pub fn peek(&self, mode: Mode) -> Token {
        let rest = &self.text[self.at..];
        let start = self.text.len() - rest.trim_start().len();
        let (kind, length) = token_at(self.text, start, mode);
        Token { kind, span: Span::new(start, start + length) }
    }

    pub fn next(&mut self, mode: Mode) -> Token {
        let token = self.peek(mode);
        self.at = token.span.end;
        token
    }

    /// Takes what is left of a range that cannot be read: up to and with its bracket, if that is near.
    pub fn skip_range(&mut self) {
        for _ in 0..4 {
            let token = self.peek(Mode::RangeEnd);
            match token.kind {
                TokenKind::CloseBracket | TokenKind::CloseBrace => return self.take(token),
                TokenKind::Word | TokenKind::Quoted { .. } => self.take(token),
                _ => return,
            }
        }
    }

    /// Takes a token that was peeked.
    pub fn take(&mut self, token: Token) {
        self.at = token.span.end;
    }
}

impl Token {
    pub fn text(self, text: &str) -> &str {
        self.span.of(text)
    }

    /// Whether it is this word in any case.
    pub fn is_word(self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(text).eq_ignore_ascii_case(word)
    }
}

/// Kind and length of the token that begins here.
fn token_at(text: &str, start: usize, mode: Mode) -> (TokenKind, usize) {
    let rest = &text.as_bytes()[start..];
    match rest.first() {
        None => (TokenKind::End, 0),
        Some(b'"') => quoted(rest, b'"', |closed| TokenKind::Quoted { closed }),
        Some(b'`') if mode == Mode::Expression => {
            quoted(rest, b'`', |closed| TokenKind::Backquoted { closed })
        }
        Some(b'/') if mode != Mode::Expression => match regex_length(&text[start..], mode) {
            Some(length) => (TokenKind::Regex, length),
            None => (TokenKind::Word, word_length(text, start, mode)),
        },
        Some(_) => punctuation(rest, mode).unwrap_or_else(|| word(text, start, mode)),
    }
}

/// From quote to quote; a backslash keeps the next character from closing it.
fn quoted(rest: &[u8], quote: u8, kind: impl Fn(bool) -> TokenKind) -> (TokenKind, usize) {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return (kind(true), at + 1),
            _ => at += 1,
        }
    }
    (kind(false), rest.len())
}

/// The length of a regex: it ends at the first slash that has no backslash before it, and the word ends there too;
/// else it is a path such as `/var/log`.
fn regex_length(rest: &str, mode: Mode) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'/' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    if at >= bytes.len() || at == 1 {
        return None;
    }
    let after = rest[at + 1..].chars().next();
    let ended = |next: char| {
        next.is_whitespace() || ")}]|,".contains(next) || (mode == Mode::Lucene && "^~".contains(next))
    };
    after.is_none_or(ended).then_some(at + 1)
}

fn punctuation(rest: &[u8], mode: Mode) -> Option<(TokenKind, usize)> {
    two_bytes(rest, mode).map(|kind| (kind, 2)).or_else(|| one_byte(rest, mode).map(|kind| (kind, 1)))
}

fn two_bytes(rest: &[u8], mode: Mode) -> Option<TokenKind> {
    Some(match rest.first_chunk::<2>()? {
        b"<=" => TokenKind::LessEqual,
        b">=" => TokenKind::GreaterEqual,
        b"==" => TokenKind::EqualEqual,
        b"!=" => TokenKind::NotEqual,
        b"||" => TokenKind::Or,
        b"&&" if mode != Mode::RangeEnd => TokenKind::And,
        _ => return None,
    })
}

fn one_byte(rest: &[u8], mode: Mode) -> Option<TokenKind> {
    let next = rest.get(1).copied();
    let arithmetic = mode == Mode::Expression;
    Some(match rest[0] {
        b'(' => TokenKind::Open,
        b')' => TokenKind::Close,
        b'{' => TokenKind::OpenBrace,
        b'}' => TokenKind::CloseBrace,
        b'|' => TokenKind::Pipe,
        b'<' => TokenKind::Less,
        b'>' => TokenKind::Greater,
        b'=' => TokenKind::Equal,
        b':' if !matches!(mode, Mode::Value | Mode::RangeEnd) => TokenKind::Colon,
        b',' if arithmetic || mode == Mode::Pipe || ends_list_item(next) => TokenKind::Comma,
        b'[' if !matches!(mode, Mode::Term) => TokenKind::OpenBracket,
        b']' if !matches!(mode, Mode::Term | Mode::Value) => TokenKind::CloseBracket,
        b'!' if mode != Mode::RangeEnd => TokenKind::Not,
        b'-' if arithmetic || (mode != Mode::RangeEnd && mode != Mode::Value && negates(next)) => {
            TokenKind::Minus
        }
        b'+' if arithmetic || (mode == Mode::Lucene && negates(next)) => TokenKind::Plus,
        b'*' if arithmetic => TokenKind::Star,
        b'/' if arithmetic => TokenKind::Slash,
        b'%' if arithmetic => TokenKind::Percent,
        b'^' if mode == Mode::Lucene => TokenKind::Caret,
        b'~' if mode == Mode::Lucene => TokenKind::Tilde,
        _ => return None,
    })
}

/// Whether a comma separates: something other than text follows it. `1,234` is one word.
fn ends_list_item(next: Option<u8>) -> bool {
    next.is_none_or(|byte| byte.is_ascii_whitespace() || b")}],|".contains(&byte))
}

/// Whether a dash belongs to what follows it: `-word` is not, `-5`, `--flag` and a dash by itself are words.
fn negates(next: Option<u8>) -> bool {
    next.is_some_and(|byte| byte.is_ascii_alphabetic() || byte >= 0x80 || b"\"(/_@*?\\".contains(&byte))
}

fn word(text: &str, start: usize, mode: Mode) -> (TokenKind, usize) {
    (TokenKind::Word, word_length(text, start, mode))
}

/// At least one character, so that reading goes on whatever stands here.
fn word_length(text: &str, start: usize, mode: Mode) -> usize {
    let rest = &text[start..];
    let bytes = rest.as_bytes();
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if mode != Mode::Expression => {
                characters.next();
            }
            _ if at > 0 && ends_word(bytes, at, character, mode) => return at,
            _ => {}
        }
    }
    rest.len()
}

fn ends_word(bytes: &[u8], at: usize, character: char, mode: Mode) -> bool {
    let next = bytes.get(at + 1).copied();
    if mode == Mode::Expression {
        return !(is_name(character) || is_exponent_sign(bytes, at));
    }
    match character {
        '(' | ')' | '{' | '}' | '|' | '<' | '>' | '"' => true,
        '!' => next == Some(b'='),
        '&' => next == Some(b'&') && mode != Mode::RangeEnd,
        ',' => mode == Mode::Pipe || ends_list_item(next),
        '=' => !matches!(mode, Mode::Value | Mode::RangeEnd),
        ':' => match mode {
            Mode::Term => !joins(bytes, at),
            Mode::Pipe | Mode::Lucene => true,
            _ => false,
        },
        ']' => !matches!(mode, Mode::Term | Mode::Value),
        '[' => mode == Mode::Pipe,
        '^' | '~' => mode == Mode::Lucene,
        other => other.is_whitespace(),
    }
}

/// Whether a colon is part of the word around it: `http://…`, `std::io`, `12:30`.
fn joins(bytes: &[u8], at: usize) -> bool {
    let [before, next, after] =
        [at.checked_sub(1).map(|at| bytes[at]), bytes.get(at + 1).copied(), bytes.get(at + 2).copied()];
    let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let part = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_$~".contains(&byte) || byte >= 0x80)
    };
    match next {
        Some(b'/') => after == Some(b'/'),
        Some(b':') => part(after),
        _ if before == Some(b':') => part(next) && at > 1 && part(Some(bytes[at - 2])),
        _ => bytes[0].is_ascii_digit() && digit(before) && digit(next),
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || "_.@$#".contains(character)
}

/// The sign in `1e-5`.
fn is_exponent_sign(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at], b'+' | b'-')
        && matches!(bytes[at - 1], b'e' | b'E')
        && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        && bytes[0].is_ascii_digit()
        && bytes[..at - 1].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}
