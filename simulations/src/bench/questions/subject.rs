//! What questions are about: parts of a line, and the ids of a corpus that are worth looking for.
//!
//! Invariant: the same corpus gives the same ids. It looks at lines one at a time, the slow and plain way.

use std::borrow::Cow;
use std::collections::BTreeMap;

use antler_events::line::{Level, Line, Role, Value};
use anyhow::Context as _;

use super::Lines;
use crate::draw::Draw;

/// Lines that a needle should have.
const NEEDLE_LINES: u64 = 10;

/// Ids of a corpus.
#[derive(Debug)]
pub(super) struct Subject {
    /// In about ten lines.
    pub(super) trace_id: String,
    /// In none, though it looks like the others.
    pub(super) absent_trace_id: String,
}

impl Subject {
    pub(super) fn find(lines: &Lines<'_>) -> anyhow::Result<Self> {
        let mut traces = BTreeMap::<String, u64>::new();
        for batch in lines() {
            for line in batch?.lines() {
                let id = role_text(line, Role::TraceId);
                match traces.get_mut(&*id) {
                    Some(count) => *count += 1,
                    None if !id.is_empty() => drop(traces.insert(id.into_owned(), 1)),
                    None => {}
                }
            }
        }
        let (trace_id, _) = traces
            .iter()
            .min_by_key(|(id, count)| (count.abs_diff(NEEDLE_LINES), *id))
            .context("the questions are about the mixed corpus: in this one no line has a trace_id")?;
        let mut draw = Draw::new(0);
        let mut other = || format!("{:016x}{:016x}", draw.number(), draw.number());
        let absent = std::iter::repeat_with(&mut other).find(|id| !traces.contains_key(id));
        let absent_trace_id = absent.context("every id is taken")?;
        Ok(Self { trace_id: trace_id.clone(), absent_trace_id })
    }
}

/// What fills a role, or nothing.
pub(super) fn role_text(line: Line<'_>, role: Role) -> Cow<'_, str> {
    line.role(role).map(Value::text).unwrap_or_default()
}

pub(super) fn message(line: Line<'_>) -> Cow<'_, str> {
    role_text(line, Role::Message)
}

/// The name of the level, or nothing.
pub(super) fn level(line: Line<'_>) -> String {
    line.level().map(Level::as_str).unwrap_or_default().to_owned()
}

/// The second in which the minute of the line begins.
pub(super) fn minute(line: Line<'_>) -> String {
    (line.timestamp().nanos().div_euclid(60_000_000_000) * 60).to_string()
}

/// The value of a field that is there and is not null.
pub(super) fn field<'a>(line: Line<'a>, name: &str) -> Option<Value<'a>> {
    line.fields()
        .find(|field| field.name_text == name)
        .map(|field| field.value)
        .filter(|value| value.kind.is_scalar())
}

/// What follows each occurrence of a text in the message.
pub(super) fn after<'a>(line: Line<'a>, text: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let message = line.role(Role::Message).map_or(&b""[..], |value| value.raw);
    let places = 0..(message.len() + 1).saturating_sub(text.len());
    places.filter_map(move |at| message[at..].strip_prefix(text))
}

/// Whether words stand in a text next to each other, in any case.
pub(super) fn has_words(text: &str, words: &str) -> bool {
    let is_break = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_' && byte.is_ascii();
    let split = |text: &'_ str| -> Vec<Vec<u8>> {
        let words = text.as_bytes().split(is_break).filter(|word| !word.is_empty());
        words.map(<[u8]>::to_ascii_lowercase).collect()
    };
    let wanted = split(words);
    split(text).windows(wanted.len()).any(|found| found == wanted)
}
