//! Sums that are counted, written, lost in a crash and counted again.
//!
//! Invariant: a crash is a new object on the views of the old one. It reads no log: what is counted is said here.

use antler_projections::views::memory::MemoryViews;
use antler_projections::views::port::ViewStore;

use super::*;
use crate::quotas::tests::HandClock;

const PARTITION: PartitionId = PartitionId::new(0);
const DAY: Duration = Duration::from_secs(86_400);

struct World {
    store: Arc<dyn ViewStore>,
    clock: Arc<HandClock>,
    usage: Usage,
}

impl World {
    async fn new() -> Self {
        let store: Arc<dyn ViewStore> = Arc::new(MemoryViews::new());
        let clock = Arc::new(HandClock::default());
        let usage = open(&store, &clock).await;
        Self { store, clock, usage }
    }

    async fn crash(&mut self) {
        self.usage = open(&self.store, &self.clock).await;
    }

    /// An event at this offset, of one line.
    fn count(&self, name: &str, offset: u64) {
        let (tenant, offset) = (tenant(name), Offset::new(offset));
        let sent = Sent { lines: 1, bytes: 10 };
        let counted = Counted { tenant, offset, recorded_at: self.clock.now(), sent };
        self.usage.count(PARTITION, &[counted], offset);
    }

    fn lines(&self, name: &str) -> u64 {
        self.usage.today(tenant(name)).lines
    }
}

async fn open(store: &Arc<dyn ViewStore>, clock: &Arc<HandClock>) -> Usage {
    let views = UsageViews::new(Arc::clone(store));
    Usage::open(views, Arc::clone(clock) as Arc<dyn Clock>, 1).await.unwrap()
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

#[tokio::test]
async fn after_a_crash_each_event_counts_once() {
    let mut world = World::new().await;
    world.count("a", 1);
    world.count("b", 2);
    world.usage.write_if_due(PARTITION).await.unwrap();
    world.count("a", 3);
    assert_eq!((world.lines("a"), world.usage.needed_from(PARTITION)), (2, Offset::new(3)));
    world.crash().await;
    assert_eq!((world.lines("a"), world.lines("b")), (1, 1));
    (1..=3).for_each(|offset| world.count("a", offset));
    assert_eq!((world.lines("a"), world.lines("b")), (2, 1));
}

#[tokio::test]
async fn a_day_that_ends_before_it_is_written_is_not_forgotten() {
    let world = World::new().await;
    world.count("a", 1);
    world.clock.pass(DAY);
    world.count("b", 2);
    assert_eq!((world.lines("a"), world.lines("b")), (0, 1));
    world.usage.write_if_due(PARTITION).await.unwrap();
    let yesterday = Day::of(world.clock.now()).plus(-1);
    assert_eq!(world.usage.on(tenant("a"), yesterday).await.unwrap().lines, 1);
    assert_eq!(world.usage.on(tenant("b"), yesterday).await.unwrap().lines, 0);
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_open_a_day_again() {
    let world = World::new().await;
    world.clock.pass(DAY);
    world.count("a", 1);
    let sent = Sent { lines: 1, bytes: 10 };
    let before = Timestamp::from_nanos(world.clock.now().nanos() - DAY.as_nanos() as i64);
    let counted = Counted { tenant: tenant("a"), offset: Offset::new(2), recorded_at: before, sent };
    world.usage.count(PARTITION, &[counted], Offset::new(2));
    assert_eq!(world.lines("a"), 2);
}

#[tokio::test]
async fn many_sums_are_written_seldom_and_few_at_once() {
    let world = World::new().await;
    for number in 0..=FEW as u64 {
        world.count(&format!("t{number}"), number + 1);
    }
    world.usage.write_if_due(PARTITION).await.unwrap();
    assert_eq!(world.usage.needed_from(PARTITION), Offset::FIRST);
    world.clock.pass(MANY_EVERY);
    world.usage.write_if_due(PARTITION).await.unwrap();
    assert_eq!(world.usage.needed_from(PARTITION), Offset::new(FEW as u64 + 2));
    world.count("t0", FEW as u64 + 2);
    world.usage.write_if_due(PARTITION).await.unwrap();
    assert_eq!(world.usage.needed_from(PARTITION), Offset::new(FEW as u64 + 3));
}

#[tokio::test]
async fn who_was_active_is_told_once() {
    let world = World::new().await;
    world.count("a", 1);
    world.count("a", 2);
    assert_eq!(world.usage.active(PARTITION), [tenant("a")]);
    assert_eq!(world.usage.active(PARTITION), []);
    world.count("a", 3);
    assert_eq!(world.usage.active(PARTITION), [tenant("a")]);
}
