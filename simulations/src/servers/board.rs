//! What `services up`, `down` and `status` do, on a folder.
//!
//! Invariant: what runs already is left alone; what was started and does not become ready is ended; the file of the folder
//! tells the truth after each step. It prints nothing but to the writer that it is given.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::cache::Cache;
use super::kind::{Kind, Wishes};
use super::process::End;
use super::server::{Audience, END_WITHIN, Server, start};
use super::state::{Record, State, lock};
use super::wire;

/// What is to be done with which servers.
#[derive(Debug)]
pub struct Order {
    pub folder: PathBuf,
    /// Each once.
    pub kinds: Vec<Kind>,
}

impl Order {
    /// Without names, for all.
    pub fn new(folder: PathBuf, mut kinds: Vec<Kind>) -> Self {
        if kinds.is_empty() {
            kinds = Kind::ALL.into();
        }
        kinds.sort_unstable();
        kinds.dedup();
        Self { folder, kinds }
    }
}

/// Starts what does not run, all at once; answers whether all are up.
pub fn up(order: &Order, wishes: &Wishes, cache: &Cache, out: &mut dyn Write) -> anyhow::Result<bool> {
    let (folder, _guard) = lock(&order.folder)?;
    let state = Mutex::new(State::read(&folder)?);
    let (lines, said) = mpsc::channel();
    let is_up = std::thread::scope(|scope| {
        let start_one = |kind: Kind| {
            let starter = Starter { kind, folder: &folder, state: &state, lines: lines.clone() };
            scope.spawn(move || starter.up(wishes, cache))
        };
        let threads: Vec<_> = order.kinds.iter().map(|kind| start_one(*kind)).collect();
        drop(lines);
        for line in said {
            writeln!(out, "{line}")?;
            out.flush()?;
        }
        // All have ended when nobody says anything any more.
        anyhow::Ok(threads.into_iter().all(|thread| thread.join().unwrap_or(false)))
    })?;
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.write(&folder)?;
    write!(out, "{}", state.addresses())?;
    Ok(is_up)
}

/// Brings the servers of one kind up, beside others that do the same.
struct Starter<'a> {
    kind: Kind,
    folder: &'a Path,
    state: &'a Mutex<State>,
    lines: mpsc::Sender<String>,
}

impl Starter<'_> {
    fn up(self, wishes: &Wishes, cache: &Cache) -> bool {
        match self.try_up(wishes, cache) {
            Ok(lines) => {
                lines.into_iter().for_each(|line| self.hears(line));
                true
            }
            Err(error) => {
                self.hears(format!("cannot bring {} up: {error:#}", self.kind));
                false
            }
        }
    }

    fn try_up(&self, wishes: &Wishes, cache: &Cache) -> anyhow::Result<Vec<String>> {
        let known: Vec<Record> = self.with_state(|state| state.of(self.kind).into_iter().cloned().collect());
        if !known.is_empty() && known.iter().all(|record| record.process.is_alive()) {
            return known.iter().map(look_at).collect();
        }
        // Of a cluster that lost a server, nothing is left to run with other ports than the new ones know.
        for record in &known {
            record.process.stop(END_WITHIN);
        }
        let mut servers = match start(self.kind, self.folder, wishes, cache, self) {
            Ok(servers) => servers,
            Err(error) => {
                self.change_state(|state| state.forget(self.kind))?;
                return Err(error);
            }
        };
        servers.iter_mut().for_each(Server::leave);
        if wishes.is_secure && !self.kind.knows_passwords() {
            self.hears(format!(
                "{} is open to all of this machine: this build knows no passwords",
                self.kind
            ));
        }
        Ok(servers.iter().map(|server| told(&server.record(), "is up")).collect())
    }

    fn with_state<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change_state(&self, change: impl FnOnce(&mut State)) -> anyhow::Result<()> {
        self.with_state(|state| {
            change(state);
            state.write(self.folder)
        })
    }
}

impl Audience for Starter<'_> {
    fn hears(&self, line: String) {
        // Nobody listens any more when the terminal is closed.
        let _ = self.lines.send(line);
    }

    fn sees(&self, records: &[Record]) -> anyhow::Result<()> {
        self.change_state(|state| {
            state.forget(self.kind);
            state.servers.extend(records.iter().cloned());
        })
    }
}

fn look_at(record: &Record) -> anyhow::Result<String> {
    let name = &record.seat.name;
    wire::ask(&record.seat).with_context(|| {
        format!("{name} runs but does not answer; `services down {}` ends it", record.seat.kind)
    })?;
    Ok(told(record, "runs already"))
}

fn told(record: &Record, how: &str) -> String {
    let Record { seat, process } = record;
    let (name, version, address) = (&seat.name, &seat.version, seat.address);
    format!("{name} {how}: {version} on {address}, pid {}, log {}", process.pid, seat.log.display())
}

/// Ends what was brought up; with `is_final`, removes what it kept, too. Answers whether all is gone.
pub fn down(order: &Order, is_final: bool, out: &mut dyn Write) -> anyhow::Result<bool> {
    if !order.folder.exists() {
        writeln!(out, "nothing is up in {}", order.folder.display())?;
        return Ok(true);
    }
    let (folder, _guard) = lock(&order.folder)?;
    let mut state = State::read(&folder)?;
    let wanted = |record: &&Record| order.kinds.contains(&record.seat.kind);
    let records: Vec<Record> = state.servers.iter().filter(wanted).cloned().collect();
    let ends = std::thread::scope(|scope| {
        let threads: Vec<_> = records.iter().map(|record| scope.spawn(|| end(record))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect::<Vec<String>>()
    });
    for line in ends {
        writeln!(out, "{line}")?;
    }
    for kind in &order.kinds {
        if state.of(*kind).is_empty() {
            writeln!(out, "{kind} was not up")?;
        }
        state.forget(*kind);
    }
    state.write(&folder)?;
    if is_final {
        remove_folders(order, &folder, out)?;
    }
    Ok(records.iter().all(|record| !record.process.is_alive()))
}

fn end(record: &Record) -> String {
    let (name, pid) = (&record.seat.name, record.process.pid);
    if record.process.is_replaced() {
        return format!(
            "{name} ran no more; the id {pid} belongs to another program now, which is left alone"
        );
    }
    match record.process.stop(END_WITHIN) {
        End::Gone => format!("{name} ran no more"),
        End::Ended => format!("{name} is down"),
        End::Killed => format!("{name} did not end within {} s and was killed", END_WITHIN.as_secs()),
    }
}

/// Of servers that are not up any more, whether they were or not.
fn remove_folders(order: &Order, folder: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    for kind in &order.kinds {
        let names: &[&str] = if *kind == Kind::Nats { &["nats", "n1", "n2", "n3"] } else { &[kind.name()] };
        for place in names.iter().map(|name| folder.join(name)).filter(|place| place.exists()) {
            std::fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))?;
            writeln!(out, "{} is removed", place.display())?;
        }
    }
    Ok(())
}

/// Says of each server whether it answers; answers whether all do.
pub fn status(order: &Order, is_named: bool, is_json: bool, out: &mut dyn Write) -> anyhow::Result<bool> {
    let state = State::read(&order.folder)?;
    let wanted = |record: &&Record| order.kinds.contains(&record.seat.kind);
    let records: Vec<&Record> = state.servers.iter().filter(wanted).collect();
    let answers: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = records.iter().map(|record| scope.spawn(|| answer(record))).collect();
        let lost = |_| Err(String::from("it could not be asked"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(lost)).collect()
    });
    let missing: Vec<Kind> =
        order.kinds.iter().copied().filter(|kind| is_named && state.of(*kind).is_empty()).collect();
    if is_json {
        write_json(&records, &answers, out)?;
    } else {
        write_table(&records, &answers, out)?;
        missing.iter().try_for_each(|kind| writeln!(out, "{kind} was not brought up"))?;
        if records.is_empty() && missing.is_empty() {
            writeln!(out, "nothing is up in {}", order.folder.display())?;
        }
    }
    Ok(missing.is_empty() && answers.iter().all(Result::is_ok))
}

fn answer(record: &Record) -> Result<(), String> {
    if !record.process.is_alive() {
        return Err(String::from("it has ended"));
    }
    wire::ask(&record.seat).map_err(|error| format!("{error:#}"))
}

fn write_table(
    records: &[&Record],
    answers: &[Result<(), String>],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{:<14} {:<16} {:<22} {:>8} {:>10}  answers",
        "name", "version", "address", "pid", "since"
    )?;
    for (Record { seat, process }, answer) in records.iter().zip(answers) {
        let age = process.age().filter(|_| process.is_alive());
        let age = age.map_or_else(|| String::from("-"), |age| format!("{} s ago", age.as_secs()));
        let (name, version, address) = (&seat.name, &seat.version, seat.address.to_string());
        let answer = answer.as_ref().map_or_else(|error| format!("NO: {error}"), |()| String::from("yes"));
        writeln!(out, "{name:<14} {version:<16} {address:<22} {:>8} {age:>10}  {answer}", process.pid)?;
    }
    Ok(())
}

fn write_json(
    records: &[&Record],
    answers: &[Result<(), String>],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut servers = Vec::new();
    for (record, answer) in records.iter().zip(answers) {
        let mut server = serde_json::to_value(record)?;
        server["url"] = json!(record.seat.url());
        server["answers"] = json!(answer.is_ok());
        server["reason"] = json!(answer.as_ref().err());
        server["running_seconds"] = json!(record.process.age().map(|age| age.as_secs()));
        servers.push(server);
    }
    writeln!(out, "{}", json!({ "servers": servers }))?;
    Ok(())
}

/// The folder that is used when none is named: beside what cargo builds.
pub fn usual_folder() -> anyhow::Result<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    match top {
        Some(top) => Ok(top.join("target/services/run")),
        None => bail!("name a folder with --dir"),
    }
}

#[cfg(test)]
mod tests;
