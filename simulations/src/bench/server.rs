//! Benches of the real program: it runs as a process of its own and is used over loopback, as users do.
//!
//! Invariant: the CPU time of a figure is that of the whole server process, from before the first request until it is
//! quiet again; what the clients needed is reported apart. The server is the binary beside this one, of the same build.
//! Nothing here reaches into the server.

mod beside;
pub mod fanout;
mod feeding;
mod http;
pub mod idle;
pub mod ingest;
pub mod logins;
mod process;
pub mod search;
mod socket;
pub mod tail;
pub mod tenants;
pub mod uploads;

use std::sync::mpsc;
use std::time::Duration;

/// Lets time pass, for a load that is spread over it or between two looks.
fn pause(duration: Duration) {
    let (_never, timer) = mpsc::channel::<()>();
    let _ = timer.recv_timeout(duration);
}
