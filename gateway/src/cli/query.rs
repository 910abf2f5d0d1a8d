//! `antler query`: asks a running server for lines, or for what pipes make of them.
//!
//! Invariant: lines are shown in the order of their time, the newest last, as terminals are read; of more than were asked
//! for, the newest. What an answer lacks is told on standard error. It understands no queries: the server does.

mod output;

use std::collections::VecDeque;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::Value;

use super::line_text::{ShownLine, plain};
use super::remote::client::{Client, Question};
use super::remote::{self, RemoteError, RemoteFlags};
use super::{CommandError, Outcome, SettingFlags};

/// Lines of one request.
const PAGE_LINES: u32 = 1_000;

#[derive(Debug, Args)]
pub(super) struct QueryFlags {
    /// What to look for, such as 'level:error and service:pay', also with pipes
    query: String,
    /// Lines of the last so long, such as 15m, 1h or 7d
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["from", "to"])]
    since: Option<String>,
    /// Lines from this time on: RFC 3339, epoch milliseconds, or such as now-15m
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Lines before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// The newest so many lines
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// How they are shown; json is one object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

/// What the server answers.
#[derive(Debug, Deserialize)]
struct Page {
    results: Vec<ShownLine>,
    #[serde(default)]
    warnings: Vec<String>,
    next_cursor: Option<String>,
    columns: Option<Vec<String>>,
    rows: Option<Vec<Vec<Value>>>,
}

/// Everything that was asked for.
#[derive(Debug)]
enum Found {
    /// The oldest first.
    Lines(VecDeque<ShownLine>),
    Table {
        columns: Vec<String>,
        rows: Vec<Vec<Value>>,
    },
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &QueryFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let mut client = flags.remote.client(settings)?;
    let (found, warnings) = remote::run(async { Ok(flags.ask(&mut client).await?) })?;
    match found {
        Found::Lines(lines) => output::lines(&lines, flags.format, out)?,
        Found::Table { columns, rows } => output::table(&columns, &rows, flags.format, out)?,
    }
    out.flush()?;
    for warning in warnings {
        // Standard error may be closed; the lines are what was asked for.
        let _ = writeln!(io::stderr(), "antler: {}", plain(&warning));
    }
    Ok(Outcome::Done)
}

impl QueryFlags {
    async fn ask(&self, client: &mut Client) -> Result<(Found, Vec<String>), RemoteError> {
        let (mut lines, mut warnings) = (VecDeque::new(), Vec::new());
        let mut cursor: Option<String> = None;
        loop {
            let left = self.limit - u32::try_from(lines.len()).unwrap_or(self.limit);
            let question = self.question(left.min(PAGE_LINES), cursor.as_deref());
            let page: Page = client.read(&question).await.map_err(|error| self.marked(error))?;
            for warning in page.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
            if let (Some(columns), Some(rows)) = (page.columns, page.rows) {
                return Ok((Found::Table { columns, rows }, warnings));
            }
            let is_standing = page.results.is_empty() && page.next_cursor == cursor;
            page.results.into_iter().take(left as usize).for_each(|line| lines.push_front(line));
            if page.next_cursor.is_none() || is_standing || lines.len() >= self.limit as usize {
                return Ok((Found::Lines(lines), warnings));
            }
            cursor = page.next_cursor;
        }
    }

    fn question(&self, size: u32, cursor: Option<&str>) -> Question {
        let size = size.to_string();
        let since = self.since.as_ref().map(|since| format!("now-{since}"));
        let from = since.as_deref().or(self.from.as_deref());
        let mut parameters = vec![("q", self.query.as_str()), ("size", &size), ("total", "false")];
        parameters.extend(from.map(|from| ("from", from)));
        parameters.extend(self.to.as_deref().map(|to| ("to", to)));
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        Question::get("/api/logs/search/", &parameters)
    }

    fn marked(&self, error: RemoteError) -> RemoteError {
        match error {
            RemoteError::Refused(refusal) => refusal.about(&self.query).into(),
            other => other,
        }
    }
}
