//! Byte credits: what may be under way, for each tenant and for the whole program.
//!
//! A mailbox takes any number of messages, so whoever sends one on the way of data takes credits before, and they
//! travel with the data until it is written and passed on.
//! Invariant: the bytes under way never exceed the bounds; a credit comes back exactly once, when it is dropped.
//! Nobody waits here: who finds no credit is told so.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A bounded number of bytes.
#[derive(Debug, Clone)]
pub struct Purse {
    left: Arc<Semaphore>,
    bytes_max: u32,
}

/// Bytes that may be under way until this is dropped.
#[derive(Debug)]
pub struct Credit {
    _of_tenant: OwnedSemaphorePermit,
    _of_program: OwnedSemaphorePermit,
}

/// Whose bound was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Tenant,
    Program,
}

/// Why there is no credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCredit {
    /// Come again: others are under way.
    Spent { whose: Whose, bytes_max: u32 },
    /// It would never fit.
    TooLarge { bytes: usize, bytes_max: u32 },
}

impl Purse {
    pub fn new(bytes_max: u32) -> Self {
        Self { left: Arc::new(Semaphore::new(bytes_max as usize)), bytes_max }
    }

    pub fn bytes_max(&self) -> u32 {
        self.bytes_max
    }

    /// Bytes that are under way now.
    pub fn bytes_held(&self) -> u64 {
        u64::from(self.bytes_max).saturating_sub(self.left.available_permits() as u64)
    }

    fn take(&self, bytes: u32, whose: Whose) -> Result<OwnedSemaphorePermit, NoCredit> {
        let taken = Arc::clone(&self.left).try_acquire_many_owned(bytes);
        taken.map_err(|_| NoCredit::Spent { whose, bytes_max: self.bytes_max })
    }
}

/// Takes credit from the tenant first, so that one that floods meets its own bound.
pub fn take(of_tenant: &Purse, of_program: &Purse, bytes: usize) -> Result<Credit, NoCredit> {
    let bytes_max = of_tenant.bytes_max.min(of_program.bytes_max);
    let fitting = u32::try_from(bytes).ok().filter(|bytes| *bytes <= bytes_max);
    let bytes = fitting.ok_or(NoCredit::TooLarge { bytes, bytes_max })?;
    let tenant = of_tenant.take(bytes, Whose::Tenant)?;
    Ok(Credit { _of_tenant: tenant, _of_program: of_program.take(bytes, Whose::Program)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_come_back_when_they_are_dropped() {
        let (tenant, program) = (Purse::new(100), Purse::new(150));
        let first = take(&tenant, &program, 60).unwrap();
        let spent = NoCredit::Spent { whose: Whose::Tenant, bytes_max: 100 };
        assert_eq!(take(&tenant, &program, 60).unwrap_err(), spent);
        assert_eq!((tenant.bytes_held(), program.bytes_held()), (60, 60));
        drop(first);
        assert!(take(&tenant, &program, 100).is_ok());
        assert_eq!((tenant.bytes_held(), program.bytes_held()), (0, 0));
    }

    #[test]
    fn the_program_is_bounded_too_and_what_failed_costs_nobody() {
        let (one, other, program) = (Purse::new(100), Purse::new(100), Purse::new(150));
        let _held = take(&one, &program, 100).unwrap();
        let spent = NoCredit::Spent { whose: Whose::Program, bytes_max: 150 };
        assert_eq!(take(&other, &program, 100).unwrap_err(), spent);
        assert_eq!(other.bytes_held(), 0);
        let large = NoCredit::TooLarge { bytes: 101, bytes_max: 100 };
        assert_eq!(take(&other, &program, 101).unwrap_err(), large);
    }
}
