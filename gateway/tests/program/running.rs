//! A server process for one test, and as much of HTTP as the tests need.
//!
//! Invariant: a `Running` is ready, and its process is gone when it is dropped. It judges nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Far above what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

pub(crate) struct Running {
    process: Child,
    pub(crate) http: SocketAddr,
    ports: serde_json::Value,
    /// What it says on standard error; a thread reads it so that the pipe never fills.
    said: Option<JoinHandle<String>>,
}

pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Running {
    /// Starts a server on a folder and waits until it is ready.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::launch(Command::new(env!("CARGO_BIN_EXE_antler")), data, arguments)
    }

    /// The same with a command that becomes the server.
    pub(crate) fn launch(command: Command, data: &Path, arguments: &[&str]) -> Self {
        Self::begin(command, data, &[arguments, &["--ephemeral-ports"]].concat())
    }

    /// The same on the ports of the arguments and settings.
    pub(crate) fn begin(mut command: Command, data: &Path, arguments: &[&str]) -> Self {
        let ports = tempfile::tempdir().unwrap();
        let ports_file = ports.path().join("ports.json");
        let mut process = command
            .args(arguments)
            .args(["--data", data.to_str().unwrap()])
            .args(["--ports-file", ports_file.to_str().unwrap()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = process.stderr.take().unwrap();
        let mut said = Some(std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        }));
        let ready = wait(|| {
            if let Some(status) = process.try_wait().unwrap() {
                panic!(
                    "it ended with {status} before it was ready: {}",
                    said.take().unwrap().join().unwrap()
                );
            }
            std::fs::read_to_string(&ports_file).ok()
        });
        let ports: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let http = ports["http"].as_str().unwrap().parse().unwrap();
        Self { process, http, ports, said }
    }

    /// The address of a listener.
    pub(crate) fn port(&self, name: &str) -> SocketAddr {
        self.ports[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.ports)).parse().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        let answer = get(self.http, path);
        assert!(answer.head.starts_with("HTTP/1.1 200"), "{}", answer.head);
        answer.json()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// Sends a signal and waits for the end: the exit code and what was said.
    pub(crate) fn stop(self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        self.ended()
    }

    /// The same of a server that was told to stop.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let status = wait(|| self.process.try_wait().unwrap());
        (status.code(), self.said.take().unwrap().join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, &format!("GET {path} HTTP/1.1"))
}

/// Sends the head of a request and reads the whole answer.
pub(crate) fn request(address: SocketAddr, head: &str) -> Answer {
    exchange(address, head, b"")
}

/// The same with a body, whose length the head tells.
pub(crate) fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{head}\r\nHost: antler\r\nConnection: close\r\n\r\n").unwrap();
    stream.write_all(body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer { head: head.to_owned(), body: body.to_owned() }
}

/// Asks again and again until there is an answer.
pub(crate) fn wait<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let (_never, timer) = mpsc::channel::<()>();
    for _ in 0..PATIENCE.as_millis() / POLL.as_millis() {
        if let Some(answer) = ask() {
            return answer;
        }
        let _ = timer.recv_timeout(POLL);
    }
    panic!("nothing happened for {PATIENCE:?}");
}
