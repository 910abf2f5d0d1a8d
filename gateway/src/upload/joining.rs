//! Joining: which lines belong to one entry, such as those of a stack trace.
//!
//! Invariant: lines are joined in their order and none is left out; an entry never has more lines or bytes than it may,
//! and what does not fit begins another. It does not read what an entry says: `pattern` does.

use antler_config::limits::UploadLimits;

use super::error::UploadError;
use super::options::{Format, Joining};
use super::pattern::Patterns;
use super::window::{LineEnd, Window};

/// Beginnings of lines that go on with what was said before.
const MARKS: &[&[u8]] = &[
    b" ",
    b"\t",
    b"Caused by: ",
    b"Suppressed: ",
    b"Traceback (most recent call last)",
    b"During handling of the above exception",
    b"The above exception was the direct cause",
    b"... ",
    b"goroutine ",
    b"--- End of ",
];
/// Beginnings after which the line that names the exception is still to come.
const TRACEBACKS: &[&[u8]] = &[b"Traceback (most recent call last)", b"  File \""];
/// Ends of the names of exceptions.
const EXCEPTIONS: &[&[u8]] = &[b"Exception", b"Error", b"Throwable"];

/// How lines of a file are joined.
#[derive(Debug)]
pub(super) struct Joiner {
    joining: Joining,
    lines_max: u32,
    bytes_max: usize,
}

impl Joiner {
    pub(super) fn new(joining: &Joining, format: Format, limits: &UploadLimits, bytes_max: usize) -> Self {
        let joining = match joining {
            Joining::Auto if format != Format::Log => Joining::Never,
            said => said.clone(),
        };
        Self { joining, lines_max: limits.joined_lines_max, bytes_max }
    }

    /// The end of the entry that begins with the window.
    pub(super) fn entry_end(
        &self,
        window: &mut Window<'_>,
        patterns: &Patterns,
    ) -> Result<LineEnd, UploadError> {
        let mut end = window.line_end(0, self.bytes_max)?;
        if matches!(self.joining, Joining::Never) {
            return Ok(end);
        }
        let mut is_in_traceback = false;
        for _ in 1..self.lines_max {
            let LineEnd::At { text, next } = end else { break };
            if let Joining::Auto | Joining::Always = self.joining {
                is_in_traceback |= begins_with_one(TRACEBACKS, last_line(&window.rest()[..text]));
            }
            let LineEnd::At { text: after, next: last } = window.line_end(next, self.bytes_max)? else {
                break;
            };
            let line = &window.rest()[next..after];
            if after > self.bytes_max || !self.goes_on(line, is_in_traceback, patterns) {
                break;
            }
            if names_exception(line, true) {
                is_in_traceback = false;
            }
            end = LineEnd::At { text: after, next: last };
        }
        Ok(end)
    }

    fn goes_on(&self, line: &[u8], is_in_traceback: bool, patterns: &Patterns) -> bool {
        let is_marked = || {
            begins_with_one(MARKS, line)
                || (line.starts_with(b"at ") && line.contains(&b'('))
                || names_exception(line, is_in_traceback)
        };
        match &self.joining {
            Joining::Never => false,
            Joining::Start(start) => !start.is_match(line),
            _ if line.trim_ascii().is_empty() => false,
            Joining::Auto => is_marked(),
            Joining::Always => is_marked() || !patterns.fits(&String::from_utf8_lossy(line)),
        }
    }
}

fn begins_with_one(beginnings: &[&[u8]], line: &[u8]) -> bool {
    beginnings.iter().any(|beginning| line.starts_with(beginning))
}

/// `java.lang.IllegalStateException: why`, and at the end of a traceback `KeyError: 'x'` too.
fn names_exception(line: &[u8], is_in_traceback: bool) -> bool {
    let length = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"._$".contains(byte)).count();
    let (name, rest) = line.split_at(length);
    let ends = rest.is_empty() || rest.starts_with(b": ") || rest == b":";
    let is_dotted = name.contains(&b'.') && EXCEPTIONS.iter().any(|end| name.ends_with(end));
    ends && !name.is_empty() && (is_dotted || is_in_traceback)
}

fn last_line(text: &[u8]) -> &[u8] {
    let start = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    &text[start..]
}
