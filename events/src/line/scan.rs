//! The flat scanner: one pass over a JSON object that reports every leaf with its path.
//!
//! A value inside an array has the path of the array, without an index: `{"a":[1,{"b":2}]}` has the
//! leaves `a` and `a.b`. An empty object or array is a leaf of its own. Of a repeated key all values
//! are reported.
//! Invariant: exactly the objects of RFC 8259 pass, within the limits; there is no recursion, so depth
//! costs no stack. It does not check UTF-8, which the builder does for the whole line at once.

use antler_config::limits::LineLimits;

use super::batch::ValueKind;
use super::error::LineError;
use super::names::PathId;

mod number;
pub(super) mod text;

/// Zeros that must follow the line, so that it is read in blocks without asking where it ends.
pub(super) const PADDING: usize = 32;

/// Where leaves go, and who knows the paths.
pub(super) trait Leaves {
    /// The path below `parent` whose key and colon stand at `at`, if it is expected, and where they end.
    fn expected(&mut self, parent: PathId, line: &[u8], at: usize) -> Option<(PathId, usize)>;

    /// The path of a key below `parent`.
    fn path(&mut self, parent: PathId, key: &[u8]) -> PathId;

    /// A value at `line[start..end]`; a string without its quotes.
    fn leaf(&mut self, path: PathId, kind: ValueKind, start: usize, end: usize);
}

/// An object or array that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container {
    path: PathId,
    is_array: bool,
}

/// Reads the object that is `line` but for its padding. `open` is room for the containers.
pub(super) fn scan<L: Leaves>(
    line: &[u8],
    limits: &LineLimits,
    open: &mut Vec<Container>,
    leaves: &mut L,
) -> Result<(), LineError> {
    let end = line.len() - PADDING;
    open.clear();
    let scanner = Scanner { line, limits, open, leaves };
    scanner.object().map_err(|error| at_the_end(error, end))
}

/// What is wrong in the padding is that the line ends.
#[cold]
fn at_the_end(error: LineError, end: usize) -> LineError {
    match error {
        LineError::Syntax { at, expected, .. } if at >= end => LineError::End { expected },
        LineError::ControlCharacter { at, .. } if at >= end => {
            LineError::End { expected: "the end of a string" }
        }
        other => other,
    }
}

/// Every method takes the place where it begins to read and answers the place where it has ended, so
/// that the place stays in a register.
struct Scanner<'a, L> {
    line: &'a [u8],
    limits: &'a LineLimits,
    /// The containers around the current one.
    open: &'a mut Vec<Container>,
    leaves: &'a mut L,
}

/// What began at a place, and where to go on.
enum Begun {
    /// A value that is complete.
    Leaf(usize),
    /// An object or array with something in it.
    Container(usize, Container),
}

impl<L: Leaves> Scanner<'_, L> {
    fn object(mut self) -> Result<(), LineError> {
        let start = self.after_spaces(0);
        let mut current = Container { path: PathId::ROOT, is_array: false };
        if self.line[start] != b'{' {
            return Err(self.wrong(start, "an object"));
        }
        self.check_depth(start, 1)?;
        let mut at = self.after_spaces(start + 1);
        if self.line[at] == b'}' {
            return self.the_end(at + 1);
        }
        loop {
            let mut path = current.path;
            if !current.is_array {
                (path, at) = self.key(at, path)?;
            }
            at = match self.value(at, path)? {
                Begun::Leaf(end) => end,
                Begun::Container(inside, inner) => {
                    self.open.push(current);
                    (at, current) = (inside, inner);
                    continue;
                }
            };
            at = self.after_spaces(at);
            while self.line[at] != b',' {
                self.check_close(at, current)?;
                let Some(outer) = self.open.pop() else { return self.the_end(at + 1) };
                current = outer;
                at = self.after_spaces(at + 1);
            }
            at = self.after_spaces(at + 1);
        }
    }

    /// Reads a key, its colon and the spaces after it.
    #[inline(always)]
    fn key(&mut self, at: usize, parent: PathId) -> Result<(PathId, usize), LineError> {
        if self.line[at] != b'"' {
            return Err(self.wrong(at, "a key in quotes"));
        }
        let (path, end) = match self.leaves.expected(parent, self.line, at + 1) {
            Some(found) => found,
            None => self.unexpected_key(at + 1, parent)?,
        };
        Ok((path, self.after_spaces(end)))
    }

    #[inline(never)]
    fn unexpected_key(&mut self, start: usize, parent: PathId) -> Result<(PathId, usize), LineError> {
        let plain = text::end_of_plain(self.line, start);
        let end = if self.line[plain] == b'"' { plain } else { text::end_of_escaped(self.line, plain)? };
        let colon = self.after_spaces(end + 1);
        if self.line[colon] != b':' {
            return Err(self.wrong(colon, "a colon"));
        }
        Ok((self.leaves.path(parent, &self.line[start..end]), colon + 1))
    }

    #[inline(always)]
    fn value(&mut self, start: usize, path: PathId) -> Result<Begun, LineError> {
        let (kind, end) = match self.line[start] {
            b'"' => return self.string(start + 1, path),
            b'-' | b'0'..=b'9' => {
                (ValueKind::Number, number::end_of_number(self.line, start, self.limits.number_bytes_max)?)
            }
            b'{' => return self.container(start, path, false),
            b'[' => return self.container(start, path, true),
            b't' => (ValueKind::True, self.end_of_word(start, b"true")?),
            b'f' => (ValueKind::False, self.end_of_word(start, b"false")?),
            b'n' => (ValueKind::Null, self.end_of_word(start, b"null")?),
            _ => return Err(self.wrong(start, "a value")),
        };
        self.leaves.leaf(path, kind, start, end);
        Ok(Begun::Leaf(end))
    }

    #[inline(always)]
    fn string(&mut self, start: usize, path: PathId) -> Result<Begun, LineError> {
        let end = text::end_of_plain(self.line, start);
        if self.line[end] != b'"' {
            return self.escaped_string(start, end, path);
        }
        self.leaves.leaf(path, ValueKind::String, start, end);
        Ok(Begun::Leaf(end + 1))
    }

    #[inline(never)]
    fn escaped_string(&mut self, start: usize, escape: usize, path: PathId) -> Result<Begun, LineError> {
        let end = text::end_of_escaped(self.line, escape)?;
        self.leaves.leaf(path, ValueKind::EscapedString, start, end);
        Ok(Begun::Leaf(end + 1))
    }

    #[inline(never)]
    fn container(&mut self, start: usize, path: PathId, is_array: bool) -> Result<Begun, LineError> {
        self.check_depth(start, self.open.len() + 2)?;
        let inside = self.after_spaces(start + 1);
        let (close, kind) =
            if is_array { (b']', ValueKind::EmptyArray) } else { (b'}', ValueKind::EmptyObject) };
        if self.line[inside] != close {
            return Ok(Begun::Container(inside, Container { path, is_array }));
        }
        self.leaves.leaf(path, kind, start, inside + 1);
        Ok(Begun::Leaf(inside + 1))
    }

    /// What follows a value and is no comma must close the container.
    #[inline(always)]
    fn check_close(&self, at: usize, container: Container) -> Result<(), LineError> {
        match (self.line[at], container.is_array) {
            (b'}', false) | (b']', true) => Ok(()),
            (_, true) => Err(self.wrong(at, "a comma or the end of an array")),
            (_, false) => Err(self.wrong(at, "a comma or the end of an object")),
        }
    }

    fn the_end(&self, at: usize) -> Result<(), LineError> {
        let at = self.after_spaces(at);
        if at == self.line.len() - PADDING {
            return Ok(());
        }
        Err(self.wrong(at, "nothing more"))
    }

    /// The container that begins here would be the `depth`th around its content.
    fn check_depth(&self, at: usize, depth: usize) -> Result<(), LineError> {
        let max = self.limits.depth_max;
        if depth > usize::from(max) { Err(LineError::TooDeep { at, max }) } else { Ok(()) }
    }

    fn end_of_word(&self, at: usize, word: &[u8]) -> Result<usize, LineError> {
        if !self.line[at..].starts_with(word) {
            return Err(self.wrong(at, "a value"));
        }
        Ok(at + word.len())
    }

    #[cold]
    fn wrong(&self, at: usize, expected: &'static str) -> LineError {
        LineError::Syntax { at, found: self.line[at], expected }
    }

    #[inline(always)]
    fn after_spaces(&self, at: usize) -> usize {
        // Most senders write none.
        if self.line[at] > b' ' { at } else { self.after_some_spaces(at) }
    }

    #[inline(never)]
    fn after_some_spaces(&self, mut at: usize) -> usize {
        while matches!(self.line[at], b' ' | b'\n' | b'\r' | b'\t') {
            at += 1;
        }
        at
    }
}
