//! The address of a server, as somebody types it.
//!
//! Invariant: it is HTTP, plain or through TLS; anything else is refused. It opens nothing.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use antler_config::{Config, ListenAddress};

/// `http://HOST:PORT/PATH`, or the same with `https`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Server {
    pub address: ListenAddress,
    /// In front of each path, without a slash at its end.
    pub base: String,
    /// None: it is spoken to in the open.
    pub encryption: Option<Encryption>,
}

/// How a server is trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Encryption {
    /// A file of certificates that are trusted beside those of the system.
    pub authorities: Option<PathBuf>,
}

/// Why a text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    #[error("{url:?} is not the address of a server; write it as http://127.0.0.1:8000")]
    Unreadable { url: String },
}

impl Server {
    /// The server of these settings, on this machine.
    pub(in crate::cli) fn of_settings(config: &Config) -> Self {
        let address = &config.listeners.http;
        let host = match address.host() {
            "0.0.0.0" => "127.0.0.1",
            "::" => "::1",
            host => host,
        };
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let address = format!("{shown}:{}", address.port()).parse();
        let base = config.server.base_path.to_string();
        let address = address.expect("a host and a port that were read before");
        // Whoever reads the settings trusts the certificate that they name.
        let authorities = Some(config.tls.certificate.clone());
        Self { address, base, encryption: config.tls.is_set().then_some(Encryption { authorities }) }
    }

    /// Trusts the certificates of a file, too.
    pub(in crate::cli) fn trusting(self, authorities: Option<PathBuf>) -> Self {
        let encryption = self.encryption.map(|encryption| match authorities {
            None => encryption,
            authorities => Encryption { authorities },
        });
        Self { encryption, ..self }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encryption.is_some() { "https" } else { "http" };
        write!(out, "{scheme}://{}{}", self.address, self.base)
    }
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(url: &str) -> Result<Self, ServerError> {
        let unreadable = || ServerError::Unreadable { url: url.to_owned() };
        let (encryption, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (None, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => {
                (Some(Encryption::default()), rest)
            }
            Some(_) => return Err(unreadable()),
            None => (None, url),
        };
        let (address, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@".contains(&byte));
        if !is_plain(rest) {
            return Err(unreadable());
        }
        let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let usual_port = if encryption.is_some() { 443 } else { 80 };
        let address = if has_port { address.to_owned() } else { format!("{address}:{usual_port}") };
        let address = address.parse().map_err(|_| unreadable())?;
        Ok(Self { address, base: base.trim_end_matches('/').to_owned(), encryption })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let check = |url: &str, expected: &str| {
            assert_eq!(url.parse::<Server>().unwrap().to_string(), expected, "{url}");
        };
        check("http://127.0.0.1:8000", "http://127.0.0.1:8000");
        check("http://logs.example.org", "http://logs.example.org:80");
        check("localhost:8000/", "http://localhost:8000");
        check("HTTP://[::1]:8000/antler/", "http://[::1]:8000/antler");
        check("https://logs.example.org", "https://logs.example.org:443");
        check("https://logs.example.org:8443/a/", "https://logs.example.org:8443/a");
        let listener = |address: &str| {
            let mut config = Config::default();
            config.listeners.http = address.parse().unwrap();
            config.server.base_path = "/logs".parse().unwrap();
            Server::of_settings(&config).to_string()
        };
        assert_eq!(listener("0.0.0.0:8000"), "http://127.0.0.1:8000/logs");
        assert_eq!(listener("[::]:8000"), "http://[::1]:8000/logs");
    }

    #[test]
    fn what_is_no_address_is_refused_with_one_that_is() {
        let error = |url: &str| url.parse::<Server>().unwrap_err().to_string();
        for url in ["", "ftp://x", "http://", "http://a b", "http://user@host", "http://host?x", ":80"] {
            assert!(error(url).contains("is not the address of a server"), "{url}");
        }
    }
}
