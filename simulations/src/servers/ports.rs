//! Free ports of this machine, asked from the system.
//!
//! Invariant: ports that were drawn together differ. It does not keep them: between drawing and use somebody else may
//! take one, so a server that cannot listen is started again with others.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context as _;

/// So many addresses of 127.0.0.1 on which nobody listens.
pub(super) fn draw<const COUNT: usize>() -> anyhow::Result<[SocketAddr; COUNT]> {
    // All are held until the last is drawn, so that none is drawn twice.
    let mut held = Vec::with_capacity(COUNT);
    let mut drawn = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); COUNT];
    for address in &mut drawn {
        let listener = TcpListener::bind(*address).context("there is no free port")?;
        *address = listener.local_addr()?;
        held.push(listener);
    }
    Ok(drawn)
}

/// Whether somebody listens there.
pub(super) fn is_taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_ports_differ_and_are_free() {
        let mut drawn = draw::<8>().unwrap();
        assert!(drawn.iter().all(|address| address.ip().is_loopback() && !is_taken(*address)));
        drawn.sort_unstable();
        assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_port_that_is_in_use_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(is_taken(listener.local_addr().unwrap()));
    }
}
