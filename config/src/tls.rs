//! The section `tls`: where the certificate is, and what is encrypted with it.
//!
//! Invariant: certificate and key are set together or not at all. It reads neither: the gateway does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Rule;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A file of PEM: the certificate of the server first, then those that lead to a known one. Empty: nothing is encrypted.
    pub certificate: PathBuf,
    /// A file of PEM.
    pub key: PathBuf,
    /// Lines over TCP are encrypted as well.
    pub tcp: bool,
}

impl Tls {
    pub fn is_set(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }

    pub(crate) fn rules(&self) -> Vec<Rule> {
        let has_key = !self.key.as_os_str().is_empty();
        vec![
            (has_key || !self.is_set(), "tls.key", "the file of the key, because tls.certificate is set"),
            (
                self.is_set() || !has_key,
                "tls.certificate",
                "the file of the certificate, because tls.key is set",
            ),
            (self.is_set() || !self.tcp, "tls.tcp", "false, as long as tls.certificate is not set"),
        ]
    }
}
