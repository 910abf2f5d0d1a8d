//! The audit fed with events as a log records them.
//!
//! Invariant: what is asked was folded here from events alone. It does not test what an event says of itself.

use antler_config::limits::AccountLimits;
use antler_events::access::{Role, Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::codec::CodecId;
use antler_events::event::described::Value;
use antler_events::event::key::{KeyChanged, KeyCreated, KeyEvent};
use antler_events::event::tenant::{
    MemberInvited, MemberRemoved, MemberRoleChanged, TenantErased, TenantEvent, TenantRegistered,
    TenantRenamed,
};
use antler_events::event::{Actor, Cause, ControlEvent};
use antler_events::identity::{DisplayName, Email, SecretHash};
use antler_events::ids::{KeyId, RequestId, UserId};
use antler_events::log::Recorded;
use antler_events::wire::{ChainHash, Envelope};

use super::*;
use crate::views::control::ControlViews;
use crate::views::memory::MemoryViews;
use crate::views::port::ViewWrite;

const PARTITION: PartitionId = PartitionId::new(0);

fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text, &AccountLimits::default()).unwrap()
}

fn email(text: &str) -> Email {
    Email::parse(text, &AccountLimits::default()).unwrap()
}

fn cause(number: u64) -> Cause {
    Cause {
        actor: if number.is_multiple_of(2) { Actor::User(user("ada")) } else { Actor::Operator },
        address: Some([192, 0, 2, number as u8].into()),
        request: RequestId::parse(&format!("r-{number}")).ok(),
    }
}

fn hash(number: u64) -> ChainHash {
    ChainHash::of_body(&number.to_le_bytes())
}

fn recorded(tenant: TenantId, offset: u64, event: &ControlEvent) -> Recorded {
    let at = Timestamp::from_nanos(offset as i64 * 1_000);
    let new = event.record(tenant, &cause(offset), at).unwrap();
    let length = new.body.len() as u32;
    let envelope = Envelope {
        codec: CodecId::BincodeZstd,
        event_type: new.event_type,
        schema: new.schema,
        partition: PARTITION,
        offset: Offset::new(offset),
        recorded_at: new.recorded_at,
        subject: new.subject,
        previous: hash(offset - 1),
        body_stored: length,
        body_raw: length,
        body_crc: 0,
    };
    Recorded { envelope, hash: hash(offset), body: new.body }
}

fn of_tenant(event: TenantEvent) -> ControlEvent {
    ControlEvent::Tenant(event)
}

/// The life of a tenant in seven events.
fn life() -> Vec<ControlEvent> {
    let (bob, email) = (user("bob"), email("bob@acme.example"));
    let registered = TenantRegistered { name: name("Acme"), founder: user("ada"), email: email.clone() };
    let (secret, expires_at) = (SecretHash::from_bytes([7; 32]), Timestamp::from_nanos(9));
    let invited = MemberInvited { user: bob, email, role: Role::Viewer, secret, expires_at };
    let (scopes, streams) = ([Scope::Read], StreamPatterns::default());
    let content =
        KeyChanged { name: name("ci"), scopes: scopes.into(), streams: streams.clone(), expires_at: None };
    let (owner, scopes) = (bob, scopes.into());
    let created = KeyCreated { name: name("ci"), owner, secret, scopes, streams, expires_at: None };
    let key = |event| ControlEvent::Key(KeyId::parse("k").unwrap(), event);
    vec![
        of_tenant(TenantEvent::Registered(registered)),
        of_tenant(TenantEvent::Renamed(TenantRenamed { name: name("Engines") })),
        of_tenant(TenantEvent::MemberInvited(invited)),
        of_tenant(TenantEvent::MemberRoleChanged(MemberRoleChanged { user: bob, role: Role::Analyst })),
        key(KeyEvent::Created(created)),
        key(KeyEvent::Changed(KeyChanged { name: name("deploy"), ..content })),
        of_tenant(TenantEvent::MemberRemoved(MemberRemoved { user: bob })),
    ]
}

fn history(tenant: TenantId) -> Vec<Recorded> {
    (1..).zip(life()).map(|(offset, event)| recorded(tenant, offset, &event)).collect()
}

async fn folded(events: &[Recorded]) -> (Arc<dyn ViewStore>, AuditView) {
    let store: Arc<dyn ViewStore> = Arc::new(MemoryViews::new());
    let views = ControlViews::new(Arc::clone(&store));
    let next = events.last().unwrap().envelope.offset.plus(1);
    views.apply(PARTITION, events, next).await.unwrap();
    views.settle(PARTITION, next).await.unwrap();
    (store, views.audit())
}

fn shown(values: &[(String, Value)]) -> String {
    let shown = values.iter().map(|(name, value)| match value {
        Value::Text(text) => format!("{name}={text}"),
        Value::List(list) => format!("{name}={}", list.join("+")),
        other => format!("{name}={other:?}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

async fn offsets(view: &AuditView, of: TenantId, filter: &AuditFilter) -> Vec<u64> {
    let page = view.page(of, filter, None, 100).await.unwrap();
    assert_eq!(page.next, None);
    page.entries.iter().map(|entry| entry.id.offset.number()).collect()
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_what_and_what_was_before() {
    let acme = tenant("acme");
    let (_, view) = folded(&history(acme)).await;
    let page = view.page(acme, &AuditFilter::default(), None, 100).await.unwrap();
    let mut entries = page.entries;
    entries.reverse();
    let check = |at: usize, action: &str, thing: &str, before: &str, after: &str| {
        let entry = &entries[at];
        let of = format!("{}/{}", entry.kind, entry.object);
        let said = (entry.action.as_str(), of, shown(&entry.before), shown(&entry.after));
        assert_eq!(said, (action, thing.to_owned(), before.to_owned(), after.to_owned()));
        let number = at as u64 + 1;
        assert_eq!((entry.cause, entry.previous, entry.hash), (cause(number), hash(at as u64), hash(number)));
    };
    check(0, "tenant_registered", "tenant/", "", "name=Acme standing=active founder=ada");
    check(1, "tenant_renamed", "tenant/", "name=Acme", "name=Engines");
    let until = "Moment(Timestamp(9))";
    let invited = "email=bob@acme.example role=viewer joined=Flag(false) invited_until=";
    check(2, "member_invited", "member/bob", "", &format!("{invited}{until}"));
    check(3, "member_role_changed", "member/bob", "role=viewer", "role=analyst");
    check(4, "key_created", "key/k", "", "name=ci scopes=read streams= owner=bob");
    check(5, "key_changed", "key/k", "name=ci", "name=deploy");
    let removed = format!("email=bob@acme.example invited_until={until} joined=Flag(false) role=analyst");
    check(6, "member_removed", "member/bob", &removed, "");
    let head = view.head(acme).await.unwrap().unwrap();
    assert_eq!((head.entries, head.hash, head.id), (7, hash(7), entries[6].id));
    assert_eq!(view.head(tenant("acm")).await.unwrap(), None);
}

#[tokio::test]
async fn a_filter_lets_through_what_it_says() {
    let acme = tenant("acme");
    let (_, view) = folded(&history(acme)).await;
    let check = async |filter: AuditFilter, expected: &[u64]| {
        assert_eq!(offsets(&view, acme, &filter).await, expected, "{filter:?}");
    };
    let text = |text: &str| Some(text.to_owned());
    let none = AuditFilter::default();
    check(none.clone(), &[7, 6, 5, 4, 3, 2, 1]).await;
    let time = |offset: i64| Some(Timestamp::from_nanos(offset * 1_000));
    check(AuditFilter { from: time(3), to: time(5), ..none.clone() }, &[4, 3]).await;
    check(AuditFilter { actor: text("ada"), ..none.clone() }, &[6, 4, 2]).await;
    check(AuditFilter { actor: text("operator"), ..none.clone() }, &[7, 5, 3, 1]).await;
    check(AuditFilter { actor: text("bob"), ..none.clone() }, &[]).await;
    check(AuditFilter { action: text("key_created"), ..none.clone() }, &[5]).await;
    check(AuditFilter { object: text("key"), ..none.clone() }, &[6, 5]).await;
    check(AuditFilter { object: text("bob"), ..none.clone() }, &[7, 4, 3]).await;
    check(AuditFilter { object: text("member/bob"), ..none.clone() }, &[7, 4, 3]).await;
    check(AuditFilter { object: text("key/bob"), ..none.clone() }, &[]).await;
    check(AuditFilter { address: Some([192, 0, 2, 4].into()), ..none.clone() }, &[4]).await;
    check(AuditFilter { request: text("r-2"), ..none.clone() }, &[2]).await;
}

#[tokio::test]
async fn pages_go_on_where_they_ended_and_stay_in_their_tenant() {
    let (acme, other) = (tenant("acme"), tenant("acme-2"));
    let mut events = history(acme);
    events.extend((8..).zip(life()).map(|(offset, event)| recorded(other, offset, &event)));
    let (_, view) = folded(&events).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = view.page(acme, &AuditFilter::default(), after, 3).await.unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.id.offset.number()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    let id = |partition, offset| EntryId { partition, offset: Offset::new(offset) };
    assert_eq!(view.entry(acme, id(PARTITION, 3)).await.unwrap().unwrap().action, "member_invited");
    assert_eq!(view.entry(other, id(PARTITION, 3)).await.unwrap(), None);
    assert_eq!(view.entry(acme, id(PartitionId::new(1), 3)).await.unwrap(), None);
}

#[tokio::test]
async fn events_in_small_parts_give_the_same_view_as_all_at_once() {
    let events = history(tenant("acme"));
    let (whole, _) = folded(&events).await;
    let parts: Arc<dyn ViewStore> = Arc::new(MemoryViews::new());
    let views = ControlViews::new(Arc::clone(&parts));
    for part in events.chunks(2).chain(events.chunks(3)) {
        let next = part.last().unwrap().envelope.offset.plus(1);
        views.apply(PARTITION, part, next).await.unwrap();
    }
    assert_eq!(parts.hash(AUDIT).await, whole.hash(AUDIT).await);
}

#[tokio::test]
async fn an_erased_tenant_has_its_receipt_and_what_it_was_is_forgotten() {
    let acme = tenant("acme");
    let mut events = history(acme);
    let erased = TenantErased { receipt: "{}".to_owned(), key: [1; 32], signature: vec![2; 64] };
    events.push(recorded(acme, 8, &of_tenant(TenantEvent::Erased(erased))));
    let (whole, view) = folded(&events).await;
    assert_eq!(offsets(&view, acme, &AuditFilter::default()).await, [8]);
    let id = EntryId { partition: PARTITION, offset: Offset::new(8) };
    let entry = view.entry(acme, id).await.unwrap().unwrap();
    assert_eq!((shown(&entry.before), entry.hash), (String::new(), hash(8)));
    assert_eq!(view.head(acme).await.unwrap().map(|head| (head.entries, head.hash)), Some((8, hash(8))));
    let (parts, _) = folded(&events[..5]).await;
    let views = ControlViews::new(Arc::clone(&parts));
    views.apply(PARTITION, &events[5..], Offset::new(9)).await.unwrap();
    assert_eq!(parts.hash(AUDIT).await, whole.hash(AUDIT).await);
    assert_eq!(faults_of(whole, &events).await, Vec::<String>::new());
    // An end that the log does not know hides no entry that is missing.
    let (forged, _) = folded(&history(acme)).await;
    let end = crate::views::document::put(AUDIT, folding::end_key(acme), &Offset::new(5)).unwrap();
    let writes = vec![end, ViewWrite::Delete { key: folding::entry_key(acme, Offset::new(2)) }];
    forged.apply(AUDIT, Fold { partition: PARTITION, next: Offset::new(20), writes }).await.unwrap();
    assert_eq!(faults_of(forged, &history(acme)).await.len(), 2);
}

/// What a proof says after something was written into the view by another hand.
async fn proved(writes: Vec<ViewWrite>) -> Vec<String> {
    let events = history(tenant("acme"));
    let (store, _) = folded(&events).await;
    let (next, last) = (Offset::new(20), events.last().unwrap().envelope.offset.plus(1));
    if !writes.is_empty() {
        assert_eq!(store.apply(AUDIT, Fold { partition: PARTITION, next, writes }).await, Ok(true));
    }
    assert_eq!(last, Offset::new(8));
    faults_of(store, &events).await
}

async fn faults_of(store: Arc<dyn ViewStore>, events: &[Recorded]) -> Vec<String> {
    let mut proof = AuditProof::new(store);
    for event in events {
        proof.see(event).await.unwrap();
    }
    let verification = proof.verdict().await.unwrap();
    assert_eq!(verification.tenants, 1);
    verification.faults.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_changed_missing_or_foreign_entry_is_named() {
    let acme = tenant("acme");
    let key = |offset| folding::entry_key(acme, Offset::new(offset));
    assert_eq!(proved(Vec::new()).await, Vec::<String>::new());
    let (_, view) = folded(&history(acme)).await;
    let id = EntryId { partition: PARTITION, offset: Offset::new(4) };
    let mut entry = view.entry(acme, id).await.unwrap().unwrap();
    entry.cause.actor = Actor::System;
    let forged = crate::views::document::put(AUDIT, key(4), &entry).unwrap();
    let differs = "entry 0-4 in the audit of tenant acme is not what the log says";
    assert_eq!(proved(vec![forged]).await, [differs]);
    let missing = "the audit of tenant acme lacks entry 0-2, which is in the log";
    assert_eq!(proved(vec![ViewWrite::Delete { key: key(2) }]).await, [missing]);
    let foreign = crate::views::document::put(AUDIT, key(9), &entry).unwrap();
    assert_eq!(proved(vec![foreign]).await, ["the audit has entries that are not in the log: 1"]);
    let end = ViewWrite::Delete { key: folding::head_key(acme) };
    let faults = proved(vec![end]).await;
    assert_eq!(
        faults,
        ["the end of the audit of tenant acme is not entry 0-7, which is its last in the log"]
    );
}
