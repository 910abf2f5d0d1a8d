//! Service accounts: adding, changing and removing them.
//!
//! Invariant: who is removed or disabled has no role from then on, so its keys count no more. It makes no keys.

use antler_events::event::Cause;
use antler_events::event::tenant::{self, MachineCommand, TenantCommand};
use antler_events::ids::{TenantId, UserId};

use super::aggregate::Tenants;
use super::{AccountError, Accounts};

impl Accounts {
    pub fn new_machine_id(&self) -> Result<UserId, AccountError> {
        Ok(UserId::parse(&self.draw()?)?)
    }

    pub async fn command_machine(
        &self,
        tenant: TenantId,
        user: UserId,
        command: MachineCommand,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        let command = TenantCommand::Machine { user, command };
        let decide = |state: &_| tenant::decide(state, command.clone());
        self.execute::<Tenants>(tenant, (), cause, decide).await?;
        Ok(())
    }
}
