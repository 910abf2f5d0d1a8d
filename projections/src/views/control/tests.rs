//! Control views fed with events as a log records them.
//!
//! Invariant: what is asked was folded here from events alone. It does not test the aggregates' own rules.

use antler_config::limits::AccountLimits;
use antler_events::access::{Role, Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::codec::CodecId;
use antler_events::event::asked::Asked;
use antler_events::event::key::{KeyCreated, KeyEvent, KeySecretReplaced};
use antler_events::event::member::{AccountOpened, MemberEvent, SessionsRevoked};
use antler_events::event::name::{NameClaimed, NameEvent};
use antler_events::event::search::{SearchContent, SearchEvent, SearchSaved};
use antler_events::event::session::{
    SessionEndReason, SessionEnded, SessionEvent, SessionOpened, SessionRenewed,
};
use antler_events::event::tenant::{
    MemberInvited, Standing, TenantErased, TenantEvent, TenantRegistered, TenantSuspended,
};
use antler_events::event::{Cause, ControlEvent};
use antler_events::identity::{DisplayName, Email, PasswordHash, Username};
use antler_events::wire::{ChainHash, Envelope};

use super::*;
use crate::index::conformance::tests::at_once;
use crate::views::memory::MemoryViews;
use crate::views::port::{Fold, ViewName, ViewWrite};

const PARTITION: PartitionId = PartitionId::new(0);

fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn key_id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text, &AccountLimits::default()).unwrap()
}

fn email(text: &str) -> Email {
    Email::parse(text, &AccountLimits::default()).unwrap()
}

const fn secret(number: u8) -> SecretHash {
    SecretHash::from_bytes([number; 32])
}

fn at(offset: u64) -> Timestamp {
    Timestamp::from_nanos(offset as i64 * 1_000)
}

fn recorded(tenant: TenantId, offset: u64, event: &ControlEvent) -> Recorded {
    let new = event.record(tenant, &Cause::SYSTEM, at(offset)).unwrap();
    let length = new.body.len() as u32;
    let envelope = Envelope {
        codec: CodecId::BincodeZstd,
        event_type: new.event_type,
        schema: new.schema,
        partition: PARTITION,
        offset: Offset::new(offset),
        recorded_at: new.recorded_at,
        subject: new.subject,
        previous: ChainHash::START,
        body_stored: length,
        body_raw: length,
        body_crc: 0,
    };
    Recorded { envelope, hash: ChainHash::START, body: new.body }
}

fn key_created(owner: &str, number: u8) -> KeyEvent {
    KeyEvent::Created(KeyCreated {
        name: name("ci"),
        owner: user(owner),
        secret: secret(number),
        scopes: [Scope::Ingest].into(),
        streams: StreamPatterns::parse(["logs-*"], &AccountLimits::default()).unwrap(),
        expires_at: Some(at(9_000)),
    })
}

fn search_id(text: &str) -> SearchId {
    SearchId::parse(text).unwrap()
}

fn search_saved(owner: &str) -> SearchEvent {
    let content = SearchContent {
        name: name("errors"),
        description: String::new(),
        asked: Asked { query: "level:error".to_owned(), ..Asked::default() },
        columns: Vec::new(),
        is_shared: true,
        is_template: false,
    };
    SearchEvent::Saved(SearchSaved { owner: user(owner), content })
}

/// The history of two tenants.
fn history() -> Vec<Recorded> {
    let registered = |founder: &str| {
        TenantEvent::Registered(TenantRegistered {
            name: name("Acme"),
            founder: user(founder),
            email: email("a@acme.example"),
        })
    };
    let opened = MemberEvent::AccountOpened(AccountOpened {
        username: Username::parse("ann", &AccountLimits::default()).unwrap(),
        email: email("a@acme.example"),
        password: PasswordHash::parse("$argon2id$x", &AccountLimits::default()).unwrap(),
    });
    let invited = TenantEvent::MemberInvited(MemberInvited {
        user: user("u2"),
        email: email("b@acme.example"),
        role: Role::Viewer,
        secret: secret(9),
        expires_at: at(5_000),
    });
    let session = SessionId::parse("s1").unwrap();
    let began = SessionOpened {
        user: user("u1"),
        epoch: 0,
        token: secret(20),
        expires_at: at(7_000),
        address: Some([192, 0, 2, 7].into()),
        agent: Some(name("curl/8.5")),
    };
    let renewed = SessionRenewed { token: secret(21), expires_at: at(8_000) };
    let claim = NameClaimed { tenant: tenant("a"), user: user("u1"), at: at(1) };
    let all = [
        ("_names", ControlEvent::Name(name::typed_key("ann"), NameEvent::Claimed(claim))),
        ("a", ControlEvent::Tenant(registered("u1"))),
        ("a", ControlEvent::Member(user("u1"), opened)),
        ("a-b", ControlEvent::Tenant(registered("u9"))),
        ("a", ControlEvent::Tenant(invited)),
        ("a", ControlEvent::Key(key_id("k2"), key_created("u1", 2))),
        ("a-b", ControlEvent::Key(key_id("k1"), key_created("u9", 3))),
        ("a", ControlEvent::Key(key_id("k1"), key_created("u1", 1))),
        ("a", ControlEvent::Key(key_id("k1"), KeyEvent::Revoked)),
        ("a", ControlEvent::Session(session, SessionEvent::Opened(began))),
        ("a", ControlEvent::Session(session, SessionEvent::Renewed(renewed))),
        ("a", ControlEvent::Member(user("u1"), MemberEvent::SessionsRevoked(SessionsRevoked { epoch: 1 }))),
        ("a-b", ControlEvent::Tenant(TenantEvent::Suspended(TenantSuspended { reason: name("unpaid") }))),
        ("_names", ControlEvent::Name(name::typed_key("ann"), NameEvent::Released)),
        ("a", ControlEvent::Search(search_id("q2"), search_saved("u1"))),
        ("a", ControlEvent::Search(search_id("q1"), search_saved("u2"))),
        ("a-b", ControlEvent::Search(search_id("q1"), search_saved("u9"))),
        ("a", ControlEvent::Search(search_id("q2"), SearchEvent::Deleted)),
    ];
    let numbered = all.iter().zip(1..);
    numbered.map(|((owner, event), offset)| recorded(tenant(owner), offset, event)).collect()
}

fn apply(views: &ControlViews, events: &[Recorded]) {
    let next = events.last().unwrap().envelope.offset.plus(1);
    at_once(views.apply(PARTITION, events, next)).unwrap();
}

fn views() -> ControlViews {
    ControlViews::new(Arc::new(MemoryViews::new()))
}

fn hashes(views: &ControlViews) -> Vec<String> {
    VIEWS.iter().map(|view| at_once(views.store().hash(*view)).unwrap().to_string()).collect()
}

#[test]
fn all_tenants_are_listed_page_by_page() {
    let views = views();
    apply(&views, &history());
    let page = |after| {
        let found = at_once(views.tenants(after, 1)).unwrap();
        found.into_iter().map(|(id, kept)| (id, kept.state.unwrap().name.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(page(None), [(tenant("a-b"), "Acme".to_owned())]);
    assert_eq!(page(Some(tenant("a-b"))), [(tenant("a"), "Acme".to_owned())]);
    assert_eq!(page(Some(tenant("a"))), []);
}

#[test]
fn each_aggregate_is_found_with_the_offset_of_its_last_event() {
    let views = views();
    apply(&views, &history());
    let acme = at_once(views.tenant(tenant("a"))).unwrap().unwrap();
    let state = acme.state.unwrap();
    assert_eq!((acme.last, acme.created_at, acme.changed_at), (Offset::new(5), at(2), at(5)));
    assert_eq!((state.role_of(user("u1")), state.role_of(user("u2"))), (Some(Role::Admin), None));
    assert_eq!(state.members[&user("u2")].invitation.as_ref().unwrap().secret, secret(9));
    let other = at_once(views.tenant(tenant("a-b"))).unwrap().unwrap().state.unwrap();
    assert_eq!(other.standing, Standing::Suspended { reason: name("unpaid") });
    let account = at_once(views.account(tenant("a"), user("u1"))).unwrap().unwrap();
    assert_eq!((account.last, account.state.unwrap().epoch), (Offset::new(12), 1));
    let session = at_once(views.session(tenant("a"), SessionId::parse("s1").unwrap())).unwrap().unwrap();
    assert_eq!(session.state.unwrap().used, [secret(20)]);
    assert_eq!(at_once(views.tenant(tenant("b"))), Ok(None));
}

#[test]
fn a_key_is_found_by_its_secret_and_listed_with_its_tenants_keys_only() {
    let views = views();
    apply(&views, &history());
    let by_secret = |number| at_once(views.key_by_secret(secret(number))).unwrap();
    assert_eq!(by_secret(1), Some((tenant("a"), key_id("k1"))));
    assert_eq!(by_secret(3), Some((tenant("a-b"), key_id("k1"))));
    assert_eq!(by_secret(4), None);
    assert!(at_once(views.key(tenant("a"), key_id("k1"))).unwrap().unwrap().state.unwrap().revoked);
    let listed = |after| {
        let found =
            at_once(fold::listed::<Keys>(tenant("a"), &**views.store(), Keys::VIEW, after, 1)).unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None), [key_id("k1")]);
    assert_eq!(listed(Some(key_id("k1"))), [key_id("k2")]);
    assert_eq!(listed(Some(key_id("k2"))), []);
}

#[test]
fn sessions_of_a_user_are_listed_until_they_end_or_expire() {
    let views = views();
    let listed = |owner: &str, of: &str, now| {
        let found = at_once(views.live_sessions(tenant(owner), user(of), now)).unwrap();
        found.into_iter().map(|(id, kept)| (id.to_string(), kept.state.unwrap())).collect::<Vec<_>>()
    };
    apply(&views, &history());
    let found = listed("a", "u1", at(7_999));
    assert_eq!(found.len(), 1, "a renewal puts the end off");
    assert_eq!((found[0].0.as_str(), found[0].1.address), ("s1", Some([192, 0, 2, 7].into())));
    assert_eq!(listed("a", "u1", at(8_000)), []);
    for (owner, of) in [("a", "u2"), ("a-b", "u1"), ("a", "u")] {
        assert_eq!(listed(owner, of, at(0)), [], "{owner} {of}");
    }
    assert_eq!(at_once(views.last_login(tenant("a"), user("u1"))), Ok(Some(at(10))));
    assert_eq!(at_once(views.last_login(tenant("a"), user("u2"))), Ok(None));
    let ended = SessionEvent::Ended(SessionEnded { reason: SessionEndReason::Revoked });
    let ended = ControlEvent::Session(SessionId::parse("s1").unwrap(), ended);
    let next = history().len() as u64 + 1;
    apply(&views, &[recorded(tenant("a"), next, &ended)]);
    assert_eq!(listed("a", "u1", at(0)), []);
    assert_eq!(at_once(views.last_login(tenant("a"), user("u1"))), Ok(Some(at(10))));
}

#[test]
fn a_view_of_another_form_is_another_to_the_store() {
    let (old, new) = (ViewName::new("sessions"), ViewName::in_form("sessions", 2));
    assert_eq!((old.to_string().as_str(), new.to_string().as_str()), ("sessions", "sessions.2"));
    assert_eq!((new.shadow().to_string().as_str(), new.as_str()), ("sessions.2.shadow", "sessions"));
}

#[test]
fn a_secret_that_was_replaced_leads_to_no_key() {
    let replaced = |number| KeyEvent::SecretReplaced(KeySecretReplaced { secret: secret(number) });
    let events: Vec<_> = [key_created("u1", 1), replaced(2), replaced(3)]
        .into_iter()
        .zip(1..)
        .map(|(event, offset)| recorded(tenant("a"), offset, &ControlEvent::Key(key_id("k1"), event)))
        .collect();
    for step in 1..=3 {
        let views = views();
        events.chunks(step).for_each(|piece| apply(&views, piece));
        let by_secret = |number| at_once(views.key_by_secret(secret(number))).unwrap();
        let found = (by_secret(1), by_secret(2), by_secret(3));
        assert_eq!(found, (None, None, Some((tenant("a"), key_id("k1")))), "in pieces of {step}");
    }
}

#[test]
fn saved_searches_are_listed_with_their_tenants_only_and_deleted_ones_say_so() {
    let views = views();
    apply(&views, &history());
    let listed = at_once(views.searches(tenant("a"))).unwrap();
    let shown: Vec<_> = listed
        .into_iter()
        .map(|(id, kept)| (id, kept.last, kept.state.map(|search| (search.owner, search.deleted)).unwrap()))
        .collect();
    let (first, second) = ((user("u2"), false), (user("u1"), true));
    assert_eq!(
        shown,
        [(search_id("q1"), Offset::new(16), first), (search_id("q2"), Offset::new(18), second)]
    );
    let other = at_once(views.search(tenant("a-b"), search_id("q1"))).unwrap().unwrap();
    assert_eq!(other.state.unwrap().owner, user("u9"));
    assert_eq!(at_once(views.search(tenant("a-b"), search_id("q2"))), Ok(None));
}

#[test]
fn a_released_name_is_free_and_says_where_its_history_ends() {
    let views = views();
    apply(&views, &history()[..13]);
    let claim = at_once(views.name(name::typed_key(" ANN "))).unwrap().unwrap();
    assert_eq!(claim.state.unwrap().holder.user, user("u1"));
    apply(&views, &history()[13..]);
    let claim = at_once(views.name(name::typed_key("ann"))).unwrap().unwrap();
    assert_eq!((claim.state, claim.last), (None, Offset::new(14)));
}

#[test]
fn an_erased_tenant_leaves_its_receipt_and_others_keep_what_is_theirs() {
    let mut events = history();
    let erased = TenantErased { receipt: "{}".to_owned(), key: [1; 32], signature: vec![2; 64] };
    let end = events.last().unwrap().envelope.offset.plus(1).number();
    events.push(recorded(tenant("a"), end, &ControlEvent::Tenant(TenantEvent::Erased(erased))));
    let whole = views();
    apply(&whole, &events);
    for view in VIEWS {
        let page = Page { prefix: b"", after: None, limit: PAGE_DOCUMENTS_MAX };
        let all = at_once(whole.store().scan(view, page)).unwrap();
        let of_it = |key: &[u8]| key.windows(3).any(|part| part == b"/a/");
        let left: Vec<_> = all.iter().filter(|found| of_it(&found.key)).collect();
        // The audit has an entry of the end, and what the tenant is since then.
        let wanted = [(Tenants::VIEW, 1), (audit::AUDIT, 2)].iter().find(|(kept, _)| *kept == view);
        let wanted = wanted.map_or(0, |(_, count)| *count);
        assert_eq!(left.len(), wanted, "{view}: {left:?}");
        let words = |found: &&port::Document| {
            [&b"Acme"[..], b"a@acme.example"]
                .iter()
                .any(|word| found.document.windows(word.len()).any(|part| part == *word))
        };
        assert!(left.iter().all(|found| !words(found)), "{view}: {left:?}");
    }
    assert!(at_once(whole.keys(tenant("a"))).unwrap().is_empty());
    assert!(!at_once(whole.keys(tenant("a-b"))).unwrap().is_empty());
    for cut in 1..events.len() {
        let parts = views();
        apply(&parts, &events[..cut]);
        apply(&parts, &events[cut..]);
        assert_eq!(hashes(&parts), hashes(&whole), "cut at {cut}");
    }
}

#[test]
fn any_cuts_and_repetitions_give_the_same_views() {
    let (whole, events) = (views(), history());
    apply(&whole, &events);
    for step in 1..events.len() {
        let pieces = views();
        for (number, piece) in events.chunks(step).enumerate() {
            apply(&pieces, piece);
            // A crash of the projector reads some events again.
            let again = (number * step).saturating_sub(2);
            apply(&pieces, &events[again..(number * step + piece.len())]);
        }
        assert_eq!(hashes(&pieces), hashes(&whole), "in pieces of {step}");
    }
}

#[test]
fn views_that_events_do_not_concern_say_how_far_they_are_when_they_are_settled() {
    let views = views();
    at_once(views.apply(PARTITION, &[], Offset::new(100))).unwrap();
    assert_eq!(at_once(views.checkpoint(PARTITION)), Ok(Offset::FIRST));
    at_once(views.settle(PARTITION, Offset::new(100))).unwrap();
    assert_eq!(at_once(views.checkpoint(PARTITION)), Ok(Offset::new(100)));
}

#[test]
fn an_event_that_cannot_be_read_is_an_error_that_names_it() {
    let mut event = history().remove(1);
    event.body = event.body.slice(..3);
    let error = at_once(views().apply(PARTITION, &[event], Offset::new(3))).unwrap_err();
    assert!(matches!(error, ControlViewError::Event(_)), "{error}");
}

#[test]
fn a_document_that_cannot_be_read_names_the_way_out() {
    let views = views();
    apply(&views, &history());
    let write = ViewWrite::Put { key: "aggregate/a/itself".into(), document: "nonsense".into() };
    let fold = Fold { partition: PARTITION, next: Offset::new(99), writes: vec![write] };
    at_once(views.store().apply(VIEWS[0], fold)).unwrap();
    let message = at_once(views.tenant(tenant("a"))).unwrap_err().to_string();
    assert!(message.ends_with("antler rebuild tenants"), "{message}");
}
