//! Who asks, when a proxy asks for somebody.
//!
//! Each proxy adds whom it was asked by at the end of a list; so the list is read from its end, and only as long as the one
//! who said the next thing is trusted. What stands before that anybody may have written.
//! Invariant: a header counts only on a connection from a trusted proxy. It trusts no names, only addresses.

use std::net::{IpAddr, SocketAddr};

use antler_config::{List, Network, ProxyHeader, Server};
use axum::http::HeaderMap;

/// The proxies that are believed.
#[derive(Debug, Default)]
pub struct Proxies {
    trusted: List<Network>,
    header: ProxyHeader,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) address: IpAddr,
    /// All the way from there, as far as is known.
    pub(super) is_encrypted: bool,
}

impl Proxies {
    pub fn new(settings: &Server) -> Self {
        Self { trusted: settings.trusted_proxies.clone(), header: settings.proxy_header }
    }

    /// `direct`: what the connection itself says.
    pub(super) fn source(&self, direct: Source, headers: &HeaderMap) -> Source {
        if !self.trust(direct.address) {
            return direct;
        }
        let mut source = direct;
        let mut passed: usize = 0;
        for told in self.told(headers).rev() {
            let Some(address) = told.and_then(address).filter(|_| self.trust(source.address)) else { break };
            source.address = address;
            passed += 1;
        }
        let schemes: Vec<&str> = self.schemes(headers);
        let scheme = schemes.iter().rev().nth(passed.saturating_sub(1)).or(schemes.first());
        source.is_encrypted =
            scheme.map_or(direct.is_encrypted, |scheme| scheme.eq_ignore_ascii_case("https"));
        source
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.0.iter().any(|network| network.contains(address))
    }

    /// Who each proxy was asked by, the nearest last; none where it does not say.
    fn told<'a>(&self, headers: &'a HeaderMap) -> std::vec::IntoIter<Option<&'a str>> {
        let told: Vec<Option<&str>> = match self.header {
            ProxyHeader::XForwardedFor => entries(headers, "x-forwarded-for").map(Some).collect(),
            ProxyHeader::XRealIp => entries(headers, "x-real-ip").last().map(Some).into_iter().collect(),
            ProxyHeader::Forwarded => entries(headers, "forwarded").map(|hop| part(hop, "for")).collect(),
        };
        told.into_iter()
    }

    fn schemes<'a>(&self, headers: &'a HeaderMap) -> Vec<&'a str> {
        match self.header {
            // One that is not told keeps its place.
            ProxyHeader::Forwarded => {
                entries(headers, "forwarded").map(|hop| part(hop, "proto").unwrap_or_default()).collect()
            }
            ProxyHeader::XForwardedFor | ProxyHeader::XRealIp => {
                entries(headers, "x-forwarded-proto").collect()
            }
        }
    }
}

/// The entries of a header that may come more than once. Quotes do not matter here: one that a client opens must not hide
/// what a proxy wrote behind it.
fn entries<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// A part of `for=192.0.2.7;proto=https`.
fn part<'a>(hop: &'a str, wanted: &str) -> Option<&'a str> {
    hop.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then_some(value.trim().trim_matches('"'))
    })
}

/// An address, perhaps with a port, and if it is IPv6 perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches('"');
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let found: IpAddr = text.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(found.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    /// Asks from an address with headers; answers who it was and whether by HTTPS.
    fn check(header: ProxyHeader, from: &str, headers: &[(&'static str, &'static str)], expected: &str) {
        let trusted = List(vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]);
        let proxies = Proxies { trusted, header };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let direct = Source { address: from.parse().unwrap(), is_encrypted: false };
        let Source { address, is_encrypted } = proxies.source(direct, &map);
        let scheme = if is_encrypted { "https" } else { "http" };
        assert_eq!(format!("{scheme} {address}"), expected, "{from} {headers:?}");
    }

    #[test]
    fn headers_of_whoever_is_no_trusted_proxy_change_nothing() {
        let spoofed = [
            ("x-forwarded-for", "192.0.2.7"),
            ("x-real-ip", "192.0.2.7"),
            ("forwarded", "for=192.0.2.7;proto=https"),
            ("x-forwarded-proto", "https"),
        ];
        for header in [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded, ProxyHeader::XRealIp] {
            check(header, "203.0.113.9", &spoofed, "http 203.0.113.9");
            check(header, "10.0.0.2", &spoofed, "https 192.0.2.7");
        }
        // What the proxy only hands on.
        check(ProxyHeader::XForwardedFor, "10.0.0.2", &spoofed[1..3], "http 10.0.0.2");
        check(ProxyHeader::Forwarded, "10.0.0.2", &[spoofed[0], spoofed[3]], "http 10.0.0.2");
    }

    #[test]
    fn a_list_is_read_from_its_end_and_past_proxies_that_are_trusted() {
        let check = |value: &'static str, expected| {
            check(ProxyHeader::XForwardedFor, "::1", &[("x-forwarded-for", value)], expected);
        };
        check("6.6.6.6, 192.0.2.7", "http 192.0.2.7");
        check("6.6.6.6, 192.0.2.7, 10.0.0.9, 10.1.1.1", "http 192.0.2.7");
        check("192.0.2.7:4711", "http 192.0.2.7");
        check("[2001:db8::7]:4711,10.0.0.9", "http 2001:db8::7");
        check("2001:db8::7", "http 2001:db8::7");
        check("::ffff:192.0.2.7", "http 192.0.2.7");
        check("10.0.0.1, 10.0.0.2", "http 10.0.0.1");
        check("192.0.2.7, unknown, 10.0.0.3", "http 10.0.0.3");
        check("", "http ::1");
        check("192.0.2.7,", "http ::1");
    }

    #[test]
    fn headers_that_come_twice_are_one_list() {
        let twice = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "198.51.100.4")];
        check(ProxyHeader::XForwardedFor, "10.0.0.2", &twice, "http 198.51.100.4");
        check(ProxyHeader::XRealIp, "10.0.0.2", &[("x-real-ip", "192.0.2.7")], "http 192.0.2.7");
    }

    #[test]
    fn the_scheme_is_that_of_the_proxy_which_the_client_reached() {
        let check = |address, scheme, expected| {
            let headers = [("x-forwarded-for", address), ("x-forwarded-proto", scheme)];
            check(ProxyHeader::XForwardedFor, "10.0.0.2", &headers, expected);
        };
        check("192.0.2.7, 10.0.0.3", "https, http", "https 192.0.2.7");
        check("192.0.2.7, 10.0.0.3", "HTTPS", "https 192.0.2.7");
        check("192.0.2.7", "https, http", "http 192.0.2.7");
    }

    #[test]
    fn the_forwarded_header_is_read_with_its_parts() {
        let check = |value: &'static str, expected| {
            check(ProxyHeader::Forwarded, "10.0.0.2", &[("forwarded", value)], expected);
        };
        check("For=\"[2001:db8::7]:4711\"; Proto=https;by=203.0.113.43", "https 2001:db8::7");
        check("for=6.6.6.6;proto=https, for=192.0.2.7;proto=http", "http 192.0.2.7");
        check("for=192.0.2.7;proto=https, for=10.0.0.3", "https 192.0.2.7");
        check("for=\"6.6.6.6;host=\", for=192.0.2.7", "http 192.0.2.7");
        check("for=_hidden", "http 10.0.0.2");
        check("proto=https", "https 10.0.0.2");
    }
}
