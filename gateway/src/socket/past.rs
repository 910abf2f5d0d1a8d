//! The lines of the past that a stream begins with, from the search index.
//!
//! Invariant: it ends at an event that the index had when it began, and the tail begins right there, so no line is told
//! twice and none is left out. What was acknowledged before is past, unless the index is far behind. Pages are asked for
//! when the client has taken the one before. Lines come in the order of their time, while those of a tail come in the order
//! of their arrival.

use std::collections::BTreeSet;
use std::time::Duration;

use antler_actors::live::seq::Seq;
use antler_actors::projector::index;
use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::query::tree::Filter;
use antler_projections::index::port::{
    After, Bounds, Cursor, FoundLine, LineQuery, Order, Period, SearchError,
};
use bytes::Bytes;

use super::Sockets;
use super::frames::{LogFrames, write_line};
use crate::http::search::PastLine;

/// An index that is further behind is not waited for.
const SETTLES_WITHIN: Duration = Duration::from_millis(500);
/// Pages without a line that belongs to the past, before it is taken for told.
const EMPTY_PAGES_MAX: u32 = 200;
/// Warnings that are kept for the end.
const WARNINGS_MAX: usize = 10;

#[derive(Debug)]
pub(super) struct Past {
    tenant: TenantId,
    query: LineQuery,
    partition: PartitionId,
    /// What the tail begins with.
    end: Offset,
    empty_pages: u32,
    is_told: bool,
    warnings: BTreeSet<String>,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Page {
    Frames(Vec<Bytes>),
    /// The present begins here.
    End(Seq),
}

impl Past {
    /// None if the tenant has no one place that its lines are written to.
    pub(super) async fn begin(
        tenant: TenantId,
        sockets: &Sockets,
        filter: Filter,
        from: Timestamp,
    ) -> Option<Self> {
        let [partition] = sockets.placement.all_lines(tenant)[..] else { return None };
        let query = LineQuery {
            filter,
            period: Period { first: from, ..Period::ALWAYS },
            order: Order::OldestFirst,
            limit: sockets.limits.frame_lines_max,
            after: None,
            wants_total: false,
            asked_at: sockets.clock.now(),
        };
        let settled = sockets.system.settled(index::NAME, partition);
        if tokio::time::timeout(SETTLES_WITHIN, settled).await.is_err() {
            tracing::debug!(%tenant, %partition, "a stream begins with an index that is behind");
        }
        let end = sockets.index.applied(partition).plus(1);
        Some(Self {
            tenant,
            query,
            partition,
            end,
            empty_pages: 0,
            is_told: false,
            warnings: BTreeSet::new(),
        })
    }

    /// The next lines. Dropping this loses none.
    pub(super) async fn next(&mut self, sockets: &Sockets, frames: LogFrames) -> Result<Page, SearchError> {
        loop {
            if self.is_told || self.empty_pages > EMPTY_PAGES_MAX {
                return Ok(Page::End(Seq::first_of(self.end)));
            }
            let limits = &sockets.search_limits;
            let bounds = Bounds { time: limits.time_max, memory_bytes: limits.memory_bytes_max.as_usize() };
            let page = sockets.index.search(self.tenant, self.query.clone(), bounds).await?;
            for warning in page.coverage.warnings {
                if self.warnings.len() < WARNINGS_MAX {
                    self.warnings.insert(warning.to_string());
                }
            }
            self.go_on(page.next);
            let told = self.frames(sockets, frames, &page.lines)?;
            if !told.is_empty() {
                self.empty_pages = 0;
                return Ok(Page::Frames(told));
            }
            self.empty_pages += 1;
        }
    }

    /// Begins again with other lines; it ends where it would have.
    pub(super) fn restart(&mut self, filter: Filter) {
        self.query.filter = filter;
        self.query.after = None;
        self.empty_pages = 0;
        self.is_told = false;
        self.warnings.clear();
    }

    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings).into_iter().collect()
    }

    fn go_on(&mut self, next: Option<Cursor>) {
        match next {
            Some(cursor) => self.query.after = Some(After::Cursor(cursor)),
            None => self.is_told = true,
        }
    }

    fn frames(
        &self,
        sockets: &Sockets,
        frames: LogFrames,
        lines: &[FoundLine],
    ) -> Result<Vec<Bytes>, SearchError> {
        let bytes_max = sockets.limits.frame_bytes_max.as_usize();
        let mut told = Vec::new();
        let mut draft = Vec::new();
        let mut numbers: Option<(u64, Seq, Seq)> = None;
        for line in lines.iter().filter(|line| self.is_past(line)) {
            let id = line.id();
            let seq = Seq::of(id.offset, id.line as usize);
            let seq = seq.ok_or_else(|| SearchError::Unavailable {
                reason: format!("line {id} has no number that a stream can go on behind").into(),
            })?;
            write_line(&PastLine(line), &mut draft);
            let (count, first, _) = numbers.unwrap_or((0, seq, seq));
            numbers = Some((count + 1, first, seq));
            if draft.len() >= bytes_max {
                told.extend(
                    numbers.take().map(|(count, first, last)| frames.write(count, first, last, &draft)),
                );
                draft.clear();
            }
        }
        told.extend(numbers.map(|(count, first, last)| frames.write(count, first, last, &draft)));
        Ok(told)
    }

    /// Others come by the tail.
    fn is_past(&self, line: &FoundLine) -> bool {
        let id = line.id();
        id.partition != self.partition || id.offset < self.end
    }
}
