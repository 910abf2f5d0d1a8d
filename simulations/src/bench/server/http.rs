//! One connection over which requests are sent, one after the other.
//!
//! Invariant: an answer is read whole before the next request goes. It knows as much of HTTP as the server uses:
//! answers tell their length, or come in chunks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);
/// So much of an answer is shown when it is not as expected.
const SAID_BYTES: usize = 500;
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

/// What the server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// A tenant of its own, with what it shows to be let in.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// Lets a person look.
    pub(super) token: String,
    /// Lets a program send lines.
    pub(super) key: String,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("cannot connect to the server")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), address })
    }

    /// Sends lines, all of which must be accepted.
    pub(super) fn send_lines(&mut self, key: &str, lines: &[u8]) -> anyhow::Result<()> {
        self.post("/api/logs/bulk/", key, "application/x-ndjson", lines)?.expect(200)
    }

    pub(super) fn post(
        &mut self,
        path: &str,
        credential: &str,
        form: &str,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let head = self.head("POST", path, credential);
        let head = format!("{head}Content-Type: {form}\r\nContent-Length: {}\r\n\r\n", body.len());
        self.exchange(head, body)
    }

    pub(super) fn get(&mut self, path: &str, credential: &str) -> anyhow::Result<Answer> {
        let head = self.head("GET", path, credential);
        self.exchange(format!("{head}\r\n"), b"")
    }

    /// A new account with a tenant and a key.
    pub(super) fn register(&mut self, name: &str) -> anyhow::Result<Account> {
        let person = json!({
            "username": name, "email": format!("{name}@example.org"),
            "password": PASSWORD, "password_confirm": PASSWORD,
        });
        let token = self.create("/api/auth/register/", "", &person, "token")?;
        let key = json!({"name": "bench", "scopes": ["ingest"]});
        let key = self.create("/api/users/profile/api-keys/", &token, &key, "key")?;
        Ok(Account { token, key })
    }

    /// Has something made; answers one field of what the server says about it.
    fn create(&mut self, path: &str, credential: &str, what: &Value, field: &str) -> anyhow::Result<String> {
        let answer = self.post(path, credential, "application/json", what.to_string().as_bytes())?;
        let said = answer.json()?;
        let value = said[field].as_str().with_context(|| format!("{path} answers no {field}: {said}"))?;
        Ok(value.to_owned())
    }

    fn head(&self, method: &str, path: &str, credential: &str) -> String {
        let shown = match credential {
            "" => String::new(),
            credential => format!("Authorization: Bearer {credential}\r\n"),
        };
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{shown}", self.address)
    }

    fn exchange(&mut self, head: String, body: &[u8]) -> anyhow::Result<Answer> {
        let mut request = head.into_bytes();
        // Two writes of a small request would be two packets.
        let (joined, rest) = if body.len() < 64 << 10 { (body, &body[..0]) } else { (&body[..0], body) };
        request.extend_from_slice(joined);
        self.stream.get_mut().write_all(&request)?;
        self.stream.get_mut().write_all(rest)?;
        self.answer()
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.with_context(|| format!("no status in {status_line:?}"))?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "transfer-encoding" => is_chunked = true,
                _ => {}
            }
        }
        let mut body = Vec::new();
        if is_chunked {
            while self.chunk(&mut body)? {}
        } else {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Answer { status, body })
    }

    /// Whether there was one more.
    fn chunk(&mut self, body: &mut Vec<u8>) -> anyhow::Result<bool> {
        let length = usize::from_str_radix(&self.line()?, 16)?;
        let start = body.len();
        body.resize(start + length, 0);
        self.stream.read_exact(&mut body[start..])?;
        self.line()?;
        Ok(length > 0)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the server has closed the connection");
        Ok(line.trim_end().to_owned())
    }
}

impl Answer {
    pub(super) fn expect(&self, status: u16) -> anyhow::Result<()> {
        let said = &self.body[..self.body.len().min(SAID_BYTES)];
        ensure!(
            self.status == status,
            "the server answers {} {}",
            self.status,
            String::from_utf8_lossy(said)
        );
        Ok(())
    }

    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is no JSON")
    }
}
