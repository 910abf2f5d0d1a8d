//! The receipt of an erasure: what there was, what is gone, what goes later, and what stays.
//!
//! Invariant: it says no more than what was done. It names the tenant by its id and a hash of its name, and nobody else.

use antler_actors::erasure::{ErasureFacts, Notary};
use antler_events::event::tenant::{Erasure, ErasureBegun, Tenant, TenantErased};
use antler_events::ids::TenantId;
use antler_events::wire::ChainHash;
use serde::{Deserialize, Serialize};

use crate::credentials::receipt_key::{ReceiptKey, is_signed};

const KIND: &str = "antler erasure 1";

const GONE: [&str; 6] = [
    "all lines in the search index",
    "all uploaded files, and what was known of them",
    "dead letters, remembered answers and search histories; how much was sent, and when keys were used",
    "the accounts of all members, service accounts, API keys, logins, invitations, saved searches and mails in the views; \
     names and addresses can be registered again",
    "the name of the tenant and all that it had chosen",
    "the audit but for the entry with this receipt",
];
const LATER: [&str; 3] = [
    "lines in the files of the event log: each file lets go of them when it is closed and they have been in the index \
     for storage.keep_lines_for",
    "pages of the file of views that are free now, until they are written again; and, for an hour, how often was asked",
    "groups of the index that were set aside as damaged, if there are any, when the operator removes them",
];
const KEPT: [&str; 1] = [
    "the control history in the event log, with names and addresses of members, names of keys and files, and texts of \
     saved searches, because its hash chain proves this receipt; nothing that is asked of the server reads it",
];

/// What is signed, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureReceipt {
    pub kind: String,
    pub tenant: TenantId,
    /// BLAKE3 of the name, so that who knows it can tell that it was this one.
    pub name_hash: ChainHash,
    pub started: String,
    pub finished: String,
    /// When it began.
    pub counts: Counts,
    pub gone: Vec<String>,
    pub later: Vec<String>,
    pub kept: Vec<String>,
    /// Hash of the last entry of the tenant's audit before this receipt.
    pub audit_head: Option<ChainHash>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub lines: u64,
    pub bytes: u64,
    pub files: u64,
    pub members: u64,
    pub dead_letters: u64,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    #[error("it was not signed with the key that it names")]
    Signature,
    #[error("it is no receipt of an erasure")]
    Form,
    #[error("it is of tenant {tenant}")]
    Tenant { tenant: TenantId },
    #[error("the end of the audit that it names is not in the chain of the tenant")]
    Head,
}

impl Notary for ReceiptKey {
    fn sign(&self, tenant: TenantId, facts: &ErasureFacts) -> TenantErased {
        let ErasureFacts { name, begun, finished_at, head } = facts;
        let ErasureBegun { at, lines, bytes, files, members, dead_letters } = *begun;
        let sentences =
            |sentences: &[&str]| sentences.iter().map(|sentence| (*sentence).to_owned()).collect();
        let receipt = ErasureReceipt {
            kind: KIND.to_owned(),
            tenant,
            name_hash: ChainHash::of_body(name.as_bytes()),
            started: at.to_string(),
            finished: finished_at.to_string(),
            counts: Counts { lines, bytes, files, members, dead_letters },
            gone: sentences(&GONE),
            later: sentences(&LATER),
            kept: sentences(&KEPT),
            audit_head: head.map(|head| head.hash),
        };
        self.sign(serde_json::to_string(&receipt).expect("a receipt has only texts and numbers"))
    }
}

/// Whether a tenant is called so, or was before it was erased.
pub fn is_called(tenant: &Tenant, name: &str) -> bool {
    match &tenant.erasure {
        Some(Erasure::Done(erased)) => serde_json::from_str(&erased.receipt)
            .is_ok_and(|receipt: ErasureReceipt| receipt.name_hash == ChainHash::of_body(name.as_bytes())),
        _ => tenant.name.as_str() == name,
    }
}

/// The receipt of a tenant, if its signature holds. `is_in_chain` tells whether a hash is one of the tenant's history.
pub fn proved(
    tenant: TenantId,
    erased: &TenantErased,
    is_in_chain: impl Fn(&ChainHash) -> bool,
) -> Result<ErasureReceipt, ReceiptFault> {
    if !is_signed(erased) {
        return Err(ReceiptFault::Signature);
    }
    let receipt: ErasureReceipt = serde_json::from_str(&erased.receipt).map_err(|_| ReceiptFault::Form)?;
    if receipt.tenant != tenant {
        return Err(ReceiptFault::Tenant { tenant: receipt.tenant });
    }
    match receipt.audit_head.is_none_or(|head| is_in_chain(&head)) {
        true => Ok(receipt),
        false => Err(ReceiptFault::Head),
    }
}

#[cfg(test)]
mod tests {
    use antler_events::clock::Timestamp;
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn a_receipt_holds_for_its_tenant_and_its_chain() {
        let dir = tempfile::tempdir().unwrap();
        let key = ReceiptKey::open_or_create(dir.path(), &SystemRandomness).unwrap();
        let (at, tenant) = (Timestamp::from_nanos(0), TenantId::parse("acme").unwrap());
        let begun = ErasureBegun { at, lines: 7, bytes: 70, files: 1, members: 2, dead_letters: 0 };
        let facts = ErasureFacts { name: "Engines".to_owned(), begun, finished_at: at, head: None };
        let erased = Notary::sign(&key, tenant, &facts);
        let receipt = proved(tenant, &erased, |_| false).unwrap();
        assert_eq!((receipt.counts.lines, receipt.name_hash), (7, ChainHash::of_body(b"Engines")));
        assert!(!erased.receipt.contains("Engines"));
        let other = TenantId::parse("other").unwrap();
        assert_eq!(proved(other, &erased, |_| true), Err(ReceiptFault::Tenant { tenant }));
        let forged = TenantErased { receipt: erased.receipt.replace(":7,", ":8,"), ..erased };
        assert_eq!(proved(tenant, &forged, |_| true), Err(ReceiptFault::Signature));
    }
}
