//! `antler send`: sends the lines of a file, or of standard input, to a running server.
//!
//! Invariant: a batch is sent until it is answered for, always with the same key, so that none is stored twice; what is
//! told at the end is what the server said. Memory is that of a batch. It does not look into lines: the server does.

mod batches;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use antler_events::randomness::{Randomness as _, SystemRandomness};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderName, Method};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use self::batches::Batches;
use super::line_text::plain;
use super::remote::client::{Client, ClientError, Question};
use super::remote::refusal::Refusal;
use super::remote::{self, RemoteError, RemoteFlags};
use super::{CommandError, Outcome, SettingFlags};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// A batch that cannot be sent so often is given up.
const ATTEMPTS_MAX: u32 = 12;
/// The wait before the second attempt; it doubles each time.
const WAIT_FIRST: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// So many lines that were rejected are shown.
const SHOWN_MAX: usize = 20;

#[derive(Debug, Args)]
pub(super) struct SendFlags {
    /// NDJSON or plain text, a line each; - is standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// What the lines are; found out by the first one otherwise
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    kind: Kind,
    /// The service of lines that name none
    #[arg(long)]
    service: Option<String>,
    /// The source of lines that name none
    #[arg(long)]
    source: Option<String>,
    /// Sends bodies as they are, without gzip
    #[arg(long)]
    no_compression: bool,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Auto,
    Ndjson,
    Text,
}

/// Why lines were not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCommandError {
    #[error("{} cannot be read", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("no key for the batches can be drawn")]
    Randomness(#[from] antler_events::randomness::RandomnessError),
    #[error("{sent} lines were stored before this; those from line {line} on were not sent: {source}")]
    Stopped { sent: u64, line: u64, source: Box<RemoteError> },
}

/// What became of the lines.
#[derive(Debug, Default)]
struct Summary {
    accepted: u64,
    rejected: u64,
    shown: Vec<String>,
}

/// What the server says of a batch.
#[derive(Debug, Deserialize)]
struct Verdict {
    accepted: u64,
    rejected: u64,
    #[serde(default)]
    errors: Vec<RejectedLine>,
}

#[derive(Debug, Deserialize)]
struct RejectedLine {
    line: u64,
    message: String,
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &SendFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let mut client = flags.remote.client(settings)?;
    let input = flags.open()?;
    let summary = remote::run(flags.send(&mut client, Batches::new(input)))?;
    for shown in &summary.shown {
        writeln!(out, "{shown}")?;
    }
    writeln!(out, "{} accepted, {} rejected", summary.accepted, summary.rejected)?;
    Ok(if summary.rejected == 0 { Outcome::Done } else { Outcome::FoundProblem })
}

impl SendFlags {
    fn open(&self) -> Result<Box<dyn Read>, SendCommandError> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(io::stdin().lock()));
        }
        File::open(&self.file)
            .map(|file| Box::new(file) as Box<dyn Read>)
            .map_err(|source| self.unread(source))
    }

    fn unread(&self, source: io::Error) -> SendCommandError {
        SendCommandError::Read { file: self.file.clone(), source }
    }

    async fn send(&self, client: &mut Client, mut batches: Batches) -> Result<Summary, CommandError> {
        let mut summary = Summary::default();
        let mut kind = self.kind;
        let run = run_key().map_err(SendCommandError::Randomness)?;
        while let Some(batch) = batches.next().map_err(|source| self.unread(source))? {
            if kind == Kind::Auto {
                kind = kind_of(&batch.bytes);
            }
            let question = self.question(kind, &batch.bytes, &format!("{run}-{}", batch.first_line))?;
            let stopped = |source| SendCommandError::Stopped {
                sent: summary.accepted,
                line: batch.first_line,
                source: Box::new(source),
            };
            let verdict = deliver(client, &question, batch.lines).await.map_err(stopped)?;
            summary.add(&verdict, batch.first_line);
        }
        Ok(summary)
    }

    fn question(&self, kind: Kind, bytes: &Bytes, key: &str) -> Result<Question, CommandError> {
        let content_type = if kind == Kind::Text { "text/plain" } else { "application/x-ndjson" };
        let mut headers = vec![(CONTENT_TYPE, content_type.to_owned()), (IDEMPOTENCY_KEY, key.to_owned())];
        let body = match self.no_compression {
            true => bytes.clone(),
            false => {
                headers.push((CONTENT_ENCODING, "gzip".to_owned()));
                gzip(bytes).map_err(CommandError::Output)?
            }
        };
        let given = [("service", &self.service), ("source", &self.source)];
        let given: Vec<_> =
            given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        Ok(Question { method: Method::POST, headers, body, ..Question::get("/api/logs/bulk/", &given) })
    }
}

/// Sends one batch until it is answered for.
async fn deliver(client: &mut Client, question: &Question, lines: u64) -> Result<Verdict, RemoteError> {
    let mut wait = WAIT_FIRST;
    for attempt in 1.. {
        let (error, after) = match client.ask(question).await {
            Ok(answer) if answer.status.is_success() => {
                let strange = |error: serde_json::Error| RemoteError::Strange {
                    server: client.server().to_string(),
                    reason: error.to_string(),
                };
                return serde_json::from_slice(&answer.body).map_err(strange);
            }
            Ok(answer) => {
                let refusal = Refusal::of(&answer);
                if refusal.is_unreadable_lines() {
                    return Ok(Verdict::none_of(lines, &refusal));
                }
                if !refusal.is_passing() {
                    return Err(refusal.into());
                }
                let after = refusal.retry_after();
                (refusal.into(), after)
            }
            Err(
                error @ (ClientError::Broken { .. } | ClientError::Slow { .. } | ClientError::Connect { .. }),
            ) => (error.into(), None),
            Err(error) => return Err(error.into()),
        };
        // Whoever was never there is not waited for.
        let is_absent =
            matches!(error, RemoteError::Client(ClientError::Connect { .. })) && !client.was_connected();
        if attempt >= ATTEMPTS_MAX || is_absent {
            return Err(error);
        }
        tokio::time::sleep(after.unwrap_or(wait).min(WAIT_MAX)).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
    unreachable!("attempts end with an answer or an error")
}

impl Verdict {
    /// The server takes none of the lines, and says so for all of them together.
    fn none_of(lines: u64, refusal: &Refusal) -> Self {
        let first = RejectedLine { line: 1, message: refusal.to_string() };
        Self { accepted: 0, rejected: lines, errors: vec![first] }
    }
}

impl Summary {
    /// `first_line`: where the batch begins in the file.
    fn add(&mut self, verdict: &Verdict, first_line: u64) {
        self.accepted += verdict.accepted;
        self.rejected += verdict.rejected;
        let room = SHOWN_MAX.saturating_sub(self.shown.len());
        let shown = verdict.errors.iter().take(room);
        self.shown.extend(shown.map(|error| {
            format!("line {}: {}", first_line + error.line.saturating_sub(1), plain(&error.message))
        }));
    }
}

/// Objects are NDJSON; everything else is text.
fn kind_of(bytes: &[u8]) -> Kind {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Kind::Ndjson,
        _ => Kind::Text,
    }
}

/// Keeps the batches of this run apart from those of all others.
fn run_key() -> Result<String, antler_events::randomness::RandomnessError> {
    let mut bytes = [0; 16];
    SystemRandomness.fill(&mut bytes)?;
    Ok(format!("send-{:032x}", u128::from_be_bytes(bytes)))
}

fn gzip(bytes: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_ndjson_and_everything_else_is_text() {
        let check = |bytes: &[u8], kind| assert_eq!(kind_of(bytes), kind);
        check(b"\n  {\"a\":1}\n", Kind::Ndjson);
        check(b"127.0.0.1 - - GET /\n", Kind::Text);
        check(b"[error] {x}\n", Kind::Text);
        check(b"", Kind::Text);
    }

    #[test]
    fn rejected_lines_are_named_by_their_place_in_the_file() {
        let mut summary = Summary::default();
        let error = |line| RejectedLine { line, message: "no\u{1b}".to_owned() };
        summary.add(&Verdict { accepted: 5, rejected: 1, errors: vec![error(2)] }, 101);
        summary.add(&Verdict { accepted: 0, rejected: 30, errors: (1..=30).map(error).collect() }, 201);
        assert_eq!((summary.accepted, summary.rejected, summary.shown.len()), (5, 31, SHOWN_MAX));
        assert_eq!(summary.shown[..2], ["line 102: no\\x1b", "line 201: no\\x1b"]);
    }

    #[test]
    fn no_two_runs_have_one_key() {
        assert_ne!(run_key().unwrap(), run_key().unwrap());
    }
}
