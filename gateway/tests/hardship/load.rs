//! Mixed load on a server that may die at any moment: bodies, single lines, lines over TCP, requests under a key.
//!
//! Invariant: each sender notes what became of each of its lines before it sends the next; it ends when its connection
//! breaks, and sends nothing twice unless under a key.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::ledger::{Fate, Tenant};
use super::random::Random;
use super::running::Running;
use super::wire::{Reply, Wire};

/// Lines of one body.
const TOGETHER: u64 = 25;
const NDJSON: &str = "\r\nContent-Type: application/x-ndjson";

/// A request under a key, to be sent again.
pub(crate) struct Keyed {
    pub(crate) tenant: usize,
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
    lines: Vec<String>,
    /// None if the connection broke before it came.
    pub(crate) first: Option<Reply>,
}

/// How far all senders of a round are.
#[derive(Default)]
pub(crate) struct Course {
    pub(crate) answers: AtomicU64,
    pub(crate) keyed: Mutex<Vec<Keyed>>,
}

/// Who sends, and under which names.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) running: &'a Running,
    pub(crate) tenant: &'a Tenant,
    pub(crate) number: usize,
    /// Begins the name of each line.
    pub(crate) prefix: &'a str,
    pub(crate) course: &'a Course,
}

/// Lines with their names; some are long, some nested, some have a time of yesterday.
pub(crate) fn lines(prefix: &str, from: u64, count: u64) -> (Vec<String>, Vec<u8>) {
    let (mut names, mut body) = (Vec::new(), Vec::new());
    for number in from..from + count {
        let name = format!("{prefix}n{number}");
        let mut line = json!({"name": name, "message": format!("order {number} was shipped"), "n": number});
        match number % 7 {
            0 => line["deep"] = json!({"path": format!("/a/{number}"), "list": [1, "zwei", null]}),
            1 => line["timestamp"] = json!("2026-03-01T08:00:00Z"),
            2 => line["message"] = json!("x".repeat(2_000)),
            3 => line["level"] = json!("error"),
            _ => {}
        }
        body.extend_from_slice(format!("{line}\n").as_bytes());
        names.push(name);
    }
    (names, body)
}

/// Lines that do not shrink.
pub(crate) fn noise(prefix: &str, from: u64, count: u64) -> (Vec<String>, Vec<u8>) {
    let (mut names, mut body) = (Vec::new(), Vec::new());
    for number in from..from + count {
        let name = format!("{prefix}n{number}");
        let mut random = Random(number);
        let noise: String = (0..2_000).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
        body.extend_from_slice(format!("{{\"name\":\"{name}\",\"message\":\"{noise}\"}}\n").as_bytes());
        names.push(name);
    }
    (names, body)
}

impl Sender<'_> {
    /// Bodies of many lines.
    pub(crate) fn bulk(self) {
        let mut wire = Wire::open(self.running.http);
        let prefix = format!("{}b", self.prefix);
        for number in 0.. {
            let (names, body) = lines(&prefix, number * TOGETHER, TOGETHER);
            if !self.send(&mut wire, "POST /api/logs/bulk/", &names, &body) {
                return;
            }
        }
    }

    /// One line at a time.
    pub(crate) fn single(self) {
        let mut wire = Wire::open(self.running.http);
        let prefix = format!("{}s", self.prefix);
        for number in 0.. {
            let (names, body) = lines(&prefix, number, 1);
            if !self.send(&mut wire, "POST /api/logs/", &names, &body) {
                return;
            }
        }
    }

    /// Answers whether the connection is still there.
    fn send(self, wire: &mut io::Result<Wire>, request: &str, names: &[String], body: &[u8]) -> bool {
        let Ok(wire) = wire else { return false };
        let answer = wire.ask(request, &(self.tenant.credential() + NDJSON), body);
        self.course.answers.fetch_add(1, Ordering::Relaxed);
        let fate = answer.as_ref().map_or(Fate::Doubtful, |answer| Fate::of_status(answer.status));
        self.tenant.note(fate, names);
        answer.is_ok()
    }

    /// Lines over TCP, whose answers tell how many of them were taken.
    pub(crate) fn tcp(self) {
        let prefix = format!("{}t", self.prefix);
        let Ok(mut wire) = Wire::open(self.running.port("tcp")) else { return };
        if wire.say(format!("{}\n", json!({"token": self.tenant.key, "ack": true})).as_bytes()).is_err() {
            return;
        }
        for number in 0.. {
            let (names, body) = lines(&prefix, number * TOGETHER, TOGETHER);
            let mut taken = 0;
            let mut broken = wire.say(&body).is_err();
            while !broken && taken < names.len() {
                let answer = wire.line().map(|line| serde_json::from_str::<Value>(&line).unwrap());
                match answer.ok().and_then(|answer| answer["accepted"].as_u64()) {
                    Some(accepted) => taken += accepted as usize,
                    None => broken = true,
                }
            }
            self.tenant.note(Fate::Acknowledged, &names[..taken]);
            self.tenant.note(Fate::Doubtful, &names[taken..]);
            self.course.answers.fetch_add(1, Ordering::Relaxed);
            if broken {
                return;
            }
        }
    }

    /// Bodies under a key, to be repeated after the crash.
    pub(crate) fn keyed(self) {
        let Ok(mut wire) = Wire::open(self.running.http) else { return };
        let prefix = format!("{}k", self.prefix);
        for number in 0.. {
            let (lines, mut body) = lines(&prefix, number * TOGETHER, TOGETHER);
            body.extend_from_slice(b"{broken\n");
            let key = format!("{prefix}{number}");
            let mut keyed = Keyed { tenant: self.number, key, body, lines, first: None };
            let answer = keyed.send(self.tenant, &mut wire);
            self.course.answers.fetch_add(1, Ordering::Relaxed);
            self.tenant.note(Fate::Doubtful, &keyed.lines);
            let is_broken = answer.is_err();
            keyed.first = answer.ok().filter(|answer| answer.status == 207);
            if keyed.first.is_some() {
                self.tenant.settle(&keyed.lines);
            }
            self.course.keyed.lock().unwrap().push(keyed);
            if is_broken {
                return;
            }
        }
    }
}

impl Keyed {
    fn send(&self, tenant: &Tenant, wire: &mut Wire) -> io::Result<Reply> {
        let headers = format!("{}{NDJSON}\r\nIdempotency-Key: {}", tenant.credential(), self.key);
        wire.ask("POST /api/logs/bulk/", &headers, &self.body)
    }

    /// Sends it again: the first answer comes again, or the first one comes now.
    pub(crate) fn repeat(&mut self, tenant: &Tenant, wire: &mut Wire, context: &str) {
        let again = self.send(tenant, wire).unwrap();
        assert_eq!(again.status, 207, "{context}, key {}: {}", self.key, again.body);
        if let Some(first) = &self.first {
            assert_eq!(again.body, first.body, "{context}, key {}: another answer than the first", self.key);
        }
        tenant.settle(&self.lines);
        self.first = Some(again);
    }
}
