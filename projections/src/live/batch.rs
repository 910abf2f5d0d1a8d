//! The counts of one batch, taken before anybody is locked out.
//!
//! Invariant: every line is counted once; of sources only so many are named, and each name is short. It knows no time.

use std::borrow::Cow;
use std::collections::HashMap;

use antler_events::event::lines::LineDefaults;
use antler_events::line::{Level, Line, LineBatch, Role, Value};
use foldhash::fast::FixedState;

use super::LevelShares;

/// Different sources that are counted at once; lines of further ones count without their source.
pub(super) const SOURCES_MAX: usize = 200;
/// A longer name is cut.
const SOURCE_BYTES_MAX: usize = 120;

pub(super) type Sources<'a> = HashMap<Cow<'a, str>, u64, FixedState>;

#[derive(Debug, Default)]
pub(super) struct BatchCounts<'a> {
    pub lines: u64,
    pub levels: LevelShares,
    pub sources: Sources<'a>,
}

impl<'a> BatchCounts<'a> {
    pub(super) fn of(batch: &'a LineBatch, defaults: &'a LineDefaults) -> Self {
        let mut counts = Self { lines: batch.len() as u64, ..Self::default() };
        let default_level = defaults.level.as_deref().and_then(|level| Level::parse(level.as_bytes()));
        // Neighbours mostly have one source, so that it is read and looked up once for all of them.
        let mut run = (None, 0);
        for line in batch.lines() {
            counts.levels.add(line.level().or(default_level), 1);
            let source = Source::of(line, defaults);
            if source != run.0 {
                counts.add_run(std::mem::replace(&mut run, (source, 0)));
            }
            run.1 += 1;
        }
        counts.add_run(run);
        counts
    }

    fn add_run(&mut self, (source, lines): (Option<Source<'a>>, u64)) {
        let Some(source) = source.map(Source::name) else { return };
        if let Some(known) = self.sources.get_mut(&source) {
            *known += lines;
        } else if self.sources.len() < SOURCES_MAX {
            self.sources.insert(source, lines);
        }
    }
}

/// Where a line comes from: its source, else its service, by its own word or its sender's.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source<'a> {
    OfLine(Value<'a>),
    OfSender(&'a str),
}

impl<'a> Source<'a> {
    fn of(line: Line<'a>, defaults: &'a LineDefaults) -> Option<Self> {
        let said = |role, default: &'a Option<String>| {
            line.role(role).map(Self::OfLine).or_else(|| default.as_deref().map(Self::OfSender))
        };
        said(Role::Source, &defaults.source).or_else(|| said(Role::Service, &defaults.service))
    }

    fn name(self) -> Cow<'a, str> {
        let name = match self {
            Self::OfLine(value) => value.text(),
            Self::OfSender(text) => Cow::Borrowed(text),
        };
        match name {
            name if name.len() <= SOURCE_BYTES_MAX => name,
            Cow::Borrowed(text) => Cow::Borrowed(&text[..text.floor_char_boundary(SOURCE_BYTES_MAX)]),
            Cow::Owned(mut text) => {
                text.truncate(text.floor_char_boundary(SOURCE_BYTES_MAX));
                Cow::Owned(text)
            }
        }
    }
}
