//! The connection to the server, and what is told if it cannot be had.
//!
//! Invariant: an open connection speaks to a server that has JetStream and is new enough; when it breaks it is made
//! again, for ever. No password stands in any text. It does not know what a stream holds.

use std::time::Duration;

use antler_config::secret::MASK;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};

use super::{JetStreamOptions, OpenError};

/// The oldest server whose streams keep what is written to them beside a message.
const OLDEST: (i64, i64, i64) = (2, 10, 0);
/// Longest pause between two attempts to connect again.
const RECONNECT_EVERY: Duration = Duration::from_secs(1);

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    pub version: String,
    /// None if it stands alone.
    pub cluster: Option<String>,
    pub is_connected: bool,
}

/// An open connection.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    client: Client,
    pub context: Context,
}

impl Connection {
    pub(super) async fn open(options: &JetStreamOptions) -> Result<Self, OpenError> {
        let servers = addresses(&options.servers);
        let connected = connect_options(options)?.connect(servers).await;
        let client = connected.map_err(|error| refused(options, &error))?;
        let info = client.server_info();
        let (major, minor, patch) = OLDEST;
        if !client.is_server_compatible(major, minor, patch) {
            return Err(OpenError::TooOld { version: info.version, oldest: format!("{major}.{minor}") });
        }
        let context = ContextBuilder::new()
            .timeout(options.answer_within)
            .ack_timeout(options.answer_within)
            .build(client.clone());
        match context.query_account().await {
            Ok(_) => Ok(Self { client, context }),
            Err(error) => {
                Err(OpenError::NoJetStream { servers: shown(&options.servers), reason: error.to_string() })
            }
        }
    }

    pub(super) fn server(&self) -> Server {
        let info = self.client.server_info();
        let is_connected = self.client.connection_state() == async_nats::connection::State::Connected;
        Server { name: info.server_name, version: info.version, cluster: info.cluster, is_connected }
    }

    /// The largest message that the server takes.
    pub(super) fn payload_bytes_max(&self) -> usize {
        self.client.max_payload()
    }
}

fn connect_options(options: &JetStreamOptions) -> Result<ConnectOptions, OpenError> {
    let mut connect = ConnectOptions::new()
        .name("antler")
        .connection_timeout(options.answer_within)
        .request_timeout(Some(options.answer_within))
        .max_reconnects(None)
        .reconnect_delay_callback(|attempts| {
            RECONNECT_EVERY.min(Duration::from_millis(50).saturating_mul(attempts as u32))
        })
        .event_callback(|event| async move { tell(&event) });
    if !options.user.is_empty() {
        connect = connect.user_and_password(options.user.clone(), options.password.reveal().to_owned());
    }
    if let Some(path) = &options.certificates {
        connect = connect.add_root_certificates(path.clone()).require_tls(true);
    }
    Ok(connect)
}

fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("the connection to NATS is lost; it is tried again"),
        Event::ServerError(error) => tracing::warn!(%error, "NATS says"),
        other => tracing::debug!(event = %other, "NATS"),
    }
}

fn addresses(servers: &str) -> Vec<String> {
    servers
        .split(',')
        .map(|address| address.trim().to_owned())
        .filter(|address| !address.is_empty())
        .collect()
}

/// Addresses without what may be a password in them.
fn shown(servers: &str) -> String {
    let one = |address: String| match address.split_once("://") {
        Some((scheme, rest)) => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            format!("{scheme}://{place}")
        }
        None => address.rsplit_once('@').map_or(address.clone(), |(_, place)| place.to_owned()),
    };
    addresses(servers).into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn refused(options: &JetStreamOptions, error: &async_nats::ConnectError) -> OpenError {
    let servers = shown(&options.servers);
    let mut reason = error.to_string();
    if options.password.is_set() {
        reason = reason.replace(options.password.reveal(), MASK);
    }
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            OpenError::Denied { servers }
        }
        ConnectErrorKind::Tls => OpenError::Tls { servers, reason },
        ConnectErrorKind::ServerParse => OpenError::Address { servers, reason },
        _ => OpenError::Unreachable { servers, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_passwords() {
        assert_eq!(shown("nats://ann:secret@n1:4222, n2:4222"), "nats://n1:4222, n2:4222");
        assert_eq!(shown("ann:secret@n1:4222"), "n1:4222");
    }
}
