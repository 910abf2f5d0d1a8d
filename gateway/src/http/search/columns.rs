//! Columns: values of a line one by one, for tables and exports, as text and as JSON.
//!
//! Invariant: a column has the name that queries use, dotted where fields are nested; several values of one name stand in
//! one cell. It does not protect texts against programs that read them: `export::format` does.

use std::borrow::Cow;

use antler_events::line::{Line, Role, ValueKind};
use antler_events::query::pipe::Cell;
use antler_events::query::tree::FieldName;
use antler_projections::index::port::FoundLine;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::line::role_text;

/// The columns of an export that names none.
pub(super) const USUAL: [&str; 9] =
    ["timestamp", "level", "service", "source", "environment", "host", "message", "id", "received_at"];

/// The text of one column of a line; nothing if the line does not have it.
pub(super) fn text_of<'a>(found: &'a FoundLine, line: Line<'a>, name: &str) -> Cow<'a, str> {
    match name {
        "id" => found.id().to_string().into(),
        "received_at" => found.received_at.to_string().into(),
        "raw" => String::from_utf8_lossy(&found.raw),
        _ => match FieldName::named(name) {
            FieldName::Role(Role::Time) => found.position.time.to_string().into(),
            FieldName::Role(role) => role_text(line, &found.arrival.defaults, role).unwrap_or_default(),
            _ => named(found, line, name),
        },
    }
}

fn named<'a>(found: &'a FoundLine, line: Line<'a>, name: &str) -> Cow<'a, str> {
    let fields = line.fields().filter(|field| field.name_text == name && field.value.kind.is_scalar());
    let mut texts: Vec<Cow<'a, str>> = fields.map(|field| field.value.text()).collect();
    if name == "tags" {
        texts.extend(found.arrival.defaults.tags.iter().map(|tag| Cow::Borrowed(tag.as_str())));
    }
    match texts.len() {
        0 => Cow::Borrowed(""),
        1 => texts.remove(0),
        _ => Cow::Owned(texts.join(", ")),
    }
}

/// A value of a table as JSON: numbers with all their digits.
#[derive(Debug)]
pub(super) struct ShownCell<'a>(pub &'a Cell);

impl Serialize for ShownCell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Missing => serializer.serialize_none(),
            Cell::Bool(value) => serializer.serialize_bool(*value),
            Cell::Number(number) => as_it_stands(&number.to_string()).serialize(serializer),
            Cell::Time(time) => serializer.collect_str(time),
            Cell::Level(level) => serializer.serialize_str(level.as_str()),
            Cell::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// One column of a line as JSON: numbers and flags as they were sent, everything else as text.
pub(super) fn json_of(found: &FoundLine, line: Line<'_>, name: &str) -> Box<RawValue> {
    let is_own = matches!(FieldName::named(name), FieldName::Named(_));
    let mut fields = line.fields().filter(|field| field.name_text == name && field.value.kind.is_scalar());
    if let (true, Some(field), None) = (is_own, fields.next(), fields.next())
        && matches!(field.value.kind, ValueKind::Number | ValueKind::True | ValueKind::False)
    {
        return as_it_stands(&String::from_utf8_lossy(field.value.raw));
    }
    let text = text_of(found, line, name);
    let value = if text.is_empty() { None } else { Some(text) };
    serde_json::value::to_raw_value(&value).expect("a text is JSON")
}

/// A text that is JSON already.
fn as_it_stands(json: &str) -> Box<RawValue> {
    serde_json::from_str(json)
        .unwrap_or_else(|_| serde_json::value::to_raw_value(json).expect("a text is JSON"))
}
