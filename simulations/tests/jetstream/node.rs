//! A node that has the log open, and what it writes and reads there.
//!
//! Each line says which node wrote it and how many that node had written, so that what is lost, doubled or foreign can
//! be counted. It runs the work of its log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::jetstream::{JetStreamLog, JetStreamOptions, OpenError, Opened};
use antler_events::log::{Append, AppendError, Appended, EventLog, NewEvent, Recorded};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::chain::ChainId;
use antler_events::wire::{ChainHash, EventType, SchemaVersion};
use antler_simulations::servers::Server;
use tokio::task::JoinHandle;

pub(super) const P0: PartitionId = PartitionId::new(0);

pub(super) struct Node {
    pub log: Arc<JetStreamLog>,
    work: Vec<JoinHandle<()>>,
}

pub(super) fn options(server: &Server, prefix: &str, writer: u64) -> JetStreamOptions {
    JetStreamOptions {
        prefix: prefix.to_owned(),
        partitions: 2,
        answer_within: Duration::from_secs(2),
        ..JetStreamOptions::new(server.seat().address.to_string(), writer)
    }
}

impl Node {
    pub(super) async fn open(server: &Server, prefix: &str, writer: u64) -> Self {
        Self::with(options(server, prefix, writer)).await.unwrap()
    }

    pub(super) async fn with(options: JetStreamOptions) -> Result<Self, OpenError> {
        let Opened { log, work } = JetStreamLog::open(options).await?;
        Ok(Self { log, work: work.into_iter().map(|(_, work)| tokio::spawn(work)).collect() })
    }

    /// As a clean stop does.
    pub(super) async fn close(self) {
        self.log.close();
        for work in self.work {
            work.await.unwrap();
        }
    }

    /// As a crash does.
    pub(super) fn crash(self) {
        self.work.iter().for_each(JoinHandle::abort);
    }

    pub(super) async fn append(&self, event: NewEvent) -> Result<Appended, AppendError> {
        self.log.append(P0, Append { events: vec![event], expected: Vec::new() }).await
    }

    /// Appends, and again after it was refused for now; never after it is unknown.
    pub(super) async fn append_at_last(&self, event: NewEvent) -> Appended {
        loop {
            match self.append(event.clone()).await {
                Ok(appended) => return appended,
                Err(AppendError::Away { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(super) async fn read_all(&self) -> Vec<Recorded> {
        let (mut events, mut from) = (Vec::new(), Offset::FIRST);
        while from < self.log.bounds(P0).unwrap().next {
            let chunk = self.log.read(P0, from, 100_000).await.unwrap();
            assert!(chunk.next > from);
            events.extend(chunk.events);
            from = chunk.next;
        }
        events
    }
}

pub(super) fn lines(tenant: &str, body: String) -> NewEvent {
    NewEvent {
        subject: Subject::lines(TenantId::parse(tenant).unwrap()),
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(1),
        body: body.into_bytes().into(),
    }
}

pub(super) fn control(tenant: &str, body: String) -> NewEvent {
    let subject = Subject::control(TenantId::parse(tenant).unwrap(), Aggregate::Tenant);
    NewEvent { subject, event_type: EventType(2), ..lines(tenant, body) }
}

/// Every offset is there once, every event names the one before it in its chain, and each body is there once.
pub(super) fn assert_whole(events: &[Recorded]) {
    let mut last = BTreeMap::new();
    let mut bodies = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event.envelope.offset, Offset::new(at as u64 + 1));
        let chain = ChainId::from(event.envelope.subject);
        let before = last.insert(chain, event.hash).unwrap_or(ChainHash::START);
        assert_eq!(event.envelope.previous, before, "event {}", event.envelope.offset);
        *bodies.entry(event.body.clone()).or_insert(0) += 1;
    }
    let doubled: Vec<_> = bodies.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
}
