//! Gives memory that nothing uses back to the system.
//!
//! Invariant: the only file with unsafe code. What it calls takes no pointer and frees nothing that is in use, so it is
//! right from any thread, also in a program that another allocator serves.
#![allow(unsafe_code, reason = "mimalloc has no safe form of it")]

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Of mimalloc: for how many milliseconds pages that are unused are kept for whoever needs some soon.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
/// Pages that go back cost a page fault when they are needed again: a fifth of all CPU of live lines.
pub const KEPT_MS: i64 = 1_000;
const KEPT_FRUGALLY_MS: i64 = 1;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// mimalloc looks for unused pages when somebody asks it for memory; where nobody does, it would keep them.
pub async fn keep_lean(mut stopping: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stops| *stops) => return,
            _ = look.tick() => {}
        }
        // Not where requests are served: it may take a while.
        if let Err(panic) = tokio::task::spawn_blocking(give_back).await {
            tracing::error!(%panic, "unused memory could not be given back");
        }
    }
}

/// Says for how long the whole program is frugal.
#[derive(Debug, Default)]
pub struct Frugality {
    wishes: Mutex<usize>,
}

/// Somebody wants memory to go back at once: its work may be slower, but not larger.
#[derive(Debug)]
pub struct Frugal<'a> {
    wishes: &'a Mutex<usize>,
}

impl Frugality {
    pub fn begin(&self) -> Frugal<'_> {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        *wishes += 1;
        keep_for(KEPT_FRUGALLY_MS);
        give_back();
        Frugal { wishes: &self.wishes }
    }
}

impl Drop for Frugal<'_> {
    fn drop(&mut self) {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        *wishes -= 1;
        if *wishes == 0 {
            keep_for(KEPT_MS);
        }
    }
}

/// For how many milliseconds unused pages are kept now.
pub fn kept_ms() -> i64 {
    // SAFETY: the option exists.
    unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
}

fn give_back() {
    // SAFETY: it has no precondition.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

fn keep_for(milliseconds: i64) {
    // SAFETY: the option exists. It is one aligned word, written under the lock of the only `Frugality` of a program;
    // who reads it meanwhile sees the old or the new value, and both are good.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds) }
}
