//! Syslog over TCP and UDP: messages of RFC 3164 and RFC 5424, ended by a newline or preceded by their length.
//!
//! `frames` finds messages in a stream, `message` reads one, `tcp` serves connections; datagrams are served as those of
//! lines are.
//! Invariant: whatever a sender calls a message becomes a line, with all its text; the token in it does not.

mod frames;
mod message;
pub mod tcp;

use std::sync::Arc;

use antler_events::ids::TenantId;

use super::intake::Intake;
use super::senders::Owner;
use super::udp::{Datagrams, Split, UdpLines};
use crate::upload::pattern::syslog::Messages;

pub const PROTOCOL: &str = "syslog";

/// Whose messages those without a token are.
pub fn owner(tenant: Option<TenantId>) -> Owner {
    Owner {
        tenant,
        setting: "listeners.syslog_tenant",
        advice: "put [antler token=\"…\"] with an API key into the structured data of each message (RFC 5424)",
    }
}

/// The listener for datagrams, each of which is a message.
pub fn datagrams(intake: Arc<Intake>, tenant: Option<TenantId>) -> UdpLines {
    let mut messages = Messages::new(intake.ingest.clock.now());
    let split: Split = Box::new(move |datagram, now| message::read(datagram, &mut messages, now));
    UdpLines::new(
        intake,
        Datagrams { protocol: PROTOCOL, owner: owner(tenant), figures: |of| &of.syslog_udp },
        split,
    )
}
