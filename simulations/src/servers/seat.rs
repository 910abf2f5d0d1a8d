//! Where a server sits: its name, addresses and folders.
//!
//! Invariant: all that a server needs to start again on the same port with the same data stands in its seat.
//! It does not say whether the server runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use antler_events::randomness::{Randomness as _, SystemRandomness};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, Login, Wishes};
use super::ports;

/// A place for one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Its kind's, or n1, n2, n3 in a cluster.
    pub name: String,
    pub kind: Kind,
    pub version: String,
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where others of its cluster connect.
    pub inner: SocketAddr,
    /// Where NATS tells how it is, over HTTP.
    pub monitor: SocketAddr,
    pub data: PathBuf,
    pub log: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub login: Option<Login>,
}

impl Seat {
    /// On free ports, with its folder below this one.
    pub(super) fn draw(name: &str, kind: Kind, below: &Path, wishes: &Wishes) -> anyhow::Result<Self> {
        let [address, inner, monitor] = ports::draw()?;
        let folder = below.join(name);
        let login = if wishes.is_secure && kind.knows_passwords() { Some(Login::draw()?) } else { None };
        Ok(Self {
            name: name.to_owned(),
            kind,
            version: String::new(),
            address,
            inner,
            monitor,
            data: folder.join("data"),
            log: folder.join("server.log"),
            login,
        })
    }

    pub fn folder(&self) -> &Path {
        self.data.parent().expect("the data lie in the folder of the server")
    }

    /// Where a client connects, with the user if there is one.
    pub fn url(&self) -> String {
        let login = self.login.as_ref().map(|Login { name, password }| match self.kind {
            // Its only user has no name.
            Kind::Redis => format!(":{password}@"),
            _ => format!("{name}:{password}@"),
        });
        format!("{}://{}{}", self.kind.scheme(), login.unwrap_or_default(), self.address)
    }

    /// Whether somebody listens on one of its ports.
    pub(super) fn is_taken(&self) -> bool {
        [self.address, self.inner, self.monitor].into_iter().any(ports::is_taken)
    }
}

impl Login {
    fn draw() -> anyhow::Result<Self> {
        let mut bytes = [0; 16];
        SystemRandomness.fill(&mut bytes)?;
        // No digits first: a settings file would read a number.
        let password = bytes.iter().map(|byte| char::from(b'a' + byte % 16)).collect();
        Ok(Self { name: String::from("antler"), password })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_user_as_the_protocol_does() {
        let check = |kind, is_secure, expected: &str| {
            let wishes = Wishes { is_secure, ..Wishes::default() };
            let mut seat = Seat::draw("a", kind, Path::new("d"), &wishes).unwrap();
            seat.address = "127.0.0.1:7".parse().unwrap();
            if let Some(login) = &mut seat.login {
                assert_eq!(login.password.len(), 16);
                login.password = String::from("secret");
            }
            assert_eq!(seat.url(), expected);
        };
        check(Kind::Nats, false, "nats://127.0.0.1:7");
        check(Kind::Nats, true, "nats://antler:secret@127.0.0.1:7");
        check(Kind::Elasticsearch, true, "http://antler:secret@127.0.0.1:7");
        check(Kind::OpenSearch, true, "http://127.0.0.1:7");
        check(Kind::Mongo, true, "mongodb://127.0.0.1:7");
        check(Kind::Redis, true, "redis://:secret@127.0.0.1:7");
    }

    #[test]
    fn folders_lie_below_the_one_given() {
        let seat = Seat::draw("n1", Kind::Nats, Path::new("d"), &Wishes::default()).unwrap();
        assert_eq!(seat.folder(), Path::new("d/n1"));
        assert_eq!(seat.data, Path::new("d/n1/data"));
        assert!(!seat.is_taken());
    }
}
