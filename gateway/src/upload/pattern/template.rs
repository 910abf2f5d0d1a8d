//! Templates: a form of a line as text with names in braces, read without going back.
//!
//! Between two names stands what parts them; a space there is one or more. A word ends where what follows it first
//! stands, and holds no space; a text may hold spaces.
//! Invariant: each byte of a line is looked at a bounded number of times for each part. It knows no alternatives: those
//! are further templates.

use std::borrow::Cow;

use antler_events::line::Level;

use super::super::time::Times;
use super::{Match, syslog};

/// Longest part of a line that is a word or a text.
const PART_BYTES_MAX: usize = 512;
/// Names of levels that are usual words too.
const DOUBTFUL: &[&str] =
    &["log", "default", "success", "failure", "fine", "config", "alert", "panic", "notice"];

/// A form of a line.
#[derive(Debug)]
pub(super) struct Template {
    /// What stands before the first part.
    before: &'static str,
    parts: Vec<Part>,
}

/// A part of a line, and what stands behind it.
#[derive(Debug)]
struct Part {
    kind: Kind,
    after: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Time,
    /// As RFC 3164 writes it, without a year.
    BsdTime,
    /// A time of a day that is not said.
    Clock,
    Level,
    Priority,
    Message,
    Word(&'static str),
    Text(&'static str),
    Number(&'static str),
}

impl Template {
    /// Of the table; a test reads each of them.
    pub(super) fn parse(text: &'static str) -> Self {
        let (before, mut rest) = text.split_at(text.find('{').unwrap_or(text.len()));
        let mut parts = Vec::new();
        while let Some((name, behind)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            let (after, next) = behind.split_at(behind.find('{').unwrap_or(behind.len()));
            parts.push(Part { kind: Kind::of(name), after });
            rest = next;
        }
        Self { before, parts }
    }

    pub(super) fn read<'t>(&self, line: &'t str, times: &Times) -> Option<Match<'t>> {
        let mut found = Match::default();
        let mut rest = &line[separated(line, self.before)?..];
        for part in &self.parts {
            rest = part.read(rest, times, &mut found)?;
        }
        Some(found)
    }
}

impl Kind {
    fn of(name: &'static str) -> Self {
        match (name, name.split_once(':')) {
            ("time", _) => Self::Time,
            ("bsd_time", _) => Self::BsdTime,
            ("clock", _) => Self::Clock,
            ("level", _) => Self::Level,
            ("priority", _) => Self::Priority,
            ("message", _) => Self::Message,
            (_, Some((name, "number"))) => Self::Number(name),
            (_, Some((name, _))) => Self::Text(name),
            (_, None) => Self::Word(name),
        }
    }
}

impl Part {
    /// Reads the part and what stands behind it; the rest of the line.
    fn read<'t>(&self, text: &'t str, times: &Times, found: &mut Match<'t>) -> Option<&'t str> {
        let length = match self.kind {
            Kind::Time | Kind::BsdTime => {
                if matches!(self.kind, Kind::BsdTime)
                    && !text.starts_with(|char: char| char.is_ascii_uppercase())
                {
                    return None;
                }
                let (time, length) = times.leading(text)?;
                found.time = Some(time);
                length
            }
            Kind::Clock => {
                let length = clock_length(text.as_bytes())?;
                found.fields.push((Cow::Borrowed("clock"), Cow::Borrowed(&text[..length])));
                length
            }
            Kind::Level => {
                let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
                found.level = Some(&text[..length]).filter(|level| is_level(level, self.after));
                found.level.map(|_| length)?
            }
            Kind::Priority => syslog::priority(text, found).unwrap_or(0),
            Kind::Message => {
                found.message = text;
                text.len()
            }
            Kind::Number(name) => {
                let length = text.bytes().take_while(u8::is_ascii_digit).count();
                push(found, name, &text[..length])?;
                length
            }
            Kind::Word(name) | Kind::Text(name) => {
                let length = self.reach(text)?;
                push(found, name, &text[..length])?;
                length
            }
        };
        Some(&text[length + separated(&text[length..], self.after)?..])
    }

    /// How far a word or text reaches: to the first place where what follows it stands.
    fn reach(&self, text: &str) -> Option<usize> {
        let first = *self.after.as_bytes().first()?;
        let allows_spaces = matches!(self.kind, Kind::Text(_));
        for (at, byte) in text.bytes().enumerate().take(PART_BYTES_MAX) {
            let may_end = byte == first || (first == b' ' && byte == b'\t');
            if may_end && separated(&text[at..], self.after).is_some() {
                return Some(at);
            }
            if byte == b'\n' || (!allows_spaces && byte.is_ascii_whitespace()) {
                return None;
            }
        }
        None
    }
}

fn push<'t>(found: &mut Match<'t>, name: &'static str, value: &'t str) -> Option<()> {
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    if found.fields.capacity() == 0 {
        found.fields.reserve(8);
    }
    found.fields.push((Cow::Borrowed(name), Cow::Borrowed(value)));
    Some(())
}

/// How many bytes of a text are this separator, in which a space is one or more; at the end of a line it may be missing.
fn separated(text: &str, separator: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    for expected in separator.bytes() {
        if expected != b' ' {
            if bytes.get(at) != Some(&expected) {
                return None;
            }
            at += 1;
            continue;
        }
        let spaces = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let is_at_end = matches!(bytes.get(at), None | Some(b'\n' | b'\r'));
        if spaces == 0 && !is_at_end {
            return None;
        }
        at += spaces;
    }
    Some(at)
}

/// `12:00:00`, perhaps with a fraction.
fn clock_length(text: &[u8]) -> Option<usize> {
    let fits = b"99:99:99".iter().zip(text.get(..8)?).all(|(shape, byte)| match shape {
        b'9' => byte.is_ascii_digit(),
        _ => shape == byte,
    });
    if !fits {
        return None;
    }
    let fraction = text[9.min(text.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let has_fraction = matches!(text.get(8), Some(b'.' | b',')) && fraction > 0;
    Some(if has_fraction { 9 + fraction } else { 8 })
}

/// Whether a word is meant as a level: letters are too usual to be one by themselves. Of a usual word that only a space
/// parts from the message nobody knows.
fn is_level(word: &str, after: &str) -> bool {
    let is_sure = !after.starts_with(' ')
        || word.bytes().all(|byte| byte.is_ascii_uppercase())
        || !DOUBTFUL.iter().any(|doubtful| word.eq_ignore_ascii_case(doubtful));
    word.len() >= 3 && is_sure && Level::parse(word.as_bytes()).is_some()
}
