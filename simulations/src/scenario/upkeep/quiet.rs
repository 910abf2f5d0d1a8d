//! What must hold when nothing fails any more: all is written and projected, retention has had its way, erasures have ended.
//!
//! Invariant: it asks as users do, of the index and of the views. Of lines the model decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use antler_actors::system::IngestError;
use antler_actors::upkeep::schedule::Chore;
use antler_config::limits::LineLimits;
use antler_events::event::Cause;
use antler_events::event::tenant::Erasure;
use antler_events::ids::TenantId;
use antler_events::line::LineBatchBuilder;
use antler_projections::index::port::{Bounds, LineQuery};
use antler_projections::views::port::{PAGE_DOCUMENTS_MAX, Page};
use antler_projections::views::usage::USAGE;
use antler_projections::views::{arrivals, rebuild};
use anyhow::{Context as _, bail, ensure};
use tokio::time::{sleep, timeout};

use super::Course;
use super::compose::Running;
use super::life::word_of;
use super::model::End;

/// An erasure that nothing disturbs ends within this time.
const ERASED_AFTER_MAX: Duration = Duration::from_secs(60);
/// Exports go so long after their time.
const EXPIRED_AFTER_MAX: Duration = Duration::from_secs(65);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longer than upkeep rests when it has nothing to do.
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS_MAX: usize = 20;
/// More lines than any tenant has.
const ALL: u32 = 5_000;
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3_600), memory_bytes: 64 << 20 };

impl Course<'_> {
    pub(super) async fn check_in_quiet(&mut self, running: &Running) -> anyhow::Result<()> {
        running.caught_up().await?;
        for tenant in self.ending(End::Doubtful) {
            running.erasures.begin(tenant, &Cause::SYSTEM).await?;
            self.model.of(tenant, |tenant| tenant.end = End::Begun);
        }
        for tenant in self.ending(End::Begun) {
            timeout(ERASED_AFTER_MAX, running.erased(tenant))
                .await
                .with_context(|| format!("the erasure of {tenant} does not end"))??;
        }
        running.caught_up().await?;
        running.index.flush().await?;
        if self.world.rng.chance(500) {
            self.let_days_pass();
        }
        let asked_at = running.clock.now();
        running.retain().await?;
        let mut found = BTreeMap::new();
        for tenant in [self.ending(End::No), self.ending(End::Begun)].concat() {
            found.insert(tenant, running.lines(tenant).await?);
        }
        for (tenant, lines) in &found {
            self.world.trace.note(format_args!("{} lines of {tenant} are found", lines.len()));
        }
        self.model.check(&found, (asked_at, running.clock.now()))?;
        let then = running.clock.now();
        sleep(EXPIRED_AFTER_MAX).await;
        ensure!(self.shelf.over(then) == 0, "{} exports stay whose time is over", self.shelf.over(then));
        for tenant in self.ending(End::Begun) {
            self.check_gone(tenant, running).await.with_context(|| format!("{tenant} was erased"))?;
        }
        Ok(())
    }

    fn ending(&self, end: End) -> Vec<TenantId> {
        self.model.tenants().iter().filter(|tenant| tenant.end == end).map(|tenant| tenant.id).collect()
    }

    async fn check_gone(&self, tenant: TenantId, running: &Running) -> anyhow::Result<()> {
        ensure!(self.shelf.of(tenant) == 0, "{} files of it are left", self.shelf.of(tenant));
        let statistics = running.index.tenant_statistics(tenant, BOUNDS).await?;
        ensure!(statistics.lines == 0, "{} lines of it are counted", statistics.lines);
        let word = word_of(tenant);
        for view in rebuild::VIEWS.into_iter().chain(arrivals::VIEWS).chain([USAGE]) {
            let page = Page { prefix: b"", after: None, limit: PAGE_DOCUMENTS_MAX };
            let has = |bytes: &[u8]| bytes.windows(word.len()).any(|part| part == word.as_bytes());
            let found = self.views.scan(view, page).await?;
            ensure!(!found.iter().any(|found| has(&found.document)), "its name stands in the view {view}");
        }
        let mut late = LineBatchBuilder::new(LineLimits::default(), running.clock.now());
        late.push_plain(b"too late").context("a line is refused")?;
        match running.system.ingest(tenant, vec![Arc::new(late.finish())], Arc::default()).await {
            Err(IngestError::NotAdmitted(_)) => Ok(()),
            answer => bail!("it is not refused, and is told {answer:?}"),
        }
    }
}

impl Running {
    async fn erased(&self, tenant: TenantId) -> anyhow::Result<()> {
        loop {
            let state = self.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
            match state.context("there is no such tenant")?.erasure {
                Some(Erasure::Done(_)) => return Ok(()),
                Some(Erasure::Begun(_)) => sleep(LOOK_EVERY).await,
                None => bail!("nobody knows of it"),
            }
        }
    }

    /// Asks for retention until nothing more goes.
    async fn retain(&self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            let before = self.index.statistics().lines;
            self.schedule.ask(Chore::Retention);
            sleep(ROUND).await;
            if self.index.statistics().lines == before {
                return Ok(());
            }
        }
        bail!("retention never ends")
    }

    async fn lines(&self, tenant: TenantId) -> anyhow::Result<Vec<Vec<u8>>> {
        let page = self.index.search(tenant, LineQuery::newest(ALL), BOUNDS).await?;
        let is_whole = page.next.is_none() && !page.coverage.is_partial;
        ensure!(is_whole, "an answer lacks lines: {:?}", page.coverage);
        Ok(page.lines.iter().map(|line| line.raw.to_vec()).collect())
    }
}
