//! A task in the background, which is told to stop and cut off if it does not.
//!
//! Invariant: it is stopped once, however often that is asked. It does not start again what has ended.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug)]
pub(crate) struct Background {
    stopping: watch::Sender<bool>,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Background {
    /// `work` ends soon after what it is given says so.
    pub(crate) fn start<W>(work: impl FnOnce(watch::Receiver<bool>) -> W) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (stopping, stopped) = watch::channel(false);
        Self { stopping, running: Mutex::new(Some(tokio::spawn(work(stopped)))) }
    }

    /// False: it did not end in time and was cut off.
    pub(crate) async fn stop(&self, within: Duration) -> bool {
        self.stopping.send_replace(true);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut running) = running else { return true };
        let in_time = tokio::time::timeout(within, &mut running).await.is_ok();
        if !in_time {
            running.abort();
        }
        in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_is_cut_off() {
        let ends = Background::start(|mut stopped| async move {
            let _told = stopped.changed().await;
        });
        assert!(ends.stop(Duration::from_secs(1)).await);
        assert!(ends.stop(Duration::from_secs(1)).await, "a second stop has nothing to do");
        let hangs = Background::start(|_| std::future::pending());
        assert!(!hangs.stop(Duration::from_secs(1)).await);
    }
}
