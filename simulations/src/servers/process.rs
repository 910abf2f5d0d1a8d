//! A process known by its id and its start, with all that it started.
//!
//! Invariant: a signal reaches only the group that this very process leads; an id that belongs to another program now is
//! left alone. It knows nothing of what the process does. Works on Linux only: it reads `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use super::patience::wait_for;

/// A process that leads a group of its own. A program in Java may be a process that starts another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    pub pid: i32,
    /// When it was started, in clock ticks since the machine was: an id that is used again differs in it.
    pub started_ticks: u64,
    /// Which start of the machine that was.
    pub boot: String,
}

/// How a process came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ran no more.
    Gone,
    /// It ended when asked to.
    Ended,
    /// It did not, and was killed.
    Killed,
}

/// What the system says about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    state: char,
    group: i32,
    started_ticks: u64,
}

impl Leader {
    /// The process with this id, as it runs now.
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        let pid = i32::try_from(pid).map_err(io::Error::other)?;
        let stat = Stat::of(pid).ok_or_else(|| io::Error::other(format!("process {pid} has ended")))?;
        Ok(Self { pid, started_ticks: stat.started_ticks, boot: boot()? })
    }

    pub fn is_alive(&self) -> bool {
        self.is_of_this_boot() && Stat::of(self.pid).is_some_and(|stat| self.is(stat) && !stat.has_ended())
    }

    /// Whether its id belongs to another process now.
    pub fn is_replaced(&self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| !self.is_of_this_boot() || !self.is(stat))
    }

    /// Whether every thread of it and of what it started rests: each stops when it is next looked at.
    pub(super) fn is_paused(&self) -> bool {
        let rests = |state: char| matches!(state, 'T' | 't' | 'Z' | 'X');
        let mut of_group =
            process_ids().filter(|id| Stat::of(*id).is_some_and(|stat| stat.group == self.pid));
        of_group.all(|id| threads_of(id).all(|stat| rests(stat.state)))
    }

    /// For how long it has been running.
    pub fn age(&self) -> Option<Duration> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let seconds: f64 = uptime.split(' ').next()?.parse().ok()?;
        let started = self.started_ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        Duration::try_from_secs_f64(seconds - started).ok()
    }

    /// To it and all that it started; answers whether there was anybody.
    pub(super) fn signal(&self, signal: Signal) -> bool {
        self.group_runs() && Pid::from_raw(self.pid).is_some_and(|id| kill_process_group(id, signal).is_ok())
    }

    /// Asks all to end, waits, and kills who does not.
    pub(super) fn stop(&self, patience: Duration) -> End {
        let is_gone = || (!self.group_runs()).then_some(());
        if !self.signal(Signal::TERM) {
            return End::Gone;
        }
        // Who is paused hears nothing else.
        self.signal(Signal::CONT);
        if wait_for(patience, is_gone).is_some() {
            return End::Ended;
        }
        self.kill();
        End::Killed
    }

    /// Without asking. Returns when nobody is left.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
        let is_gone = || (!self.group_runs()).then_some(());
        let _ = wait_for(Duration::from_secs(10), is_gone);
    }

    /// Whether it or something that it started runs. An id is not given away while it names a group.
    fn group_runs(&self) -> bool {
        if !self.is_of_this_boot() || self.is_replaced() {
            return false;
        }
        let of_group = |stat: &Stat| stat.group == self.pid && !stat.has_ended();
        process_ids().filter_map(Stat::of).any(|stat| of_group(&stat))
    }

    fn is(&self, stat: Stat) -> bool {
        stat.started_ticks == self.started_ticks
    }

    fn is_of_this_boot(&self) -> bool {
        boot().is_ok_and(|boot| boot == self.boot)
    }
}

impl Stat {
    fn of(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The name of the program stands in brackets and may hold brackets and spaces.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let state = fields.first()?.chars().next()?;
        let group = fields.get(2)?.parse().ok()?;
        Some(Self { state, group, started_ticks: fields.get(19)?.parse().ok()? })
    }

    /// Nobody has asked yet how it ended.
    fn has_ended(self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

fn threads_of(process: i32) -> impl Iterator<Item = Stat> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| Stat::parse(&fs::read_to_string(entry.path().join("stat")).ok()?))
}

fn process_ids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};

    use super::*;

    fn shell(script: &str) -> (Child, Leader) {
        let child = Command::new("sh").args(["-c", script]).process_group(0).spawn().unwrap();
        let leader = Leader::of(child.id()).unwrap();
        (child, leader)
    }

    #[test]
    fn a_line_of_the_system_is_read() {
        let line = "7 (a) b) S 1 5 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 2";
        assert_eq!(Stat::parse(line), Some(Stat { state: 'S', group: 5, started_ticks: 4711 }));
        assert_eq!(Stat::parse("7 (a) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn what_a_process_started_ends_with_it() {
        let (mut child, leader) = shell("sleep 600 & sleep 600");
        assert!(leader.is_alive());
        assert_eq!(leader.stop(Duration::from_secs(60)), End::Ended);
        child.wait().unwrap();
        assert!(!leader.is_alive());
        assert_eq!(leader.stop(Duration::from_secs(60)), End::Gone);
    }

    #[test]
    fn who_does_not_listen_is_killed() {
        // It has to ignore the signal before it gets it.
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready");
        let script = format!("trap '' TERM; : > {}; sleep 600; sleep 600", ready.display());
        let (mut child, leader) = shell(&script);
        wait_for(Duration::from_secs(60), || ready.exists().then_some(())).unwrap();
        assert_eq!(leader.stop(Duration::from_millis(100)), End::Killed);
        child.wait().unwrap();
    }

    #[test]
    fn who_is_paused_can_be_stopped() {
        // A shell that waits: one that starts a program with vfork, and whose program is stopped
        // before it runs, is suspended within the kernel (`D`) and never looks at the signal.
        let (mut child, leader) = shell("sleep 600 & wait");
        assert!(!leader.is_paused());
        assert!(leader.signal(Signal::STOP));
        wait_for(Duration::from_secs(60), || leader.is_paused().then_some(())).unwrap();
        assert_eq!(leader.stop(Duration::from_secs(60)), End::Ended);
        child.wait().unwrap();
    }

    #[test]
    fn an_id_that_belongs_to_another_process_now_is_left_alone() {
        let (mut child, leader) = shell("sleep 600");
        let strangers = [
            Leader { started_ticks: leader.started_ticks + 1, ..leader.clone() },
            Leader { boot: String::from("another"), ..leader },
        ];
        for stranger in strangers {
            assert!(!stranger.is_alive() && stranger.is_replaced());
            assert_eq!(stranger.stop(Duration::from_secs(1)), End::Gone);
        }
        assert!(leader.is_alive() && !leader.is_replaced());
        leader.kill();
        child.wait().unwrap();
    }
}
