//! The protocol of NATS: lines, and payloads of a length that a line tells.
//!
//! Invariant: a question gets the answer that was sent to its own inbox. It subscribes to nothing else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::{ANSWER_BYTES_MAX, connect, http};
use crate::servers::seat::Seat;

/// An open connection of a user who may do everything.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    /// What the server said about itself.
    info: Value,
    questions: u64,
}

impl Connection {
    pub fn open(seat: &Seat) -> anyhow::Result<Self> {
        let stream = BufReader::new(connect(seat.address)?);
        let mut connection = Self { stream, info: Value::Null, questions: 0 };
        let line = connection.line()?;
        let info = line.strip_prefix("INFO ").with_context(|| format!("no NATS server says {line:.100?}"))?;
        connection.info = serde_json::from_str(info).context("what the server says of itself is no JSON")?;
        let mut hello = json!({"verbose": false, "pedantic": false, "lang": "antler", "version": "0",
            "protocol": 1, "headers": true, "no_responders": true});
        if let Some(login) = &seat.login {
            hello["user"] = json!(login.name);
            hello["pass"] = json!(login.password);
        }
        connection.say(&format!("CONNECT {hello}\r\nSUB answers.* 1\r\nPING\r\n"))?;
        connection.wait_for_pong()?;
        Ok(connection)
    }

    /// Asks and reads the answer, which is JSON.
    pub fn ask(&mut self, subject: &str, payload: &str) -> anyhow::Result<Value> {
        self.questions += 1;
        let inbox = format!("answers.{}", self.questions);
        self.say(&format!("PUB {subject} {inbox} {}\r\n{payload}\r\n", payload.len()))?;
        loop {
            let (to, answer) = self.message()?;
            if to == inbox {
                let answer = answer.with_context(|| format!("nobody answers on {subject}"))?;
                return serde_json::from_slice(&answer).context("the answer is no JSON");
            }
        }
    }

    /// Whether JetStream takes requests: in a cluster that needs a leader.
    pub(super) fn ask_jetstream(&mut self) -> anyhow::Result<()> {
        ensure!(self.info["jetstream"] == true, "it runs without JetStream");
        let answer = self.ask("$JS.API.INFO", "")?;
        match answer["error"]["description"].as_str() {
            Some(error) => bail!("JetStream says: {error}"),
            None => Ok(()),
        }
    }

    /// The next message: where it was sent, and what, if there is somebody who answers there.
    fn message(&mut self) -> anyhow::Result<(String, Option<Vec<u8>>)> {
        loop {
            let line = self.line()?;
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["PING"] => self.say("PONG\r\n")?,
                ["PONG" | "+OK"] | ["INFO", ..] => {}
                ["MSG", to, _, .., length] => {
                    return Ok(((*to).to_owned(), Some(self.payload(0, length)?)));
                }
                // Headers alone say that nobody listens.
                ["HMSG", to, _, .., headers, length] => {
                    let headers: usize = headers.parse()?;
                    let payload = self.payload(headers, length)?;
                    return Ok(((*to).to_owned(), Some(payload).filter(|payload| !payload.is_empty())));
                }
                _ => bail!("the server says {line:.200}"),
            }
        }
    }

    fn payload(&mut self, headers: usize, length: &str) -> anyhow::Result<Vec<u8>> {
        let length: usize = length.parse()?;
        ensure!(headers <= length && length <= ANSWER_BYTES_MAX, "an answer of {length} bytes is too long");
        let mut payload = vec![0; length + 2];
        self.stream.read_exact(&mut payload)?;
        payload.truncate(length);
        Ok(payload.split_off(headers))
    }

    fn wait_for_pong(&mut self) -> anyhow::Result<()> {
        loop {
            match self.line()?.as_str() {
                "PONG" => return Ok(()),
                "PING" => self.say("PONG\r\n")?,
                line if line.starts_with("-ERR") => bail!("the server says {line}"),
                _ => {}
            }
        }
    }

    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.stream.get_mut().write_all(text.as_bytes())?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let length = self.stream.by_ref().take(ANSWER_BYTES_MAX as u64).read_line(&mut line)?;
        ensure!(length > 0, "the server has closed the connection");
        Ok(line.trim_end().to_owned())
    }
}

/// The name of the server that leads a cluster, if one does.
pub fn leader(seat: &Seat) -> anyhow::Result<Option<String>> {
    let about = http::send(seat.monitor, None, "GET", "/jsz", "")?.json()?;
    let leader = about["meta_cluster"]["leader"].as_str().filter(|name| !name.is_empty());
    Ok(leader.map(str::to_owned))
}
