//! The section `accounts`: how people come in.
//!
//! Invariant: values that pass the rules let an invitation be answered in time, and not for ever. It knows no person.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    pub registration: RegistrationMode,
    /// How long an invitation can be accepted.
    #[serde(with = "crate::duration")]
    pub invitation_lifetime: Duration,
    /// Whether people have to show that they read the mails to their address before they may do more than that.
    pub require_verified_email: bool,
    /// How long the link counts with which an address is verified.
    #[serde(with = "crate::duration")]
    pub verification_lifetime: Duration,
    /// The same of the link by which another password is chosen.
    #[serde(with = "crate::duration")]
    pub reset_lifetime: Duration,
}

/// Who may come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Whoever registers founds a tenant.
    #[default]
    Open,
    /// Nobody founds a tenant; admins invite people to theirs.
    Invite,
    /// Nobody new at all.
    Closed,
}

const HOUR: Duration = Duration::from_secs(3_600);

impl Accounts {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        vec![
            (
                (HOUR..=90 * 24 * HOUR).contains(&self.invitation_lifetime),
                "accounts.invitation_lifetime",
                "from 1 h to 90 d",
            ),
            (
                (HOUR..=30 * 24 * HOUR).contains(&self.verification_lifetime),
                "accounts.verification_lifetime",
                "from 1 h to 30 d",
            ),
            (
                (HOUR / 12..=24 * HOUR).contains(&self.reset_lifetime),
                "accounts.reset_lifetime",
                "from 5 m to 24 h",
            ),
        ]
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            registration: RegistrationMode::Open,
            invitation_lifetime: 7 * 24 * HOUR,
            require_verified_email: false,
            verification_lifetime: 3 * 24 * HOUR,
            reset_lifetime: HOUR,
        }
    }
}
