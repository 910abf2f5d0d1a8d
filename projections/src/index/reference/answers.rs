//! The answers of the reference, each by looking at every line.
//!
//! Invariant: a question without time is answered with nothing, and says so. It shares no searching with another
//! adapter.

use std::collections::BTreeMap;

use antler_events::clock::Timestamp;
use antler_events::event::lines::LineDefaults;
use antler_events::ids::TenantId;
use antler_events::line::{Line, Role};
use antler_events::query::matcher::Matcher;
use antler_events::query::pipe::{Cell, Flow, LineKey, Table};
use antler_events::query::print;
use antler_events::query::text::fold;
use antler_events::query::tree::{FieldName, Filter};

use super::planted::Planted;
use super::{ReferenceIndex, Stored};
use crate::index::port::counts::{LevelCounts, counted_as};
use crate::index::port::fields::FieldCounts;
use crate::index::port::{
    After, Bounds, Bucket, Coverage, Explanation, Facet, FacetQuery, Facets, FieldKinds, FieldList,
    FieldsQuery, FoundLine, Histogram, HistogramQuery, LineId, LinePage, LineQuery, OneLine, Order, Period,
    Position, SearchError, Step, TableAnswer, TableLines, TableQuery, TenantStatistics, Total, ValueCount,
    ValuesQuery, Warning,
};

impl ReferenceIndex {
    pub(super) fn page(
        &self,
        tenant: TenantId,
        query: &LineQuery,
        bounds: Bounds,
    ) -> Result<LinePage, SearchError> {
        Matcher::new(&query.filter)?;
        let begin = self.begin(tenant, query)?;
        if bounds.time.is_zero() {
            return Ok(self.nothing(tenant, query, begin));
        }
        let mut passing = self.passing(tenant, &query.filter, query.period);
        if query.order == Order::NewestFirst {
            passing.reverse();
        }
        let total = passing.len() as u64;
        passing.retain(|stored| self.is_behind(query, stored.position, begin));
        let mut page = LinePage::default();
        let mut bytes = 0;
        for stored in passing.iter().take(query.limit as usize) {
            let line = stored.found();
            bytes += line.bytes_held();
            let is_too_large = bytes > bounds.memory_bytes && !page.lines.is_empty();
            if is_too_large && !self.planted.is(Planted::MemoryUnbounded) {
                page.coverage.note(Warning::Memory);
                break;
            }
            page.lines.push(line);
        }
        let has_more = page.lines.len() < passing.len();
        let last = page.lines.last().filter(|_| has_more);
        page.next = last.map(|last| query.cursor_behind(tenant, last.position));
        let total = if self.planted.is(Planted::TotalOfPage) { page.lines.len() as u64 } else { total };
        page.total = query.wants_total.then_some(Total::Exactly(total));
        Ok(page)
    }

    fn begin(&self, tenant: TenantId, query: &LineQuery) -> Result<Option<Position>, SearchError> {
        match (query.begin(tenant), query.after) {
            (Err(SearchError::Cursor(_)), Some(After::Cursor(_))) if self.planted.is(Planted::AnyCursor) => {
                Ok(None)
            }
            (begin, _) => begin,
        }
    }

    fn is_behind(&self, query: &LineQuery, line: Position, begin: Option<Position>) -> bool {
        let of_context = matches!(query.after, Some(After::Position(_)));
        if of_context && self.planted.is(Planted::ContextOffByOne) && Some(line) == begin {
            return true;
        }
        let is_tie = begin.is_some_and(|begin| begin.time == line.time);
        query.is_behind(line, begin) && !(is_tie && self.planted.is(Planted::TiesDropped))
    }

    /// The page of a question that had no time.
    fn nothing(&self, tenant: TenantId, query: &LineQuery, begin: Option<Position>) -> LinePage {
        let start = match query.order {
            Order::NewestFirst => query.period.last,
            Order::OldestFirst => query.period.first,
        };
        let behind = begin.unwrap_or_else(|| Position::before_time(start, query.order));
        let skipped = Position::before_time(Timestamp::from_nanos(0), query.order);
        let behind = if self.planted.is(Planted::StopSkipsLines) { skipped } else { behind };
        LinePage {
            total: query.wants_total.then_some(Total::AtLeast(0)),
            next: Some(query.cursor_behind(tenant, behind)),
            coverage: self.out_of_time(),
            ..LinePage::default()
        }
    }

    fn out_of_time(&self) -> Coverage {
        let mut coverage = Coverage::whole();
        if !self.planted.is(Planted::PartialNotSaid) {
            coverage.note(Warning::Deadline);
        }
        coverage
    }

    /// What is missing if the question has no time; then there is nothing else to answer.
    pub(super) fn coverage(&self, bounds: Bounds) -> Result<(), Coverage> {
        if bounds.time.is_zero() { Err(self.out_of_time()) } else { Ok(()) }
    }

    pub(super) fn one(&self, tenant: TenantId, id: LineId, bounds: Bounds) -> OneLine {
        if let Err(coverage) = self.coverage(bounds) {
            return OneLine { line: None, coverage };
        }
        let state = self.state();
        let its = |stored: &&Stored| {
            let is_its = stored.tenant == tenant || self.planted.is(Planted::IdOfAnyTenant);
            is_its && stored.position.id == id
        };
        OneLine { line: state.lines.iter().find(its).map(Stored::found), coverage: Coverage::whole() }
    }

    pub(super) fn counted_over_time(
        &self,
        tenant: TenantId,
        query: &HistogramQuery,
        bounds: Bounds,
    ) -> Result<Histogram, SearchError> {
        Matcher::new(&query.filter)?;
        if let Err(coverage) = self.coverage(bounds) {
            return Ok(Histogram { coverage, ..Histogram::default() });
        }
        let all = self.passing(tenant, &Filter::All, query.period);
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return Ok(Histogram::default()) };
        let of_lines = Period { first: first.position.time, last: last.position.time };
        let step = query.resolution.step_within(query.period, || of_lines)?;
        let mut counts: BTreeMap<i64, LevelCounts> = BTreeMap::new();
        for stored in self.passing(tenant, &query.filter, query.period) {
            let start = stored.position.time.nanos().div_euclid(step) * step;
            let start = if self.planted.is(Planted::BucketsShifted) { start + step } else { start };
            let level = stored.level().map_or(0, |level| level as usize);
            counts.entry(start).or_default()[level] += 1;
        }
        let bucket = |(start, by_level)| Bucket { start: Timestamp::from_nanos(start), by_level };
        Ok(Histogram {
            step: std::time::Duration::from_nanos(step as u64),
            buckets: counts.into_iter().map(bucket).collect(),
            coverage: Coverage::whole(),
        })
    }

    pub(super) fn counted_by_value(
        &self,
        tenant: TenantId,
        query: &FacetQuery,
        bounds: Bounds,
    ) -> Result<Facets, SearchError> {
        query.check()?;
        Matcher::new(&query.filter)?;
        if let Err(coverage) = self.coverage(bounds) {
            return Ok(Facets { coverage, ..Facets::default() });
        }
        let lines = self.passing(tenant, &query.filter, query.period);
        let facet = |field: &FieldName| Facet::new(field.clone(), self.values_in(&lines, field), query.size);
        Ok(Facets { facets: query.fields.iter().map(facet).collect(), coverage: Coverage::whole() })
    }

    pub(super) fn values_like(
        &self,
        tenant: TenantId,
        query: &ValuesQuery,
        bounds: Bounds,
    ) -> Result<Facets, SearchError> {
        query.check()?;
        if let Err(coverage) = self.coverage(bounds) {
            return Ok(Facets { coverage, ..Facets::default() });
        }
        let lines = self.passing(tenant, &Filter::All, query.period);
        let mut values = self.values_in(&lines, &query.field);
        values.retain(|value| query.like.matches(&value.value));
        let facet = Facet::new(query.field.clone(), values, query.size);
        Ok(Facets { facets: vec![facet], coverage: Coverage::whole() })
    }

    fn values_in(&self, lines: &[Stored], field: &FieldName) -> Vec<ValueCount> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for stored in lines {
            let none = LineDefaults::default();
            let is_forgotten = self.planted.is(Planted::DefaultsForgotten);
            let defaults = if is_forgotten { &none } else { &stored.arrival.defaults };
            for value in values_of(stored.line(), defaults, field) {
                let value = counted_as(field, &value).map_or(value, str::to_owned);
                *counts.entry(value).or_default() += 1;
            }
        }
        counts.into_iter().map(|(value, lines)| ValueCount { value, lines }).collect()
    }

    pub(super) fn fields_of(&self, tenant: TenantId, query: &FieldsQuery, bounds: Bounds) -> FieldList {
        if let Err(coverage) = self.coverage(bounds) {
            return FieldList { coverage, ..FieldList::default() };
        }
        let mut counts = FieldCounts::new();
        for stored in self.passing(tenant, &Filter::All, query.period) {
            let mut of_line: BTreeMap<String, FieldKinds> = BTreeMap::new();
            for (name, kinds) in fields_of(stored.line(), &stored.arrival.defaults) {
                of_line.entry(name).or_default().add(kinds);
            }
            for (name, kinds) in of_line {
                if fold(&name).starts_with(&fold(&query.prefix)) {
                    let counted = counts.entry(name).or_default();
                    counted.0.add(kinds);
                    counted.1 += 1;
                }
            }
        }
        FieldList::new(counts, query.size, Coverage::whole())
    }

    pub(super) fn piped(
        &self,
        tenant: TenantId,
        query: &TableQuery,
        bounds: Bounds,
    ) -> Result<TableAnswer, SearchError> {
        let mut pipeline = query.pipeline()?;
        let filter = Filter::all_of([query.filter.clone(), pipeline.filter().clone()]);
        Matcher::new(&filter)?;
        let stop = self.coverage(bounds).err();
        let mut lines = self.passing(tenant, &filter, query.period());
        lines.reverse();
        if stop.is_some() {
            lines.clear();
        }
        let fields: Vec<FieldName> = pipeline.reads().iter().map(|read| read.field.clone()).collect();
        for (key, stored) in lines.iter().enumerate() {
            let cell = |field| Cell::of_line(stored.line(), &stored.arrival.defaults, field);
            if pipeline.push_row(key as LineKey, fields.iter().map(cell)) == Flow::Enough {
                break;
            }
        }
        let Table { columns, rows, lines: of_lines, warnings } = pipeline.finish();
        let mut coverage = stop.unwrap_or_default();
        warnings.into_iter().for_each(|warning| coverage.note(Warning::Table(warning)));
        let lines = of_lines.map(|of| TableLines {
            lines: of.keys.iter().map(|key| lines.get(*key as usize).map(Stored::found)).collect(),
            with_other_fields: of.with_other_fields,
            dropped: of.dropped,
        });
        Ok(TableAnswer { columns, rows, lines, coverage })
    }

    pub(super) fn explained(
        &self,
        tenant: TenantId,
        query: &LineQuery,
        bounds: Bounds,
    ) -> Result<Explanation, SearchError> {
        let page = self.page(tenant, query, bounds)?;
        let step = Step { what: "look at every line".to_owned(), parts: 1, ..Step::default() };
        Ok(Explanation {
            filter: print(&query.filter),
            steps: vec![step],
            lines: page.lines.len() as u64,
            coverage: page.coverage,
        })
    }

    pub(super) fn figures_of(&self, tenant: TenantId, bounds: Bounds) -> TenantStatistics {
        if let Err(coverage) = self.coverage(bounds) {
            return TenantStatistics { coverage, ..TenantStatistics::default() };
        }
        let lines = self.passing(tenant, &Filter::All, Period::ALWAYS);
        let found: Vec<FoundLine> = lines.iter().map(Stored::found).collect();
        TenantStatistics {
            lines: found.len() as u64,
            raw_bytes: found.iter().map(|line| line.raw.len() as u64).sum(),
            stored_bytes: 0,
            earliest: found.first().map(|line| line.position.time),
            latest: found.last().map(|line| line.position.time),
            coverage: Coverage::whole(),
        }
    }
}

/// What a line and its sender say under a name.
pub(super) fn values_of(line: Line<'_>, defaults: &LineDefaults, field: &FieldName) -> Vec<String> {
    let FieldName::Named(name) = field else {
        let FieldName::Role(role) = field else { return Vec::new() };
        let own = line.role(*role).map(|value| value.text().into_owned());
        return own.or_else(|| said(*role, line, defaults)).into_iter().collect();
    };
    let time = line.index_of(Role::Time);
    let named =
        line.fields().enumerate().filter(|(index, of)| Some(*index) != time && of.name_text == &**name);
    let own = named.filter(|(_, of)| of.value.kind.is_scalar()).map(|(_, of)| of.value.text().into_owned());
    let tags = defaults.tags.iter().filter(|_| **name == *"tags").cloned();
    own.chain(tags).collect()
}

fn said(role: Role, line: Line<'_>, defaults: &LineDefaults) -> Option<String> {
    let said = match role {
        Role::Source => &defaults.source,
        Role::Service => &defaults.service,
        Role::Environment => &defaults.environment,
        Role::Level => &defaults.level,
        Role::Host => &defaults.host,
        _ => &None,
    };
    said.clone().filter(|_| line.role(role).is_none())
}

/// Names and kinds of all values.
fn fields_of(line: Line<'_>, defaults: &LineDefaults) -> Vec<(String, FieldKinds)> {
    let time = line.index_of(Role::Time);
    let of_values = line.fields().enumerate().filter(|(_, field)| field.value.kind.is_scalar());
    let own = of_values.map(|(index, field)| {
        let is_time = Some(index) == time;
        let kinds = if is_time { FieldKinds::TIME } else { FieldKinds::of(field.value.kind) };
        (field.name_text.to_owned(), kinds)
    });
    let text = FieldKinds { text: true, ..FieldKinds::default() };
    let roles = [Role::Source, Role::Service, Role::Environment, Role::Level, Role::Host];
    let said = roles.into_iter().filter(|role| said(*role, line, defaults).is_some());
    let said = said.map(|role| (FieldName::role_name(role).to_owned(), text));
    let tags = defaults.tags.iter().map(|_| ("tags".to_owned(), text));
    own.chain(said).chain(tags).collect()
}
