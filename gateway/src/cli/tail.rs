//! `antler tail`: shows the lines of a running server as they come, until Ctrl-C.
//!
//! Invariant: a connection that breaks is opened again, and goes on behind the last line that was shown; what a slow
//! terminal missed is told. It understands no queries: the server does.

mod messages;
mod socket;

use std::io::{self, Write};
use std::time::Duration;

use antler_config::Secret;
use clap::{Args, ValueEnum};

use self::messages::Message;
use self::socket::{Opening, Socket};
use super::line_text::{self, Colours, ShownLine, plain};
use super::remote::client::ClientError;
use super::remote::server::Server;
use super::remote::{self, RemoteError, RemoteFlags};
use super::{CommandError, Outcome, SettingFlags};
use crate::signals::Signals;

/// The wait before the connection is opened again; it doubles each time.
const WAIT_FIRST: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(super) struct TailFlags {
    /// What to show, such as 'level:error and service:pay'; everything by default
    #[arg(default_value = "")]
    query: String,
    /// Begins with the lines of the last so long, such as 15m, and goes on with those that come
    #[arg(long, value_name = "DURATION")]
    since: Option<String>,
    /// Ends after so many lines
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// How lines are shown; json is one object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A tail that may be cut off and go on.
struct Tail<'a> {
    flags: &'a TailFlags,
    server: Server,
    token: Secret,
    colours: Colours,
    /// Where to go on: the place of the last line that was shown.
    last: Option<String>,
    /// When the first connection began, by the server's clock: where to go on while no line was shown.
    begun: Option<String>,
    shown: u64,
    out: &'a mut dyn Write,
}

/// Why a connection ended.
enum End {
    /// As many lines as were asked for.
    Done,
    /// It is to be opened again.
    Broken(String),
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &TailFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let (server, token) = (flags.remote.server(settings)?, flags.remote.token()?);
    let mut tail =
        Tail { flags, server, token, colours: Colours::of_output(), last: None, begun: None, shown: 0, out };
    remote::run(async {
        let mut signals = Signals::catch().map_err(RemoteError::System)?;
        tokio::select! {
            biased;
            _ = signals.next() => Ok(()),
            ended = tail.follow() => ended,
        }
    })?;
    Ok(Outcome::Done)
}

impl Tail<'_> {
    async fn follow(&mut self) -> Result<(), CommandError> {
        let (mut wait, mut was_open) = (WAIT_FIRST, false);
        loop {
            let reason = match self.open().await {
                Ok(mut socket) => {
                    (wait, was_open) = (WAIT_FIRST, true);
                    match self.show(&mut socket).await? {
                        End::Done => return Ok(()),
                        End::Broken(reason) => reason,
                    }
                }
                // A server that was never there is not waited for.
                Err(RemoteError::Client(error)) if was_open => error.to_string(),
                Err(RemoteError::Refused(refusal)) if was_open && refusal.is_passing() => refusal.to_string(),
                Err(error) => return Err(error.into()),
            };
            // Standard error may be closed; the lines are what was asked for.
            let _ = writeln!(
                io::stderr(),
                "antler: {}; connecting again in {} ms",
                plain(&reason),
                wait.as_millis()
            );
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    async fn open(&self) -> Result<Socket, RemoteError> {
        let since = self.flags.since.as_ref().map(|since| format!("now-{since}"));
        let from = since.or_else(|| self.begun.clone()).filter(|_| self.last.is_none());
        let opening = Opening {
            query: &self.flags.query,
            from: from.as_deref(),
            resume: self.last.as_deref(),
            token: &self.token,
        };
        Socket::open(&self.server, &opening).await
    }

    /// Shows what comes until the connection ends.
    async fn show(&mut self, socket: &mut Socket) -> Result<End, CommandError> {
        let mut has_begun = false;
        loop {
            match socket.next().await? {
                Message::Begun { at } => {
                    has_begun = true;
                    self.begun = self.begun.take().or(at);
                }
                Message::Lines(lines) => {
                    for (place, line) in lines {
                        self.line(&line)?;
                        self.last = place.or(self.last.take());
                        self.shown += 1;
                        if self.flags.limit.is_some_and(|limit| self.shown >= limit) {
                            self.out.flush()?;
                            return Ok(End::Done);
                        }
                    }
                    self.out.flush()?;
                }
                Message::Gap { count } => {
                    let how_many = if count == 0 { "some".to_owned() } else { count.to_string() };
                    let _ = writeln!(
                        io::stderr(),
                        "antler: {how_many} lines are left out: they came too fast, or are gone"
                    );
                }
                Message::Refused(refusal) if has_begun => {
                    // Not all of it, and it goes on.
                    let _ = writeln!(io::stderr(), "antler: {refusal}");
                }
                Message::Refused(refusal) => {
                    return Err(RemoteError::Refused(refusal.about(&self.flags.query)).into());
                }
                Message::Other => {}
                Message::Ended(reason) => return Ok(End::Broken(reason)),
            }
        }
    }

    fn line(&mut self, line: &ShownLine) -> io::Result<()> {
        match self.flags.format {
            Format::Text => writeln!(self.out, "{}", line_text::text(line, self.colours)),
            Format::Json => {
                let json = serde_json::to_string(line).expect("an object that was read can be written");
                writeln!(self.out, "{json}")
            }
        }
    }
}

/// A failure of the socket itself.
fn broken(server: &Server, reason: &impl ToString) -> RemoteError {
    ClientError::Broken { server: server.to_string(), reason: reason.to_string() }.into()
}
