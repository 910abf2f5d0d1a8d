//! Commands on a real log with a projector that feeds the views beside them.
//!
//! Invariant: what a test reads was written by commands alone. It hashes no password.

use std::collections::BTreeSet;
use std::sync::Mutex;

use antler_config::limits::AccountLimits;
use antler_events::access::{Role, Scope, StreamPatterns};
use antler_events::clock::Timestamp;
use antler_events::event::asked::Asked;
use antler_events::event::member::Profile;
use antler_events::event::search::{SearchChange, SearchContent};
use antler_events::event::session::{SessionEndReason, SessionRejection};
use antler_events::event::tenant::TenantRejection;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::identity::{DisplayName, Email, PasswordHash, SecretHash, Username};
use antler_events::ids::{KeyId, UserId};
use antler_events::log::segment::{SegmentLog, SegmentOptions};
use antler_events::randomness::SystemRandomness;
use antler_projections::views::memory::MemoryViews;
use antler_projections::views::rebuild::{VIEWS, rebuild};

use super::*;
use crate::log_writers::LogWriters;

const PARTITIONS: u16 = 2;
const HOUR: i64 = 3_600_000_000_000;

/// A clock that is moved by hand.
#[derive(Debug, Default)]
struct HandClock(Mutex<i64>);

impl HandClock {
    fn pass(&self, nanos: i64) {
        *self.0.lock().unwrap() += nanos;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(*self.0.lock().unwrap())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(*self.0.lock().unwrap() as u64)
    }
}

struct World {
    accounts: Accounts,
    clock: Arc<HandClock>,
    projectors: Vec<tokio::task::JoinHandle<()>>,
    writers: LogWriters,
    _dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let opened =
            SegmentLog::open(&files, SegmentOptions::new(dir.path().to_owned(), PARTITIONS)).unwrap();
        let writers = LogWriters::start(Arc::clone(&opened.log), opened.committers).unwrap();
        let clock = Arc::new(HandClock::default());
        let accounts = Accounts {
            log: opened.log,
            views: ControlViews::new(Arc::new(MemoryViews::new())),
            progress: Arc::new(Progress::new(PARTITIONS)),
            placement: Arc::new(Placement::new(PARTITIONS).unwrap()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            randomness: Arc::new(SystemRandomness),
            limits: USUAL_LIMITS,
        };
        let project = |partition| tokio::spawn(project(accounts.clone(), PartitionId::new(partition)));
        let projectors = (0..PARTITIONS).map(project).collect();
        Self { accounts, clock, projectors, writers, _dir: dir }
    }

    async fn register(&self, name: &str) -> Result<Registered, AccountError> {
        self.accounts.register(registration(name, &format!("{name}@acme.example")), &Cause::SYSTEM).await
    }

    async fn log_in(&self, who: Registered) -> antler_events::ids::SessionId {
        let expires_at = Timestamp::from_nanos(HOUR);
        let (address, agent) = (Some([192, 0, 2, 7].into()), None);
        let new = NewSession { user: who.user, epoch: 0, token: secret(1), expires_at, address, agent };
        self.accounts.open_session(who.tenant, new, &Cause::SYSTEM).await.unwrap()
    }

    async fn renew(
        &self,
        who: Registered,
        session: antler_events::ids::SessionId,
        presented: u8,
        next: u8,
    ) -> Result<(), AccountError> {
        let expires_at = Timestamp::from_nanos(HOUR);
        let renewal = Renewal { session, presented: secret(presented), next: secret(next), expires_at };
        self.accounts.renew_session(who.tenant, renewal, &Cause::SYSTEM).await.map(|_| ())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.projectors.iter().for_each(tokio::task::JoinHandle::abort);
        self.writers.stop().unwrap();
    }
}

/// What the projector of the program does for the views.
async fn project(accounts: Accounts, partition: PartitionId) {
    let mut from = Offset::FIRST;
    loop {
        accounts.log.wait(partition, from).await.unwrap();
        let chunk = accounts.log.read(partition, from, 1 << 20).await.unwrap();
        accounts.views.apply(partition, &chunk.events, chunk.next).await.unwrap();
        accounts.progress.advance(partition, chunk.next.before());
        from = chunk.next;
    }
}

const fn secret(number: u8) -> SecretHash {
    SecretHash::from_bytes([number; 32])
}

fn password(text: &str) -> PasswordHash {
    PasswordHash::parse(&format!("$argon2id${text}"), &AccountLimits::default()).unwrap()
}

fn registration(username: &str, email: &str) -> Registration {
    let limits = AccountLimits::default();
    Registration {
        username: Username::parse(username, &limits).unwrap(),
        email: Email::parse(email, &limits).unwrap(),
        password: password("one"),
        organization: DisplayName::parse("Acme", &limits).unwrap(),
        profile: Profile::default(),
    }
}

fn new_key(owner: UserId, id: &str, number: u8) -> NewKey {
    NewKey {
        id: KeyId::parse(id).unwrap(),
        name: DisplayName::parse("ci", &AccountLimits::default()).unwrap(),
        owner,
        secret: secret(number),
        scopes: BTreeSet::from([Scope::Ingest]),
        streams: StreamPatterns::parse([], &AccountLimits::default()).unwrap(),
        expires_at: None,
    }
}

#[tokio::test]
async fn a_registration_founds_a_tenant_whose_admin_can_log_in() {
    let world = World::new();
    let ann = world.register("Ann").await.unwrap();
    let bob = world.register("bob").await.unwrap();
    assert_ne!(ann.tenant, bob.tenant);
    for typed in ["ann", "ANN ", "ann@acme.example"] {
        let found = world.accounts.find_login(typed).await.unwrap().unwrap();
        assert_eq!((found.tenant, found.user, found.role), (ann.tenant, ann.user, Some(Role::Admin)));
    }
    assert!(world.accounts.find_login("nobody").await.unwrap().is_none());
    assert_eq!(world.accounts.role(bob.tenant, ann.user).await.unwrap(), None);
}

#[tokio::test]
async fn a_name_or_address_is_registered_once() {
    let world = World::new();
    world.register("ann").await.unwrap();
    let check = async |username: &str, email: &str| {
        world.accounts.register(registration(username, email), &Cause::SYSTEM).await.unwrap_err()
    };
    assert!(matches!(check("ANN", "other@acme.example").await, AccountError::UsernameTaken));
    assert!(matches!(check("other", "Ann@acme.example").await, AccountError::EmailTaken));
    // A refused registration keeps no name.
    world.accounts.register(registration("other", "other@acme.example"), &Cause::SYSTEM).await.unwrap();
}

#[tokio::test]
async fn of_registrations_at_once_one_wins() {
    let world = World::new();
    let attempts = (0..8).map(|number| {
        let accounts = world.accounts.clone();
        let wanted = registration("ann", &format!("ann{number}@acme.example"));
        tokio::spawn(async move { accounts.register(wanted, &Cause::SYSTEM).await })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut won = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error, AccountError::UsernameTaken), "{error}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_name_whose_account_never_came_is_free_after_a_minute() {
    use antler_events::event::name::{self, NameClaimed, NameEvent};
    let world = World::new();
    let crashed = NameClaimed {
        tenant: TenantId::parse("lost").unwrap(),
        user: UserId::parse("lost").unwrap(),
        at: world.clock.now(),
    };
    let event = ControlEvent::Name(name::typed_key("ann"), NameEvent::Claimed(crashed));
    let events = world.accounts.record(name::registry(), &Cause::SYSTEM, [event]).unwrap();
    let home = world.accounts.placement.home(name::registry());
    assert!(world.accounts.append(home, Append { events, expected: vec![] }).await.unwrap());
    assert!(matches!(world.register("ann").await, Err(AccountError::UsernameTaken)));
    world.clock.pass(60_000_000_000);
    assert!(world.register("ann").await.is_ok());
}

async fn invite(world: &World, tenant: TenantId, email: &str, number: u8) -> Result<UserId, AccountError> {
    let email = Email::parse(email, &AccountLimits::default()).unwrap();
    let expires_at = Timestamp::from_nanos(HOUR);
    let invitee = Invitee { email, role: Role::Analyst, secret: secret(number), expires_at };
    world.accounts.invite(tenant, invitee, &Cause::SYSTEM).await
}

async fn join(
    world: &World,
    tenant: TenantId,
    user: UserId,
    name: &str,
    number: u8,
) -> Result<(), AccountError> {
    let username = Username::parse(name, &AccountLimits::default()).unwrap();
    let (password, profile) = (password("two"), Profile::default());
    let joining = Joining { user, secret: secret(number), username, password, profile };
    world.accounts.join(tenant, joining, &Cause::SYSTEM).await
}

#[tokio::test]
async fn an_invited_person_joins_once_with_a_name_of_its_own() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let user = invite(&world, ann.tenant, "bob@acme.example", 5).await.unwrap();
    let invited = world.accounts.invitation(ann.tenant, user, secret(5)).await.unwrap();
    assert_eq!((invited.email.as_str(), invited.role), ("bob@acme.example", Role::Analyst));
    assert!(matches!(join(&world, ann.tenant, user, "ANN", 5).await, Err(AccountError::UsernameTaken)));
    join(&world, ann.tenant, user, "bob", 5).await.unwrap();
    for typed in ["bob", "bob@acme.example"] {
        let found = world.accounts.find_login(typed).await.unwrap().unwrap();
        assert_eq!((found.tenant, found.user, found.role), (ann.tenant, user, Some(Role::Analyst)));
    }
    let again = join(&world, ann.tenant, user, "bob", 5).await;
    assert!(matches!(again, Err(AccountError::Tenant(TenantRejection::NotInvited { .. }))), "{again:?}");
}

#[tokio::test]
async fn an_invitation_that_is_sent_again_replaces_the_first() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let first = invite(&world, ann.tenant, "bob@acme.example", 5).await.unwrap();
    let second = invite(&world, ann.tenant, "Bob@acme.example", 6).await.unwrap();
    assert_eq!(first, second);
    let old = join(&world, ann.tenant, first, "bob", 5).await;
    assert!(matches!(old, Err(AccountError::Tenant(TenantRejection::WrongInvitation))), "{old:?}");
    join(&world, ann.tenant, second, "bob", 6).await.unwrap();
    let member = invite(&world, ann.tenant, "bob@acme.example", 7).await;
    assert!(matches!(member, Err(AccountError::Tenant(TenantRejection::EmailTaken { .. }))), "{member:?}");
}

#[tokio::test]
async fn a_withdrawal_that_comes_too_late_removes_nobody() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let user = invite(&world, ann.tenant, "bob@acme.example", 5).await.unwrap();
    join(&world, ann.tenant, user, "bob", 5).await.unwrap();
    let late = world.accounts.withdraw_invitation(ann.tenant, user, &Cause::SYSTEM).await;
    assert!(matches!(late, Err(AccountError::Tenant(TenantRejection::AlreadyMember { .. }))), "{late:?}");
    assert_eq!(world.accounts.role(ann.tenant, user).await.unwrap(), Some(Role::Analyst));
}

#[tokio::test]
async fn names_that_a_crash_left_with_an_invited_person_are_its_own_at_the_next_try() {
    use antler_events::event::name::Holder;
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let user = invite(&world, ann.tenant, "bob@acme.example", 5).await.unwrap();
    let limits = AccountLimits::default();
    let (name, email) = (Username::parse("bob", &limits), Email::parse("bob@acme.example", &limits));
    let holder = Holder { tenant: ann.tenant, user };
    world.accounts.claim(holder, &name.unwrap(), &email.unwrap(), &Cause::SYSTEM).await.unwrap();
    assert!(matches!(world.register("bob").await, Err(AccountError::UsernameTaken)));
    join(&world, ann.tenant, user, "robert", 5).await.unwrap();
    // The name that was not used in the end is free again.
    world.clock.pass(60_000_000_000);
    let other = registration("bob", "other@acme.example");
    world.accounts.register(other, &Cause::SYSTEM).await.unwrap();
    assert!(matches!(world.register("robert").await, Err(AccountError::UsernameTaken)));
}

#[tokio::test]
async fn who_is_removed_has_no_login_and_its_names_are_free_after_a_minute() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let user = invite(&world, ann.tenant, "bob@acme.example", 5).await.unwrap();
    join(&world, ann.tenant, user, "bob", 5).await.unwrap();
    let bob = Registered { user, ..ann };
    let session = world.log_in(bob).await;
    world.accounts.remove_member(ann.tenant, user, &Cause::SYSTEM).await.unwrap();
    assert!(matches!(world.renew(bob, session, 1, 2).await, Err(AccountError::LoginRevoked)));
    assert!(world.accounts.find_login("bob").await.unwrap().is_none());
    let alone = world.accounts.remove_member(ann.tenant, ann.user, &Cause::SYSTEM).await;
    let alone = alone.unwrap_err().to_string();
    assert!(alone.contains("last administrator"), "{alone}");
    world.clock.pass(60_000_000_000);
    let back = invite(&world, ann.tenant, "bob@acme.example", 6).await.unwrap();
    assert_ne!(back, user);
    world.clock.pass(-60_000_000_000);
    assert!(matches!(join(&world, ann.tenant, back, "bob", 6).await, Err(AccountError::UsernameTaken)));
    world.clock.pass(60_000_000_000);
    join(&world, ann.tenant, back, "bob", 6).await.unwrap();
}

#[tokio::test]
async fn of_two_admins_who_remove_each_other_at_once_one_stays() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let bob = invite(&world, ann.tenant, "bob@acme.example", 5).await.unwrap();
    join(&world, ann.tenant, bob, "bob", 5).await.unwrap();
    world.accounts.change_role(ann.tenant, bob, Role::Admin, &Cause::SYSTEM).await.unwrap();
    let (one, other) = tokio::join!(
        world.accounts.remove_member(ann.tenant, ann.user, &Cause::SYSTEM),
        world.accounts.remove_member(ann.tenant, bob, &Cause::SYSTEM),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn a_used_refresh_token_ends_its_session() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let session = world.log_in(ann).await;
    world.renew(ann, session, 1, 2).await.unwrap();
    world.renew(ann, session, 2, 3).await.unwrap();
    assert!(matches!(world.renew(ann, session, 1, 4).await, Err(AccountError::TokenReused)));
    let ended = world.renew(ann, session, 3, 4).await.unwrap_err();
    assert!(matches!(ended, AccountError::Session(SessionRejection::Ended)), "{ended}");
}

#[tokio::test]
async fn of_two_renewals_at_once_one_wins_and_the_session_ends() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let session = world.log_in(ann).await;
    let (one, other) = tokio::join!(world.renew(ann, session, 1, 2), world.renew(ann, session, 1, 3));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let kept = world.accounts.views.session(ann.tenant, session).await.unwrap().unwrap();
    assert_eq!(kept.state.unwrap().ended, Some(SessionEndReason::TokenReused));
}

#[tokio::test]
async fn a_new_password_ends_all_logins() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let session = world.log_in(ann).await;
    let changed = world.accounts.change_password(ann.tenant, ann.user, password("two"), &Cause::SYSTEM).await;
    assert_eq!(changed.unwrap(), 1);
    assert!(matches!(world.renew(ann, session, 1, 2).await, Err(AccountError::LoginRevoked)));
    let found = world.accounts.find_login("ann").await.unwrap().unwrap();
    assert_eq!(found.account.password, password("two"));
}

#[tokio::test]
async fn a_logout_ends_one_session() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let (one, other) = (world.log_in(ann).await, world.log_in(ann).await);
    let reason = SessionEndReason::LoggedOut;
    world.accounts.end_session(ann.tenant, one, reason, &Cause::SYSTEM).await.unwrap();
    assert!(world.renew(ann, one, 1, 2).await.is_err());
    assert!(world.renew(ann, other, 1, 2).await.is_ok());
}

#[tokio::test]
async fn sessions_that_count_are_listed() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let (one, other) = (world.log_in(ann).await, world.log_in(ann).await);
    let listed = async || {
        let found = world.accounts.live_sessions(ann.tenant, ann.user).await.unwrap();
        found.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>()
    };
    assert_eq!(listed().await, BTreeSet::from([one, other]));
    let reason = SessionEndReason::Revoked;
    world.accounts.end_session(ann.tenant, one, reason, &Cause::SYSTEM).await.unwrap();
    assert_eq!(listed().await, BTreeSet::from([other]));
    world.accounts.change_password(ann.tenant, ann.user, password("two"), &Cause::SYSTEM).await.unwrap();
    assert_eq!(listed().await, BTreeSet::new());
}

#[tokio::test]
async fn a_key_is_found_at_once_and_refused_after_its_end() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let Accounts { views, .. } = &world.accounts;
    let key = new_key(ann.user, "k1", 5);
    world.accounts.create_key(ann.tenant, key.clone(), &Cause::SYSTEM).await.unwrap();
    assert_eq!(views.key_by_secret(secret(5)).await.unwrap(), Some((ann.tenant, key.id)));
    let again = world.accounts.create_key(ann.tenant, key.clone(), &Cause::SYSTEM).await;
    assert!(matches!(again, Err(AccountError::Key(_))));
    world.accounts.revoke_key(ann.tenant, key.id, &Cause::SYSTEM).await.unwrap();
    world.accounts.revoke_key(ann.tenant, key.id, &Cause::SYSTEM).await.unwrap();
    assert!(views.key(ann.tenant, key.id).await.unwrap().unwrap().state.unwrap().revoked);
}

#[tokio::test]
async fn views_that_are_folded_anew_are_the_same() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    world.accounts.create_key(ann.tenant, new_key(ann.user, "k1", 5), &Cause::SYSTEM).await.unwrap();
    world.log_in(ann).await;
    let store = world.accounts.views.store();
    for view in VIEWS {
        let rebuilt = rebuild(&**store, &*world.accounts.log, view.as_str()).await.unwrap();
        assert!(rebuilt.was_right() && rebuilt.events > 0, "{rebuilt:?}");
    }
    store.clear(VIEWS[1]).await.unwrap();
    assert!(rebuild(&**store, &*world.accounts.log, "members").await.unwrap().was_right());
    assert_eq!(world.accounts.find_login("ann").await.unwrap().unwrap().user, ann.user);
    let unknown = rebuild(&**store, &*world.accounts.log, "things").await.unwrap_err().to_string();
    let all = "tenants, members, keys, names, sessions, searches, uploads, mails and audit";
    assert!(unknown.contains(all), "{unknown}");
}

fn content(query: &str) -> SearchContent {
    SearchContent {
        name: DisplayName::parse("errors", &AccountLimits::default()).unwrap(),
        description: String::new(),
        asked: Asked { query: query.to_owned(), ..Asked::default() },
        columns: Vec::new(),
        is_shared: false,
        is_template: false,
    }
}

#[tokio::test]
async fn changes_of_a_saved_search_at_once_all_count() {
    let world = World::new();
    let ann = world.register("ann").await.unwrap();
    let (accounts, cause) = (&world.accounts, &Cause::SYSTEM);
    let id = accounts.save_search(ann.tenant, ann.user, content("x"), cause).await.unwrap();
    let change = async |change| accounts.change_search(ann.tenant, id, change, cause).await.unwrap();
    tokio::join!(
        change(SearchChange { query: Some("y".to_owned()), ..SearchChange::default() }),
        change(SearchChange { is_shared: Some(true), ..SearchChange::default() }),
        change(SearchChange { columns: Some(vec!["host".to_owned()]), ..SearchChange::default() }),
    );
    let found = async || accounts.views.search(ann.tenant, id).await.unwrap().unwrap().state.unwrap();
    let expected = SearchContent { is_shared: true, columns: vec!["host".to_owned()], ..content("y") };
    assert_eq!(found().await.content, expected);
    accounts.delete_search(ann.tenant, id, cause).await.unwrap();
    accounts.delete_search(ann.tenant, id, cause).await.unwrap();
    assert!(found().await.deleted);
    let error = accounts.change_search(ann.tenant, id, SearchChange::default(), cause).await.unwrap_err();
    assert_eq!(error.to_string(), "the saved search has been deleted");
}
