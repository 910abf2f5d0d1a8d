//! Syslog: the priority before a line, lines of RFC 5424 with their structured data, and messages of either kind as entries.
//!
//! Invariant: a field that a sender leaves out with a dash is left out. Where one message ends and the next begins is not its
//! business.

use std::borrow::Cow;

use antler_events::clock::Timestamp;

use super::super::entry::EntryWriter;
use super::super::time::Times;
use super::{Family, Match, known, template::Template};

pub(super) const NAME: &str = "syslog_rfc5424";

const SEVERITIES: [&str; 8] =
    ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// Reads `<34>`: level and facility; how long it is.
pub(super) fn priority(text: &str, found: &mut Match<'_>) -> Option<usize> {
    let digits = text.strip_prefix('<')?.bytes().take_while(u8::is_ascii_digit).count();
    let number: usize = text.get(1..=digits).filter(|digits| digits.len() <= 3)?.parse().ok()?;
    let facility = FACILITIES.get(number / 8)?;
    if !text[1 + digits..].starts_with('>') {
        return None;
    }
    found.level = Some(SEVERITIES[number % 8]);
    found.fields.push((Cow::Borrowed("facility"), Cow::Borrowed(facility)));
    Some(digits + 2)
}

/// `<165>1 2003-10-11T22:14:15.003Z host app pid id [data key="value"] message`.
pub(super) fn read<'t>(line: &'t str, times: &Times) -> Option<Match<'t>> {
    let mut found = Match { pattern: NAME, ..Match::default() };
    let length = priority(line, &mut found)?;
    let mut rest = line[length..].strip_prefix("1 ")?;
    rest = match rest.strip_prefix("- ") {
        Some(rest) => rest,
        None => {
            let (time, length) = times.leading(rest)?;
            found.time = Some(time);
            rest[length..].strip_prefix(' ')?
        }
    };
    for name in ["host", "service", "pid", "message_id"] {
        let (word, after) = rest.split_once(' ')?;
        if word != "-" {
            found.fields.push((Cow::Borrowed(name), Cow::Borrowed(word)));
        }
        rest = after;
    }
    rest = match rest.strip_prefix('-') {
        Some(rest) => rest,
        None => structured(rest, &mut found)?,
    };
    let message = rest.strip_prefix(' ').unwrap_or(rest);
    found.message = message.strip_prefix('\u{feff}').unwrap_or(message);
    Some(found)
}

/// `[id key="value" …]`, one or several; what follows them.
fn structured<'t>(mut text: &'t str, found: &mut Match<'t>) -> Option<&'t str> {
    while text.starts_with('[') {
        let Element { id, parameters, length } = first_element(text)?;
        let named = parameters.into_iter().map(|(key, value)| (Cow::Owned(format!("{id}.{key}")), value));
        found.fields.extend(named);
        text = &text[length..];
    }
    text.starts_with(' ').then_some(text).or_else(|| text.is_empty().then_some(text))
}

/// An element of structured data.
pub(crate) struct Element<'t> {
    pub id: &'t str,
    pub parameters: Vec<(&'t str, Cow<'t, str>)>,
    /// With its brackets.
    pub length: usize,
}

/// The element that a text begins with.
pub(crate) fn first_element(text: &str) -> Option<Element<'_>> {
    let element = text.strip_prefix('[')?;
    let (id, mut rest) = element.split_at(element.find([' ', ']'])?);
    let mut parameters = Vec::new();
    while let Some(parameter) = rest.strip_prefix(' ') {
        let (key, value) = parameter.split_once("=\"")?;
        let (value, after) = value.split_at(end_of_value(value)?);
        parameters.push((key, unescaped(value)));
        rest = &after[1..];
    }
    let after = rest.strip_prefix(']')?;
    Some(Element { id, parameters, length: text.len() - after.len() })
}

/// What makes entries of messages as they come over a network.
#[derive(Debug)]
pub(crate) struct Messages {
    times: Times,
    templates: Vec<Template>,
}

impl Messages {
    pub(crate) fn new(arrival: Timestamp) -> Self {
        let templates = known::TEMPLATES.iter().filter(|(family, ..)| *family == Family::Syslog);
        let templates = templates.map(|(.., template)| Template::parse(template)).collect();
        Self { times: Times::new(None, 0, arrival), templates }
    }

    /// A message as JSON in one line.
    pub(crate) fn entry(&mut self, text: &str, arrival: Timestamp) -> Vec<u8> {
        self.times.arrive(arrival);
        let found = self.read(text);
        let mut writer = EntryWriter::default();
        writer.begin();
        if let Some(time) = found.time {
            writer.time(time);
        }
        if let Some(level) = found.level {
            writer.text("level", level);
        }
        writer.text("message", found.message);
        for (name, value) in &found.fields {
            writer.scalar(name, value);
        }
        if found.message.len() < text.len() {
            writer.text("original", text);
        }
        writer.end();
        writer.into_bytes()
    }

    /// By the pattern that fits, else its priority and the rest.
    fn read<'t>(&self, text: &'t str) -> Match<'t> {
        if let Some(found) = read(text, &self.times) {
            return found;
        }
        if let Some(found) = self.templates.iter().find_map(|template| template.read(text, &self.times)) {
            return with_program(found);
        }
        let mut found = Match::default();
        let length = priority(text, &mut found).unwrap_or_default();
        Match { message: &text[length..], ..found }
    }
}

/// Some programs name no host, and what looks like one is the program: `shop[42]:`.
fn with_program(mut found: Match<'_>) -> Match<'_> {
    let host = found.fields.iter().position(|(name, value)| name == "host" && value.ends_with(':'));
    let Some(at) = host else { return found };
    let (_, Cow::Borrowed(host)) = found.fields.remove(at) else { return found };
    let program = host.trim_end_matches(':');
    let (program, pid) =
        program.strip_suffix(']').and_then(|text| text.split_once('[')).unwrap_or((program, ""));
    found.fields.push((Cow::Borrowed("service"), Cow::Borrowed(program)));
    if !pid.is_empty() {
        found.fields.push((Cow::Borrowed("pid"), Cow::Borrowed(pid)));
    }
    found
}

/// Where the quote stands that closes a value.
fn end_of_value(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next @ ('"' | '\\' | ']')) if char == '\\' => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}
