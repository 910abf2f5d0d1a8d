//! JSON: the objects of a file, cut out one after the other.
//!
//! Invariant: at most one value is held, and of each byte that is no space or comma it is said where it went: an object, or
//! something that is none. After damage it goes on with the next line, because no string of JSON holds a line end. It
//! counts brackets and strings only: whether a value is an object its caller tries.

use super::error::UploadError;
use super::window::{LineEnd, Window};

/// Names of the list in an object around all lines.
const LISTS: &[&[u8]] = &[b"logs", b"Records"];
/// The list has to begin within so many bytes.
const LIST_BYTES_MAX: usize = 64 << 10;

/// Where a file is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Values,
    List { is_wrapped: bool },
}

/// Cuts values out of a window.
#[derive(Debug)]
pub(super) struct Elements {
    state: State,
    bytes_max: usize,
    /// Up to this byte of the file no value is looked for behind the end of its line: one was, in vain.
    lines_until: u64,
}

/// What begins with the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// A value of so many bytes.
    Value(usize),
    /// So many bytes that end where no value ends.
    Broken(usize),
    /// A value that is longer than it may be.
    TooLong,
    /// The file has ended in a list.
    Unclosed,
    Nothing,
}

impl Elements {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { state: State::Start, bytes_max, lines_until: 0 }
    }

    /// Goes to the next value and says where it ends.
    pub(super) fn next_element(&mut self, window: &mut Window<'_>) -> Result<Element, UploadError> {
        while let Some(first) = self.first_byte(window)? {
            match (self.state, first) {
                (State::Start, b'[') => {
                    self.state = State::List { is_wrapped: false };
                    window.pass(1);
                }
                (State::Start, b'{') => self.begin_object(window)?,
                (State::Start, _) => self.state = State::Values,
                (State::List { is_wrapped }, b']') => {
                    window.pass(1);
                    self.state = State::Values;
                    if is_wrapped {
                        pass_value(window, Scan { depth: 1, ..Scan::default() })?;
                    }
                }
                // Several arrays may stand one after the other.
                (State::Values, b'[') => {
                    self.state = State::List { is_wrapped: false };
                    window.pass(1);
                }
                (State::Values, b'{' | b'"') | (State::List { .. }, _) => return self.element(window),
                (State::Values, _) => return self.line(window),
            }
        }
        let state = std::mem::replace(&mut self.state, State::Values);
        Ok(if matches!(state, State::List { .. }) { Element::Unclosed } else { Element::Nothing })
    }

    /// The next byte that is neither a space nor a comma.
    fn first_byte(&self, window: &mut Window<'_>) -> Result<Option<u8>, UploadError> {
        loop {
            let rest = window.rest();
            let between = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
            let first = rest.get(between).copied();
            window.pass(between);
            if first.is_some() || !window.more()? {
                return Ok(first);
            }
        }
    }

    /// Enters an object around a list, or leaves it for an element.
    fn begin_object(&mut self, window: &mut Window<'_>) -> Result<(), UploadError> {
        while window.rest().len() < LIST_BYTES_MAX && window.more()? {}
        self.state = State::Values;
        if let Some(list) = list_within(&window.rest()[..window.rest().len().min(LIST_BYTES_MAX)]) {
            window.pass(list);
            self.state = State::List { is_wrapped: true };
        }
        Ok(())
    }

    fn element(&mut self, window: &mut Window<'_>) -> Result<Element, UploadError> {
        let begin = window.position().byte;
        let mut scan = Scan::default();
        loop {
            match scan.advance(window.rest()) {
                Seen::End(end) if begin < self.lines_until && window.rest()[..end].contains(&b'\n') => {
                    return self.line(window);
                }
                Seen::End(end) if end > self.bytes_max => return Ok(Element::TooLong),
                Seen::End(end) => return Ok(Element::Value(end)),
                Seen::Broken(end) => return Ok(Element::Broken(end)),
                Seen::All
                    if window.rest().len() <= self.bytes_max
                        && begin >= self.lines_until
                        && window.more()? => {}
                Seen::All if memchr::memchr(b'\n', window.rest()).is_none() => {
                    let is_long = window.rest().len() > self.bytes_max;
                    return if is_long { Ok(Element::TooLong) } else { self.line(window) };
                }
                Seen::All => {
                    // It does not end where it could: its first line is taken for what is broken.
                    self.lines_until = self.lines_until.max(begin + window.rest().len() as u64);
                    return self.line(window);
                }
            }
        }
    }

    /// The rest of the line, which is no value.
    fn line(&self, window: &mut Window<'_>) -> Result<Element, UploadError> {
        Ok(match window.line_end(0, self.bytes_max)? {
            LineEnd::At { text, .. } => Element::Broken(text),
            LineEnd::TooLong => Element::TooLong,
            LineEnd::Nothing => Element::Nothing,
        })
    }
}

/// Goes behind a value, or the rest of one, however long it is; says how long it was.
pub(super) fn pass_long_value(window: &mut Window<'_>) -> Result<u64, UploadError> {
    pass_value(window, Scan::default())
}

fn pass_value(window: &mut Window<'_>, mut scan: Scan) -> Result<u64, UploadError> {
    let mut length = 0;
    loop {
        let (passed, has_ended) = match scan.advance(window.rest()) {
            Seen::End(end) | Seen::Broken(end) => (end, true),
            Seen::All => (scan.at, false),
        };
        window.pass(passed);
        length += passed as u64;
        scan.at = 0;
        if has_ended || (!window.more()? && passed == 0) {
            return Ok(length);
        }
    }
}

/// How far a value has been read.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    depth: u32,
    is_in_string: bool,
}

/// What a scan has come to.
enum Seen {
    End(usize),
    Broken(usize),
    All,
}

impl Scan {
    /// Reads on in a value; the bytes are always those from its beginning.
    fn advance(&mut self, bytes: &[u8]) -> Seen {
        while let Some(byte) = bytes.get(self.at) {
            if self.is_in_string {
                match string_end(bytes, self.at) {
                    StringEnd::Quote(at) => {
                        self.at = at + 1;
                        self.is_in_string = false;
                        if self.depth == 0 {
                            return Seen::End(self.at);
                        }
                    }
                    StringEnd::LineEnd(at) => return Seen::Broken(at),
                    StringEnd::Open(at) => {
                        self.at = at;
                        return Seen::All;
                    }
                }
                continue;
            }
            match byte {
                b'"' => self.is_in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => {
                    return Seen::End(self.at + usize::from(self.depth == 1 || self.at == 0));
                }
                b'}' | b']' => self.depth -= 1,
                b' ' | b'\t' | b'\n' | b'\r' | b',' if self.depth == 0 => return Seen::End(self.at),
                _ => {}
            }
            self.at += 1;
        }
        Seen::All
    }
}

enum StringEnd {
    Quote(usize),
    LineEnd(usize),
    /// It goes on behind the bytes; where to look again.
    Open(usize),
}

fn string_end(bytes: &[u8], from: usize) -> StringEnd {
    let mut at = from;
    while let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', bytes.get(at..).unwrap_or_default()) {
        at += found;
        match bytes[at] {
            b'"' => return StringEnd::Quote(at),
            b'\n' => return StringEnd::LineEnd(at),
            _ if at + 1 >= bytes.len() => return StringEnd::Open(at),
            _ => at += 2,
        }
    }
    StringEnd::Open(bytes.len())
}

/// Where the first element of `{…,"logs":[` stands.
pub(super) fn list_within(object: &[u8]) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while let Some(byte) = object.get(at) {
        match byte {
            b'"' => {
                let StringEnd::Quote(end) = string_end(object, at + 1) else { return None };
                let is_list = depth == 1 && LISTS.contains(&&object[at + 1..end]);
                at = end;
                if is_list && let Some(list) = after_colon(object, end + 1) {
                    return Some(list);
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return None,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Behind the bracket in `: [`.
fn after_colon(object: &[u8], at: usize) -> Option<usize> {
    let spaces = |from: usize| object[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let colon = at + spaces(at);
    let bracket = colon + 1 + (object.get(colon) == Some(&b':')).then(|| spaces(colon + 1))?;
    (object.get(bracket) == Some(&b'[')).then_some(bracket + 1)
}
