//! The server as a child process, and what it uses.
//!
//! Invariant: a `Server` is ready, and its process is gone when it is dropped. Works on Linux only. It sends nothing.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use antler_events::clock::{Clock as _, SystemClock};
use anyhow::{Context as _, bail, ensure};

/// Far above what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(2);
/// A process is quiet when it used less than this part of one core for so long.
const QUIET_FOR: Duration = Duration::from_millis(700);
const QUIET_CORES: f64 = 0.03;

/// A running server.
pub(super) struct Server {
    process: Child,
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
    /// Starts the binary beside this one in a folder, with these settings.
    pub(super) fn start(dir: &Path, settings: &str, clock: &SystemClock) -> anyhow::Result<Self> {
        let binary = std::env::current_exe()?.with_file_name("antler");
        ensure!(binary.exists(), "there is no {}; build it with the same profile", binary.display());
        let (config, ports) = (dir.join("antler.toml"), dir.join("ports.json"));
        std::fs::write(&config, settings)?;
        let started = clock.elapsed();
        let process = Command::new(&binary)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .arg("--data")
            .arg(dir.join("data"))
            .arg("--ports-file")
            .arg(&ports)
            .arg("--ephemeral-ports")
            .env("ANTLER__LOGGING__LEVEL", "error")
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let http = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { process, clock: clock.clone(), http, started_in: Duration::ZERO };
        let told = server.wait_for_ports(&ports)?;
        server.started_in = clock.elapsed() - started;
        server.http = told["http"].as_str().context("it tells no port of HTTP")?.parse()?;
        std::fs::remove_file(&ports)?;
        Ok(server)
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
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let bytes = |key: &str| {
            let said = text.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB"));
            Ok::<_, anyhow::Error>(said.context("no memory is told")?.parse::<f64>()? * 1024.0)
        };
        Ok(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
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

    fn wait_for_ports(&mut self, path: &Path) -> anyhow::Result<serde_json::Value> {
        let until = self.clock.elapsed() + PATIENCE;
        while self.clock.elapsed() < until {
            if let Ok(text) = std::fs::read_to_string(path) {
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
