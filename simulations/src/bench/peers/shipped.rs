//! Lines as a shipper sends them to a store with columns: roles taken out, the rest as attributes.
//!
//! The work of the shipper is in no figure, and what a store gets is easier to read than what came.
//! Invariant: no field is lost but the one that fills a column, which is in that column. The line itself
//! is not there: a store with columns does not give it back byte for byte.

use std::io::Write;

use antler_events::line::{Level, Line, Role, Value};
use anyhow::Context as _;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Map;

use crate::bench::reading::line_batches;

/// The roles that have a column.
const COLUMNS: [Role; 6] = [Role::Time, Role::Level, Role::Service, Role::Host, Role::TraceId, Role::Message];

type Object = Map<String, serde_json::Value>;

#[derive(Serialize)]
struct Shipped<'a> {
    nanos: i64,
    level: &'static str,
    service: &'a str,
    host: &'a str,
    trace_id: &'a str,
    body: &'a str,
    attributes: Object,
}

/// Writes one JSON object a line and answers how many.
pub(super) fn write(corpus: &Bytes, out: &mut impl Write) -> anyhow::Result<u64> {
    let mut lines = 0;
    for batch in line_batches(corpus) {
        for line in batch?.lines() {
            write_line(line, out)?;
            lines += 1;
        }
    }
    Ok(lines)
}

fn write_line(line: Line<'_>, out: &mut impl Write) -> anyhow::Result<()> {
    let text = |role| line.role(role).map(Value::text).unwrap_or_default();
    let shipped = Shipped {
        nanos: line.timestamp().nanos(),
        level: line.level().map(Level::as_str).unwrap_or_default(),
        service: &text(Role::Service),
        host: &text(Role::Host),
        trace_id: &text(Role::TraceId),
        body: &text(Role::Message),
        attributes: if line.is_plain() { Object::new() } else { attributes(line)? },
    };
    serde_json::to_writer(&mut *out, &shipped)?;
    Ok(out.write_all(b"\n")?)
}

fn attributes(line: Line<'_>) -> anyhow::Result<Object> {
    let mut object: Object = serde_json::from_slice(line.raw())
        .with_context(|| format!("cannot read {:?}", String::from_utf8_lossy(line.raw())))?;
    for role in COLUMNS {
        let mut names = role.synonyms().iter();
        let _column = names.find_map(|name| take(&mut object, name));
    }
    Ok(object)
}

/// Takes a scalar out by its dotted name, which may stand there with its dots or be a path.
fn take(object: &mut Object, name: &str) -> Option<serde_json::Value> {
    match object.get_mut(name) {
        Some(value) if value.is_object() || value.is_array() || value.is_null() => None,
        Some(_) => object.shift_remove(name),
        None => {
            let (first, rest) = name.split_once('.')?;
            take(object.get_mut(first)?.as_object_mut()?, rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_become_columns_and_the_rest_attributes() {
        let check = |line: &str, shipped: &str| {
            let mut out = Vec::new();
            assert_eq!(write(&Bytes::copy_from_slice(line.as_bytes()), &mut out).unwrap(), 1);
            assert_eq!(String::from_utf8(out).unwrap().trim_end(), shipped);
        };
        check(
            r#"{"time":1772352000,"log.level":"WARN","service":{"name":"a","version":2},"msg":"m\n","host":null,"x":[1]}"#,
            r#"{"nanos":1772352000000000000,"level":"warning","service":"a","host":"","trace_id":"","body":"m\n","attributes":{"service":{"version":2},"host":null,"x":[1]}}"#,
        );
        check(
            r#"{"time":1772352000,"service":"a","service_name":"b","log":{"file":"f"},"trace.id":"t"}"#,
            r#"{"nanos":1772352000000000000,"level":"","service":"a","host":"","trace_id":"t","body":"","attributes":{"service_name":"b","log":{"file":"f"}}}"#,
        );
        check(
            "plain {",
            r#"{"nanos":1772352000000000000,"level":"","service":"","host":"","trace_id":"","body":"plain {","attributes":{}}"#,
        );
    }
}
