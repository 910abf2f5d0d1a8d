//! `antler doctor`: says whether Antler can run here, how well, and what an acknowledgement means.
//!
//! Invariant: it looks at everything and reports all problems, not only the first; it leaves no file behind.
//! It repairs nothing but what every start does: the end of an append that a crash cut off is removed.

mod server;
mod sync_probe;

use std::fmt::Display;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use antler_config::{Config, Loaded, LogBackend, Origin, duration};
use antler_events::clock::{Clock, SystemClock};
use antler_events::files::RealFiles;
use antler_events::log::segment::Finding;

use self::server::Gravity;
use super::{CommandError, Outcome, SettingFlags, with_causes};
use crate::compose;
use crate::data_folder::{DataFolder, DataFolderError, FORMAT};
use crate::http::health::DAYS_LEFT_MIN;
use crate::http::metrics::process;
use crate::serve;
use crate::tls::{Standing, Tls};

pub(super) fn run(settings: &SettingFlags, out: &mut dyn Write) -> Result<Outcome, CommandError> {
    let mut report = Report { out, problems: 0 };
    match settings.load() {
        Ok(loaded) => report.examine(&loaded)?,
        Err(error) => report.problem("settings", with_causes(&error))?,
    }
    let outcome = if report.problems == 0 { Outcome::Done } else { Outcome::FoundProblem };
    Ok(outcome)
}

/// What was found so far, written as it is found.
struct Report<'a> {
    out: &'a mut dyn Write,
    problems: usize,
}

impl Report<'_> {
    fn examine(&mut self, loaded: &Loaded) -> io::Result<()> {
        let config = &loaded.config;
        let changed = loaded.settings().iter().filter(|setting| setting.origin != Origin::Default).count();
        self.ok("settings", format_args!("valid, {changed} not at their default"))?;
        self.examine_machine(config)?;
        self.examine_certificate(config)?;
        let is_in_use = self.examine_folder(config)?;
        self.examine_disk(&config.storage.data)?;
        self.examine_port(loaded, is_in_use)?;
        if is_in_use {
            self.examine_server(config)?;
        }
        self.examine_promise(config)
    }

    fn examine_promise(&mut self, config: &Config) -> io::Result<()> {
        let linger = duration::format(config.storage.linger);
        if config.backends.log == LogBackend::Nats {
            return self.ok(
                "promise",
                format_args!(
                    "an append is acknowledged when NATS says that a majority of {} servers has it; it is on their disks \
                     then if their sync_interval is \"always\", which they do not tell and deploy/nats sets: with the \
                     usual two minutes a power cut loses what was acknowledged since",
                    config.nats.replicas
                ),
            );
        }
        self.ok(
            "promise",
            format_args!(
                "an append is acknowledged after fdatasync of its partition's file, which it shares with those that \
                 come within {linger}; it then survives a crash of the program or the system and a power cut, \
                 if the disk keeps what it confirms; there is one copy, on this disk"
            ),
        )
    }

    fn examine_machine(&mut self, config: &Config) -> io::Result<()> {
        let cores = compose::cores();
        self.ok("machine", format_args!("{cores} cores"))?;
        let most = config.limits.http.connections_max;
        match process::open_files_max() {
            Some(files) if files < f64::from(most) => self.note(
                "open files",
                format_args!(
                    "{files} may be open, fewer than limits.http.connections_max = {most}; raise it with ulimit -n"
                ),
            ),
            Some(files) => self.ok("open files", format_args!("{files} may be open")),
            None => self.ok("open files", "without a limit"),
        }
    }

    fn examine_certificate(&mut self, config: &Config) -> io::Result<()> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let standing = match Tls::open(&config.tls, &clock) {
            Ok(None) => return Ok(()),
            Ok(Some(tls)) => tls.standing(),
            Err(error) => return self.problem("certificate", with_causes(&error)),
        };
        let Standing { ends, days_left, .. } = standing;
        match days_left {
            ..0 => self.problem("certificate", format_args!("ended on {ends}; clients refuse it")),
            0..DAYS_LEFT_MIN => self.note("certificate", format_args!("ends in {days_left} days, on {ends}")),
            _ => self.ok("certificate", format_args!("ends in {days_left} days, on {ends}")),
        }
    }

    /// Answers whether a running server has the folder.
    fn examine_folder(&mut self, config: &Config) -> io::Result<bool> {
        let path = &config.storage.data;
        let shown = path.display();
        match DataFolder::open(&RealFiles, path) {
            Ok(folder) => {
                self.ok("data folder", format_args!("{shown}, format {FORMAT}, not in use"))?;
                self.examine_log(&folder, config)?;
            }
            Err(error @ DataFolderError::InUse { .. }) => {
                self.note("data folder", format_args!("{error}; its log was not opened"))?;
                return Ok(true);
            }
            Err(DataFolderError::NotAFolder { .. }) => match DataFolder::may_be_made(&RealFiles, path) {
                Ok(()) => self.ok("data folder", format_args!("{shown} is made at the first start"))?,
                Err(error) => self.problem("data folder", with_causes(&error))?,
            },
            Err(error) => self.problem("data folder", with_causes(&error))?,
        }
        Ok(false)
    }

    fn examine_log(&mut self, folder: &DataFolder, config: &Config) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let log = match runtime.block_on(compose::open_log(folder, config)) {
            Ok(running) => running,
            Err(error) => return self.problem("event log", with_causes(&error)),
        };
        let statistics = log.statistics();
        if let Some(server) = log.server() {
            self.ok("nats", format_args!("{} at {}", server.version, server.name))?;
        }
        let segments: u64 = statistics.iter().map(|of| of.segments).sum();
        let bytes: u64 = statistics.iter().map(|of| of.disk_bytes).sum();
        let events: u64 = statistics.iter().map(|of| of.bounds.next.number() - 1).sum();
        self.ok(
            "event log",
            format_args!(
                "{} partitions, {segments} segments, {bytes} bytes; {events} events were recorded in it",
                statistics.len()
            ),
        )?;
        for finding in log.findings() {
            match finding {
                Finding::TornTail { .. } => self.note("event log", format_args!("removed: {finding}"))?,
                Finding::Damaged(_) => self.problem("event log", finding)?,
            }
        }
        match runtime.block_on(log.stop()) {
            Ok(()) => Ok(()),
            Err(error) => self.problem("event log", with_causes(&error)),
        }
    }

    /// A folder that is not there yet will be on the disk of its nearest parent.
    fn examine_disk(&mut self, data: &Path) -> io::Result<()> {
        let dir = data.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("."));
        match sync_probe::measure(&RealFiles, dir) {
            Ok(latency) => self.ok("disk", format_args!("{latency}")),
            Err(error) => self.problem("disk", format_args!("{} cannot be written: {error}", dir.display())),
        }
    }

    fn examine_port(&mut self, loaded: &Loaded, is_in_use: bool) -> io::Result<()> {
        let address = &loaded.config.listeners.http;
        match TcpListener::bind((address.host(), address.port())) {
            Ok(_) => self.ok("port", format_args!("{address} is free")),
            Err(error) if is_in_use && error.kind() == io::ErrorKind::AddrInUse => {
                self.note("port", format_args!("{address} is in use, probably by the running server"))
            }
            Err(error) => self.problem("port", with_causes(&serve::cannot_listen(loaded, error))),
        }
    }

    /// What the server that has the folder says of itself.
    fn examine_server(&mut self, config: &Config) -> io::Result<()> {
        server::ask(config).into_iter().try_for_each(|(gravity, what, text)| match gravity {
            Gravity::Ok => self.ok(&what, text),
            Gravity::Note => self.note(&what, text),
            Gravity::Problem => self.problem(&what, text),
        })
    }

    fn ok(&mut self, what: &str, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "ok       {what}: {text}")
    }

    fn note(&mut self, what: &str, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "note     {what}: {text}")
    }

    fn problem(&mut self, what: &str, text: impl Display) -> io::Result<()> {
        self.problems += 1;
        writeln!(self.out, "problem  {what}: {text}")
    }
}
