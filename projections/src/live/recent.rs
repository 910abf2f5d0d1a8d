//! What one tenant sent in the last minutes.
//!
//! Invariant: seconds and minutes stand in their order, each at most once, and only those in which something came; a
//! clock that goes back counts into the latest. It holds 300 seconds and six minutes at most.

use std::collections::{HashMap, VecDeque};

use antler_events::line::Level;
use foldhash::fast::FixedState;

use super::batch::{BatchCounts, SOURCES_MAX};
use super::{LevelShares, Rates, SECONDS, SecondCounts, TOP_SOURCES};

/// Seconds that the rate of lines is a mean of.
const RATE_SECONDS: i64 = 5;
/// Minutes that levels and sources are counted over; the present one comes on top.
const MINUTES: i64 = 5;

#[derive(Debug, Default)]
pub(super) struct Recent {
    seconds: VecDeque<SecondCounts>,
    minutes: VecDeque<MinuteCounts>,
}

#[derive(Debug, Default)]
struct MinuteCounts {
    minute: i64,
    levels: LevelShares,
    sources: HashMap<Box<str>, u64, FixedState>,
}

impl Recent {
    pub(super) fn add(&mut self, second: i64, counts: &BatchCounts<'_>) {
        let second = self.seconds.back().map_or(second, |last| last.second.max(second));
        self.forget(second);
        if self.seconds.back().is_none_or(|last| last.second < second) {
            self.seconds.push_back(SecondCounts { second, ..SecondCounts::default() });
        }
        let of_second = self.seconds.back_mut().expect("it was put there");
        let add =
            |count: &mut u32, lines: u64| *count = count.saturating_add(lines.try_into().unwrap_or(u32::MAX));
        add(&mut of_second.lines, counts.lines);
        add(&mut of_second.warnings, counts.levels.of(Some(Level::Warning)));
        add(&mut of_second.errors, counts.levels.of(Some(Level::Error)));
        add(&mut of_second.criticals, counts.levels.of(Some(Level::Critical)));
        let minute = second.div_euclid(60);
        if self.minutes.back().is_none_or(|last| last.minute < minute) {
            self.minutes.push_back(MinuteCounts { minute, ..MinuteCounts::default() });
        }
        self.minutes.back_mut().expect("it was put there").add(counts);
    }

    /// Whether there is anything to look back at.
    pub(super) fn is_remembered(&self, second: i64) -> bool {
        self.seconds.back().is_some_and(|last| last.second >= second - SECONDS as i64)
    }

    pub(super) fn rates(&self, second: i64) -> Rates {
        let mut rates = Rates::default();
        let mut lines = 0;
        for counts in self.seconds.iter().rev().take_while(|counts| counts.second > second - 60) {
            rates.warnings_per_minute += u64::from(counts.warnings);
            rates.errors_per_minute += u64::from(counts.errors);
            rates.criticals_per_minute += u64::from(counts.criticals);
            if (second - RATE_SECONDS..second).contains(&counts.second) {
                lines += u64::from(counts.lines);
            }
        }
        rates.lines_per_second = lines as f64 / RATE_SECONDS as f64;
        let mut sources: HashMap<&str, u64, FixedState> = HashMap::default();
        for minute in self.minutes.iter().filter(|counts| counts.minute > second.div_euclid(60) - MINUTES) {
            rates.levels.merge(&minute.levels);
            minute.sources.iter().for_each(|(source, lines)| *sources.entry(source).or_default() += lines);
        }
        let mut sources: Vec<_> = sources.into_iter().map(|(source, lines)| (source.into(), lines)).collect();
        sources.sort_by(|(one, lines): &(Box<str>, u64), (other, more)| more.cmp(lines).then(one.cmp(other)));
        sources.truncate(TOP_SOURCES);
        rates.top_sources = sources;
        rates
    }

    /// Puts what is known into seconds that follow each other.
    pub(super) fn fill(&self, history: &mut [SecondCounts]) {
        let Some(first) = history.first().map(|counts| counts.second) else { return };
        for counts in &self.seconds {
            let place = usize::try_from(counts.second - first).ok();
            if let Some(slot) = place.and_then(|place| history.get_mut(place)) {
                *slot = *counts;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn source_names(&self) -> impl Iterator<Item = &str> {
        self.minutes.iter().flat_map(|minute| minute.sources.keys()).map(|name| &**name)
    }

    fn forget(&mut self, second: i64) {
        while self.seconds.front().is_some_and(|first| first.second <= second - SECONDS as i64) {
            self.seconds.pop_front();
        }
        while self.minutes.front().is_some_and(|first| first.minute < second.div_euclid(60) - MINUTES) {
            self.minutes.pop_front();
        }
    }
}

impl MinuteCounts {
    fn add(&mut self, counts: &BatchCounts<'_>) {
        self.levels.merge(&counts.levels);
        for (source, lines) in &counts.sources {
            if let Some(known) = self.sources.get_mut(&**source) {
                *known += lines;
            } else if self.sources.len() < SOURCES_MAX {
                self.sources.insert(source.as_ref().into(), *lines);
            }
        }
    }
}
