//! How many sockets were opened, turned away and ended, and why.
//!
//! Invariant: a socket that was opened is counted once at its beginning and once at its end, whatever ended it. It decides
//! nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketKind {
    Stream,
    Metrics,
    Notifications,
}

/// Why a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Gone,
    Stopping,
    Unauthorized,
    Forbidden,
    TooLarge,
    Policy,
    Later,
    Failed,
}

/// Why a socket was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    ServerFull,
    TenantFull,
    Unknown,
    Stopping,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub struct SocketFigures {
    opened: [AtomicU64; SocketKind::ALL.len()],
    closed: [AtomicU64; SocketKind::ALL.len()],
    ended: [AtomicU64; Ended::ALL.len()],
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
}

impl SocketKind {
    pub const ALL: [Self; 3] = [Self::Stream, Self::Metrics, Self::Notifications];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Metrics => "metrics",
            Self::Notifications => "notifications",
        }
    }
}

impl Ended {
    pub const ALL: [Self; 8] = [
        Self::Gone,
        Self::Stopping,
        Self::Unauthorized,
        Self::Forbidden,
        Self::TooLarge,
        Self::Policy,
        Self::Later,
        Self::Failed,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "client_gone",
            Self::Stopping => "server_stopping",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "message_too_large",
            Self::Policy => "policy",
            Self::Later => "try_later",
            Self::Failed => "failed",
        }
    }
}

impl TurnedAway {
    pub const ALL: [Self; 4] = [Self::ServerFull, Self::TenantFull, Self::Unknown, Self::Stopping];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerFull => "server_full",
            Self::TenantFull => "tenant_full",
            Self::Unknown => "too_many_without_credential",
            Self::Stopping => "server_stopping",
        }
    }
}

impl SocketFigures {
    pub fn opened(&self, kind: SocketKind) -> u64 {
        read(&self.opened, kind as usize)
    }

    /// Sockets of the kind that are open now, those included that have shown no credential yet.
    pub fn open(&self, kind: SocketKind) -> u64 {
        let closed = read(&self.closed, kind as usize);
        self.opened(kind).saturating_sub(closed)
    }

    pub fn ended(&self, why: Ended) -> u64 {
        read(&self.ended, why as usize)
    }

    pub fn turned_away(&self, why: TurnedAway) -> u64 {
        read(&self.turned_away, why as usize)
    }

    pub(super) fn note_opened(&self, kind: SocketKind) {
        count(&self.opened, kind as usize);
    }

    pub(super) fn note_closed(&self, kind: SocketKind) {
        count(&self.closed, kind as usize);
    }

    pub(super) fn note_ended(&self, why: Ended) {
        count(&self.ended, why as usize);
    }

    pub(super) fn note_turned_away(&self, why: TurnedAway) {
        count(&self.turned_away, why as usize);
    }
}

fn read(counters: &[AtomicU64], at: usize) -> u64 {
    counters[at].load(Ordering::Relaxed)
}

fn count(counters: &[AtomicU64], at: usize) {
    counters[at].fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_their_counters_are() {
        let figures = SocketFigures::default();
        for (at, why) in Ended::ALL.into_iter().enumerate() {
            (0..=at).for_each(|_| figures.note_ended(why));
        }
        let counts: Vec<u64> = Ended::ALL.into_iter().map(|why| figures.ended(why)).collect();
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8]);
        for (at, why) in TurnedAway::ALL.into_iter().enumerate() {
            (0..=at).for_each(|_| figures.note_turned_away(why));
        }
        assert_eq!(TurnedAway::ALL.map(|why| figures.turned_away(why)), [1, 2, 3, 4]);
        SocketKind::ALL.into_iter().for_each(|kind| figures.note_opened(kind));
        figures.note_closed(SocketKind::Metrics);
        assert_eq!(SocketKind::ALL.map(|kind| figures.open(kind)), [1, 0, 1]);
    }
}
