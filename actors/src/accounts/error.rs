//! Why a command on an account was not obeyed.
//!
//! Invariant: a rejection is the caller's to mend and says how; an error is ours. It chooses no status code.

use antler_events::event::EventError;
use antler_events::event::key::KeyRejection;
use antler_events::event::mail::MailRejection;
use antler_events::event::member::MemberRejection;
use antler_events::event::membership::MembershipRejection;
use antler_events::event::name::NameRejection;
use antler_events::event::search::SearchRejection;
use antler_events::event::session::SessionRejection;
use antler_events::event::tenant::TenantRejection;
use antler_events::event::upload::UploadRejection;
use antler_events::ids::IdError;
use antler_events::log::{AppendError, ReadError};
use antler_events::randomness::RandomnessError;
use antler_projections::views::port::ViewError;

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("the username is taken; choose another")]
    UsernameTaken,
    #[error("the e-mail address has an account already; log in, or use another address")]
    EmailTaken,
    #[error(transparent)]
    Tenant(#[from] TenantRejection),
    #[error(transparent)]
    Member(#[from] MemberRejection),
    #[error(transparent)]
    Key(#[from] KeyRejection),
    #[error(transparent)]
    Name(#[from] NameRejection),
    #[error(transparent)]
    Mail(#[from] MailRejection),
    #[error(transparent)]
    Search(#[from] SearchRejection),
    #[error(transparent)]
    Session(#[from] SessionRejection),
    #[error(transparent)]
    Upload(#[from] UploadRejection),
    #[error("the refresh token was used before, so the session was ended; log in again")]
    TokenReused,
    #[error("the login has been ended, by a new password or by leaving the tenant; log in again")]
    LoginRevoked,
    #[error("others changed the same account again and again; try once more")]
    Contended,
    #[error("what was written cannot be read yet; try again in some seconds")]
    ViewsBehind,
    #[error("the event log did not take the change")]
    Append(#[from] AppendError),
    #[error("the event log cannot be read")]
    Read(#[from] ReadError),
    #[error(transparent)]
    Views(#[from] ViewError),
    #[error("an event cannot be recorded")]
    Event(#[from] EventError),
    #[error("a drawn id is not one")]
    Id(#[from] IdError),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl From<MembershipRejection> for AccountError {
    fn from(rejection: MembershipRejection) -> Self {
        match rejection {
            MembershipRejection::Tenant(rejection) => rejection.into(),
            MembershipRejection::Member(rejection) => rejection.into(),
        }
    }
}
