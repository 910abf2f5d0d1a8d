//! Sockets under load that are cut again and again, and go on behind their last line.
//!
//! Invariant: whoever resumes gets each line once and in order, or is told of a gap with its count; also over kills and stops
//! of the server. Nobody is told of lines that never were.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::client::{path_text, settings};
use super::ledger::Tenant;
use super::random::Random;
use super::running::Running;
use super::wire::{PATIENCE, Wire};

/// Little waits for a slow reader, so that there are gaps; files of the log come and go.
const SETTINGS: &str = "[storage]\nsegment_bytes = \"4 MiB\"\n\
     [limits.live]\nframe_lines_max = 5\nqueue_frames_max = 8\n";
const READERS: u64 = 6;
/// So many lines may be on their way to a reader that reads.
const AHEAD_MAX: u64 = 50;
/// Lines of one body, each of so many bytes: sockets shall not take all of them in between.
const TOGETHER: u64 = 10;
const PADDING: usize = 20_000;

/// Where the server is; it moves when it is started again.
type Address = Mutex<SocketAddr>;

struct Reader<'a> {
    address: &'a Address,
    tenant: &'a Tenant,
    random: Random,
    /// Bodies that were sent, and between which of them this one reads nothing.
    sent: &'a AtomicU64,
    /// What it has, for the sender, who does not run ahead.
    position: &'a AtomicU64,
    stalls: Vec<(u64, u64)>,
    /// After that it is not cut before it has caught up to this line: it is told of a gap on its way.
    stays_until: u64,
    /// The number of the last line, and of the last message.
    resume: Option<u64>,
    next: u64,
    cuts: u64,
    gaps: u64,
    missed: u64,
}

/// How a reader leaves.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Dropped,
    HalfClosed,
    Closed,
}

#[test]
fn sockets_that_are_cut_miss_nothing_they_are_not_told_of() {
    ordeal(1, 300, 3);
}

#[test]
#[ignore = "a long run"]
fn sockets_that_are_cut_for_long_miss_nothing_they_are_not_told_of() {
    ordeal(2, 3_000, 20);
}

fn ordeal(seed: u64, bodies: u64, restarts: u64) {
    let dir = tempfile::tempdir().unwrap();
    let config = settings(dir.path(), SETTINGS);
    let start = || Running::start(&dir.path().join("data"), &["serve", "--config", path_text(&config)]);
    let started = start();
    let (tenant, other) = (Tenant::register(&started, "ann"), Tenant::register(&started, "bob"));
    let (address, sent, ready) = (Mutex::new(started.http), AtomicU64::new(0), AtomicU64::new(0));
    let (mut running, mut random) = (Some(started), Random(seed));
    let positions: [AtomicU64; READERS as usize] = Default::default();
    let readers: Vec<Reader<'_>> = std::thread::scope(|scope| {
        let reading: Vec<_> = (0..READERS)
            .map(|number| {
                let mut reader = Reader::new(
                    &address,
                    &tenant,
                    Random(seed * 1_000 + number),
                    (&sent, &positions[number as usize]),
                );
                if number == 0 {
                    // Between restarts, and in the end.
                    let percent = |from, to| (bodies * from / 100, bodies * to / 100);
                    reader.stalls = vec![percent(77, 96), percent(52, 70), percent(2, 20)];
                }
                let ready = &ready;
                scope.spawn(move || {
                    reader.read(bodies * TOGETHER, ready);
                    reader
                })
            })
            .collect();
        scope.spawn(|| {
            until(|| ready.load(Ordering::Relaxed) == READERS);
            for number in 0..bodies {
                let enough = (number * TOGETHER).saturating_sub(AHEAD_MAX);
                until(|| positions.iter().all(|position| position.load(Ordering::Relaxed) >= enough));
                send(&address, &tenant, number, PADDING);
                // Lines of somebody else lie between.
                send(&address, &other, number, 10);
                sent.store(number, Ordering::Relaxed);
            }
        });
        for restart in 1..=restarts {
            until(|| sent.load(Ordering::Relaxed) >= bodies * restart / (restarts + 1));
            let stopping = running.take().unwrap();
            stopping.stop(if random.chance(2) { "KILL" } else { "TERM" });
            let started = start();
            *address.lock().unwrap() = started.http;
            running = Some(started);
        }
        reading.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    let sum = |of: fn(&Reader<'_>) -> u64| readers.iter().map(of).sum::<u64>();
    assert!(sum(|reader| reader.gaps) > 0, "nobody was too slow");
    super::tell(&format!(
        "seed {seed}: {} sockets cut, {restarts} restarts, {} lines for each of {READERS} readers, {} gaps of {} lines",
        sum(|reader| reader.cuts),
        bodies * TOGETHER,
        sum(|reader| reader.gaps),
        sum(|reader| reader.missed)
    ));
    let (code, said) = running.unwrap().stop("TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// Looks again and again, for far longer than a loaded machine needs.
fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if is_so() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    panic!("it did not come to be");
}

/// One body under a key, until it is answered: so each line is there once, and in order.
fn send(address: &Address, tenant: &Tenant, number: u64, padding: usize) {
    let padding = "x".repeat(padding);
    let lines = (number * TOGETHER..(number + 1) * TOGETHER)
        .map(|n| format!("{{\"n\":{n},\"of\":\"{}\",\"padding\":\"{padding}\"}}\n", tenant.name));
    let body: String = lines.collect();
    let headers =
        format!("{}\r\nContent-Type: application/x-ndjson\r\nIdempotency-Key: {number}", tenant.credential());
    until(|| {
        let address = *address.lock().unwrap();
        let answer = Wire::open(address)
            .and_then(|mut wire| wire.ask("POST /api/logs/bulk/", &headers, body.as_bytes()));
        answer.is_ok_and(|answer| answer.status == 200)
    });
}

impl<'a> Reader<'a> {
    fn new(
        address: &'a Address,
        tenant: &'a Tenant,
        random: Random,
        (sent, position): (&'a AtomicU64, &'a AtomicU64),
    ) -> Self {
        let (resume, stalls) = (None, Vec::new());
        Self {
            address,
            tenant,
            random,
            sent,
            position,
            stalls,
            stays_until: 0,
            resume,
            next: 0,
            cuts: 0,
            gaps: 0,
            missed: 0,
        }
    }

    /// Reads all lines, over many sockets.
    fn read(&mut self, total: u64, ready: &AtomicU64) {
        let mut is_ready = false;
        while self.next < total {
            let Some(mut socket) = self.open() else {
                self.random.pass(Duration::from_millis(20));
                continue;
            };
            if !std::mem::replace(&mut is_ready, true) {
                ready.fetch_add(1, Ordering::Relaxed);
            }
            // A first line has to come, or there is nothing to go on from.
            let messages = 1 + self.random.below(40);
            let mut heard = 0;
            while self.next < total && (heard < messages || self.next < self.stays_until) {
                if !self.hear(&mut socket) {
                    break;
                }
                heard += 1;
            }
            self.cut(socket);
        }
        self.position.store(u64::MAX, Ordering::Relaxed);
    }

    fn open(&self) -> Option<WebSocket<TcpStream>> {
        let address = *self.address.lock().unwrap();
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let resume = self.resume.map(|last| format!("&resume={last}")).unwrap_or_default();
        let path = format!("ws://{address}/ws/logs/stream/?token={}{resume}", self.tenant.key);
        let (mut socket, _) = tungstenite::client(path, stream).ok()?;
        let hello: Value = serde_json::from_str(socket.read().ok()?.to_text().ok()?).ok()?;
        assert_eq!(hello["type"], "connection", "{hello}");
        Some(socket)
    }

    /// The next message; false at the end of the connection.
    fn hear(&mut self, socket: &mut WebSocket<TcpStream>) -> bool {
        if let Some((_, to)) = self.stalls.pop_if(|(from, _)| *from <= self.next / TOGETHER) {
            self.position.store(u64::MAX, Ordering::Relaxed);
            until(|| self.sent.load(Ordering::Relaxed) >= to);
            self.stays_until = to * TOGETHER;
        }
        self.position.store(self.next, Ordering::Relaxed);
        let text = match socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(Message::Close(_)) | Err(_) => return false,
            Ok(_) => return true,
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["type"].as_str().unwrap() {
            "log" => {
                self.line(&message["data"]);
                self.resume = message["seq"].as_u64();
            }
            "log_batch" => {
                message["data"].as_array().unwrap().iter().for_each(|line| self.line(line));
                self.resume = message["last"].as_u64();
            }
            "gap" => {
                let count = message["count"].as_u64().unwrap_or_else(|| panic!("not counted: {message}"));
                self.gaps += 1;
                self.missed += count;
                self.next += count;
                self.resume = message["to"].as_u64();
            }
            "error" => panic!("{message} after {:?}", self.resume),
            _ => {}
        }
        true
    }

    fn line(&mut self, line: &Value) {
        assert_eq!(line["of"], json!(self.tenant.name), "a line of somebody else");
        assert_eq!(line["n"], json!(self.next), "seed {}: after {} gaps", self.random.0, self.gaps);
        self.next += 1;
    }

    fn cut(&mut self, mut socket: WebSocket<TcpStream>) {
        self.cuts += 1;
        let cut = [Cut::Dropped, Cut::HalfClosed, Cut::Closed][self.random.below(3) as usize];
        match cut {
            // What lies unread makes it a reset.
            Cut::Dropped => {}
            // Nothing more is said to the server; it may go on telling, and nobody listens any more after a while.
            Cut::HalfClosed => {
                let _ = socket.get_ref().shutdown(Shutdown::Write);
                self.random.pass(Duration::from_millis(20));
            }
            Cut::Closed => {
                let _ = socket.close(None);
                let _ = socket.flush();
            }
        }
    }
}
