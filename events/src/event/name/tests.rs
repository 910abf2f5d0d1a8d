//! Given, when, then for names.
//!
//! Invariant: each rejection of a name is met here. It does not look at stored bytes.

use super::*;
use crate::event::given::{self, Given};
use crate::event::samples::{NOW, email, tenant, user, username};

fn given(events: &[NameEvent]) -> Given<NameState, NameCommand, NameEvent, NameRejection> {
    given::given(decide, evolve, events)
}

fn holder(name: &str) -> Holder {
    Holder { tenant: tenant(), user: user(name) }
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(NOW.nanos() + seconds * 1_000_000_000)
}

fn claim(name: &str) -> NameCommand {
    NameCommand::Claim { holder: holder(name), without_account: None, now: NOW }
}

fn claim_over(name: &str, abandoned: &str, now: Timestamp) -> NameCommand {
    NameCommand::Claim { holder: holder(name), without_account: Some(holder(abandoned)), now }
}

#[test]
fn a_name_is_claimed_once() {
    given(&[]).when(claim("u1")).then(&[claimed(holder("u1"), NOW)]);
    let held = given(&[claimed(holder("u1"), NOW)]);
    held.when(claim("u1")).then(&[]);
    held.when(claim("u2")).then_rejected(NameRejection::Taken);
}

#[test]
fn a_claim_without_account_is_taken_over_after_a_minute() {
    let held = given(&[claimed(holder("u1"), NOW)]);
    held.when(claim_over("u2", "u1", later(59))).then_rejected(NameRejection::Taken);
    held.when(claim_over("u2", "u1", later(60))).then(&[claimed(holder("u2"), later(60))]);
    held.when(claim_over("u2", "u3", later(60))).then_rejected(NameRejection::Taken);
    held.when(claim_over("u2", "u1", later(-60))).then_rejected(NameRejection::Taken);
}

#[test]
fn a_released_name_is_free() {
    let held = given(&[claimed(holder("u1"), NOW)]);
    held.when(NameCommand::Release { holder: holder("u2") }).then_rejected(NameRejection::NotHolder);
    held.when(NameCommand::Release { holder: holder("u1") }).then(&[NameEvent::Released]);
    let free = given(&[claimed(holder("u1"), NOW), NameEvent::Released]);
    free.when(NameCommand::Release { holder: holder("u1") }).then(&[]);
    free.when(claim("u2")).then(&[claimed(holder("u2"), NOW)]);
}

#[test]
fn what_is_typed_has_the_key_of_the_name_it_means() {
    assert_eq!(typed_key(" ADMIN "), username_key(&username("Admin")));
    assert_eq!(typed_key("Admin@Acme.example"), email_key(&email("admin@acme.example")));
    assert_ne!(username_key(&username("admin")), username_key(&username("admin2")));
}

/// A name that is looked for under another key has lost its holder: these never change.
#[test]
fn keys_are_the_same_for_ever() {
    assert_eq!(typed_key("admin").as_str(), "d289b2da9b7051f36b4e396e0af3e069e78cf1");
    assert!(registry().as_str().starts_with('_'));
}
