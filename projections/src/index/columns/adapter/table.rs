//! Answers that are tables: pipes run over the groups, and the lines behind their rows.
//!
//! Invariant: rows and the lines behind them are of one moment, and lines are given as far as memory allows. It
//! does not compute: `search::pipeline` does.

use antler_events::ids::TenantId;
use antler_events::query::pipe::LineKey;
use antler_events::query::pipe::pipeline::Lines;

use super::asked::Asked;
use super::lines::{found, nanos};
use crate::index::columns::search::pipeline::{self, PipeSearch};
use crate::index::port::{Coverage, FoundLine, SearchError, TableAnswer, TableLines, TableQuery, Warning};

/// Lines that are rendered before their size is looked at.
const RENDERED_TOGETHER: usize = 128;

impl Asked<'_> {
    pub(super) fn table(&self, tenant: TenantId, query: &TableQuery) -> Result<TableAnswer, SearchError> {
        let pipeline = query.pipeline()?;
        let plan = pipeline::plan(&query.filter, &pipeline)?;
        let period = query.period();
        let asked = PipeSearch { plan: &plan, period: nanos(period), pipeline, context: &query.context };
        let answer = pipeline::run(tenant, &self.groups, asked, &self.budget());
        let mut coverage = self.coverage(period);
        Self::note_stop(&mut coverage, answer.stopped);
        self.note_damage(&mut coverage, &answer.damaged);
        let mut table = answer.table;
        table.warnings.into_iter().for_each(|warning| coverage.note(Warning::Table(warning)));
        let lines = table.lines.map(|lines| self.lines_behind(lines, &mut coverage));
        if let Some(lines) = &lines {
            table.rows.truncate(lines.lines.len());
        }
        Ok(TableAnswer { columns: table.columns, rows: table.rows, lines, coverage })
    }

    fn lines_behind(&self, lines: Lines, coverage: &mut Coverage) -> TableLines {
        let Lines { keys, with_other_fields, dropped } = lines;
        TableLines { lines: self.lines_of(&keys, coverage), with_other_fields, dropped }
    }

    fn lines_of(&self, keys: &[LineKey], coverage: &mut Coverage) -> Vec<Option<FoundLine>> {
        let (mut lines, mut damaged) = (Vec::with_capacity(keys.len()), Vec::new());
        let mut bytes = 0;
        for some in keys.chunks(RENDERED_TOGETHER) {
            if bytes > self.memory_bytes {
                coverage.note(Warning::Memory);
                break;
            }
            for hit in pipeline::hits(&self.groups, some, &mut damaged) {
                let line = hit.map(found);
                bytes += line.as_ref().map_or(0, FoundLine::bytes_held);
                lines.push(line);
            }
        }
        self.note_damage(coverage, &damaged);
        lines
    }
}
