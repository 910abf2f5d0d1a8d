//! Bench `views`: how many control events a second the views take out of the log, and what folding a view anew takes.
//!
//! Most of what people do is to come and go; so most of these events are of sessions, and sessions are what is folded
//! anew; and the audit, which has an entry of every event. Invariant: the log is the embedded one, the views are in their file, and a fold ends when it is on stable
//! storage. The yardstick is the same log, only read: what every fold has to do at least.

use std::path::Path;
use std::sync::Arc;

use antler_events::clock::{Clock as _, Timestamp};
use antler_events::event::session::{
    SessionEndReason, SessionEnded, SessionEvent, SessionOpened, SessionRenewed,
};
use antler_events::event::{Cause, ControlEvent};
use antler_events::files::RealFiles;
use antler_events::identity::SecretHash;
use antler_events::ids::{Offset, PartitionId, SessionId, TenantId, UserId};
use antler_events::log::{Append, EventLog, NewEvent, Recorded};
use antler_projections::index::port::InlineWorkers;
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewStore;
use antler_projections::views::rebuild::rebuild;
use antler_projections::views::redb::RedbViews;
use anyhow::ensure;

use super::log::RunningLog;
use super::{Figure, ROUNDS, Report, Setting, median};
use crate::draw::Draw;

const PARTITION: PartitionId = PartitionId::new(0);
/// A million events with the usual corpus.
const CORPUS_BYTES_OF_EVENT: usize = 256;
const EVENTS_OF_SESSION: usize = 4;
const TENANTS: usize = 1_000;
/// Sessions that are open side by side; what happens to them is appended together.
const OPEN_AT_ONCE: usize = 1_000;
/// As much as a projector reads at once.
const CHUNK_BYTES: usize = 4 << 20;
const START: Timestamp = Timestamp::from_nanos(1_772_352_000_000_000_000);

/// What one round needed, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    read: f64,
    fold: f64,
    rebuild: f64,
    rebuild_audit: f64,
}

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let sessions = (setting.corpus.len() / CORPUS_BYTES_OF_EVENT / EVENTS_OF_SESSION).max(1);
    let events = (sessions * EVENTS_OF_SESSION) as f64;
    let folder = tempfile::Builder::new().prefix("views-").tempdir_in(&setting.dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let log = RunningLog::open(&folder.path().join("log"), 1)?;
    runtime.block_on(fill(&*log.log, sessions))?;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        report.note(&format!("views: round {round} of {ROUNDS}"))?;
        let path = folder.path().join(format!("views-{round}.redb"));
        rounds.push(runtime.block_on(measure(setting, &*log.log, &path, events as u64))?);
    }
    log.close()?;
    let of = |part: fn(&Round) -> f64| median(&rounds.iter().map(part).collect::<Vec<_>>());
    let (read, fold, rebuilt) = (of(|round| round.read), of(|round| round.fold), of(|round| round.rebuild));
    let figure = |name: &str, value, unit, yardstick| Figure {
        name: format!("views.{name}"),
        value,
        unit,
        yardstick: Some(yardstick),
    };
    report.figure(&figure("fold", events / fold, "events/s", events / read))?;
    let of_million = |seconds: f64| seconds * 1e6 / events;
    report.figure(&figure("rebuild", of_million(rebuilt), "s/million events", of_million(read)))?;
    let audit = of_million(of(|round| round.rebuild_audit));
    report.figure(&figure("rebuild_audit", audit, "s/million events", of_million(read)))
}

/// Reads the log, folds it into new views, and folds one of these anew.
async fn measure(setting: &Setting, log: &dyn EventLog, path: &Path, events: u64) -> anyhow::Result<Round> {
    let store: Arc<dyn ViewStore> = Arc::new(RedbViews::open(&RealFiles, path, Arc::new(InlineWorkers))?);
    let views = ControlViews::new(Arc::clone(&store));
    let began = setting.clock.elapsed();
    let read = follow(log, async |_, _| Ok(())).await?;
    let read_in = setting.clock.elapsed() - began;
    let taken = follow(log, async |events, next| Ok(views.apply(PARTITION, events, next).await?)).await?;
    views.settle(PARTITION, log.bounds(PARTITION)?.next).await?;
    let folded_in = setting.clock.elapsed() - began - read_in;
    ensure!((read, taken) == (events, events), "{read} and {taken} of {events} events were read");
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    let mut round = Round { read: seconds(read_in), fold: seconds(folded_in), ..Round::default() };
    for (view, took) in [("sessions", &mut round.rebuild), ("audit", &mut round.rebuild_audit)] {
        let began = setting.clock.elapsed();
        let rebuilt = rebuild(&*store, log, view).await?;
        *took = seconds(setting.clock.elapsed() - began);
        ensure!(rebuilt.was_right(), "the view was folded in two ways: {rebuilt:?}");
        ensure!(rebuilt.events == events, "{} of {events} events were folded", rebuilt.events);
    }
    Ok(round)
}

/// Gives all events of the log, as a projector reads them; answers how many there were.
async fn follow(
    log: &dyn EventLog,
    mut take: impl AsyncFnMut(&[Recorded], Offset) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let (end, mut next, mut count) = (log.bounds(PARTITION)?.next, Offset::FIRST, 0);
    while next < end {
        let chunk = log.read(PARTITION, next, CHUNK_BYTES).await?;
        next = chunk.next;
        count += chunk.events.len() as u64;
        take(&chunk.events, next).await?;
    }
    Ok(count)
}

/// Sessions of many tenants, side by side: each is opened, renewed twice and ended.
async fn fill(log: &dyn EventLog, sessions: usize) -> anyhow::Result<()> {
    let mut draw = Draw::new(1);
    for first in (0..sessions).step_by(OPEN_AT_ONCE) {
        let mut events = Vec::with_capacity(OPEN_AT_ONCE * EVENTS_OF_SESSION);
        for step in 0..EVENTS_OF_SESSION {
            for session in first..sessions.min(first + OPEN_AT_ONCE) {
                events.push(event(session, step, &mut draw)?);
            }
        }
        log.append(PARTITION, Append { events, expected: Vec::new() }).await?;
    }
    Ok(())
}

fn event(session: usize, step: usize, draw: &mut Draw) -> anyhow::Result<NewEvent> {
    let tenant = TenantId::parse(&format!("tenant-{}", session % TENANTS))?;
    let user = UserId::parse(&format!("u-{:016x}", session % TENANTS))?;
    let mut token = [0; 32];
    token.fill_with(|| draw.number() as u8);
    let (token, expires_at) = (SecretHash::from_bytes(token), START);
    let event = match step {
        0 => {
            let (address, agent) = (Some([192, 0, 2, 7].into()), None);
            SessionEvent::Opened(SessionOpened { user, epoch: 0, token, expires_at, address, agent })
        }
        1 | 2 => SessionEvent::Renewed(SessionRenewed { token, expires_at }),
        _ => SessionEvent::Ended(SessionEnded { reason: SessionEndReason::LoggedOut }),
    };
    let id = SessionId::parse(&format!("s-{session:020x}"))?;
    Ok(ControlEvent::Session(id, event).record(tenant, &Cause::SYSTEM, START)?)
}
