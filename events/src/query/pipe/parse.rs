//! Reading pipes: what follows the first `|` of a query.
//!
//! Invariant: reading never goes back, takes time linear in the text, and goes on behind the next `|` after an
//! error, so that every pipe's errors are told, each with its place. What has an error is left out.
//! It does not read filters: the parser of queries does.

use antler_config::limits::QueryLimits;

use super::{Entry, PIPES, Pipe};
use crate::clock::Timestamp;
use crate::query::diagnose::{Diagnostic, Diagnostics, Span};
use crate::query::lexer::literal::{self, Literal};
use crate::query::lexer::{Lexer, Mode, Token, TokenKind};
use crate::query::parse::parse_filter;
use crate::query::tree::FieldName;

/// Names, columns and expressions of one pipe.
const ITEMS_MAX: usize = 100;

/// Reads the pipes of a text from a place on, which is behind the first `|`. `now` is what relative times in filters
/// count from. Each comes with its place.
pub fn parse(
    text: &str,
    from: usize,
    now: Timestamp,
    limits: &QueryLimits,
    diagnostics: &mut Diagnostics,
) -> Vec<(Pipe, Span)> {
    let pipes_max = usize::from(limits.pipes_max);
    let mut reader = Reader { lexer: Lexer::starting_at(text, from), diagnostics };
    let mut pipes = Vec::new();
    loop {
        let start = reader.peek().span.start;
        if pipes.len() == pipes_max {
            let message = format!("A query has at most {pipes_max} pipes: leave some out.");
            let _told = reader.fail(Span::new(start, reader.lexer.text().len()), "too_many_pipes", message);
            return pipes;
        }
        let found = reader.pipe(now, limits);
        let end = reader.lexer.position();
        if let Ok(pipe) = found {
            pipes.push((pipe, Span::new(start, end)));
        } else {
            reader.skip();
        }
        match reader.next() {
            Token { kind: TokenKind::Pipe, .. } => {}
            Token { kind: TokenKind::End, .. } => return pipes,
            token => {
                let shown = token.text(reader.lexer.text()).to_owned();
                let message =
                    format!("Nothing more is expected here: put a | before {shown} or leave it out.");
                let _told = reader.fail(token.span, "unexpected", message);
                pipes.pop();
                reader.skip();
                if reader.next().kind == TokenKind::End {
                    return pipes;
                }
            }
        }
    }
}

/// It did not work out, and a diagnostic says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told;

pub(super) type Parsed<T> = Result<T, Told>;

/// Reads the parts of pipes.
pub(super) struct Reader<'t, 'd> {
    pub lexer: Lexer<'t>,
    pub diagnostics: &'d mut Diagnostics,
}

impl<'t> Reader<'t, '_> {
    pub(super) fn peek(&self) -> Token {
        self.lexer.peek(Mode::Pipe)
    }

    pub(super) fn next(&mut self) -> Token {
        self.lexer.next(Mode::Pipe)
    }

    pub(super) fn text_of(&self, token: Token) -> &'t str {
        token.span.of(self.lexer.text())
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn take(&mut self, kind: TokenKind) -> bool {
        self.take_in(Mode::Pipe, kind)
    }

    pub(super) fn take_in(&mut self, mode: Mode, kind: TokenKind) -> bool {
        let token = self.lexer.peek(mode);
        let found = token.kind == kind;
        if found {
            self.lexer.take(token);
        }
        found
    }

    /// Takes the next token if it is this word, in any case.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        let found = token.is_word(self.lexer.text(), word);
        if found {
            self.lexer.take(token);
        }
        found
    }

    pub(super) fn expect_in(&mut self, mode: Mode, kind: TokenKind, expected: &'static str) -> Parsed<()> {
        if self.take_in(mode, kind) { Ok(()) } else { Err(self.unexpected_in(mode, expected)) }
    }

    pub(super) fn expect(&mut self, kind: TokenKind, expected: &'static str) -> Parsed<()> {
        self.expect_in(Mode::Pipe, kind, expected)
    }

    /// Whether the pipe ends here.
    pub(super) fn at_end(&self) -> bool {
        matches!(self.peek().kind, TokenKind::Pipe | TokenKind::End)
    }

    /// The name of a field, plain or in quotes.
    pub(super) fn name(&mut self, expected: &'static str) -> Parsed<FieldName> {
        let token = self.peek();
        let name = match token.kind {
            TokenKind::Word => {
                self.lexer.take(token);
                match literal::word(self.lexer.text(), token, self.diagnostics) {
                    Literal::Text(name) => name,
                    Literal::Pattern(_) => {
                        let message = "A pipe needs the whole name of a field, without * or ?.";
                        return Err(self.fail(token.span, "pattern_for_name", message.to_owned()));
                    }
                }
            }
            TokenKind::Quoted { closed } => {
                self.lexer.take(token);
                self.quoted(token, closed)?
            }
            _ => return Err(self.unexpected(expected)),
        };
        Ok(FieldName::named(&name))
    }

    pub(super) fn names(&mut self) -> Parsed<Vec<FieldName>> {
        self.list(|reader| reader.name("the name of a field"))
    }

    /// Items with commas between them.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take(TokenKind::Comma) {
            if items.len() == ITEMS_MAX {
                let message = format!("One pipe has at most {ITEMS_MAX} of these: use a second pipe.");
                return Err(self.fail(self.peek().span, "too_many_items", message));
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// What stands between the quotes of a token that was taken.
    pub(super) fn quoted(&mut self, token: Token, closed: bool) -> Parsed<String> {
        let text = literal::quoted(self.lexer.text(), token, closed, self.diagnostics);
        if closed { Ok(text) } else { Err(Told) }
    }

    /// A whole number above zero, if there is one.
    pub(super) fn count(&mut self) -> Option<u32> {
        let token = self.peek();
        let count: u32 = self.text_of(token).parse().ok()?;
        self.lexer.take(token);
        (count > 0).then_some(count)
    }

    pub(super) fn unexpected(&mut self, expected: &'static str) -> Told {
        self.unexpected_in(Mode::Pipe, expected)
    }

    pub(super) fn unexpected_in(&mut self, mode: Mode, expected: &'static str) -> Told {
        let token = self.lexer.peek(mode);
        let message = match token.kind {
            TokenKind::End => format!("Something is missing at the end: write {expected}."),
            _ => format!("Write {expected} in place of {}.", shown(self.text_of(token))),
        };
        self.diagnostics.push(Diagnostic::error(token.span, "unexpected", message).expecting(expected));
        Told
    }

    pub(super) fn fail(&mut self, span: Span, code: &'static str, message: String) -> Told {
        self.diagnostics.push(Diagnostic::error(span, code, message));
        Told
    }

    /// Tells of a name that is not known, with the nearest one that is.
    pub(super) fn unknown(
        &mut self,
        token: Token,
        code: &'static str,
        what: &'static str,
        names: &mut dyn Iterator<Item = &'static str>,
    ) -> Told {
        let name = self.text_of(token);
        let near = nearest_of(name, names);
        let hint = near.map_or(String::new(), |near| format!(" Did you mean {near}?"));
        let diagnostic =
            Diagnostic::error(token.span, code, format!("There is no {what} {}.{hint}", shown(name)));
        let diagnostic = diagnostic.expecting(what);
        self.diagnostics.push(match near {
            Some(near) => diagnostic.suggesting(near),
            None => diagnostic,
        });
        Told
    }

    fn pipe(&mut self, now: Timestamp, limits: &QueryLimits) -> Parsed<Pipe> {
        let token = self.peek();
        if token.kind != TokenKind::Word {
            return Err(self.unexpected("the name of a pipe, such as stats"));
        }
        self.lexer.take(token);
        let name = self.text_of(token);
        let known = PIPES.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
        match known {
            Some(Entry { parse: Some(parse), .. }) => parse(self),
            Some(_) => self.filter(now, limits),
            None => {
                Err(self.unknown(token, "unknown_pipe", "pipe", &mut PIPES.iter().map(|entry| entry.name)))
            }
        }
    }

    fn filter(&mut self, now: Timestamp, limits: &QueryLimits) -> Parsed<Pipe> {
        if self.at_end() {
            return Err(self.unexpected("a condition, such as status:500"));
        }
        let text = self.lexer.text();
        let (filter, end) = parse_filter(text, self.lexer.position(), now, limits, self.diagnostics);
        self.lexer = Lexer::starting_at(text, end);
        Ok(Pipe::Where(filter))
    }

    /// Goes to the next `|`, or the end.
    fn skip(&mut self) {
        while !self.at_end() {
            self.next();
        }
    }
}

/// A piece of the query in a message, not too long.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

/// The name that was probably meant.
pub(super) fn nearest_of<'k>(name: &str, known: &mut dyn Iterator<Item = &'k str>) -> Option<&'k str> {
    let name = shown(name).to_lowercase();
    let distance = |known: &str| strsim::osa_distance(&name, shown(known));
    known
        .map(|known| (distance(known), known))
        .filter(|(edits, known)| *edits * 3 <= name.len().max(known.len()) + 1)
        .min()
        .map(|(_, known)| known)
}
