//! Every limit of the program in one file.
//!
//! Invariant: nothing that comes from outside is read, kept or looped over without one of these.
//! It does not enforce them: the code that owns the resource does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

pub use self::archives::ArchiveLimits;
pub use self::ingest::IngestLimits;
pub use self::live::LiveLimits;
pub use self::rates::RateLimits;
pub use self::searches::SearchesLimits;
pub use self::upload::UploadLimits;

mod archives;
mod ingest;
mod live;
mod rates;
mod searches;
mod upload;

/// Largest configuration file that is read.
pub const CONFIG_FILE_BYTES_MAX: u64 = 1 << 20;
/// Of a file that holds a secret.
pub const SECRET_FILE_BYTES_MAX: u64 = 64 << 10;

/// The section `limits`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub http: HttpLimits,
    pub rates: RateLimits,
    pub ingest: IngestLimits,
    pub search: SearchLimits,
    pub searches: SearchesLimits,
    pub live: LiveLimits,
    pub upload: UploadLimits,
    pub archives: ArchiveLimits,
}

/// What HTTP connections may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpLimits {
    /// Open connections; further ones wait to be accepted.
    pub connections_max: u32,
    /// Time to send the head of a request.
    #[serde(with = "crate::duration")]
    pub header_timeout: Duration,
    /// Size of the head of a request.
    pub header_bytes_max: ByteSize,
    /// Time that open requests get at a stop.
    #[serde(with = "crate::duration")]
    pub drain_timeout: Duration,
}

impl HttpLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        vec![
            (self.connections_max >= 1, "limits.http.connections_max", "at least 1"),
            (
                Duration::from_millis(100) <= self.header_timeout
                    && self.header_timeout <= Duration::from_secs(3_600),
                "limits.http.header_timeout",
                "from 100 ms to 1 h",
            ),
            (
                ByteSize::kib(8) <= self.header_bytes_max && self.header_bytes_max <= ByteSize::mib(1),
                "limits.http.header_bytes_max",
                "from 8 KiB to 1 MiB",
            ),
            (
                self.drain_timeout <= Duration::from_secs(8),
                "limits.http.drain_timeout",
                "at most 8 s, because the program stops within 10 s",
            ),
        ]
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            header_timeout: Duration::from_secs(10),
            header_bytes_max: ByteSize::kib(64),
            drain_timeout: Duration::from_secs(5),
        }
    }
}

/// What one question about lines may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchLimits {
    /// Time of a question; what was found until then is answered. An export has it for each of its pages.
    #[serde(with = "crate::duration")]
    pub time_max: Duration,
    /// Memory of what is gathered for one answer.
    pub memory_bytes_max: ByteSize,
    /// Size of the body of a question.
    pub body_bytes_max: ByteSize,
    /// Lines before a page that is asked for by its number; further ones are reached by cursor.
    pub skipped_lines_max: u32,
    /// A question that takes longer is noted.
    #[serde(with = "crate::duration")]
    pub slow_after: Duration,
    /// So many of those are kept for operators, in memory.
    pub slow_kept_max: u32,
}

impl SearchLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        vec![
            (
                Duration::from_millis(10) <= self.time_max && self.time_max <= Duration::from_secs(600),
                "limits.search.time_max",
                "from 10 ms to 10 m",
            ),
            (
                ByteSize::mib(1) <= self.memory_bytes_max && self.memory_bytes_max <= ByteSize::mib(16 << 10),
                "limits.search.memory_bytes_max",
                "from 1 MiB to 16 GiB",
            ),
            (
                ByteSize::kib(1) <= self.body_bytes_max && self.body_bytes_max <= ByteSize::mib(16),
                "limits.search.body_bytes_max",
                "from 1 KiB to 16 MiB",
            ),
            (self.skipped_lines_max <= 1_000_000, "limits.search.skipped_lines_max", "at most 1000000"),
            (
                Duration::from_millis(1) <= self.slow_after && self.slow_after <= Duration::from_secs(600),
                "limits.search.slow_after",
                "from 1 ms to 10 m",
            ),
            (self.slow_kept_max <= 10_000, "limits.search.slow_kept_max", "at most 10000"),
        ]
    }
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self {
            time_max: Duration::from_secs(10),
            memory_bytes_max: ByteSize::mib(64),
            body_bytes_max: ByteSize::kib(256),
            skipped_lines_max: 100_000,
            slow_after: Duration::from_secs(1),
            slow_kept_max: 200,
        }
    }
}

/// What one log line, and one batch of lines, may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineLimits {
    /// Longest line in bytes; a longer one is refused.
    pub line_bytes_max: u32,
    /// Deepest nesting of objects and arrays; a deeper line is refused.
    pub depth_max: u16,
    /// Fields of one line that are indexed; further ones stay in the raw line only.
    pub fields_per_line_max: u16,
    /// Different field names in one batch; further ones stay in the raw line only.
    pub names_per_batch_max: u16,
    /// Longest dotted field name in bytes; a longer one stays in the raw line only.
    pub name_bytes_max: u16,
    /// Longest number in bytes; a line with a longer one is refused.
    pub number_bytes_max: u16,
    /// Lines in one batch. Each costs up to 256 bytes beyond its own length.
    pub lines_per_batch_max: u32,
}

impl LineLimits {
    /// The same for lines that were taken before: none is refused for its length, nor a batch for their count.
    #[must_use]
    pub fn for_lines_taken_before(self) -> Self {
        Self { line_bytes_max: u32::MAX, lines_per_batch_max: u32::MAX, ..self }
    }
}

impl Default for LineLimits {
    fn default() -> Self {
        Self {
            line_bytes_max: 1 << 20,
            depth_max: 64,
            fields_per_line_max: 1_000,
            names_per_batch_max: 8_192,
            name_bytes_max: 512,
            number_bytes_max: 400,
            lines_per_batch_max: 131_072,
        }
    }
}

/// What the text of one query may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryLimits {
    /// Longest text of a query in bytes; a longer one is refused unread.
    pub text_bytes_max: u32,
    /// Deepest nesting of groups; a deeper query is refused.
    pub depth_max: u16,
    /// Conditions of one query.
    pub clauses_max: u32,
    /// Longest name of a field in bytes, with those of the groups around it.
    pub name_bytes_max: u16,
    /// Longest wildcard in bytes.
    pub wildcard_bytes_max: u16,
    /// Longest regex in bytes.
    pub regex_bytes_max: u16,
    /// Bytes and ranges of characters of all regexes of a query, with their repetitions written out.
    pub regex_parts_max: u32,
    /// What a regex may take in memory once it is compiled.
    pub regex_compiled_bytes_max: u32,
    /// Regexes of one query.
    pub regexes_max: u16,
    /// Pipes of one query.
    pub pipes_max: u16,
    /// Diagnostics of one query that are kept.
    pub diagnostics_max: u16,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            text_bytes_max: 64 << 10,
            depth_max: 32,
            clauses_max: 1_000,
            name_bytes_max: 512,
            wildcard_bytes_max: 1_024,
            regex_bytes_max: 2_048,
            regex_parts_max: 50_000,
            regex_compiled_bytes_max: 2 << 20,
            regexes_max: 16,
            pipes_max: 32,
            diagnostics_max: 50,
        }
    }
}

/// What a tenant, its members and its keys may be called, and how many there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountLimits {
    /// Longest e-mail address in bytes; RFC 5321 leaves room for no more than 254.
    pub email_bytes_max: u16,
    /// Longest user name in bytes.
    pub username_bytes_max: u16,
    /// Longest name that people read in bytes: of a tenant, of a key, of a reason.
    pub display_name_bytes_max: u16,
    /// Longest password hash in bytes, with its parameters and salt.
    pub password_hash_bytes_max: u16,
    /// Longest stream pattern in bytes.
    pub stream_pattern_bytes_max: u16,
    /// Stream patterns of one API key.
    pub streams_per_key_max: u16,
    /// Streams of one tenant whose lines are kept for a time of their own.
    pub retained_streams_max: u16,
    /// Longest text in which somebody tells of itself, in bytes.
    pub prose_bytes_max: u16,
    /// Longest address of a picture in bytes.
    pub web_address_bytes_max: u16,
    /// Entries that somebody keeps in its profile under names of its own.
    pub profile_entries_max: u16,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            email_bytes_max: 254,
            username_bytes_max: 150,
            display_name_bytes_max: 200,
            password_hash_bytes_max: 256,
            stream_pattern_bytes_max: 128,
            streams_per_key_max: 100,
            retained_streams_max: 100,
            prose_bytes_max: 2_000,
            web_address_bytes_max: 2_048,
            profile_entries_max: 50,
        }
    }
}

/// What the pipes of one query may hold in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipeLimits {
    /// Groups of one `stats`, `top`, `rare`, `uniq` or `patterns`; lines of further groups are not counted.
    pub groups_max: u32,
    /// Bytes of one such step; beyond it, percentiles and distinct counts are estimated, then no group is added.
    pub group_bytes_max: u64,
    /// Rows that a `sort` holds or an answer has.
    pub rows_max: u32,
    /// Bytes of such rows.
    pub row_bytes_max: u64,
    /// Different values from which a percentile is exact.
    pub percentile_values_max: u32,
    /// Different values up to which a distinct count is exact.
    pub distinct_values_max: u32,
    /// Size of a compiled expression of `extract`.
    pub regex_bytes_max: u32,
}

impl Default for PipeLimits {
    fn default() -> Self {
        Self {
            groups_max: 100_000,
            group_bytes_max: 256 << 20,
            rows_max: 10_000,
            row_bytes_max: 64 << 20,
            percentile_values_max: 100_000,
            distinct_values_max: 1_000_000,
            regex_bytes_max: 1 << 20,
        }
    }
}

/// How often somebody may try to log in, and what credentials may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialLimits {
    /// Failed logins to one account from one address within `login_window`.
    pub logins_per_account_and_address_max: u32,
    /// Failed logins to one account within `login_window`, from wherever.
    pub logins_per_account_max: u32,
    /// Failed logins from one address within `login_window`, to whatever account.
    pub logins_per_address_max: u32,
    #[serde(with = "crate::duration")]
    pub login_window: Duration,
    /// Mails to one account that anybody asks for within `mail_window`.
    pub mails_per_account_max: u32,
    /// The same from one address, to whatever account.
    pub mails_per_address_max: u32,
    #[serde(with = "crate::duration")]
    pub mail_window: Duration,
    /// Longest password in bytes.
    pub password_bytes_max: u32,
    /// Longest body of a request about accounts.
    pub body_bytes_max: u32,
    /// API keys of one tenant that are not revoked.
    pub keys_per_tenant_max: u32,
    /// Service accounts of one tenant.
    pub machines_per_tenant_max: u32,
    /// Accounts whose failed logins are counted at once for the audit; it hears of each this often at most.
    pub failing_accounts_max: u32,
    #[serde(with = "crate::duration")]
    pub failed_logins_told_every: Duration,
}

impl Default for CredentialLimits {
    fn default() -> Self {
        Self {
            logins_per_account_and_address_max: 10,
            logins_per_account_max: 100,
            logins_per_address_max: 1_000,
            login_window: Duration::from_secs(900),
            mails_per_account_max: 5,
            mails_per_address_max: 50,
            mail_window: Duration::from_secs(3_600),
            password_bytes_max: 1_024,
            body_bytes_max: 64 << 10,
            keys_per_tenant_max: 1_000,
            machines_per_tenant_max: 200,
            failing_accounts_max: 10_000,
            failed_logins_told_every: Duration::from_secs(60),
        }
    }
}
