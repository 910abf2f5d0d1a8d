//! Readers' claims: truncation does not pass the lowest of them.
//!
//! Invariant: a claim counts from when it is made until it is dropped, and never goes back. It truncates nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::Hold;
use crate::ids::Offset;

/// The claims on one partition.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<Claims>);

#[derive(Debug, Default)]
struct Claims {
    positions: BTreeMap<u64, Offset>,
    made: u64,
}

impl Holds {
    pub(super) fn hold(self: &Arc<Self>, from: Offset) -> Box<dyn Hold> {
        let mut claims = self.claims();
        claims.made += 1;
        let number = claims.made;
        claims.positions.insert(number, from);
        Box::new(Held { holds: Arc::clone(self), number })
    }

    /// Nothing at or above this may go.
    pub(super) fn lowest(&self) -> Offset {
        self.claims().positions.values().min().copied().unwrap_or(Offset::MAX)
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.0.lock().expect("nothing panics while it holds the claims")
    }
}

#[derive(Debug)]
struct Held {
    holds: Arc<Holds>,
    number: u64,
}

impl Hold for Held {
    fn advance(&self, position: Offset) {
        if let Some(held) = self.holds.claims().positions.get_mut(&self.number) {
            *held = (*held).max(position);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.holds.claims().positions.remove(&self.number);
    }
}
