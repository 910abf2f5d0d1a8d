//! A record, with what its scope and its resource say, as one line of JSON.
//!
//! Invariant: no name stands twice in a line: the record's own come first, then its attributes, those of the scope and those
//! of the resource, and what would repeat a name stands behind the word for where it is from. It reads no bodies.

use std::borrow::Cow;
use std::collections::BTreeSet;

use antler_events::clock::Timestamp;
use antler_events::line::Level;
use data_encoding::HEXLOWER;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::message::{AnyValue, KeyValue, LogRecord, Scope, Value};
use super::value::Shown;

/// Severities come in fours, from 1 on.
const LEVELS: [Level; 6] =
    [Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical];

pub(super) struct Entry<'a> {
    pub record: &'a LogRecord,
    pub scope: Option<&'a Scope>,
    pub resource: &'a [KeyValue],
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self { record, scope, resource } = self;
        let mut fields = Fields { map: out.serialize_map(None)?, names: BTreeSet::new() };
        fields.moments(record)?;
        fields.severity(record)?;
        fields.body(record.body.as_ref())?;
        fields.text("event_name", &record.event_name)?;
        fields.text("trace_id", &HEXLOWER.encode(&record.trace_id))?;
        fields.text("span_id", &HEXLOWER.encode(&record.span_id))?;
        fields.count("trace_flags", record.flags)?;
        fields.count("dropped_attributes_count", record.dropped_attributes_count)?;
        fields.attributes("attributes", &record.attributes)?;
        if let Some(scope) = scope {
            fields.text("scope.name", &scope.name)?;
            fields.text("scope.version", &scope.version)?;
            fields.attributes("scope", &scope.attributes)?;
        }
        fields.attributes("resource", resource)?;
        fields.map.end()
    }
}

struct Fields<'a, M> {
    map: M,
    names: BTreeSet<Cow<'a, str>>,
}

impl<'a, M: SerializeMap> Fields<'a, M> {
    fn put(&mut self, name: impl Into<Cow<'a, str>>, value: &impl Serialize) -> Result<(), M::Error> {
        let name = name.into();
        self.map.serialize_entry(&name, value)?;
        self.names.insert(name);
        Ok(())
    }

    /// What is empty was not said.
    fn text(&mut self, name: &'static str, text: &str) -> Result<(), M::Error> {
        if text.is_empty() { Ok(()) } else { self.put(name, &text) }
    }

    fn count(&mut self, name: &'static str, count: u32) -> Result<(), M::Error> {
        if count == 0 { Ok(()) } else { self.put(name, &count) }
    }

    /// When it was, or else when it was seen.
    fn moments(&mut self, record: &LogRecord) -> Result<(), M::Error> {
        let (was, seen) = (moment(record.time_unix_nano), moment(record.observed_time_unix_nano));
        if let Some(time) = was.as_ref().or(seen.as_ref()) {
            self.put("@timestamp", time)?;
        }
        match seen {
            Some(seen) if was.as_ref().is_some_and(|was| *was != seen) => {
                self.put("observed_timestamp", &seen)
            }
            _ => Ok(()),
        }
    }

    /// The level by its text, if that names one, else by its number.
    fn severity(&mut self, record: &LogRecord) -> Result<(), M::Error> {
        let LogRecord { severity_number, severity_text, .. } = record;
        let from_0 = severity_number.checked_sub(1).and_then(|from_0| usize::try_from(from_0).ok());
        match from_0.and_then(|from_0| LEVELS.get(from_0 / 4)) {
            Some(level) if Level::parse(severity_text.as_bytes()).is_none() => {
                self.text("level", level.as_str())?;
                self.text("severity_text", severity_text)?;
            }
            _ => self.text("level", severity_text)?,
        }
        if *severity_number == 0 { Ok(()) } else { self.put("severity_number", severity_number) }
    }

    fn body(&mut self, body: Option<&AnyValue>) -> Result<(), M::Error> {
        match body.and_then(|body| body.value.as_ref()) {
            None => Ok(()),
            Some(Value::Text(text)) => self.put("message", text),
            Some(_) => self.put("body", &Shown(body)),
        }
    }

    fn attributes(&mut self, from: &str, attributes: &'a [KeyValue]) -> Result<(), M::Error> {
        for KeyValue { key, value } in attributes {
            let mut name = Cow::Borrowed(key.as_str());
            while self.names.contains(&name) {
                name = Cow::Owned(format!("{from}.{name}"));
            }
            self.put(name, &Shown(value.as_ref()))?;
        }
        Ok(())
    }
}

fn moment(nanos: u64) -> Option<String> {
    let nanos = i64::try_from(nanos).ok().filter(|nanos| *nanos > 0)?;
    Some(Timestamp::from_nanos(nanos).to_string())
}
