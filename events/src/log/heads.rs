//! What the events of a partition leave behind: the last hash of each chain, and the last event of each control subject.
//!
//! Every adapter needs both to append, and keeps them in a form of its own file; the lists below are that form.
//! It does not say where they are kept.

use std::collections::BTreeMap;

use crate::ids::{Offset, TenantId};
use crate::subject::Subject;
use crate::wire::ChainHash;
use crate::wire::chain::ChainId;

/// The last hash of each chain.
pub(super) type Chains = BTreeMap<ChainId, ChainHash>;
/// The last event of each control subject.
pub(super) type LastOf = BTreeMap<Subject, Offset>;

pub(super) type StoredChains = Vec<(TenantId, bool, ChainHash)>;
pub(super) type StoredLastOf = Vec<(String, Offset)>;

pub(super) fn store_chains(chains: &Chains) -> StoredChains {
    chains.iter().map(|(id, hash)| (id.tenant, id.control, *hash)).collect()
}

pub(super) fn restore_chains(stored: StoredChains) -> Chains {
    stored.into_iter().map(|(tenant, control, hash)| (ChainId { tenant, control }, hash)).collect()
}

pub(super) fn store_last_of(last_of: &LastOf) -> StoredLastOf {
    last_of.iter().map(|(subject, offset)| (subject.to_string(), *offset)).collect()
}

/// `None` if a subject is none that this version knows.
pub(super) fn restore_last_of(stored: StoredLastOf) -> Option<LastOf> {
    stored.into_iter().map(|(text, offset)| Some((text.parse().ok()?, offset))).collect()
}
