//! The server as a child process, and what it uses.
//!
//! Invariant: a `Server` is ready, and its process is gone when it is dropped. Works on Linux only. It sends nothing.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};
use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use super::http::{Account, Connection};
use crate::bench::Setting;
use crate::bench::memory::{PEAK, RESIDENT, status_bytes};

const PORTS: &str = "ports.json";
/// Far above what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(2);
/// A process is quiet when it used less than this part of one core for so long.
const QUIET_FOR: Duration = Duration::from_millis(700);
const QUIET_CORES: f64 = 0.03;

/// A running server, on a new folder that goes with it.
pub(super) struct Server {
    process: Child,
    folder: TempDir,
    clock: SystemClock,
    /// Where it listens for HTTP.
    pub(super) http: SocketAddr,
    /// From the start of the process to its ports being told.
    pub(super) started_in: Duration,
}

/// Memory of the server, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) resident: f64,
    pub(super) peak: f64,
}

impl Server {
    /// Starts the binary beside this one with these settings.
    pub(super) fn start(setting: &Setting, settings: &str) -> anyhow::Result<Self> {
        let binary = std::env::current_exe()?.with_file_name("antler");
        ensure!(binary.exists(), "there is no {}; build it with the same profile", binary.display());
        let (folder, clock) = (tempfile::tempdir_in(&setting.dir)?, setting.clock.clone());
        let config = folder.path().join("antler.toml");
        std::fs::write(&config, settings)?;
        let started = clock.elapsed();
        let process = Command::new(&binary)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("--ports-file")
            .arg(folder.path().join(PORTS))
            .arg("--ephemeral-ports")
            .env("ANTLER__LOGGING__LEVEL", "error")
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let http = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { process, folder, clock, http, started_in: Duration::ZERO };
        let ports = server.wait_for_ports()?;
        server.started_in = server.clock.elapsed() - started;
        server.http = ports["http"].as_str().context("it tells no port of HTTP")?.parse()?;
        Ok(server)
    }

    /// One with the usual settings, and somebody who sends to it.
    pub(super) fn with_account(setting: &Setting) -> anyhow::Result<(Self, Account)> {
        let server = Self::start(setting, "")?;
        let account = Connection::open(server.http)?.register("sender")?;
        Ok((server, account))
    }

    /// CPU seconds of the process so far, in user code and in the kernel.
    pub(super) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))
            .context("the server has ended")?;
        // The name of the program stands in brackets and may hold spaces.
        let (_, fields) = text.rsplit_once(')').context("no CPU time is told")?;
        let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>().context("the CPU time is no number")?;
        Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    pub(super) fn memory(&self) -> anyhow::Result<Memory> {
        let id = self.process.id().to_string();
        let bytes = |key| anyhow::Ok(status_bytes(&id, key)? as f64);
        Ok(Memory { resident: bytes(RESIDENT)?, peak: bytes(PEAK)? })
    }

    /// Waits until it does nothing any more; answers its CPU seconds as they were then.
    pub(super) fn quiet(&self) -> anyhow::Result<f64> {
        let until = self.clock.elapsed() + PATIENCE;
        let mut before = self.cpu_seconds()?;
        while self.clock.elapsed() < until {
            super::pause(QUIET_FOR);
            let now = self.cpu_seconds()?;
            if now - before < QUIET_CORES * QUIET_FOR.as_secs_f64() {
                return Ok(before);
            }
            before = now;
        }
        bail!("the server does not become quiet within {PATIENCE:?}");
    }

    fn wait_for_ports(&mut self) -> anyhow::Result<serde_json::Value> {
        let path = self.folder.path().join(PORTS);
        let until = self.clock.elapsed() + PATIENCE;
        while self.clock.elapsed() < until {
            if let Ok(text) = std::fs::read_to_string(&path) {
                return serde_json::from_str(&text).context("the file of ports is no JSON");
            }
            if let Some(status) = self.process.try_wait()? {
                let mut said = String::new();
                if let Some(mut stderr) = self.process.stderr.take() {
                    stderr.read_to_string(&mut said)?;
                }
                bail!("the server ended with {status} before it was ready: {said}");
            }
            super::pause(POLL);
        }
        bail!("the server is not ready after {PATIENCE:?}");
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Server({}, {})", self.process.id(), self.http)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
