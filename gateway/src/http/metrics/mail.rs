//! The figures of mails.
//!
//! Invariant: counters begin at the start of the process. It keeps nothing: the post office does.

use std::sync::atomic::{AtomicU64, Ordering};

use antler_actors::post::PostFigures;

use super::exposition::Family;

pub(super) fn families(of: &PostFigures) -> Vec<Family> {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    vec![
        Family::counter("antler_mails_sent_total", "Mails that a server or the folder took.", read(&of.sent)),
        Family::counter(
            "antler_mails_failed_total",
            "Attempts to send a mail that failed and are made again.",
            read(&of.failed),
        ),
        Family::counter(
            "antler_mails_given_up_total",
            "Mails that were refused for good, or whose link expired.",
            read(&of.given_up),
        ),
        Family::gauge("antler_mails_waiting", "Mails that wait to be sent.", read(&of.waiting) as f64),
    ]
}
