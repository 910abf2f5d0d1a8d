//! Given, when, then for API keys, and what a key allows.
//!
//! Invariant: each rejection of a key is met here. It does not look at stored bytes.

use antler_config::limits::AccountLimits;
use proptest::prelude::*;

use super::*;
use crate::event::given::{self, Given};
use crate::event::samples::{LATER, NOW, SECRET, name, user};

fn given(events: &[KeyEvent]) -> Given<KeyState, KeyCommand, KeyEvent, KeyRejection> {
    given::given(decide, evolve, events)
}

fn streams() -> StreamPatterns {
    StreamPatterns::parse(["logs-*-pt"], &AccountLimits::default()).unwrap()
}

fn create(scopes: &[Scope], expires_at: Option<Timestamp>) -> KeyCommand {
    KeyCommand::Create {
        name: name("ci"),
        owner: user("admin"),
        secret: SECRET,
        scopes: scopes.iter().copied().collect(),
        streams: streams(),
        expires_at,
        now: NOW,
    }
}

fn created(scopes: &[Scope], expires_at: Option<Timestamp>) -> KeyEvent {
    KeyEvent::Created(KeyCreated {
        name: name("ci"),
        owner: user("admin"),
        secret: SECRET,
        scopes: scopes.iter().copied().collect(),
        streams: streams(),
        expires_at,
    })
}

fn key(events: &[KeyEvent]) -> Key {
    let mut state = None;
    events.iter().for_each(|event| evolve(&mut state, event));
    state.unwrap()
}

#[test]
fn a_key_is_created_once() {
    given(&[]).when(create(&[Scope::Ingest], Some(LATER))).then(&[created(&[Scope::Ingest], Some(LATER))]);
    given(&[created(&[Scope::Ingest], None)])
        .when(create(&[Scope::Admin], None))
        .then_rejected(KeyRejection::AlreadyCreated);
}

fn changed(scopes: &[Scope], expires_at: Option<Timestamp>) -> KeyChanged {
    KeyChanged {
        name: name("deploy"),
        scopes: scopes.iter().copied().collect(),
        streams: StreamPatterns::default(),
        expires_at,
    }
}

#[test]
fn a_key_changes_once_and_never_into_one_that_does_nothing() {
    let was = created(&[Scope::Ingest], None);
    let change = |changed: KeyChanged| KeyCommand::Change { changed, now: NOW };
    let new = changed(&[Scope::Read], Some(LATER));
    let event = KeyEvent::Changed(new.clone());
    given(std::slice::from_ref(&was)).when(change(new.clone())).then(std::slice::from_ref(&event));
    given(&[was.clone(), event.clone()]).when(change(new)).then(&[]);
    given(std::slice::from_ref(&was)).when(change(changed(&[], None))).then_rejected(KeyRejection::NoScope);
    let past = change(changed(&[Scope::Read], Some(NOW)));
    given(std::slice::from_ref(&was)).when(past).then_rejected(KeyRejection::ExpiresInThePast);
    let after = key(&[was, event]);
    assert!(after.allows(Scope::Read, "anything", NOW) && !after.allows(Scope::Ingest, "logs-a-pt", NOW));
}

#[test]
fn a_key_has_one_secret() {
    let secret = SecretHash::from_bytes([1; 32]);
    let replaced = KeyEvent::SecretReplaced(KeySecretReplaced { secret });
    let was = created(&[Scope::Ingest], None);
    let replace = KeyCommand::ReplaceSecret { secret };
    given(std::slice::from_ref(&was)).when(replace.clone()).then(std::slice::from_ref(&replaced));
    given(&[was.clone(), replaced.clone()]).when(replace).then(&[]);
    assert_eq!(key(&[was, replaced]).secret, secret);
}

#[test]
fn a_revoked_key_stays_as_it_was() {
    let gone = [created(&[Scope::Ingest], None), KeyEvent::Revoked];
    let change = KeyCommand::Change { changed: changed(&[Scope::Read], None), now: NOW };
    for command in [change, KeyCommand::ReplaceSecret { secret: SecretHash::from_bytes([1; 32]) }] {
        given(&gone).when(command.clone()).then_rejected(KeyRejection::Revoked);
        given(&[]).when(command).then_rejected(KeyRejection::NotCreated);
    }
}

#[test]
fn a_key_needs_a_scope_and_a_future() {
    given(&[]).when(create(&[], None)).then_rejected(KeyRejection::NoScope);
    given(&[]).when(create(&[Scope::Read], Some(NOW))).then_rejected(KeyRejection::ExpiresInThePast);
}

#[test]
fn a_key_is_revoked_once() {
    given(&[]).when(KeyCommand::Revoke).then_rejected(KeyRejection::NotCreated);
    let live = created(&[Scope::Read], None);
    given(std::slice::from_ref(&live)).when(KeyCommand::Revoke).then(&[KeyEvent::Revoked]);
    given(&[live, KeyEvent::Revoked]).when(KeyCommand::Revoke).then(&[]);
}

#[test]
fn a_key_allows_its_scopes_on_its_streams_until_its_end() {
    let mine = key(&[created(&[Scope::Ingest], Some(LATER))]);
    let check = |scope, stream, now, expected| assert_eq!(mine.allows(scope, stream, now), expected);
    check(Scope::Ingest, "logs-nginx-pt", NOW, true);
    check(Scope::Read, "logs-nginx-pt", NOW, false);
    check(Scope::Ingest, "logs-nginx", NOW, false);
    check(Scope::Ingest, "logs-nginx-pt", LATER, false);
}

#[test]
fn a_revoked_key_allows_nothing() {
    let mine = key(&[created(&[Scope::Read], None), KeyEvent::Revoked]);
    assert!(!mine.is_live(NOW) && !mine.allows(Scope::Read, "logs-nginx-pt", NOW));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_key_never_gains_rights(revocations in prop::collection::vec(any::<bool>(), 1..20)) {
        let mut state = None;
        evolve(&mut state, &created(&[Scope::Read], None));
        let mut live = true;
        for revoke in revocations {
            let command = if revoke { KeyCommand::Revoke } else { create(&Scope::ALL, None) };
            decide(&state, command).unwrap_or_default().iter().for_each(|event| evolve(&mut state, event));
            let mine = state.as_ref().unwrap();
            prop_assert!(live || !mine.is_live(NOW));
            prop_assert!(!mine.allows(Scope::Admin, "logs-nginx-pt", NOW));
            live = mine.is_live(NOW);
        }
    }
}
