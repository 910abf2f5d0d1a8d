//! A server that runs on this machine, for as long as somebody holds it.
//!
//! Invariant: a `Server` was ready once, and its processes are gone when it is dropped, unless it was left to run. A test
//! that is killed itself leaves its servers behind: nothing can be done about that without unsafe code.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use super::cache::{Cache, end_of};
use super::install;
use super::kind::{Kind, Wishes};
use super::launch::Launch;
use super::patience::wait_for;
use super::process::{End, Leader};
use super::seat::Seat;
use super::state::Record;
use super::wire;

/// Far above what a loaded machine needs: eleven seconds are usual for the slowest.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// A search server writes out what it holds before it ends.
pub(super) const END_WITHIN: Duration = Duration::from_secs(30);
/// Somebody may take a port between its drawing and its use; nobody does so three times.
const ATTEMPTS: usize = 3;
const CLUSTER: [&str; 3] = ["n1", "n2", "n3"];

/// A running server.
#[derive(Debug)]
pub struct Server {
    seat: Seat,
    launch: Launch,
    child: Child,
    leader: Leader,
    is_left: bool,
}

/// Somebody who is told what happens while servers start.
pub(super) trait Audience: Sync {
    fn hears(&self, line: String);
    /// Processes run, but do not answer yet.
    fn sees(&self, records: &[Record]) -> anyhow::Result<()>;
}

/// For whom only the result counts.
struct Nobody;

impl Audience for Nobody {
    fn hears(&self, _line: String) {}
    fn sees(&self, _records: &[Record]) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Server {
    /// Starts one below this folder, on free ports; returns when it answers. What is missing is installed.
    pub fn start(kind: Kind, below: &Path, wishes: &Wishes) -> anyhow::Result<Self> {
        let wishes = Wishes { nats_cluster: false, ..wishes.clone() };
        let mut servers = start(kind, below, &wishes, &Cache::of_environment(), &Nobody)?;
        servers.pop().context("one server is started")
    }

    /// Starts three NATS servers that form a cluster; returns when it has a leader.
    pub fn start_cluster(below: &Path, wishes: &Wishes) -> anyhow::Result<Vec<Self>> {
        let wishes = Wishes { nats_cluster: true, ..wishes.clone() };
        start(Kind::Nats, below, &wishes, &Cache::of_environment(), &Nobody)
    }

    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Where a client connects, with the user if there is one.
    pub fn url(&self) -> String {
        self.seat.url()
    }

    pub fn leader(&self) -> &Leader {
        &self.leader
    }

    /// Whether it answers its own protocol.
    pub fn ask(&self) -> anyhow::Result<()> {
        wire::ask(&self.seat)
    }

    /// Like a power cut for the process: nothing is written out, and nobody is told.
    pub fn kill9(&mut self) {
        self.leader.kill();
        let _ = self.child.wait();
    }

    /// It keeps its connections, and does nothing, until it is resumed. Returns when its last thread rests.
    pub fn pause(&self) -> anyhow::Result<()> {
        ensure!(self.leader.signal(Signal::STOP), "{} does not run", self.seat.name);
        let rests = wait_for(END_WITHIN, || self.leader.is_paused().then_some(()));
        rests.with_context(|| format!("{} does not pause", self.seat.name))
    }

    pub fn resume(&self) -> anyhow::Result<()> {
        ensure!(self.leader.signal(Signal::CONT), "{} does not run", self.seat.name);
        Ok(())
    }

    /// In good order, as far as it does as asked.
    pub fn stop(&mut self) -> End {
        // Who has ended and was not asked how is no process any more, but its group would be waited for.
        let _ = self.child.try_wait();
        let end = self.leader.stop(END_WITHIN);
        let _ = self.child.wait();
        end
    }

    /// Starts it again on the same ports with the same data; returns when it answers.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.stop();
        ensure!(!self.seat.is_taken(), "somebody else took a port of {} meanwhile", self.seat.name);
        let (child, leader) = spawn(&self.launch, &self.seat)?;
        (self.child, self.leader) = (child, leader);
        self.wait_until_ready()
    }

    /// Lets it run on when it is dropped.
    pub(super) fn leave(&mut self) {
        self.is_left = true;
    }

    pub(super) fn record(&self) -> Record {
        Record { seat: self.seat.clone(), process: self.leader.clone() }
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let mut last = String::from("it was never asked");
        let (seat, child) = (&self.seat, &mut self.child);
        let ready = wait_for(READY_WITHIN, || {
            let answer = wire::ask(seat);
            // Asked afterwards: somebody else may answer on the port of a server that could not have it.
            match child.try_wait() {
                Ok(Some(status)) => return Some(Err(format!("ended at its start ({status})"))),
                Err(error) => return Some(Err(format!("is lost: {error}"))),
                Ok(None) => {}
            }
            match answer {
                Ok(()) => Some(Ok(())),
                Err(error) => {
                    last = format!("{error:#}");
                    None
                }
            }
        });
        let reason = match ready {
            Some(Ok(())) => return Ok(()),
            Some(Err(reason)) => reason,
            None => format!("does not answer after {} s: {last}", READY_WITHIN.as_secs()),
        };
        bail!("{} {reason}; the end of {}:\n{}", seat.name, seat.log.display(), end_of(&seat.log))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.is_left {
            self.kill9();
        }
    }
}

/// A new folder that goes with what is started in it: open for the user as whom root runs some servers.
pub fn scratch() -> std::io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(folder.path(), mode)?;
    Ok(folder)
}

/// Starts the server of this kind, or those of its cluster.
pub(super) fn start(
    kind: Kind,
    below: &Path,
    wishes: &Wishes,
    cache: &Cache,
    audience: &dyn Audience,
) -> anyhow::Result<Vec<Server>> {
    let program = install::program(kind, wishes, cache, &|line| audience.hears(line))?;
    let names: &[&str] = if kind == Kind::Nats && wishes.nats_cluster { &CLUSTER } else { &[kind.name()] };
    for _ in 1..ATTEMPTS {
        let seats = draw(names, kind, below, wishes, &program.version)?;
        match start_at(&seats, &program, wishes, audience) {
            Err(error) if is_robbed(&seats) => audience.hears(format!("a port was taken, again: {error:#}")),
            other => return other,
        }
    }
    start_at(&draw(names, kind, below, wishes, &program.version)?, &program, wishes, audience)
}

fn draw(
    names: &[&str],
    kind: Kind,
    below: &Path,
    wishes: &Wishes,
    version: &str,
) -> anyhow::Result<Vec<Seat>> {
    let seat = |name: &&str| {
        anyhow::Ok(Seat { version: version.to_owned(), ..Seat::draw(name, kind, below, wishes)? })
    };
    names.iter().map(seat).collect()
}

fn start_at(
    seats: &[Seat],
    program: &install::Program,
    wishes: &Wishes,
    audience: &dyn Audience,
) -> anyhow::Result<Vec<Server>> {
    let routes = if seats.len() > 1 { seats.iter().map(|seat| seat.inner).collect() } else { Vec::new() };
    let launch = Launch::new(program.clone(), routes, wishes.is_small);
    let mut servers = Vec::with_capacity(seats.len());
    for seat in seats {
        launch.prepare(seat)?;
        let (child, leader) = spawn(&launch, seat)?;
        servers.push(Server { seat: seat.clone(), launch: launch.clone(), child, leader, is_left: false });
    }
    audience.sees(&servers.iter().map(Server::record).collect::<Vec<Record>>())?;
    servers.iter_mut().try_for_each(Server::wait_until_ready)?;
    Ok(servers)
}

fn spawn(launch: &Launch, seat: &Seat) -> anyhow::Result<(Child, Leader)> {
    let mut child = launch.spawn(seat)?;
    // Its id is ours until it is waited for, even when it has ended already.
    match Leader::of(child.id()) {
        Ok(leader) => Ok((child, leader)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error).with_context(|| format!("{} cannot be watched", seat.name))
        }
    }
}

/// Whether somebody else listens where these servers, which are gone, should have.
fn is_robbed(seats: &[Seat]) -> bool {
    seats.iter().any(Seat::is_taken)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program that stands for a NATS server.
    fn program(folder: &Path, script: &str) -> install::Program {
        let path = folder.join("server");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        install::Program { home: folder.to_owned(), version: String::from("1"), java: None, user: None }
    }

    #[test]
    fn a_server_that_ends_at_its_start_is_told_with_the_end_of_its_log() {
        let folder = scratch().unwrap();
        let program = program(folder.path(), "echo no space left; exit 7");
        let seats = draw(&["nats"], Kind::Nats, folder.path(), &Wishes::default(), "1").unwrap();
        let error = start_at(&seats, &program, &Wishes::default(), &Nobody).unwrap_err().to_string();
        let log = folder.path().join("nats/server.log");
        let expected = format!("nats ended at its start (exit status: 7); the end of {}:\n", log.display());
        assert_eq!(error, format!("{expected}  no space left"));
        assert!(!is_robbed(&seats));
    }

    #[test]
    fn a_port_that_was_taken_meanwhile_is_noticed() {
        let seat = Seat::draw("nats", Kind::Nats, Path::new("d"), &Wishes::default()).unwrap();
        let _thief = TcpListener::bind(seat.address).unwrap();
        assert!(is_robbed(&[seat]));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = scratch().unwrap();
        let program = program(folder.path(), "exit 0");
        // A file where a folder should be stops root, too.
        let below = folder.path().join("server");
        let seats = draw(&["nats"], Kind::Nats, &below, &Wishes::default(), "1").unwrap();
        let error = format!("{:#}", start_at(&seats, &program, &Wishes::default(), &Nobody).unwrap_err());
        assert!(error.starts_with(&format!("cannot write to {}", below.join("nats").display())), "{error}");
    }
}
