//! Work that waits for the disk, away from the threads that serve sockets.
//!
//! Invariant: work that was begun is done, whether or not somebody waits for it any more. It knows no files: whoever has
//! work does.

use std::io;

/// Does it, and answers when it is done.
pub(crate) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|lost| Err(io::Error::other(lost)))
}
