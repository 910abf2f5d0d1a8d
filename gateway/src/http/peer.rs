//! Who is at the other end of a connection.
//!
//! Invariant: each request of a connection knows its address, as the socket says it. It trusts no header of a proxy.

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use axum::Router;
use axum::http::Request;
use tower::Service;

/// The address that a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The routes, as one connection sees them.
#[derive(Debug, Clone)]
pub(super) struct WithPeer {
    router: Router,
    peer: Option<PeerAddress>,
}

impl WithPeer {
    pub(super) fn new(router: Router, address: Option<SocketAddr>) -> Self {
        Self { router, peer: address.map(|address| PeerAddress(address.ip().to_canonical())) }
    }
}

impl<B> Service<Request<B>> for WithPeer
where
    Router: Service<Request<B>>,
{
    type Response = <Router as Service<Request<B>>>::Response;
    type Error = <Router as Service<Request<B>>>::Error;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        <Router as Service<Request<B>>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        self.router.call(request)
    }
}
