//! Limits of live tails and of the sockets that carry them.
//!
//! Invariant: what waits for a socket or a filter is bounded in bytes. It does not enforce anything: tails and sockets do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// What live tails and their sockets may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveLimits {
    /// Open sockets of all tenants, those included that have not shown a credential yet.
    pub sockets_max: u32,
    /// Open sockets of one tenant.
    pub sockets_per_tenant_max: u32,
    /// Different filters that are followed for one tenant at once.
    pub filters_per_tenant_max: u32,
    /// Lines of one message.
    pub frame_lines_max: u32,
    /// Bytes of one message; a single line may be longer.
    pub frame_bytes_max: ByteSize,
    /// Messages that wait for one socket; a reader that is slower loses lines, and is told.
    pub queue_frames_max: u32,
    /// Bytes of such messages.
    pub queue_bytes_max: ByteSize,
    /// Bytes of the messages that wait for all sockets; one that waits for many counts once. When it is used up, slow
    /// readers lose lines first.
    pub waiting_bytes_max: ByteSize,
    /// Batches that wait for one filter; it reads further ones from the log.
    pub inbox_bytes_max: ByteSize,
    /// Lines that come within this time share messages.
    #[serde(with = "crate::duration")]
    pub linger: Duration,
    /// Time to show a credential.
    #[serde(with = "crate::duration")]
    pub credential_timeout: Duration,
    /// How often the credential of an open socket is looked at again.
    #[serde(with = "crate::duration")]
    pub credential_check_every: Duration,
    /// How often a socket is asked whether it is still there; one that does not answer until the next time is closed.
    #[serde(with = "crate::duration")]
    pub ping_every: Duration,
    /// Size of one message of a client.
    pub message_bytes_max: ByteSize,
    /// Messages of a client in ten seconds.
    pub messages_max: u32,
}

impl LiveLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let second = Duration::from_secs(1);
        let within = |size: ByteSize, least: ByteSize, most: ByteSize| least <= size && size <= most;
        vec![
            (self.sockets_max >= 1, "limits.live.sockets_max", "at least 1"),
            (self.sockets_per_tenant_max >= 1, "limits.live.sockets_per_tenant_max", "at least 1"),
            (self.filters_per_tenant_max >= 1, "limits.live.filters_per_tenant_max", "at least 1"),
            ((1..=10_000).contains(&self.frame_lines_max), "limits.live.frame_lines_max", "from 1 to 10000"),
            (
                within(self.frame_bytes_max, ByteSize::kib(1), ByteSize::mib(4)),
                "limits.live.frame_bytes_max",
                "from 1 KiB to 4 MiB",
            ),
            (self.queue_frames_max >= 2, "limits.live.queue_frames_max", "at least 2"),
            (
                within(self.queue_bytes_max, self.frame_bytes_max, ByteSize::mib(64)),
                "limits.live.queue_bytes_max",
                "from the value of limits.live.frame_bytes_max to 64 MiB",
            ),
            (
                self.waiting_bytes_max >= self.queue_bytes_max,
                "limits.live.waiting_bytes_max",
                "at least the value of limits.live.queue_bytes_max",
            ),
            (
                within(self.inbox_bytes_max, ByteSize::kib(64), ByteSize::mib(1 << 10)),
                "limits.live.inbox_bytes_max",
                "from 64 KiB to 1 GiB",
            ),
            (self.linger <= second, "limits.live.linger", "at most 1 s"),
            (
                self.credential_timeout >= Duration::from_millis(100),
                "limits.live.credential_timeout",
                "at least 100 ms",
            ),
            (
                Duration::from_millis(100) <= self.credential_check_every
                    && self.credential_check_every <= 50 * second,
                "limits.live.credential_check_every",
                "from 100 ms to 50 s, because who is revoked is out within a minute",
            ),
            (self.ping_every >= Duration::from_millis(100), "limits.live.ping_every", "at least 100 ms"),
            (
                within(self.message_bytes_max, ByteSize::kib(1), ByteSize::mib(1)),
                "limits.live.message_bytes_max",
                "from 1 KiB to 1 MiB",
            ),
            (self.messages_max >= 1, "limits.live.messages_max", "at least 1"),
        ]
    }
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            sockets_max: 20_000,
            sockets_per_tenant_max: 20_000,
            filters_per_tenant_max: 1_000,
            frame_lines_max: 500,
            frame_bytes_max: ByteSize::kib(64),
            queue_frames_max: 256,
            queue_bytes_max: ByteSize::mib(4),
            waiting_bytes_max: ByteSize::mib(256),
            inbox_bytes_max: ByteSize::mib(16),
            linger: Duration::from_millis(5),
            credential_timeout: Duration::from_secs(10),
            credential_check_every: Duration::from_secs(30),
            ping_every: Duration::from_secs(30),
            message_bytes_max: ByteSize::kib(64),
            messages_max: 200,
        }
    }
}
