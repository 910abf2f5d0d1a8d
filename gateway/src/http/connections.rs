//! Accepting connections and letting them go at stop.
//!
//! Invariants: at most `connections_max` are open; a client that is slow to send its request's head, or sends nothing, is
//! closed; a stop takes no longer than `drain_timeout`. It knows no routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_config::BasePath;
use antler_config::limits::HttpLimits;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::lingering::Lingering;
use super::peer::WithPeer;
use super::proxies::Proxies;
use crate::tls::{Inside, Tls};

/// Pause after a failed accept, which usually means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Counts of connections.
#[derive(Debug, Default)]
pub struct ConnectionFigures {
    accepted: AtomicU64,
    closed: AtomicU64,
}

impl ConnectionFigures {
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub fn open(&self) -> u64 {
        self.accepted().saturating_sub(self.closed.load(Ordering::Relaxed))
    }
}

/// What each connection of a listener is served with.
#[derive(Debug)]
pub struct Front {
    pub router: Router,
    pub proxies: Proxies,
    /// What its addresses begin with.
    pub base: BasePath,
    /// What connections are encrypted with.
    pub tls: Option<Arc<Tls>>,
}

/// Serves until `stop` resolves, then lets open requests finish for a bounded time.
pub async fn serve(
    listener: TcpListener,
    front: Arc<Front>,
    limits: &HttpLimits,
    figures: Arc<ConnectionFigures>,
    stop: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(limits.connections_max as usize));
    let (closing, _) = watch::channel(false);
    let mut open = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = open.join_next() => {}
            (stream, permit) = accept(&listener, &permits) => {
                let connection = Connection { stream, front: Arc::clone(&front), closing: closing.subscribe() };
                let counted = Counted::new(Arc::clone(&figures), permit);
                open.spawn(connection.run(builder(limits), counted));
            }
        }
    }
    drop(listener);
    closing.send_replace(true);
    let drained = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain_timeout, drained).await.is_err() {
        tracing::warn!(connections = open.len(), "open requests did not finish in time and are cut off");
    }
}

fn builder(limits: &HttpLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes_max.as_usize());
    builder
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = Arc::clone(permits).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    front: Arc<Front>,
    closing: watch::Receiver<bool>,
}

impl Connection {
    async fn run(self, builder: http1::Builder, _counted: Counted) {
        let Self { stream, front, closing } = self;
        // Answers are small and whole; waiting for more of them only adds latency.
        let _ = stream.set_nodelay(true);
        let peer = WithPeer::new(Arc::clone(&front), stream.peer_addr().ok(), front.tls.is_some());
        let Some(tls) = &front.tls else { return serve_one(stream, peer, builder, closing).await };
        match tls.accept(stream, Inside::Http).await {
            Ok(stream) => serve_one(stream, peer, builder, closing).await,
            Err(error) => tracing::debug!(%error, "a connection did not come to be encrypted"),
        }
    }
}

async fn serve_one<S>(stream: S, peer: WithPeer, builder: http1::Builder, mut closing: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(Lingering::new(stream));
    let serving = builder.serve_connection(io, TowerToHyperService::new(peer)).with_upgrades();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        _ = closing.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Counts a connection as open until it is dropped, also when its task is aborted.
struct Counted {
    figures: Arc<ConnectionFigures>,
    _permit: OwnedSemaphorePermit,
}

impl Counted {
    fn new(figures: Arc<ConnectionFigures>, permit: OwnedSemaphorePermit) -> Self {
        figures.accepted.fetch_add(1, Ordering::Relaxed);
        Self { figures, _permit: permit }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.figures.closed.fetch_add(1, Ordering::Relaxed);
    }
}
