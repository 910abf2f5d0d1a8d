//! An open socket: its client's messages, its credential, and its end.
//!
//! Invariant: the credential is looked at again while the socket is open, also while a client does not read; whoever is
//! silent, sends too much or does not read at all is let go. An end is told with a code and a reason. It does not know
//! what messages mean.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::Sockets;
use super::figures::Ended;
use super::messages::{Heard, Said};
use super::open::{NoPlace, Place};
use crate::http::audit::reads::SocketAsked;
use crate::http::auth::permissions::Permission;
use crate::http::auth::{Caller, beyond_streams};
use crate::http::error::ApiError;

/// A client that takes nothing for so long is let go.
const SEND_MAX: Duration = Duration::from_secs(60);
/// The client gets so long to hear why it is let go.
const CLOSE_MAX: Duration = Duration::from_secs(1);
/// Messages of a client are counted over this time.
const RATE_WINDOW: Duration = Duration::from_secs(10);
/// The bytes that a reason may have.
const REASON_BYTES_MAX: usize = 123;

pub(super) struct Connection {
    pub sockets: Arc<Sockets>,
    pub caller: Caller,
    permission: Permission,
    socket: WebSocket,
    stopping: watch::Receiver<bool>,
    check: Interval,
    ping: Interval,
    /// Something came since the last ping.
    is_alive: bool,
    /// When the present window began, and messages in it.
    window: (Duration, u32),
    _place: Place,
}

/// Why a socket ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The client has gone, or cannot be reached.
    Gone,
    /// The client closes the socket.
    Goodbye,
    Stopping,
    Unauthorized(String),
    Forbidden(String),
    TooLarge(String),
    /// The client does what it may not.
    Policy(String),
    /// Not now.
    Later(String),
    Failed(String),
}

/// What a socket has to attend to.
#[derive(Debug)]
pub(super) enum Due {
    Stop,
    Check,
    Ping,
    Received(Option<Result<Message, axum::Error>>),
}

/// A socket before anybody knows whose it is.
pub(super) struct Unknown {
    pub sockets: Arc<Sockets>,
    pub socket: WebSocket,
    pub place: Place,
    pub permission: Permission,
}

impl Unknown {
    /// Finds out whose socket it is, by the credential that came with the request or in the first message.
    pub(super) async fn admit(mut self, credential: Result<Option<String>, ApiError>) -> Option<Connection> {
        let admitted = match credential {
            Ok(Some(credential)) => self.authenticate(&credential).await,
            Ok(None) => match self.first_message().await {
                Ok(credential) => self.authenticate(&credential).await,
                Err(end) => Err(end),
            },
            Err(error) => Err(End::of(&error)),
        };
        match admitted {
            Ok(caller) => Some(Connection::new(self, caller)),
            Err(end) => {
                self.sockets.open.figures.note_ended(end.why());
                close(&mut self.socket, &end).await;
                None
            }
        }
    }

    async fn first_message(&mut self) -> Result<String, End> {
        let missing = || {
            let form = r#"{"type":"auth","token":TOKEN}"#;
            End::Unauthorized(format!("no credential; begin with {form} or add ?token="))
        };
        let stopping = &mut self.sockets.open.stopping();
        let first = async {
            loop {
                match self.socket.recv().await {
                    Some(Ok(Message::Text(text))) => return Ok(text),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Binary(_))) => return Err(missing()),
                    Some(Err(error)) => return Err(End::of_receiving(&error)),
                    Some(Ok(Message::Close(_))) => return Err(End::Goodbye),
                    None => return Err(End::Gone),
                }
            }
        };
        let text = tokio::select! {
            first = tokio::time::timeout(self.sockets.limits.credential_timeout, first) => first,
            () = stopped(stopping) => return Err(End::Stopping),
        };
        let text = text.map_err(|_| missing())??;
        let heard = Heard::read(&text).ok().filter(|heard| heard.kind == "auth");
        let token = heard.and_then(|heard| Some(heard.rest.get("token")?.as_str()?.to_owned()));
        token.ok_or_else(missing)
    }

    async fn authenticate(&mut self, credential: &str) -> Result<Caller, End> {
        let caller = self.sockets.gate.authenticate(credential).await.map_err(|error| End::of(&error))?;
        caller.check(self.permission).map_err(|error| End::of(&error))?;
        self.place.settle(caller.tenant, caller.user())?;
        Ok(caller)
    }
}

impl Connection {
    /// For sockets that know no streams: may the caller hear of all of them?
    pub(super) fn check_streams(&self) -> Result<(), End> {
        let kept_to = self.caller.kept_to().map(beyond_streams);
        kept_to.map_or(Ok(()), |error| Err(End::of(&error)))
    }

    /// Notes in the audit that it was opened, if the settings say so.
    pub(super) async fn note_opened(&mut self, asked: &SocketAsked) -> Result<(), End> {
        let Sockets { gate, audit, .. } = &*self.sockets;
        asked.note(gate, audit, &self.caller).await.map_err(|error| End::of(&error))
    }

    fn new(of: Unknown, caller: Caller) -> Self {
        let Unknown { sockets, socket, place, permission } = of;
        let every = |period: Duration| {
            let mut interval = tokio::time::interval(period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval.reset();
            interval
        };
        Self {
            stopping: sockets.open.stopping(),
            check: every(sockets.limits.credential_check_every),
            ping: every(sockets.limits.ping_every),
            is_alive: true,
            window: (sockets.clock.elapsed(), 0),
            sockets,
            caller,
            permission,
            socket,
            _place: place,
        }
    }

    /// What is to be attended to next. Dropping this loses nothing.
    pub(super) async fn due(&mut self) -> Due {
        tokio::select! {
            biased;
            () = stopped(&mut self.stopping) => Due::Stop,
            _ = self.check.tick() => Due::Check,
            _ = self.ping.tick() => Due::Ping,
            received = self.socket.recv() => Due::Received(received),
        }
    }

    /// Does what is due, to its end. Answers what the client said, if it did.
    pub(super) async fn attend(&mut self, due: Due) -> Result<Option<Heard>, End> {
        match due {
            Due::Stop => Err(End::Stopping),
            Due::Check => self.check_credential().await.map(|()| None),
            Due::Ping if !self.is_alive => Err(End::Gone),
            Due::Ping => {
                self.is_alive = false;
                self.send(Message::Ping(Bytes::new())).await.map(|()| None)
            }
            Due::Received(received) => self.received(received).await,
        }
    }

    async fn received(
        &mut self,
        received: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<Heard>, End> {
        let was_alive = std::mem::replace(&mut self.is_alive, true);
        let message = match received {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(End::of_receiving(&error)),
            None => return Err(End::Gone),
        };
        // The answer to our own ping is no message of the client's.
        if was_alive || !matches!(message, Message::Pong(_)) {
            self.count()?;
        }
        match message {
            Message::Text(text) => match Heard::read(&text) {
                Ok(heard) => Ok(Some(heard)),
                Err(said) => self.say(&said).await.map(|()| None),
            },
            Message::Binary(_) => {
                let said = Said::wrong("invalid_message", "messages are text, and not binary");
                self.say(&said).await.map(|()| None)
            }
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(_) => Err(End::Goodbye),
        }
    }

    fn count(&mut self) -> Result<(), End> {
        let now = self.sockets.clock.elapsed();
        if now.saturating_sub(self.window.0) >= RATE_WINDOW {
            self.window = (now, 0);
        }
        self.window.1 += 1;
        let max = self.sockets.limits.messages_max;
        match self.window.1 > max {
            true => Err(End::Policy(format!("more than {max} messages in 10 s"))),
            false => Ok(()),
        }
    }

    async fn check_credential(&mut self) -> Result<(), End> {
        self.caller = checked(&self.sockets, &self.caller, self.permission).await?;
        Ok(())
    }

    pub(super) async fn say(&mut self, said: &Said) -> Result<(), End> {
        self.send(Message::Text(said.text())).await
    }

    /// Sends messages with one write, as far as they fit one.
    pub(super) async fn send_all(&mut self, texts: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), End> {
        let messages: Vec<Message> = texts.into_iter().map(Message::Text).collect();
        self.deliver(messages).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        self.deliver(vec![message]).await
    }

    /// Waits until the client takes it, and looks at the credential meanwhile.
    async fn deliver(&mut self, messages: Vec<Message>) -> Result<(), End> {
        let Self { socket, stopping, check, sockets, caller, permission, .. } = self;
        let sending = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        let sending = tokio::time::timeout(SEND_MAX, sending);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return match sent {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(_)) | Err(_) => Err(End::Gone),
                },
                () = stopped(stopping) => return Err(End::Stopping),
                _ = check.tick() => *caller = checked(sockets, caller, *permission).await?,
            }
        }
    }

    /// Sends what lines were written into.
    pub(super) async fn send_frames(&mut self, frames: impl IntoIterator<Item = Bytes>) -> Result<(), End> {
        let texts: Result<Vec<Utf8Bytes>, End> = frames.into_iter().map(text).collect();
        self.send_all(texts?).await
    }

    /// The first message.
    pub(super) fn hello(&self, warnings: Vec<String>) -> Said {
        let (tenant, user) = (self.caller.tenant, self.caller.user());
        Said::Connection {
            connected_users: self.sockets.open.connected_users(tenant),
            tenant_id: tenant.to_string(),
            user_id: user.to_string(),
            server_time: self.sockets.clock.now().to_string(),
            warnings,
        }
    }

    pub(super) async fn pong(&mut self) -> Result<(), End> {
        let timestamp = self.sockets.clock.now().to_string();
        self.say(&Said::Pong { timestamp }).await
    }

    /// Says something before the end, if the client takes it at once.
    pub(super) async fn say_last(&mut self, said: &Said) {
        let saying = self.socket.send(Message::Text(said.text()));
        let _too_slow = tokio::time::timeout(Duration::from_millis(200), saying).await;
    }

    /// Waits, unless the server stops.
    pub(super) async fn rest(&mut self, pause: Duration) -> Result<(), End> {
        match tokio::time::timeout(pause, stopped(&mut self.stopping)).await {
            Ok(()) => Err(End::Stopping),
            Err(_) => Ok(()),
        }
    }

    pub(super) async fn close(mut self, end: End) {
        self.sockets.open.figures.note_ended(end.why());
        close(&mut self.socket, &end).await;
    }
}

/// Resolves when sockets are to go.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _told_or_nobody_left = stopping.wait_for(|stopping| *stopping).await;
}

/// The caller as the credential counts now. Who cannot be looked up keeps what he has until the next time.
async fn checked(sockets: &Sockets, caller: &Caller, permission: Permission) -> Result<Caller, End> {
    match sockets.gate.check_again(caller).await {
        Ok(caller) => caller.check(permission).map(|()| caller).map_err(|error| End::of(&error)),
        Err(error @ ApiError::Unavailable { .. }) => {
            tracing::warn!(%error, "the credential of a socket cannot be looked at");
            Ok(caller.clone())
        }
        Err(error) => Err(End::of(&error)),
    }
}

/// A message of lines.
pub(super) fn text(bytes: Bytes) -> Result<Utf8Bytes, End> {
    Utf8Bytes::try_from(bytes).map_err(|_| End::Failed("a line cannot be sent".to_owned()))
}

async fn close(socket: &mut WebSocket, end: &End) {
    let closing = async {
        let is_said = match end.code() {
            Some((code, reason)) => {
                let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
                let frame = CloseFrame { code, reason: reason.into() };
                socket.send(Message::Close(Some(frame))).await.is_ok()
            }
            // Reading on sends the answer to it.
            None => matches!(end, End::Goodbye),
        };
        // The client's own goodbye, so that ours is not overtaken by a reset.
        while is_said && let Some(Ok(_)) = socket.recv().await {}
    };
    let _too_slow = tokio::time::timeout(CLOSE_MAX, closing).await;
}

impl End {
    pub(super) fn of(error: &ApiError) -> Self {
        let reason = error.to_string();
        match error {
            ApiError::Forbidden { .. } => Self::Forbidden(reason),
            ApiError::Unavailable { .. } => Self::Later(reason),
            _ => Self::Unauthorized(reason),
        }
    }

    fn of_receiving(error: &axum::Error) -> Self {
        let reason = error.to_string();
        let is_too_long = reason.contains("too long") || reason.contains("too big");
        match is_too_long {
            true => Self::TooLarge("the message is larger than this server takes".to_owned()),
            false => Self::Gone,
        }
    }

    fn why(&self) -> Ended {
        match self {
            Self::Gone | Self::Goodbye => Ended::Gone,
            Self::Stopping => Ended::Stopping,
            Self::Policy(_) => Ended::Policy,
            Self::TooLarge(_) => Ended::TooLarge,
            Self::Failed(_) => Ended::Failed,
            Self::Later(_) => Ended::Later,
            Self::Unauthorized(_) => Ended::Unauthorized,
            Self::Forbidden(_) => Ended::Forbidden,
        }
    }

    /// None if there is nobody to tell.
    fn code(&self) -> Option<(u16, &str)> {
        match self {
            Self::Gone | Self::Goodbye => None,
            Self::Stopping => Some((1001, "the server is stopping; connect again in a moment")),
            Self::Policy(reason) => Some((1008, reason)),
            Self::TooLarge(reason) => Some((1009, reason)),
            Self::Failed(reason) => Some((1011, reason)),
            Self::Later(reason) => Some((1013, reason)),
            Self::Unauthorized(reason) => Some((4001, reason)),
            Self::Forbidden(reason) => Some((4003, reason)),
        }
    }
}

impl From<NoPlace> for End {
    fn from(no_place: NoPlace) -> Self {
        match no_place {
            NoPlace::Stopping => Self::Stopping,
            NoPlace::Server { .. } | NoPlace::Tenant { .. } | NoPlace::Unknown => {
                Self::Later(no_place.to_string())
            }
        }
    }
}
