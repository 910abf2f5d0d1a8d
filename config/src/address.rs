//! An address to listen on: a host and a port.
//!
//! Invariant: the host is not empty and the port is a number; an IPv6 host is held without brackets.
//! It does not resolve names: binding does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `HOST:PORT`, where port 0 takes a free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    host: String,
    port: u16,
}

/// Where to listen, or `off`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionalAddress(Option<ListenAddress>);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an address is HOST:PORT, such as \"127.0.0.1:8000\", \"[::1]:8000\" or \"0.0.0.0:8000\"")]
pub struct AddressError;

impl ListenAddress {
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl OptionalAddress {
    pub const OFF: Self = Self(None);

    pub fn address(&self) -> Option<&ListenAddress> {
        self.0.as_ref()
    }
}

impl From<ListenAddress> for OptionalAddress {
    fn from(address: ListenAddress) -> Self {
        Self(Some(address))
    }
}

impl FromStr for OptionalAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text {
            "off" => Ok(Self::OFF),
            address => Ok(address.parse::<ListenAddress>()?.into()),
        }
    }
}

impl fmt::Display for OptionalAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(address) => address.fmt(out),
            None => out.write_str("off"),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (host, port) = text.rsplit_once(':').ok_or(AddressError)?;
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let plain = |host: &str| !host.contains([':', '[', ']', '/', ' ']);
        let host = match bracketed {
            Some(inner) if inner.parse::<std::net::Ipv6Addr>().is_ok() => inner,
            None if plain(host) => host,
            _ => return Err(AddressError),
        };
        if host.is_empty() {
            return Err(AddressError);
        }
        Ok(Self { host: host.to_owned(), port: port.parse().map_err(|_| AddressError)? })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(out, "[{}]:{}", self.host, self.port),
            false => write!(out, "{}:{}", self.host, self.port),
        }
    }
}

impl Serialize for OptionalAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OptionalAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format_args!("{error}, or \"off\"")))
    }
}

impl Serialize for ListenAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_text() {
        for text in ["127.0.0.1:8000", "[::1]:0", "localhost:65535", "0.0.0.0:1"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_address_may_be_off() {
        for text in ["off", "127.0.0.1:5000"] {
            assert_eq!(text.parse::<OptionalAddress>().unwrap().to_string(), text);
        }
        assert_eq!("off".parse::<OptionalAddress>().unwrap().address(), None);
        assert_eq!("Off".parse::<OptionalAddress>(), Err(AddressError));
    }

    #[test]
    fn what_is_not_host_and_port_is_refused() {
        for text in
            ["", "8000", ":8000", "localhost", "a:65536", "a:-1", "::1:80", "[x]:1", "http://a:1", "a:b:1"]
        {
            assert_eq!(text.parse::<ListenAddress>(), Err(AddressError), "{text}");
        }
    }
}
