//! The address of a server, as somebody types it.
//!
//! Invariant: it is plain HTTP; what this client cannot speak is refused with the way out. It opens nothing.

use std::fmt;
use std::str::FromStr;

use antler_config::{Config, ListenAddress};

/// `http://HOST:PORT/PATH`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Server {
    pub address: ListenAddress,
    /// In front of each path, without a slash at its end.
    pub base: String,
}

/// Why a text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    #[error("{url:?} is not the address of a server; write it as http://127.0.0.1:8000")]
    Unreadable { url: String },
    #[error(
        "{url:?} wants HTTPS, which these commands do not speak; give the http:// address of the server itself, \
         or a tunnel to it, such as ssh -L 8000:127.0.0.1:8000 HOST"
    )]
    Https { url: String },
}

impl Server {
    /// The server of these settings, on this machine.
    pub(in crate::cli) fn of_settings(config: &Config) -> Result<Self, ServerError> {
        let address = &config.listeners.http;
        let host = match address.host() {
            "0.0.0.0" => "127.0.0.1",
            "::" => "::1",
            host => host,
        };
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let address = format!("{shown}:{}", address.port()).parse();
        let base = config.server.base_path.to_string();
        let server = Self { address: address.expect("a host and a port that were read before"), base };
        match config.tls.is_set() {
            true => Err(ServerError::Https { url: server.to_string().replacen("http", "https", 1) }),
            false => Ok(server),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "http://{}{}", self.address, self.base)
    }
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(url: &str) -> Result<Self, ServerError> {
        let unreadable = || ServerError::Unreadable { url: url.to_owned() };
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => {
                return Err(ServerError::Https { url: url.to_owned() });
            }
            Some(_) => return Err(unreadable()),
            None => url,
        };
        let (address, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@".contains(&byte));
        if !is_plain(rest) {
            return Err(unreadable());
        }
        let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { address.to_owned() } else { format!("{address}:80") };
        let address = address.parse().map_err(|_| unreadable())?;
        Ok(Self { address, base: base.trim_end_matches('/').to_owned() })
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
        let listener = |address: &str| {
            let mut config = Config::default();
            config.listeners.http = address.parse().unwrap();
            config.server.base_path = "/logs".parse().unwrap();
            Server::of_settings(&config).unwrap().to_string()
        };
        assert_eq!(listener("0.0.0.0:8000"), "http://127.0.0.1:8000/logs");
        assert_eq!(listener("[::]:8000"), "http://[::1]:8000/logs");
    }

    #[test]
    fn what_cannot_be_spoken_is_refused_with_the_way_out() {
        let error = |url: &str| url.parse::<Server>().unwrap_err().to_string();
        assert!(error("https://logs.example.org").contains("do not speak; give the http:// address"));
        for url in ["", "ftp://x", "http://", "http://a b", "http://user@host", "http://host?x", ":80"] {
            assert!(error(url).contains("is not the address of a server"), "{url}");
        }
    }
}
