//! The view of accounts: what each member of a tenant proves itself with.
//!
//! Invariant: an account is found by tenant and user only. It does not say which role a member has: the tenant does.

use antler_events::event::ControlEvent;
use antler_events::event::member::{self, Account, Epoch, MemberEvent, Profile};
use antler_events::identity::{Email, PasswordHash, Username};
use antler_events::ids::UserId;
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::ViewName;

#[derive(Debug)]
pub(super) struct Members;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccountDocument {
    username: Username,
    email: Email,
    email_verified: bool,
    password: PasswordHash,
    epoch: Epoch,
    closed: bool,
    profile: Profile,
}

impl Folded for Members {
    const VIEW: ViewName = ViewName::in_form("members", 4);
    type Id = UserId;
    type State = Account;
    type Event = MemberEvent;
    type Document = AccountDocument;

    fn id(text: &str) -> Option<UserId> {
        UserId::parse(text).ok()
    }

    fn event(event: &ControlEvent) -> Option<(UserId, &MemberEvent)> {
        match event {
            ControlEvent::Member(user, event) => Some((*user, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Account>, event: &MemberEvent) {
        member::evolve(state, event);
    }

    fn store(account: &Account) -> AccountDocument {
        let Account { username, email, email_verified, password, epoch, closed, profile } = account.clone();
        AccountDocument { username, email, email_verified, password, epoch, closed, profile }
    }

    fn restore(document: AccountDocument) -> Account {
        let AccountDocument { username, email, email_verified, password, epoch, closed, profile } = document;
        Account { username, email, email_verified, password, epoch, closed, profile }
    }
}
