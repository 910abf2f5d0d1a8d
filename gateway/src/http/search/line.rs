//! A line as JSON: what it means under fixed names, and everything else as it was sent.
//!
//! Invariant: nothing that a line says is lost: other fields are passed on as they stand in the line, so numbers keep
//! their digits and objects their form; what stood under one of the fixed names and says something else is in
//! `original`. It does not choose lines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::line::{Level, Line, LineBatch, Role};
use antler_events::query::pipe::Cell;
use antler_events::query::tree::FieldName;
use antler_events::query::{Highlight, Matcher};
use antler_projections::index::port::{FoundLine, LineId};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer as _, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::columns::ShownCell;
use super::wrong_query::units_before;

/// Roles that every answer shows, in their order.
pub(super) const SHOWN_ROLES: [Role; 6] =
    [Role::Level, Role::Message, Role::Source, Role::Service, Role::Environment, Role::Host];

/// What is shown beside the meaning and the fields of a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    /// The line as it came, as far as it is UTF-8.
    pub raw: bool,
    /// The same under its older name.
    pub raw_log: bool,
    /// How it came.
    pub arrival: bool,
    /// Whose matches are marked.
    pub highlight: Option<Matcher>,
    /// Names of the line's own that are left out.
    pub dropped: Vec<String>,
}

/// A line that is written as JSON.
#[derive(Debug)]
pub(super) struct ShownLine<'a> {
    pub line: &'a FoundLine,
    pub extras: &'a Extras,
}

/// A line of an answer, without anything beside it.
#[derive(Debug)]
pub(crate) struct PastLine<'a>(pub &'a FoundLine);

/// A line of a batch that just came, written as JSON like any other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComingLine<'a> {
    pub id: LineId,
    pub batch: &'a LineBatch,
    pub line: Line<'a>,
    pub arrival: &'a Arrival,
}

/// What is written of a line, wherever it was found.
struct Written<'a> {
    id: LineId,
    time: Timestamp,
    received_at: Timestamp,
    arrival: &'a Arrival,
    raw: &'a [u8],
    /// What was read from it, and the batch that it is in; none if it can be read no more.
    parsed: Option<(&'a LineBatch, Line<'a>)>,
    extras: &'a Extras,
}

/// Nothing is shown beside the line.
const PLAIN: &Extras =
    &Extras { raw: false, raw_log: false, arrival: false, highlight: None, dropped: Vec::new() };

/// Fields of an object as they stand in it; of a name that comes twice the last.
#[derive(Debug, Default)]
struct OwnFields<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    places: BTreeMap<Cow<'a, str>, usize>,
}

#[derive(Serialize)]
struct ShownArrival<'a> {
    protocol: &'a str,
    origin: &'a str,
}

impl Serialize for ShownLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_with(&[], &[], serializer)
    }
}

impl ShownLine<'_> {
    /// The same with columns that pipes have made; what they have made anew of the line's own stands in its place.
    pub(super) fn serialize_with<S: Serializer>(
        &self,
        columns: &[Arc<str>],
        row: &[Cell],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let FoundLine { position, received_at, raw, arrival, .. } = self.line;
        let batch = self.line.parsed().ok();
        let written = Written {
            id: position.id,
            time: position.time,
            received_at: *received_at,
            arrival,
            raw,
            parsed: batch.as_ref().and_then(|batch| Some((batch, batch.line(0)?))),
            extras: self.extras,
        };
        written.serialize_with(columns, row, serializer)
    }
}

impl Serialize for PastLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ShownLine { line: self.0, extras: PLAIN }.serialize(serializer)
    }
}

impl Serialize for ComingLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, batch, line, arrival } = *self;
        let (time, received_at) = (line.timestamp(), batch.received_at());
        let parsed = Some((batch, line));
        let written = Written { id, time, received_at, arrival, raw: line.raw(), parsed, extras: PLAIN };
        written.serialize_with(&[], &[], serializer)
    }
}

impl Written<'_> {
    fn serialize_with<S: Serializer>(
        &self,
        columns: &[Arc<str>],
        row: &[Cell],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let parsed = self.parsed.map(|(_, line)| line);
        let made = made(columns, row, parsed, &self.arrival.defaults);
        let mut map = serializer.serialize_map(None)?;
        let mut fixed = |name: &str, said: Option<Cow<'_, str>>| match made.contains_key(name) {
            true => Ok(()),
            false => map.serialize_entry(name, &said),
        };
        fixed("id", Some(self.id.to_string().into()))?;
        fixed("timestamp", Some(self.time.to_string().into()))?;
        fixed("received_at", Some(self.received_at.to_string().into()))?;
        for role in SHOWN_ROLES {
            let said = parsed.and_then(|line| role_text(line, &self.arrival.defaults, role));
            fixed(FieldName::role_name(role), said)?;
        }
        if let Some(line) = parsed {
            self.others(line, &made, &mut map)?;
        }
        for (name, cell) in made {
            map.serialize_entry(name, &ShownCell(cell))?;
        }
        self.extras(&mut map)?;
        map.end()
    }

    fn extras<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (name, is_wanted) in [("raw", self.extras.raw), ("raw_log", self.extras.raw_log)] {
            if is_wanted {
                map.serialize_entry(name, &String::from_utf8_lossy(self.raw))?;
            }
        }
        if self.extras.arrival {
            let Arrival { protocol, origin, .. } = self.arrival;
            map.serialize_entry("arrival", &ShownArrival { protocol, origin })?;
        }
        if let (Some(matcher), Some((batch, line))) = (&self.extras.highlight, self.parsed) {
            map.serialize_entry("highlight", &marks(matcher, batch, line, &self.arrival.defaults))?;
        }
        Ok(())
    }

    /// The fields of the line under its own names.
    fn others<M: SerializeMap>(&self, line: Line<'_>, made: &Made<'_>, map: &mut M) -> Result<(), M::Error> {
        let own = OwnFields::of(line);
        let mut original = Vec::new();
        let dropped = &self.extras.dropped;
        let is_dropped =
            |name: &str| made.contains_key(name) || dropped.iter().any(|dropped| dropped == name);
        for (name, value) in own.fields.iter().filter(|(name, _)| !is_dropped(name)) {
            match fixed(name) {
                Fixed::No if name == "tags" => map.serialize_entry("tags", &self.tags(Some(value)))?,
                Fixed::No => match without(name, value, dropped) {
                    Some(rest) => map.serialize_entry(name, &rest)?,
                    None => map.serialize_entry(name, value)?,
                },
                Fixed::Role(role) if says_the_same(line, role, name) => {}
                Fixed::Role(_) | Fixed::Ours => original.push((name, value)),
            }
        }
        let has_tags = own.places.contains_key("tags");
        if !has_tags && !self.arrival.defaults.tags.is_empty() && !is_dropped("tags") {
            map.serialize_entry("tags", &self.tags(None))?;
        }
        if !original.is_empty() {
            map.serialize_entry("original", &Pairs(&original))?;
        }
        Ok(())
    }

    /// The tags of the line and those that its sender gave to all lines.
    fn tags(&self, own: Option<&RawValue>) -> Vec<Box<RawValue>> {
        let own = own.map(|own| {
            serde_json::from_str::<Vec<Box<RawValue>>>(own.get()).unwrap_or_else(|_| vec![own.to_owned()])
        });
        let mut tags = own.unwrap_or_default();
        for tag in &self.arrival.defaults.tags {
            let tag = serde_json::value::to_raw_value(tag).expect("a text is JSON");
            if !tags.iter().any(|known| known.get() == tag.get()) {
                tags.push(tag);
            }
        }
        tags
    }
}

/// Columns that say something else than the line does under their name.
type Made<'a> = BTreeMap<&'a str, &'a Cell>;

fn made<'a>(
    columns: &'a [Arc<str>],
    row: &'a [Cell],
    line: Option<Line<'_>>,
    defaults: &LineDefaults,
) -> Made<'a> {
    let said = |name: &str| line.map(|line| Cell::of_line(line, defaults, &FieldName::named(name)));
    let cells = columns.iter().map(|name| &**name).zip(row);
    cells.filter(|(name, cell)| said(name).as_ref() != Some(cell)).collect()
}

/// What is left of a value without those of its fields that were dropped by their dotted names; none if it is whole.
fn without(name: &str, value: &RawValue, dropped: &[String]) -> Option<Value> {
    let inside = |path: &String| path.strip_prefix(name)?.strip_prefix('.').map(str::to_owned);
    let paths: Vec<String> = dropped.iter().filter_map(inside).collect();
    let mut rest: Value =
        if paths.is_empty() { return None } else { serde_json::from_str(value.get()).ok()? };
    for path in paths {
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", &path));
        let mut parents = parents.split('.').filter(|part| !part.is_empty());
        let parent = parents.try_fold(&mut rest, |value, part| value.get_mut(part));
        if let Some(Value::Object(fields)) = parent {
            fields.shift_remove(last);
        }
    }
    Some(rest)
}

/// What a name means in an answer.
enum Fixed {
    No,
    Role(Role),
    /// A name that answers use for themselves.
    Ours,
}

fn fixed(name: &str) -> Fixed {
    match name {
        "id" | "received_at" | "raw" | "original" | "arrival" | "highlight" => Fixed::Ours,
        "timestamp" => Fixed::Role(Role::Time),
        _ => {
            let role = SHOWN_ROLES.into_iter().find(|role| FieldName::role_name(*role) == name);
            role.map_or(Fixed::No, Fixed::Role)
        }
    }
}

/// Whether the answer says under a fixed name what the line says there.
fn says_the_same(line: Line<'_>, role: Role, name: &str) -> bool {
    let Some(field) = line.index_of(role).and_then(|index| line.fields().nth(index)) else { return false };
    let is_read = match role {
        Role::Time => line.own_timestamp().is_some(),
        Role::Level => line.level().is_none_or(|level| field.value.raw == level.as_str().as_bytes()),
        _ => true,
    };
    field.name_text == name && is_read
}

/// What a line says in a role, or its sender said for all lines.
pub(super) fn role_text<'a>(line: Line<'a>, defaults: &'a LineDefaults, role: Role) -> Option<Cow<'a, str>> {
    if role == Role::Level
        && let Some(level) = line.level()
    {
        return Some(Cow::Borrowed(level.as_str()));
    }
    if let Some(value) = line.role(role) {
        return Some(value.text());
    }
    let said = match role {
        Role::Level => {
            let said = defaults.level.as_deref()?;
            return Some(Cow::Borrowed(match Level::parse(said.as_bytes()) {
                Some(level) => level.as_str(),
                None => said,
            }));
        }
        Role::Service => &defaults.service,
        Role::Source => &defaults.source,
        Role::Environment => &defaults.environment,
        Role::Host => &defaults.host,
        Role::Time | Role::Message | Role::TraceId | Role::SpanId => &None,
    };
    said.as_deref().map(Cow::Borrowed)
}

/// Where values match, under the names of the answer.
fn marks(
    matcher: &Matcher,
    batch: &LineBatch,
    line: Line<'_>,
    defaults: &LineDefaults,
) -> BTreeMap<String, Vec<[usize; 2]>> {
    let found = matcher.for_batch(batch, defaults).highlights(line);
    let mark = |highlight: Highlight<'_>| {
        let role = SHOWN_ROLES.into_iter().find(|role| line.index_of(*role) == Some(highlight.field));
        let name =
            role.map_or_else(|| highlight.name.to_owned(), |role| FieldName::role_name(role).to_owned());
        let text = line.fields().nth(highlight.field)?.value.text();
        let units = |place: usize| units_before(&text, place);
        let places = highlight.places.iter().map(|place| [units(place.start), units(place.end)]);
        Some((name, places.collect()))
    };
    found.into_iter().filter_map(mark).collect()
}

impl<'a> OwnFields<'a> {
    /// None of a plain line. Any other was taken because it is JSON to the letter; if it can be read no more it is
    /// shown by its roles, and as it came.
    fn of(line: Line<'a>) -> Self {
        let text = if line.is_plain() { None } else { std::str::from_utf8(line.raw()).ok() };
        let read = |text| serde_json::Deserializer::from_str(text).deserialize_map(ObjectReader).ok();
        text.and_then(read).unwrap_or_default()
    }
}

struct ObjectReader;

impl<'de> Visitor<'de> for ObjectReader {
    type Value = OwnFields<'de>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<OwnFields<'de>, A::Error> {
        let mut own = OwnFields::default();
        while let Some((name, value)) = access.next_entry::<Name<'de>, &'de RawValue>()? {
            match own.places.get(&name.0) {
                Some(place) => own.fields[*place].1 = value,
                None => {
                    own.places.insert(name.0.clone(), own.fields.len());
                    own.fields.push((name.0, value));
                }
            }
        }
        Ok(own)
    }
}

/// A name that is borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Pairs<'a>(&'a [(&'a Cow<'a, str>, &'a &'a RawValue)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
