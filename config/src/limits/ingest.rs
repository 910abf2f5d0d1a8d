//! What lines may cost on their way in.
//!
//! Invariant: whatever holds bytes of a sender, before they are on stable storage and behind it, has a bound here.
//! It does not count them: the listeners and the shards do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// What lines may cost on their way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestLimits {
    /// Size of one body, also after it was inflated.
    pub body_bytes_max: ByteSize,
    /// A compressed body may become so many times larger.
    pub inflation_max: u32,
    /// Bodies that are being received, all together.
    pub bodies_bytes_max: ByteSize,
    /// Time to send a body.
    #[serde(with = "crate::duration")]
    pub body_timeout: Duration,
    /// Lines of one tenant, with what was read from them, on their way to log and index.
    pub tenant_bytes_max: ByteSize,
    /// The same for all tenants.
    pub bytes_max: ByteSize,
    /// Lines that are being written at once; beyond that tenants take turns.
    pub writing_bytes_max: ByteSize,
    /// Batches of one partition that wait for a projection; it reads further ones from the log.
    pub handover_bytes_max: ByteSize,
    /// Open TCP connections for lines; further ones wait to be accepted.
    pub connections_max: u32,
    /// Time without a byte on a TCP connection.
    #[serde(with = "crate::duration")]
    pub idle_timeout: Duration,
    /// The same for syslog.
    #[serde(with = "crate::duration")]
    pub syslog_idle_timeout: Duration,
    /// Time to send the token, if one is needed.
    #[serde(with = "crate::duration")]
    pub token_timeout: Duration,
    /// Lines are gathered for so long, or to so many bytes, and then written together.
    #[serde(with = "crate::duration")]
    pub gather_for: Duration,
    pub gather_bytes: ByteSize,
}

impl IngestLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let within = |size: ByteSize, least: ByteSize, most: ByteSize| least <= size && size <= most;
        let within_time = |time: Duration, least: Duration, most: Duration| least <= time && time <= most;
        vec![
            (
                within(self.body_bytes_max, ByteSize::kib(64), ByteSize::mib(48)),
                "limits.ingest.body_bytes_max",
                "from 64 KiB to 48 MiB, because the lines of a body are recorded together",
            ),
            (self.inflation_max >= 2, "limits.ingest.inflation_max", "at least 2"),
            (
                within(self.bodies_bytes_max, self.body_bytes_max, ByteSize::mib(64 << 10)),
                "limits.ingest.bodies_bytes_max",
                "from the value of limits.ingest.body_bytes_max to 64 GiB",
            ),
            (
                Duration::from_millis(100) <= self.body_timeout
                    && self.body_timeout <= Duration::from_secs(3_600),
                "limits.ingest.body_timeout",
                "from 100 ms to 1 h",
            ),
            (
                within(self.tenant_bytes_max, ByteSize::mib(1), self.bytes_max),
                "limits.ingest.tenant_bytes_max",
                "from 1 MiB to the value of limits.ingest.bytes_max",
            ),
            (self.bytes_max <= ByteSize::mib((4 << 10) - 1), "limits.ingest.bytes_max", "less than 4 GiB"),
            (
                within(self.writing_bytes_max, ByteSize::kib(64), ByteSize::mib(4 << 10)),
                "limits.ingest.writing_bytes_max",
                "from 64 KiB to 4 GiB",
            ),
            (
                self.handover_bytes_max <= self.bytes_max,
                "limits.ingest.handover_bytes_max",
                "at most the value of limits.ingest.bytes_max",
            ),
            (self.connections_max >= 1, "limits.ingest.connections_max", "at least 1"),
            (
                within_time(self.idle_timeout, Duration::from_millis(100), Duration::from_secs(86_400)),
                "limits.ingest.idle_timeout",
                "from 100 ms to 1 d",
            ),
            (
                within_time(
                    self.syslog_idle_timeout,
                    Duration::from_millis(100),
                    Duration::from_secs(86_400),
                ),
                "limits.ingest.syslog_idle_timeout",
                "from 100 ms to 1 d",
            ),
            (
                within_time(self.token_timeout, Duration::from_millis(100), Duration::from_secs(3_600)),
                "limits.ingest.token_timeout",
                "from 100 ms to 1 h",
            ),
            (
                within_time(self.gather_for, Duration::ZERO, Duration::from_secs(1)),
                "limits.ingest.gather_for",
                "at most 1 s",
            ),
            (
                within(self.gather_bytes, ByteSize::kib(4), ByteSize::mib(4)),
                "limits.ingest.gather_bytes",
                "from 4 KiB to 4 MiB",
            ),
        ]
    }
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self {
            body_bytes_max: ByteSize::mib(32),
            inflation_max: 200,
            bodies_bytes_max: ByteSize::mib(256),
            body_timeout: Duration::from_secs(60),
            tenant_bytes_max: ByteSize::mib(192),
            bytes_max: ByteSize::mib(512),
            writing_bytes_max: ByteSize::mib(16),
            handover_bytes_max: ByteSize::mib(64),
            connections_max: 1_000,
            idle_timeout: Duration::from_secs(600),
            syslog_idle_timeout: Duration::from_secs(86_400),
            token_timeout: Duration::from_secs(30),
            gather_for: Duration::from_millis(5),
            gather_bytes: ByteSize::mib(1),
        }
    }
}
