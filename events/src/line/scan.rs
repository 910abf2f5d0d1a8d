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
    /// The path below `parent` whose key and colon stand at the start of `text`, if it is expected, and
    /// how many bytes that is.
    fn expected(&mut self, parent: PathId, text: &[u8]) -> Option<(PathId, usize)>;

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
    let scanner = Scanner { line, at: 0, limits, open, leaves };
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

struct Scanner<'a, L> {
    line: &'a [u8],
    at: usize,
    limits: &'a LineLimits,
    /// The containers around the current one.
    open: &'a mut Vec<Container>,
    leaves: &'a mut L,
}

/// What stands where a value begins.
enum Opened {
    /// A value that is complete.
    Leaf,
    /// An object or array with something in it.
    Container(Container),
}

impl<L: Leaves> Scanner<'_, L> {
    fn object(mut self) -> Result<(), LineError> {
        self.skip_spaces();
        self.check_depth(1)?;
        self.expect(b'{', "an object")?;
        let mut current = Container { path: PathId::ROOT, is_array: false };
        self.skip_spaces();
        if self.line[self.at] == b'}' {
            self.at += 1;
            return self.the_end();
        }
        loop {
            let path = if current.is_array { current.path } else { self.key(current.path)? };
            if let Opened::Container(inner) = self.value(path)? {
                self.open.push(current);
                current = inner;
                continue;
            }
            while !self.comma(current)? {
                let Some(outer) = self.open.pop() else { return self.the_end() };
                current = outer;
            }
        }
    }

    /// Reads a key, its colon and the spaces after it.
    #[inline(always)]
    fn key(&mut self, parent: PathId) -> Result<PathId, LineError> {
        self.expect(b'"', "a key in quotes")?;
        let path = match self.leaves.expected(parent, &self.line[self.at..]) {
            Some((path, length)) => {
                self.at += length;
                path
            }
            None => self.unexpected_key(parent)?,
        };
        self.skip_spaces();
        Ok(path)
    }

    fn unexpected_key(&mut self, parent: PathId) -> Result<PathId, LineError> {
        let start = self.at;
        let (end, _) = text::end_of_string(self.line, start)?;
        let path = self.leaves.path(parent, &self.line[start..end]);
        self.at = end + 1;
        self.skip_spaces();
        self.expect(b':', "a colon")?;
        Ok(path)
    }

    #[inline(always)]
    fn value(&mut self, path: PathId) -> Result<Opened, LineError> {
        let start = self.at;
        let (kind, end) = match self.line[start] {
            b'"' => return self.string(path),
            b'-' | b'0'..=b'9' => {
                (ValueKind::Number, number::end_of_number(self.line, start, self.limits.number_bytes_max)?)
            }
            b'{' => return self.container(path, false),
            b'[' => return self.container(path, true),
            b't' => (ValueKind::True, self.end_of_word(b"true")?),
            b'f' => (ValueKind::False, self.end_of_word(b"false")?),
            b'n' => (ValueKind::Null, self.end_of_word(b"null")?),
            found => return Err(LineError::Syntax { at: start, found, expected: "a value" }),
        };
        self.leaves.leaf(path, kind, start, end);
        self.at = end;
        Ok(Opened::Leaf)
    }

    #[inline(always)]
    fn string(&mut self, path: PathId) -> Result<Opened, LineError> {
        let start = self.at + 1;
        let (end, escaped) = text::end_of_string(self.line, start)?;
        let kind = if escaped { ValueKind::EscapedString } else { ValueKind::String };
        self.leaves.leaf(path, kind, start, end);
        self.at = end + 1;
        Ok(Opened::Leaf)
    }

    fn container(&mut self, path: PathId, is_array: bool) -> Result<Opened, LineError> {
        self.check_depth(self.open.len() + 2)?;
        let start = self.at;
        self.at += 1;
        self.skip_spaces();
        let (close, kind) =
            if is_array { (b']', ValueKind::EmptyArray) } else { (b'}', ValueKind::EmptyObject) };
        if self.line[self.at] != close {
            return Ok(Opened::Container(Container { path, is_array }));
        }
        self.at += 1;
        self.leaves.leaf(path, kind, start, self.at);
        Ok(Opened::Leaf)
    }

    /// What follows a value: true for a comma, false for the end of the container.
    #[inline(always)]
    fn comma(&mut self, container: Container) -> Result<bool, LineError> {
        self.skip_spaces();
        let (at, found) = (self.at, self.line[self.at]);
        self.at += 1;
        match found {
            b',' => {
                self.skip_spaces();
                Ok(true)
            }
            b'}' if !container.is_array => Ok(false),
            b']' if container.is_array => Ok(false),
            _ if container.is_array => {
                Err(LineError::Syntax { at, found, expected: "a comma or the end of an array" })
            }
            _ => Err(LineError::Syntax { at, found, expected: "a comma or the end of an object" }),
        }
    }

    fn the_end(&mut self) -> Result<(), LineError> {
        self.skip_spaces();
        let at = self.at;
        if at == self.line.len() - PADDING {
            return Ok(());
        }
        Err(LineError::Syntax { at, found: self.line[at], expected: "nothing more" })
    }

    /// The container that begins here would be the `depth`th around its content.
    fn check_depth(&self, depth: usize) -> Result<(), LineError> {
        let max = self.limits.depth_max;
        if depth > usize::from(max) { Err(LineError::TooDeep { at: self.at, max }) } else { Ok(()) }
    }

    fn end_of_word(&self, word: &[u8]) -> Result<usize, LineError> {
        match self.line[self.at..].starts_with(word) {
            true => Ok(self.at + word.len()),
            false => {
                let found = self.line[self.at];
                Err(LineError::Syntax { at: self.at, found, expected: "a value" })
            }
        }
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), LineError> {
        let found = self.line[self.at];
        if found != byte {
            return Err(LineError::Syntax { at: self.at, found, expected });
        }
        self.at += 1;
        Ok(())
    }

    #[inline(always)]
    fn skip_spaces(&mut self) {
        while matches!(self.line[self.at], b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }
}
