//! Given, when, then for accounts, and their rules over any sequence of commands.
//!
//! Invariant: each rejection of an account is met here. It does not look at stored bytes.

use proptest::prelude::*;

use super::*;
use crate::event::given::{self, Given};
use crate::event::samples::{email, name, password, username};

fn given(events: &[MemberEvent]) -> Given<MemberState, MemberCommand, MemberEvent, MemberRejection> {
    given::given(decide, evolve, events)
}

fn open() -> MemberCommand {
    MemberCommand::OpenAccount {
        username: username("Admin"),
        email: email("admin@acme.example"),
        password: password("c2FsdA"),
        profile: Profile::default(),
    }
}

fn called(first_name: &str) -> Profile {
    Profile { first_name: Some(name(first_name)), ..Profile::default() }
}

fn change_profile(was: Profile, profile: Profile) -> MemberCommand {
    MemberCommand::ChangeProfile { was: was.into(), profile: profile.into() }
}

fn change_password() -> MemberCommand {
    MemberCommand::ChangePassword { password: password("bmV3") }
}

fn opened() -> MemberEvent {
    MemberEvent::AccountOpened(AccountOpened {
        username: username("Admin"),
        email: email("admin@acme.example"),
        password: password("c2FsdA"),
    })
}

fn password_changed(epoch: Epoch) -> MemberEvent {
    MemberEvent::PasswordChanged(PasswordChanged { password: password("bmV3"), epoch })
}

fn sessions_revoked(epoch: Epoch) -> MemberEvent {
    MemberEvent::SessionsRevoked(SessionsRevoked { epoch })
}

fn closed(epoch: Epoch) -> MemberEvent {
    MemberEvent::AccountClosed(AccountClosed { epoch })
}

#[test]
fn an_account_is_opened_once() {
    given(&[]).when(open()).then(&[opened()]);
    given(&[opened()]).when(open()).then_rejected(MemberRejection::AlreadyOpened);
}

#[test]
fn an_account_is_opened_with_what_the_person_says_of_itself() {
    let command = MemberCommand::OpenAccount {
        username: username("Admin"),
        email: email("admin@acme.example"),
        password: password("c2FsdA"),
        profile: called("Ann"),
    };
    given(&[]).when(command).then(&[opened(), MemberEvent::ProfileChanged(called("Ann"))]);
}

#[test]
fn a_profile_changes_once_and_only_from_what_it_was() {
    let changed = [opened(), MemberEvent::ProfileChanged(called("Ann"))];
    given(&changed[..1]).when(change_profile(Profile::default(), called("Ann"))).then(&changed[1..]);
    given(&changed).when(change_profile(Profile::default(), called("Ann"))).then(&[]);
    given(&changed)
        .when(change_profile(Profile::default(), called("Anna")))
        .then_rejected(MemberRejection::ProfileChangedMeanwhile);
}

#[test]
fn nothing_happens_to_an_account_that_does_not_exist() {
    for command in [change_password(), MemberCommand::RevokeSessions, MemberCommand::CloseAccount] {
        given(&[]).when(command).then_rejected(MemberRejection::NotOpened);
    }
}

#[test]
fn a_new_password_and_a_logout_everywhere_raise_the_epoch() {
    given(&[opened()]).when(change_password()).then(&[password_changed(1)]);
    given(&[opened(), password_changed(1)]).when(MemberCommand::RevokeSessions).then(&[sessions_revoked(2)]);
}

#[test]
fn an_address_is_verified_once_and_only_the_accounts_own() {
    let verify = |text: &str| MemberCommand::VerifyEmail { email: email(text) };
    let verified = MemberEvent::EmailVerified(EmailVerified { email: email("admin@acme.example") });
    given(&[opened()]).when(verify("admin@acme.example")).then(std::slice::from_ref(&verified));
    given(&[opened(), verified]).when(verify("admin@acme.example")).then(&[]);
    given(&[opened()]).when(verify("eve@acme.example")).then_rejected(MemberRejection::OtherEmail);
    given(&[opened(), closed(1)]).when(verify("admin@acme.example")).then_rejected(MemberRejection::Closed);
}

#[test]
fn a_link_resets_one_password_verifies_its_address_and_counts_for_one_epoch() {
    let reset = |epoch| MemberCommand::ResetPassword {
        epoch,
        email: email("admin@acme.example"),
        password: password("bmV3"),
    };
    let verified = MemberEvent::EmailVerified(EmailVerified { email: email("admin@acme.example") });
    given(&[opened()]).when(reset(0)).then(&[verified, password_changed(1)]);
    given(&[opened(), password_changed(1)]).when(reset(0)).then_rejected(MemberRejection::LinkSpent);
    given(&[opened(), sessions_revoked(1)]).when(reset(0)).then_rejected(MemberRejection::LinkSpent);
}

#[test]
fn a_token_of_an_older_epoch_is_worthless() {
    let mut state = None;
    evolve(&mut state, &opened());
    assert!(state.as_ref().unwrap().honours(0));
    evolve(&mut state, &sessions_revoked(1));
    assert!(!state.as_ref().unwrap().honours(0) && state.as_ref().unwrap().honours(1));
    evolve(&mut state, &closed(2));
    assert!(!state.as_ref().unwrap().honours(1) && !state.as_ref().unwrap().honours(2));
}

#[test]
fn a_closed_account_stays_closed() {
    given(&[opened()]).when(MemberCommand::CloseAccount).then(&[closed(1)]);
    given(&[opened(), closed(1)]).when(MemberCommand::CloseAccount).then(&[]);
    for command in [change_password(), MemberCommand::RevokeSessions] {
        given(&[opened(), closed(1)]).when(command).then_rejected(MemberRejection::Closed);
    }
    given(&[opened(), closed(1)]).when(open()).then_rejected(MemberRejection::AlreadyOpened);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_event_after_the_first_ends_all_logins(
        commands in prop::collection::vec(
            prop::sample::select(vec![
                open(), change_password(), MemberCommand::RevokeSessions, MemberCommand::CloseAccount,
            ]),
            1..30,
        )
    ) {
        let mut state = None;
        evolve(&mut state, &opened());
        for command in commands {
            let before = state.clone().unwrap();
            for event in decide(&state, command).unwrap_or_default() {
                evolve(&mut state, &event);
                prop_assert!(!before.closed);
                prop_assert!(!state.as_ref().unwrap().honours(before.epoch));
            }
        }
    }
}
