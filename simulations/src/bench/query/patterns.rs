//! What patterns cost: counts alone, with steps of time, as a page shows them, and which are new.
//!
//! Nothing else here has patterns, so there is no other side. Invariant: every line is in exactly one pattern, or is
//! said to be in none. It does not judge how good patterns are: `bench patterns` does.

use antler_events::clock::{Clock as _, SystemClock, Timestamp};
use antler_events::query::tree::Filter;
use antler_projections::index::columns::search::patterns::{
    PatternAnswer, PatternDetails, PatternSearch, patterns,
};
use antler_projections::index::columns::search::plan::Plan;
use antler_projections::index::columns::store::GroupHandle;
use antler_projections::index::port::{PatternOrder, Workers as _};
use anyhow::ensure;

use super::ask::{QUESTION_ROUNDS, with_budget};
use crate::bench::crew::Crew;
use crate::bench::store::filled::{Filled, tenant};
use crate::bench::{Figure, Report, median};

const MINUTE_NANOS: i64 = 60_000_000_000;
/// Patterns that a page shows.
const PAGE_PATTERNS: usize = 50;

pub(super) fn run(filled: &Filled, crew: &Crew, pass_ms: f64, report: &mut Report<'_>) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let groups = filled.store.snapshot().groups;
    let counts = PatternDetails::default();
    let buckets = PatternDetails { step_nanos: Some(MINUTE_NANOS), seen: true, ..counts };
    let page = PatternDetails { levels: true, services: 5, examples: 1, ..buckets };
    let latest = groups.iter().map(|group| group.span().1).max().unwrap_or_default();
    let now = Some(Timestamp::from_nanos(latest));
    let asked = [
        ("patterns_count", counts, None),
        ("patterns_buckets", buckets, None),
        ("patterns_page", page, None),
        ("patterns_new", counts, now),
    ];
    for (name, details, new_since) in asked {
        let (mut cpu_ms, mut wall_ms) = (Vec::new(), Vec::new());
        let mut last = PatternAnswer::default();
        for _ in 0..QUESTION_ROUNDS {
            let (cpu_before, before) = (crew.cpu_seconds(), clock.elapsed());
            last = ask(&groups, details, new_since, crew)?;
            wall_ms.push((clock.elapsed() - before).as_secs_f64() * 1e3);
            cpu_ms.push((crew.cpu_seconds() - cpu_before) * 1e3);
            check(filled, &last)?;
        }
        let (found, lines, unclassified) = (last.patterns_found, last.lines, last.unclassified);
        report.note(&format!("{name}: {found} patterns of {lines} lines, {unclassified} not classified"))?;
        let cpu_ms = median(&cpu_ms);
        let figure = |measure: &str, value, yardstick| Figure {
            name: format!("query.{name}.{measure}"),
            value,
            unit: "ms",
            yardstick,
        };
        report.figure(&figure("cpu", cpu_ms, Some(pass_ms)))?;
        if crew.width() > 1 {
            report.figure(&figure("wall", median(&wall_ms), Some(cpu_ms)))?;
        }
    }
    Ok(())
}

fn ask(
    groups: &[GroupHandle],
    details: PatternDetails,
    new_since: Option<Timestamp>,
    crew: &Crew,
) -> anyhow::Result<PatternAnswer> {
    let plan = Plan::new(&Filter::All)?;
    let asked = PatternSearch {
        plan: &plan,
        period: (new_since.map_or(i64::MIN, Timestamp::nanos), i64::MAX),
        order: PatternOrder::MostFrequent,
        limit: if details.examples > 0 { PAGE_PATTERNS } else { usize::MAX },
        details,
        new_since,
        only_new: false,
        baseline: None,
        known: &[],
        bytes_max: usize::MAX,
    };
    Ok(with_budget(crew, |budget| patterns(tenant(0), groups, &asked, budget)))
}

fn check(filled: &Filled, answer: &PatternAnswer) -> anyhow::Result<()> {
    ensure!(answer.damaged.is_empty() && answer.stopped.is_none(), "the answer is not whole");
    let all = answer.classified + answer.unclassified + answer.without_message;
    ensure!(answer.lines == all && answer.lines <= filled.lines, "lines are lost");
    let counted: u64 = answer.patterns.iter().map(|pattern| pattern.count).sum();
    let is_limited = answer.patterns.len() < answer.patterns_found;
    ensure!(is_limited || counted == answer.classified, "patterns have {counted} of {all} lines");
    Ok(())
}
