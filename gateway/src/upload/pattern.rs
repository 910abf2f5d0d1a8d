//! Patterns: the usual forms of log lines, and what each part of them means.
//!
//! Most are a template in the table of `known`; access logs and the structured data of syslog have a scanner of their own.
//! Invariant: a line is read from left to right in time linear in its length, and always by the first pattern of the same
//! order that fits, so that the same file gives the same entries. It does not guess a level that the line does not name,
//! but for the status of an access log.

use std::borrow::Cow;

use antler_events::clock::Timestamp;

use self::template::Template;
use super::options::Preset;
use super::time::Times;

mod access;
mod known;
pub(crate) mod syslog;
mod template;

#[cfg(test)]
mod tests;

/// What a line says, by a pattern.
#[derive(Debug, Default)]
pub(super) struct Match<'t> {
    pub pattern: &'static str,
    pub time: Option<Timestamp>,
    pub level: Option<&'t str>,
    pub message: &'t str,
    pub fields: Vec<(Cow<'static, str>, Cow<'t, str>)>,
}

/// Patterns that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Access,
    ServerError,
    Syslog,
    Application,
    /// A time at the beginning and no more.
    Last,
}

/// One pattern.
#[derive(Debug)]
enum Pattern {
    Access(access::AccessLog),
    Syslog5424,
    Template(&'static str, Template),
}

/// All patterns, in the order in which they are tried in one file.
#[derive(Debug)]
pub(super) struct Patterns {
    times: Times,
    all: Vec<Pattern>,
    /// How many of them, at the beginning, were seen in the sample.
    preferred: usize,
}

impl Patterns {
    /// The order in which a preset and the name of a file expect them.
    pub(super) fn new(times: Times, preset: Option<Preset>, name: &str) -> Self {
        let first = match preset {
            Some(Preset::Access) => Some(Family::Access),
            Some(Preset::Error) => Some(Family::ServerError),
            Some(Preset::System | Preset::Security | Preset::Audit) => Some(Family::Syslog),
            Some(Preset::Application | Preset::Custom) | None => None,
        };
        let is_nginx = name.to_ascii_lowercase().contains("nginx");
        let mut all = vec![
            (Family::Access, Pattern::Access(access::AccessLog { is_nginx })),
            (Family::Syslog, Pattern::Syslog5424),
        ];
        for (family, name, template) in known::TEMPLATES {
            all.push((*family, Pattern::Template(name, Template::parse(template))));
        }
        // Stable: in a family the order of the table stays.
        all.sort_by_key(|(family, _)| (Some(*family) != first, *family == Family::Last));
        Self { times, all: all.into_iter().map(|(_, pattern)| pattern).collect(), preferred: 0 }
    }

    pub(super) fn times(&self) -> &Times {
        &self.times
    }

    /// Puts those first that fit the entries of a sample, and says how many of these some pattern fits and which fits most.
    pub(super) fn prefer_those_of<'t>(
        &mut self,
        sample: impl Iterator<Item = &'t str>,
    ) -> (usize, Option<&'static str>) {
        let mut counts = vec![0_usize; self.all.len()];
        for entry in sample {
            let found = self.all.iter().position(|pattern| pattern.read(entry, &self.times).is_some());
            if let Some(found) = found {
                counts[found] += 1;
            }
        }
        let total = counts.iter().sum();
        let most = counts.iter().max().filter(|most| **most > 0);
        let name = most.and_then(|most| {
            let at = counts.iter().position(|count| count == most)?;
            Some(self.all[at].name())
        });
        self.preferred = counts.iter().filter(|count| **count > 0).count();
        let mut ranked: Vec<(bool, Pattern)> =
            counts.iter().map(|count| *count == 0).zip(self.all.drain(..)).collect();
        ranked.sort_by_key(|(is_unseen, _)| *is_unseen);
        self.all = ranked.into_iter().map(|(_, pattern)| pattern).collect();
        (total, name)
    }

    /// What a line says, if a pattern fits it.
    pub(super) fn read<'t>(&self, line: &'t str) -> Option<Match<'t>> {
        self.all.iter().find_map(|pattern| pattern.read(line, &self.times))
    }

    /// Whether a line begins an entry, as far as patterns can tell.
    pub(super) fn fits(&self, line: &str) -> bool {
        self.read(line).is_some()
    }
}

impl Pattern {
    fn name(&self) -> &'static str {
        match self {
            Self::Access(_) => "access log",
            Self::Syslog5424 => syslog::NAME,
            Self::Template(name, _) => name,
        }
    }

    fn read<'t>(&self, line: &'t str, times: &Times) -> Option<Match<'t>> {
        match self {
            Self::Access(access) => access.read(line, times),
            Self::Syslog5424 => syslog::read(line, times),
            Self::Template(name, template) => {
                template.read(line, times).map(|found| Match { pattern: name, ..found })
            }
        }
    }
}
