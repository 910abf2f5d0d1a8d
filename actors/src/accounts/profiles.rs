//! Changing a profile.
//!
//! Invariant: a change is made on the profile that its maker saw, or not at all. It checks no field: whoever parsed it has.

use antler_events::event::Cause;
use antler_events::event::member::{self, MemberCommand, Profile};
use antler_events::ids::{TenantId, UserId};

use super::aggregate::Members;
use super::{AccountError, Accounts};

impl Accounts {
    pub async fn change_profile(
        &self,
        tenant: TenantId,
        user: UserId,
        was: Profile,
        profile: Profile,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let (was, profile) = (Box::new(was), Box::new(profile));
        let command = MemberCommand::ChangeProfile { was, profile };
        let decide = |state: &_| member::decide(state, command.clone());
        self.execute::<Members>(tenant, user, cause, decide).await?;
        Ok(())
    }
}
