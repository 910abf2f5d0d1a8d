//! The section `server`: what stands between it and browsers, and which of them may ask.
//!
//! Invariant: by default no header of anybody says where a request comes from, and no other site's page may ask. It opens
//! nothing.

use serde::{Deserialize, Serialize};

use crate::base_path::BasePath;
use crate::list::List;
use crate::network::Network;
use crate::public_url::PublicUrl;
use crate::web_origin::WebOrigin;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where proxies ask from whose word about their client counts.
    pub trusted_proxies: List<Network>,
    /// The header by which they tell it.
    pub proxy_header: ProxyHeader,
    /// Other sites whose pages may ask, and open sockets.
    pub cors_origins: List<WebOrigin>,
    /// Where people reach the server, for links that they get.
    pub public_url: PublicUrl,
    /// What all addresses begin with.
    pub base_path: BasePath,
}

/// Only one counts: proxies hand on what they do not know, so a client could write the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    #[default]
    XForwardedFor,
    Forwarded,
    XRealIp,
}
