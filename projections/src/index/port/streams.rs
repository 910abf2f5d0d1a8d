//! The streams that lines are filed under, as a question for a table: the parts of their names are counted from columns.
//!
//! Invariant: rows of such a table, put together, have every stream of the lines that were asked for, each line once. A table
//! takes numbers for the same that are written differently, so `CountedAs` says under which name a line was counted. It asks
//! nothing itself.

use std::collections::BTreeMap;

use antler_config::limits::{PipeLimits, QueryLimits};
use antler_events::clock::Timestamp;
use antler_events::event::lines::LineDefaults;
use antler_events::line::stream::STREAM_FIELDS;
use antler_events::line::{Line, Role, StreamName, StreamParts};
use antler_events::query::diagnose::Diagnostics;
use antler_events::query::parse;
use antler_events::query::pipe::{self, Cell, Context, TimeRange};
use antler_events::query::tree::{FieldName, Filter};

use super::search::Period;
use super::table::TableQuery;

/// What names are made of, in the order of `StreamParts`, the service last.
pub const STREAMS: &str =
    "* | stats count() by data_stream.type, data_stream.dataset, data_stream.namespace, service";
const PARTS: usize = 4;

/// The question for all streams of a tenant.
pub fn all_streams() -> TableQuery {
    let (now, limits) = (Timestamp::from_nanos(0), QueryLimits::default());
    let mut found = Diagnostics::new(1);
    let start = parse(STREAMS, now, &limits).query.pipes.expect("the text has pipes").start;
    let pipes = pipe::parse(STREAMS, start, now, &limits, &mut found);
    let Period { first, last } = Period::ALWAYS;
    let to = Timestamp::from_nanos(last.nanos().saturating_add(1));
    let range = TimeRange { from: first, to, utc_offset_seconds: 0 };
    TableQuery {
        filter: Filter::All,
        pipes: pipes.into_iter().map(|(pipe, _)| pipe).collect(),
        context: Context { range, limits: PipeLimits::default() },
    }
}

/// The streams of such a table, each with its number of lines.
pub fn streams_of(rows: &[Vec<Cell>]) -> BTreeMap<StreamName, u64> {
    let mut counts = BTreeMap::new();
    for (name, lines) in rows.iter().filter_map(|row| stream(row)) {
        *counts.entry(name).or_default() += lines;
    }
    counts
}

/// Under which streams lines are counted.
#[derive(Debug)]
pub struct CountedAs([FieldName; PARTS]);

impl Default for CountedAs {
    fn default() -> Self {
        let [kind, dataset, namespace] = STREAM_FIELDS.map(FieldName::named);
        Self([kind, dataset, namespace, FieldName::Role(Role::Service)])
    }
}

impl CountedAs {
    /// Of a line that came with these defaults.
    pub fn stream(&self, line: Line<'_>, defaults: &LineDefaults) -> StreamName {
        name(&self.0.each_ref().map(|field| Cell::of_line(line, defaults, field)))
    }
}

/// A row has the parts of a name, and then how many lines have them.
fn stream(row: &[Cell]) -> Option<(StreamName, u64)> {
    let (parts, count) = row.split_at_checked(PARTS)?;
    let lines = count.first()?.as_number()?.to_string().parse().ok()?;
    Some((name(parts.try_into().ok()?), lines))
}

fn name(parts: &[Cell; PARTS]) -> StreamName {
    let [kind, dataset, namespace, service] = parts.each_ref().map(text);
    let fields = [kind.as_deref(), dataset.as_deref(), namespace.as_deref()];
    StreamName::of_parts(&StreamParts { fields, service: service.as_deref() })
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Missing => None,
        Cell::Bool(flag) => Some(flag.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Time(time) => Some(time.to_string()),
        Cell::Level(level) => Some(level.to_string()),
        Cell::Text(text) => Some(text.as_ref().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use antler_config::limits::LineLimits;
    use antler_events::event::lines::Arrival;
    use antler_events::ids::{Offset, PartitionId, TenantId};
    use antler_events::line::LineBatchBuilder;

    use super::*;
    use crate::index::port::feed::{BatchAt, TenantLines};
    use crate::index::port::{Bounds, SearchIndex};
    use crate::index::reference::ReferenceIndex;

    #[tokio::test]
    async fn a_line_is_counted_under_its_stream_and_numbers_however_they_are_written() {
        let lines = [
            "text",
            r#"{"service":"Web-Front end"}"#,
            r#"{"service":7}"#,
            r#"{"service":7.0}"#,
            r#"{"service":1e3}"#,
            r#"{"service":true,"data_stream.type":""}"#,
            r#"{"service":""}"#,
            r#"{"service":{"name":"nested"}}"#,
            r#"{"data_stream":{"dataset":"nginx","namespace":12345678901234567890123}}"#,
            r#"{"data_stream":{"type":["metrics","logs"]}}"#,
        ];
        let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(1));
        for line in lines {
            builder.push(line.as_bytes()).or_else(|_| builder.push_plain(line.as_bytes())).unwrap();
        }
        let batch = Arc::new(builder.finish());
        let defaults = LineDefaults { service: Some("usual".to_owned()), ..LineDefaults::default() };
        let (mut counted, mut differing) = (BTreeMap::new(), Vec::new());
        for line in batch.lines() {
            let (name, filed) =
                (CountedAs::default().stream(line, &defaults), StreamName::of_line(line, &defaults));
            differing.extend((name != filed).then(|| format!("{filed} as {name}")));
            *counted.entry(name).or_default() += 1;
        }
        assert_eq!(
            differing,
            ["logs-7.0-default as logs-7-default", "logs-1e3-default as logs-1000-default"]
        );
        let (index, tenant) = (ReferenceIndex::default(), TenantId::parse("acme").unwrap());
        let arrival = Arc::new(Arrival { defaults, ..Arrival::default() });
        let lines = Some(TenantLines { tenant, batch, arrival });
        let at = BatchAt { offset: Offset::new(1), lines };
        index.apply(PartitionId::new(0), vec![at]).await.unwrap();
        let bounds = Bounds { time: Duration::from_secs(60), memory_bytes: 1 << 30 };
        let table = index.table(tenant, all_streams(), bounds).await.unwrap();
        assert_eq!(streams_of(&table.rows), counted);
    }
}
