//! The end of a tenant: it is closed, what it has is erased, and a signed receipt says so.
//!
//! Invariant: an erasure that has begun is not taken back, and ends once. It erases nothing: whoever commands it does.

use super::wire::{ErasureBegunV1 as ErasureBegun, TenantErasedV1 as TenantErased};
use super::{Decision, Standing, Tenant, TenantEvent, TenantRejection, TenantRetention};
use crate::identity::DisplayName;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    Begun(ErasureBegun),
    Done(TenantErased),
}

impl Tenant {
    pub(super) fn decide_erasure(&self, begun: ErasureBegun) -> Decision {
        if self.erasure.is_some() {
            return Ok(vec![]);
        }
        let closed = (self.standing != Standing::Closed).then_some(TenantEvent::Closed);
        Ok(closed.into_iter().chain([TenantEvent::ErasureBegun(begun)]).collect())
    }

    pub(super) fn decide_end_of_erasure(&self, erased: TenantErased) -> Decision {
        match self.erasure {
            Some(Erasure::Begun(_)) => Ok(vec![TenantEvent::Erased(erased)]),
            Some(Erasure::Done(_)) => Ok(vec![]),
            None => Err(TenantRejection::NotErasing),
        }
    }

    /// Nothing is left that anybody wrote but the receipt; the history alone has more.
    pub(super) fn erased(&mut self, erased: &TenantErased) {
        self.name = DisplayName::forgotten();
        self.retention = TenantRetention::default();
        self.members.clear();
        self.machines.clear();
        self.erasure = Some(Erasure::Done(erased.clone()));
    }
}
