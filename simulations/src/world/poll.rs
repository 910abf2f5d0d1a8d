//! Polling by hand: a future of the simulation runs when the scenario says so.
//!
//! Invariant: nothing runs behind the scenario's back, so the order of everything is its choice.
//! It is no executor: wakers do nothing.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Lets a future go on once.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The answer of a future that has nothing to wait for; `None` if it does wait.
pub fn poll_now<F: Future>(future: F) -> Option<F::Output> {
    match poll_once(std::pin::pin!(future)) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
