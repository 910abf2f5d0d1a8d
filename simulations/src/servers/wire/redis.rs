//! The protocol of Redis, for commands whose answer is one line.
//!
//! Invariant: an error that the server tells is an error here. It reads no lists.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{bail, ensure};

use super::connect;
use crate::servers::seat::Seat;

const LINE_BYTES_MAX: u64 = 64 << 10;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(seat: &Seat) -> anyhow::Result<Self> {
        let mut connection = Self { stream: BufReader::new(connect(seat.address)?) };
        if let Some(login) = &seat.login {
            connection.ask(&["AUTH", &login.password])?;
        }
        Ok(connection)
    }

    /// Sends a command and reads its answer: a line, a number or a text of one line.
    pub fn ask(&mut self, words: &[&str]) -> anyhow::Result<String> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.stream.get_mut().write_all(command.as_bytes())?;
        let line = self.line()?;
        match line.split_at_checked(1) {
            Some(("+" | ":", rest)) => Ok(rest.to_owned()),
            Some(("$", "-1")) => Ok(String::new()),
            Some(("$", _)) => self.line(),
            _ => bail!("the server says {line}"),
        }
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let length = self.stream.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)?;
        ensure!(length > 0, "the server has closed the connection");
        Ok(line.trim_end().to_owned())
    }
}

pub(super) fn ask(seat: &Seat) -> anyhow::Result<()> {
    let answer = Connection::open(seat)?.ask(&["PING"])?;
    ensure!(answer == "PONG", "it answers {answer} to a ping");
    Ok(())
}
