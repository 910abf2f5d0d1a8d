//! Opening the listeners that the settings name, and saying what became of each.
//!
//! Invariant: a listener that the user set is open, or the program does not start; one that nobody set and whose port is
//! taken is left out, and shown as such. It serves nothing.

use std::io;
use std::net::SocketAddr;

use antler_config::{ListenAddress, Loaded, OptionalAddress, Origin};
use antler_events::ids::{IdError, TenantId};
use tokio::net::{TcpListener, UdpSocket};

/// So many free ports are tried for a listener that needs one of each kind.
const FREE_PORT_TRIES: u32 = 16;

/// Listeners that are open.
#[derive(Debug)]
pub struct Listeners {
    pub http: TcpListener,
    pub tcp: Option<TcpListener>,
    pub udp: Option<UdpSocket>,
    pub http_json: Option<TcpListener>,
    pub syslog: Option<(TcpListener, UdpSocket)>,
    pub places: Vec<Place>,
}

/// What became of a listener that is not off.
#[derive(Debug, Clone)]
pub struct Place {
    /// As the ports file and health call it.
    pub name: &'static str,
    pub state: Listening,
}

#[derive(Debug, Clone)]
pub enum Listening {
    At(SocketAddr),
    /// The port of its default is taken.
    Skipped {
        reason: String,
    },
}

/// Why the program cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address} ({setting}, from {origin}){}", way_out(source, setting))]
    Bind { address: ListenAddress, setting: &'static str, origin: String, source: io::Error },
    #[error(
        "{setting} = {text:?} (from {origin}) is not the id of a tenant, such as the answer to a registration has"
    )]
    Tenant { setting: &'static str, text: String, origin: String, source: IdError },
}

impl Listeners {
    pub async fn open(loaded: &Loaded) -> Result<Self, ListenError> {
        let wanted = &loaded.config.listeners;
        let bound = TcpListener::bind((wanted.http.host(), wanted.http.port())).await;
        let http = bound.map_err(|source| cannot_listen(loaded, &wanted.http, "listeners.http", source))?;
        let mut places = vec![Place { name: "http", state: at(http.local_addr(), loaded, &wanted.http)? }];
        let tcp = optional(loaded, &wanted.tcp, ("tcp", "listeners.tcp"), &mut places, bind_tcp).await?;
        let udp = optional(loaded, &wanted.udp, ("udp", "listeners.udp"), &mut places, bind_udp).await?;
        let name = ("http_json", "listeners.http_json");
        let http_json = optional(loaded, &wanted.http_json, name, &mut places, bind_tcp).await?;
        let name = ("syslog", "listeners.syslog");
        let syslog = optional(loaded, &wanted.syslog, name, &mut places, bind_both).await?;
        Ok(Self { http, tcp, udp, http_json, syslog, places })
    }

    /// The addresses of those that are open.
    pub fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let open = self.places.iter().filter_map(|place| match place.state {
            Listening::At(address) => Some((place.name, address)),
            Listening::Skipped { .. } => None,
        });
        open.collect()
    }
}

/// The tenant of a setting; none if it is empty.
pub fn tenant(loaded: &Loaded, setting: &'static str, text: &str) -> Result<Option<TenantId>, ListenError> {
    if text.is_empty() {
        return Ok(None);
    }
    let origin = loaded.origin(setting).to_string();
    let parsed = TenantId::parse(text);
    parsed.map(Some).map_err(|source| ListenError::Tenant { setting, text: text.to_owned(), origin, source })
}

/// Names the setting that holds the address, where its value came from, and the way out.
pub fn cannot_listen(
    loaded: &Loaded,
    address: &ListenAddress,
    setting: &'static str,
    source: io::Error,
) -> ListenError {
    let origin = loaded.origin(setting).to_string();
    ListenError::Bind { address: address.clone(), setting, origin, source }
}

async fn bind_tcp(address: ListenAddress) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((address.host(), address.port())).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn bind_udp(address: ListenAddress) -> io::Result<(UdpSocket, SocketAddr)> {
    let socket = UdpSocket::bind((address.host(), address.port())).await?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

/// TCP and UDP at one port.
async fn bind_both(address: ListenAddress) -> io::Result<((TcpListener, UdpSocket), SocketAddr)> {
    let mut tries = FREE_PORT_TRIES;
    loop {
        let (listener, at) = bind_tcp(address.clone()).await?;
        match UdpSocket::bind(at).await {
            Ok(socket) => return Ok(((listener, socket), at)),
            // The free port that the system chose for the one was not free for the other.
            Err(error) if address.port() == 0 && error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {
                tries -= 1
            }
            Err(error) => return Err(error),
        }
    }
}

async fn optional<L, F: Future<Output = io::Result<(L, SocketAddr)>>>(
    loaded: &Loaded,
    wanted: &OptionalAddress,
    (name, setting): (&'static str, &'static str),
    places: &mut Vec<Place>,
    bind: impl Fn(ListenAddress) -> F,
) -> Result<Option<L>, ListenError> {
    let Some(address) = wanted.address() else { return Ok(None) };
    match bind(address.clone()).await {
        Ok((listener, at)) => {
            places.push(Place { name, state: Listening::At(at) });
            Ok(Some(listener))
        }
        Err(error) if *loaded.origin(setting) == Origin::Default => {
            let reason = cannot_listen(loaded, address, setting, error).to_string();
            tracing::warn!(reason, "a listener is left out");
            places.push(Place { name, state: Listening::Skipped { reason } });
            Ok(None)
        }
        Err(error) => Err(cannot_listen(loaded, address, setting, error)),
    }
}

fn at(
    found: io::Result<SocketAddr>,
    loaded: &Loaded,
    address: &ListenAddress,
) -> Result<Listening, ListenError> {
    found.map(Listening::At).map_err(|source| cannot_listen(loaded, address, "listeners.http", source))
}

fn way_out(error: &io::Error, setting: &str) -> String {
    let (with, example) = match setting {
        "listeners.http" => ("--listen".to_owned(), ", such as --listen 127.0.0.1:8001".to_owned()),
        _ => (setting.to_owned(), format!(", such as {setting} = \"127.0.0.1:5001\", or set it to \"off\"")),
    };
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(": another program has this port; stop it, or choose another port with {with}{example}")
        }
        io::ErrorKind::PermissionDenied => {
            format!(": ports below 1024 need a privilege; choose a higher one with {with}")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(": this machine does not have this address; choose another with {with}")
        }
        _ => format!("; choose another address with {with}"),
    }
}

#[cfg(test)]
mod tests {
    use antler_config::{Flag, Sources};

    use super::*;

    fn loaded(settings: &[(&'static str, &str)]) -> Loaded {
        let flag =
            |(key, value): &(&'static str, &str)| Flag { name: "--set", key, value: (*value).to_owned() };
        let flags = settings.iter().map(flag).collect();
        Sources { flags, ..Sources::default() }.load().unwrap()
    }

    #[tokio::test]
    async fn a_default_port_that_is_taken_is_left_out() {
        // Taken by this test, or by somebody else: both will do.
        let _tcp = std::net::TcpListener::bind("127.0.0.1:5000");
        let _udp = std::net::UdpSocket::bind("127.0.0.1:5000");
        let settings = [("listeners.http", "127.0.0.1:0"), ("listeners.syslog", "off")];
        let opened = Listeners::open(&loaded(&settings)).await.unwrap();
        assert!(opened.tcp.is_none() && opened.udp.is_none() && opened.http_json.is_none());
        assert_eq!(opened.addresses().len(), 1);
        let mut reasons = opened.places.iter().filter_map(|place| match &place.state {
            Listening::Skipped { reason } => Some((place.name, reason.as_str())),
            Listening::At(_) => None,
        });
        let expected = "cannot listen on 127.0.0.1:5000 (listeners.udp, from default): another program has this port; \
                        stop it, or choose another port with listeners.udp, such as listeners.udp = \
                        \"127.0.0.1:5001\", or set it to \"off\"";
        assert_eq!(reasons.next_back(), Some(("udp", expected)));
    }

    #[tokio::test]
    async fn what_is_off_is_not_opened_and_what_was_set_is() {
        let off = [("listeners.tcp", "off"), ("listeners.syslog", "off")];
        let set = [("listeners.http", "127.0.0.1:0"), ("listeners.udp", "127.0.0.1:0")];
        let settings = [off, set].concat();
        let opened = Listeners::open(&loaded(&settings)).await.unwrap();
        let names: Vec<&str> = opened.addresses().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["http", "udp"]);
        let taken = opened.http.local_addr().unwrap().to_string();
        let again = [("listeners.http", "127.0.0.1:0"), ("listeners.tcp", taken.as_str())];
        let error = Listeners::open(&loaded(&again)).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot listen on {taken} (listeners.tcp, from flag --set)")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn syslog_hears_both_kinds_at_one_port() {
        let off = [("listeners.tcp", "off"), ("listeners.udp", "off")];
        let set = [("listeners.http", "127.0.0.1:0"), ("listeners.syslog", "127.0.0.1:0")];
        let opened = Listeners::open(&loaded(&[off, set].concat())).await.unwrap();
        let (listener, socket) = opened.syslog.as_ref().unwrap();
        let (connections, datagrams) = (listener.local_addr().unwrap(), socket.local_addr().unwrap());
        assert_eq!(connections, datagrams);
        assert!(opened.addresses().contains(&("syslog", connections)));
    }

    #[test]
    fn a_tenant_of_the_settings_is_an_id() {
        let setting = "listeners.tcp_tenant";
        let read = |text: &str| {
            tenant(&loaded(&[(setting, text)]), setting, text).map_err(|error| error.to_string())
        };
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("acme").unwrap().unwrap().as_str(), "acme");
        assert!(
            read("no tenant")
                .unwrap_err()
                .starts_with("listeners.tcp_tenant = \"no tenant\" (from flag --set)")
        );
    }
}
