//! One life of the system: tenants send lines and choose how long they are kept, days go by, a tenant is erased; and an end.
//!
//! Invariant: what a tenant is told of its lines, its rules and its end is written into the model. It checks at once only
//! that a tenant that ends is refused: the rest is for quiet.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::upkeep::schedule::Chore;
use antler_config::limits::{AccountLimits, LineLimits};
use antler_events::clock::{Clock as _, Timestamp};
use antler_events::event::Cause;
use antler_events::event::tenant::TenantCommand;
use antler_events::identity::{DisplayName, Email};
use antler_events::ids::{TenantId, UserId};
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_projections::views::memory::MemoryViews;
use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Course;
use super::compose::Running;
use super::model::{End, Line, SERVICES};
use crate::scenario::actors::senders::{Told, told};
use crate::world::Fault;

const HOUR_NANOS: i64 = 3_600_000_000_000;
/// Without faults, projections have everything after this time.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// So many tenants of a world end.
const ENDS_MAX: usize = 2;

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Quiet,
    /// Somebody stops the program while it works.
    Stop,
    Killed,
    PowerCut,
}

/// Those who send. Each says whether something was taken that had to be refused.
type Senders = JoinSet<anyhow::Result<()>>;

impl Course<'_> {
    pub(super) fn live(&mut self, is_quiet: bool) -> anyhow::Result<()> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let ending = match is_quiet {
            true => Ending::Quiet,
            false => *self.world.rng.pick(&[Ending::Stop, Ending::Killed, Ending::PowerCut]),
        };
        let lived = runtime.block_on(self.run_to(ending));
        drop(runtime);
        self.world.faults.disarm_all();
        for tenant in &*self.model.tenants() {
            let (id, end, taken) = (tenant.id, tenant.end, tenant.taken());
            self.world.trace.note(format_args!("{id}: {end:?}, {taken} lines, {} files", self.shelf.of(id)));
        }
        self.world.trace.note(format_args!("the life has ended: {ending:?} at {}", self.world.clock.now()));
        lived?;
        match ending {
            Ending::Quiet | Ending::Stop => return Ok(()),
            Ending::PowerCut => self.world.files.cut_power(),
            Ending::Killed => self.world.files.kill_process(),
        }
        if self.world.rng.chance(500) {
            self.views = Arc::new(MemoryViews::new());
        }
        if self.world.rng.chance(500) {
            // Nobody starts it again for months.
            self.world.clock.advance(Duration::from_secs(self.world.rng.between(60, 300) * 86_400));
        }
        Ok(())
    }

    async fn run_to(&mut self, ending: Ending) -> anyhow::Result<()> {
        // Some logs are slow while views that were lost are made again, and upkeep is at work already.
        self.world.faults.arm(Fault::Delay, if self.world.rng.chance(500) { 500 } else { 0 });
        let running = self.begin().await?;
        running.caught_up().await?;
        self.register_all(&running).await?;
        running.erasures.resume().await?;
        self.arm(ending);
        let mut senders = JoinSet::new();
        for _ in 0..self.world.rng.between(5, 30) {
            self.act(&running, &mut senders).await?;
        }
        match ending {
            Ending::Quiet => {
                while senders.join_next().await.transpose()?.transpose()?.is_some() {}
                self.world.faults.disarm_all();
                self.check_in_quiet(&running).await?;
                running.system.stop().await;
            }
            Ending::Stop => running.system.stop().await,
            Ending::Killed | Ending::PowerCut => {}
        }
        Ok(())
    }

    /// In the first life nobody is known.
    async fn register_all(&self, running: &Running) -> anyhow::Result<()> {
        let tenants: Vec<_> =
            self.model.tenants().iter().map(|tenant| (tenant.id, tenant.limits())).collect();
        for (tenant, limits) in tenants {
            if running.accounts.views.tenant(tenant).await?.is_some() {
                continue;
            }
            let of_accounts = AccountLimits::default();
            let register = TenantCommand::Register {
                name: DisplayName::parse(&word_of(tenant), &of_accounts)?,
                founder: UserId::parse("founder")?,
                email: Email::parse(&format!("{}@example.org", word_of(tenant)), &of_accounts)?,
                limits,
            };
            running.accounts.change_tenant(tenant, register, &Cause::SYSTEM).await?;
        }
        Ok(())
    }

    /// Some crashes come between two steps of what the index does then.
    fn arm(&mut self, ending: Ending) {
        let rng = &mut self.world.rng;
        if matches!(ending, Ending::Killed | Ending::PowerCut) && rng.chance(500) {
            self.world.files.die_after(rng.between(1, 100));
        }
        let faults = [
            (Fault::FailedBeforeCommit, 100),
            (Fault::LostAck, 100),
            (Fault::Delay, 500),
            (Fault::DiskFull, 50),
            (Fault::WriteError, 50),
            (Fault::RemoveError, 500),
        ];
        for (fault, per_mille) in faults {
            let strikes = self.world.rng.chance(500);
            self.world.faults.arm(fault, if strikes { per_mille } else { 0 });
        }
    }

    async fn act(&mut self, running: &Running, senders: &mut Senders) -> anyhow::Result<()> {
        let rng = &mut self.world.rng;
        let tenants = self.model.tenants().len();
        let tenant = self.model.tenants()[rng.index(tenants)].id;
        match rng.below(20) {
            0..9 => self.send(tenant, running, senders).await?,
            9..11 => sleep(Duration::from_millis(rng.below(3_000))).await,
            11..14 => self.let_days_pass(),
            14..17 => self.set_rules(tenant, running).await,
            17 => running.schedule.ask(Chore::Retention),
            18 => self.put_file(tenant, running.clock.now()),
            _ => self.end(tenant, running).await,
        }
        Ok(())
    }

    /// Some wait for the answer, and some go on meanwhile.
    async fn send(
        &mut self,
        tenant: TenantId,
        running: &Running,
        senders: &mut Senders,
    ) -> anyhow::Result<()> {
        let (batch, raws) = self.batch(tenant, running.clock.now())?;
        let (system, model) = (Arc::clone(&running.system), Arc::clone(&self.model));
        let has_ended = model.of(tenant, |tenant| tenant.end == End::Begun);
        senders.spawn(async move {
            let told = told(system.ingest(tenant, vec![batch], Arc::default()).await);
            ensure!(!has_ended || told == Told::Refused, "{tenant} is to be erased and is told {told:?}");
            model.of(tenant, |tenant| raws.iter().for_each(|raw| tenant.told(raw, &told)));
            Ok(())
        });
        if self.world.rng.chance(500) {
            while senders.join_next().await.transpose()?.transpose()?.is_some() {}
        }
        Ok(())
    }

    /// Lines of now, of the last two months and of tomorrow.
    fn batch(&mut self, tenant: TenantId, now: Timestamp) -> anyhow::Result<(Arc<LineBatch>, Vec<Vec<u8>>)> {
        let rng = &mut self.world.rng;
        let (mut builder, mut raws) = (LineBatchBuilder::new(LineLimits::default(), now), Vec::new());
        for _ in 0..rng.between(1, 6) {
            let (service, number) = (*rng.pick(&SERVICES), rng.number());
            let hours = match rng.below(3) {
                0 => 0,
                1 => rng.below(48) as i64 - 24,
                _ => -(rng.below(24 * 60) as i64),
            };
            let seconds = (now.nanos() + hours * HOUR_NANOS) / 1_000_000_000;
            let raw = format!(r#"{{"ts":{seconds},"service":"{service}","at":{number}}}"#).into_bytes();
            builder.push(&raw).context("a line is refused")?;
            let line = Line::new(service, Timestamp::from_nanos(seconds * 1_000_000_000), now);
            self.model.of(tenant, |tenant| tenant.send(raw.clone(), line));
            raws.push(raw);
        }
        Ok((Arc::new(builder.finish()), raws))
    }

    pub(super) fn let_days_pass(&mut self) {
        let rng = &mut self.world.rng;
        let hours = match rng.below(10) {
            0..5 => rng.between(1, 24),
            5..9 => rng.between(24, 24 * 12),
            _ => rng.between(24 * 30, 24 * 200),
        };
        self.world.clock.advance(Duration::from_secs(hours * 3_600));
    }

    /// Asks until it is certain.
    async fn set_rules(&mut self, tenant: TenantId, running: &Running) {
        if self.model.of(tenant, |tenant| tenant.end != End::No) {
            return;
        }
        let rules = self.model.of(tenant, |tenant| tenant.draw_rules(&mut self.world.rng));
        let command = || TenantCommand::SetRetention { retention: rules.clone() };
        while running.accounts.change_tenant(tenant, command(), &Cause::SYSTEM).await.is_err() {
            sleep(TRY_AGAIN_AFTER).await;
        }
        self.model.of(tenant, |tenant| tenant.take_rules(&rules, running.clock.now()));
    }

    /// Some of them are exports, which are kept for some days.
    fn put_file(&mut self, tenant: TenantId, now: Timestamp) {
        let days = self.world.rng.chance(500).then(|| self.world.rng.between(1, 10));
        if self.model.of(tenant, |tenant| tenant.end == End::No) {
            let until = days.map(|days| now.plus(Duration::from_secs(days * 86_400)));
            self.shelf.put(tenant, until);
        }
    }

    async fn end(&self, tenant: TenantId, running: &Running) {
        let ended = self.model.tenants().iter().filter(|other| other.end != End::No).count();
        let is_known = self.model.of(tenant, |tenant| tenant.end != End::No);
        if is_known || ended < ENDS_MAX {
            let begun = running.erasures.begin(tenant, &Cause::SYSTEM).await.is_ok();
            self.model.of(tenant, |tenant| match tenant.end {
                End::No | End::Doubtful => tenant.end = if begun { End::Begun } else { End::Doubtful },
                End::Begun => {}
            });
        }
    }
}

impl Running {
    /// Waits until the index and the views have everything.
    pub(super) async fn caught_up(&self) -> anyhow::Result<()> {
        for projection in self.system.projections() {
            let settled = timeout(CATCH_UP_MAX, self.system.settled_everywhere(projection.name)).await;
            settled.with_context(|| format!("{} has not caught up", projection.name))?;
        }
        Ok(())
    }
}

/// What stands in everything that a tenant wrote of itself.
pub(super) fn word_of(tenant: TenantId) -> String {
    format!("quinquereme-{tenant}")
}
