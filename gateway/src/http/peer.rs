//! Who is at the other end of a connection, past the proxies that are trusted.
//!
//! Invariant: each request of a connection knows where it comes from: as the socket says it, or as a trusted proxy does. Its
//! address has no base path any more. It does not know which proxies those are.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::http::Request;
use tower::Service;

use super::base;
use super::connections::Front;
use super::proxies::Source;

/// The address that a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The address, or the network of an IPv6 address: whoever has one has all of its 64 bits.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// The request was encrypted where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encrypted;

/// The routes, as one connection sees them.
#[derive(Debug, Clone)]
pub(super) struct WithPeer {
    router: Router,
    front: Arc<Front>,
    direct: Option<Source>,
}

impl WithPeer {
    pub(super) fn new(front: Arc<Front>, address: Option<SocketAddr>, is_encrypted: bool) -> Self {
        let direct = address.map(|address| Source { address: address.ip().to_canonical(), is_encrypted });
        Self { router: front.router.clone(), front, direct }
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
        base::take_off(&self.front.base, &mut request);
        if let Some(direct) = self.direct {
            let source = self.front.proxies.source(direct, request.headers());
            request.extensions_mut().insert(PeerAddress(source.address));
            if source.is_encrypted {
                request.extensions_mut().insert(Encrypted);
            }
        }
        self.router.call(request)
    }
}
