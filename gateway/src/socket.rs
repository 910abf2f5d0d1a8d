//! WebSockets: lines as they come, how busy a tenant is, and what its people should know.
//!
//! `handshake` lets a client in, `connection` is the open socket with its credential, `stream`, `metrics` and
//! `notifications` are what is said on it; `frames` and `past` write lines, `messages` all else; `open` counts who is
//! there, `figures` why they came and went, and `hub` passes notes on.
//! Invariant: nothing is said before a credential that counts was shown, nor long after it has ceased to count; what a
//! socket may cost is bounded. It matches no lines: tails do.

mod connection;
pub mod figures;
mod frames;
mod handshake;
pub mod hub;
mod messages;
mod metrics;
mod notifications;
pub mod open;
mod past;
mod stream;

use std::sync::Arc;

use antler_actors::live::budget::ReaderBudget;
use antler_actors::live::queue::QueueBounds;
use antler_actors::system::System;
use antler_config::audit::Audit;
use antler_config::limits::{LiveLimits, SearchLimits};
use antler_events::clock::Clock;
use antler_events::placement::Placement;
use antler_projections::index::port::SearchIndex;
use antler_projections::live::LiveCounters;
use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;

use self::hub::Hub;
use self::open::OpenSockets;
use crate::http::addresses::with_slash;
use crate::http::auth::Gate;

/// What sockets need of the program.
#[derive(Debug)]
pub struct Sockets {
    pub gate: Arc<Gate>,
    pub system: Arc<System>,
    pub index: Arc<dyn SearchIndex>,
    /// Where lines of a tenant are written to.
    pub placement: Arc<Placement>,
    pub counters: Arc<LiveCounters>,
    /// What waits for all sockets.
    pub budget: Arc<ReaderBudget>,
    pub clock: Arc<dyn Clock>,
    pub limits: LiveLimits,
    pub search_limits: SearchLimits,
    pub open: Arc<OpenSockets>,
    pub hub: Arc<Hub>,
    /// Which reads are noted.
    pub audit: Audit,
}

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct SocketState(pub Arc<Sockets>);

impl Sockets {
    fn queue_bounds(&self) -> QueueBounds {
        QueueBounds {
            frames_max: self.limits.queue_frames_max as usize,
            bytes_max: self.limits.queue_bytes_max.as_usize(),
        }
    }
}

/// All sockets.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    SocketState: FromRef<S>,
{
    let mut router = with_slash(Router::new(), "/ws/logs/stream", &get(handshake::stream));
    router = with_slash(router, "/ws/metrics", &get(handshake::metrics));
    router = with_slash(router, "/ws/notifications", &get(handshake::notifications));
    with_slash(router, "/ws/notifications/{user}", &get(handshake::notifications))
}
