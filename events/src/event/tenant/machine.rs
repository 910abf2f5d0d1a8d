//! Service accounts of a tenant: members that are programs, with a role and keys and no login.
//!
//! Invariants: a machine is never the administrator that a tenant has to have, and takes no seat of a person; a disabled one
//! has no role. It has neither address nor password, so nobody logs in as one.

use super::{Decision, MachineAdded, MachineChanged, MachineRemoved, Tenant, TenantEvent, TenantRejection};
use crate::access::Role;
use crate::identity::DisplayName;
use crate::ids::UserId;

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub name: DisplayName,
    pub role: Role,
    pub disabled: bool,
}

/// What may be wanted of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineCommand {
    Add {
        name: DisplayName,
        role: Role,
        /// So many of them a tenant may have.
        machines_max: usize,
    },
    /// Sets all of these.
    Change(Machine),
    Remove,
}

impl Tenant {
    pub(super) fn decide_machine(&self, user: UserId, command: MachineCommand) -> Decision {
        let known = self.machines.get(&user);
        match (known, command) {
            (_, MachineCommand::Add { role: Role::Superadmin, .. })
            | (_, MachineCommand::Change(Machine { role: Role::Superadmin, .. })) => {
                Err(TenantRejection::SuperadminReserved)
            }
            (_, MachineCommand::Add { machines_max, .. }) if self.machines.len() >= machines_max => {
                Err(TenantRejection::TooManyMachines { machines_max })
            }
            (_, MachineCommand::Add { name, role, .. }) => {
                self.check_active()?;
                self.check_machine_name(user, &name)?;
                Ok(vec![TenantEvent::MachineAdded(MachineAdded { user, name, role })])
            }
            (None, _) => Err(TenantRejection::NoMachine { user }),
            (Some(known), MachineCommand::Change(changed)) if *known == changed => Ok(vec![]),
            (Some(_), MachineCommand::Change(Machine { name, role, disabled })) => {
                self.check_machine_name(user, &name)?;
                Ok(vec![TenantEvent::MachineChanged(MachineChanged { user, name, role, disabled })])
            }
            (Some(_), MachineCommand::Remove) => {
                Ok(vec![TenantEvent::MachineRemoved(MachineRemoved { user })])
            }
        }
    }

    pub(super) fn evolve_machine(&mut self, event: &TenantEvent) {
        match event {
            TenantEvent::MachineAdded(MachineAdded { user, name, role }) => {
                let machine = Machine { name: name.clone(), role: *role, disabled: false };
                self.machines.insert(*user, machine);
            }
            TenantEvent::MachineChanged(MachineChanged { user, name, role, disabled }) => {
                let machine = Machine { name: name.clone(), role: *role, disabled: *disabled };
                self.machines.insert(*user, machine);
            }
            TenantEvent::MachineRemoved(MachineRemoved { user }) => {
                self.machines.remove(user);
            }
            _ => {}
        }
    }

    /// Two of one name are told apart by nobody.
    fn check_machine_name(&self, user: UserId, name: &DisplayName) -> Result<(), TenantRejection> {
        let is_other = |(id, machine): (&UserId, &Machine)| *id != user && machine.name == *name;
        match self.machines.iter().any(is_other) {
            true => Err(TenantRejection::MachineNameTaken { name: name.clone() }),
            false => Ok(()),
        }
    }
}
