//! What must be found of each tenant, by the rules that it was given and by the time that went by.
//!
//! Groups of lines are of one day, and go when the youngest line of them is old enough: so a line is past its retention
//! when all lines of its day are. Invariant: it knows no more than those who sent lines and gave rules. It does not know how
//! the index works.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use antler_actors::accounts::USUAL_LIMITS;
use antler_config::limits::AccountLimits;
use antler_events::access::StreamPattern;
use antler_events::clock::Timestamp;
use antler_events::event::tenant::{StreamRetention, TenantLimits, TenantRetention};
use antler_events::ids::TenantId;
use anyhow::{Context as _, ensure};

use crate::scenario::actors::senders::Told;
use crate::world::Rng;

const DAY_NANOS: i64 = 86_400_000_000_000;
/// What services lines are of, and the streams of each.
pub(super) const SERVICES: [&str; 3] = ["nginx", "api", "billing"];
const PATTERNS: [&str; 3] = ["logs-nginx-*", "logs-api-default", "logs-*"];

/// What is known of all tenants.
#[derive(Debug)]
pub(super) struct Model(Mutex<Vec<Tenant>>);

/// What is known of one.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) id: TenantId,
    /// The operator lets it keep lines so long.
    pub(super) most_days: u32,
    pub(super) days: Option<u32>,
    /// Streams with days of their own; the first that a line is of counts.
    streams: Vec<(&'static str, u32)>,
    pub(super) end: End,
    /// By what they say, which no two lines of a world have in common.
    lines: BTreeMap<Vec<u8>, Line>,
}

/// Whether somebody wants a tenant to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    No,
    /// Somebody did, and was not told whether it is begun.
    Doubtful,
    Begun,
}

/// A line that was sent.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) service: &'static str,
    pub(super) time: Timestamp,
    /// Its age counts from then on: its time, or its arrival if that was later.
    pub(super) young_at: Timestamp,
    pub(super) told: Told,
    /// It was past its retention once, or was seen to be gone.
    may_be_gone: bool,
    is_gone: bool,
}

impl Model {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let names = ["acme", "bolt", "crux", "dune"];
        let tenant = |name: &&str| Tenant {
            id: TenantId::parse(name).expect("a good name"),
            most_days: *rng.pick(&[5, 90, 400]),
            days: None,
            streams: Vec::new(),
            end: End::No,
            lines: BTreeMap::new(),
        };
        Self(Mutex::new(names.iter().map(tenant).collect()))
    }

    pub(super) fn tenants(&self) -> MutexGuard<'_, Vec<Tenant>> {
        self.0.lock().expect("nothing panics while it looks")
    }

    /// Does something to one of them.
    pub(super) fn of<T>(&self, tenant: TenantId, action: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut tenants = self.tenants();
        action(tenants.iter_mut().find(|other| other.id == tenant).expect("it is one of them"))
    }

    /// Holds what was found in quiet against what must be. Retention had its way between the two times.
    pub(super) fn check(
        &self,
        found: &BTreeMap<TenantId, Vec<Vec<u8>>>,
        (from, to): (Timestamp, Timestamp),
    ) -> anyhow::Result<()> {
        let mut tenants = self.tenants();
        let mut youngest_of_days: BTreeMap<i64, Timestamp> = BTreeMap::new();
        for line in tenants.iter().flat_map(|tenant| tenant.lines.values()) {
            let youngest = youngest_of_days.entry(line.day()).or_insert(line.young_at);
            *youngest = line.young_at.max(*youngest);
        }
        for tenant in tenants.iter_mut() {
            let found = found.get(&tenant.id).map(Vec::as_slice).unwrap_or_default();
            tenant.age(to);
            tenant.check(found, &youngest_of_days, from).with_context(|| format!("tenant {}", tenant.id))?;
        }
        Ok(())
    }
}

impl Tenant {
    pub(super) fn limits(&self) -> TenantLimits {
        TenantLimits { retention_days: self.most_days, ..USUAL_LIMITS }
    }

    /// Other rules, drawn for it.
    pub(super) fn draw_rules(&self, rng: &mut Rng) -> TenantRetention {
        let mut days = || rng.between(1, u64::from(self.most_days) + 1) as u32;
        let (own, of_streams) = (days(), [days(), days(), days()]);
        let mut streams: Vec<StreamRetention> = Vec::new();
        for (pattern, days) in PATTERNS.into_iter().zip(of_streams) {
            if rng.chance(400) {
                let stream = StreamPattern::parse(pattern, &AccountLimits::default());
                streams.push(StreamRetention { stream: stream.expect("a good pattern"), days });
            }
        }
        TenantRetention { days: rng.chance(700).then_some(own), streams }
    }

    /// Until now the rules before held.
    pub(super) fn take_rules(&mut self, rules: &TenantRetention, now: Timestamp) {
        self.age(now);
        self.days = rules.days;
        let known = |of: &StreamRetention| {
            let pattern = PATTERNS.into_iter().find(|pattern| *pattern == of.stream.as_str());
            (pattern.expect("it was drawn of these"), of.days)
        };
        self.streams = rules.streams.iter().map(known).collect();
    }

    pub(super) fn send(&mut self, raw: Vec<u8>, line: Line) {
        self.lines.insert(raw, line);
    }

    pub(super) fn told(&mut self, raw: &[u8], told: &Told) {
        if let Some(line) = self.lines.get_mut(raw) {
            line.told = told.clone();
        }
    }

    /// How many of its lines are certain.
    pub(super) fn taken(&self) -> usize {
        self.lines.values().filter(|line| matches!(line.told, Told::Taken(_))).count()
    }

    /// How long a line is kept.
    fn kept(&self, line: &Line) -> i64 {
        let is_of = |pattern: &str| match pattern {
            "logs-nginx-*" => line.service == "nginx",
            "logs-api-default" => line.service == "api",
            _ => true,
        };
        let of_stream = self.streams.iter().find(|(pattern, _)| is_of(pattern)).map(|(_, days)| *days);
        i64::from(of_stream.or(self.days).unwrap_or(self.most_days)) * DAY_NANOS
    }

    /// Notes which lines may go by the rules that hold.
    fn age(&mut self, now: Timestamp) {
        let past = |line: &Line| line.young_at.nanos() + self.kept(line) < now.nanos();
        let gone: Vec<Vec<u8>> =
            self.lines.iter().filter(|(_, line)| past(line)).map(|(raw, _)| raw.clone()).collect();
        for raw in gone {
            self.lines.entry(raw).and_modify(|line| line.may_be_gone = true);
        }
    }

    fn check(
        &mut self,
        found: &[Vec<u8>],
        youngest_of_days: &BTreeMap<i64, Timestamp>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let seen: BTreeSet<&Vec<u8>> = found.iter().collect();
        ensure!(seen.len() == found.len(), "a line is found twice");
        ensure!(
            self.end == End::No || found.is_empty(),
            "{} lines of an erased tenant are found",
            found.len()
        );
        let foreign = found.iter().find(|raw| !self.lines.contains_key(*raw));
        ensure!(foreign.is_none(), "a line is found that it never sent: {:?}", foreign.map(|raw| shown(raw)));
        if self.end != End::No {
            return Ok(());
        }
        let kept: Vec<i64> = self.lines.values().map(|line| self.kept(line)).collect();
        for ((raw, line), kept) in self.lines.iter_mut().zip(kept) {
            let youngest = youngest_of_days.get(&line.day()).copied().unwrap_or(line.young_at);
            let is_past = youngest.nanos() + kept < now.nanos();
            line.check(seen.contains(raw), is_past).with_context(|| shown(raw))?;
        }
        Ok(())
    }
}

impl Line {
    pub(super) fn new(service: &'static str, time: Timestamp, arrival: Timestamp) -> Self {
        let young_at = time.max(arrival);
        Self { service, time, young_at, told: Told::Unknown, may_be_gone: false, is_gone: false }
    }

    fn day(&self) -> i64 {
        self.time.nanos().div_euclid(DAY_NANOS)
    }

    fn check(&mut self, is_found: bool, is_past: bool) -> anyhow::Result<()> {
        if is_found {
            ensure!(self.told != Told::Refused, "it was refused, and is found");
            ensure!(!self.is_gone, "it was gone, and is back");
            ensure!(!is_past, "it is past its retention, and is found");
            return Ok(());
        }
        let must_be_found = matches!(self.told, Told::Taken(_)) && !self.may_be_gone;
        ensure!(!must_be_found, "it is within its retention, and is not found");
        self.is_gone = true;
        Ok(())
    }
}

fn shown(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}
