//! Lines as a shipper sends them to a store with columns: roles taken out, the rest as attributes.
//!
//! The work of the shipper is in no figure, and what a store gets is easier to read than what came.
//! Invariant: no field is lost but the one that fills a column, which is in that column. The line itself
//! is not there: a store with columns does not give it back byte for byte.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

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

/// Lines of one insert, about: as many as a shipper that batches well sends at once.
const INSERT_LINES: u64 = 100_000;

/// Files of one JSON object a line, each to be inserted at once.
#[derive(Debug, Default)]
pub(super) struct Inserts {
    pub(super) paths: Vec<PathBuf>,
    pub(super) lines: u64,
}

impl Inserts {
    pub(super) fn write(corpus: &Bytes, dir: &Path) -> anyhow::Result<Self> {
        let mut inserts = Self::default();
        let mut out = inserts.begin(dir)?;
        let mut lines_end = INSERT_LINES;
        for batch in line_batches(corpus) {
            if inserts.lines >= lines_end {
                out.flush()?;
                out = inserts.begin(dir)?;
                lines_end = inserts.lines + INSERT_LINES;
            }
            for line in batch?.lines() {
                write_line(line, &mut out)?;
                inserts.lines += 1;
            }
        }
        out.flush()?;
        Ok(inserts)
    }

    fn begin(&mut self, dir: &Path) -> anyhow::Result<BufWriter<File>> {
        let path = dir.join(format!("insert-{:05}.json", self.paths.len()));
        let file = File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
        self.paths.push(path);
        Ok(BufWriter::with_capacity(1 << 20, file))
    }
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
            let dir = tempfile::tempdir().unwrap();
            let inserts = Inserts::write(&Bytes::copy_from_slice(line.as_bytes()), dir.path()).unwrap();
            assert_eq!((inserts.lines, inserts.paths.len()), (1, 1));
            assert_eq!(std::fs::read_to_string(&inserts.paths[0]).unwrap().trim_end(), shipped);
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

    #[test]
    fn no_insert_is_much_longer_than_it_should_be_and_none_is_empty() {
        let corpus = Bytes::from("a line of thirty bytes or more\n".repeat(450_000));
        let dir = tempfile::tempdir().unwrap();
        let inserts = Inserts::write(&corpus, dir.path()).unwrap();
        let lines = |path: &PathBuf| std::fs::read_to_string(path).unwrap().lines().count();
        let lines: Vec<usize> = inserts.paths.iter().map(lines).collect();
        assert_eq!((inserts.lines, lines.iter().sum::<usize>()), (450_000, 450_000));
        assert_eq!(lines.len(), 4, "{lines:?}");
    }
}
