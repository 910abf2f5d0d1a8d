//! The command line: flags, commands, exit codes.
//!
//! Invariant: wrong usage is one line that says what, and exit code 2. Each command is one file;
//! it does not work itself.

mod config;
mod doctor;
mod job;
mod line_text;
mod offline;
mod query;
mod rebuild;
mod remote;
mod send;
mod serve;
mod support_bundle;
mod tail;
mod tenant;
mod tenant_archive;
mod tenant_erase;
mod user;
mod verify;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use antler_config::{Flag, LoadError, Loaded, Sources};
use clap::{Args, Parser, Subcommand};

pub use self::offline::OfflineError;
pub use self::rebuild::RebuildCommandError;
pub use self::remote::RemoteError;
pub use self::send::SendCommandError;
pub use self::support_bundle::SupportBundleError;
pub use self::tenant_archive::ArchiveCommandError;
pub use self::tenant_erase::EraseCommandError;
pub use self::verify::VerifyCommandError;
use crate::serve::ServeError;

const SETTINGS: &str = "Settings come from the defaults, the settings file, the environment (ANTLER__SECTION__KEY, and for a \
secret also ANTLER__SECTION__KEY_FILE, the path of a file that holds it) and flags; the last one wins. `antler config print` \
shows them and where each came from, `antler config defaults` explains them.";

/// Antler, a log platform: takes logs, keeps them durably, finds them.
#[derive(Debug, Parser)]
#[command(name = "antler", version, disable_help_subcommand = true, after_help = SETTINGS)]
struct CommandLine {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(flatten)]
    serve: ServeFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that set settings; they fit every command, before or after its name.
#[derive(Debug, Default, Args)]
struct SettingFlags {
    /// Data folder (storage.data) [default: ./antler-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Address of HTTP (listeners.http) [default: 127.0.0.1:8000]
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// Settings file in TOML
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Flags of `serve`, also without its name.
#[derive(Debug, Default, Args)]
struct ServeFlags {
    /// Every listener takes a free port of 127.0.0.1
    #[arg(long)]
    ephemeral_ports: bool,
    /// Writes the addresses of all listeners here once they are ready, as {"http":"127.0.0.1:40001"}
    #[arg(long, value_name = "FILE")]
    ports_file: Option<PathBuf>,
    /// Plays the traffic of a shop with incidents in it, into a tenant of its own; prints how to log in
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server until SIGTERM or SIGINT; also without a command
    Serve(ServeFlags),
    /// Proves the data folder: every frame, hash chain, body and receipt; exit 1 on any damage
    Verify(verify::VerifyFlags),
    /// Folds a view anew from the event log; exit 1 if the old one was wrong
    Rebuild(rebuild::RebuildFlags),
    /// Asks a running server for lines, or for what pipes make of them
    Query(query::QueryFlags),
    /// Shows lines of a running server as they come, until Ctrl-C
    Tail(tail::TailFlags),
    /// Sends the lines of a file to a running server; exit 1 if some were rejected
    Send(send::SendFlags),
    /// Says whether Antler can run here, and what an acknowledgement means; exit 1 on any problem
    Doctor,
    /// Writes a file with all that somebody has to know who is to help; secrets are left out
    SupportBundle(support_bundle::SupportBundleFlags),
    /// Lists, starts and stops work in the background of a running server
    #[command(subcommand, arg_required_else_help = false)]
    Job(job::JobCommand),
    /// Lists tenants, of a stopped data folder or a running server; and ends those of a stopped one
    #[command(subcommand, arg_required_else_help = false)]
    Tenant(tenant::TenantCommand),
    /// Lists and adds people, of a stopped data folder or a running server
    #[command(subcommand, arg_required_else_help = false)]
    User(user::UserCommand),
    /// Checks, prints or explains settings
    #[command(subcommand, arg_required_else_help = false)]
    Config(config::ConfigCommand),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    FoundProblem,
    WrongUsage,
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{0}; see antler --help")]
    Usage(String),
    #[error(transparent)]
    Settings(#[from] LoadError),
    #[error(transparent)]
    Verify(#[from] VerifyCommandError),
    #[error(transparent)]
    Rebuild(#[from] RebuildCommandError),
    #[error(transparent)]
    Erase(#[from] EraseCommandError),
    #[error(transparent)]
    Archive(#[from] ArchiveCommandError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Send(#[from] SendCommandError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Offline(#[from] OfflineError),
    #[error(transparent)]
    SupportBundle(#[from] SupportBundleError),
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

impl CommandError {
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Usage(_) => Outcome::WrongUsage,
            Self::Verify(error) => error.outcome(),
            Self::Rebuild(error) => error.outcome(),
            Self::Erase(error) => error.outcome(),
            Self::Archive(error) => error.outcome(),
            Self::Remote(error) => error.outcome(),
            Self::Offline(error) => error.outcome(),
            _ => Outcome::FoundProblem,
        }
    }

    /// Whether the reader of the output went away.
    pub fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Runs the command that the process was started with.
pub fn run(out: &mut dyn Write) -> Result<Outcome, CommandError> {
    match CommandLine::try_parse() {
        Ok(line) => line.run(out),
        Err(error) if error.use_stderr() => Err(CommandError::Usage(one_line(&error.to_string()))),
        // Help or the version was asked for.
        Err(answer) => {
            write!(out, "{answer}")?;
            Ok(Outcome::Done)
        }
    }
}

impl CommandLine {
    fn run(self, out: &mut dyn Write) -> Result<Outcome, CommandError> {
        let Self { settings, serve, command } = self;
        match command {
            None => serve::run(&settings, &serve),
            Some(Command::Serve(flags)) => serve::run(&settings, &flags.or(serve)),
            Some(_) if serve.is_given() => Err(CommandError::Usage(
                "--ephemeral-ports, --ports-file and --demo go with the command serve only".to_owned(),
            )),
            Some(Command::Verify(flags)) => verify::run(&settings, &flags, out),
            Some(Command::Rebuild(flags)) => rebuild::run(&settings, &flags, out),
            Some(Command::Query(flags)) => query::run(&settings, &flags, out),
            Some(Command::Tail(flags)) => tail::run(&settings, &flags, out),
            Some(Command::Send(flags)) => send::run(&settings, &flags, out),
            Some(Command::Doctor) => doctor::run(&settings, out),
            Some(Command::Job(command)) => job::run(&settings, &command, out),
            Some(Command::Tenant(command)) => tenant::run(&settings, &command, out),
            Some(Command::User(command)) => user::run(&settings, &command, out),
            Some(Command::SupportBundle(flags)) => support_bundle::run(&settings, &flags, out),
            Some(Command::Config(command)) => config::run(&settings, &command, out),
        }
    }
}

impl SettingFlags {
    /// The flags as a layer of settings.
    fn flags(&self) -> Vec<Flag> {
        let flag = |name, key, value: &Option<String>| value.clone().map(|value| Flag { name, key, value });
        let flags =
            [flag("--data", "storage.data", &self.data), flag("--listen", "listeners.http", &self.listen)];
        flags.into_iter().flatten().collect()
    }

    fn load(&self) -> Result<Loaded, LoadError> {
        Sources::of_process(self.config.clone(), self.flags()).load()
    }
}

impl ServeFlags {
    fn is_given(&self) -> bool {
        self.ephemeral_ports || self.ports_file.is_some() || self.demo
    }

    fn or(self, other: Self) -> Self {
        Self {
            ephemeral_ports: self.ephemeral_ports || other.ephemeral_ports,
            ports_file: self.ports_file.or(other.ports_file),
            demo: self.demo || other.demo,
        }
    }
}

/// The message of the parser without its usage block.
fn one_line(message: &str) -> String {
    let (what, _) = message.split_once("\nUsage:").unwrap_or((message, ""));
    let (what, _) = what.split_once("\nFor more information").unwrap_or((what, ""));
    let parts: Vec<&str> = what.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = parts.join("; ").replace(":; ", ": ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

/// An error and its causes on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<CommandLine, String> {
        let words = std::iter::once("antler").chain(line.split_whitespace());
        CommandLine::try_parse_from(words).map_err(|error| one_line(&error.to_string()))
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn flags_fit_before_and_after_the_command() {
        for line in
            ["--data d --ports-file p serve", "serve --data d --ports-file p", "--data d --ports-file p"]
        {
            let CommandLine { settings, serve, command } = parse(line).unwrap();
            let serve = match command {
                Some(Command::Serve(flags)) => flags.or(serve),
                _ => serve,
            };
            assert_eq!(settings.data.as_deref(), Some("d"), "{line}");
            assert_eq!(serve.ports_file, Some(PathBuf::from("p")), "{line}");
        }
    }

    #[test]
    fn wrong_usage_is_one_line_that_says_what() {
        let check = |line: &str, expected: &str| assert_eq!(parse(line).unwrap_err(), expected, "{line}");
        check("--dta x", "unexpected argument '--dta' found; tip: a similar argument exists: '--data'");
        check("srve", "unrecognized subcommand 'srve'; tip: a similar subcommand exists: 'serve'");
        check("--data", "a value is required for '--data <DIR>' but none was supplied");
    }
}
